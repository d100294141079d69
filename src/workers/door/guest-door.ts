/**
 * The worker's end of a port door: each exchange is one TCP connection into the guest, closed after the answer
 * (HTTP/1.0's habit, which OSv's own server has; it costs one loopback connect per request).
 */
import type { HostConnection } from '../../guest-kernel/index.ts';
import {
  DOOR_WINDOW_BYTES,
  type DoorFailure,
  type DoorToClient,
  type DoorToWorker,
  type HeaderList,
} from '../protocol/door.ts';
import { ResponseReader } from './response-reader.ts';

/** What a door needs of the machine. */
export interface DoorKernel {
  connect(port: number): HostConnection | undefined;
}

type Request = Extract<DoorToWorker, { kind: 'request' }>;

/** Headers that belong to one connection (RFC 9110 7.6.1); the door speaks for its own. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect']);
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
  readonly #reader: ResponseReader;
  /** Read from the guest, held back because the client's window is full. */
  readonly #held: Uint8Array[] = [];
  #untakenBytes = 0;
  #hasEnded = false;

  constructor(connection: HostConnection, request: Request, owner: ExchangeOwner) {
    this.#connection = connection;
    this.#request = request;
    this.#owner = owner;
    this.#reader = this.#createReader();
    connection.onData((bytes) => this.#reader.feed(bytes));
    connection.onEnd((reason) => this.#guestEnded(reason));
    connection.send(requestHead(request));
  }

  send(bytes: Uint8Array): void {
    this.#connection.send(bytes);
  }

  taken(bytes: number): void {
    this.#untakenBytes -= bytes;
    this.#flush();
  }

  drop(): void {
    this.#hasEnded = true;
    this.#connection.close();
  }

  #createReader(): ResponseReader {
    const id = this.#request.id;
    return new ResponseReader(this.#request.method, {
      onHead: (head) => this.#owner.post({ kind: 'response', id, ...head, headers: endToEnd(head.headers) }),
      onData: (bytes) => {
        this.#held.push(bytes.slice());
        this.#flush();
      },
      onEnd: () => {
        this.#hasEnded = true;
        this.#connection.close();
        this.#flush();
      },
      onMalformed: (message) => {
        this.drop();
        this.#owner.fail('malformed', message);
      },
    });
  }

  #guestEnded(reason: 'closed' | 'reset'): void {
    if (this.#reader.isDone || this.#hasEnded) return;
    if (reason === 'closed') this.#reader.close();
    else this.#owner.fail('reset', 'The guest program reset the connection.');
  }

  #flush(): void {
    while (this.#held.length > 0 && this.#untakenBytes < DOOR_WINDOW_BYTES) {
      const bytes = this.#held.shift();
      if (bytes === undefined) break;
      this.#untakenBytes += bytes.length;
      this.#owner.post({ kind: 'data', id: this.#request.id, bytes });
    }
    if (this.#hasEnded && this.#held.length === 0) {
      this.#owner.forget();
      this.#owner.post({ kind: 'end', id: this.#request.id });
    }
  }
}

function endToEnd(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => {
    const key = name.toLowerCase();
    return !CONNECTION_HEADERS.has(key) && key !== 'transfer-encoding' && key !== 'trailer';
  });
}

function requestHead({ method, target, headers, bodyLength }: Request): Uint8Array {
  const own: (readonly [string, string])[] = [['Connection', 'close']];
  if (bodyLength > 0 || method === 'POST' || method === 'PUT') own.push(['Content-Length', String(bodyLength)]);
  const kept = headers.filter(([name]) => {
    const key = name.toLowerCase();
    return !CONNECTION_HEADERS.has(key) && !FRAMING_HEADERS.has(key);
  });
  const lines = [...kept, ...own].map(([name, value]) => `${oneLine(name)}: ${oneLine(value)}\r\n`);
  return latin1(`${oneLine(method)} ${oneLine(target)} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

/** Nothing from a header may end its line and begin another request. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, ' ');
}

function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
