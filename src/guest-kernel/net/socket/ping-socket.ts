/**
 * Ping sockets (icmp(7)): SOCK_DGRAM of IPPROTO_ICMP and IPPROTO_ICMPV6. A program gives echo requests; the kernel gives them
 * the identifier, which is the socket's port, and the checksum, and hands it the replies with that identifier.
 */
import { EINVAL, EMSGSIZE } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { ECHO, ICMP_HEADER_BYTES, withIcmpFields } from '../header/icmp.ts';
import { type Endpoint, isMapped } from '../host.ts';
import { checksumAddresses, deliverRaw } from '../loopback/echo.ts';
import type { Network, Packet, UdpHolder } from '../network.ts';
import { packetWishes } from './inet-ancillary.ts';
import type { InetFamily } from './inet-socket.ts';
import { PacketSocket } from './packet-socket.ts';
import type { SendOptions } from './socket.ts';

const MAX_MESSAGE = 65_535;

export class PingSocket extends PacketSocket implements UdpHolder {
  readonly type = abi.SOCK_DGRAM;
  readonly protocol: number;
  protected override readonly optionLevels: readonly number[];

  constructor(network: Network, family: InetFamily) {
    super(network, family);
    this.protocol = family === abi.AF_INET ? abi.IPPROTO_ICMP : abi.IPPROTO_ICMPV6;
    this.optionLevels = family === abi.AF_INET ? [abi.IPPROTO_IP] : [abi.IPPROTO_IPV6, abi.IPPROTO_IP];
  }

  /** The other family's replies are none of ours. */
  override get isV6Only(): boolean {
    return this.family === abi.AF_INET6;
  }

  override rank(from: Endpoint): number {
    return this.remote === undefined || this.remote.host === from.host ? 0 : -1;
  }

  override deliver(packet: Packet): void {
    super.deliver({ ...packet, from: { ...packet.from, port: 0 } });
  }

  // Linux net/ipv4/ping.c: ping_common_sendmsg, ping_v4_sendmsg
  protected transmit(src: Uint8Array, options: SendOptions): void {
    if (src.length > MAX_MESSAGE) throw EMSGSIZE;
    if (src.length < ICMP_HEADER_BYTES) throw EINVAL;
    const to = this.target(options);
    const { request } = isMapped(to.host) ? ECHO.ipv4 : ECHO.ipv6;
    if (src[0] !== request || src[1] !== 0) throw EINVAL;
    const wishes = packetWishes(options.control ?? [], to.host);
    if (!this.isBound) this.hold({ host: this.local.host, port: 0 });
    const from = this.sourceOf(to, wishes);
    const bytes = withIcmpFields(src, { identifier: from.port }, checksumAddresses(from, to));
    deliverRaw(this.network, this.protocol, { bytes, from, to, ...this.headerFor(to, wishes) });
  }

  protected dispose(): void {
    this.multicast.leaveAll();
    this.letGo();
  }

  protected takePort({ host, port }: Endpoint): number {
    return this.network.ping.bind(this, host, port);
  }

  protected movePort({ host, port }: Endpoint): void {
    this.network.ping.move(this, host, port);
  }

  protected giveBackPort(port: number): void {
    this.network.ping.release(this, port);
  }
}
