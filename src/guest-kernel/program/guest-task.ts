/** A thread of x86 code: runs it until it calls, faults or its time is up, and delivers its signals. */
import { type CpuState, type Fault, GUEST_LIMIT, REG, VECTOR, WINDOW_END } from '../../emulator/index.ts';
import { assert } from '../../emulator/util/assert.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EFAULT, ENOMEM } from '../abi/errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import { RLIMIT_FSIZE } from '../abi/resource.ts';
import {
  BUS_ADRERR,
  SA_RESETHAND,
  SA_RESTART,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SIGBUS,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIG_DFL,
  SIG_IGN,
  SI_KERNEL,
  SI_TKILL,
  defaultAction,
} from '../abi/signal.ts';
import { pageFaultErrorCode, signalOf } from './fault-signal.ts';
import type { CallOutcome, Interrupted, MutableCall, RunningCall, SyscallDispatcher } from '../syscalls/dispatch.ts';
import { NotResident } from '../vfs/inode.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { abandon, blocked } from './blocked.ts';
import { type Confinement, type Verdict, confine } from './confinement.ts';
import { CoreDump, wantsCore } from './core-dump.ts';
import { faultReport, missingInstructionLine } from './fault-report.ts';
import { FutexTable } from './futex-table.ts';
import type { GuestNamespace } from './guest-namespace.ts';
import { KernelTask } from './kernel-task.ts';
import type { RunningMachine } from './running-machine.ts';
import type { RunningProgram } from './running-program.ts';
import { type RestartableArea, leaveSequence } from './restartable-sequence.ts';
import type { SliceOutcome } from './scheduler.ts';
import { type AlternateStack, NO_ALTERNATE_STACK, popSignalFrame, pushSignalFrame } from './signal-frame.ts';
import { type SignalInfo, type SignalSet, UNBLOCKABLE, signalBit } from './signals.ts';
import type { Thread } from './thread.ts';
import { stepOverTwoViews } from './two-views.ts';
import { releaseThread } from './thread-end.ts';

/** What a system call counts for, in instructions, so that a loop of calls is preempted too. */
const CALL_FUEL = 300;
const LONGEST_SLICE_NS = 4_000_000;
/** Turns of the core between two looks at the fuel that is left, at least. */
const LEAST_FUEL = 1_000;
/** The same fault that often in a row, each time found allowed: the core and the kernel disagree. */
const MAX_SPURIOUS = 8;
/** An instruction touches at most a few pages, each for reading and then for writing. */
const MAX_FAULTS_HERE = 16;
/** Steps of a REP over two views of one page before others have a turn. */
const MAX_STEPS = 256;

export class GuestTask extends KernelTask implements Thread {
  /** These three change together, when execve leaves a shared memory (see `moveInto`). */
  cpuState: CpuState;
  memory: UserMemory;
  namespace: GuestNamespace;
  readonly stackSizeBytes: number;
  alternateStack: AlternateStack = NO_ALTERNATE_STACK;
  /** set_tid_address(2): cleared, and its futex woken, when the thread ends. */
  clearTidAddr = 0;
  /** set_robust_list(2). */
  robustListAddr = 0;
  /** rseq(2). */
  restartable: RestartableArea | undefined;
  /** PR_SET_NO_NEW_PRIVS. */
  hasNoNewPrivileges = false;
  /** PR_SET_IO_FLUSHER. */
  isIoFlusher = false;
  /** PR_MCE_KILL_*; default. */
  memoryErrorPolicy = 2;
  /** seccomp(2). */
  confinement: Confinement | undefined;
  /** Signals that rt_sigtimedwait waits for although they are blocked. */
  awaitedSignals: SignalSet = 0n;
  readonly #dispatcher: SyscallDispatcher;
  readonly #call: MutableCall;
  #waitingCall: RunningCall | undefined;
  #isReentering = false;
  #interrupted: Interrupted | undefined;
  /** The mask to come back to after a call with a temporary one. */
  #savedMask: SignalSet | undefined;
  #isYielding = false;
  /** Its slice has lasted longer than any should. */
  #isOverdue = false;
  /** The program dies of this signal once its core is written. */
  #dump: { readonly core: CoreDump; readonly signal: number } | undefined;
  #spurious = 0;
  #lastFaultAddr = -1;
  #faultsHere = 0;
  #lastFaultRip = -1n;
  /** `switches` when the last slice began: more now, and somebody else ran in between. */
  #seenSwitches = 0;

