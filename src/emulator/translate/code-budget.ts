/**
 * Room for generated code on a whole machine: when all spaces together have too much, what was compiled longest ago goes,
 * whoever it belongs to. A space that compiles while others sleep on theirs does not give up its own for them.
 */

/** One space's code. */
export interface CodeHolder {
  /** Bytes, or characters of source. */
  readonly size: number;
  /** When its oldest batch was made, by `nextAge`; Infinity without any. */
  readonly oldestAge: number;
  /** Drops the oldest batch. */
  evictOldest(): void;
}

const MACHINE_LIMIT = 256_000_000;
/** Part of the limit that is left after evicting, so that it is not needed at the next batch again. */
const KEPT = 0.75;

export class CodeBudget {
  readonly #limit: number;
  readonly #holders = new Set<CodeHolder>();
  #age = 0;

  constructor(limit = MACHINE_LIMIT) {
    this.#limit = limit;
  }

  /** @returns what ends it */
  join(holder: CodeHolder): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  nextAge(): number {
    return this.#age++;
  }

  /** To be called while no generated code is on the host's stack. */
  makeRoom(): void {
    if (this.#size() <= this.#limit) return;
    while (this.#size() > KEPT * this.#limit) {
      const [oldest] = [...this.#holders].toSorted((a, b) => a.oldestAge - b.oldestAge);
      oldest.evictOldest();
    }
  }

  #size(): number {
    let size = 0;
    for (const holder of this.#holders) size += holder.size;
    return size;
  }
}
