/** Socket options as rows: what setsockopt(2) takes, what getsockopt(2) answers before anything was set. */
import { EINVAL, ENOPROTOOPT } from '../../abi/errno.ts';
import * as abi from '../../abi/socket.ts';

/** How an option's value lies in memory; times are kept in µs, a linger as seconds or -1 for off. */
type Shape = 'flag' | 'int' | 'timeval' | 'linger';

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
const MIN_BUFFER_BYTES = 2304; // Linux SOCK_MIN_RCVBUF

// socket(7): the kernel doubles the value to allow for bookkeeping.
const bufferSize = (value: number): number => Math.min(Math.max(value * 2, MIN_BUFFER_BYTES), MAX_BUFFER_BYTES);

const between =
  (least: number, most: number) =>
  (value: number): number => {
    if (value < least || value > most) throw EINVAL;
    return value;
  };

const socketLevel = (name: number, shape: Shape, initial: number, accept?: (value: number) => number): OptionRow => ({
  level: abi.SOL_SOCKET,
  name,
  shape,
  initial,
  ...(accept && { accept }),
});
const tcpLevel = (name: number, initial: number, accept?: (value: number) => number): OptionRow => ({
  level: abi.IPPROTO_TCP,
  name,
  shape: 'int',
  initial,
  ...(accept && { accept }),
});
const ipLevel = (name: number, initial: number, accept?: (value: number) => number): OptionRow => ({
  level: abi.IPPROTO_IP,
  name,
  shape: 'int',
  initial,
  ...(accept && { accept }),
});

/** Bytes that the checksum covers, 0: all. Less than the header cannot be left out (Linux udp_lib_setsockopt). */
const coverage = (value: number): number => (value === 0 ? 0 : Math.min(Math.max(value, 8), 0xffff));
const udpLiteLevel = (name: number): OptionRow => ({
  level: abi.IPPROTO_UDPLITE,
  name,
  shape: 'int',
  initial: 0,
  accept: coverage,
});

const asFlag = (value: number): number => (value === 0 ? 0 : 1);

const ROWS: readonly OptionRow[] = [
  socketLevel(abi.SO_DEBUG, 'flag', 0),
  socketLevel(abi.SO_REUSEADDR, 'flag', 0),
  socketLevel(abi.SO_DONTROUTE, 'flag', 0),
  socketLevel(abi.SO_BROADCAST, 'flag', 0),
  socketLevel(abi.SO_SNDBUF, 'int', DEFAULT_BUFFER_BYTES, bufferSize),
  socketLevel(abi.SO_RCVBUF, 'int', DEFAULT_BUFFER_BYTES, bufferSize),
  socketLevel(abi.SO_KEEPALIVE, 'flag', 0),
  socketLevel(abi.SO_OOBINLINE, 'flag', 0),
  socketLevel(abi.SO_PRIORITY, 'int', 0),
  socketLevel(abi.SO_LINGER, 'linger', -1),
  socketLevel(abi.SO_REUSEPORT, 'flag', 0),
  socketLevel(abi.SO_PASSCRED, 'flag', 0),
  socketLevel(abi.SO_RCVLOWAT, 'int', 1),
  socketLevel(abi.SO_RCVTIMEO, 'timeval', 0),
  socketLevel(abi.SO_SNDTIMEO, 'timeval', 0),
  socketLevel(abi.SO_TIMESTAMP, 'flag', 0),
  socketLevel(abi.SO_BUSY_POLL, 'int', 0),
  socketLevel(abi.SO_INCOMING_CPU, 'int', 0),
  ipLevel(abi.IP_TOS, 0),
  ipLevel(abi.IP_TTL, 64, between(1, 255)),
  ipLevel(abi.IP_RECVERR, 0, asFlag),
  ipLevel(abi.IP_MTU_DISCOVER, 1, between(0, 5)),
  ipLevel(abi.IP_PKTINFO, 0, asFlag),
  ipLevel(abi.IP_FREEBIND, 0, asFlag),
  ipLevel(abi.IP_BIND_ADDRESS_NO_PORT, 0, asFlag),
  udpLiteLevel(abi.UDPLITE_SEND_CSCOV),
  udpLiteLevel(abi.UDPLITE_RECV_CSCOV),
  tcpLevel(abi.TCP_NODELAY, 0, asFlag),
  tcpLevel(abi.TCP_MAXSEG, 65_483, between(88, 32_767)),
  tcpLevel(abi.TCP_CORK, 0, asFlag),
  tcpLevel(abi.TCP_KEEPIDLE, 7200, between(1, 32_767)),
  tcpLevel(abi.TCP_KEEPINTVL, 75, between(1, 32_767)),
  tcpLevel(abi.TCP_KEEPCNT, 9, between(1, 127)),
  tcpLevel(abi.TCP_SYNCNT, 6, between(1, 127)),
  tcpLevel(abi.TCP_LINGER2, 60),
  tcpLevel(abi.TCP_DEFER_ACCEPT, 0),
  tcpLevel(abi.TCP_WINDOW_CLAMP, 0),
  tcpLevel(abi.TCP_QUICKACK, 1, asFlag),
  tcpLevel(abi.TCP_USER_TIMEOUT, 0),
  tcpLevel(abi.TCP_FASTOPEN, 0),
];

const keyOf = (level: number, name: number): number => level * 0x1_0000 + name;
const ROW_BY_KEY = new Map(ROWS.map((row) => [keyOf(row.level, row.name), row]));

const SIZE: Readonly<Record<Shape, number>> = { flag: 4, int: 4, timeval: 16, linger: 8 };

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
    if (bytes.length < SIZE[row.shape]) throw EINVAL;
    const value = decode(row.shape, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#values.set(keyOf(level, name), row.accept === undefined ? value : row.accept(value));
  }

  /** The option's value as it lies in memory. @throws ENOPROTOOPT */
  get(level: number, name: number): Uint8Array {
    return encode(rowOf(level, name).shape, this.number(level, name));
  }
}

function rowOf(level: number, name: number): OptionRow {
  const row = ROW_BY_KEY.get(keyOf(level, name));
  if (row === undefined) throw ENOPROTOOPT;
  return row;
}

function decode(shape: Shape, view: DataView): number {
  if (shape === 'timeval') return Number(view.getBigInt64(0, true)) * 1e6 + Number(view.getBigInt64(8, true));
  const value = view.getInt32(0, true);
  if (shape === 'linger') return value === 0 ? -1 : view.getInt32(4, true);
  return shape === 'flag' ? asFlag(value) : value;
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
