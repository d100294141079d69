/**
 * What all threads have in common: life, sleep and signals. GuestThread runs x86 code, NativeTask a generator.
 *
 *   queued ──runSlice──► running ──sleep──► waiting ──wake, deadline, signal──► queued …   any ──end──► terminated
 *
 * A waiting thread stands in the wait queues of its Blocked and perhaps in the timer heap; waking takes it out of all.
 */
import { assert } from '../../emulator/util/assert.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import { SCHED_FIFO, SCHED_IDLE, SCHED_OTHER } from '../abi/sched.ts';
import { SIGCONT, SIGKILL, SIGRTMIN, SIGXCPU, SIG_IGN, SI_KERNEL } from '../abi/signal.ts';
import { RLIMIT_RTTIME } from '../abi/resource.ts';
import type { MemoryPolicy } from '../mm/memory-policy.ts';
import type { Credentials, FsContext } from '../vfs/credentials.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { Blocked } from './blocked.ts';
import type { Deadline } from './deadline.ts';
import type { ThreadInfo } from './programs.ts';
import type { RunningMachine } from './running-machine.ts';
import type { RunningProgram } from './running-program.ts';
import type { FutexWaiter } from './futex-table.ts';
import { LockPriority } from './lock-priority.ts';
import { TimeShares } from './time-shares.ts';
import { CpuAlarms } from './timers/cpu-alarms.ts';
import type { Schedulable, SliceOutcome } from './scheduler.ts';
import { PendingSignals, type SignalInfo, type SignalSet, signalBit } from './signals.ts';
import type { Task } from './thread.ts';
import type { Usage } from './usage.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

/** prctl(2), PR_SET_TIMERSLACK; timers are as fine as the host lets them be. */
export const DEFAULT_TIMER_SLACK_NS = 50_000;

