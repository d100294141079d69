/**
 * What sockets have in common that send packets: UDP, ping, raw. A packet either finds its receiver at once or is lost, as
 * on Linux's loopback.
 */
import { EACCES, EAFNOSUPPORT, EDESTADDRREQ, ENOTCONN, EOPNOTSUPP, EPIPE, type Errno } from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { type Inet6Address, type InetAddress, isUnspecified, type SocketAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import { type Endpoint, type Host, isAny, isBroadcast } from '../host.ts';
import type { Packet } from '../network.ts';
import { DatagramQueue, OVERHEAD_BYTES, receiveDatagram } from './datagram-queue.ts';
import { FlyingFiles } from './flying-files.ts';
import { ErrorQueue } from './error-queue.ts';
import { packetMessages, type PacketWishes } from './inet-ancillary.ts';
import { InetSocket } from './inet-socket.ts';
import type { ReceivedMessage, SendOptions } from './socket.ts';

export abstract class PacketSocket extends InetSocket {
  protected readonly errors = new ErrorQueue();
  protected remote: Endpoint | undefined;
  #error: Errno | undefined;
  readonly #queue = new DatagramQueue(this.network.host.memory);
  #shut = 0; // bit 0: reading, bit 1: writing

  /** Sends one packet, or keeps it back. @throws EMSGSIZE and the like */
  protected abstract transmit(src: Uint8Array, options: SendOptions): void;

  connect(_call: Call, to: SocketAddress): number {
    if (isUnspecified(to)) {
      this.remote = undefined;
      this.unsettle();
      return 0;
    }
    if (to.family === abi.AF_INET && this.isV6Only) throw EAFNOSUPPORT;
    const remote = this.destination(to);
    this.#checkBroadcast(remote);
    this.settleFor(remote);
    this.remote = remote;
    return 0;
  }

  send(_call: Call, src: Uint8Array, options: SendOptions): number {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    const error = this.takeError();
    if (error !== undefined) throw error;
    if ((this.#shut & 2) !== 0) throw EPIPE; // without a signal, which only streams raise
    this.transmit(src, options);
    return src.length;
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if ((flags & abi.MSG_ERRQUEUE) !== 0) {
      const count = this.errors.receive(dst, message, (endpoint) => this.addressOf(endpoint));
      // Linux sock_dequeue_err_skb: the last one takes the pending error along.
      if (this.errors.length === 0) this.#error = undefined;
      return count;
    }
    const datagram = this.#queue.next();
    if (datagram === undefined) {
      const error = this.takeError();
      if (error !== undefined) throw error;
      const waiting = this.wait(call, flags, abi.SO_RCVTIMEO);
      return (this.#shut & 1) !== 0 ? 0 : waiting; // Linux __skb_wait_for_more_packets: who does not wait hears EAGAIN
    }
    const { packet } = datagram;
    message.control = [
      ...this.timestampMessages(datagram.timeNs),
      ...(packet === undefined ? [] : packetMessages(this.family, this.options, packet)),
    ];
    return receiveDatagram(this.#queue, dst, flags, message);
  }

  /** IP_MULTICAST_ALL: also groups that others joined (Linux ip_mc_sf_allow). */
  hears(group: Host): boolean {
    return this.multicast.isMember(group) || this.options.number(abi.IPPROTO_IP, abi.IP_MULTICAST_ALL) !== 0;
  }

  rank(from: Endpoint): number {
    const { remote } = this;
    if (remote === undefined) return 0;
    return remote.host === from.host && remote.port === from.port ? 1 : -1;
  }

  /** What of a packet the filter leaves (SO_ATTACH_FILTER); undefined: it is dropped. */
  protected filtered({ bytes }: Packet): Uint8Array | undefined {
    return this.filter.admit(bytes);
  }

  deliver(packet: Packet): void {
    const { from } = packet;
    const bytes = this.filtered(packet);
    if (bytes === undefined) return;
    // A full queue loses the packet, silently (udp(7), rmem); an empty one takes any (Linux __udp_enqueue_schedule_skb).
    const usedBytes = this.#queue.bytes + bytes.length + (this.#queue.length + 1) * OVERHEAD_BYTES;
    const isFull = this.#queue.length > 0 && usedBytes > this.options.socket(abi.SO_RCVBUF);
    if ((this.#shut & 1) !== 0 || isFull || !this.#queue.hasRoom(bytes.length)) return;
    this.#queue.put({ bytes, from: this.addressOf(from), files: FlyingFiles.none, packet, ...this.arrivalTime() });
    this.arrivals++;
    this.readiness.wake();
  }

  poll(): PollMask {
    let mask = poll.POLLOUT | poll.POLLWRNORM;
    if (this.#queue.next() !== undefined || (this.#shut & 1) !== 0) mask |= poll.POLLIN | poll.POLLRDNORM;
    if ((this.#shut & 1) !== 0) mask |= poll.POLLRDHUP;
    if (this.#shut === 3) mask |= poll.POLLHUP;
    if (this.#error !== undefined || this.errors.length > 0) mask |= poll.POLLERR;
    return mask;
  }

  remoteAddress(): InetAddress | Inet6Address {
    if (this.remote === undefined) throw ENOTCONN;
    return this.addressOf(this.remote);
  }

  shutDown(how: number): void {
    this.#shut |= how + 1;
    this.readiness.wake();
    if (this.remote === undefined) throw ENOTCONN; // Linux inet_shutdown: an error, and yet who waits is told
  }

  override takeError(): Errno | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  override readableBytes(): number {
    return this.#queue.next()?.bytes.length ?? 0;
  }

  override release(): void {
    super.release();
    if (this.isClosed) this.#queue.clear();
  }

  protected get isBusy(): boolean {
    return false;
  }

  /** A packet came back with an error. */
  protected fail(error: Errno): void {
    this.#error = error;
    this.readiness.wake();
  }

  protected sourceOf(to: Endpoint, wishes: PacketWishes): Endpoint {
    const host = wishes.source ?? (isAny(this.local.host) ? this.sourceFor(to.host) : this.local.host);
    return { host, port: this.local.port };
  }

  /** Where this message goes. */
  protected target({ to }: SendOptions): Endpoint {
    if (to === undefined) {
      if (this.remote === undefined) throw EDESTADDRREQ;
      return this.remote;
    }
    // Linux udpv6_sendmsg: AF_UNSPEC sends to the peer.
    if (this.family === abi.AF_INET6 && isUnspecified(to)) return this.target({ flags: 0 });
    const endpoint = this.destination(to);
    this.#checkBroadcast(endpoint);
    return endpoint;
  }

  /** @throws EACCES where SO_BROADCAST does not say that it is meant */
  #checkBroadcast({ host }: Endpoint): void {
    if (isBroadcast(host) && this.options.socket(abi.SO_BROADCAST) === 0) throw EACCES;
  }
}