  constructor(
    machine: RunningMachine,
    program: RunningProgram,
    parts: {
      readonly id: number;
      readonly name: ByteString;
      readonly namespace: GuestNamespace;
      readonly cpuState: CpuState;
      readonly dispatcher: SyscallDispatcher;
      readonly stackSizeBytes: number;
    },
  ) {
    super(machine, program, parts.id, parts.name);
    this.namespace = parts.namespace;
    this.cpuState = parts.cpuState;
    this.memory = parts.namespace.memory;
    this.stackSizeBytes = parts.stackSizeBytes;
    this.#dispatcher = parts.dispatcher;
    this.#call = new GuestCall(this);
  }

  get dispatcher(): SyscallDispatcher {
    return this.#dispatcher;
  }

  /** Whether a signal waits that this thread would take now. */
  get hasSignal(): boolean {
    if (this.pendingSignals.isEmpty && this.program.pendingSignals.isEmpty) return false;
    return ((this.pendingSignals.set | this.program.pendingSignals.set) & ~this.signalMask) !== 0n;
  }

  setTemporarySignalMask(mask: SignalSet): void {
    if (this.#savedMask !== undefined) return;
    this.#savedMask = this.signalMask;
    this.signalMask = mask & ~UNBLOCKABLE;
  }

  /** The launcher's contract: this thread goes on as one of another program of its namespace. */
  moveTo(program: RunningProgram): void {
    this.program.detachThread(this);
    this.startUsageAnew();
    this.program = program;
    this.credentials = program.credentials;
    program.threads.set(this.id, this);
  }

  /** What prctl(2) says of a thread goes over to a new thread or process; some of it cannot be shaken off. */
  inheritConfinement({ confinement, hasNoNewPrivileges, isIoFlusher, memoryErrorPolicy }: GuestTask): void {
    this.confinement = confinement;
    this.hasNoNewPrivileges = hasNoNewPrivileges;
    this.isIoFlusher = isIoFlusher;
    this.memoryErrorPolicy = memoryErrorPolicy;
  }

  judgeCall(nr: number): Verdict {
    return this.confinement === undefined ? 'passes' : confine(this, this.confinement, nr);
  }

  /** execve: goes on in another memory, with fresh registers. */
  moveInto(namespace: GuestNamespace): void {
    this.cpuState.dispose();
    this.namespace = namespace;
    this.memory = namespace.memory;
    this.cpuState = namespace.cpu.createState();
  }

  override accepts(signal: number): boolean {
    return super.accepts(signal) || (this.awaitedSignals & signalBit(signal)) !== 0n;
  }

  /** sched_yield(2): the slice ends after this call. */
  yieldTurn(): void {
    this.#isYielding = true;
  }

  /** rt_sigreturn(2). @throws EFAULT */
  returnFromSignal(): void {
    popSignalFrame(this);
  }

  /** The end of the program, with a core where one is wanted: then this thread writes it before it ends. */
  #dumpAndDie(info: SignalInfo): void {
    if (!wantsCore(this)) {
      this.program.kill(info.signal);
      return;
    }
    const others = [...this.program.threads.values()].filter((each) => each instanceof GuestTask && each !== this);
    this.#dump = { core: new CoreDump([this, ...(others as GuestTask[])], info), signal: info.signal };
    this.program.dumper = this;
  }

