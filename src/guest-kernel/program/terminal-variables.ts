/** What programs are told of the machine's console: TERM, and what the terminal itself says more. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import type { TerminalKind } from '../ports.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import type { NativeCalls, Wait } from './native-program.ts';
import { rootContext } from './program-table.ts';
import type { RunningMachine } from './running-machine.ts';

/** OSv's loader sets TERM so, whatever its console is (facts 4.1). */
const OSV_TERMINAL: TerminalKind = { names: ['vt100-qemu'], variables: {} };

/** Where ncurses looks (Debian's; terminfo(5)). An entry lies in a folder named by its first letter. */
const TERMINFO = ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo'];

/** @returns name and value of each variable */
export function* terminalVariables(
  machine: RunningMachine,
  sys: NativeCalls,
): Wait<readonly (readonly [ByteString, ByteString])[]> {
  const { names, variables } = machine.tty.kind ?? OSV_TERMINAL;
  return [['TERM', yield* bestName(machine, names, sys)], ...Object.entries(variables)];
}

/** The first name that the disk describes; the last needs no description. */
function* bestName(machine: RunningMachine, names: TerminalKind['names'], sys: NativeCalls): Wait<ByteString> {
  const last = names.at(-1) ?? names[0];
  for (const name of names) {
    if (name === last) break;
    for (const folder of TERMINFO) {
      if (yield* isThere(machine, `${folder}/${name.charAt(0)}/${name}`, sys)) return name;
    }
  }
  return last;
}

function* isThere(machine: RunningMachine, path: ByteString, sys: NativeCalls): Wait<boolean> {
  const viewer = { fs: rootContext(machine), credentials: rootCredentials() };
  try {
    return yield* sys.retry(() => machine.vfs.walk(viewer, path) !== undefined);
  } catch (error) {
    if (error instanceof Errno) return false;
    throw error;
  }
}
