/**
 * Control messages of IP sockets (ip(7), ipv6(7), cmsg(3)): what a program asks for one packet that it sends, and what it
 * wants to be told of one that came. Pure.
 */
import { EINVAL, ENODEV } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { encodeSocketAddress } from '../../abi/socket-address.ts';
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import { type Host, ipv4Of, isAny, isMapped, mapped } from '../host.ts';
import { isOwnHost, LOOPBACK } from '../interfaces.ts';
import type { Packet } from '../network.ts';
import type { SocketOptions } from './options.ts';
import type { ControlMessage } from './socket.ts';

/** What is asked for one packet. */
export interface PacketWishes {
  source?: Host;
  hopLimit?: number;
  trafficClass?: number;
}

/** @param to where the packet goes: it decides which family's messages count. @throws EINVAL, ENODEV */
export function packetWishes(control: readonly ControlMessage[], to: Host): PacketWishes {
  const wishes: PacketWishes = {};
  const level = isMapped(to) ? abi.IPPROTO_IP : abi.IPPROTO_IPV6;
  const rows = isMapped(to) ? WISHES_OF_IPV4 : WISHES_OF_IPV6;
  for (const message of control) {
    if (message.level === abi.SOL_SOCKET && !PASSED_OVER.includes(message.type)) throw EINVAL;
    // Linux ip_cmsg_send: to a mapped address the source may be given in either struct.
    const isMappedSource =
      level === abi.IPPROTO_IP && message.level === abi.IPPROTO_IPV6 && message.type === abi.IPV6_PKTINFO;
    if (isMappedSource) readPacketInfo6(message.data, wishes);
    if (message.level !== level) continue;
    const read = rows[message.type];
    if (read === undefined) throw EINVAL;
    read(message.data, wishes);
  }
  return wishes;
}

type ReadWish = (data: Uint8Array, wishes: PacketWishes) => void;

/** Of SOL_SOCKET: descriptors and credentials mean something to Unix sockets only, marks and times nothing to lo. */
const PASSED_OVER: readonly number[] = [abi.SCM_RIGHTS, abi.SCM_CREDENTIALS, abi.SO_MARK, abi.SO_TIMESTAMPING];

const WISHES_OF_IPV4: Readonly<Record<number, ReadWish>> = {
  [abi.IP_RETOPTS]: () => {},
  [abi.IP_PKTINFO](data, wishes) {
    if (data.length !== IN_PKTINFO_BYTES) throw EINVAL;
    const view = new DataView(data.buffer, data.byteOffset);
    chooseSource(wishes, mapped(view.getUint32(4)), view.getInt32(0, true));
  },
  [abi.IP_TTL](data, wishes) {
    wishes.hopLimit = number(data, 1, 255);
  },
  [abi.IP_TOS](data, wishes) {
    wishes.trafficClass = data.length === 1 ? (data[0] ?? 0) : number(data, 0, 255);
  },
};

const WISHES_OF_IPV6: Readonly<Record<number, ReadWish>> = {
  [abi.IPV6_PKTINFO]: readPacketInfo6,
  [abi.IPV6_2292PKTINFO]: readPacketInfo6,
  [abi.IPV6_HOPLIMIT](data, wishes) {
    const value = number(data, -1, 255);
    if (value >= 0) wishes.hopLimit = value;
  },
  [abi.IPV6_TCLASS](data, wishes) {
    wishes.trafficClass = Math.max(0, number(data, -1, 255));
  },
  [abi.IPV6_DONTFRAG]: (data) => void number(data, 0, 1),
};

/** struct in_pktinfo: interface, our address, its address. */
const IN_PKTINFO_BYTES = 12;
/** struct in6_pktinfo: address, interface. */
const IN6_PKTINFO_BYTES = 20;

function readPacketInfo6(data: Uint8Array, wishes: PacketWishes): void {
  if (data.length < IN6_PKTINFO_BYTES) throw EINVAL;
  const index = new DataView(data.buffer, data.byteOffset).getInt32(16, true);
  chooseSource(wishes, byteStringFrom(data.subarray(0, 16)), index);
}

