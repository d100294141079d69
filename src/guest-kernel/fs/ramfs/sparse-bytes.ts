/** A growable run of bytes with holes: pages made when first written. */
const CHUNK_BYTES = 4096; // as Linux counts them: a tmpfs of 32 KiB takes eight

export class SparseBytes {
  readonly #chunks = new Map<number, Uint8Array>();
  /** Chunks that will be written, and count: what a program stores to in its memory comes here later. */
  readonly #promised = new Set<number>();
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get allocatedBytes(): number {
    return (this.#chunks.size + this.#promised.size) * CHUNK_BYTES;
  }

  /** Bytes of chunks that are there. */
  get keptBytes(): number {
    return this.#chunks.size * CHUNK_BYTES;
  }

  /** Bytes of chunks that a write there would add. */
  missingBytes(offset: number, count: number): number {
    const first = Math.floor(offset / CHUNK_BYTES);
    const end = Math.ceil((offset + count) / CHUNK_BYTES);
    let missing = end - first;
    if (missing <= this.#chunks.size + this.#promised.size) {
      for (let at = first; at < end; at++) if (this.#chunks.has(at) || this.#promised.has(at)) missing--;
    } else {
      // A range may be much longer than what is there.
      for (const chunks of [this.#chunks, this.#promised])
        for (const at of chunks.keys()) if (at >= first && at < end) missing--;
    }
    return missing * CHUNK_BYTES;
  }

  read(offset: number, dst: Uint8Array): number {
    const count = Math.max(0, Math.min(dst.length, this.#sizeBytes - offset));
    forEachPiece(offset, count, (index, from, done, length) => {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) dst.fill(0, done, done + length);
      else dst.set(chunk.subarray(from, from + length), done);
    });
    return count;
  }

  write(offset: number, src: Uint8Array): void {
    forEachPiece(offset, src.length, (index, from, done, length) => {
      let chunk = this.#chunks.get(index);
      chunk ??= this.#make(index);
      chunk.set(src.subarray(done, done + length), from);
    });
    if (src.length > 0) this.#sizeBytes = Math.max(this.#sizeBytes, offset + src.length);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) this.punch(sizeBytes, Number.POSITIVE_INFINITY);
    this.#sizeBytes = sizeBytes;
  }

  /** Makes the chunks of that range, also behind the end; what is there stays (fallocate(2)). */
  reserve(offset: number, count: number): void {
    forEachPiece(offset, count, (index) => {
      if (!this.#chunks.has(index)) this.#make(index);
    });
  }

  /** The chunks of that range will be written. */
  promise(offset: number, count: number): void {
    forEachPiece(offset, count, (index) => {
      if (!this.#chunks.has(index)) this.#promised.add(index);
    });
  }

  #make(index: number): Uint8Array {
    const chunk = new Uint8Array(CHUNK_BYTES);
    this.#promised.delete(index);
    this.#chunks.set(index, chunk);
    return chunk;
  }

  /** Makes [from, end) read as zeros; whole chunks are freed. */
  punch(from: number, end: number): void {
    for (const index of this.#promised) {
      const start = index * CHUNK_BYTES;
      if (from <= start && end >= Math.min(start + CHUNK_BYTES, this.#sizeBytes)) this.#promised.delete(index);
    }
    for (const [index, chunk] of this.#chunks) {
      const start = index * CHUNK_BYTES;
      const first = Math.max(from - start, 0);
      const last = Math.min(end - start, CHUNK_BYTES);
      if (first >= last) continue;
      const isAll = first === 0 && (last === CHUNK_BYTES || start + last >= this.#sizeBytes);
      if (isAll) this.#chunks.delete(index);
      else chunk.fill(0, first, last);
    }
  }
}

function forEachPiece(
  offset: number,
  count: number,
  visit: (index: number, from: number, done: number, length: number) => void,
): void {
  for (let done = 0; done < count;) {
    const index = Math.floor((offset + done) / CHUNK_BYTES);
    const from = (offset + done) % CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES - from, count - done);
    visit(index, from, done, length);
    done += length;
  }
}
