/** Bytes in order of arrival; chunks are kept as they came, so nothing is copied twice. How many is the writer's to limit. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that were taken already. */
  #taken = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes the array over: the caller changes it no more. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
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
    this.#length = 0;
    return chunks;
  }

  /** Removes `count` bytes, which must be there. */
  drop(count: number): void {
    this.#length -= count;
    let left = count + this.#taken;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (left < chunk.length) break;
      left -= chunk.length;
      whole++;
    }
    this.#chunks.splice(0, whole);
    this.#taken = left;
  }
}
