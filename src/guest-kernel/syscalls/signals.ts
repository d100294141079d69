/** sigaction(2), sigprocmask(2), kill(2) and all that sends, blocks, awaits and returns from signals. */
import { REG } from '../../emulator/index.ts';
import { CAP_KILL } from '../abi/capability.ts';
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, EPERM, ESRCH } from '../abi/errno.ts';
import {
  MINSIGSTKSZ,
  SA_RESTORER,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCONT,
  SIGKILL,
  SIGNAL_COUNT,
  SIGSEGV,
  SIGSTOP,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  SIGRTMIN,
} from '../abi/signal.ts';
import { blocked } from '../program/blocked.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import { encodeSignalInfo, isOnAlternateStack } from '../program/signal-frame.ts';
import type { RunningProgram } from '../program/running-program.ts';
import { type SignalInfo, type SignalSet, UNBLOCKABLE, signalBit } from '../program/signals.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import { NO_RETURN, type Result, type Syscall, syscall } from './syscall.ts';
import { loadTimespecNs } from './timespec.ts';
import { bringIn } from './user-buffers.ts';

const SIGSET_BYTES = 8;
const SIGINFO_BYTES = 128;

function checkSetSize(size: number): void {
  if (size !== SIGSET_BYTES) throw EINVAL;
}

function checkSignal(signal: number): void {
  if (signal < 0 || signal > SIGNAL_COUNT) throw EINVAL;
}

function loadSet(thread: Thread, addr: number): SignalSet {
  return BigInt.asUintN(64, thread.memory.loadI64(addr));
}

// struct kernel_sigaction: handler, flags, restorer, mask; 64 bits each.
/** struct sigaction of the kernel; stack_t. */
const SIGACTION_BYTES = 32;
const STACK_BYTES = 24;

function sigaction(thread: Thread, args: { signal: number; action: number; old: number; size: number }): Result {
  checkSetSize(args.size);
  const { signal } = args;
  const { memory } = thread;
  if (args.action !== 0) memory.readable(args.action, SIGACTION_BYTES);
  if (signal < 1 || signal > SIGNAL_COUNT) throw EINVAL;
  if (args.action !== 0 && (signal === SIGKILL || signal === SIGSTOP)) throw EINVAL;
  const { actions, pendingSignals } = asGuest(thread).program;
  bringIn(memory, args.old, SIGACTION_BYTES);
  const former = actions.get(signal);
  if (args.action !== 0) {
    const flags = memory.loadU32(args.action + 8);
    actions.set(signal, {
      handler: memory.loadNumber(args.action),
      flags,
      restorer: (flags & SA_RESTORER) === 0 ? 0 : memory.loadNumber(args.action + 16),
      mask: loadSet(thread, args.action + 24) & ~UNBLOCKABLE,
    });
    if (actions.isIgnored(signal)) pendingSignals.discard(signalBit(signal));
  }
  if (args.old !== 0) {
    memory.storeNumber(args.old, former.handler);
    memory.storeNumber(args.old + 8, former.flags);
    memory.storeNumber(args.old + 16, former.restorer);
    memory.storeI64(args.old + 24, BigInt.asIntN(64, former.mask));
  }
  return 0;
}

function sigprocmask(thread: Thread, args: { how: number; set: number; old: number; size: number }): Result {
  checkSetSize(args.size);
  const task = asGuest(thread);
  bringIn(thread.memory, args.old, 8);
  const former = task.signalMask;
  if (args.set !== 0) {
    const set = loadSet(thread, args.set);
    const masks = new Map([
      [SIG_BLOCK, former | set],
      [SIG_UNBLOCK, former & ~set],
      [SIG_SETMASK, set],
    ]);
    const mask = masks.get(args.how);
    if (mask === undefined) throw EINVAL;
    task.signalMask = mask & ~UNBLOCKABLE;
  }
  if (args.old !== 0) thread.memory.storeI64(args.old, BigInt.asIntN(64, former));
  return 0;
}

function sigreturn(thread: Thread): Result {
  const task = asGuest(thread);
  try {
    task.returnFromSignal();
  } catch (error) {
    if (error !== EFAULT) throw error;
    task.machine.log.notice(`${task.program.path}: bad frame in sigreturn`);
    task.dieOf(SIGSEGV);
  }
  return NO_RETURN;
}

