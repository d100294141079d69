/** The grammar's leaves, shared by parser and formatter. */
import type { ByteString } from '../../../emulator/util/bytes.ts';

/** RFC 9110 5.6.2. */
export function isToken(text: ByteString): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** RFC 9110 5.5: visible bytes, blanks and tabs inside; no control characters. */
export function isFieldValue(text: ByteString): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 9) || code === 0x7f) return false;
  }
  return true;
}
