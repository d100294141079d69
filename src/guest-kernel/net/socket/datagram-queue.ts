/** Messages with their senders, in order of arrival: the receive queue of datagram and seqpacket sockets. */
import * as abi from '../../abi/socket.ts';
import type { SocketAddress } from '../../abi/socket-address.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import type { Packet, PeerCredentials } from '../network.ts';
import type { ReceivedMessage } from './socket.ts';

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: SocketAddress;
  readonly files: readonly OpenFile[];
  /** Of a Unix socket. */
  readonly credentials?: PeerCredentials;
  /** Of an IP socket: how it came. */
  readonly packet?: Packet;
  /** When it came, ns; where somebody asked before. */
  readonly timeNs?: bigint;
}

export class DatagramQueue {
  readonly #datagrams: Datagram[] = [];
  #bytes = 0;

  /** Payload that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#datagrams.length;
  }

  next(): Datagram | undefined {
    return this.#datagrams[0];
  }

  put(datagram: Datagram): void {
    this.#datagrams.push(datagram);
    this.#bytes += datagram.bytes.length;
  }

  remove(): void {
    this.#bytes -= this.#datagrams.shift()?.bytes.length ?? 0;
  }

  /** Throws all away, with the files that were under way. */
  clear(): void {
    for (const { files } of this.#datagrams.splice(0)) for (const file of files) file.release();
    this.#bytes = 0;
  }
}

/** Gives the first message, which must be there. What does not fit in dst is lost (MSG_TRUNC in recv(2)). */
export function receiveDatagram(
  queue: DatagramQueue,
  dst: Uint8Array,
  flags: number,
  message: ReceivedMessage,
): number {
  const datagram = queue.next();
  if (datagram === undefined) return 0;
  const part = datagram.bytes.subarray(0, dst.length);
  dst.set(part);
  message.from = datagram.from;
  message.fullBytes = datagram.bytes.length;
  const isPeek = (flags & abi.MSG_PEEK) !== 0;
  message.files = datagram.files;
  if (datagram.credentials !== undefined) message.credentials = datagram.credentials;
  // A peek gives descriptors too, and leaves the message with its own.
  if (isPeek) for (const file of datagram.files) file.retain();
  if (!isPeek) queue.remove();
  return (flags & abi.MSG_TRUNC) !== 0 ? datagram.bytes.length : part.length;
}
