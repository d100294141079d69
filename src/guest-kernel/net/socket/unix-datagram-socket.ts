/** SOCK_DGRAM of unix(7), and pairs of SOCK_SEQPACKET: messages that are never lost, the sender waits instead. */
import {
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  type Errno,
} from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type SocketAddress, type UnixAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Network } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import type { PeerCredentials, ReceivedMessage, SendOptions, SocketNames } from './socket.ts';
import { UnixSocket } from './unix-socket.ts';

/** Messages that wait at most (net.unix.max_dgram_qlen of current Linux distributions). */
const MAX_QUEUED = 512;

export class UnixDatagramSocket extends UnixSocket {
  readonly type: number;
  readonly #queue = new DatagramQueue();
  #peer: UnixDatagramSocket | undefined;
  #isClosed = false;
  #error: Errno | undefined;
  #shut = 0; // bit 0: reading, bit 1: writing
  /** Who waits for room here. */
  readonly #senders = new Set<UnixDatagramSocket>();

  constructor(network: Network, owner: PeerCredentials, type: number = abi.SOCK_DGRAM) {
    super(network, owner);
    this.type = type;
  }

  /** socketpair(2). */
  static pair(
    network: Network,
    owner: PeerCredentials,
    type: number,
  ): readonly [UnixDatagramSocket, UnixDatagramSocket] {
    const a = new UnixDatagramSocket(network, owner, type);
    const b = new UnixDatagramSocket(network, owner, type);
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  connect(_call: Call, to: SocketAddress, names?: SocketNames): number {
    if (isUnspecified(to)) {
      this.#peer = undefined;
      return 0;
    }
    this.#peer = this.#find(to, names);
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if ((this.#shut & 2) !== 0) throw this.brokenPipe(call, options.flags);
    if (options.to !== undefined && this.type === abi.SOCK_SEQPACKET) throw EISCONN;
    const target = options.to === undefined ? this.#peer : this.#find(options.to, options.names);
    if (target === undefined) throw ENOTCONN;
    if (target.#isClosed || (target.#shut & 1) !== 0) {
      if (this.type === abi.SOCK_SEQPACKET) throw this.brokenPipe(call, options.flags);
      throw target.#isClosed ? ECONNREFUSED : this.brokenPipe(call, options.flags);
    }
    const limit = this.options.socket(abi.SO_SNDBUF);
    if (src.length > limit) throw EMSGSIZE;
    const isFull = target.#queue.length >= MAX_QUEUED || target.#queue.bytes + src.length > limit;
    if (isFull && target.#queue.length > 0) {
      target.#senders.add(this);
      return this.wait(call, options.flags, abi.SO_SNDTIMEO);
    }
    const files = options.files ?? [];
    for (const file of files) file.retain();
    target.#queue.put({ bytes: src.slice(), from: this.local, files });
    target.readiness.wake();
    return src.length;
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if (this.#queue.next() === undefined) {
      const error = this.takeError();
      if (error !== undefined) throw error;
      if ((this.#shut & 1) !== 0 || this.#isPeerGone()) return 0;
      return this.wait(call, flags, abi.SO_RCVTIMEO);
    }
    const count = receiveDatagram(this.#queue, dst, flags, message);
    for (const sender of this.#senders) sender.readiness.wake();
    this.#senders.clear();
    return count;
  }

  poll(): PollMask {
    let mask = 0;
    const isOver = (this.#shut & 1) !== 0 || this.#isPeerGone();
    if (this.#queue.next() !== undefined || isOver) mask |= poll.POLLIN | poll.POLLRDNORM;
    if (isOver) mask |= poll.POLLRDHUP;
    if (this.#shut === 3 || this.#isPeerGone()) mask |= poll.POLLHUP;
    if (this.#error !== undefined) mask |= poll.POLLERR;
    if (this.#peer === undefined || this.#peer.#queue.length < MAX_QUEUED) mask |= poll.POLLOUT | poll.POLLWRNORM;
    else this.#peer.#senders.add(this);
    return mask;
  }

  remoteAddress(): UnixAddress {
    if (this.#peer === undefined) throw ENOTCONN;
    return this.#peer.local;
  }

  override peerCredentials(): PeerCredentials | undefined {
    return this.#peer?.owner;
  }

  shutDown(how: number): void {
    if (this.#peer === undefined) throw ENOTCONN;
    this.#shut |= how + 1;
    if (this.type === abi.SOCK_SEQPACKET && how !== abi.SHUT_RD) {
      this.#peer.#shut |= 1;
      this.#peer.readiness.wake();
    }
    this.readiness.wake();
  }

  override takeError(): Errno | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  override readableBytes(): number {
    return this.#queue.next()?.bytes.length ?? 0;
  }

  protected dispose(): void {
    this.#isClosed = true;
    const hadUnread = this.#queue.length > 0;
    this.#queue.clear();
    this.forgetName();
    for (const sender of this.#senders) sender.readiness.wake();
    this.#senders.clear();
    const peer = this.#peer;
    if (peer === undefined || peer.#peer !== this) return;
    if (hadUnread && this.type === abi.SOCK_SEQPACKET) peer.#error = ECONNRESET;
    peer.readiness.wake();
  }

  /** Only a connection-like peer ends the input: plain datagrams may come from others. */
  #isPeerGone(): boolean {
    return this.type === abi.SOCK_SEQPACKET && this.#peer !== undefined && this.#peer.#isClosed;
  }

  #find(to: SocketAddress, names: SocketNames | undefined): UnixDatagramSocket {
    const found = this.lookUp(to, names);
    if (!(found instanceof UnixDatagramSocket)) throw EINVAL;
    return found;
  }
}
