/** The machine while it runs: clock, log, scheduler, and the registers of threads and programs. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EEXIST, ENOSYS } from '../abi/errno.ts';
import type { PseudoTerminals } from '../devices/pty.ts';
import type { Terminal } from '../devices/terminal.ts';
import type { ConsoleTty } from '../devices/tty.ts';
import type { PosixQueues } from '../ipc/posix-queues.ts';
import { SystemV } from '../ipc/system-v.ts';
import { Network, type PeerCredentials } from '../net/network.ts';
import { socketFacts } from '../net/socket/socket-facts.ts';
import type { ClockPort, EntropyPort, KernelPorts } from '../ports.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { Vfs } from '../vfs/vfs.ts';
import type { DmesgLog } from '../trace/log.ts';
import { LibraryPlaces } from '../mm/library-places.ts';
import type { NamespacePool } from './guest-namespace.ts';
import { keptMemory } from './kept-memory.ts';
import type { KernelTask } from './kernel-task.ts';
import type { RunningProgram } from './running-program.ts';
import { FuelMeter } from './fuel-meter.ts';
import { Scheduler } from './scheduler.ts';
import { signalBit } from './signals.ts';
import type { Machine } from './thread.ts';
import type { TimerClock } from './timers/expiring-timer.ts';
import type { MemoryFiles } from '../vfs/memory-files.ts';
import type { SignalFile } from '../vfs/signal-file.ts';

/** How many ended programs are remembered for GET /app/{tid}. */
const HISTORY = 256;
/** OSv's kernel threads have the first ids; applications start near here. */
const FIRST_ID = 200;

export class RunningMachine implements Machine {
  readonly clock: ClockPort;
  readonly entropy: EntropyPort;
  readonly vfs: Vfs;
  /** The machine's memory, for what the kernel keeps for programs. */
  readonly keptMemory = keptMemory(
    () => this.freeMemoryBytes,
    (bytes) => this.namespaces?.account(bytes),
  );
  readonly network = new Network({
    identityOf: (threadId) => this.#identityOf(threadId),
    realtimeNs: () => this.clock.realtimeNs(),
    monotonicNs: () => this.clock.monotonicNs(),
    sockets: () => socketFacts(this.programs()),
    memory: this.keptMemory,
  });
  readonly log: DmesgLog;
  readonly tty: ConsoleTty;
  readonly memoryBytes: number;
  readonly scheduler: Scheduler;
  readonly fuelMeter: FuelMeter;
  /** The monotonic clock for timers. */
  readonly timerClock: TimerClock;
  /** Files that read signals (signalfd). */
  readonly signalFiles = new Set<SignalFile>();
  /** As /etc/hosts of the images has it, so that the machine finds itself by its name. */
  hostname: ByteString = 'osv.local';
  /** Starts a program by itself, as root (core_pattern); set in boot.ts. @throws LaunchError, NotResident */
  startHelper: (argv: readonly ByteString[], files: FileTable) => RunningProgram = () => {
    throw ENOSYS;
  };
  /** What sysctl(8) changes. */
  readonly settings = { corePattern: 'core', domainname: '(none)', leaseBreakSeconds: 45 };
  /** Everything is being ended in order: what ends now is no news. */
  isGoingDown = false;
  /** Makes address spaces for fork; set in boot.ts. */
  namespaces: NamespacePool | undefined;
  readonly systemV = new SystemV();
  /** Set in boot.ts. */
  posixQueues: PosixQueues | undefined;
  /** Set in boot.ts. */
  pseudoTerminals: PseudoTerminals | undefined;
  readonly libraryPlaces = new LibraryPlaces();
  /** Files without names; set in boot.ts. */
  memoryFiles: MemoryFiles | undefined;
  /** Processor time since boot as /proc/stat divides it, ns. */
  readonly processorTime = { userNs: 0, niceNs: 0, systemNs: 0 };
  /** Bytes that the disk gave and took since boot. */
  readonly diskTraffic = { readBytes: 0, writtenBytes: 0 };
  /** The thread that runs now. */
  current: KernelTask | undefined;
  readonly #tasks = new Map<number, KernelTask>();
  /** By pid, oldest first. */
  readonly #programs = new Map<number, RunningProgram>();
  readonly #zombies = new Map<number, RunningProgram>();
  #nextId = FIRST_ID;
  /** Ids that allocateId will come to and must leave out. */
  readonly #claimedIds = new Set<number>();

  constructor(parts: {
    readonly ports: KernelPorts;
    readonly vfs: Vfs;
    readonly log: DmesgLog;
    readonly tty: ConsoleTty;
    readonly memoryBytes: number;
  }) {
    this.clock = parts.ports.clock;
    this.entropy = parts.ports.entropy;
    this.vfs = parts.vfs;
    this.log = parts.log;
    this.tty = parts.tty;
    this.memoryBytes = parts.memoryBytes;
    this.scheduler = new Scheduler(parts.ports.clock);
    this.fuelMeter = new FuelMeter(parts.ports.clock);
    this.timerClock = {
      nowNs: () => this.clock.monotonicNs(),
      at: (atNs, fire) => this.scheduler.timers.add(atNs, fire),
    };
  }

