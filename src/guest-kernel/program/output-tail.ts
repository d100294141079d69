/** The last bytes a program wrote to its terminal: a ring of bounded size, kept for GET /app/{tid}/output. */
export class OutputTail {
  readonly #ring: Uint8Array;
  #written = 0;

  constructor(sizeBytes: number) {
    this.#ring = new Uint8Array(sizeBytes);
  }

  append(bytes: Uint8Array): void {
    const size = this.#ring.length;
    const kept = bytes.length > size ? bytes.subarray(bytes.length - size) : bytes;
    let at = (this.#written + bytes.length - kept.length) % size;
    for (const byte of kept) {
      this.#ring[at] = byte;
      at = at + 1 === size ? 0 : at + 1;
    }
    this.#written += bytes.length;
  }

  /** What is kept, oldest first, and how much came before it. */
  read(): { readonly bytes: Uint8Array; readonly droppedBytes: number } {
    const size = this.#ring.length;
    if (this.#written <= size) return { bytes: this.#ring.slice(0, this.#written), droppedBytes: 0 };
    const start = this.#written % size;
    const bytes = new Uint8Array(size);
    bytes.set(this.#ring.subarray(start));
    bytes.set(this.#ring.subarray(0, start), size - start);
    return { bytes, droppedBytes: this.#written - size };
  }
}
