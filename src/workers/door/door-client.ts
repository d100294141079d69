/**
 * The client's end of a port door: fetch over a MessagePort. The machine's page and the Service Worker at a guest
 * port's origin both use it.
 */
import { DOOR_WINDOW_BYTES, type DoorFailure, type DoorToClient, type DoorToWorker } from '../protocol/door.ts';

/** The machine could not answer; `message` is a sentence. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
  readonly failure: DoorFailure;

  constructor(failure: DoorFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

interface PendingExchange {
  onMessage(message: DoorToClient): void;
}

/** Statuses with which the Response constructor takes no body (Fetch standard, "null body status"). */
const NULL_BODY_STATUSES = new Set([101, 103, 204, 205, 304]);

export class DoorClient {
  readonly #door: MessagePort;
  readonly #pending = new Map<number, PendingExchange>();
  #nextId = 1;

  constructor(door: MessagePort) {
    this.#door = door;
    door.addEventListener('message', (event: MessageEvent<DoorToClient>) => {
      this.#pending.get(event.data.id)?.onMessage(event.data);
    });
    door.start();
  }

  /** Like fetch, without following redirects. @throws DoorError, or AbortError when request.signal says so */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const headers: [string, string][] = [['Host', url.host]];
    for (const [name, value] of request.headers) if (name !== 'host') headers.push([name, value]);
    const body = await requestBody(request);
    const bodyLength = body?.length ?? 0;
    const id = this.#nextId++;
    return await new Promise<Response>((resolve, reject) => {
      const answer = new Answer(resolve, reject, {
        taken: (bytes) => this.#post({ kind: 'taken', id, bytes }),
        cancel: () => this.#cancel(id),
        done: () => this.#pending.delete(id),
      });
      const upload = new Upload((message) => this.#post(message), id);
      this.#pending.set(id, { onMessage: (message) => (upload.take(message) ? undefined : answer.take(message)) });
      request.signal.addEventListener('abort', () => answer.abort(request.signal.reason), { once: true });
      const target = url.pathname + url.search;
      this.#post({ kind: 'request', id, method: request.method, target, headers, bodyLength });
      if (body !== undefined) upload.send(body).catch((error: unknown) => answer.abort(error));
    });
  }

  /** @returns whether the worker's end answers in time */
  async ping(timeoutMs: number): Promise<boolean> {
    const id = this.#nextId++;
    return await new Promise((resolve) => {
      const finish = (isAlive: boolean): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(isAlive);
      };
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#pending.set(id, { onMessage: () => finish(true) });
      this.#post({ kind: 'ping', id });
    });
  }

  #cancel(id: number): void {
    this.#pending.delete(id);
    this.#post({ kind: 'cancel', id });
  }

  #post(message: DoorToWorker): void {
    this.#door.postMessage(message);
  }
}

/** The whole body: many small servers know Content-Length but no chunked requests. */
async function requestBody(request: Request): Promise<Uint8Array | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length === 0 ? undefined : bytes;
}

/** Sends a request body within the window. */
class Upload {
  readonly #post: (message: DoorToWorker) => void;
  readonly #id: number;
  #untakenBytes = 0;
  #onRoom: (() => void) | undefined;

  constructor(post: (message: DoorToWorker) => void, id: number) {
    this.#post = post;
    this.#id = id;
  }

  take(message: DoorToClient): boolean {
    if (message.kind !== 'body-taken') return false;
    this.#untakenBytes -= message.bytes;
    this.#onRoom?.();
    return true;
  }

  async send(body: Uint8Array): Promise<void> {
    const PIECE_BYTES = 256 * 1024; // four pieces fill the window, so sending and taking overlap
    for (let at = 0; at < body.length; at += PIECE_BYTES) {
      await this.#room();
      const bytes = body.slice(at, at + PIECE_BYTES);
      this.#untakenBytes += bytes.length;
      this.#post({ kind: 'body', id: this.#id, bytes });
    }
  }

  async #room(): Promise<void> {
    while (this.#untakenBytes >= DOOR_WINDOW_BYTES) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }
}

interface AnswerOwner {
  taken(bytes: number): void;
  cancel(): void;
  done(): void;
}

/** Turns the messages of one exchange into a Response. */
class Answer {
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #owner: AnswerOwner;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Arrived, not yet read. */
  readonly #queue: Uint8Array[] = [];
  #onArrival: (() => void) | undefined;
  #isOver = false;

  constructor(resolve: (response: Response) => void, reject: (reason: unknown) => void, owner: AnswerOwner) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#owner = owner;
  }

  take(message: DoorToClient): void {
    if (this.#isOver) return;
    switch (message.kind) {
      case 'response':
        this.#begin(message);
        break;
      case 'data':
        this.#data(message.bytes);
        break;
      case 'end':
        this.#finish();
        this.#closeIfEmpty();
        break;
      case 'failed':
        this.#break(new DoorError(message.failure, message.message));
        break;
      case 'body-taken':
      case 'pong':
        break;
    }
  }

  abort(reason: unknown): void {
    if (this.#isOver) return;
    this.#owner.cancel();
    this.#break(reason);
  }

  #begin(message: Extract<DoorToClient, { kind: 'response' }>): void {
    const init = { status: message.status, statusText: message.statusText, headers: toHeaders(message.headers) };
    this.#resolve(new Response(NULL_BODY_STATUSES.has(message.status) ? null : this.#createBody(), init));
  }

  /** Hands out one piece per read; only what was read is told as taken, so an unread body stops the guest. */
  #createBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: async (controller) => {
          while (this.#queue.length === 0 && !this.#isOver) {
            await new Promise<void>((resolve) => {
              this.#onArrival = resolve;
            });
          }
          const bytes = this.#queue.shift();
          if (bytes === undefined) return;
          controller.enqueue(bytes);
          if (this.#isOver) this.#closeIfEmpty();
          else this.#owner.taken(bytes.length);
        },
        cancel: () => this.abort(new DOMException('The body was cancelled.', 'AbortError')),
      },
      { highWaterMark: 0 },
    );
  }

  #data(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#onArrival?.();
  }

  #closeIfEmpty(): void {
    if (this.#queue.length === 0) this.#body?.close();
  }

  #break(reason: unknown): void {
    this.#finish();
    if (this.#body === undefined) this.#reject(reason);
    else this.#body.error(reason);
  }

  #finish(): void {
    this.#isOver = true;
    this.#onArrival?.();
    this.#owner.done();
  }
}

/** Set-Cookie and other names that Headers refuses are dropped: a script can not set them. */
function toHeaders(list: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of list) {
    try {
      headers.append(name, value);
    } catch {
      continue;
    }
  }
  return headers;
}
