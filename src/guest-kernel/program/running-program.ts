/** A program that runs or ran: its threads, what they share, and how it ended. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { RLIMIT_SIGPENDING } from '../abi/resource.ts';
import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGKILL,
  SIGRTMIN,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIG_DFL,
  SIG_IGN,
  SI_KERNEL,
  defaultAction,
} from '../abi/signal.ts';
import { syscallName } from '../abi/syscall-names.ts';
import type { Credentials, FsContext } from '../vfs/credentials.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { Location } from '../vfs/location.ts';
import type { GuestNamespace } from './guest-namespace.ts';
import { CpuAlarms } from './timers/cpu-alarms.ts';
import { IntervalTimers } from './timers/interval-timers.ts';
import { PosixTimers } from './timers/posix-timers.ts';
import type { KernelTask } from './kernel-task.ts';
import { OutputTail } from './output-tail.ts';
import type { ProgramInfo } from './programs.ts';
import { ResourceLimits } from './resource-limits.ts';
import type { RunningMachine } from './running-machine.ts';
import { PendingSignals, type SignalActions, type SignalInfo, signalBit } from './signals.ts';
import type { IoCounters, Program, ProgramState } from './thread.ts';
import { addUsage, NO_USAGE, type Usage } from './usage.ts';
import { WaitQueue } from './wait-queue.ts';

/** The one that is never killed (kernel-thread.ts: startInit). */
export const INIT_PID = 1;
const OUTPUT_BYTES = 65_536;
const STOP_SIGNALS = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU];

export interface ProgramParts {
  readonly pid: number;
  readonly parentPid: number;
  readonly path: ByteString;
  readonly argv: readonly ByteString[];
  readonly namespace: GuestNamespace | undefined;
  /** Taken over: one reference. */
  readonly files: FileTable;
  readonly fs: FsContext;
  readonly credentials: Credentials;
  readonly actions: SignalActions;
  /** Absent: those that every program starts with. */
  readonly limits?: ResourceLimits;
  /** Made by fork: in lists while it runs, not in the history of what was started. */
  readonly isForked?: boolean;
  /** In no list and no history: the launcher of a namespace. */
  readonly isHidden?: boolean;
  /** A thread of the kernel itself. */
  readonly isKernel?: boolean;
}

export class RunningProgram implements Program {
  readonly pid: number;
  parentPid: number;
  processGroup: number;
  session: number;
  isDetached = false;
  path: ByteString;
  argv: readonly ByteString[];
  namespace: GuestNamespace | undefined;
  files: FileTable;
  fs: FsContext;
  /** Of its first thread. */
  credentials: Credentials;
  actions: SignalActions;
  readonly isHidden: boolean;
  readonly isForked: boolean;
  readonly isKernel: boolean;
  readonly pendingSignals = new PendingSignals();
  readonly cpuAlarms = new CpuAlarms(() => this.cpuNowNs);
  /** Of user time only: ITIMER_VIRTUAL. */
  readonly userAlarms = new CpuAlarms(() => this.usage.userNs);
  readonly intervalTimers: IntervalTimers;
  readonly posixTimers = new PosixTimers();
  readonly limits: ResourceLimits;
  /** Undoes what watches RLIMIT_CPU. */
  cancelCpuLimit: () => void = () => {};
  readonly threads = new Map<number, KernelTask>();
  readonly ended = new WaitQueue();
  readonly io: IoCounters = { readCalls: 0, readBytes: 0, writeCalls: 0, writtenBytes: 0 };
  /** Name of the thread that ended last: what a zombie is called. */
  lastName: ByteString = '';
  readonly startedMs: number;
  endedMs: number | undefined;
  state: ProgramState = { kind: 'running' };
  /** Stopped by SIGSTOP and its like: its threads do not run. */
  isStopped = false;
  /** The program that forked this one, while it runs. */
  parent: RunningProgram | undefined;
  /** Forked and not yet waited for, running or ended. */
  readonly children = new Set<RunningProgram>();
  /** Woken when a child ended, stopped or went on. */
  readonly childEvents = new WaitQueue();
  /** Woken when the program has replaced itself by execve, or ended: what vfork waits for. */
  readonly released = new WaitQueue();
  hasExecuted = false;
  /** What its parent hears when it ends; others than SIGCHLD are waited for by __WCLONE (clone(2)); 0: nothing. */
  exitSignal = SIGCHLD;
  /** The thread that writes a core of it; no other one runs any more. */
  dumper: KernelTask | undefined;
  /** It died of a signal that dumps core, and there is one (core-dump.ts). */
  hasDumped = false;
  /** prctl(2): what it hears when its parent ends, 0: nothing; and what else it keeps there. */
  parentDeathSignal = 0;
  isDumpable = true;
  hasNoHugePages = false;
  /** Of /proc/PID: kept for who reads it again. Memory that runs out ends the largest program, whatever its score. */
  oomScoreAdjustment = 0;
  /** Below it the unprivileged may not go. */
  oomScoreMinimum = 0;
  /** /proc/PID/loginuid: (uid_t)-1 until pam_loginuid(8) writes who logged in. */
  loginUid = 0xffff_ffff;
  /** membarrier(2), MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, and the same with SYNC_CORE. */
  hasMemoryBarriers = false;
  hasCoreBarriers = false;
  /** It became a user who has more processes than RLIMIT_NPROC allows: execve(2) refuses it while that is so. */
  exceedsProcesses = false;
  /** Orphans among its descendants become its children (PR_SET_CHILD_SUBREAPER). */
  isSubreaper = false;
  /** What wait4 has not told the parent yet: the signal that stopped it, or SIGCONT. */
  stopNews: number | undefined;
  /** execve of a program that shared its memory: from now on everything is its own. `onEnded` belongs to the caller. */
  becomeOwn(namespace: GuestNamespace): void {
    const files = this.files.clone();
    this.files.release();
    this.files = files;
    this.fs = { ...this.fs };
    this.actions = this.actions.clone();
    this.replaceNamespace(namespace);
  }