export abstract class KernelTask implements Task, Waiter, Schedulable {
  readonly id: number;
  readonly machine: RunningMachine;
  name: ByteString;
  /** A program's first thread has what the program is known by; every other one a copy of its maker's. */
  credentials: Credentials;
  /** Changed only by the resident launcher's threads, which move between programs of one namespace. */
  program: RunningProgram;
  nice = 0;
  /** sched(7): SCHED_*. */
  policy = SCHED_OTHER;
  /** 1 to 99 under SCHED_FIFO and SCHED_RR, else 0. */
  realtimePriority = 0;
  /** Under SCHED_DEADLINE. */
  deadline: Deadline | undefined;
  /** Where it waits in futex tables; left when it ends. */
  futexWaiters: readonly FutexWaiter[] = [];
  /** Woken when it has ended. */
  readonly ended = new WaitQueue();
  /** What the owners of locks it waits for borrow of it, and it of others. */
  readonly lockPriority = new LockPriority(
    () => this.realtimePriority,
    () => this.machine.scheduler.prioritiesChanged(),
  );
  /** Children start with plain scheduling (SCHED_RESET_ON_FORK). */
  resetsOnFork = false;
  timerSlackNs = DEFAULT_TIMER_SLACK_NS;
  /** ioprio_set(2): class and level, kept and told; the disk serves in turn. */
  ioPriority = 0;
  /** set_mempolicy(2). */
  memoryPolicy: MemoryPolicy | undefined;
  virtualNs = 0;
  cpuNs = 0;
  switches = 0;
  sleeps = 0;
  preemptions = 0;
  /** Page faults that found their page in memory, and those that had to wait for the disk. */
  minorFaults = 0;
  majorFaults = 0;
  diskReadBytes = 0;
  diskWrittenBytes = 0;
  #shares: TimeShares;
  /** What the machine's account has of it already. */
  #accountedNs: readonly [userNs: number, systemNs: number] = [0, 0];
  readonly startedMs: number;
  /** Blocked signals. */
  signalMask: SignalSet = 0n;
  readonly pendingSignals = new PendingSignals();
  readonly cpuAlarms = new CpuAlarms(() => this.cpuNowNs);
  /** Of user time only. */
  readonly userAlarms = new CpuAlarms(() => this.usage.userNs);
  protected status: ThreadInfo['status'] = 'waiting';
  /** Of this thread and those it made since, once it has unshared them; else its program's count. */
  #ownFiles: FileTable | undefined;
  #ownFs: FsContext | undefined;
  #isUninterruptible = false;
  /** Real-time processor time since it last woke up. */
  #realtimeNs = 0;
  #waitsOn: readonly WaitQueue[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(machine: RunningMachine, program: RunningProgram, id: number, name: ByteString) {
    this.machine = machine;
    this.program = program;
    this.credentials = program.credentials;
    this.id = id;
    this.name = name;
    this.startedMs = machine.realtimeMs();
    this.#shares = new TimeShares(machine.clock);
  }

  get files(): FileTable {
    return this.#ownFiles ?? this.program.files;
  }

  get fs(): FsContext {
    return this.#ownFs ?? this.program.fs;
  }

  /** unshare(2), CLONE_FILES: what others do to descriptors is nothing to it any more. */
  unshareFiles(): void {
    const { files, program } = this;
    if (!files.isShared && program.threads.size === 1) return;
    const own = files.clone();
    this.#ownFiles?.release();
    this.#ownFiles = own;
  }

  /** unshare(2), CLONE_FS. */
  unshareFs(): void {
    this.#ownFs = { ...this.fs };
  }

  /** A new thread of the same program: descriptors and directories are its maker's, its credentials as its maker's. */
  shareWith(maker: KernelTask): void {
    maker.#ownFiles?.retain();
    this.#ownFiles = maker.#ownFiles;
    this.#ownFs = maker.#ownFs;
    if (maker.program === this.program) this.credentials = { ...maker.credentials };
  }

  /** execve: the program goes on with what its last thread has, and nobody else has that. */
  keepOwn(): void {
    const { program } = this;
    if (this.#ownFiles !== undefined || program.files.isShared) {
      const kept = this.files.clone();
      this.#ownFiles?.release();
      program.files.release();
      program.files = kept;
    }
    program.fs = this.fs;
    program.credentials = this.credentials;
    this.#ownFiles = this.#ownFs = undefined;
  }

  /** CPU time with the slice under way. */
  get cpuNowNs(): number {
    return this.cpuNs + (this.machine.current === this ? this.machine.scheduler.currentSliceNs : 0);
  }

  /** The kernel's share of its time; code that is TypeScript has none. */
  protected get shares(): TimeShares {
    return this.#shares;
  }

  /** What it has used so far (getrusage(2), RUSAGE_THREAD). */
  get usage(): Usage {
    const [userNs, systemNs] = this.#shares.split(this.cpuNowNs);
    const { minorFaults, majorFaults, diskReadBytes, diskWrittenBytes, sleeps, preemptions } = this;
    const peakBytes = this.program.peakBytes;
    return {
      userNs,
      systemNs,
      minorFaults,
      majorFaults,
      diskReadBytes,
      diskWrittenBytes,
      sleeps,
      preemptions,
      peakBytes,
    };
  }

  /** What it used so far is another program's. */
  protected startUsageAnew(): void {
    this.cpuNs = this.minorFaults = this.majorFaults = this.diskReadBytes = this.diskWrittenBytes = 0;
    this.sleeps = this.preemptions = 0;
    this.#shares = new TimeShares(this.machine.clock);
    this.#accountedNs = [0, 0];
  }

  /** Scheduling of a new thread or process is its parent's. */
  inheritScheduling(parent: KernelTask): void {
    this.timerSlackNs = parent.timerSlackNs;
    this.ioPriority = parent.ioPriority;
    this.memoryPolicy = parent.memoryPolicy;
    this.nice = parent.resetsOnFork ? Math.max(0, parent.nice) : parent.nice;
    if (parent.resetsOnFork) return;
    this.policy = parent.policy;
    this.realtimePriority = parent.realtimePriority;
  }

  get effectivePriority(): number {
    return this.lockPriority.value;
  }

  get group(): number {
    return this.program.session;
  }

  get keepsTurn(): boolean {
    return this.policy === SCHED_FIFO;
  }

  get isIdlePolicy(): boolean {
    return this.policy === SCHED_IDLE;
  }

  get isTerminated(): boolean {
    return this.status === 'terminated';
  }

  get isWaiting(): boolean {
    return this.status === 'waiting';
  }

  abstract readonly stackSizeBytes: number;

  /** Registered with its program and the machine; ready to run. */
  start(): void {
    assert(this.status === 'waiting', `thread ${this.id}: started twice`);
    this.program.addThread(this);
    this.makeReady();
  }

  runSlice(sliceNs: number): SliceOutcome {
    if (this.isTerminated) return 'over';
    if (this.program.dumper !== undefined && this.program.dumper !== this) {
      this.status = 'waiting';
      return 'waiting';
    }
    this.status = 'running';
    this.machine.current = this;
    const outcome = this.execute(sliceNs);
    this.machine.current = undefined;
    if (this.isTerminated) return 'over';
    if (outcome !== 'waiting' && this.program.isStopped) {
      this.status = 'waiting';
      return 'waiting';
    }
    if (outcome !== 'waiting') this.status = 'queued';
    return outcome;
  }

  /** Runs code; on 'waiting' it has called `sleep`, on 'over' `end`. */
  protected abstract execute(sliceNs: number): SliceOutcome;

  /** Falls asleep on what `wait` names. The caller has just seen that there is nothing to do. */
  protected sleep(wait: Blocked): void {
    this.status = 'waiting';
    this.#isUninterruptible = wait.isUninterruptible === true;
    this.#waitsOn = wait.queues;
    for (const queue of wait.queues) queue.add(this);
    if (wait.deadlineNs !== undefined && wait.deadlineNs !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.machine.scheduler.timers.add(wait.deadlineNs, () => this.wakeUp());
    }
  }

  onWake(): void {
    this.wakeUp();
  }

  /** Leaves all queues and becomes ready; nothing happens unless it waits. */
  wakeUp(): void {
    if (this.status !== 'waiting') return;
    this.#realtimeNs = 0;
    this.#leaveQueues();
    if (!this.program.isStopped) this.makeReady();
  }

  /** Wakes it so that it looks at its signals, unless its wait must not be cut short. */
  interrupt(): void {
    if (!this.#isUninterruptible) this.wakeUp();
  }

  /** Whether a signal of this set would be taken now if it came. */
  accepts(signal: number): boolean {
    return !this.isTerminated && (signal === SIGKILL || (this.signalMask & signalBit(signal)) === 0n);
  }

  /** Whether a signal would do nothing to it now. */
  shuns(signal: number): boolean {
    return !this.accepts(signal) || this.program.actions.get(signal).handler === SIG_IGN;
  }

  /** Sends a signal to this thread alone (tgkill, faults). @returns whether it waits for delivery now */
  postSignal(info: SignalInfo): boolean {
    if (this.isTerminated || this.program.absorbs(info.signal, this)) return false;
    this.pendingSignals.add(info, info.signal >= SIGRTMIN && this.program.isSignalQueueFull);
    this.machine.signalArrived(info.signal);
    if (this.accepts(info.signal) || info.signal === SIGCONT) this.interrupt();
    return true;
  }

  /** The scheduler has added the slice to cpuNs. */
  accounted(): void {
    const told = this.#shares.split(this.cpuNs);
    const [userNs, systemNs] = this.#accountedNs;
    this.#accountedNs = told;
    this.machine.account(this.nice, told[0] - userNs, told[1] - systemNs);
    if (this.realtimePriority > 0) this.#checkRealtimeLimit(told[0] + told[1] - userNs - systemNs);
    this.cpuAlarms.check();
    this.userAlarms.check();
    this.program.cpuAlarms.check();
    this.program.userAlarms.check();
  }

  /** RLIMIT_RTTIME: processor time without falling asleep, µs (Linux check_thread_timers). */
  #checkRealtimeLimit(sliceNs: number): void {
    const { limits } = this.program;
    this.#realtimeNs += sliceNs;
    const usedUs = this.#realtimeNs / 1e3;
    if (usedUs >= limits.hard(RLIMIT_RTTIME)) this.program.kill(SIGKILL);
    else if (usedUs >= limits.soft(RLIMIT_RTTIME)) {
      const [soft, hard] = limits.get(RLIMIT_RTTIME);
      limits.set(RLIMIT_RTTIME, [soft + 1_000_000n, hard]);
      this.program.postSignal({ signal: SIGXCPU, code: SI_KERNEL });
    }
  }

  /** Ends this thread. The program ends with its last thread. */
  end(): void {
    if (this.isTerminated) return;
    this.#leaveQueues();
    this.status = 'terminated';
    this.#ownFiles?.release();
    this.#ownFiles = undefined;
    this.onEnd();
    this.program.removeThread(this);
    this.ended.wake();
  }

  /** Gives back what belongs to the thread. */
  protected abstract onEnd(): void;

  info(): ThreadInfo {
    return {
      id: this.id,
      name: this.name,
      status: this.status,
      cpuMs: Math.floor(this.cpuNs / 1e6),
      switches: this.switches,
      preemptions: this.preemptions,
      priority: priorityOf(this.nice),
      stackSizeBytes: this.stackSizeBytes,
    };
  }

  protected makeReady(): void {
    this.#isUninterruptible = false;
    this.status = 'queued';
    this.machine.scheduler.enqueue(this);
  }

  #leaveQueues(): void {
    for (const queue of this.#waitsOn) queue.remove(this);
    this.#waitsOn = [];
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

// OSv's priority is a factor: 1 by default, a thread of priority p gets 1/p of the time of one of priority 1.
function priorityOf(nice: number): number {
  return Number((1.25 ** nice).toFixed(3));
}
