/** HTTP/1 messages to bytes. Callers give the framing headers; here nothing that would break a message gets through. */
import { bytesOf, type ByteString } from '../../../emulator/util/bytes.ts';
import { HttpError, reasonOf, type HttpHeaders } from './message.ts';
import { isFieldValue, isToken } from './syntax.ts';

export function formatRequestHead(method: ByteString, target: ByteString, headers: HttpHeaders): Uint8Array {
  if (!isToken(method) || !/^[\x21-\x7e\x80-\xff]+$/.test(target)) throw new HttpError(400, 'Bad request line');
  return bytesOf(`${method} ${target} HTTP/1.1\r\n${formatFields(headers)}\r\n`);
}

export function formatResponseHead(status: number, headers: HttpHeaders): Uint8Array {
  return bytesOf(`HTTP/1.1 ${status} ${reasonOf(status)}\r\n${formatFields(headers)}\r\n`);
}

/** One chunk of a chunked body (RFC 9112 7.1); of no bytes: nothing, since an empty chunk would end the body. */
export function formatChunk(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  const head = bytesOf(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(head.length + bytes.length + 2);
  chunk.set(head);
  chunk.set(bytes, head.length);
  chunk.set([13, 10], head.length + bytes.length);
  return chunk;
}

/** The end of a chunked body, without trailers. */
export const LAST_CHUNK: Uint8Array = bytesOf('0\r\n\r\n');

function formatFields(headers: HttpHeaders): ByteString {
  let text = '';
  for (const [name, value] of headers) {
    if (!isToken(name) || !isFieldValue(value)) throw new HttpError(500, `Bad header field ${JSON.stringify(name)}`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