  #writeCore({ core, signal }: { readonly core: CoreDump; readonly signal: number }): void {
    try {
      const step = core.advance();
      if (step === 'more') return;
      if (typeof step !== 'boolean') {
        this.sleep({ ...step, isUninterruptible: true });
        return;
      }
      this.program.hasDumped = step;
      this.program.kill(signal);
    } catch (error) {
      if (!(error instanceof NotResident)) throw error;
      this.sleep(blocked(error.ready, { isUninterruptible: true }));
    }
  }

  /** Ends the program by a signal of which it would dump core. */
  dieWithCore(info: SignalInfo): void {
    this.#dumpAndDie(info);
  }

  /** Ends the program with the machine's last word on it. */
  dieOf(signal: number): void {
    this.program.kill(signal);
  }

  protected override execute(sliceNs: number): SliceOutcome {
    const { fuelMeter } = this.machine;
    const budget = fuelMeter.begin(sliceNs);
    this.shares.begin(fuelMeter.startNs);
    let fuel = budget;
    const outcome = this.#run(
      () => fuel,
      (used) => (fuel -= used),
    );
    fuelMeter.end(budget - fuel);
    return outcome;
  }

  #run(left: () => number, use: (fuel: number) => void): SliceOutcome {
    if (this.#dump !== undefined) {
      this.#writeCore(this.#dump);
      return this.#outcome();
    }
    if (this.switches !== this.#seenSwitches) {
      this.#seenSwitches = this.switches;
      if (!this.#leaveSequence()) return this.#outcome();
    }
    const goesOn = this.#finishWaiting();
    this.#endKernelWork();
    this.#isOverdue = false;
    if (!goesOn) return this.#outcome();
    for (;;) {
      if (this.hasSignal || this.#interrupted !== undefined) {
        if (!this.#deliverSignals()) return this.#outcome();
      }
      if (left() <= 0) return 'ready';
      const { cpu } = this.namespace;
      const exit = cpu.run(this.cpuState, Math.max(left(), LEAST_FUEL));
      use(cpu.lastRetired);
      this.shares.userEnds(cpu.lastRetired);
      if (exit.kind === 'budget' || exit.kind === 'interrupt') return 'ready';
      if (exit.kind === 'syscall') use(CALL_FUEL);
      const goesBack = exit.kind === 'syscall' ? this.#settle(this.#enterCall()) : this.#handleFault(exit.fault);
      this.#endKernelWork();
      if (!goesBack) return this.#outcome();
      if (this.#isOverdue) use(left());
      if (this.machine.scheduler.mustYield(this)) return 'ready';
      if (this.#isYielding) {
        this.#isYielding = false;
        return 'yielded';
      }
    }
  }

  /** The kernel has worked for the thread. Some calls take longer than their fuel says: then the slice is overdue. */
  #endKernelWork(): void {
    const nowNs = this.shares.kernelEnds();
    if (nowNs >= 0) this.#isOverdue = this.machine.scheduler.sliceNsAt(nowNs) > LONGEST_SLICE_NS;
  }

  /** @returns whether the thread may go on */
  #leaveSequence(): boolean {
    if (this.restartable === undefined) return true;
    try {
      leaveSequence(this.memory, this.cpuState, this.restartable);
    } catch (error) {
      if (error === EFAULT) {
        this.restartable = undefined;
        this.forceSignal({ signal: SIGSEGV, code: SI_KERNEL, address: 0n });
      } else if (error instanceof NotResident) {
        this.#seenSwitches = -1;
        this.sleep(blocked(error.ready, { isUninterruptible: true }));
      } else throw error;
    }
    return this.#mayGoOn;
  }

  get #mayGoOn(): boolean {
    return !this.isTerminated && !this.isWaiting && this.#dump === undefined;
  }

  #outcome(): SliceOutcome {
    return this.isTerminated ? 'over' : this.isWaiting ? 'waiting' : 'ready';
  }

  #enterCall(): CallOutcome {
    return this.#dispatcher.enter(this, this.#call, (nr) => this.program.noteUnknownCall(nr));
  }

  /** Runs what waited again. @returns whether the thread may go on */
  #finishWaiting(): boolean {
    if (this.#isReentering) {
      this.#isReentering = false;
      return this.#settle(this.#enterCall());
    }
    const call = this.#waitingCall;
    if (call === undefined) return true;
    this.#waitingCall = undefined;
    return this.#settle(this.#dispatcher.resume(this, this.#call, call));
  }

  /** Acts on a call's outcome. @returns whether the thread may go on */
  #settle(outcome: CallOutcome): boolean {
    if (this.isTerminated) return false;
    if (outcome.kind === 'wait') {
      this.#waitingCall = outcome.call;
      this.#isReentering = outcome.call === undefined;
      this.sleep(outcome.wait);
      return false;
    }
    if (outcome.kind === 'interrupted') this.#interrupted = outcome;
    else if (this.#savedMask !== undefined && !this.hasSignal) this.#restoreMask();
    return this.#mayGoOn;
  }

  #restoreMask(): void {
    if (this.#savedMask !== undefined) this.signalMask = this.#savedMask;
    this.#savedMask = undefined;
  }

  /** Takes pending signals until a handler is set up or none is left. @returns whether the thread may go on */
  #deliverSignals(): boolean {
    for (;;) {
      const wanted = ~this.signalMask & ((1n << 64n) - 1n);
      const info = this.pendingSignals.take(wanted) ?? this.program.pendingSignals.take(wanted);
      if (info === undefined) break;
      const action = this.program.actions.get(info.signal);
      if (action.handler === SIG_IGN) continue;
      if (action.handler === SIG_DFL) {
        if (!this.#actByDefault(info)) return false;
        continue;
      }
      return this.#enterHandler(info);
    }
    const goesOn = this.#goOnUnhandled();
    this.#restoreMask();
    return goesOn;
  }

  #actByDefault(info: SignalInfo): boolean {
    switch (defaultAction(info.signal)) {
      case 'stop':
        // Only SIGSTOP stops a group that no shell watches over (POSIX 2.4.3; Linux is_current_pgrp_orphaned).
        if (info.signal !== SIGSTOP && this.program.isOrphaned) return true;
        this.program.stop(info.signal);
        this.status = 'waiting';
        return false;
      case 'terminate':
        this.program.kill(info.signal);
        return false;
      case 'core':
        this.#dumpAndDie(info);
        return false;
      default: // 'ignore', 'continue': nothing to do, or done when it was sent
        return true;
    }
  }

  /** A signal that cannot wait: where it is blocked or ignored, the program dies of it (Linux force_sig). */
  forceSignal(info: SignalInfo): void {
    const { handler } = this.program.actions.get(info.signal);
    if (handler <= SIG_IGN || (this.signalMask & signalBit(info.signal)) !== 0n) this.dieOf(info.signal);
    else this.pendingSignals.add(info);
  }

  #enterHandler(info: SignalInfo): boolean {
    if (!this.#leaveSequence()) {
      this.pendingSignals.add(info);
      return false;
    }
    const { actions } = this.program;
    const action = actions.get(info.signal);
    const restarts = this.#interrupted?.restarts;
    if (restarts === 'always' || (restarts === 'by-flag' && (action.flags & SA_RESTART) !== 0)) this.#restartCall();
    this.#interrupted = undefined;
    try {
      pushSignalFrame(this, info, action, this.#savedMask ?? this.signalMask);
    } catch (error) {
      if (error instanceof NotResident) {
        // A stack in a mapped file: the signal waits with the thread.
        this.pendingSignals.add(info);
        this.sleep(blocked(error.ready, { isUninterruptible: true }));
        return false;
      }
      if (error !== EFAULT && error !== ENOMEM) throw error;
      this.machine.log.notice(`${this.program.path}: no room on the stack for a signal handler`);
      this.dieOf(SIGSEGV);
      return false;
    }
    this.#savedMask = undefined;
    if ((action.flags & SA_RESETHAND) !== 0) actions.set(info.signal, { ...action, handler: SIG_DFL });
    return true;
  }

  /** Nobody handled what interrupted the call (ERESTARTSYS and its like). @returns whether the thread may go on */
  #goOnUnhandled(): boolean {
    const interrupted = this.#interrupted;
    if (interrupted === undefined) return true;
    const { unhandled, progress } = interrupted;
    if (unhandled === 'anew') this.#restartCall();
    this.#interrupted = undefined;
    if (typeof unhandled === 'string') return true;
    this.cpuState.setNumber(REG.RAX, interrupted.nr);
    this.#call.progress = progress;
    return this.#settle(this.#dispatcher.resume(this, this.#call, unhandled));
  }

  /** The call starts anew. */
  #restartCall(): void {
    if (this.#interrupted === undefined) return;
    this.cpuState.rip -= 2n; // behind SYSCALL (0f 05)
    this.cpuState.setNumber(0, this.#interrupted.nr);
    this.#interrupted = undefined;
  }

  /** @returns whether the thread may go on */
  #handleFault(fault: Fault): boolean {
    if (fault.vector !== VECTOR.PF) {
      this.#raiseFault(fault, signalOf(fault, this.cpuState));
      return this.#mayGoOn;
    }
    try {
      const addr = this.#placeOf(fault);
      const wanted = fault.access === 'write' ? PROT_WRITE : fault.access === 'fetch' ? PROT_EXEC : PROT_READ;
      const result = addr === GUEST_LIMIT ? 'unmapped' : this.namespace.map.touch(addr, wanted);
      if (result === 'ok') {
        this.minorFaults++;
        if (this.#isStuck(fault.rip)) return this.#stepOverTwoViews();
      }
      if (result === 'ok' || (result === 'present' && !this.#isSpurious(addr))) return true;
      if (result === 'beyond-file') this.#raiseFault(fault, { signal: SIGBUS, code: BUS_ADRERR });
      else this.#raiseFault(fault, { signal: SIGSEGV, code: result === 'unmapped' ? SEGV_MAPERR : SEGV_ACCERR });
    } catch (error) {
      if (error instanceof NotResident) {
        this.majorFaults++;
        this.sleep(blocked(error.ready, { isUninterruptible: true }));
        return false;
      }
      if (error !== ENOMEM) throw error;
      endLargest(this.machine, this.program);
    }
    return this.#mayGoOn;
  }

  /** Where in memory the address lies; 4 GiB when nowhere. */
  #placeOf({ address }: Fault): number {
    if (address < 0n || address >= BigInt(WINDOW_END)) return GUEST_LIMIT;
    return Math.min(this.namespace.map.space.fold(Number(address)), GUEST_LIMIT);
  }

  /** An instruction that faults again and again although each page came: two views of one page chase each other. */
  #isStuck(rip: bigint): boolean {
    this.#faultsHere = rip === this.#lastFaultRip && this.namespace.cpu.lastRetired === 0 ? this.#faultsHere + 1 : 0;
    this.#lastFaultRip = rip;
    return this.#faultsHere > MAX_FAULTS_HERE;
  }

  #stepOverTwoViews(): boolean {
    this.#faultsHere = 0;
    const { rip } = this.cpuState;
    // A REP comes back to itself: it needs both views for each step.
    for (let steps = 0; steps < MAX_STEPS && this.cpuState.rip === rip; steps++) {
      const exit = stepOverTwoViews(this);
      if (exit?.kind === 'fault') return this.#handleFault(exit.fault);
    }
    return true;
  }

  #isSpurious(addr: number): boolean {
    this.#spurious = addr === this.#lastFaultAddr ? this.#spurious + 1 : 0;
    this.#lastFaultAddr = addr;
    return this.#spurious > MAX_SPURIOUS;
  }

  /** A signal that cannot wait: where it is blocked or ignored, the program dies of it (force_sig). */
  #raiseFault(fault: Fault, kind: { readonly signal: number; readonly code: number }): void {
    const { signal, code } = kind;
    const { handler } = this.program.actions.get(signal);
    const scene = {
      programName: this.program.path,
      programId: this.program.pid,
      threadId: this.id,
      signal,
      fault,
      cpu: this.namespace.cpu,
      state: this.cpuState,
      areas: this.namespace.map.areas,
    };
    const missing = fault.vector === VECTOR.UD ? missingInstructionLine(scene) : '';
    if (missing !== '') this.machine.log.notice(missing);
    const isPageFault = fault.vector === VECTOR.PF;
    if (handler <= SIG_IGN || (this.signalMask & signalBit(signal)) !== 0n) {
      for (const line of faultReport(scene)) this.machine.log.notice(line);
      this.#dumpAndDie({ signal, code, address: isPageFault ? fault.address : code === SI_KERNEL ? 0n : fault.rip });
      return;
    }
    const isPresent = isPageFault && this.namespace.map.isPresent(this.#placeOf(fault));
    const errorCode = isPageFault ? pageFaultErrorCode(fault, isPresent) : 0;
    this.pendingSignals.add({
      signal,
      code,
      address: isPageFault ? fault.address : code === SI_KERNEL ? 0n : fault.rip,
      trap: { vector: fault.vector, errorCode, cr2: isPageFault ? fault.address : 0n },
    });
  }

  protected override onEnd(): void {
    this.#dump?.core.close();
    if (this.#waitingCall !== undefined) abandon(this.#call.progress);
    for (const waiter of this.futexWaiters) FutexTable.leave(waiter);
    releaseThread(this);
    this.cpuState.dispose();
  }
}

