/**
 * Byte strings: text whose every char is one byte (0 to 255).
 *
 * Linux names and paths are bytes, not Unicode. The kernel keeps them as ByteString, so that a name that is not
 * UTF-8 survives; only what a person reads (console, REST, page) passes through utf8FromBytes.
 */

/** A string in which each char is one byte, 0 to 255. */
export type ByteString = string;

const CHUNK = 8192; // fromCharCode.apply overflows the stack with some ten thousand arguments

/** The bytes of `src` as a ByteString. */
export function byteStringFrom(src: Uint8Array): ByteString {
  if (src.length <= CHUNK) return String.fromCharCode.apply(null, src as unknown as number[]);
  let text = '';
  for (let i = 0; i < src.length; i += CHUNK) {
    text += String.fromCharCode.apply(null, src.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return text;
}

/** The bytes of a ByteString, [length] u8. */
export function bytesOf(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** All of them in order; one alone is not copied. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Encodes Unicode text as UTF-8. Written here because the kernel compiles without TextEncoder. */
export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let n = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes[n++] = code;
    else if (code < 0x800) {
      bytes[n++] = 0xc0 | (code >> 6);
      bytes[n++] = 0x80 | (code & 63);
    } else if (code < 0x10000) {
      bytes[n++] = 0xe0 | (code >> 12);
      bytes[n++] = 0x80 | ((code >> 6) & 63);
      bytes[n++] = 0x80 | (code & 63);
    } else {
      bytes[n++] = 0xf0 | (code >> 18);
      bytes[n++] = 0x80 | ((code >> 12) & 63);
      bytes[n++] = 0x80 | ((code >> 6) & 63);
      bytes[n++] = 0x80 | (code & 63);
    }
  }
  return bytes.slice(0, n);
}

/** Decodes UTF-8; each byte that belongs to no valid sequence becomes U+FFFD. */
export function utf8Decode(src: Uint8Array): string {
  let text = '';
  for (let i = 0; i < src.length;) {
    const { code, length } = decodeSequence(src, i);
    text += String.fromCodePoint(code);
    i += length;
  }
  return text;
}

/** Unicode text of a ByteString that holds UTF-8. */
export function utf8FromBytes(text: ByteString): string {
  return utf8Decode(bytesOf(text));
}

/** The ByteString that holds `text` in UTF-8. */
export function bytesFromUtf8(text: string): ByteString {
  return byteStringFrom(utf8Encode(text));
}

// RFC 3629, section 4: lengths by first byte; overlong forms and surrogates are not valid.
function decodeSequence(src: Uint8Array, at: number): { code: number; length: number } {
  const first = src[at] ?? 0;
  if (first < 0x80) return { code: first, length: 1 };
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first >= 0xf5) return { code: 0xfffd, length: 1 };
  let code = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = src[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return { code: 0xfffd, length: i };
    code = (code << 6) | (next & 63);
  }
  const least = length === 4 ? 0x10000 : length === 3 ? 0x800 : 0x80;
  const isValid = code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return { code: isValid ? code : 0xfffd, length };
}
