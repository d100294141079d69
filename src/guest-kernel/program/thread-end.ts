/** What a guest thread leaves behind for those who wait for it: its tid word and its robust mutexes. */
import { Errno } from '../abi/errno.ts';
import { NotResident } from '../vfs/inode.ts';
import type { GuestTask } from './guest-task.ts';

const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;
/** Linux ROBUST_LIST_LIMIT: a list may be circular. */
const LIST_LIMIT = 2048;

/** Linux mm_release: robust list first, then CLONE_CHILD_CLEARTID. Memory that is gone is passed over. */
export function releaseThread(task: GuestTask): void {
  quietly(() => releaseRobustList(task));
  quietly(() => {
    if (task.clearTidAddr === 0) return;
    task.memory.storeU32(task.clearTidAddr, 0);
    task.namespace.futexes.wake(task.clearTidAddr, 1);
  });
}

// struct robust_list_head: next, offset of the futex from an entry, an entry being acquired (futex(2), robust-futexes).
function releaseRobustList(task: GuestTask): void {
  const head = task.robustListAddr;
  if (head === 0) return;
  const { memory } = task;
  const offset = memory.loadNumber(head + 8);
  const pending = memory.loadNumber(head + 16);
  let entry = memory.loadNumber(head);
  for (let i = 0; entry !== head && i < LIST_LIMIT; i++) {
    if (entry !== pending) abandon(task, entry + offset);
    entry = memory.loadNumber(entry - (entry % 2));
  }
  if (pending !== 0) abandon(task, pending + offset);
}

function abandon(task: GuestTask, addr: number): void {
  const word = task.memory.loadU32(addr);
  if ((word & FUTEX_TID_MASK) !== task.id) return;
  task.memory.storeU32(addr, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
  if ((word & FUTEX_WAITERS) !== 0) task.namespace.futexes.wake(addr, 1);
}

function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Errno) && !(error instanceof NotResident)) throw error;
  }
}
