/** Bytes that grow, with WebAssembly's number formats. */
export class ByteBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Unsigned LEB128 of a number in [0, 2^32). */
  u32(value: number): void {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.u8((rest & 0x7f) | 0x80);
    this.u8(rest);
  }

  /** Signed LEB128 of an int32. */
  s32(value: number): void {
    let rest = value | 0;
    for (; rest < -64 || rest > 63; rest >>= 7) this.u8((rest & 0x7f) | 0x80);
    this.u8(rest & 0x7f);
  }

  /** Signed LEB128 of the 64-bit integer high:low, both int32. */
  s64(low: number, high: number): void {
    let [l, h] = [low | 0, high | 0];
    while (h !== l >> 31 || l < -64 || l > 63) {
      this.u8((l & 0x7f) | 0x80);
      l = (l >>> 7) | (h << 25);
      h >>= 7;
    }
    this.u8(l & 0x7f);
  }

  f64(value: number): void {
    const bytes = new Uint8Array(Float64Array.of(value).buffer);
    this.append(bytes);
  }

  f32(value: number): void {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    this.append(bytes);
  }

  /** A name: its length, then its bytes. ASCII only. */
  name(text: string): void {
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
  }

  append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written; a view, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(count: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
