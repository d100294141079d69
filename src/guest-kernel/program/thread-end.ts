/** What a guest thread leaves behind for those who wait for it: its tid word and its robust mutexes. */
import { Errno } from '../abi/errno.ts';
import { NotResident } from '../vfs/inode.ts';
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, locksHeldBy, passLock } from './futex-locks.ts';
import type { GuestTask } from './guest-task.ts';

/** Linux ROBUST_LIST_LIMIT: a list may be circular. */
const LIST_LIMIT = 2048;

/** Linux futex_exit_release: robust list, locks; then CLONE_CHILD_CLEARTID. Memory that is gone is passed over. */
export function releaseThread(task: GuestTask): void {
  quietly(() => releaseRobustList(task));
  releaseLocks(task);
  quietly(() => {
    if (task.clearTidAddr === 0) return;
    task.memory.storeU32(task.clearTidAddr, 0);
    wakeOne(task, task.clearTidAddr);
  });
}

/**
 * Brings in the memory that releaseThread will look at: it cannot wait, and a call that ends threads can.
 * @throws NotResident, before anything has changed
 */
export function prepareRelease(task: GuestTask): void {
  const { memory, clearTidAddr } = task;
  if (clearTidAddr !== 0) memory.prefix(clearTidAddr, 4, true);
  if (task.robustListAddr === 0) return;
  try {
    for (const { addr } of robustWords(task)) memory.prefix(addr, 4, true);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}

function releaseRobustList(task: GuestTask): void {
  if (task.robustListAddr === 0) return;
  for (const { addr, isPending } of robustWords(task)) {
    // Let go already, but nobody was woken yet.
    if (isPending && task.memory.loadU32(addr) === 0) wakeOne(task, addr);
    else abandon(task, addr);
  }
}

/** The words of a thread's robust list; `isPending`: of a plain lock that is being taken or left. @throws EFAULT */
// struct robust_list_head: next, offset of the futex from an entry, an entry being acquired (futex(2), robust-futexes).
function* robustWords({ memory, robustListAddr: head }: GuestTask): Generator<{ addr: number; isPending: boolean }> {
  const offset = memory.loadNumber(head + 8);
  const pending = memory.loadNumber(head + 16);
  let entry = memory.loadNumber(head);
  for (let i = 0; entry !== head && i < LIST_LIMIT; i++) {
    if (entry !== pending) yield { addr: plain(entry) + offset, isPending: false };
    entry = memory.loadNumber(plain(entry));
  }
  if (pending !== 0) yield { addr: plain(pending) + offset, isPending: pending % 2 === 0 };
}

// Bit 0 of an entry marks a priority-inheriting lock (Linux kernel/futex/core.c: fetch_robust_entry).
function plain(entry: number): number {
  return entry - (entry % 2);
}

function abandon(task: GuestTask, addr: number): void {
  const word = task.memory.loadU32(addr);
  if ((word & FUTEX_TID_MASK) !== task.id) return;
  task.memory.storeU32(addr, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
  if ((word & FUTEX_WAITERS) === 0) return;
  // A priority-inheriting lock goes to the next in line at once.
  if (!passLock(task.namespace.futexPlace(addr, false), { memory: task.memory, addr }, FUTEX_OWNER_DIED))
    wakeOne(task, addr);
}

/** Those who wait for something else there are left alone. */
function wakeOne(task: GuestTask, addr: number): void {
  const { table, key } = task.namespace.futexPlace(addr, false);
  quietly(() => table.wake(key, 1));
}

/** Linux exit_pi_state_list: locks that are in no robust list, and somebody waits for them. */
function releaseLocks(task: GuestTask): void {
  if (!task.lockPriority.isAwaited) return;
  const waiters = task.machine.tasks().flatMap(({ futexWaiters }) => futexWaiters);
  for (const { place, lock } of locksHeldBy(task, waiters)) quietly(() => passLock(place, lock, FUTEX_OWNER_DIED));
}

function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Errno) && !(error instanceof NotResident)) throw error;
  }
}