function sigaltstack(thread: Thread, { stack, old }: { stack: number; old: number }): Result {
  const task = asGuest(thread);
  const { memory } = thread;
  bringIn(memory, old, STACK_BYTES);
  const former = task.alternateStack;
  const isInUse = isOnAlternateStack(former, task.cpuState.get64(REG.RSP));
  if (stack !== 0) {
    const flags = memory.loadU32(stack + 8);
    if ((flags & ~(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM)) !== 0) throw EINVAL;
    if (isInUse) throw EPERM;
    const sizeBytes = memory.loadNumber(stack + 16);
    const isOff = (flags & SS_DISABLE) !== 0;
    if (!isOff && sizeBytes < MINSIGSTKSZ) throw ENOMEM;
    const addr = memory.loadNumber(stack);
    task.alternateStack = isOff ? { addr: 0, sizeBytes: 0, flags: SS_DISABLE } : { addr, sizeBytes, flags };
  }
  if (old !== 0) {
    memory.storeNumber(old, former.addr);
    memory.storeU32(old + 8, (former.flags | (isInUse ? SS_ONSTACK : 0)) >>> 0);
    memory.storeNumber(old + 16, former.sizeBytes);
  }
  return 0;
}

function sigsuspend(thread: Thread, { set, size }: { set: number; size: number }, call: Call): Result {
  checkSetSize(size);
  thread.setTemporarySignalMask(loadSet(thread, set));
  if (call.isInterrupted) throw EINTR;
  return blocked([]);
}

/** Alone among its kind it stores a part of a set too (Linux kernel/signal.c: rt_sigpending). */
function sigpending(thread: Thread, { set, size }: { set: number; size: number }): Result {
  if (size > SIGSET_BYTES) throw EINVAL;
  const task = asGuest(thread);
  const pending = (task.pendingSignals.set | task.program.pendingSignals.set) & task.signalMask;
  if (size > 0) thread.memory.writable(set, size).set(new Uint8Array(BigUint64Array.of(pending).buffer, 0, size));
  return 0;
}

interface TimedWait {
  readonly set: number;
  readonly info: number;
  readonly timeout: number;
  readonly size: number;
}

// progress: the deadline (Infinity: none). A signal of the set wakes the thread although it is blocked: see accepts.
function sigtimedwait(thread: Thread, args: TimedWait, call: Call): Result {
  checkSetSize(args.size);
  const task = asGuest(thread);
  const set = loadSet(thread, args.set) & ~UNBLOCKABLE;
  bringIn(thread.memory, args.info, SIGINFO_BYTES);
  const taken = task.pendingSignals.take(set) ?? task.program.pendingSignals.take(set);
  if (taken !== undefined) {
    task.awaitedSignals = 0n;
    if (args.info !== 0) encodeSignalInfo(thread.memory.writable(args.info, SIGINFO_BYTES), taken);
    return taken.signal;
  }
  const deadlineNs =
    typeof call.progress === 'number'
      ? call.progress
      : args.timeout === 0
        ? Number.POSITIVE_INFINITY
        : call.nowNs + loadTimespecNs(thread.memory, args.timeout);
  const isOver = call.nowNs >= deadlineNs;
  task.awaitedSignals = isOver || call.isInterrupted ? 0n : set;
  if (isOver) throw EAGAIN;
  return blocked([], { deadlineNs, progress: deadlineNs });
}

function userInfo(task: GuestTask, signal: number, code: number): SignalInfo {
  return { signal, code, pid: task.program.pid, uid: task.credentials.uid };
}

/** kill(2): one's own programs; SIGCONT within the session. */
export function maySignal(task: GuestTask, target: RunningProgram, signal: number): boolean {
  const { uid, euid } = task.credentials;
  if (target === task.program || isCapable(task.credentials, CAP_KILL)) return true;
  const { uid: owner, savedUid = 0 } = target.credentials;
  if ([uid, euid].some((id) => id === owner || id === savedUid)) return true;
  return signal === SIGCONT && target.session === task.program.session;
}

/** kill(2): a pid, 0 for the own group, -1 for all, -n for a group. Zombies hear nothing, and are there. */
function kill(thread: Thread, { pid, signal }: { pid: number; signal: number }): Result {
  const task = asGuest(thread);
  const { machine, program } = task;
  const targets = machine.present().filter((each) => {
    if (pid > 0) return each.pid === pid;
    if (pid === -1)
      return each !== program && each.namespace !== undefined && each.namespace.launcher?.program !== each;
    return each.processGroup === (pid === 0 ? program.processGroup : -pid);
  });
  if (targets.length === 0) throw ESRCH;
  checkSignal(signal);
  const allowed = targets.filter((target) => maySignal(task, target, signal));
  if (allowed.length === 0) throw EPERM;
  for (const target of allowed) {
    if (signal !== 0 && target.isRunning) target.postSignal(userInfo(task, signal, SI_USER));
  }
  return task.isTerminated ? NO_RETURN : 0;
}

/** @param info its signal may be 0: nothing is sent */
function sendToThread(thread: Thread, tgid: number | undefined, tid: number, info: SignalInfo): Result {
  if (tid <= 0 || (tgid !== undefined && tgid <= 0)) throw EINVAL;
  const task = asGuest(thread);
  const target = task.machine.task(tid);
  if (target === undefined || (tgid !== undefined && target.program.pid !== tgid)) throw ESRCH;
  checkSignal(info.signal);
  if (!maySignal(task, target.program, info.signal)) throw EPERM;
  if (info.signal !== 0) {
    requireQueueRoom(target.program, info.signal);
    target.postSignal(info);
  }
  return task.isTerminated ? NO_RETURN : 0;
}