function residentBytesOf({ namespace }: RunningProgram): number {
  return namespace?.residentBytes ?? 0;
}

/** Linux mm/oom_kill.c: who holds the most memory goes, so that the others, and the machine, live on. */
function endLargest(machine: RunningMachine, own: RunningProgram): void {
  let largest = own;
  for (const each of machine.programs())
    if (each.isRunning && residentBytesOf(each) > residentBytesOf(largest)) largest = each;
  const megabytes = Math.round(residentBytesOf(largest) / 2 ** 20);
  machine.log.notice(`Out of memory: ${largest.path} (program ${largest.pid}, ${megabytes} MB) is ended`);
  largest.kill(SIGKILL);
}

/** The Call that the handlers of one thread get; its progress belongs to the call under way. */
class GuestCall implements MutableCall {
  progress: unknown;
  readonly threadId: number;
  readonly #task: GuestTask;

  constructor(task: GuestTask) {
    this.#task = task;
    this.threadId = task.id;
  }

  get isInterrupted(): boolean {
    return this.#task.hasSignal;
  }

  get fileSizeLimit(): number {
    return this.#task.program.limits.soft(RLIMIT_FSIZE);
  }

  get nowNs(): number {
    return this.#task.machine.clock.monotonicNs();
  }

  raise(signal: number): void {
    this.#task.postSignal({ signal, code: SI_TKILL, pid: this.#task.program.pid, uid: 0 });
  }
}

/** The rows of system calls get Threads; those that touch signals and namespaces need the whole. */
export function asGuest(thread: Thread): GuestTask {
  assert(thread instanceof GuestTask, `thread ${thread.id}: runs no guest code`);
  return thread;
}
