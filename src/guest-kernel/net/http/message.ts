/** HTTP/1 messages as data (RFC 9110, RFC 9112). Names, values and targets are ByteStrings: bytes, not Unicode. */
import type { ByteString } from '../../../emulator/util/bytes.ts';

/** Header fields in order of arrival; names compare without case. */
export class HttpHeaders {
  readonly #fields: (readonly [name: ByteString, value: ByteString])[];

  constructor(fields: Iterable<readonly [ByteString, ByteString]> = []) {
    this.#fields = [...fields];
  }

  get length(): number {
    return this.#fields.length;
  }

  /** Values of all fields of that name, joined by ', ' as RFC 9110 5.3 allows; undefined when there is none. */
  get(name: ByteString): ByteString | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  all(name: ByteString): readonly ByteString[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
  }

  has(name: ByteString): boolean {
    return this.all(name).length > 0;
  }

  /** Whether a comma-separated list field (Connection, Transfer-Encoding) holds `token`, in any case. */
  hasToken(name: ByteString, token: ByteString): boolean {
    return tokensOf(this.get(name)).includes(token);
  }

  add(name: ByteString, value: ByteString): void {
    this.#fields.push([name, value]);
  }

  [Symbol.iterator](): Iterator<readonly [ByteString, ByteString]> {
    return this.#fields[Symbol.iterator]();
  }
}

/** 'a, B' → ['a', 'b']. */
export function tokensOf(list: ByteString | undefined): readonly ByteString[] {
  return (list ?? '').split(',').map((token) => token.trim().toLowerCase());
}

export interface RequestHead {
  readonly kind: 'request';
  readonly method: ByteString;
  /** As sent: '/path?query', '*', or an absolute URL. */
  readonly target: ByteString;
  /** 0 or 1: HTTP/1.0, HTTP/1.1. */
  readonly minorVersion: number;
  readonly headers: HttpHeaders;
}

export interface ResponseHead {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: ByteString;
  readonly minorVersion: number;
  readonly headers: HttpHeaders;
}

/** What a parser gives, in this order: head, any number of body pieces, end. */
export type HttpEvent =
  | { readonly kind: 'head'; readonly head: RequestHead | ResponseHead }
  /** A view of what was pushed. */
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

/** The peer broke the protocol or a limit; `status` is what a server answers before it closes. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether the connection stays open after this message (RFC 9112 9.3). */
export function keepsAlive(head: RequestHead | ResponseHead): boolean {
  if (head.headers.hasToken('connection', 'close')) return false;
  return head.minorVersion >= 1 || head.headers.hasToken('connection', 'keep-alive');
}

// RFC 9110 section 15, what our servers send; others go without a phrase.
const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? '';
}
