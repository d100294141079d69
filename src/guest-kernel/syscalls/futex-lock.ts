/**
 * Taking and leaving priority-inheriting futexes (futex(2), FUTEX_LOCK_PI), and sleeping on a word until one is given
 * (FUTEX_WAIT_REQUEUE_PI). How they pass from owner to owner stands in program/futex-locks.ts:
 *
 *   0 ──lock──► tid ──another locks──► WAITERS | tid ──unlock──► tid of the most urgent (| WAITERS) … ──► 0
 */
import { EAGAIN, EDEADLK, EINVAL, EPERM, ERESTARTNOINTR, ESRCH } from '../abi/errno.ts';
import { isBlocked } from '../program/blocked.ts';
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, give, passLock } from '../program/futex-locks.ts';
import {
  FutexTable,
  type FutexWaiter,
  type Locker,
  type LockWord,
  type WantedLock,
  wakeWaiter,
} from '../program/futex-table.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import { type FutexWord, futexPlace, futexWait } from './futex-wait.ts';
import type { Result } from './syscall.ts';

export interface FutexLock {
  readonly addr: number;
  readonly isPrivate: boolean;
}

export function lockFutex(thread: Thread, args: FutexLock, call: Call, deadline: () => number | undefined): Result {
  if (call.progress === undefined) {
    if (takeFree(thread, args)) return 0;
    const owner = ownerOf(thread, args.addr);
    const task = asGuest(thread);
    if (owner.lockPriority.dependsOn(task.lockPriority)) throw EDEADLK;
    markWaiters(thread, args.addr);
  }
  const lock = wantedLock(thread, args.addr);
  const word = (): FutexWord => ({
    ...args,
    expected: thread.memory.loadU32(args.addr),
    wait: { bits: -1, lock },
  });
  const isFirst = call.progress === undefined;
  const result = futexWait(thread, call, () => [word()], deadline);
  if (!isBlocked(result)) return 0;
  if (isFirst && !call.isInterrupted) lock.locker.lockPriority.waitFor(ownerOf(thread, args.addr).lockPriority);
  return { ...result, interruption: ERESTARTNOINTR };
}

function wantedLock(thread: Thread, addr: number): WantedLock {
  return { locker: asGuest(thread), memory: thread.memory, addr };
}

/** @throws ESRCH where the word names nobody */
function ownerOf(thread: Thread, addr: number): Locker {
  const owner = asGuest(thread).machine.task(thread.memory.loadU32(addr) & FUTEX_TID_MASK);
  if (owner === undefined) throw ESRCH;
  return owner;
}

function markWaiters({ memory }: Thread, addr: number): void {
  memory.storeU32(addr, (memory.loadU32(addr) | FUTEX_WAITERS) >>> 0);
}

export function tryLockFutex(thread: Thread, args: FutexLock): Result {
  if (takeFree(thread, args)) return 0;
  ownerOf(thread, args.addr); // somebody must be it
  throw EAGAIN;
}

/** @returns whether the caller owns it now. @throws EDEADLK where it did already */
function takeFree(thread: Thread, args: FutexLock): boolean {
  const { memory } = thread;
  const word = memory.loadU32(args.addr);
  const owner = word & FUTEX_TID_MASK;
  if (owner === thread.id) throw EDEADLK;
  if (owner !== 0) return false;
  memory.storeU32(args.addr, ((word & (FUTEX_OWNER_DIED | FUTEX_WAITERS)) | thread.id) >>> 0);
  return true;
}

/** @throws EPERM, EINVAL where one waits there for another thing than the lock */
export function unlockFutex(thread: Thread, args: FutexLock): Result {
  if ((thread.memory.loadU32(args.addr) & FUTEX_TID_MASK) !== thread.id) throw EPERM;
  if (args.addr % 4 !== 0) throw EINVAL;
  const place = futexPlace(thread, args.addr, args.isPrivate);
  const [first] = place.table.inLine(place.key);
  if (first !== undefined && (first.lock === undefined || first.requeuesTo !== undefined)) throw EINVAL;
  if (!passLock(place, { memory: thread.memory, addr: args.addr })) thread.memory.storeU32(args.addr, 0);
  return 0;
}

export interface LockRequeue {
  /** The word to sleep on. */
  readonly from: FutexLock;
  /** The lock that the sleeper gets. */
  readonly to: FutexLock;
}

/**
 * FUTEX_WAIT_REQUEUE_PI: sleeps on a word until somebody moves it to the lock and it gets that.
 * @returns 0: the lock is the caller's. @throws EAGAIN, ETIMEDOUT
 */
export function waitForLock(
  thread: Thread,
  { from, to }: LockRequeue,
  expected: number,
  call: Call,
  deadline: () => number | undefined,
): Result {
  if (to.addr % 4 !== 0 || from.addr === to.addr) throw EINVAL;
  if (call.isInterrupted && call.progress !== undefined) {
    // Moved already, it cannot start anew: the caller finds out by itself (Linux futex_wait_requeue_pi).
    const [waiter] = asGuest(thread).futexWaiters;
    const isMoved = waiter?.place !== undefined && waiter.requeuesTo === undefined;
    if (isMoved) {
      FutexTable.leave(waiter);
      throw EAGAIN;
    }
  }
  const word = (): FutexWord => {
    thread.memory.writable(to.addr, 4);
    const requeuesTo = futexPlace(thread, to.addr, to.isPrivate);
    return { ...from, expected, wait: { bits: -1, lock: wantedLock(thread, to.addr), requeuesTo } };
  };
  const result = futexWait(thread, call, () => [word()], deadline);
  return isBlocked(result) ? { ...result, interruption: ERESTARTNOINTR } : 0;
}

/** FUTEX_CMP_REQUEUE_PI: one gets the lock if it is free, up to `count` more wait for it. @returns how many */
export function requeueToLock(thread: Thread, { from, to }: LockRequeue, count: number): Result {
  const source = futexPlace(thread, from.addr, from.isPrivate);
  const target = futexPlace(thread, to.addr, to.isPrivate);
  const line = source.table.inLine(source.key);
  if (line.some(({ requeuesTo }) => requeuesTo?.table !== target.table || requeuesTo.key !== target.key)) throw EINVAL;
  const [first] = line;
  if (first === undefined) return 0;
  const isFree = (thread.memory.loadU32(to.addr) & FUTEX_TID_MASK) === 0;
  if (isFree) handFree({ memory: thread.memory, addr: to.addr }, first, count > 0);
  const owner = ownerOf(thread, to.addr);
  const moved = line.slice(isFree ? 1 : 0, 1 + count);
  for (const waiter of moved) {
    if (waiter.lock === undefined || owner.lockPriority.dependsOn(waiter.lock.locker.lockPriority)) throw EDEADLK;
    markWaiters(thread, to.addr);
    FutexTable.move(waiter, target);
    waiter.requeuesTo = undefined;
    waiter.lock.locker.lockPriority.waitFor(owner.lockPriority);
  }
  return moved.length + (isFree ? 1 : 0);
}

/** Linux futex_proxy_trylock_atomic: with more to come the kernel must see the unlock. */
function handFree(word: LockWord, waiter: FutexWaiter, hasMore: boolean): void {
  if (waiter.lock === undefined) throw EINVAL;
  const died = word.memory.loadU32(word.addr) & FUTEX_OWNER_DIED;
  give(word, waiter.lock.locker, died | (hasMore ? FUTEX_WAITERS : 0));
  wakeWaiter(waiter);
}
