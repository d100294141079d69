/** Told once when the queue it waits on is woken; it notes that it may run and adds itself to no queue meanwhile. */
export interface Waiter {
  onWake(queue: WaitQueue): void;
}

/** Who waits for something, in order of arrival. Waking removes a waiter; it adds itself again if it must wait on. */
export class WaitQueue {
  readonly #waiters = new Set<Waiter>();
  #listeners: readonly (() => void)[] = [];

  get size(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Calls `listener` at every wake. @returns what ends that */
  listen(listener: () => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    };
  }

  /** Wakes the `count` longest waiting. @returns how many were woken. */
  wake(count = Number.POSITIVE_INFINITY): number {
    let woken = 0;
    for (const waiter of this.#waiters) {
      if (woken >= count) break;
      this.#waiters.delete(waiter);
      woken++;
      waiter.onWake(this);
    }
    for (const listener of this.#listeners) listener();
    return woken;
  }
}
