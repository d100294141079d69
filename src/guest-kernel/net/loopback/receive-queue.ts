/**
 * What a stream's end was sent and has not read, with TCP's urgent byte (RFC 9293 3.8.5, RFC 6093; Linux tcp_check_urg,
 * tcp_recv_urg, tcp_recvmsg). That byte lies in the stream like all others. A read ends in front of it, and the next one
 * passes it over, unless it is wanted in line (SO_OOBINLINE).
 */
import type { KeptMemory } from '../../program/kept-memory.ts';
import { ByteQueue } from '../byte-queue.ts';

interface Urgent {
  readonly value: number;
  /** Bytes that lie in front of it. */
  aheadBytes: number;
  /** MSG_OOB has had it. */
  isTaken: boolean;
}

export class ReceiveQueue {
  /** SO_OOBINLINE */
  isUrgentInline = false;
  readonly #bytes: ByteQueue;
  #urgent: Urgent | undefined;

  constructor(memory: KeptMemory) {
    this.#bytes = new ByteQueue(memory);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Bytes that `take` would give now, had it the room. */
  get readableBytes(): number {
    if (this.#urgent === undefined || this.isUrgentInline) return this.length;
    return this.#urgent.aheadBytes > 0 ? this.#urgent.aheadBytes : this.length - 1;
  }

  /** What FIONREAD tells: what lies in front of an urgent byte that is not in line. */
  get bytesBeforeMark(): number {
    return this.#urgent === undefined || this.isUrgentInline ? this.length : this.#urgent.aheadBytes;
  }

  /** The urgent byte is the next one (SIOCATMARK). */
  get isAtMark(): boolean {
    return this.#urgent?.aheadBytes === 0;
  }

  /** There is an urgent byte that nobody has taken (POLLPRI). */
  get hasUrgent(): boolean {
    return this.#urgent?.isTaken === false;
  }

  /** @param isUrgent of the last byte. One that was urgent before is common from then on, or lost if it is the next one. */
  put(bytes: Uint8Array, isUrgent = false): void {
    const value = isUrgent ? bytes.at(-1) : undefined;
    if (value !== undefined && this.isAtMark && !this.isUrgentInline) this.#bytes.drop(1);
    this.#bytes.put(bytes);
    if (value !== undefined) this.#urgent = { value, aheadBytes: this.length - 1, isTaken: false };
  }

  take(dst: Uint8Array, isPeek: boolean): number {
    const urgent = this.#urgent;
    if (urgent === undefined) return isPeek ? this.#bytes.peek(dst) : this.#bytes.take(dst);
    if (urgent.aheadBytes > 0) {
      const part = dst.subarray(0, urgent.aheadBytes);
      if (isPeek) return this.#bytes.peek(part);
      const count = this.#bytes.take(part);
      urgent.aheadBytes -= count;
      return count;
    }
    return isPeek ? this.#peekAtMark(dst) : this.#takeAtMark(dst);
  }

  /** Everything, the urgent byte among it. */
  takeAll(): Uint8Array[] {
    this.#urgent = undefined;
    return this.#bytes.takeAll();
  }

  /** The urgent byte, out of line. @returns nothing where there is none, or it is in line, or was taken */
  takeUrgent(isPeek: boolean): number | undefined {
    const urgent = this.#urgent;
    if (urgent === undefined || urgent.isTaken || this.isUrgentInline) return undefined;
    if (!isPeek) urgent.isTaken = true;
    return urgent.value;
  }

  #takeAtMark(dst: Uint8Array): number {
    if (dst.length === 0) return 0;
    if (!this.isUrgentInline) this.#bytes.drop(1);
    this.#urgent = undefined;
    return this.#bytes.take(dst);
  }

  #peekAtMark(dst: Uint8Array): number {
    if (this.isUrgentInline) return this.#bytes.peek(dst);
    const withMark = new Uint8Array(Math.min(dst.length + 1, this.length));
    const count = this.#bytes.peek(withMark);
    dst.set(withMark.subarray(1));
    return count - 1;
  }
}
