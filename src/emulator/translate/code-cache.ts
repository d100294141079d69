/**
 * Which compiled units there are, how much room they take, and which go first when it is too much.
 *
 * Units come in batches, and the host frees a batch only as a whole, so batches are what is evicted: the oldest first.
 * What is still hot is warm again at once and comes back at the young end; a clock of uses would cost every link a
 * store, and dropping everything costs the whole working set each time.
 */
import type { CodeUnit } from './code-link.ts';

interface Batch {
  readonly units: Set<CodeUnit>;
  readonly age: number;
  readonly size: number;
}

/** Part of the limit that is left after evicting, so that it is not needed at the next batch again. */
const KEPT = 0.75;

export class CodeCache {
  /** By age. */
  readonly #batches = new Set<Batch>();
  readonly #batchOf = new Map<CodeUnit, Batch>();
  readonly #sizeLimit: number;
  /** Bytes, or characters of source. */
  size = 0;

  constructor(sizeLimit: number) {
    this.#sizeLimit = sizeLimit;
  }

  get batchCount(): number {
    return this.#batches.size;
  }

  /** When the oldest batch was added; Infinity without any. */
  get oldestAge(): number {
    for (const { age } of this.#batches) return age;
    return Infinity;
  }

  /** @param age not less than of those before */
  add(units: readonly CodeUnit[], size: number, age = 0): void {
    const batch = { units: new Set(units), size, age };
    this.#batches.add(batch);
    for (const unit of units) this.#batchOf.set(unit, batch);
    this.size += size;
  }

  /** The unit will not be used again. */
  remove(unit: CodeUnit): void {
    const batch = this.#batchOf.get(unit);
    if (batch === undefined) return;
    this.#batchOf.delete(unit);
    batch.units.delete(unit);
    if (batch.units.size > 0) return;
    this.#batches.delete(batch);
    this.size -= batch.size;
  }

  /** The units that have to go for there to be room; empty while there is. The caller removes each of them. */
  surplus(): CodeUnit[] {
    return this.size > this.#sizeLimit ? this.oldest(this.size - KEPT * this.#sizeLimit) : [];
  }

  /** Units of the oldest batches that together have at least that size. */
  oldest(size: number): CodeUnit[] {
    const units: CodeUnit[] = [];
    let found = 0;
    for (const batch of this.#batches) {
      if (found >= size) break;
      found += batch.size;
      units.push(...batch.units);
    }
    return units;
  }
}