function chooseSource(wishes: PacketWishes, source: Host, index: number): void {
  if (index !== 0 && index !== LOOPBACK.index) throw ENODEV;
  if (isAny(source)) return;
  if (!isOwnHost(source)) throw EINVAL;
  wishes.source = source;
}

function number(data: Uint8Array, least: number, most: number): number {
  if (data.length !== 4) throw EINVAL;
  const value = new DataView(data.buffer, data.byteOffset).getInt32(0, true);
  if (value < least || value > most) throw EINVAL;
  return value;
}

/** What a socket with these options is told of a packet, in the order of Linux. */
export function packetMessages(family: number, options: SocketOptions, packet: Packet): readonly ControlMessage[] {
  const rows = family === abi.AF_INET6 ? [...TOLD_BY_IPV6, ...TOLD_BY_IPV4] : TOLD_BY_IPV4;
  const isV4 = isMapped(packet.to.host);
  return rows
    .filter(({ level, option, of }) => options.number(level, option) !== 0 && (of === 'both' || (of === 4) === isV4))
    .map(({ level, type, data }) => ({ level, type, data: data(packet) }));
}

interface Told {
  readonly level: number;
  readonly option: number;
  readonly type: number;
  /** Of packets of which family it is told. */
  readonly of: 4 | 6 | 'both';
  readonly data: (packet: Packet) => Uint8Array;
}

const told4 = (option: number, type: number, data: Told['data']): Told => ({
  level: abi.IPPROTO_IP,
  option,
  type,
  of: 4,
  data,
});
const told6 = (option: number, type: number, data: Told['data'], of: Told['of'] = 6): Told => ({
  level: abi.IPPROTO_IPV6,
  option,
  type,
  of,
  data,
});

// Linux net/ipv4/ip_sockglue.c: ip_cmsg_recv_offset
const TOLD_BY_IPV4: readonly Told[] = [
  told4(abi.IP_PKTINFO, abi.IP_PKTINFO, ({ to }) => {
    const view = new DataView(new ArrayBuffer(IN_PKTINFO_BYTES));
    view.setInt32(0, LOOPBACK.index, true);
    view.setUint32(4, ipv4Of(to.host));
    view.setUint32(8, ipv4Of(to.host));
    return new Uint8Array(view.buffer);
  }),
  told4(abi.IP_RECVTTL, abi.IP_TTL, ({ hopLimit }) => int32(hopLimit)),
  told4(abi.IP_RECVTOS, abi.IP_TOS, ({ trafficClass }) => Uint8Array.of(trafficClass)),
  told4(abi.IP_RECVORIGDSTADDR, abi.IP_RECVORIGDSTADDR, ({ to }) =>
    encodeSocketAddress({ family: abi.AF_INET, host: ipv4Of(to.host), port: to.port }),
  ),
];

// Linux net/ipv6/datagram.c: ip6_datagram_recv_common_ctl, ip6_datagram_recv_specific_ctl
const TOLD_BY_IPV6: readonly Told[] = [
  told6(abi.IPV6_RECVPKTINFO, abi.IPV6_PKTINFO, packetInfo6, 'both'),
  told6(abi.IPV6_2292PKTINFO, abi.IPV6_2292PKTINFO, packetInfo6, 'both'),
  told6(abi.IPV6_RECVHOPLIMIT, abi.IPV6_HOPLIMIT, ({ hopLimit }) => int32(hopLimit)),
  told6(abi.IPV6_RECVTCLASS, abi.IPV6_TCLASS, ({ trafficClass }) => int32(trafficClass)),
  told6(abi.IPV6_2292HOPLIMIT, abi.IPV6_2292HOPLIMIT, ({ hopLimit }) => int32(hopLimit)),
  told6(abi.IPV6_RECVORIGDSTADDR, abi.IPV6_RECVORIGDSTADDR, ({ to }) =>
    encodeSocketAddress({ family: abi.AF_INET6, ...to, flowInfo: 0, scopeId: 0 }),
  ),
];

function packetInfo6({ to }: Packet): Uint8Array {
  const data = new Uint8Array(IN6_PKTINFO_BYTES);
  data.set(bytesOf(to.host));
  data.set(int32(LOOPBACK.index), 16);
  return data;
}

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
