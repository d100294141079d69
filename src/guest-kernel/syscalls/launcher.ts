/** The calls of the resident launcher (guest/apps/README.md and launcher/osv.h are the authority). */
import { bytesOf } from '../../emulator/util/bytes.ts';
import { E2BIG, EINVAL, EPERM } from '../abi/errno.ts';
import { blocked } from '../program/blocked.ts';
import { environmentList } from '../program/guest-programs.ts';
import { asGuest } from '../program/guest-task.ts';
import type { ResidentLauncher } from '../program/resident-launcher.ts';
import type { Thread } from '../program/thread.ts';
import { NO_RETURN, type Result, type Syscall, syscall } from './syscall.ts';

const NAME_BYTES = 32_768;
const EXIT_TOO_BIG = 126;

function launcherOf(thread: Thread): ResidentLauncher {
  const { launcher } = asGuest(thread).namespace;
  if (launcher === undefined) throw EPERM;
  return launcher;
}

/** Environment of the default namespace, shared with REST /env. */
type Environment = Map<string, string>;

function nextRun(environment: Environment) {
  return (thread: Thread, { run: addr, size }: { run: number; size: number }): Result => {
    const launcher = launcherOf(thread);
    if (thread.id !== launcher.program.pid) throw EPERM;
    const run = launcher.peek();
    // A signal does not end this wait: the launcher handles none.
    if (run === undefined) return blocked(launcher.arrivals, { isUninterruptible: true });
    const { argv } = run.program;
    const variables = run.environment ?? environmentList(environment);
    const strings = bytesOf([run.path, ...argv, ...variables, ''].join('\0'));
    if (8 + strings.length > size) {
      launcher.handOut();
      launcher.failHandedOut(EXIT_TOO_BIG);
      throw E2BIG;
    }
    const buffer = thread.memory.writable(addr, 8 + strings.length);
    thread.memory.storeU32(addr, argv.length);
    thread.memory.storeU32(addr + 4, variables.length);
    buffer.set(strings, 8);
    launcher.handOut();
    return 0;
  };
}

function endRun(thread: Thread, { code }: { code: number }): Result {
  const task = asGuest(thread);
  const launcher = launcherOf(thread);
  if (task.program === launcher.program) launcher.failHandedOut(code & 0xff);
  else launcher.endRun(task, code);
  return task.isTerminated ? NO_RETURN : 0;
}

function setEnvironment(environment: Environment) {
  return (thread: Thread, { entry }: { entry: number }): Result => {
    const text = thread.memory.cString(entry, NAME_BYTES);
    if (launcherOf(thread).isSingle) return 0;
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '') throw EINVAL;
    if (equals < 0) environment.delete(name);
    else environment.set(name, text.slice(equals + 1));
    return 0;
  };
}

export function launcherCalls(environment: Environment): readonly Syscall[] {
  return [
    syscall({
      nr: 1024,
      name: 'osv_next_run',
      args: { run: 'ptr', size: 'size' },
      support: 'full',
      run: nextRun(environment),
    }),
    syscall({ nr: 1025, name: 'osv_end_run', args: { code: 'int' }, support: 'full', run: endRun }),
    syscall({
      nr: 1026,
      name: 'osv_environment',
      args: { entry: 'ptr' },
      support: 'full',
      run: setEnvironment(environment),
    }),
  ];
}
