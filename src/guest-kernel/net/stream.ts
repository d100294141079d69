/**
 * One end of a reliable byte stream, as a socket or the host door holds it. The socket layer knows only this, so the
 * loopback pair below can give way to a TCP connection of the real stack (roadmap/06) without a change above.
 */
import type { Errno } from '../abi/errno.ts';

/** The urgent byte on its way to us, of which there is one at most: MSG_OOB in recv(2), sockatmark(3). */
export interface UrgentState {
  /** It is read where it lies in the stream (SO_OOBINLINE). */
  isUrgentInline: boolean;
  /** It is there and was not taken. */
  readonly hasUrgent: boolean;
  /** It comes next. */
  readonly isAtMark: boolean;
  /** Bytes to read that lie in front of it; all where there is none or it is in line. */
  readonly bytesBeforeMark: number;
  /** @returns nothing where there is none to be had apart from the others */
  takeUrgent(isPeek: boolean): number | undefined;
}

/** What ever went over a stream. */
export interface StreamTraffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** How often something was sent, and came. */
  readonly sends: number;
  readonly arrivals: number;
}

/** SO_SNDBUF and SO_RCVBUF; may change at any time. */
export interface StreamBuffers {
  sendBufferBytes: number;
  receiveBufferBytes: number;
}

export interface Stream extends StreamBuffers {
  readonly traffic: StreamTraffic;
  /** Bytes that `receive` would give now. */
  readonly readableBytes: number;
  /** All that came and lies here. */
  readonly unreadBytes: number;
  readonly urgent: UrgentState;
  /** Bytes that `send` would take now. */
  readonly writableBytes: number;
  /** There is room enough that sending is worth while (POLLOUT). */
  readonly isWritable: boolean;
  /** Bytes sent that the peer's application has not taken yet. */
  readonly unsentBytes: number;
  /** The peer sends no more (FIN came, or a reset). */
  readonly isPeerDone: boolean;
  /** We send no more. */
  readonly isSendShut: boolean;
  /** We take no more. */
  readonly isReceiveShut: boolean;
  /** Pending error, shown once by takeError (sk_err of Linux). */
  readonly error: Errno | undefined;
  takeError(): Errno | undefined;
  /** Copies out what is there, up to dst.length; 0 when there is nothing. */
  receive(dst: Uint8Array, isPeek: boolean): number;
  /**
   * Copies in as much as there is room for. The caller has looked at isSendShut and error.
   * @param isUrgent of the last byte, where all of them go
   */
  send(src: Uint8Array, isUrgent?: boolean): number;
  shutDownSend(): void;
  shutDownReceive(): void;
  /** The application is gone: FIN, or a reset when bytes lie unread or `isAbort` (SO_LINGER with 0). */
  close(isAbort?: boolean): void;
  /** Told after anything above changed by the other end's doing. One listener. */
  onChange(listener: () => void): void;
}
