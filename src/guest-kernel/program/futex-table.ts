/**
 * Who waits on which futex word (futex(2)); each waiter is one queue of its own. Words of private memory have a table
 * per namespace with the address as key, words of shared memory one per file with the offset.
 */
import { EINVAL } from '../abi/errno.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import type { LockPriority } from './lock-priority.ts';
import { WaitQueue } from './wait-queue.ts';

/** A futex word. */
export interface FutexPlace {
  readonly table: FutexTable;
  readonly key: number;
}

/** Who holds or wants a priority-inheriting lock. */
export interface Locker {
  readonly id: number;
  readonly lockPriority: LockPriority;
}

/** The word of a lock as one memory shows it. */
export interface LockWord {
  readonly memory: UserMemory;
  readonly addr: number;
}

/** What somebody who waits for a priority-inheriting lock wants: the word, in its own memory, for itself. */
export interface WantedLock extends LockWord {
  readonly locker: Locker;
}

export interface FutexWaiter {
  readonly queue: WaitQueue;
  /** FUTEX_WAIT_BITSET's mask. */
  readonly bits: number;
  /** Where it waits now; requeueing moves it; undefined: woken. */
  place: FutexPlace | undefined;
  /** It waits for this lock, or will once it is requeued to it: whoever unlocks hands the word over. */
  readonly lock?: WantedLock;
  /** FUTEX_WAIT_REQUEUE_PI: the lock's place, which FUTEX_CMP_REQUEUE_PI must name too; undefined once it stands there. */
  requeuesTo: FutexPlace | undefined;
}

/** What a new waiter is, besides where it stands. */
export interface FutexWait {
  readonly bits: number;
  readonly lock?: WantedLock;
  readonly requeuesTo?: FutexPlace;
}

export class FutexTable {
  readonly #waiters = new Map<number, FutexWaiter[]>();

  wait(key: number, wait: FutexWait): FutexWaiter {
    const place = { table: this, key };
    const waiter: FutexWaiter = { queue: new WaitQueue(), place, requeuesTo: undefined, ...wait };
    this.#listAt(key).push(waiter);
    return waiter;
  }

  /**
   * Wakes the `count` longest waiting whose bits meet `bits`. @returns how many
   * @throws EINVAL where one waits for a lock, which is handed over and not woken
   */
  wake(key: number, count: number, bits = -1): number {
    let woken = 0;
    for (const waiter of this.#waiters.get(key)?.slice() ?? []) {
      if (woken >= count) break;
      if (waiter.lock !== undefined) throw EINVAL;
      if ((waiter.bits & bits) === 0) continue;
      wakeWaiter(waiter);
      woken++;
    }
    return woken;
  }

  /** Moves up to `count` waiters to another word. @returns how many. @throws EINVAL as `wake` */
  requeue(key: number, to: FutexPlace, count: number): number {
    const moved = (this.#waiters.get(key) ?? []).slice(0, Math.max(0, count));
    if (moved.some(({ lock }) => lock !== undefined)) throw EINVAL;
    for (const waiter of moved) FutexTable.move(waiter, to);
    return moved.length;
  }

  /** A waiter waits at another word from now on, behind those who do already. */
  static move(waiter: FutexWaiter, to: FutexPlace): void {
    const { place } = waiter;
    if (place !== undefined) place.table.#remove(place.key, waiter);
    waiter.place = to;
    to.table.#listAt(to.key).push(waiter);
  }

  /** Who waits there: those who want a lock by priority, all others, and equals, by time. */
  inLine(key: number): readonly FutexWaiter[] {
    return (this.#waiters.get(key) ?? []).toSorted((a, b) => priorityOf(b) - priorityOf(a));
  }

  /** Takes a waiter out of the table it stands in. */
  static leave(waiter: FutexWaiter): void {
    const { place } = waiter;
    if (place !== undefined) place.table.#remove(place.key, waiter);
    waiter.place = undefined;
    waiter.lock?.locker.lockPriority.waitFor(undefined);
  }

  #listAt(key: number): FutexWaiter[] {
    let list = this.#waiters.get(key);
    if (list === undefined) this.#waiters.set(key, (list = []));
    return list;
  }

  #remove(key: number, waiter: FutexWaiter): void {
    const list = this.#waiters.get(key);
    const index = list?.indexOf(waiter) ?? -1;
    if (list === undefined || index < 0) return;
    list.splice(index, 1);
    if (list.length === 0) this.#waiters.delete(key);
  }
}

export function wakeWaiter(waiter: FutexWaiter): void {
  FutexTable.leave(waiter);
  waiter.queue.wake();
}

function priorityOf({ lock }: FutexWaiter): number {
  return lock?.locker.lockPriority.value ?? 0;
}
