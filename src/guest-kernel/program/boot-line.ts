/**
 * What the machine runs after its disks are mounted: the files of /init, then the boot line (facts 2.1). A command
 * line is options, then commands with their terminators; a failure to load ends the machine, as in OSv.
 */
import { CPU_LEVELS, type CpuLevel } from '../../emulator/index.ts';
import { type ByteString, byteStringFrom } from '../../emulator/util/bytes.ts';
import { Errno } from '../abi/errno.ts';
import { O_RDONLY } from '../abi/fcntl.ts';
import { SIGTERM } from '../abi/signal.ts';
import { OSV_VERSION } from '../version.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import { type Command, CommandLineError, parseCommandLine, splitOptions } from './command-line.ts';
import type { NativeCalls, Wait } from './native-program.ts';
import { rootContext } from './program-table.ts';
import { LaunchError, type Programs } from './programs.ts';
import type { RunningMachine } from './running-machine.ts';
import { terminalVariables } from './terminal-variables.ts';

const INIT_FOLDER = '/init';
const CLI_PATH = '/cli/cli.so';
const MAX_FILE_BYTES = 65_536;
/** A prompt that ends sooner than this is not started again and again. */
const LEAST_PROMPT_NS = 200_000_000;
/** What `&!` programs have to end in when all others have, ns. */
const TERMINATION_NS = 1_000_000_000;

export interface BootLineParts {
  readonly machine: RunningMachine;
  readonly programs: Programs;
  /** Where the image keeps its boot line. */
  readonly commandLinePath: ByteString;
  /** The host's boot line, which goes before the image's. */
  readonly commandLine: ByteString | undefined;
  /** --strace is among the options. */
  readonly onStrace: () => void;
  /** --cpu=v1 or v2 is among the options. */
  readonly onCpu: (level: CpuLevel) => void;
  /** Hears of the line that is used. */
  readonly onCommandLine: (line: ByteString) => void;
}

/** Runs everything. @returns whether the machine is to be powered off now */
export function* runBootLine(parts: BootLineParts, sys: NativeCalls): Wait<boolean> {
  const { machine, programs } = parts;
  const line = parts.commandLine ?? (yield* readText(sys, parts.commandLinePath))?.trim() ?? CLI_PATH;
  parts.onCommandLine(line);
  const { options, rest } = splitOptions(line);
  for (const [name, value] of [
    ['OSV_VERSION', OSV_VERSION],
    ['OSV_CPUS', '1'],
    ...(yield* terminalVariables(machine, sys)),
  ] as const) {
    programs.environment.set(name, value);
  }
  const settings = readOptions(options, programs);
  if (options.includes('--strace')) parts.onStrace();
  const level = CPU_LEVELS.find((known) => options.includes(`--cpu=${known}`));
  if (level !== undefined) parts.onCpu(level);
  const runner = new CommandRunner(machine, programs, settings.cwd);
  try {
    if (!settings.isNoInit) {
      for (const name of yield* initFiles(machine, sys)) {
        yield* runner.run((yield* readText(sys, `${INIT_FOLDER}/${name}`)) ?? '', sys);
      }
    }
    if (rest.trim() === '') machine.log.notice('This image has an empty command line. Nothing to run.');
    yield* runner.run(rest, sys);
    yield* runner.waitForBackground(sys);
    if (!settings.isNoShutdown) yield* runner.endDetached(sys);
  } catch (error) {
    if (error instanceof CommandLineError) machine.log.notice('Failed to parse command line.');
    else if (error instanceof LaunchError) machine.log.notice(`${error.message}. Powering off.`);
    else throw error;
    return true;
  }
  return !settings.isNoShutdown;
}

interface Settings {
  readonly cwd: ByteString;
  readonly isNoInit: boolean;
  readonly isNoShutdown: boolean;
}

