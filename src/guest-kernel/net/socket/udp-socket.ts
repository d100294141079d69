/** UDP and UDP-Lite sockets (udp(7), udplite(7)); a packet either finds its receiver at once or is lost, as on Linux's loopback. */
import {
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  type Errno,
} from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { PortTable } from '../loopback/port-table.ts';
import { isLocalHost, type Network, routeTo, type UdpHolder } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import { Socket, type ReceivedMessage, type SendOptions } from './socket.ts';

/** 65,535 less the IPv4 and UDP headers. */
const MAX_PAYLOAD = 65_507;
const UNBOUND: abi.InetAddress = { family: abi.AF_INET, host: abi.INADDR_ANY, port: 0 };

export class UdpSocket extends Socket implements UdpHolder {
  readonly family = abi.AF_INET;
  readonly type = abi.SOCK_DGRAM;
  readonly protocol: number;
  readonly #ports: PortTable<UdpHolder>;
  readonly #queue = new DatagramQueue();
  #local = UNBOUND;
  #remote: abi.InetAddress | undefined;
  #isBound = false;
  #error: Errno | undefined;
  #shut = 0; // bit 0: reading, bit 1: writing

  constructor(network: Network, protocol: number = abi.IPPROTO_UDP) {
    super(network);
    this.protocol = protocol;
    this.#ports = protocol === abi.IPPROTO_UDPLITE ? network.udpLite : network.udp;
  }

  get reuseAddress(): boolean {
    return this.options.socket(abi.SO_REUSEADDR) !== 0;
  }

  get reusePort(): boolean {
    return this.options.socket(abi.SO_REUSEPORT) !== 0;
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    if (level === abi.IPPROTO_UDPLITE && this.protocol !== level) throw ENOPROTOOPT;
    super.setOption(level, name, value);
  }

  override bind(address: abi.SocketAddress): void {
    if (address.family !== abi.AF_INET) throw EAFNOSUPPORT;
    if (this.#isBound) throw EINVAL;
    if (address.host !== abi.INADDR_ANY && !isLocalHost(address.host)) throw EADDRNOTAVAIL;
    this.#hold(address.host, address.port);
  }

  connect(_call: Call, to: abi.SocketAddress | undefined): number {
    if (to === undefined) {
      this.#remote = undefined;
      return 0;
    }
    if (to.family !== abi.AF_INET) throw EAFNOSUPPORT;
    const remote = { ...to, host: routeTo(to.host) };
    this.#bindIfNeeded();
    if (this.#local.host === abi.INADDR_ANY) this.#local = { ...this.#local, host: remote.host };
    this.#remote = remote;
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if ((this.#shut & 2) !== 0) throw this.brokenPipe(call, options.flags);
    const error = this.takeError();
    if (error !== undefined) throw error;
    const to = options.to ?? this.#remote;
    if (to === undefined) throw EDESTADDRREQ;
    if (to.family !== abi.AF_INET) throw EAFNOSUPPORT;
    if (to.port === 0) throw EINVAL;
    if (src.length > MAX_PAYLOAD) throw EMSGSIZE;
    const host = routeTo(to.host);
    this.#bindIfNeeded();
    this.network.count(src.length);
    const from = { ...this.#local, host: this.#local.host === abi.INADDR_ANY ? host : this.#local.host };
    const receiver = this.#ports.find(host, to.port, (holder) => holder.hears(from));
    receiver?.deliver(src, from);
    // ICMP port unreachable reaches connected sockets only (udp(7)).
    if (receiver === undefined && this.#remote !== undefined) {
      this.#error = ECONNREFUSED;
      this.readiness.wake();
    }
    return src.length;
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    const datagram = this.#queue.next();
    if (datagram === undefined) {
      const error = this.takeError();
      if (error !== undefined) throw error;
      if ((this.#shut & 1) !== 0) return 0;
      return this.wait(call, flags, abi.SO_RCVTIMEO);
    }
    return receiveDatagram(this.#queue, dst, flags, message);
  }

  hears(from: abi.InetAddress): boolean {
    const remote = this.#remote;
    return remote === undefined || (remote.host === from.host && remote.port === from.port);
  }

  deliver(bytes: Uint8Array, from: abi.InetAddress): void {
    // A full queue loses the packet, silently (udp(7), rmem).
    if (this.#queue.bytes + bytes.length > this.options.socket(abi.SO_RCVBUF)) return;
    this.#queue.put({ bytes: bytes.slice(), from, files: [] });
    this.readiness.wake();
  }

  poll(): PollMask {
    let mask = poll.POLLOUT | poll.POLLWRNORM;
    if (this.#queue.next() !== undefined || (this.#shut & 1) !== 0) mask |= poll.POLLIN | poll.POLLRDNORM;
    if ((this.#shut & 1) !== 0) mask |= poll.POLLRDHUP;
    if (this.#shut === 3) mask |= poll.POLLHUP;
    if (this.#error !== undefined) mask |= poll.POLLERR;
    return mask;
  }

  localAddress(): abi.InetAddress {
    return this.#local;
  }

  remoteAddress(): abi.InetAddress {
    if (this.#remote === undefined) throw ENOTCONN;
    return this.#remote;
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

  protected override readableBytes(): number {
    return this.#queue.next()?.bytes.length ?? 0;
  }

  protected dispose(): void {
    if (this.#isBound) this.#ports.release(this, this.#local.port);
    this.#isBound = false;
  }

  #bindIfNeeded(): void {
    if (!this.#isBound) this.#hold(abi.INADDR_ANY, 0);
  }

  #hold(host: number, port: number): void {
    this.#local = { family: abi.AF_INET, host, port: this.#ports.bind(this, host, port) };
    this.#isBound = true;
  }
}
