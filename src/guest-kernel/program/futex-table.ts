/**
 * Who waits on which futex word (futex(2)); each waiter is one queue of its own. Words of private memory have a table
 * per namespace with the address as key, words of shared memory one per file with the offset.
 */
import { WaitQueue } from './wait-queue.ts';

/** A futex word. */
export interface FutexPlace {
  readonly table: FutexTable;
  readonly key: number;
}

export interface FutexWaiter {
  readonly queue: WaitQueue;
  /** FUTEX_WAIT_BITSET's mask. */
  readonly bits: number;
  /** Where it waits now; requeueing moves it; undefined: woken. */
  place: FutexPlace | undefined;
  /** Thread that waits for a priority-inheriting lock: whoever unlocks hands the word to it. */
  readonly lockerId?: number;
}

export class FutexTable {
  readonly #waiters = new Map<number, FutexWaiter[]>();

  wait(key: number, bits: number, lockerId?: number): FutexWaiter {
    const place = { table: this, key };
    const waiter: FutexWaiter = {
      queue: new WaitQueue(),
      bits,
      place,
      ...(lockerId === undefined ? {} : { lockerId }),
    };
    this.#listAt(key).push(waiter);
    return waiter;
  }

  /** Wakes the `count` longest waiting whose bits meet `bits`. @returns how many */
  wake(key: number, count: number, bits = -1): number {
    let woken = 0;
    for (const waiter of this.#waiters.get(key)?.slice() ?? []) {
      if (woken >= count) break;
      if ((waiter.bits & bits) === 0) continue;
      wakeWaiter(waiter);
      woken++;
    }
    return woken;
  }

  /** Moves up to `count` waiters to another word. @returns how many */
  requeue(key: number, to: FutexPlace, count: number): number {
    const moved = (this.#waiters.get(key) ?? []).slice(0, Math.max(0, count));
    for (const waiter of moved) {
      this.#remove(key, waiter);
      waiter.place = to;
      to.table.#listAt(to.key).push(waiter);
    }
    return moved.length;
  }

  /** The longest waiting, and whether there are more. */
  first(key: number): { readonly waiter: FutexWaiter; readonly hasMore: boolean } | undefined {
    const [waiter, next] = this.#waiters.get(key) ?? [];
    return waiter === undefined ? undefined : { waiter, hasMore: next !== undefined };
  }

  /** Takes a waiter out of the table it stands in. */
  static leave(waiter: FutexWaiter): void {
    const { place } = waiter;
    if (place !== undefined) place.table.#remove(place.key, waiter);
    waiter.place = undefined;
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
