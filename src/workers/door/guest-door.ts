/**
 * The worker's end of a port door: each exchange is one TCP connection into the guest, closed after the answer
 * (HTTP/1.0's habit, which OSv's own server has; it costs one loopback connect per request).
 */
import {
  formatRequestHead,
  HttpError,
  HttpHeaders,
  HttpParser,
  type HostConnection,
  type HttpEvent,
  type ResponseHead,
} from '../../guest-kernel/index.ts';
import {
  DOOR_WINDOW_BYTES,
  type DoorFailure,
  type DoorToClient,
  type DoorToWorker,
  type HeaderList,
} from '../protocol/door.ts';

/** What a door needs of the machine. */
export interface DoorKernel {
  connect(port: number): HostConnection | undefined;
}

type Request = Extract<DoorToWorker, { kind: 'request' }>;

/** Headers that belong to one connection (RFC 9110 7.6.1); the door speaks for its own. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'expect',
  'accept-encoding',
]);
const FRAMING_HEADERS = new Set(['transfer-encoding', 'content-length', 'trailer']);

export class GuestDoor {
  readonly #kernel: DoorKernel;
  readonly #port: number;
  readonly #client: MessagePort;
  readonly #exchanges = new Map<number, Exchange>();

  /** @param port of the guest */
  constructor(kernel: DoorKernel, port: number, client: MessagePort) {
    this.#kernel = kernel;
    this.#port = port;
    this.#client = client;
    client.addEventListener('message', (event: MessageEvent<DoorToWorker>) => this.#receive(event.data));
    client.start();
  }

  /** The machine went off: every open exchange fails, and the door with them. */
  close(): void {
    for (const [id, exchange] of this.#exchanges) {
      exchange.drop();
      this.#fail(id, 'halted', 'The machine was switched off.');
    }
    this.#client.close();
  }

  #receive(message: DoorToWorker): void {
    switch (message.kind) {
      case 'request':
        this.#open(message);
        break;
      case 'body':
        this.#exchanges.get(message.id)?.send(message.bytes);
        this.#post({ kind: 'body-taken', id: message.id, bytes: message.bytes.length });
        break;
      case 'taken':
        this.#exchanges.get(message.id)?.taken(message.bytes);
        break;
      case 'cancel':
        this.#exchanges.get(message.id)?.drop();
        this.#exchanges.delete(message.id);
        break;
      case 'ping':
        this.#post({ kind: 'pong', id: message.id });
        break;
    }
  }

  #open(request: Request): void {
    const connection = this.#kernel.connect(this.#port);
    if (connection === undefined) {
      this.#fail(request.id, 'no-listener', `Nothing in the machine listens on port ${this.#port}.`);
      return;
    }
    const head = checkedHead(request);
    if (head === undefined) {
      connection.close();
      this.#fail(request.id, 'malformed', 'The request has a field that HTTP does not allow.');
      return;
    }
    connection.send(head);
    const exchange = new Exchange(connection, request, {
      post: (message) => this.#post(message),
      fail: (failure, message) => this.#fail(request.id, failure, message),
      forget: () => this.#exchanges.delete(request.id),
    });
    this.#exchanges.set(request.id, exchange);
  }

  #fail(id: number, failure: DoorFailure, message: string): void {
    this.#exchanges.delete(id);
    this.#post({ kind: 'failed', id, failure, message });
  }

  #post(message: DoorToClient): void {
    if (message.kind === 'data') this.#client.postMessage(message, [message.bytes.buffer as ArrayBuffer]);
    else this.#client.postMessage(message);
  }
}

interface ExchangeOwner {
  post(message: DoorToClient): void;
  fail(failure: DoorFailure, message: string): void;
  forget(): void;
}

/** One request and its answer. */
class Exchange {
  readonly #connection: HostConnection;
  readonly #request: Request;
  readonly #owner: ExchangeOwner;
  readonly #parser = new HttpParser('response');
  #untakenBytes = 0;
  #isPaused = false;
  /** A body is under way: interim answers (1xx) come before it and are dropped. */
  #hasHead = false;
  #isOver = false;

