/** Socket options as rows: what setsockopt(2) takes, what getsockopt(2) answers before anything was set. */
import { EADDRNOTAVAIL, EDOM, EINVAL, ENODEV, ENOPROTOOPT } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';
import { LOOPBACK } from '../interfaces.ts';

/** How an option's value lies in memory; times are kept in µs, a linger as seconds or -1 for off. */
type Shape = 'int' | 'timeval' | 'linger';

interface OptionRow {
  readonly level: number;
  readonly name: number;
  readonly shape: Shape;
  readonly initial: number;
  /** What is kept of a value that is set. @throws EINVAL */
  readonly accept?: (value: number) => number;
}

/** net.core.rmem_default of Linux. */
const DEFAULT_BUFFER_BYTES = 212_992;
const MAX_BUFFER_BYTES = 4 * 1024 * 1024; // bounds what one socket can hold; Linux: tcp_rmem[2] is 6 MiB
const MIN_RECEIVE_BYTES = 2304; // Linux SOCK_MIN_RCVBUF
const MIN_SEND_BYTES = 4608; // Linux SOCK_MIN_SNDBUF

// socket(7): the kernel doubles the value to allow for bookkeeping. Linux sock_setsockopt: a negative one is a large one.
const bufferSize = (least: number) => (value: number) => Math.min(Math.max((value >>> 0) * 2, least), MAX_BUFFER_BYTES);

const between =
  (least: number, most: number) =>
  (value: number): number => {
    if (value < least || value > most) throw EINVAL;
    return value;
  };

/** Bytes that the checksum covers, 0: all. Less than the header cannot be left out (Linux udp_lib_setsockopt). */
const coverage = (value: number): number => (value === 0 ? 0 : Math.min(Math.max(value, 8), 0xffff));
const asFlag = (value: number): number => (value === 0 ? 0 : 1);
/** -1 goes back to the value of the system. */
const orDefault = (initial: number, least: number, most: number) => (value: number) =>
  value === -1 ? initial : between(least, most)(value);
const lowWater = (value: number): number => (value < 0 ? 0x7fff_ffff : value === 0 ? 1 : value);

type Row = readonly [name: number, initial: number, accept?: ((value: number) => number) | undefined, shape?: Shape];

const FLAG = [0, asFlag] as const;
const ON = [1, asFlag] as const;
const bits = (most: number) => [0, between(0, most)] as const;

const interfaceIndex = (value: number): number => {
  if (value !== 0 && value !== LOOPBACK.index) throw ENODEV;
  return value;
};
const interfaceInNetworkOrder = (value: number): number => {
  if (value !== 0 && value !== LOOPBACK.index << 24) throw EADDRNOTAVAIL;
  return value;
};

// oxfmt-ignore
const SOCKET_ROWS: readonly Row[] = [
  [abi.SO_DEBUG, ...FLAG],
  [abi.SO_REUSEADDR, ...FLAG],
  [abi.SO_DONTROUTE, ...FLAG],
  [abi.SO_BROADCAST, ...FLAG],
  [abi.SO_SNDBUF, DEFAULT_BUFFER_BYTES, bufferSize(MIN_SEND_BYTES)],
  [abi.SO_RCVBUF, DEFAULT_BUFFER_BYTES, bufferSize(MIN_RECEIVE_BYTES)],
  [abi.SO_KEEPALIVE, ...FLAG],
  [abi.SO_OOBINLINE, ...FLAG],
  [abi.SO_NO_CHECK, ...FLAG],
  [abi.SO_PRIORITY, 0],
  [abi.SO_LINGER, -1, undefined, 'linger'],
  [abi.SO_REUSEPORT, ...FLAG],
  [abi.SO_PASSCRED, ...FLAG],
  [abi.SO_RCVLOWAT, 1, lowWater],
  [abi.SO_RCVTIMEO, 0, undefined, 'timeval'],
  [abi.SO_SNDTIMEO, 0, undefined, 'timeval'],
  [abi.SO_TIMESTAMP, ...FLAG],
  [abi.SO_TIMESTAMPNS, ...FLAG],
  [abi.SO_PASSSEC, ...FLAG],
  [abi.SO_MARK, 0],
  [abi.SO_RXQ_OVFL, ...FLAG],
  [abi.SO_SELECT_ERR_QUEUE, ...FLAG],
  [abi.SO_INCOMING_CPU, 0],
  [abi.SO_BUSY_POLL, 0],
  [abi.SO_BINDTOIFINDEX, 0, interfaceIndex],
  [abi.SO_PASSPIDFD, ...FLAG],
];

