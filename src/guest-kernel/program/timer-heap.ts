/** Deadlines in rising order: a binary heap whose entries can be cancelled. Entries of equal time keep their order. */
export interface Timer {
  readonly atNs: number;
  readonly fire: () => void;
}

interface Entry extends Timer {
  readonly serial: number;
  isCancelled: boolean;
}

/** Fewer are not worth a walk. */
const LEAST_CANCELLED = 256;

export class TimerHeap {
  #heap: Entry[] = [];
  #cancelled = 0;
  #serial = 0;

  /** Calls `fire` once the clock has reached `atNs`. @returns a function that cancels it. */
  add(atNs: number, fire: () => void): () => void {
    const entry: Entry = { atNs, fire, serial: this.#serial++, isCancelled: false };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return () => {
      if (entry.isCancelled) return;
      entry.isCancelled = true;
      if (++this.#cancelled > LEAST_CANCELLED && this.#cancelled > this.#heap.length / 2) this.#sweep();
    };
  }

  /** Cancelled timers that lie deep would stay until their time. */
  #sweep(): void {
    const left = this.#heap.filter(({ isCancelled }) => !isCancelled);
    this.#heap = left.toSorted((a, b) => a.atNs - b.atNs || a.serial - b.serial); // which is a heap
    this.#cancelled = 0;
  }

  /** The earliest deadline, if any. */
  get nextNs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atNs;
  }

  /** Fires all that are due at `nowNs`. */
  fireDue(nowNs: number): void {
    for (;;) {
      this.#dropCancelled();
      const first = this.#heap[0];
      if (first === undefined || first.atNs > nowNs) return;
      this.#removeFirst();
      first.isCancelled = true; // to cancel it now does nothing
      first.fire();
    }
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.isCancelled === true) {
      this.#removeFirst();
      this.#cancelled--;
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    for (let i = index; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(index: number): void {
    for (let i = index; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (this.#isBefore(child, least)) least = child;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i];
    const b = this.#heap[j];
    if (a === undefined || b === undefined) return false;
    return a.atNs < b.atNs || (a.atNs === b.atNs && a.serial < b.serial);
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i];
    const b = this.#heap[j];
    if (a === undefined || b === undefined) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}
