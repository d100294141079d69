/** UDP and UDP-Lite sockets (udp(7), udplite(7)); a packet either finds its receiver at once or is lost, as on Linux's loopback. */
import { concatenate } from '../../../emulator/util/bytes.ts';
import {
  EACCES,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  type Errno,
} from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { type Inet6Address, type InetAddress, isUnspecified, type SocketAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { PortTable } from '../loopback/port-table.ts';
import { type Endpoint, isAny, isBroadcast, isMapped } from '../host.ts';
import { sourceFor } from '../interfaces.ts';
import type { Network, Packet, UdpHolder } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import { ErrorQueue } from './error-queue.ts';
import { packetMessages, type PacketWishes, packetWishes } from './inet-ancillary.ts';
import { type InetFamily, InetSocket } from './inet-socket.ts';
import type { ReceivedMessage, SendOptions } from './socket.ts';

/** 65,535 less the IPv4 and UDP headers. */
const MAX_PAYLOAD = 65_507;
/** IPv6 does not count its header. */
const IPV4_HEADER_BYTES = 20;

export class UdpSocket extends InetSocket implements UdpHolder {
  readonly type = abi.SOCK_DGRAM;
  readonly protocol: number;
  protected override readonly optionLevels: readonly number[];
  readonly #ports: PortTable<UdpHolder>;
  readonly #queue = new DatagramQueue();
  readonly #errors = new ErrorQueue();
  /** What MSG_MORE or UDP_CORK keeps back, until the packet is whole. */
  #held: { readonly to: Endpoint; readonly wishes: PacketWishes; readonly pieces: Uint8Array[] } | undefined;
  #remote: Endpoint | undefined;
  #error: Errno | undefined;
  #shut = 0; // bit 0: reading, bit 1: writing

  constructor(network: Network, protocol: number = abi.IPPROTO_UDP, family: InetFamily = abi.AF_INET) {
    super(network, family);
    this.protocol = protocol;
    this.#ports = protocol === abi.IPPROTO_UDPLITE ? network.udpLite : network.udp;
    const levels = [protocol, abi.IPPROTO_UDP, abi.IPPROTO_IP];
    this.optionLevels = family === abi.AF_INET6 ? [...levels, abi.IPPROTO_IPV6] : levels;
  }

  connect(_call: Call, to: SocketAddress): number {
    if (isUnspecified(to)) {
      this.#remote = undefined;
      this.unsettle();
      return 0;
    }
    if (to.family === abi.AF_INET && this.isV6Only) throw EAFNOSUPPORT;
    const remote = this.destination(to);
    this.#checkBroadcast(remote);
    this.settleFor(remote);
    this.#remote = remote;
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if ((this.#shut & 2) !== 0) throw this.brokenPipe(call, options.flags);
    const error = this.takeError();
    if (error !== undefined) throw error;
    const held = this.#held;
    const to = held?.to ?? this.#target(options);
    const wishes = held?.wishes ?? packetWishes(options.control ?? [], to.host);
    const pieces = [...(held?.pieces ?? []), src.slice()];
    const payload = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (payload > (isMapped(to.host) ? MAX_PAYLOAD : MAX_PAYLOAD + IPV4_HEADER_BYTES)) throw EMSGSIZE;
    if (!this.isBound) this.hold({ host: this.local.host, port: 0 });
    const isMore = (options.flags & abi.MSG_MORE) !== 0 || this.options.number(abi.IPPROTO_UDP, abi.UDP_CORK) !== 0;
    this.#held = isMore ? { to, wishes, pieces } : undefined;
    if (!isMore) this.#sendPacket(concatenate(pieces), to, wishes);
    return src.length;
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    super.setOption(level, name, value);
    const held = this.#held;
    if (level !== abi.IPPROTO_UDP || this.options.number(level, abi.UDP_CORK) !== 0 || held === undefined) return;
    this.#held = undefined;
    this.#sendPacket(concatenate(held.pieces), held.to, held.wishes);
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if ((flags & abi.MSG_ERRQUEUE) !== 0) {
      const count = this.#errors.receive(dst, message, (endpoint) => this.addressOf(endpoint));
      // Linux sock_dequeue_err_skb: the last one takes the pending error along.
      if (this.#errors.length === 0) this.#error = undefined;
      return count;
    }
    const datagram = this.#queue.next();
    if (datagram === undefined) {
      const error = this.takeError();
      if (error !== undefined) throw error;
      if ((this.#shut & 1) !== 0) return 0;
      return this.wait(call, flags, abi.SO_RCVTIMEO);
    }
    const { packet } = datagram;
    message.control = [
      ...this.timestampMessages(datagram.timeNs),
      ...(packet === undefined ? [] : packetMessages(this.family, this.options, packet)),
    ];
    return receiveDatagram(this.#queue, dst, flags, message);
  }

  rank(from: Endpoint): number {
    const remote = this.#remote;
    if (remote === undefined) return 0;
    return remote.host === from.host && remote.port === from.port ? 1 : -1;
  }

  deliver(packet: Packet): void {
    const { bytes, from } = packet;
    // A full queue loses the packet, silently (udp(7), rmem).
    if ((this.#shut & 1) !== 0 || this.#queue.bytes + bytes.length > this.options.socket(abi.SO_RCVBUF)) return;
    this.#queue.put({ bytes, from: this.addressOf(from), files: [], packet, ...this.arrivalTime() });
    this.readiness.wake();
  }

  poll(): PollMask {
    let mask = poll.POLLOUT | poll.POLLWRNORM;
    if (this.#queue.next() !== undefined || (this.#shut & 1) !== 0) mask |= poll.POLLIN | poll.POLLRDNORM;
    if ((this.#shut & 1) !== 0) mask |= poll.POLLRDHUP;
    if (this.#shut === 3) mask |= poll.POLLHUP;
    if (this.#error !== undefined || this.#errors.length > 0) mask |= poll.POLLERR;
    return mask;
  }

  remoteAddress(): InetAddress | Inet6Address {
    if (this.#remote === undefined) throw ENOTCONN;
    return this.addressOf(this.#remote);
  }

  shutDown(how: number): void {
    if (this.#remote === undefined) throw ENOTCONN;
    this.#shut |= how + 1;
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
    this.letGo();
  }

  protected get isBusy(): boolean {
    return false;
  }

  protected takePort({ host, port }: Endpoint): number {
    return this.#ports.bind(this, host, port);
  }

  protected movePort({ host, port }: Endpoint): void {
    this.#ports.move(this, host, port);
  }

  protected giveBackPort(port: number): void {
    this.#ports.release(this, port);
  }

  #sendPacket(bytes: Uint8Array, to: Endpoint, wishes: PacketWishes): void {
    this.network.count(bytes.length);
    const host = wishes.source ?? (isAny(this.local.host) ? sourceFor(to.host) : this.local.host);
    const from = { host, port: this.local.port };
    const receiver = this.#ports.find(to, from, (holder) => holder.rank(from));
    if (receiver === undefined) return this.#refused(bytes, to);
    receiver.deliver({ bytes, from, to, ...this.headerFor(to, wishes) });
  }

  // ICMP's "port unreachable" reaches connected sockets, and those that ask for errors (udp(7), ip(7)).
  #refused(bytes: Uint8Array, to: Endpoint): void {
    const isQueued = this.wantsErrorsOf(to);
    if (isQueued) this.#errors.portUnreachable(bytes, to);
    if (!isQueued && this.#remote === undefined) return;
    this.#error = ECONNREFUSED;
    this.readiness.wake();
  }

  #target({ to }: SendOptions): Endpoint {
    if (to === undefined) {
      if (this.#remote === undefined) throw EDESTADDRREQ;
      return this.#remote;
    }
    // Linux udpv6_sendmsg: AF_UNSPEC sends to the peer.
    if (this.family === abi.AF_INET6 && isUnspecified(to)) return this.#target({ flags: 0 });
    const endpoint = this.destination(to);
    if (endpoint.port === 0) throw EINVAL;
    this.#checkBroadcast(endpoint);
    return endpoint;
  }

  /** @throws EACCES where SO_BROADCAST does not say that it is meant */
  #checkBroadcast({ host }: Endpoint): void {
    if (isBroadcast(host) && this.options.socket(abi.SO_BROADCAST) === 0) throw EACCES;
  }
}