// oxfmt-ignore
const IP_ROWS: readonly Row[] = [
  [abi.IP_TOS, 0, (value) => value & 255],
  [abi.IP_TTL, 64, orDefault(64, 1, 255)],
  [abi.IP_RECVOPTS, ...FLAG],
  [abi.IP_RETOPTS, ...FLAG],
  [abi.IP_PKTINFO, ...FLAG],
  [abi.IP_MTU_DISCOVER, 1, between(0, 5)],
  [abi.IP_RECVERR, ...FLAG],
  [abi.IP_RECVTTL, ...FLAG],
  [abi.IP_RECVTOS, ...FLAG],
  [abi.IP_FREEBIND, ...FLAG],
  [abi.IP_TRANSPARENT, ...FLAG],
  [abi.IP_RECVORIGDSTADDR, ...FLAG],
  [abi.IP_MINTTL, ...bits(255)],
  [abi.IP_BIND_ADDRESS_NO_PORT, ...FLAG],
  [abi.IP_UNICAST_IF, 0, interfaceInNetworkOrder],
  [abi.IP_MULTICAST_TTL, 1, orDefault(1, 0, 255)],
  [abi.IP_MULTICAST_LOOP, ...ON],
  [abi.IP_MULTICAST_ALL, 1, between(0, 1)],
];

// oxfmt-ignore
const IPV6_ROWS: readonly Row[] = [
  [abi.IPV6_UNICAST_HOPS, 64, orDefault(64, 0, 255)],
  [abi.IPV6_MULTICAST_IF, 0, interfaceIndex],
  [abi.IPV6_UNICAST_IF, 0, interfaceInNetworkOrder],
  [abi.IPV6_MULTICAST_HOPS, 1, orDefault(1, 0, 255)],
  [abi.IPV6_MULTICAST_LOOP, 1, between(0, 1)],
  [abi.IPV6_MTU_DISCOVER, 1, between(0, 5)],
  [abi.IPV6_RECVERR, ...FLAG],
  [abi.IPV6_V6ONLY, ...FLAG],
  [abi.IPV6_MULTICAST_ALL, ...ON],
  [abi.IPV6_FLOWINFO, ...FLAG],
  [abi.IPV6_FLOWINFO_SEND, ...FLAG],
  [abi.IPV6_2292PKTINFO, ...FLAG],
  [abi.IPV6_2292HOPLIMIT, ...FLAG],
  [abi.IPV6_RECVPKTINFO, ...FLAG],
  [abi.IPV6_RECVHOPLIMIT, ...FLAG],
  [abi.IPV6_RECVHOPOPTS, ...FLAG],
  [abi.IPV6_RECVRTHDR, ...FLAG],
  [abi.IPV6_RECVDSTOPTS, ...FLAG],
  [abi.IPV6_RECVPATHMTU, ...FLAG],
  [abi.IPV6_DONTFRAG, ...FLAG],
  [abi.IPV6_RECVTCLASS, ...FLAG],
  [abi.IPV6_TCLASS, 0, orDefault(0, 0, 255)],
  [abi.IPV6_AUTOFLOWLABEL, ...ON],
  [abi.IPV6_MINHOPCOUNT, ...bits(255)],
  [abi.IPV6_RECVORIGDSTADDR, ...FLAG],
  [abi.IPV6_TRANSPARENT, ...FLAG],
  [abi.IPV6_RECVFRAGSIZE, ...FLAG],
  [abi.IPV6_FREEBIND, ...FLAG],
];

// oxfmt-ignore
const TCP_ROWS: readonly Row[] = [
  [abi.TCP_NODELAY, ...FLAG],
  [abi.TCP_MAXSEG, 65_483, (value) => (value === 0 ? 65_483 : between(88, 32_767)(value))],
  [abi.TCP_CORK, ...FLAG],
  [abi.TCP_KEEPIDLE, 7200, between(1, 32_767)],
  [abi.TCP_KEEPINTVL, 75, between(1, 32_767)],
  [abi.TCP_KEEPCNT, 9, between(1, 127)],
  [abi.TCP_SYNCNT, 6, between(1, 127)],
  [abi.TCP_LINGER2, 60, (value) => (value < 0 ? -1 : Math.min(value, 120))],
  [abi.TCP_DEFER_ACCEPT, 0],
  [abi.TCP_WINDOW_CLAMP, 0],
  [abi.TCP_QUICKACK, ...ON],
  [abi.TCP_THIN_LINEAR_TIMEOUTS, 0, between(0, 1)],
  [abi.TCP_THIN_DUPACK, 0, between(0, 1)],
  [abi.TCP_USER_TIMEOUT, 0, between(0, 0x7fff_ffff)],
  [abi.TCP_FASTOPEN, 0],
  [abi.TCP_NOTSENT_LOWAT, 0],
  [abi.TCP_SAVE_SYN, 0, between(0, 2)],
  [abi.TCP_FASTOPEN_CONNECT, ...bits(1)],
  [abi.TCP_FASTOPEN_NO_COOKIE, ...FLAG],
  [abi.TCP_INQ, 0, between(0, 1)],
];

const UDP_ROWS: readonly Row[] = [[abi.UDP_CORK, ...FLAG]];

