/**
 * Priority-inheriting futexes (futex(2), FUTEX_LOCK_PI): the word holds its owner's thread id, and the kernel hands it
 * from owner to owner:
 *
 *   0 ──lock──► tid ──another locks──► WAITERS | tid ──unlock──► tid of the one who waited longest (| WAITERS) … ──► 0
 */
import { EAGAIN, EDEADLK, EPERM, ESRCH } from '../abi/errno.ts';
import { isBlocked } from '../program/blocked.ts';
import { wakeWaiter } from '../program/futex-table.ts';
import { futexPlace, futexWait } from './futex-wait.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import type { Call } from '../vfs/open-file.ts';
import type { Result } from './syscall.ts';

const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;

export interface LockWord {
  readonly addr: number;
  readonly isPrivate: boolean;
}

export function lockFutex(thread: Thread, args: LockWord, call: Call, deadline: () => number | undefined): Result {
  if (call.progress === undefined) {
    if (takeFree(thread, args)) return 0;
    const owner = thread.memory.loadU32(args.addr) & FUTEX_TID_MASK;
    if (asGuest(thread).machine.task(owner) === undefined) throw ESRCH;
    thread.memory.storeU32(args.addr, (thread.memory.loadU32(args.addr) | FUTEX_WAITERS) >>> 0);
  }
  const result = futexWait(
    thread,
    call,
    () => {
      const expected = thread.memory.loadU32(args.addr);
      return [{ addr: args.addr, expected, isPrivate: args.isPrivate, bits: -1, lockerId: thread.id }];
    },
    deadline,
  );
  return isBlocked(result) ? result : 0;
}

export function tryLockFutex(thread: Thread, args: LockWord): Result {
  if (takeFree(thread, args)) return 0;
  throw EAGAIN;
}

/** @returns whether the caller owns it now. @throws EDEADLK where it did already */
function takeFree(thread: Thread, args: LockWord): boolean {
  const { memory } = thread;
  const word = memory.loadU32(args.addr);
  const owner = word & FUTEX_TID_MASK;
  if (owner === thread.id) throw EDEADLK;
  if (owner !== 0) return false;
  memory.storeU32(args.addr, ((word & (FUTEX_OWNER_DIED | FUTEX_WAITERS)) | thread.id) >>> 0);
  return true;
}

export function unlockFutex(thread: Thread, args: LockWord): Result {
  if ((thread.memory.loadU32(args.addr) & FUTEX_TID_MASK) !== thread.id) throw EPERM;
  const { table, key } = futexPlace(thread, args.addr, args.isPrivate);
  const next = table.first(key);
  const owner = next?.waiter.lockerId ?? 0;
  thread.memory.storeU32(args.addr, ((next?.hasMore === true ? FUTEX_WAITERS : 0) | owner) >>> 0);
  if (next !== undefined) wakeWaiter(next.waiter);
  return 0;
}
