/** Sleeping on futex words: what futex(2), futex_waitv(2) and priority-inheriting locks have in common. */
import { EAGAIN, ETIMEDOUT } from '../abi/errno.ts';
import { type Blocked, blocked } from '../program/blocked.ts';
import type { Call } from '../vfs/open-file.ts';
import { type FutexPlace, FutexTable, type FutexWait, type FutexWaiter } from '../program/futex-table.ts';
import { type GuestTask, asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';

export interface FutexWord {
  readonly addr: number;
  /** What it must hold for the caller to sleep. */
  readonly expected: number;
  readonly isPrivate: boolean;
  readonly wait: FutexWait;
}

/**
 * What a waiting call keeps between runs: its waiters stand in their tables, and are out of them once woken. None are left
 * when a signal has cut the wait short; it begins again, with the same deadline, if nobody handled that one.
 */
interface Waiting {
  readonly waiters: readonly FutexWaiter[];
  /** Monotonic; undefined: for ever. */
  readonly deadlineNs: number | undefined;
}

export function futexPlace(thread: Thread, addr: number, isPrivate: boolean): FutexPlace {
  return asGuest(thread).namespace.futexPlace(addr, isPrivate);
}

/**
 * Sleeps until one of the words is woken. @returns the index of that word, or that the caller waits
 * @throws EAGAIN where a word holds something else, ETIMEDOUT
 */
export function futexWait(
  thread: Thread,
  call: Call,
  words: () => readonly FutexWord[],
  deadline: () => number | undefined,
): number | Blocked {
  const task = asGuest(thread);
  const before = call.progress as Waiting | undefined;
  if (before !== undefined && before.waiters.length > 0) return goOn(task, call, before);
  const deadlineNs = before === undefined ? deadline() : before.deadlineNs;
  const wanted = words();
  for (const { addr, expected } of wanted) if (thread.memory.loadU32(addr) !== expected) throw EAGAIN;
  if (deadlineNs !== undefined && call.nowNs >= deadlineNs) throw ETIMEDOUT;
  if (call.isInterrupted) return asleep({ waiters: [], deadlineNs });
  const waiters = wanted.map(({ addr, isPrivate, wait }) => {
    const { table, key } = futexPlace(thread, addr, isPrivate);
    return table.wait(key, wait);
  });
  task.futexWaiters = waiters;
  return asleep({ waiters, deadlineNs });
}

function goOn(task: GuestTask, call: Call, waiting: Waiting): number | Blocked {
  const woken = waiting.waiters.findIndex(({ place }) => place === undefined);
  const isLate = waiting.deadlineNs !== undefined && call.nowNs >= waiting.deadlineNs;
  if (woken >= 0 || isLate || call.isInterrupted) leaveFutexes(task);
  if (woken >= 0) return woken;
  if (isLate) throw ETIMEDOUT;
  return asleep(call.isInterrupted ? { ...waiting, waiters: [] } : waiting);
}

function asleep(waiting: Waiting): Blocked {
  const { deadlineNs, waiters } = waiting;
  const queues = waiters.map(({ queue }) => queue);
  return blocked(queues, { progress: waiting, ...(deadlineNs === undefined ? {} : { deadlineNs }) });
}

/** The thread waits on no word any more; also when it is killed in its sleep. */
function leaveFutexes(task: GuestTask): void {
  for (const waiter of task.futexWaiters) FutexTable.leave(waiter);
  task.futexWaiters = [];
}