const UDPLITE_ROWS: readonly Row[] = [
  [abi.UDPLITE_SEND_CSCOV, 0, coverage],
  [abi.UDPLITE_RECV_CSCOV, 0, coverage],
];

/** netlink(7). Memberships are of groups that tell changes, and nothing changes. */
const NETLINK_ROWS: readonly Row[] = [
  [abi.NETLINK_ADD_MEMBERSHIP, 0],
  [abi.NETLINK_DROP_MEMBERSHIP, 0],
  [abi.NETLINK_PKTINFO, ...FLAG],
  [abi.NETLINK_BROADCAST_ERROR, ...FLAG],
  [abi.NETLINK_NO_ENOBUFS, ...FLAG],
  [abi.NETLINK_CAP_ACK, ...FLAG],
  [abi.NETLINK_EXT_ACK, ...FLAG],
  [abi.NETLINK_GET_STRICT_CHK, ...FLAG],
];

const ofLevel = (level: number, rows: readonly Row[]): OptionRow[] =>
  rows.map(([name, initial, accept, shape = 'int']) => ({ level, name, shape, initial, ...(accept && { accept }) }));

const ROWS: readonly OptionRow[] = [
  ...ofLevel(abi.SOL_SOCKET, SOCKET_ROWS),
  ...ofLevel(abi.IPPROTO_IP, IP_ROWS),
  ...ofLevel(abi.IPPROTO_IPV6, IPV6_ROWS),
  ...ofLevel(abi.IPPROTO_TCP, TCP_ROWS),
  ...ofLevel(abi.IPPROTO_UDP, UDP_ROWS),
  ...ofLevel(abi.IPPROTO_UDPLITE, UDPLITE_ROWS),
  ...ofLevel(abi.SOL_NETLINK, NETLINK_ROWS),
];

const keyOf = (level: number, name: number): number => level * 0x1_0000 + name;
const ROW_BY_KEY = new Map(ROWS.map((row) => [keyOf(row.level, row.name), row]));

const SIZE: Readonly<Record<Shape, number>> = { int: 4, timeval: 16, linger: 8 };

export class SocketOptions {
  readonly #values = new Map<number, number>();

  /** A copy: what an accepted socket inherits. */
  clone(): SocketOptions {
    const copy = new SocketOptions();
    for (const [key, value] of this.#values) copy.#values.set(key, value);
    return copy;
  }

  /** Value of an option of SOL_SOCKET. */
  socket(name: number): number {
    return this.number(abi.SOL_SOCKET, name);
  }

  number(level: number, name: number): number {
    const row = rowOf(level, name);
    return this.#values.get(keyOf(level, name)) ?? row.initial;
  }

  /** @throws ENOPROTOOPT, EINVAL when `bytes` are too few or the value is out of range */
  set(level: number, name: number, bytes: Uint8Array): void {
    const row = rowOf(level, name);
    // Linux do_ip_setsockopt: the options of IPv4 may be single bytes.
    const isByte = level === abi.IPPROTO_IP && bytes.length > 0 && bytes.length < 4;
    if (bytes.length < SIZE[row.shape] && !isByte) throw EINVAL;
    const value = isByte
      ? (bytes[0] ?? 0)
      : decode(row.shape, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#values.set(keyOf(level, name), row.accept === undefined ? value : row.accept(value));
  }

  /** The option's value as it lies in memory. @throws ENOPROTOOPT */
  get(level: number, name: number): Uint8Array {
    return encode(rowOf(level, name).shape, this.number(level, name));
  }
}

/** Whether some kind of socket has it. */
export function isKnownOption(level: number, name: number): boolean {
  return ROW_BY_KEY.has(keyOf(level, name));
}

function rowOf(level: number, name: number): OptionRow {
  const row = ROW_BY_KEY.get(keyOf(level, name));
  if (row === undefined) throw ENOPROTOOPT;
  return row;
}

function decode(shape: Shape, view: DataView): number {
  if (shape === 'timeval') {
    const microseconds = Number(view.getBigInt64(8, true));
    if (microseconds < 0 || microseconds >= 1e6) throw EDOM; // Linux sock_set_timeout
    return Number(view.getBigInt64(0, true)) * 1e6 + microseconds;
  }
  const value = view.getInt32(0, true);
  if (shape === 'linger') return value === 0 ? -1 : view.getInt32(4, true);
  return value;
}

function encode(shape: Shape, value: number): Uint8Array {
  const bytes = new Uint8Array(SIZE[shape]);
  const view = new DataView(bytes.buffer);
  if (shape === 'timeval') {
    view.setBigInt64(0, BigInt(Math.floor(value / 1e6)), true);
    view.setBigInt64(8, BigInt(value % 1e6), true);
  } else if (shape === 'linger') {
    view.setInt32(0, value < 0 ? 0 : 1, true);
    view.setInt32(4, Math.max(value, 0), true);
  } else view.setInt32(0, value, true);
  return bytes;
}