  /** What programs have not taken of the machine's memory. */
  get freeMemoryBytes(): number {
    return this.memoryBytes - (this.namespaces?.usedBytes ?? 0);
  }

  /** Takes bytes that the kernel keeps for programs out of the machine's memory, or gives them back. @throws ENOMEM */
  charge(bytes: number): void {
    this.namespaces?.charge(bytes);
  }

  #identityOf(threadId: number): PeerCredentials {
    const task = this.task(threadId);
    if (task === undefined) return { pid: 0, uid: 0, gid: 0 };
    const { uid, gid } = task.credentials;
    return { pid: task.program.pid, uid, gid };
  }

  /** A thread has used so much. */
  account(nice: number, userNs: number, systemNs: number): void {
    if (nice > 0) this.processorTime.niceNs += userNs;
    else this.processorTime.userNs += userNs;
    this.processorTime.systemNs += systemNs;
  }

  /** The running thread waits for bytes of the disk, or has changed some that will be written. */
  accountDisk(readBytes: number, writtenBytes: number): void {
    this.diskTraffic.readBytes += readBytes;
    this.diskTraffic.writtenBytes += writtenBytes;
    if (this.current === undefined) return;
    this.current.diskReadBytes += readBytes;
    this.current.diskWrittenBytes += writtenBytes;
  }

  /** What programs of a user have in their queues (RLIMIT_SIGPENDING). */
  queuedSignalsOf(uid: number): number {
    let queued = 0;
    for (const program of this.#programs.values())
      if (program.isRunning && program.credentials.uid === uid) queued += program.queuedSignals;
    return queued;
  }

  realtimeMs(): number {
    return Number(this.clock.realtimeNs() / 1_000_000n);
  }

  /** An id for a thread or program; never given twice, but to who asks for it by number (clone3's set_tid). */
  allocateId(): number {
    while (this.#claimedIds.delete(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** @throws EEXIST where a thread, a program, a group or a session has that id, or a program that nobody waited for */
  claimId(id: number): void {
    const isOfGroup = this.programs().some(({ processGroup, session }) => processGroup === id || session === id);
    if (isOfGroup || this.#tasks.has(id) || this.#programs.has(id) || this.#zombies.has(id)) throw EEXIST;
    if (id >= this.#nextId) this.#claimedIds.add(id);
  }

  /** The id given last. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  /** A signal waits somewhere: files that read it look. */
  signalArrived(signal: number): void {
    for (const file of this.signalFiles) if ((file.mask & signalBit(signal)) !== 0n) file.readiness.wake();
  }

  /** How many threads a user has (RLIMIT_NPROC). */
  tasksOf(uid: number): number {
    let count = 0;
    for (const { credentials } of this.#tasks.values()) if (credentials.uid === uid) count++;
    return count;
  }

  registerTask(task: KernelTask): void {
    this.#tasks.set(task.id, task);
  }

  unregisterTask(task: KernelTask): void {
    this.#tasks.delete(task.id);
  }

  registerProgram(program: RunningProgram): void {
    this.#programs.set(program.pid, program);
  }

  /** The terminal that controls a session. */
  terminalOf(session: number): Terminal | undefined {
    if (this.tty.session === session) return this.tty;
    for (const terminal of this.pseudoTerminals?.all ?? []) if (terminal.session === session) return terminal;
    return undefined;
  }

  /** Forgets the oldest ended programs beyond the history's bound. */
  programEnded(program: RunningProgram): void {
    this.systemV.programEnded(program.pid);
    this.tty.programEnded();
    if (program.isHidden || program.isForked) this.#programs.delete(program.pid);
    let excess = [...this.#programs.values()].filter((each) => !each.isRunning).length - HISTORY;
    for (const [pid, each] of this.#programs) {
      if (excess <= 0) return;
      if (each.isRunning) continue;
      this.#programs.delete(pid);
      excess--;
    }
  }

  /** Ended, and not yet waited for. */
  zombieMade(program: RunningProgram): void {
    this.#zombies.set(program.pid, program);
  }

  zombieGone(program: RunningProgram): void {
    this.#zombies.delete(program.pid);
  }

  zombie(pid: number): RunningProgram | undefined {
    return this.#zombies.get(pid);
  }

  task(id: number): KernelTask | undefined {
    return this.#tasks.get(id);
  }

  get taskCount(): number {
    return this.#tasks.size;
  }

  tasks(): readonly KernelTask[] {
    return [...this.#tasks.values()];
  }

  program(pid: number): RunningProgram | undefined {
    return this.#programs.get(pid);
  }

  programs(): readonly RunningProgram[] {
    return [...this.#programs.values()];
  }

  /** Who runs, and who ended but was not waited for by its parent (Linux: until release_task). */
  present(): readonly RunningProgram[] {
    return [...this.programs().filter((each) => each.isRunning), ...this.#zombies.values()];
  }

  /** Who is in a process group. */
  members(processGroup: number): readonly RunningProgram[] {
    return this.present().filter((each) => each.processGroup === processGroup);
  }
}