/** Options that mean something here; those of OSv's drivers are accepted without effect. */
function readOptions(options: readonly ByteString[], programs: Programs): Settings {
  for (const option of options) {
    const match = /^--env=([^=]+)=(.*)$/s.exec(option);
    if (match !== null) programs.environment.set(match[1] ?? '', match[2] ?? '');
  }
  return {
    cwd: options.find((option) => option.startsWith('--cwd='))?.slice('--cwd='.length) ?? '/',
    isNoInit: options.includes('--noinit'),
    isNoShutdown: options.includes('--noshutdown'),
  };
}

class CommandRunner {
  readonly #machine: RunningMachine;
  readonly #programs: Programs;
  readonly #cwd: ByteString;
  readonly #background: number[] = [];
  readonly #detached: number[] = [];

  constructor(machine: RunningMachine, programs: Programs, cwd: ByteString) {
    this.#machine = machine;
    this.#programs = programs;
    this.#cwd = cwd;
  }

  *run(text: ByteString, sys: NativeCalls): Wait<void> {
    const { environment } = this.#programs;
    const { commands, assignments } = parseCommandLine(text, { variable: (name) => environment.get(name) });
    for (const { name, value, onlyIfUnset } of assignments) {
      if (!onlyIfUnset || !environment.has(name)) environment.set(name, value);
    }
    for (const command of commands) yield* this.#runCommand(command, sys);
  }

  *waitForBackground(sys: NativeCalls): Wait<void> {
    for (const tid of this.#background) yield* sys.waitProgram(tid);
  }

  /** OSv's request_termination(): SIGTERM here; who does not end in time goes down with the machine. */
  *endDetached(sys: NativeCalls): Wait<void> {
    const deadlineNs = sys.nowNs() + TERMINATION_NS;
    for (const tid of this.#detached) this.#programs.signal(tid, SIGTERM);
    for (const tid of this.#detached) {
      if (this.#programs.find(tid)?.state.kind === 'running') yield* sys.waitProgram(tid, deadlineNs);
    }
  }

  *#runCommand({ words, terminator }: Command, sys: NativeCalls): Wait<void> {
    for (;;) {
      const startedNs = sys.nowNs();
      const tid = yield* sys.retry(() => this.#programs.start(words, { isNewProgram: false, cwd: this.#cwd }));
      if (terminator === '&!') {
        this.#detached.push(tid);
        return;
      }
      if (terminator === '&') {
        this.#background.push(tid);
        return;
      }
      this.#machine.tty.foreground = tid;
      yield* sys.waitProgram(tid);
      // The machine stays up when its prompt is left: a new one starts.
      if (words[0] !== CLI_PATH || words.length > 1 || sys.nowNs() - startedNs < LEAST_PROMPT_NS) return;
      this.#machine.tty.setRawMode(false);
    }
  }
}

function* initFiles(machine: RunningMachine, sys: NativeCalls): Wait<readonly ByteString[]> {
  const viewer = { fs: rootContext(machine), credentials: rootCredentials() };
  try {
    const names = yield* sys.retry(() => {
      const { inode } = machine.vfs.walk(viewer, INIT_FOLDER).dentry;
      const found: ByteString[] = [];
      let offset = 0;
      for (;;) {
        const entries = inode.entries(offset);
        const last = entries.at(-1);
        if (last === undefined) return found;
        found.push(...entries.map((entry) => entry.name));
        offset = last.nextOffset;
      }
    });
    return names.filter((name) => !name.startsWith('.')).toSorted();
  } catch (error) {
    if (error instanceof Errno) return [];
    throw error;
  }
}

/** The text of a small file; undefined where there is none. */
function* readText(sys: NativeCalls, path: ByteString): Wait<ByteString | undefined> {
  try {
    const fd = yield* sys.open(path, O_RDONLY, 0);
    const bytes = yield* sys.read(fd, MAX_FILE_BYTES);
    sys.close(fd);
    return byteStringFrom(bytes);
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}
