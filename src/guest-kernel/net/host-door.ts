/**
 * The door between the host and the guest's TCP ports (DESIGN decision 11): a connection whose other end is not a
 * socket but a HostConnection. Bytes of the guest are handed on as they come, without a copy.
 */
import type { HostConnection } from '../kernel.ts';
import { ByteQueue } from './byte-queue.ts';
import { type Host, LOOPBACK4, LOOPBACK6 } from './host.ts';
import type { StreamEnd } from './loopback/stream-pair.ts';
import type { Network } from './network.ts';

/** Unread bytes that wait in the guest's socket; what the host sends beyond that waits in the HostConnection. */
const WINDOW_BYTES = 256 * 1024; // a few round trips of the page's message channel at 200 MB/s

/** By IPv4, and by IPv6 where nobody hears that. @returns undefined when nothing listens on the port. */
export function connectFromHost(network: Network, port: number): HostConnection | undefined {
  return connectVia(network, LOOPBACK4, port) ?? connectVia(network, LOOPBACK6, port);
}

function connectVia(network: Network, host: Host, port: number): HostConnection | undefined {
  const connection = new DoorConnection();
  let isRefused = false;
  network.connectTcp({
    local: { host, port: network.nextHostPort() },
    remote: { host, port },
    bufferBytes: WINDOW_BYTES,
    settled(outcome) {
      if ('code' in outcome) isRefused = !connection.refuse();
      else connection.attach(outcome);
    },
  });
  return isRefused ? undefined : connection.opened();
}

class DoorConnection implements HostConnection {
  #stream: StreamEnd | undefined;
  /** What the host sent and the guest's socket has no room for yet. */
  readonly #outgoing = new ByteQueue();
  #dataListener: ((bytes: Uint8Array) => void) | undefined;
  #endListener: ((reason: 'closed' | 'reset') => void) | undefined;
  #ended: 'closed' | 'reset' | undefined;
  #isPaused = false;
  #isEndAsked = false;
  #isOpened = false;

  /** The caller has it now: from here on a refusal is a reset. */
  opened(): this {
    this.#isOpened = true;
    return this;
  }

  attach(stream: StreamEnd): void {
    this.#stream = stream;
    stream.onChange(() => this.#pump());
    this.#pump();
  }

  /** @returns whether the host was told by onEnd. */
  refuse(): boolean {
    if (!this.#isOpened) return false;
    this.#finish('reset');
    return true;
  }

  send(bytes: Uint8Array): void {
    if (this.#ended === 'reset' || this.#isEndAsked) return;
    this.#outgoing.put(bytes);
    this.#pump();
  }

  end(): void {
    this.#isEndAsked = true;
    this.#pump();
  }

  close(): void {
    this.#isEndAsked = true;
    this.#outgoing.takeAll();
    this.#stream?.close(true);
    this.#ended ??= 'reset';
    this.#dataListener = undefined;
    this.#endListener = undefined;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#pump();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#dataListener = listener;
    this.#pump();
  }

  onEnd(listener: (reason: 'closed' | 'reset') => void): void {
    this.#endListener = listener;
    if (this.#ended !== undefined && this.#ended !== 'reset') listener(this.#ended);
    else this.#pump();
  }

  #pump(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#ended === 'reset') return;
    this.#pushOut(stream);
    if (this.#ended !== undefined) return;
    if (this.#dataListener !== undefined && !this.#isPaused) {
      // A listener may close the connection in the middle.
      for (const chunk of stream.receiveAll()) this.#dataListener?.(chunk);
    }
    if (stream.error !== undefined && stream.readableBytes === 0) {
      this.#finish('reset');
    } else if (stream.isPeerDone && stream.readableBytes === 0 && this.#endListener !== undefined) {
      this.#finish('closed');
    }
  }

  #pushOut(stream: StreamEnd): void {
    while (this.#outgoing.length > 0 && !stream.isSendShut && stream.writableBytes > 0) {
      const part = new Uint8Array(Math.min(this.#outgoing.length, stream.writableBytes));
      this.#outgoing.take(part);
      stream.send(part);
    }
    if (this.#isEndAsked && this.#outgoing.length === 0) stream.shutDownSend();
  }

  #finish(reason: 'closed' | 'reset'): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#endListener?.(reason);
  }
}
