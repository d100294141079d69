/** Who waits on which futex word (futex(2)). A key is the word's address; each waiter is one queue of its own. */
import { WaitQueue } from './wait-queue.ts';

export interface FutexWaiter {
  readonly queue: WaitQueue;
  /** FUTEX_WAIT_BITSET's mask. */
  readonly bits: number;
  /** Where it waits now; requeueing moves it; undefined: woken. */
  addr: number | undefined;
}

export class FutexTable {
  readonly #waiters = new Map<number, FutexWaiter[]>();

  wait(addr: number, bits: number): FutexWaiter {
    const waiter: FutexWaiter = { queue: new WaitQueue(), bits, addr };
    this.#listAt(addr).push(waiter);
    return waiter;
  }

  /** Gives up waiting: deadline or signal. */
  cancel(waiter: FutexWaiter): void {
    if (waiter.addr !== undefined) this.#remove(waiter.addr, waiter);
    waiter.addr = undefined;
  }

  /** Wakes the `count` longest waiting whose bits meet `bits`. @returns how many */
  wake(addr: number, count: number, bits = -1): number {
    let woken = 0;
    for (const waiter of this.#waiters.get(addr)?.slice() ?? []) {
      if (woken >= count) break;
      if ((waiter.bits & bits) === 0) continue;
      this.#remove(addr, waiter);
      waiter.addr = undefined;
      waiter.queue.wake();
      woken++;
    }
    return woken;
  }

  /** Moves up to `count` waiters to another word. @returns how many */
  requeue(fromAddr: number, toAddr: number, count: number): number {
    const moved = (this.#waiters.get(fromAddr) ?? []).slice(0, Math.max(0, count));
    for (const waiter of moved) {
      this.#remove(fromAddr, waiter);
      waiter.addr = toAddr;
      this.#listAt(toAddr).push(waiter);
    }
    return moved.length;
  }

  #listAt(addr: number): FutexWaiter[] {
    let list = this.#waiters.get(addr);
    if (list === undefined) this.#waiters.set(addr, (list = []));
    return list;
  }

  #remove(addr: number, waiter: FutexWaiter): void {
    const list = this.#waiters.get(addr);
    const index = list?.indexOf(waiter) ?? -1;
    if (list === undefined || index < 0) return;
    list.splice(index, 1);
    if (list.length === 0) this.#waiters.delete(addr);
  }
}
