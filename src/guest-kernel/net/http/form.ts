/** URLs and forms: percent-decoding, query lists, application/x-www-form-urlencoded (WHATWG URL, section 5). */
import type { ByteString } from '../../../emulator/util/bytes.ts';

/** '%41b+c' → 'Ab c'. A percent sign without two hexadecimal digits stays as it is. */
export function decodeUrlText(text: ByteString, plusIsBlank = true): ByteString {
  return text
    .replaceAll('+', plusIsBlank ? ' ' : '+')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Percent-encodes all but RFC 3986's unreserved characters and those of `alsoPlain`. */
export function encodeUrlText(text: ByteString, alsoPlain = ''): ByteString {
  let encoded = '';
  for (const char of text) {
    const isPlain = /[A-Za-z0-9\-._~]/.test(char) || alsoPlain.includes(char);
    encoded += isPlain ? char : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** 'a=1&b=%20' → [['a', '1'], ['b', ' ']]; a name without '=' has the value ''. */
export function parseForm(text: ByteString): readonly (readonly [ByteString, ByteString])[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      return [decodeUrlText(name), equals < 0 ? '' : decodeUrlText(pair.slice(equals + 1))];
    });
}

export function formatForm(pairs: Iterable<readonly [ByteString, ByteString]>): ByteString {
  return [...pairs].map(([name, value]) => `${encodeUrlText(name)}=${encodeUrlText(value)}`).join('&');
}
