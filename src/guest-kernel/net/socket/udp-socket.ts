/** UDP and UDP-Lite sockets (udp(7), udplite(7)); a packet either finds its receiver at once or is lost, as on Linux's loopback. */
import {
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
import { type Endpoint, isAny } from '../host.ts';
import { sourceFor } from '../interfaces.ts';
import type { Network, Packet, UdpHolder } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import { type InetFamily, InetSocket } from './inet-socket.ts';
import type { ReceivedMessage, SendOptions } from './socket.ts';

/** 65,535 less the IPv4 and UDP headers. */
const MAX_PAYLOAD = 65_507;

export class UdpSocket extends InetSocket implements UdpHolder {
  readonly type = abi.SOCK_DGRAM;
  readonly protocol: number;
  protected override readonly optionLevels: readonly number[];
  readonly #ports: PortTable<UdpHolder>;
  readonly #queue = new DatagramQueue();
  #remote: Endpoint | undefined;
  #error: Errno | undefined;
  #shut = 0; // bit 0: reading, bit 1: writing

  constructor(network: Network, protocol: number = abi.IPPROTO_UDP, family: InetFamily = abi.AF_INET) {
    super(network, family);
    this.protocol = protocol;
    this.#ports = protocol === abi.IPPROTO_UDPLITE ? network.udpLite : network.udp;
    const levels = [protocol, abi.IPPROTO_IP];
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
    this.settleFor(remote);
    this.#remote = remote;
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if ((this.#shut & 2) !== 0) throw this.brokenPipe(call, options.flags);
    const error = this.takeError();
    if (error !== undefined) throw error;
    const to = this.#target(options);
    if (src.length > MAX_PAYLOAD) throw EMSGSIZE;
    if (!this.isBound) this.hold({ host: this.local.host, port: 0 });
    this.network.count(src.length);
    const from = isAny(this.local.host) ? { ...this.local, host: sourceFor(to.host) } : this.local;
    const receiver = this.#ports.find(to, from, (holder) => holder.rank(from));
    receiver?.deliver({ bytes: src.slice(), from, to, hopLimit: 64, trafficClass: 0 });
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

  rank(from: Endpoint): number {
    const remote = this.#remote;
    if (remote === undefined) return 0;
    return remote.host === from.host && remote.port === from.port ? 1 : -1;
  }

  deliver({ bytes, from }: Packet): void {
    // A full queue loses the packet, silently (udp(7), rmem).
    if (this.#queue.bytes + bytes.length > this.options.socket(abi.SO_RCVBUF)) return;
    this.#queue.put({ bytes, from: this.addressOf(from), files: [] });
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

  #target({ to }: SendOptions): Endpoint {
    if (to === undefined) {
      if (this.#remote === undefined) throw EDESTADDRREQ;
      return this.#remote;
    }
    // Linux udpv6_sendmsg: AF_UNSPEC sends to the peer.
    if (this.family === abi.AF_INET6 && isUnspecified(to)) return this.#target({ flags: 0 });
    const endpoint = this.destination(to);
    if (endpoint.port === 0) throw EINVAL;
    return endpoint;
  }
}
