/** Characters from bytes that come in any pieces: one code point at a time, U+FFFD for what is not UTF-8. */
import { utf8Decode } from '../../emulator/util/bytes.ts';

export class Utf8Input {
  #bytes = new Uint8Array(0);

  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
  }

  /** Undefined: more bytes are needed. */
  next(): string | undefined {
    const [first] = this.#bytes;
    if (first === undefined) return undefined;
    const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    if (this.#bytes.length < length) return undefined;
    const [char = '\ufffd'] = utf8Decode(this.#bytes.subarray(0, length));
    // A broken sequence costs one byte, so that what follows is read right.
    this.#bytes = this.#bytes.subarray(char === '\ufffd' ? 1 : length);
    return char;
  }
}