  constructor(connection: HostConnection, request: Request, owner: ExchangeOwner) {
    this.#connection = connection;
    this.#request = request;
    this.#owner = owner;
    if (request.method === 'HEAD') this.#parser.expectNoBody();
    connection.onData((bytes) => this.#read(() => this.#parser.push(bytes)));
    connection.onEnd((reason) => this.#guestEnded(reason));
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOver) this.#connection.send(bytes);
  }

  taken(bytes: number): void {
    this.#untakenBytes -= bytes;
    if (!this.#isPaused || this.#untakenBytes >= DOOR_WINDOW_BYTES) return;
    this.#isPaused = false;
    this.#connection.resume();
  }

  drop(): void {
    this.#isOver = true;
    this.#connection.close();
  }

  #guestEnded(reason: 'closed' | 'reset'): void {
    if (this.#isOver) return;
    if (reason === 'closed') this.#read(() => this.#parser.finish());
    if (this.#isOver) return;
    this.drop();
    if (reason === 'reset') this.#owner.fail('reset', 'The program in the machine reset the connection.');
    else this.#owner.fail('malformed', 'The program in the machine closed the connection without an answer.');
  }

  #read(feed: () => void): void {
    try {
      feed();
      for (let event = this.#next(); event !== undefined; event = this.#next()) this.#answer(event);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.drop();
      this.#owner.fail('malformed', `The program in the machine does not speak HTTP rightly: ${error.message}.`);
    }
  }

  #next(): HttpEvent | undefined {
    return this.#isOver ? undefined : this.#parser.next();
  }

  #answer(event: HttpEvent): void {
    const { id } = this.#request;
    switch (event.kind) {
      case 'head': {
        const head = event.head as ResponseHead; // the parser reads responses
        this.#hasHead = head.status >= 200;
        if (this.#hasHead) this.#owner.post({ kind: 'response', id, ...plainHead(head) });
        break;
      }
      case 'body':
        this.#owner.post({ kind: 'data', id, bytes: event.bytes.slice() });
        this.#untakenBytes += event.bytes.length;
        this.#pauseIfFull();
        break;
      case 'end':
        if (this.#hasHead) this.#finish();
        break;
    }
  }

  #pauseIfFull(): void {
    if (this.#isPaused || this.#untakenBytes < DOOR_WINDOW_BYTES) return;
    this.#isPaused = true;
    this.#connection.pause();
  }

  #finish(): void {
    this.drop();
    this.#owner.forget();
    this.#owner.post({ kind: 'end', id: this.#request.id });
  }
}

/** @returns undefined where a field would end its line and begin another request */
function checkedHead(request: Request): Uint8Array | undefined {
  try {
    return requestHead(request);
  } catch (error) {
    if (error instanceof HttpError) return undefined;
    throw error;
  }
}

type PlainHead = { readonly status: number; readonly statusText: string; readonly headers: HeaderList };

function plainHead({ status, reason, headers }: ResponseHead): PlainHead {
  const kept = [...headers].filter(([name]) => {
    const key = name.toLowerCase();
    return !CONNECTION_HEADERS.has(key) && key !== 'transfer-encoding' && key !== 'trailer';
  });
  return { status, statusText: reason, headers: kept };
}

function requestHead({ method, target, headers, bodyLength }: Request): Uint8Array {
  const fields = new HttpHeaders(
    headers.filter(([name]) => {
      const key = name.toLowerCase();
      return !CONNECTION_HEADERS.has(key) && !FRAMING_HEADERS.has(key);
    }),
  );
  // What a Service Worker answers with is shown as it is: nobody would undo a coding.
  fields.add('Accept-Encoding', 'identity');
  fields.add('Connection', 'close');
  if (bodyLength > 0 || method === 'POST' || method === 'PUT') fields.add('Content-Length', String(bodyLength));
  return formatRequestHead(method, target, fields);
}
