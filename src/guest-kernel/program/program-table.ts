/** Programs as REST, the boot line and the CLI start, list and signal them. */
import { type ByteString } from '../../emulator/util/bytes.ts';
import { SI_USER } from '../abi/signal.ts';
import type { TtyOwners } from '../devices/terminal.ts';
import { type FsContext, rootCredentials } from '../vfs/credentials.ts';
import { FileTable } from '../vfs/file-table.ts';
import type { NativePrograms } from './native-registry.ts';
import { LaunchError, type ProgramInfo, type Programs, type StartOptions, type ThreadInfo } from './programs.ts';
import type { RunningMachine } from './running-machine.ts';
import { INIT_PID, RunningProgram } from './running-program.ts';
import { SignalActions } from './signals.ts';
import type { Task } from './thread.ts';

const O_RDWR = 2;

/** Starts what is an ELF file. @throws LaunchError, NotResident */
export interface GuestStarter {
  start(argv: readonly ByteString[], options: StartOptions): RunningProgram;
}

export class ProgramTable implements Programs {
  readonly environment: Map<ByteString, ByteString>;
  readonly #machine: RunningMachine;
  readonly #natives: NativePrograms;
  readonly #guests: GuestStarter;

  constructor(
    machine: RunningMachine,
    natives: NativePrograms,
    guests: GuestStarter,
    environment = new Map<ByteString, ByteString>(),
  ) {
    this.environment = environment;
    this.#machine = machine;
    this.#natives = natives;
    this.#guests = guests;
    const owners: TtyOwners = {
      programOf: (threadId) => machine.task(threadId)?.program,
      shuns: (threadId, signal) => machine.task(threadId)?.shuns(signal) === true,
      isGroupAlive: (group) => machine.programs().some((each) => each.isRunning && each.processGroup === group),
      sessionOfGroup: (group) => machine.members(group)[0]?.session,
      signalGroup: (group, signal) => this.signalGroup(group, signal),
      signalProgram: (pid, signal) => void this.signal(pid, signal),
    };
    machine.tty.attach(owners);
    machine.pseudoTerminals?.attach(owners);
  }

  start(argv: readonly ByteString[], options: StartOptions): number {
    const [path] = argv;
    if (path === undefined) throw new LaunchError('Failed to load object: ');
    const native = this.#natives.find(path);
    if (native === undefined) return this.#guests.start(argv, options).pid;
    const program = new RunningProgram(this.#machine, {
      pid: this.#machine.allocateId(),
      parentPid: 1,
      path,
      argv,
      namespace: undefined,
      files: options.files ?? consoleFiles(this.#machine),
      fs: rootContext(this.#machine),
      credentials: rootCredentials(),
      actions: new SignalActions(),
    });
    this.#machine.registerProgram(program);
    this.#natives.start(native, this.#machine, program);
    return program.pid;
  }

  list(): readonly ProgramInfo[] {
    return this.#machine
      .programs()
      .filter((each) => !each.isHidden)
      .map((each) => each.info());
  }

  find(tid: number): ProgramInfo | undefined {
    return this.#machine.program(tid)?.info();
  }

  output(tid: number): { readonly bytes: Uint8Array; readonly droppedBytes: number } | undefined {
    return this.#machine.program(tid)?.output();
  }

  signal(tid: number, signal: number): boolean {
    const program = this.#machine.program(tid);
    if (program?.isRunning !== true) return false;
    program.postSignal({ signal, code: SI_USER, pid: 1, uid: 0 });
    return true;
  }

  /** kill(-group). @returns how many programs it reached. */
  signalGroup(processGroup: number, signal: number): number {
    const members = this.#machine.programs().filter((each) => each.isRunning && each.processGroup === processGroup);
    for (const program of members) program.postSignal({ signal, code: SI_USER, pid: 0, uid: 0 });
    return members.length;
  }

  threads(): readonly ThreadInfo[] {
    const tasks = this.#machine.tasks().filter(({ id }) => id !== INIT_PID);
    return [this.#idleThread(), ...tasks.map((task) => task.info())];
  }

  thread(id: number): Task | undefined {
    return this.#machine.task(id);
  }

  // OSv lists its idle threads; top computes the idle share from their cpu_ms.
  #idleThread(): ThreadInfo {
    const { scheduler } = this.#machine;
    return {
      id: 1,
      name: 'idle0',
      status: scheduler.isIdle ? 'running' : 'queued',
      cpuMs: Math.floor(scheduler.idleNs / 1e6),
      switches: 0,
      preemptions: 0,
      priority: 0,
      stackSizeBytes: 0,
    };
  }
}

/** Descriptors 0, 1 and 2 on the console. */
export function consoleFiles(machine: RunningMachine): FileTable {
  const files = new FileTable(machine.keptMemory);
  for (let fd = 0; fd < 3; fd++) files.add(machine.tty.open(O_RDWR, '/dev/console'));
  return files;
}

export function rootContext(machine: RunningMachine): FsContext {
  const { root } = machine.vfs;
  return { cwd: root, root, umask: 0o022 };
}
