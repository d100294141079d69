/**
 * Raw sockets (raw(7), icmp(7)): packets of one protocol with what is behind the IP header, or, of IPv4, with it. What
 * goes over lo as packets is ICMP and what raw sockets send to each other; TCP and UDP connect sockets without packets.
 */
import { concatenate } from '../../../emulator/util/bytes.ts';
import { EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import type { SocketAddress } from '../../abi/socket-address.ts';
import { withIcmpFields } from '../header/icmp.ts';
import { decodeIpv4Header, encodeIpv4Header } from '../header/ipv4.ts';
import { type Endpoint, ipv4Of, isAny, isMapped, mapped } from '../host.ts';
import { checksumAddresses, deliverRaw } from '../loopback/echo.ts';
import type { Network, Packet, RawHolder } from '../network.ts';
import { type PacketWishes, packetWishes } from './inet-ancillary.ts';
import type { InetFamily } from './inet-socket.ts';
import { PacketSocket } from './packet-socket.ts';
import type { SendOptions } from './socket.ts';

const MAX_PACKET = 65_535;
/** One bit per type: ICMP has 32 in its filter, ICMPv6 256. */
const FILTER_BYTES = { [abi.AF_INET]: 4, [abi.AF_INET6]: 32 } as const;

export class RawSocket extends PacketSocket implements RawHolder {
  readonly type = abi.SOCK_RAW;
  readonly protocol: number;
  protected override readonly optionLevels: readonly number[];
  #hasHeader: boolean;
  /** ICMP_FILTER and ICMP6_FILTER: types whose bit is set are passed over. */
  #filter: Uint8Array;

  constructor(network: Network, protocol: number, family: InetFamily) {
    super(network, family);
    this.protocol = protocol;
    this.#hasHeader = protocol === abi.IPPROTO_RAW; // raw(7)
    this.#filter = new Uint8Array(FILTER_BYTES[family]);
    const levels = [abi.IPPROTO_IP, abi.SOL_RAW, this.#filterLevel];
    this.optionLevels = family === abi.AF_INET6 ? [...levels, abi.IPPROTO_IPV6] : levels;
    // Linux inet_create: what has no ports shows its protocol.
    this.local = { ...this.local, port: protocol };
    network.raw.add(this);
  }

  override get isV6Only(): boolean {
    return this.family === abi.AF_INET6;
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    if (level === abi.IPPROTO_IP && name === abi.IP_HDRINCL && this.family === abi.AF_INET) {
      this.#hasHeader = value.some((byte) => byte !== 0);
    } else if (level === abi.SOL_RAW && name === abi.IPV6_CHECKSUM && this.family === abi.AF_INET6 && this.#isIcmp) {
      // RFC 3542, 3.1: the checksum of ICMPv6 is the kernel's anyway.
      if (value.length < 4) throw EINVAL;
    } else if (level === this.#filterLevel) {
      if (name !== abi.ICMP_FILTER) throw ENOPROTOOPT;
      if (!this.#isIcmp) throw EOPNOTSUPP;
      const filter = this.#filter.slice();
      filter.set(value.subarray(0, filter.length));
      this.#filter = filter;
    } else super.setOption(level, name, value);
  }

  override getOption(level: number, name: number): Uint8Array {
    if (level === abi.IPPROTO_IP && name === abi.IP_HDRINCL)
      return new Uint8Array(Int32Array.of(this.#hasHeader ? 1 : 0).buffer);
    if (level === this.#filterLevel && name === abi.ICMP_FILTER && this.#isIcmp) return this.#filter.slice();
    return super.getOption(level, name);
  }

  /** Linux net/ipv4/raw.c: raw_v4_match */
  takes(protocol: number, { bytes, from, to }: Packet): boolean {
    if (protocol !== this.protocol || isMapped(to.host) !== (this.family === abi.AF_INET)) return false;
    if (!isAny(this.local.host) && this.local.host !== to.host) return false;
    if (this.remote !== undefined && this.remote.host !== from.host) return false;
    return !(this.#isIcmp && this.#isFiltered(bytes[0] ?? 0));
  }

  override deliver(packet: Packet): void {
    const { from, to } = packet;
    const bytes = this.family === abi.AF_INET ? withHeader(packet, this.protocol) : packet.bytes;
    super.deliver({ ...packet, bytes, from: { ...from, port: 0 }, to: { ...to, port: 0 } });
  }

  protected transmit(src: Uint8Array, options: SendOptions): void {
    if (src.length > MAX_PACKET) throw EMSGSIZE;
    const to = this.target(options);
    const wishes = packetWishes(options.control ?? [], to.host);
    if (this.#hasHeader && this.family === abi.AF_INET) this.#transmitWithHeader(src, to, wishes);
    else {
      const from = this.sourceOf(to, wishes);
      // Linux rawv6_push_pending_frames: of ICMPv6 the kernel makes the checksum.
      const isV6Icmp = this.family === abi.AF_INET6 && this.#isIcmp && src.length >= 4;
      const bytes = isV6Icmp ? withIcmpFields(src, {}, checksumAddresses(from, to)) : src.slice();
      deliverRaw(this.network, this.protocol, { bytes, from, to, ...this.headerFor(to, wishes) });
    }
  }

  #transmitWithHeader(src: Uint8Array, to: Endpoint, wishes: PacketWishes): void {
    const header = decodeIpv4Header(src);
    if (header === undefined) throw EINVAL;
    const { protocol, hopLimit, trafficClass, headerBytes, source } = header;
    const from = source === 0 ? this.sourceOf(to, wishes) : { host: mapped(source), port: 0 };
    deliverRaw(this.network, protocol, { bytes: src.slice(headerBytes), from, to, hopLimit, trafficClass });
  }

  /** raw(7): the port of an address has no meaning here; it is shown as the protocol. */
  protected override destination(address: SocketAddress): Endpoint {
    return { ...super.destination(address), port: 0 };
  }

  protected dispose(): void {
    this.multicast.leaveAll();
    this.network.raw.delete(this);
  }

  protected takePort(): number {
    return this.protocol;
  }

  protected movePort(): void {}

  protected giveBackPort(): void {}

  get #isIcmp(): boolean {
    return this.protocol === (this.family === abi.AF_INET ? abi.IPPROTO_ICMP : abi.IPPROTO_ICMPV6);
  }

  get #filterLevel(): number {
    return this.family === abi.AF_INET ? abi.SOL_RAW : abi.IPPROTO_ICMPV6;
  }

  #isFiltered(type: number): boolean {
    return (((this.#filter[type >> 3] ?? 0) >> (type & 7)) & 1) !== 0;
  }
}

function withHeader({ bytes, from, to, hopLimit, trafficClass }: Packet, protocol: number): Uint8Array {
  const header = encodeIpv4Header({
    trafficClass,
    hopLimit,
    protocol,
    id: 0,
    source: ipv4Of(from.host),
    destination: ipv4Of(to.host),
    payloadBytes: bytes.length,
  });
  return concatenate([header, bytes]);
}