  /** Called once when the program has ended, before `ended` is woken. */
  onEnded: () => void = () => {};
  readonly #machine: RunningMachine;
  #output: OutputTail | undefined;
  readonly #unknownCalls = new Set<number>();
  #endedThreadsNs = 0;
  /** Of threads that have ended. */
  #endedUsage = NO_USAGE;
  /** The largest resident set that its memories before the last execve had. */
  #earlierPeakBytes = 0;
  /** Of children that were waited for, and of theirs (RUSAGE_CHILDREN). */
  reapedUsage = NO_USAGE;

  constructor(machine: RunningMachine, parts: ProgramParts) {
    this.#machine = machine;
    this.pid = parts.pid;
    this.parentPid = parts.parentPid;
    this.processGroup = parts.pid;
    this.session = parts.pid;
    this.path = parts.path;
    this.argv = parts.argv;
    this.namespace = parts.namespace;
    this.files = parts.files;
    this.fs = parts.fs;
    this.credentials = parts.credentials;
    this.actions = parts.actions;
    this.isHidden = parts.isHidden ?? false;
    this.isForked = parts.isForked ?? false;
    this.isKernel = parts.isKernel ?? false;
    this.limits = new ResourceLimits(parts.limits);
    this.startedMs = machine.realtimeMs();
    this.intervalTimers = new IntervalTimers((which) => [machine.timerClock, this.userAlarms][which] ?? this.cpuAlarms);
  }

  /** The file it runs from, while it runs. */
  get executable(): Location | undefined {
    return this.isRunning ? this.namespace?.map.image?.executable : undefined;
  }

  get isRunning(): boolean {
    return this.state.kind === 'running';
  }

  /** CPU time of all threads, ended ones too, ns. */
  get cpuNs(): number {
    let sum = this.#endedThreadsNs;
    for (const thread of this.threads.values()) sum += thread.cpuNs;
    return sum;
  }

  /** The same with the slice under way. */
  get cpuNowNs(): number {
    const { current, scheduler } = this.#machine;
    const isRunning = current !== undefined && this.threads.get(current.id) === current;
    return this.cpuNs + (isRunning ? scheduler.currentSliceNs : 0);
  }

