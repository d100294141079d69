/** The CLI's way to the machine: REST over a TCP connection to the server on port 8000, kept open between calls. */
import { byteStringFrom, bytesFromUtf8, utf8Decode } from '../../emulator/util/bytes.ts';
import { ECONNREFUSED, Errno } from '../abi/errno.ts';
import { encodeUrlText } from '../net/http/form.ts';
import { formatRequestHead } from '../net/http/format.ts';
import { HttpError, HttpHeaders, keepsAlive, type ResponseHead } from '../net/http/message.ts';
import { HttpParser } from '../net/http/parser.ts';
import type { NativeCalls, Wait } from '../program/native-program.ts';
import { CommandError } from './command-error.ts';

const READ_BYTES = 64 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Named values that become the query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | boolean | undefined>>;

export class RestClient {
  readonly #sys: NativeCalls;
  readonly #address: string;
  readonly #port: number;
  #fd: number | undefined;

  constructor(sys: NativeCalls, address = '127.0.0.1', port = 8000) {
    this.#sys = sys;
    this.#address = address;
    this.#port = port;
  }

  /** The JSON value of a good answer. @throws CommandError with the server's message */
  *json<T>(method: string, path: string, query: Query = {}): Wait<T> {
    const { body } = yield* this.bytes(method, path, query);
    return (body.length === 0 ? '' : JSON.parse(utf8Decode(body))) as T;
  }

  /** A good answer. @throws CommandError with the server's message */
  *bytes(method: string, path: string, query: Query = {}): Wait<Answer> {
    const answer = yield* this.call(method, path, query);
    if (answer.status >= 400) throw new CommandError(messageOf(answer));
    return answer;
  }

  /** Any answer. @throws CommandError when the server cannot be reached */
  *call(method: string, path: string, query: Query = {}): Wait<Answer> {
    const isFresh = this.#fd === undefined;
    try {
      return yield* this.#exchange(method, targetOf(path, query));
    } catch (error) {
      this.close();
      // The server may have closed a kept connection just then; what never got there can be sent again.
      if (isFresh || !(error instanceof Errno || error instanceof HttpError)) throw this.#explained(error);
    }
    try {
      return yield* this.#exchange(method, targetOf(path, query));
    } catch (error) {
      this.close();
      throw this.#explained(error);
    }
  }

  close(): void {
    if (this.#fd !== undefined) this.#sys.close(this.#fd);
    this.#fd = undefined;
  }

  #explained(error: unknown): unknown {
    if (error === ECONNREFUSED) {
      return new CommandError(`No API server answers on port ${this.#port} (start it: /libhttpserver.so)`);
    }
    if (error instanceof HttpError) return new CommandError(`The API server broke off: ${error.message}`);
    return error;
  }

  *#exchange(method: string, target: string): Wait<Answer> {
    this.#fd ??= yield* this.#sys.connectTcp(this.#address, this.#port);
    const headers = new HttpHeaders([['Host', `${this.#address}:${this.#port}`]]);
    if (method === 'PUT' || method === 'POST') headers.add('Content-Length', '0');
    yield* this.#sys.write(this.#fd, formatRequestHead(method, target, headers));
    const parser = new HttpParser('response');
    if (method === 'HEAD') parser.expectNoBody();
    const { head, body } = yield* readAnswer(this.#sys, this.#fd, parser);
    if (!keepsAlive(head)) this.close();
    return { status: head.status, body };
  }
}

function* readAnswer(sys: NativeCalls, fd: number, parser: HttpParser): Wait<{ head: ResponseHead; body: Uint8Array }> {
  let head: ResponseHead | undefined;
  let text = '';
  for (;;) {
    const event = parser.next();
    if (event?.kind === 'head') head = event.head as ResponseHead;
    else if (event?.kind === 'body') text += byteStringFrom(event.bytes);
    else if (event?.kind === 'end' && head !== undefined) {
      return { head, body: Uint8Array.from(text, (char) => char.charCodeAt(0)) };
    } else if (event === undefined) {
      const bytes = yield* sys.read(fd, READ_BYTES);
      if (bytes.length > 0) parser.push(bytes);
      else if (head === undefined) throw new HttpError(502, 'no answer');
      else parser.finish();
    }
  }
}

function targetOf(path: string, query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  const encoded = encodeUrlText(bytesFromUtf8(path), '/');
  return pairs.length === 0 ? encoded : `${encoded}?${pairs.join('&')}`;
}

function encode(text: string): string {
  return encodeUrlText(bytesFromUtf8(text));
}

function messageOf({ status, body }: Answer): string {
  try {
    const { message } = JSON.parse(utf8Decode(body)) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // no error object: the status will do
  }
  return `HTTP status ${status}`;
}
