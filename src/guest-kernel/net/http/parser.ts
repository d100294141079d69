/**
 * An incremental HTTP/1 parser for one connection, requests or responses, one message after the other.
 *
 *   parser.push(bytes); for (let event; (event = parser.next()); ) …      at end of the stream: parser.finish()
 *
 *   head ──► length n ──► end ──► head …
 *    ├────► chunk size ⇄ chunk data ──► trailers ──► end
 *    └────► until close ──finish()──► end
 *
 * A broken message throws HttpError, after which the connection can only be closed. Strict where leniency would let two
 * readers see different messages (RFC 9112 11.2): two lengths, a length beside chunks, folded fields, blanks before the
 * colon. A bare LF ends a line as well as CR LF.
 */
import { byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { HttpError, HttpHeaders, tokensOf, type HttpEvent, type RequestHead, type ResponseHead } from './message.ts';
import { isFieldValue, isToken } from './syntax.ts';

export interface HttpLimits {
  /** Start line and fields together. */
  readonly headBytes: number;
  readonly fieldCount: number;
}

/** Node's own head limit is 16 KiB; a hundred fields are more than browsers send. */
const DEFAULT_LIMITS: HttpLimits = { headBytes: 16_384, fieldCount: 100 };
const MAX_CHUNK_LINE = 1024; // sizes are short; what follows ';' nobody uses

type Phase =
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunk-size' }
  | { readonly kind: 'chunk-data'; left: number }
  | { readonly kind: 'chunk-end' }
  | { readonly kind: 'trailers'; bytes: number }
  | { readonly kind: 'until-close' }
  | { readonly kind: 'end' };

const HEAD: Phase = { kind: 'head' };
const END: Phase = { kind: 'end' };

export class HttpParser {
  readonly #kind: 'request' | 'response';
  readonly #limits: HttpLimits;
  /** Bytes not looked at, from #at on. */
  #buffer = new Uint8Array(0);
  #at = 0;
  #phase: Phase = HEAD;
  /** How far the head's end was searched, so that a slow sender costs linear time. */
  #searched = 0;
  #isClosed = false;
  #isHeadAnswer = false;

  constructor(kind: 'request' | 'response', limits: HttpLimits = DEFAULT_LIMITS) {
    this.#kind = kind;
    this.#limits = limits;
  }

  /** The next response answers a HEAD: it has no body whatever its fields say. */
  expectNoBody(): void {
    this.#isHeadAnswer = true;
  }

  /** Whether a message is under way (its head began and its end was not given). */
  get isInMessage(): boolean {
    return this.#phase.kind !== 'head' || this.#at < this.#buffer.length;
  }

  /** Bytes after the last message: what follows an upgrade. */
  takeRest(): Uint8Array {
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer = new Uint8Array(0);
    this.#at = 0;
    return rest;
  }

  push(bytes: Uint8Array): void {
    const left = this.#buffer.length - this.#at;
    const joined = new Uint8Array(left + bytes.length);
    joined.set(this.#buffer.subarray(this.#at));
    joined.set(bytes, left);
    this.#buffer = joined;
    this.#at = 0;
  }

  /** The stream ended: ends a body that runs until then. @throws HttpError in the middle of anything else */
  finish(): void {
    this.#isClosed = true;
  }

  /** Undefined: more bytes are needed (or, after finish, nothing is left). @throws HttpError */
  next(): HttpEvent | undefined {
    for (;;) {
      const phase = this.#phase;
      switch (phase.kind) {
        case 'head': {
          const head = this.#head();
          if (head === undefined) return this.#starved(this.#at < this.#buffer.length);
          return { kind: 'head', head };
        }
        case 'length':
          if (phase.left > 0) return this.#piece(phase);
          this.#phase = END;
          break;
        case 'chunk-data':
          if (phase.left > 0) return this.#piece(phase);
          this.#phase = { kind: 'chunk-end' };
          break;
        case 'until-close':
          return this.#piece({ left: Number.POSITIVE_INFINITY }, this.#isClosed);
        case 'end':
          this.#phase = HEAD;
          return { kind: 'end' };
        default:
          if (!this.#line(phase)) return this.#starved(true);
      }
    }
  }

  #starved(isInside: boolean): undefined {
    if (this.#isClosed && isInside) throw new HttpError(400, 'Connection closed in the middle of a message');
    return undefined;
  }

  /** As much of the body as is here. */
  #piece(phase: { left: number }, endsHere = false): HttpEvent | undefined {
    const bytes = this.#buffer.subarray(this.#at, Math.min(this.#buffer.length, this.#at + phase.left));
    if (bytes.length === 0) {
      if (!endsHere) return this.#starved(this.#phase.kind !== 'until-close');
      this.#phase = HEAD;
      return { kind: 'end' };
    }
    this.#at += bytes.length;
    phase.left -= bytes.length;
    return { kind: 'body', bytes };
  }

  /** One line of the chunked framing. @returns whether it was there */
  #line(phase: Phase): boolean {
    const line = this.#takeLine(MAX_CHUNK_LINE);
    if (line === undefined) return false;
    switch (phase.kind) {
      case 'chunk-size': {
        const left = chunkSize(line);
        this.#phase = left === 0 ? { kind: 'trailers', bytes: 0 } : { kind: 'chunk-data', left };
        break;
      }
      case 'chunk-end':
        if (line !== '') throw new HttpError(400, 'Chunk without its line end');
        this.#phase = { kind: 'chunk-size' };
        break;
      case 'trailers':
        phase.bytes += line.length;
        if (phase.bytes > this.#limits.headBytes) throw new HttpError(431, 'Trailers too long');
        if (line === '') this.#phase = END;
        else parseField(line); // checked and dropped: nobody here asks for trailers
        break;
      default:
    }
    return true;
  }

  #takeLine(mostBytes: number): ByteString | undefined {
    const end = this.#buffer.indexOf(10, this.#at);
    if (end < 0 ? this.#buffer.length - this.#at > mostBytes : end - this.#at > mostBytes) {
      throw new HttpError(400, 'Line too long');
    }
    if (end < 0) return undefined;
    const hasCr = end > this.#at && this.#buffer[end - 1] === 13;
    const line = byteStringFrom(this.#buffer.subarray(this.#at, hasCr ? end - 1 : end));
    this.#at = end + 1;
    return line;
  }

  #head(): RequestHead | ResponseHead | undefined {
    this.#skipBlankLines();
    const size = this.#headSize();
    if (size === undefined) return undefined;
    const text = byteStringFrom(this.#buffer.subarray(this.#at, this.#at + size));
    this.#at += size;
    const [start = '', ...fields] = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    while (fields.at(-1) === '') fields.pop();
    if (fields.length > this.#limits.fieldCount) throw new HttpError(431, 'Too many header fields');
    const headers = new HttpHeaders(fields.map(parseField));
    const head = this.#kind === 'request' ? requestHead(start, headers) : responseHead(start, headers);
    this.#phase = this.#framing(head);
    return head;
  }

  // RFC 9112 2.2: a server ignores at least one empty line before the request line.
  #skipBlankLines(): void {
    if (this.#searched > 0) return;
    for (;;) {
      const byte = this.#buffer[this.#at];
      if (byte !== 13 && byte !== 10) return;
      this.#at++;
    }
  }

  /** Bytes up to and with the empty line. */
  #headSize(): number | undefined {
    const buffer = this.#buffer;
    const limit = this.#limits.headBytes;
    let from = this.#at + this.#searched;
    for (;;) {
      const lf = buffer.indexOf(10, from);
      if ((lf < 0 ? buffer.length : lf) - this.#at > limit) throw new HttpError(431, 'Header too long');
      if (lf < 0) break;
      const next = buffer[lf + 1] === 13 ? lf + 2 : lf + 1;
      if (next >= buffer.length) {
        this.#searched = lf - this.#at;
        return undefined;
      }
      if (buffer[next] === 10) {
        this.#searched = 0;
        return next + 1 - this.#at;
      }
      from = lf + 1;
    }
    this.#searched = Math.max(0, buffer.length - this.#at);
    return undefined;
  }

  // RFC 9112 6.3
  #framing(head: RequestHead | ResponseHead): Phase {
    const { headers } = head;
    const isBodiless = head.kind === 'response' && this.#hasNoBody(head.status);
    const codings = headers.get('transfer-encoding');
    const length = contentLength(headers);
    if (isBodiless) return END;
    if (codings !== undefined) {
      if (length !== undefined) throw new HttpError(400, 'Both Content-Length and Transfer-Encoding');
      if (tokensOf(codings).join() !== 'chunked') throw new HttpError(501, 'Unknown Transfer-Encoding');
      if (head.minorVersion === 0) throw new HttpError(400, 'Transfer-Encoding in HTTP/1.0');
      return { kind: 'chunk-size' };
    }
    if (length !== undefined) return { kind: 'length', left: length };
    return head.kind === 'request' ? END : { kind: 'until-close' };
  }

  #hasNoBody(status: number): boolean {
    const isInterim = status < 200;
    const isHeadAnswer = this.#isHeadAnswer && !isInterim;
    if (!isInterim) this.#isHeadAnswer = false;
    return isInterim || isHeadAnswer || status === 204 || status === 304;
  }
}

function requestHead(line: ByteString, headers: HttpHeaders): RequestHead {
  const [method = '', target = '', version = '', ...more] = line.split(' ');
  if (more.length > 0 || !isToken(method) || !/^[\x21-\x7e\x80-\xff]+$/.test(target)) {
    throw new HttpError(400, 'Bad request line');
  }
  const minorVersion = minorOf(version);
  if (minorVersion === 1 && headers.all('host').length !== 1) throw new HttpError(400, 'One Host field is needed');
  return { kind: 'request', method, target, minorVersion, headers };
}

function responseHead(line: ByteString, headers: HttpHeaders): ResponseHead {
  const match = /^(HTTP\/\S+) (\d{3})(?: (.*))?$/.exec(line);
  if (match === null || !isFieldValue(match[3] ?? '')) throw new HttpError(502, 'Bad status line');
  const status = Number(match[2]);
  if (status < 100) throw new HttpError(502, 'Bad status line');
  return { kind: 'response', status, reason: match[3] ?? '', minorVersion: minorOf(match[1] ?? ''), headers };
}

function minorOf(version: ByteString): number {
  const match = /^HTTP\/(\d)\.(\d)$/.exec(version);
  if (match === null) throw new HttpError(400, 'Bad HTTP version');
  if (match[1] !== '1') throw new HttpError(505, 'Only HTTP/1 is spoken here');
  return match[2] === '0' ? 0 : 1;
}

function parseField(line: ByteString): readonly [ByteString, ByteString] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
  if (!isToken(name) || !isFieldValue(value)) throw new HttpError(400, 'Bad header field');
  return [name, value];
}

function contentLength(headers: HttpHeaders): number | undefined {
  const values = headers.all('content-length').flatMap((value) => value.split(',').map((each) => each.trim()));
  const [first] = values;
  if (first === undefined) return undefined;
  // RFC 9112 6.3: the same number repeated is one number.
  if (values.some((value) => value !== first) || !/^\d{1,15}$/.test(first)) {
    throw new HttpError(400, 'Bad Content-Length');
  }
  return Number(first);
}

function chunkSize(line: ByteString): number {
  const digits = (line.split(';', 1)[0] ?? '').replace(/[ \t]+$/, '');
  if (!/^[0-9a-fA-F]{1,12}$/.test(digits) || !isFieldValue(line)) throw new HttpError(400, 'Bad chunk size');
  return Number.parseInt(digits, 16);
}