function tkill(thread: Thread, tgid: number | undefined, tid: number, signal: number): Result {
  return sendToThread(thread, tgid, tid, userInfo(asGuest(thread), signal, SI_TKILL));
}

/** A siginfo_t as the caller composed it. @throws EFAULT */
export function loadSignalInfo(thread: Thread, addr: number): SignalInfo {
  const { memory } = thread;
  return {
    signal: memory.loadU32(addr),
    code: memory.loadU32(addr + 8) | 0,
    pid: memory.loadU32(addr + 16),
    uid: memory.loadU32(addr + 20),
    value: memory.loadI64(addr + 24),
  };
}

/** The siginfo that the caller composed: to others than thread `tid`, its code must not look like the kernel's. */
function checkCode(thread: Thread, { code }: SignalInfo, tid: number): void {
  if ((code >= 0 || code === SI_TKILL) && tid !== thread.id) throw EPERM;
}

/** Only kill(2) may collapse real-time signals, whose queue is full. @throws EAGAIN */
function requireQueueRoom(target: RunningProgram, signal: number): void {
  if (signal >= SIGRTMIN && target.isSignalQueueFull) throw EAGAIN;
}

function sigqueue(thread: Thread, { pid, signal, info }: { pid: number; signal: number; info: number }): Result {
  const loaded = loadSignalInfo(thread, info);
  const task = asGuest(thread);
  checkCode(thread, loaded, pid);
  const target = task.machine.program(pid) ?? task.machine.zombie(pid);
  if (target === undefined) throw ESRCH;
  checkSignal(signal);
  if (!maySignal(task, target, signal)) throw EPERM;
  requireQueueRoom(target, signal);
  if (signal !== 0 && target.isRunning) target.postSignal({ ...loaded, signal });
  return task.isTerminated ? NO_RETURN : 0;
}

interface QueueToThread {
  readonly tgid: number;
  readonly tid: number;
  readonly signal: number;
  readonly info: number;
}

function sigqueueToThread(thread: Thread, { tgid, tid, signal, info }: QueueToThread): Result {
  const loaded = loadSignalInfo(thread, info);
  if (tid <= 0 || tgid <= 0) throw EINVAL;
  checkCode(thread, loaded, tid);
  return sendToThread(thread, tgid, tid, { ...loaded, signal });
}

// oxfmt-ignore
export const signals: readonly Syscall[] = [
  syscall({ nr: 13, name: 'rt_sigaction', args: { signal: 'int', action: 'ptr', old: 'ptr', size: 'size' }, support: 'full', run: sigaction }),
  syscall({ nr: 14, name: 'rt_sigprocmask', args: { how: 'int', set: 'ptr', old: 'ptr', size: 'size' }, support: 'full', run: sigprocmask }),
  syscall({ nr: 15, name: 'rt_sigreturn', args: {}, support: 'full', run: sigreturn }),
  syscall({ nr: 34, name: 'pause', args: {}, support: 'full', run: () => blocked([]) }),
  syscall({ nr: 62, name: 'kill', args: { pid: 'int', signal: 'int' }, support: 'full', run: kill }),
  syscall({ nr: 127, name: 'rt_sigpending', args: { set: 'ptr', size: 'size' }, support: 'full', run: sigpending }),
  syscall({ nr: 128, name: 'rt_sigtimedwait', args: { set: 'ptr', info: 'ptr', timeout: 'ptr', size: 'size' }, support: 'full', run: sigtimedwait }),
  syscall({ nr: 129, name: 'rt_sigqueueinfo', args: { pid: 'int', signal: 'int', info: 'ptr' }, support: 'full', run: sigqueue }),
  syscall({ nr: 130, name: 'rt_sigsuspend', args: { set: 'ptr', size: 'size' }, support: 'full', run: sigsuspend }),
  syscall({ nr: 131, name: 'sigaltstack', args: { stack: 'ptr', old: 'ptr' }, support: 'full', run: sigaltstack }),
  syscall({ nr: 200, name: 'tkill', args: { tid: 'int', signal: 'int' }, support: 'full',
    run: (thread, { tid, signal }) => tkill(thread, undefined, tid, signal) }),
  syscall({ nr: 234, name: 'tgkill', args: { tgid: 'int', tid: 'int', signal: 'int' }, support: 'full',
    run: (thread, { tgid, tid, signal }) => tkill(thread, tgid, tid, signal) }),
  syscall({ nr: 297, name: 'rt_tgsigqueueinfo', args: { tgid: 'int', tid: 'int', signal: 'int', info: 'ptr' }, support: 'full',
    run: sigqueueToThread }),
];