  /** What all its threads have used so far, ended ones too (RUSAGE_SELF). */
  get usage(): Usage {
    let usage = { ...this.#endedUsage, peakBytes: this.peakBytes };
    for (const thread of this.threads.values()) usage = addUsage(usage, thread.usage);
    return usage;
  }

  /** The largest resident set it ever had. */
  get peakBytes(): number {
    return Math.max(this.#earlierPeakBytes, this.namespace?.map.peakResidentBytes ?? 0);
  }

  /** execve: what it had before still counts. */
  replaceNamespace(namespace: GuestNamespace | undefined): void {
    this.#earlierPeakBytes = this.peakBytes;
    this.namespace = namespace;
  }

  addThread(task: KernelTask): void {
    this.threads.set(task.id, task);
    this.#machine.registerTask(task);
  }

  removeThread(task: KernelTask): void {
    this.detachThread(task);
    this.#machine.unregisterTask(task);
    if (this.threads.size === 0) this.#finish({ kind: 'exited', code: 0 });
  }

  /** Takes a thread out that lives on in another program (the launcher's). */
  detachThread(task: KernelTask): void {
    this.#endedThreadsNs += task.cpuNowNs;
    this.#endedUsage = addUsage(this.#endedUsage, task.usage);
    if (task.id === this.pid || this.lastName === '') this.lastName = task.name;
    this.threads.delete(task.id);
  }

  /** Ends the program with all its threads; later calls change nothing. */
  end(state: ProgramState): void {
    if (!this.isRunning) return;
    this.state = state;
    for (const thread of this.threads.values()) thread.end();
    this.#finish(state);
  }

  /** One console line for each system call that is not there. */
  noteUnknownCall(nr: number): void {
    if (this.#unknownCalls.has(nr)) return;
    this.#unknownCalls.add(nr);
    this.#machine.log.notice(`${this.path}: system call ${nr} (${syscallName(nr)}) is not implemented`);
  }

  /** Keeps bytes written to the terminal; what a child writes is also its parent's output. */
  recordOutput(bytes: Uint8Array): void {
    this.parent?.recordOutput(bytes);
    this.#output ??= new OutputTail(OUTPUT_BYTES);
    this.#output.append(bytes);
  }

  output(): { readonly bytes: Uint8Array; readonly droppedBytes: number } {
    return this.#output?.read() ?? { bytes: new Uint8Array(0), droppedBytes: 0 };
  }

  /**
   * Sends a signal to the program: any thread that does not block it may take it (kill(2)).
   * @returns whether it waits for delivery now
   */
  postSignal(info: SignalInfo): boolean {
    if (!this.isRunning || this.absorbs(info.signal)) return false;
    this.pendingSignals.add(info, info.signal >= SIGRTMIN && this.isSignalQueueFull);
    this.#machine.signalArrived(info.signal);
    for (const thread of this.threads.values()) {
      if (!thread.accepts(info.signal)) continue;
      thread.interrupt();
      break;
    }
    return true;
  }

  /** RLIMIT_SIGPENDING: signals that wait for programs of this one's user, and timers that will send some. */
  get isSignalQueueFull(): boolean {
    const limit = this.limits.soft(RLIMIT_SIGPENDING);
    return limit !== Number.POSITIVE_INFINITY && this.#machine.queuedSignalsOf(this.credentials.uid) >= limit;
  }

  get queuedSignals(): number {
    let queued = this.pendingSignals.length + this.posixTimers.count;
    for (const thread of this.threads.values()) queued += thread.pendingSignals.length;
    return queued;
  }

  /** Effects of a signal at the moment it is sent. @returns whether nothing is left to deliver. */
  absorbs(signal: number, target?: KernelTask): boolean {
    if (this.pid === INIT_PID) return true;
    if (signal === SIGCONT) this.#resume();
    if (STOP_SIGNALS.includes(signal)) this.pendingSignals.discard(signalBit(SIGCONT));
    if (signal === SIGKILL) {
      this.kill(SIGKILL);
      return true;
    }
    // Linux kernel/signal.c: sig_ignored. What is blocked may get a handler, or a reader, before it is let in.
    const judge = target ?? this.threads.get(this.pid);
    if (judge !== undefined && !judge.accepts(signal)) return false;
    const { handler } = this.actions.get(signal);
    return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
  }

  /** Death by a signal. */
  kill(signal: number): void {
    this.end({ kind: 'killed', signal });
  }

  /** Its threads do not run until SIGCONT. */
  stop(signal: number): void {
    this.isStopped = true;
    this.#tellParent(CLD_STOPPED, signal);
  }

  /** No shell could continue what stopped there (POSIX 3.264): no member's parent is in another group of the session. */
  get isOrphaned(): boolean {
    const { parent } = this;
    return parent === undefined || parent.session !== this.session || parent.processGroup === this.processGroup;
  }

  /** Ended, and its parent has not waited for it. */
  get isZombie(): boolean {
    return !this.isRunning && this.parent?.children.has(this) === true;
  }

  /** The parent has heard of a child's end. */
  reap(child: RunningProgram): void {
    this.reapedUsage = addUsage(this.reapedUsage, addUsage(child.usage, child.reapedUsage));
    this.#forget(child);
  }

  #forget(child: RunningProgram): void {
    this.children.delete(child);
    this.#machine.zombieGone(child);
  }

  /** Takes in a forked program. */
  adopt(child: RunningProgram): void {
    child.parent = this;
    this.children.add(child);
  }

  info(): ProgramInfo {
    return {
      tid: this.pid,
      pid: this.pid,
      command: this.argv.join(' '),
      argv: this.argv,
      namespaceId: this.namespace?.id ?? 0,
      isNative: this.namespace === undefined,
      state: this.state,
      startedMs: this.startedMs,
      endedMs: this.endedMs,
      cpuMs: Math.floor(this.cpuNs / 1e6),
      threads: [...this.threads.values()].map((thread) => thread.info()),
    };
  }

  #resume(): void {
    for (const signal of STOP_SIGNALS) this.pendingSignals.discard(signalBit(signal));
    if (!this.isStopped) return;
    this.isStopped = false;
    this.#tellParent(CLD_CONTINUED, SIGCONT);
    for (const thread of this.threads.values()) thread.wakeUp();
  }

  #finish(state: ProgramState): void {
    if (this.endedMs !== undefined) return;
    this.state = this.isRunning ? state : this.state;
    this.endedMs = this.#machine.realtimeMs();
    this.intervalTimers.cancelAll();
    this.posixTimers.deleteAll();
    this.files.release();
    this.onEnded();
    this.#machine.programEnded(this);
    if (this.pid === this.session) this.#leaveTerminal();
    this.#leaveFamily();
    this.ended.wake();
    this.released.wake();
  }

