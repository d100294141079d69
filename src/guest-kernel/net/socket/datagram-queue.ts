/** Messages with their senders, in order of arrival: the receive queue of datagram and seqpacket sockets. */
import * as abi from '../../abi/socket.ts';
import type { SocketAddress } from '../../abi/socket-address.ts';
import type { KeptMemory } from '../../program/kept-memory.ts';
import type { Packet, PeerCredentials } from '../network.ts';
import type { FlyingFiles } from './flying-files.ts';
import type { ReceivedMessage } from './socket.ts';

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: SocketAddress;
  readonly files: FlyingFiles;
  /** Of a Unix socket. */
  readonly credentials?: PeerCredentials;
  /** Of an IP socket: how it came. */
  readonly packet?: Packet;
  /** When it came, ns; where somebody asked before. */
  readonly timeNs?: bigint;
}

/** What a message takes besides its bytes (Linux: sk_buff, the end of its data, and room for headers). */
export const OVERHEAD_BYTES = 832;

export class DatagramQueue {
  readonly #memory: KeptMemory;
  readonly #datagrams: Datagram[] = [];
  #bytes = 0;

  constructor(memory: KeptMemory) {
    this.#memory = memory;
  }

  /** Whether the machine's memory has room for such a message; an empty queue takes any. */
  hasRoom(sizeBytes: number): boolean {
    return this.#datagrams.length === 0 || sizeBytes + OVERHEAD_BYTES <= this.#memory.freeBytes;
  }

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
    this.#memory.account(datagram.bytes.length + OVERHEAD_BYTES);
  }

  remove(): void {
    const first = this.#datagrams.shift();
    if (first === undefined) return;
    this.#bytes -= first.bytes.length;
    this.#memory.account(-first.bytes.length - OVERHEAD_BYTES);
  }

  /** Throws all away, with the files that were under way. */
  clear(): void {
    this.#memory.account(-this.#bytes - this.#datagrams.length * OVERHEAD_BYTES);
    this.#bytes = 0;
    for (const { files } of this.#datagrams.splice(0)) files.drop();
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
  if (datagram.credentials !== undefined) message.credentials = datagram.credentials;
  // A peek gives descriptors too, and leaves the message with its own.
  message.files = isPeek ? datagram.files.copy() : datagram.files.take();
  if (!isPeek) queue.remove();
  return (flags & abi.MSG_TRUNC) !== 0 ? datagram.bytes.length : part.length;
}
