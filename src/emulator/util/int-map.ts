/**
 * A map from 32-bit numbers, such as guest addresses, to 32-bit numbers other than 0, in one typed array: no allocation, and
 * as quick for numbers of 32 bits as for those of 31, which a Map in Chromium keeps on the heap.
 *
 *   table   key i32 | value i32 | key i32 | value i32 | …      a value of 0: the place is free; linear probing
 */

const FIRST_PLACES = 16;
/** 2^32 / φ: neighbours come to lie apart. */
const SPREAD = 0x9e37_79b9;

export class IntMap {
  #table = new Int32Array(2 * FIRST_PLACES);
  #shift = 32 - Math.log2(FIRST_PLACES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value of `key`, taken as 32 bits; 0 when there is none. */
  get(key: number): number {
    return this.#table[this.#placeOf(key | 0) + 1];
  }

  /** @param value not 0 */
  set(key: number, value: number): void {
    const at = this.#placeOf(key | 0);
    const table = this.#table;
    if (table[at + 1] === 0) this.#size++;
    table[at] = key;
    table[at + 1] = value;
    if (4 * this.#size > table.length) this.#grow();
  }

  delete(key: number): void {
    let free = this.#placeOf(key | 0);
    const table = this.#table;
    if (table[free + 1] === 0) return;
    this.#size--;
    const mask = table.length - 1;
    // What probing would not find across the gap moves into it.
    for (let at = (free + 2) & mask; table[at + 1] !== 0; at = (at + 2) & mask) {
      const home = this.#homeOf(table[at]);
      if (((at - home) & mask) < ((at - free) & mask)) continue;
      table[free] = table[at];
      table[free + 1] = table[at + 1];
      free = at;
    }
    table[free + 1] = 0;
  }

  clear(): void {
    this.#table = new Int32Array(2 * FIRST_PLACES);
    this.#shift = 32 - Math.log2(FIRST_PLACES);
    this.#size = 0;
  }

  /** Index of the key, or of the free place for it. */
  #placeOf(key: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#homeOf(key);
    while (table[at + 1] !== 0 && table[at] !== key) at = (at + 2) & mask;
    return at;
  }

  #homeOf(key: number): number {
    return (Math.imul(key, SPREAD) >>> this.#shift) << 1;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(2 * old.length);
    this.#shift--;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const at = this.#placeOf(old[i]);
      this.#table[at] = old[i];
      this.#table[at + 1] = old[i + 1];
    }
  }
}

/** The same for values of any kind; what was set stays until all is cleared. */
export class IntTable<T> {
  readonly #numbers = new IntMap();
  #values: T[] = [];

  get(key: number): T | undefined {
    const number = this.#numbers.get(key);
    return number === 0 ? undefined : this.#values[number - 1];
  }

  /** @param key not set yet */
  add(key: number, value: T): void {
    this.#numbers.set(key, this.#values.push(value));
  }

  /** In the order in which they came. */
  get values(): readonly T[] {
    return this.#values;
  }

  clear(): void {
    this.#numbers.clear();
    this.#values = [];
  }
}
