/**
 * A connection within the machine: two stream ends that hand bytes straight into each other's receive queue.
 * The semantics are those of an established TCP connection on Linux's loopback, where FIN and RST arrive at once.
 *
 *   a.send ──► b.#incoming ──► b.receive        b.send ──► a.#incoming ──► a.receive
 */
import { ECONNRESET, EPIPE, type Errno } from '../../abi/errno.ts';
import type { Stream, StreamTraffic, UrgentState } from '../stream.ts';
import { ReceiveQueue } from './receive-queue.ts';

export interface StreamPairOptions {
  /** Bytes that each end keeps unread before its peer must wait. */
  readonly limitBytes: number;
  /**
   * What a write meets after the peer closed. TCP learns of it only by the reset that the write provokes, so the first
   * one succeeds (tcp(7)); a Unix socket knows at once (unix(7)).
   */
  readonly lateWrite: 'lost' | 'refused';
}

export function streamPair(options: StreamPairOptions): readonly [StreamEnd, StreamEnd] {
  const a = new StreamEnd(options);
  const b = new StreamEnd(options);
  a.join(b);
  b.join(a);
  return [a, b];
}

export class StreamEnd implements Stream {
  readonly #incoming: ReceiveQueue;
  readonly #lateWrite: 'lost' | 'refused';
  #peer: StreamEnd | undefined;
  #listener: () => void = () => {};
  #error: Errno | undefined;
  #isPeerDone = false;
  #isSendShut = false;
  #isReceiveShut = false;
  readonly #traffic = { sentBytes: 0, receivedBytes: 0, sends: 0, arrivals: 0 };

  constructor(options: StreamPairOptions) {
    this.#incoming = new ReceiveQueue(options.limitBytes);
    this.#lateWrite = options.lateWrite;
  }

  /** Something changed by the other end's doing. */
  tell(): void {
    this.#listener();
  }

  join(peer: StreamEnd): void {
    this.#peer = peer;
  }

  get readableBytes(): number {
    return this.#incoming.readableBytes;
  }

  get traffic(): StreamTraffic {
    return this.#traffic;
  }

  get unreadBytes(): number {
    return this.#incoming.length;
  }

  get urgent(): UrgentState {
    return this.#incoming;
  }

  get writableBytes(): number {
    return this.#peer === undefined ? Number.MAX_SAFE_INTEGER : this.#peer.#incoming.room;
  }

  get unsentBytes(): number {
    return this.#peer === undefined ? 0 : this.#peer.#incoming.length;
  }

  get isPeerDone(): boolean {
    return this.#isPeerDone;
  }

  get isSendShut(): boolean {
    return this.#isSendShut;
  }

  get isReceiveShut(): boolean {
    return this.#isReceiveShut;
  }

  get error(): Errno | undefined {
    return this.#error;
  }

  takeError(): Errno | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  receive(dst: Uint8Array, isPeek: boolean): number {
    const count = this.#incoming.take(dst, isPeek);
    if (count > 0 && !isPeek) this.#peer?.tell();
    return count;
  }

  /** Everything that lies here, without a copy: for the host door. */
  receiveAll(): Uint8Array[] {
    const chunks = this.#incoming.takeAll();
    if (chunks.length > 0) this.#peer?.tell();
    return chunks;
  }

  send(src: Uint8Array, isUrgent = false): number {
    const peer = this.#peer;
    if (peer === undefined) {
      // Linux tcp_reset: a reset in CLOSE_WAIT is EPIPE.
      this.#fail(EPIPE);
      return this.#lateWrite === 'lost' ? src.length : 0;
    }
    const part = src.slice(0, peer.#incoming.room);
    // A receiver that shut its reading side discards what comes; TCP acknowledges it all the same.
    if (peer.#isReceiveShut) return src.length;
    peer.#incoming.put(part, isUrgent && part.length === src.length);
    if (part.length > 0) this.#count(peer, part.length);
    return part.length;
  }

  #count(peer: StreamEnd, bytes: number): void {
    this.#traffic.sends++;
    this.#traffic.sentBytes += bytes;
    peer.#traffic.arrivals++;
    peer.#traffic.receivedBytes += bytes;
    peer.#listener();
  }

  shutDownSend(): void {
    if (this.#isSendShut) return;
    this.#isSendShut = true;
    if (this.#peer === undefined) return;
    this.#peer.#isPeerDone = true;
    this.#peer.#listener();
  }

  shutDownReceive(): void {
    this.#isReceiveShut = true;
    if (this.#lateWrite !== 'refused' || this.#peer === undefined) return;
    this.#peer.#isSendShut = true;
    this.#peer.#listener();
  }

  close(isAbort = false): void {
    const peer = this.#peer;
    // RFC 2525 2.17: closing with unread bytes resets, so that the peer learns they were lost.
    const isReset = isAbort || this.#incoming.length > 0;
    this.#incoming.takeAll();
    this.#peer = undefined;
    this.#isSendShut = true;
    this.#isReceiveShut = true;
    if (peer === undefined) return;
    peer.#peer = undefined;
    peer.#isPeerDone = true;
    if (isReset) peer.#fail(ECONNRESET);
    else if (this.#lateWrite === 'refused') peer.#isSendShut = true;
    peer.#listener();
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  #fail(error: Errno): void {
    this.#error = error;
    this.#isPeerDone = true;
    this.#isSendShut = true;
  }
}
