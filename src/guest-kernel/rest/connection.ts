/** One client's connection: requests one after the other, kept alive as HTTP/1.1 does (OSv spoke HTTP/1.0). */
import { concatenate } from '../../emulator/util/bytes.ts';
import { EINTR, Errno } from '../abi/errno.ts';
import { POLLIN } from '../abi/poll.ts';
import { formatChunk, formatResponseHead, LAST_CHUNK } from '../net/http/format.ts';
import { HttpError, HttpHeaders, keepsAlive, type RequestHead } from '../net/http/message.ts';
import { HttpParser } from '../net/http/parser.ts';
import type { Wait } from '../program/native-program.ts';
import { corsHeaders } from './cors.ts';
import { dispatch } from './dispatch.ts';
import { stockPage, type Reply } from './reply.ts';
import type { Server } from './server-context.ts';

/** A client that says nothing for so long is gone. */
const IDLE_NS = 60e9;
const READ_BYTES = 64 * 1024;
/** Serves until the client or an error ends it; closes `fd`. */
export function* serveConnection(server: Server, fd: number, allowedOrigins: readonly string[]): Wait<void> {
  const connection = new Connection(server, fd, allowedOrigins);
  try {
    while (yield* connection.serveOne());
  } catch (error) {
    // The client went away in the middle; there is nobody to tell.
    if (!(error instanceof Errno)) throw error;
  } finally {
    server.sys.close(fd);
  }
}

class Connection {
  readonly #server: Server;
  readonly #fd: number;
  readonly #allowedOrigins: readonly string[];
  readonly #parser = new HttpParser('request');
  #isBodyRead = true;

  constructor(server: Server, fd: number, allowedOrigins: readonly string[]) {
    this.#server = server;
    this.#fd = fd;
    this.#allowedOrigins = allowedOrigins;
  }

  /** @returns whether another request may follow. */
  *serveOne(): Wait<boolean> {
    let head: RequestHead | undefined;
    try {
      head = yield* this.#readHead();
      if (head === undefined) return false;
      this.#isBodyRead = false;
      yield* this.#answerExpectation(head);
      const reply = yield* dispatch(this.#server, {
        method: head.method,
        target: head.target,
        contentType: head.headers.get('content-type'),
        host: head.headers.get('host') ?? '',
        readBody: () => this.#readBody(),
      });
      const isKept = keepsAlive(head) && this.#isBodyOver();
      yield* this.#send(head, reply, isKept);
      return isKept;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      yield* this.#send(head, stockPage(error.status, error.message), false);
      return false;
    }
  }

  *#readHead(): Wait<RequestHead | undefined> {
    for (;;) {
      const event = this.#parser.next();
      if (event?.kind === 'head') return event.head as RequestHead;
      if (event === undefined && !(yield* this.#receive())) {
        if (this.#parser.isInMessage) throw new HttpError(400, 'Bad Request');
        return undefined;
      }
    }
  }

  *#readBody(): Wait<Uint8Array | undefined> {
    while (!this.#isBodyRead) {
      const event = this.#parser.next();
      if (event?.kind === 'body') return event.bytes;
      if (event?.kind === 'end') this.#isBodyRead = true;
      else if (event === undefined && !(yield* this.#receive())) throw new HttpError(400, 'Bad Request');
    }
    return undefined;
  }

  /** Reads over what a handler left of a body that is here already. @returns false when more is to come: not worth waiting for. */
  #isBodyOver(): boolean {
    while (!this.#isBodyRead) {
      const event = this.#parser.next();
      if (event === undefined) return false;
      if (event.kind === 'end') this.#isBodyRead = true;
    }
    return true;
  }

  /** @returns false at the end of the stream, or when the client is silent too long. */
  *#receive(): Wait<boolean> {
    const { sys } = this.#server;
    for (;;) {
      try {
        const [mask] = yield* sys.poll([{ fd: this.#fd, events: POLLIN }], sys.nowNs() + IDLE_NS);
        if (mask === 0) return false;
        const bytes = yield* sys.read(this.#fd, READ_BYTES);
        this.#parser.push(bytes);
        return bytes.length > 0;
      } catch (error) {
        if (error !== EINTR) throw error;
      }
    }
  }

  *#answerExpectation({ headers, minorVersion }: RequestHead): Wait<void> {
    if (minorVersion === 0 || headers.get('expect')?.toLowerCase() !== '100-continue') return;
    yield* this.#server.sys.write(this.#fd, formatResponseHead(100, new HttpHeaders()));
  }

  *#send(head: RequestHead | undefined, reply: Reply, isKept: boolean): Wait<void> {
    const { sys } = this.#server;
    const { body } = reply;
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    const isChunked = sizeBytes === undefined && head?.minorVersion === 1;
    const headers = new HttpHeaders(reply.headers ?? []);
    if (sizeBytes !== undefined) headers.add('Content-Length', String(sizeBytes));
    else if (isChunked) headers.add('Transfer-Encoding', 'chunked');
    if (reply.contentType !== undefined && sizeBytes !== 0) headers.add('Content-Type', reply.contentType);
    const staysOpen = isKept && (sizeBytes !== undefined || isChunked);
    if (!staysOpen) headers.add('Connection', 'close');
    else if (head?.minorVersion === 0) headers.add('Connection', 'keep-alive');
    if (head !== undefined)
      for (const [name, value] of corsHeaders(head, this.#allowedOrigins)) headers.add(name, value);
    const start = formatResponseHead(reply.status, headers);
    if (body instanceof Uint8Array) {
      yield* sys.write(this.#fd, head?.method === 'HEAD' ? start : concatenate([start, body]));
      return;
    }
    try {
      yield* sys.write(this.#fd, start);
      if (head?.method === 'HEAD') return;
      let sent = 0;
      for (let piece = yield* body.next(); piece !== undefined; piece = yield* body.next()) {
        sent += piece.length;
        yield* sys.write(this.#fd, isChunked ? formatChunk(piece) : piece);
      }
      if (isChunked) yield* sys.write(this.#fd, LAST_CHUNK);
      // The file shrank while it was sent: only a broken connection tells the client.
      if (sizeBytes !== undefined && sent < sizeBytes) throw EINTR;
    } finally {
      body.dispose();
    }
  }
}
