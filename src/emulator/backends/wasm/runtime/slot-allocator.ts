/** Hands out runs of table slots, first fit; what is given back is used again. */
export class SlotAllocator {
  /** Free runs below #next, ascending, none touching another. */
  #free: { base: number; count: number }[] = [];
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  allocate(count: number): number {
    const run = this.#free.find((candidate) => candidate.count >= count);
    if (run === undefined) {
      const base = this.#next;
      this.#next += count;
      return base;
    }
    const { base } = run;
    run.base += count;
    run.count -= count;
    if (run.count === 0) this.#free = this.#free.filter((other) => other !== run);
    return base;
  }

  free(base: number, count: number): void {
    if (count === 0) return;
    const runs = [...this.#free, { base, count }].toSorted((a, b) => a.base - b.base);
    this.#free = [];
    for (const run of runs) {
      const last = this.#free.at(-1);
      if (last !== undefined && last.base + last.count === run.base) last.count += run.count;
      else this.#free.push(run);
    }
    const last = this.#free.at(-1);
    if (last === undefined || last.base + last.count !== this.#next) return;
    this.#next = last.base;
    this.#free.pop();
  }
}
