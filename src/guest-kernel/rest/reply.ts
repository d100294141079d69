/** What the API answers: replies, and errors in OSv's form {"message", "code"} (facts 1.1). */
import { concatenate, utf8Encode } from '../../emulator/util/bytes.ts';
import type { Wait } from '../program/native-program.ts';

/** A body that is read piece by piece while it is sent. */
export interface BodyStream {
  /** Undefined: not known before the end. */
  readonly sizeBytes: number | undefined;
  /** The next piece; undefined at the end. */
  next(): Wait<Uint8Array | undefined>;
  /** Called once, also when the client went away. */
  dispose(): void;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body: Uint8Array | BodyStream;
}

/** Ends a handler with an error reply. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const NOTHING = new Uint8Array(0);

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, contentType: 'application/json', body: utf8Encode(JSON.stringify(value)) };
}

export function emptyReply(): Reply {
  return { status: 200, contentType: undefined, body: NOTHING };
}

export function errorReply(status: number, message: string): Reply {
  return jsonReply({ message, code: status }, status);
}

export function redirectReply(location: string): Reply {
  return { status: 301, contentType: undefined, headers: [['Location', location]], body: NOTHING };
}

/** OSv's stock pages, for what never reached a route. */
export function stockPage(status: number, title: string): Reply {
  const html = `<html><head><title>${title}</title></head><body><h1>${status} ${title}</h1></body></html>`;
  return { status, contentType: 'text/html', body: utf8Encode(html) };
}

/** The whole body at once, for a batch. */
export function* wholeBody({ body }: Reply): Wait<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const pieces: Uint8Array[] = [];
  try {
    for (let piece = yield* body.next(); piece !== undefined; piece = yield* body.next()) pieces.push(piece);
  } finally {
    body.dispose();
  }
  return concatenate(pieces);
}
