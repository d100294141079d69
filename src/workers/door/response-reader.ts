/**
 * Reads one HTTP/1 response from the bytes of a connection (RFC 9112), incrementally and in bounded memory.
 *
 *   head ─▶ length │ chunk-size ─▶ chunk ─▶ chunk-end ─┐ │ until-close ─▶ done
 *     ▲ 1xx                ▲──────────────────────────────┘  └▶ trailer
 */
import type { HeaderList } from '../protocol/door.ts';

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
}

export interface ResponseSink {
  onHead(head: ResponseHead): void;
  /** The bytes may be a view of what was fed. */
  onData(bytes: Uint8Array): void;
  onEnd(): void;
  onMalformed(message: string): void;
}

/** What Node and nginx allow by default lies between 8 and 16 KiB; real replies with many cookies need more. */
const HEAD_LIMIT_BYTES = 64 * 1024;

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'until-close' | 'done';

const LF = 10;

export class ResponseReader {
  readonly #sink: ResponseSink;
  readonly #method: string;
  #state: State = 'head';
  /** Bytes of an unfinished head, or of an unfinished line of the chunked coding. */
  #text = '';
  /** Body or chunk bytes still to come. */
  #remaining = 0;

  /** @param method of the request: a HEAD reply has no body whatever it says (RFC 9112 6.3) */
  constructor(method: string, sink: ResponseSink) {
    this.#method = method;
    this.#sink = sink;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  feed(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'length' || this.#state === 'chunk') at = this.#takeBody(bytes, at);
      else if (this.#state === 'until-close') at = this.#takeRest(bytes, at);
      else at = this.#takeLine(bytes, at);
    }
  }

  /** The guest closed its side. */
  close(): void {
    if (this.#state === 'until-close') this.#finish();
    else if (this.#state !== 'done') this.#fail('The guest closed the connection before its answer was complete.');
  }

  #takeRest(bytes: Uint8Array, at: number): number {
    this.#sink.onData(bytes.subarray(at));
    return bytes.length;
  }

  #takeBody(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + this.#remaining);
    this.#remaining -= part.length;
    this.#sink.onData(part);
    if (this.#remaining === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk-end';
      else this.#finish();
    }
    return at + part.length;
  }

  #takeLine(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    // A head is Latin-1 on the wire (RFC 9110 5.5); one char per byte keeps it.
    for (let i = at; i < end; i++) this.#text += String.fromCharCode(bytes[i] ?? 0);
    if (this.#text.length > HEAD_LIMIT_BYTES) this.#fail('The guest answered with a header of more than 64 KiB.');
    else if (lf >= 0) this.#endLine();
    return end;
  }

  #endLine(): void {
    switch (this.#state) {
      case 'head':
        if (/\r?\n\r?\n$/.test(this.#text) || /^\r?\n$/.test(this.#text)) this.#endHead(this.#takeText());
        break;
      case 'chunk-size':
        this.#startChunk(this.#takeText());
        break;
      case 'chunk-end':
        if (this.#takeText().trim() !== '') this.#fail('The guest broke the chunked coding of its answer.');
        else this.#state = 'chunk-size';
        break;
      case 'trailer':
        if (this.#takeText().trim() === '') this.#finish();
        break;
      case 'length':
      case 'chunk':
      case 'until-close':
      case 'done':
        break;
    }
  }

  #takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #endHead(text: string): void {
    if (text.trim() === '') return; // RFC 9112 2.2: empty lines before a message are ignored
    const head = parseHead(text);
    if (head === undefined) {
      this.#fail(`The guest did not answer in HTTP: ${JSON.stringify(text.slice(0, 60))}.`);
      return;
    }
    if (head.status >= 100 && head.status < 200) return; // RFC 9110 15.2: an interim response, the real one follows
    this.#sink.onHead(head);
    this.#startBody(head);
  }

  /** RFC 9112 6.3: which rule ends the body. */
  #startBody({ status, headers }: ResponseHead): void {
    const coding = headerValue(headers, 'transfer-encoding');
    const length = headerValue(headers, 'content-length');
    if (this.#method === 'HEAD' || status === 204 || status === 304) this.#finish();
    else if (coding !== undefined && /(^|,)\s*chunked\s*$/i.test(coding)) this.#state = 'chunk-size';
    else if (coding !== undefined || length === undefined) this.#state = 'until-close';
    else this.#startLength(length);
  }

  #startLength(length: string): void {
    if (!/^\d+$/.test(length)) {
      this.#fail(`The guest gave a length that is not a number: ${length}.`);
      return;
    }
    this.#remaining = Number(length);
    if (this.#remaining === 0) this.#finish();
    else this.#state = 'length';
  }

  #startChunk(line: string): void {
    const size = /^([0-9a-f]{1,12})\s*(?:;.*)?\r?\n$/i.exec(line)?.[1];
    if (size === undefined) {
      this.#fail('The guest broke the chunked coding of its answer.');
      return;
    }
    this.#remaining = Number.parseInt(size, 16);
    this.#state = this.#remaining === 0 ? 'trailer' : 'chunk';
  }

  #finish(): void {
    this.#state = 'done';
    this.#sink.onEnd();
  }

  #fail(message: string): void {
    this.#state = 'done';
    this.#sink.onMalformed(message);
  }
}

function parseHead(text: string): ResponseHead | undefined {
  const [statusLine = '', ...lines] = text.split(/\r?\n/);
  const [, status, statusText] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine) ?? [];
  if (status === undefined) return undefined;
  const headers: [string, string][] = [];
  for (const line of lines) {
    if (line === '') continue;
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    headers.push([name, value]);
  }
  return { status: Number(status), statusText: statusText ?? '', headers };
}

/** @returns all values of a header joined as RFC 9110 5.3 says; equal lengths count once (RFC 9112 6.3) */
function headerValue(headers: HeaderList, name: string): string | undefined {
  const values = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  if (values.length === 0) return undefined;
  return name === 'content-length' ? [...new Set(values)].join(', ') : values.join(', ');
}
