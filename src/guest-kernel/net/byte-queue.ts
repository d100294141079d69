/**
 * Bytes in order of arrival; large chunks are kept as they came, so nothing is copied twice, small ones are brought
 * together. How many is the writer's to limit.
 */
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';

/** What is smaller costs more to keep than to copy. */
const SMALL_BYTES = 1024;
const GATHERED_BYTES = 4096;

export class ByteQueue {
  readonly #memory: KeptMemory;
  readonly #chunks: Uint8Array[] = [];
  /** What the last chunk is the beginning of, where that is our own. */
  #gathered: Uint8Array | undefined;
  /** Bytes of the first chunk that were taken already. */
  #taken = 0;
  #length = 0;

  constructor(memory: KeptMemory = ENDLESS_MEMORY) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes the array over: the caller changes it no more. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (bytes.length < SMALL_BYTES) this.#gather(bytes);
    else {
      this.#chunks.push(bytes);
      this.#gathered = undefined;
    }
    this.#count(bytes.length);
  }

  #gather(bytes: Uint8Array): void {
    const last = this.#gathered === undefined ? undefined : this.#chunks.at(-1);
    const used = last?.length ?? 0;
    if (this.#gathered === undefined || last === undefined || used + bytes.length > GATHERED_BYTES) {
      this.#gathered = new Uint8Array(GATHERED_BYTES);
      this.#gathered.set(bytes);
      this.#chunks.push(this.#gathered.subarray(0, bytes.length));
      return;
    }
    this.#gathered.set(bytes, used);
    this.#chunks[this.#chunks.length - 1] = this.#gathered.subarray(0, used + bytes.length);
  }

  #count(change: number): void {
    this.#length += change;
    this.#memory.account(change);
  }

  /** Copies out up to dst.length bytes and removes them. @returns how many. */
  take(dst: Uint8Array): number {
    const count = this.peek(dst);
    this.drop(count);
    return count;
  }

  /** Copies out up to dst.length bytes and keeps them. */
  peek(dst: Uint8Array): number {
    let done = 0;
    let from = this.#taken;
    for (const chunk of this.#chunks) {
      if (done === dst.length) break;
      const part = chunk.subarray(from, from + dst.length - done);
      dst.set(part, done);
      done += part.length;
      from = 0;
    }
    return done;
  }

  /** Everything, as the chunks it came in. */
  takeAll(): Uint8Array[] {
    const chunks = this.#chunks.splice(0);
    if (this.#taken > 0 && chunks[0] !== undefined) chunks[0] = chunks[0].subarray(this.#taken);
    this.#taken = 0;
    this.#gathered = undefined;
    this.#count(-this.#length);
    return chunks;
  }

  /** Removes `count` bytes, which must be there. */
  drop(count: number): void {
    this.#count(-count);
    let left = count + this.#taken;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (left < chunk.length) break;
      left -= chunk.length;
      whole++;
    }
    this.#chunks.splice(0, whole);
    if (this.#chunks.length === 0) this.#gathered = undefined;
    this.#taken = left;
  }
}