  /** A session loses its leader: the foreground group hears SIGHUP (setsid(2)). */
  #leaveTerminal(): void {
    const terminal = this.#machine.terminalOf(this.session);
    if (terminal === undefined) return;
    terminal.session = undefined;
    if (terminal.isConsole) return;
    terminal.signalForeground(SIGHUP);
    terminal.signalForeground(SIGCONT);
    terminal.foreground = undefined;
  }

  #leaveFamily(): void {
    for (const child of this.children) {
      const { parentDeathSignal } = child;
      if (parentDeathSignal !== 0) child.postSignal({ signal: parentDeathSignal, code: SI_KERNEL });
      child.exitSignal = SIGCHLD;
      this.#giveAway(child);
      if (child.isStopped && child.session === this.session) child.#abandonStopped();
    }
    this.children.clear();
    this.#tellEnd();
  }

  #tellEnd(): void {
    const { state } = this;
    if (state.kind === 'exited') this.#tellParent(CLD_EXITED, state.code);
    else if (state.kind === 'killed') this.#tellParent(this.hasDumped ? CLD_DUMPED : CLD_KILLED, state.signal);
  }

  /** To the nearest ancestor that wants orphans, else to nobody, and then an end needs no wait. */
  #giveAway(child: RunningProgram): void {
    let heir = this.parent;
    while (heir !== undefined && !(heir.isSubreaper && heir.isRunning)) heir = heir.parent;
    child.parent = heir;
    child.parentPid = heir?.pid ?? INIT_PID;
    if (heir === undefined) {
      this.#machine.zombieGone(child);
      return;
    }
    heir.children.add(child);
    // Linux reparent_leader: the new parent hears of one that has ended already.
    if (!child.isRunning) child.#tellEnd();
  }

  /** Nobody is left who could continue it (POSIX, _exit: SIGHUP and SIGCONT). */
  #abandonStopped(): void {
    for (const signal of [SIGHUP, SIGCONT]) this.postSignal({ signal, code: SI_KERNEL });
  }

  /** SIGCHLD and the wait queue; a parent that ignores SIGCHLD never waits (sigaction(2), SA_NOCLDWAIT). */
  #tellParent(code: number, status: number): void {
    const { parent } = this;
    if (parent === undefined) return;
    const { handler, flags } = parent.actions.get(SIGCHLD);
    const isEnd = code === CLD_EXITED || code === CLD_KILLED || code === CLD_DUMPED;
    const isReaped = this.exitSignal === SIGCHLD && (handler === SIG_IGN || (flags & SA_NOCLDWAIT) !== 0);
    // What it used is nobody's then (times(2)).
    if (isEnd && isReaped) parent.#forget(this);
    else if (isEnd) this.#machine.zombieMade(this);
    if (!isEnd) this.stopNews = status;
    const signal = isEnd ? this.exitSignal : SIGCHLD;
    if (signal !== 0 && (isEnd || (flags & SA_NOCLDSTOP) === 0)) {
      parent.postSignal({ signal, code, pid: this.pid, uid: this.credentials.uid, status });
    }
    parent.childEvents.wake();
  }
}
