/**
 * A connection within the machine: two stream ends that hand bytes straight into each other's receive queue.
 * The semantics are those of an established TCP connection on Linux's loopback, where FIN and RST arrive at once.
 *
 *   a.send ──► b.#incoming ──► b.receive        b.send ──► a.#incoming ──► a.receive
 */
import { ECONNRESET, EPIPE, type Errno } from '../../abi/errno.ts';
import { ENDLESS_MEMORY, type KeptMemory, roomFor } from '../../program/kept-memory.ts';
import type { Stream, StreamTraffic, UrgentState } from '../stream.ts';
import { ReceiveQueue } from './receive-queue.ts';

export interface StreamPairOptions {
  /** Size of all four buffers, until another is set. */
  readonly bufferBytes: number;
  /**
   * What a write meets after the peer closed: TCP learns of it only by the reset that the write provokes, so the first
   * one succeeds (tcp(7)); a Unix socket knows at once (unix(7)). And whose buffers keep what nobody has read.
   */
  readonly kind: 'tcp' | 'unix';
  /** What lies in the buffers is taken out of it; absent: nobody asks. */
  readonly memory?: KeptMemory | undefined;
}

export function streamPair(options: StreamPairOptions): readonly [StreamEnd, StreamEnd] {
  const a = new StreamEnd(options);
  const b = new StreamEnd(options);
  a.join(b);
  b.join(a);
  return [a, b];
}

export class StreamEnd implements Stream {
  sendBufferBytes: number;
  receiveBufferBytes: number;
  readonly #memory: KeptMemory;
  readonly #incoming: ReceiveQueue;
  readonly #kind: 'tcp' | 'unix';
  #peer: StreamEnd | undefined;
  #listener: () => void = () => {};
  #error: Errno | undefined;
  #isPeerDone = false;
  #isSendShut = false;
  #isReceiveShut = false;
  readonly #traffic = { sentBytes: 0, receivedBytes: 0, sends: 0, arrivals: 0 };

  constructor(options: StreamPairOptions) {
    this.sendBufferBytes = options.bufferBytes;
    this.receiveBufferBytes = options.bufferBytes;
    this.#kind = options.kind;
    this.#memory = options.memory ?? ENDLESS_MEMORY;
    this.#incoming = new ReceiveQueue(this.#memory);
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
    return this.#peer === undefined ? Number.MAX_SAFE_INTEGER : this.#roomAt(this.#peer);
  }

  // Linux sk_stream_is_writeable: a third of the send buffer is free; unix_writable: three quarters.
  get isWritable(): boolean {
    if (this.#peer === undefined) return true;
    const keptBytes = this.#peer.#incoming.length - this.#takenBy(this.#peer);
    return this.#kind === 'tcp' ? keptBytes * 3 <= this.sendBufferBytes * 2 : keptBytes * 4 <= this.sendBufferBytes;
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
      return this.#kind === 'tcp' ? src.length : 0;
    }
    const part = src.slice(0, this.#roomAt(peer));
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
    if (this.#kind !== 'unix' || this.#peer === undefined) return;
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
    else if (this.#kind === 'unix') peer.#isSendShut = true;
    peer.#listener();
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  #roomAt(peer: StreamEnd): number {
    const kept = peer.#incoming.length;
    return Math.max(0, Math.min(this.sendBufferBytes + this.#takenBy(peer) - kept, roomFor(this.#memory, kept)));
  }

  /** What may lie in the peer's buffer, of which half is bookkeeping (tcp(7), tcp_adv_win_scale); the rest stays in ours. */
  #takenBy(peer: StreamEnd): number {
    return this.#kind === 'tcp' ? Math.floor(peer.receiveBufferBytes / 2) : 0;
  }

  #fail(error: Errno): void {
    this.#error = error;
    this.#isPeerDone = true;
    this.#isSendShut = true;
  }
}
