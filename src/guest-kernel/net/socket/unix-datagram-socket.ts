/** SOCK_DGRAM of unix(7): messages that are never lost, the sender waits instead. unix-seqpacket-socket.ts adds to it. */
import {
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  type Errno,
} from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type SocketAddress, type UnixAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Network, PeerCredentials } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import { FlyingFiles } from './flying-files.ts';
import type { ReceivedMessage, SendOptions, SocketNames } from './socket.ts';
import { pollShut, UnixSocket } from './unix-socket.ts';

/** Messages that wait at most (net.unix.max_dgram_qlen of current Linux distributions). */
const MAX_QUEUED = 512;

export class UnixDatagramSocket extends UnixSocket {
  readonly type: number = abi.SOCK_DGRAM;
  readonly #queue = new DatagramQueue(this.network.host.memory);
  #peer: UnixDatagramSocket | undefined;
  #isClosed = false;
  #error: Errno | undefined;
  /** Bit 0: reading, bit 1: writing. */
  protected shut = 0;
  /** Who waits for room here. */
  readonly #senders = new Set<UnixDatagramSocket>();

  /** socketpair(2). */
  static pair(network: Network, owner: PeerCredentials): readonly UnixDatagramSocket[] {
    const [a, b] = [new UnixDatagramSocket(network, owner), new UnixDatagramSocket(network, owner)];
    a.joinWith(b);
    return [a, b];
  }

  /** Each is the other's peer from now on. */
  protected joinWith(peer: UnixDatagramSocket): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  protected get isConnected(): boolean {
    return this.#peer !== undefined;
  }

  /** It has one peer for its life, as a stream has: SOCK_SEQPACKET. */
  protected get keepsPeer(): boolean {
    return false;
  }

  connect(_call: Call, to: SocketAddress, names?: SocketNames): number | Blocked {
    if (isUnspecified(to)) {
      this.#peer = undefined;
      return 0;
    }
    this.bindForCredentials();
    const peer = this.#find(to, names);
    if (!peer.#hears(this)) throw EPERM;
    this.#peer = peer;
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if ((this.shut & 2) !== 0) throw EPIPE;
    const target = options.to === undefined ? this.#peer : this.#find(options.to, options.names);
    if (target === undefined) throw ENOTCONN;
    if (!target.#hears(this)) throw EPERM;
    this.bindForCredentials();
    const error = this.keepsPeer ? this.takeError() : undefined;
    if (error !== undefined) throw error;
    if (target.#isClosed && !this.keepsPeer) {
      if (this.#peer === target) this.#peer = undefined;
      throw ECONNREFUSED;
    }
    if (target.#isClosed || (target.shut & 1) !== 0) throw EPIPE; // without a signal, which only streams raise
    const limit = this.options.socket(abi.SO_SNDBUF);
    if (src.length > limit) throw EMSGSIZE;
    const isFull =
      target.#queue.length >= MAX_QUEUED ||
      target.#queue.bytes + src.length > limit ||
      !target.#queue.hasRoom(src.length);
    if (isFull && target.#queue.length > 0) {
      target.#senders.add(this);
      return this.wait(call, options.flags, abi.SO_SNDTIMEO);
    }
    const bytes = target.filter.admit(src.slice());
    if (bytes === undefined) return src.length;
    target.#queue.put({
      bytes,
      from: this.local,
      files: FlyingFiles.of(this.network, options.files, call.threadId),
      credentials: this.credentialsFor(call, target, options.credentials),
      ...target.arrivalTime(),
    });
    target.arrivals++;
    target.readiness.wake();
    return src.length;
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if ((flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if (this.#queue.next() === undefined) {
      const error = this.takeError();
      if (error !== undefined) throw error;
      if (this.keepsPeer && ((this.shut & 1) !== 0 || this.#isPeerGone())) return 0;
      const waiting = this.wait(call, flags, abi.SO_RCVTIMEO);
      return (this.shut & 1) !== 0 ? 0 : waiting; // Linux __skb_wait_for_more_packets: who does not wait hears EAGAIN
    }
    message.control = this.timestampMessages(this.#queue.next()?.timeNs);
    const count = receiveDatagram(this.#queue, dst, flags, message);
    for (const sender of this.#senders) sender.readiness.wake();
    this.#senders.clear();
    return count;
  }

  poll(): PollMask {
    let mask = 0;
    if (this.#queue.next() !== undefined) mask |= poll.POLLIN | poll.POLLRDNORM;
    mask |= pollShut(this.#isPeerGone() ? 3 : this.shut);
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
    this.shut |= how + 1;
    if (this.#peer !== undefined && this.keepsPeer && how !== abi.SHUT_RD) {
      this.#peer.shut |= 1;
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
    if ((hadUnread || this.isAwaited) && this.keepsPeer) peer.#error = ECONNRESET;
    peer.readiness.wake();
  }

  /** Only a connection-like peer ends the input: plain datagrams may come from others. */
  #isPeerGone(): boolean {
    return this.keepsPeer && this.#peer !== undefined && this.#peer.#isClosed;
  }

  /** unix(7): a connected socket hears its peer only. */
  #hears(sender: UnixDatagramSocket): boolean {
    return this.#peer === undefined || this.#peer === sender;
  }

  #find(to: SocketAddress, names: SocketNames | undefined): UnixDatagramSocket {
    const found = this.lookUp(to, names);
    if (!(found instanceof UnixDatagramSocket)) throw EINVAL;
    return found;
  }
}
