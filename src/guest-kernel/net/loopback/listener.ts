/** The accept queue of a listening port, with those who wait for room in it. */
import { ECONNREFUSED, type Errno } from '../../abi/errno.ts';
import type { KeptMemory } from '../../program/kept-memory.ts';
import type { Endpoint } from '../host.ts';
import type { Stream, StreamBuffers } from '../stream.ts';
import { streamPair, type StreamEnd } from './stream-pair.ts';

/** A connection that stands and waits to be accepted. */
export interface Incoming {
  readonly stream: Stream;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** Somebody connecting; `settled` is called once, perhaps at once, unless it was withdrawn. */
export interface ConnectRequest {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly bufferBytes: number;
  readonly memory?: KeptMemory;
  readonly settled: (outcome: StreamEnd | Errno) => void;
}

export class Listener {
  /** Of the accepted ends, from now on. */
  buffers: StreamBuffers | undefined;
  #backlog: number;
  readonly #accepted: Incoming[] = [];
  /** Connectors beyond the backlog: Linux drops their SYN and they try again; here they just wait for room. */
  readonly #waiting = new Set<ConnectRequest>();
  #listener: () => void = () => {};

  constructor(backlog: number) {
    this.#backlog = backlog;
  }

  get length(): number {
    return this.#accepted.length;
  }

  get backlog(): number {
    return this.#backlog;
  }

  setBacklog(backlog: number): void {
    this.#backlog = backlog;
    this.#admit();
  }

  onIncoming(listener: () => void): void {
    this.#listener = listener;
  }

  enqueue(request: ConnectRequest): void {
    this.#waiting.add(request);
    this.#admit();
  }

  withdraw(request: ConnectRequest): void {
    this.#waiting.delete(request);
  }

  take(): Incoming | undefined {
    const incoming = this.#accepted.shift();
    this.#admit();
    return incoming;
  }

  /** Resets what nobody accepted and refuses who waits. */
  close(): void {
    for (const incoming of this.#accepted.splice(0)) incoming.stream.close(true);
    for (const request of this.#waiting) {
      this.#waiting.delete(request);
      request.settled(ECONNREFUSED);
    }
  }

  #admit(): void {
    for (const request of this.#waiting) {
      // Linux sk_acceptq_is_full: a backlog of n lets n + 1 wait.
      if (this.#accepted.length > this.#backlog) return;
      this.#waiting.delete(request);
      const [theirs, ours] = streamPair({ bufferBytes: request.bufferBytes, kind: 'tcp', memory: request.memory });
      Object.assign(ours, this.buffers);
      this.#accepted.push({ stream: ours, local: request.remote, remote: request.local });
      request.settled(theirs);
      this.#listener();
    }
  }
}
