/** /proc/PID/net: interfaces, routes and sockets in the tables of Linux net/ipv4, net/ipv6 and net/unix. */
import { type ByteString, bytesOf } from '../../../emulator/util/bytes.ts';
import { AF_INET, AF_INET6 } from '../../abi/socket.ts';
import { TCP_ESTABLISHED } from '../../abi/tcp.ts';
import { type Endpoint, isMapped } from '../../net/host.ts';
import { LOOPBACK } from '../../net/interfaces.ts';
import type { TreeRow } from '../virtual/virtual-tree.ts';
import type { SocketFacts } from '../../net/socket/socket-facts.ts';
import type { ProcSource } from './proc-source.ts';

function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(digits, '0');
}

/** The address in words of the machine's byte order (here little-endian), the port as a number. */
function endpoint({ host, port }: Endpoint, family: number): string {
  const bytes = bytesOf(host);
  const words = family === AF_INET6 ? [0, 4, 8, 12] : [12];
  const view = new DataView(bytes.buffer);
  return `${words.map((at) => hex(view.getUint32(at, true), 8)).join('')}:${hex(port, 4)}`;
}

function inetLine(socket: SocketFacts, slot: number): string {
  const { family } = socket;
  const queues = `${hex(socket.unsentBytes, 8)}:${hex(socket.unreadBytes, 8)}`;
  const head = `${endpoint(socket.local, family)} ${endpoint(socket.remote, family)} ${hex(socket.state, 2)} ${queues} 00:00000000 00000000`;
  const tail = `${String(socket.uid).padStart(5)}        0 ${socket.inodeNumber}`;
  const isTcp = socket.kind === 'tcp';
  const line = isTcp
    ? `${String(slot).padStart(4)}: ${head} ${tail} 1 0000000000000000 100 0 0 10 0`
    : `${String(slot).padStart(5)}: ${head} ${tail} 2 0000000000000000 0`;
  // The tables of IPv4 are padded (TMPSZ of Linux), those of IPv6 are not.
  return `${family === AF_INET6 ? line : line.padEnd(isTcp ? 149 : 127)}\n`;
}

const INET_HEAD = 'sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const INET6_HEAD =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const DATAGRAM_HEADS = {
  [AF_INET]: `   ${INET_HEAD} ref pointer drops`.padEnd(127),
  [AF_INET6]: `${INET6_HEAD} ref pointer drops`,
} as const;
const RAW_HEADS = { [AF_INET]: `  ${INET_HEAD} ref pointer drops`, [AF_INET6]: DATAGRAM_HEADS[AF_INET6] } as const;
const TCP_HEADS = { [AF_INET]: `  ${INET_HEAD}`.padEnd(149), [AF_INET6]: INET6_HEAD } as const;

function inetTable(
  source: ProcSource,
  kind: Exclude<SocketFacts['kind'], 'unix'>,
  family: typeof AF_INET | typeof AF_INET6,
): ByteString {
  const heads = kind === 'tcp' ? TCP_HEADS : kind === 'raw' ? RAW_HEADS : DATAGRAM_HEADS;
  const bound = source
    .sockets()
    .filter((socket) => socket.kind === kind && socket.family === family && socket.local.port !== 0);
  return `${heads[family]}\n${bound.map(inetLine).join('')}`;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** include/net/if_inet6.h: address, index, prefix length, scope, flags, name. */
function inet6Addresses(): ByteString {
  return LOOPBACK.addresses
    .filter(({ host }) => !isMapped(host))
    .map(({ host, prefixLength }) => {
      const text = [...bytesOf(host)].map(hexByte).join('');
      return `${text} ${hexByte(LOOPBACK.index)} ${hexByte(prefixLength)} 10 80 ${LOOPBACK.name.padStart(8)}\n`;
    })
    .join('');
}

/** net/ipv6/route.c: the route to ::1, and the one that refuses all else. */
function inet6Routes(): ByteString {
  const zeros = '0'.repeat(32);
  const line = (host: string, length: string, metric: string, flags: string): string =>
    `${host} ${length} ${zeros} 00 ${zeros} ${metric} 00000001 00000000 ${flags} ${LOOPBACK.name.padStart(8)}\n`;
  return line(`${'0'.repeat(31)}1`, '80', '00000000', '80200001') + line(zeros, '00', 'ffffffff', '00200200');
}

function unixTable(source: ProcSource): ByteString {
  const lines = source
    .sockets()
    .filter(({ kind }) => kind === 'unix')
    .map(({ type, isListening, isConnected, inodeNumber, path }) => {
      const state = isListening || !isConnected ? 1 : 3; // SS_UNCONNECTED, SS_CONNECTED
      const flags = isListening ? '00010000' : '00000000';
      const name = path === '' ? '' : ` ${path.replaceAll('\0', '@')}`;
      return `0000000000000000: 00000002 00000000 ${flags} ${hex(type, 4)} ${hex(state, 2)} ${String(inodeNumber).padStart(5)}${name}\n`;
    });
  return `Num       RefCount Protocol Flags    Type St Inode Path\n${lines.join('')}`;
}

function dev({ traffic: { bytes, packets } }: ProcSource): ByteString {
  const counts = `${String(bytes).padStart(8)} ${String(packets).padStart(7)}    0    0    0     0          0         0`;
  const sent = `${String(bytes).padStart(8)} ${String(packets).padStart(7)}    0    0    0     0       0          0`;
  return (
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
    `    lo:${counts} ${sent}\n`
  );
}

/** How many sockets of a kind and family there are. */
function countOf(all: readonly SocketFacts[], kind: SocketFacts['kind'], family: number): number {
  return all.filter((socket) => socket.kind === kind && socket.family === family).length;
}

function sockstat(source: ProcSource): ByteString {
  const all = source.sockets();
  const allTcp = all.filter(({ kind }) => kind === 'tcp').length;
  return (
    `sockets: used ${all.length}\nTCP: inuse ${countOf(all, 'tcp', AF_INET)} orphan 0 tw 0 alloc ${allTcp} mem 0\n` +
    `UDP: inuse ${countOf(all, 'udp', AF_INET)} mem 0\nUDPLITE: inuse ${countOf(all, 'udplite', AF_INET)}\n` +
    `RAW: inuse ${countOf(all, 'raw', AF_INET)}\nFRAG: inuse 0 memory 0\n`
  );
}

function sockstat6(source: ProcSource): ByteString {
  const all = source.sockets();
  return (
    `TCP6: inuse ${countOf(all, 'tcp', AF_INET6)}\nUDP6: inuse ${countOf(all, 'udp', AF_INET6)}\n` +
    `UDPLITE6: inuse ${countOf(all, 'udplite', AF_INET6)}\nRAW6: inuse ${countOf(all, 'raw', AF_INET6)}\nFRAG6: inuse 0 memory 0\n`
  );
}

/** Of the counters of RFC 4022 those that are kept; ss(8) looks for CurrEstab by its name. */
function snmp(source: ProcSource): ByteString {
  const established = source.sockets().filter(({ kind, state }) => kind === 'tcp' && state === TCP_ESTABLISHED).length;
  return `Tcp: RtoAlgorithm RtoMin RtoMax MaxConn CurrEstab\nTcp: 1 200 120000 -1 ${established}\n`;
}

const ROUTE_HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

export function netFiles(source: ProcSource): readonly TreeRow[] {
  return [
    ['arp', () => 'IP address       HW type     Flags       HW address            Mask     Device\n'],
    ['dev', () => dev(source)],
    ['if_inet6', () => inet6Addresses()],
    ['ipv6_route', () => inet6Routes()],
    ['netlink', () => 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'],
    ['packet', () => 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n'],
    ['icmp', () => inetTable(source, 'icmp', AF_INET)],
    ['icmp6', () => inetTable(source, 'icmp', AF_INET6)],
    ['raw', () => inetTable(source, 'raw', AF_INET)],
    ['raw6', () => inetTable(source, 'raw', AF_INET6)],
    // Linux keeps the routes of the loopback in a table of their own, which this file does not show.
    ['route', () => `${ROUTE_HEAD.padEnd(127)}\n`],
    ['snmp', () => snmp(source)],
    ['sockstat', () => sockstat(source)],
    ['sockstat6', () => sockstat6(source)],
    ['tcp', () => inetTable(source, 'tcp', AF_INET)],
    ['tcp6', () => inetTable(source, 'tcp', AF_INET6)],
    ['udp', () => inetTable(source, 'udp', AF_INET)],
    ['udp6', () => inetTable(source, 'udp', AF_INET6)],
    ['udplite', () => inetTable(source, 'udplite', AF_INET)],
    ['udplite6', () => inetTable(source, 'udplite', AF_INET6)],
    ['unix', () => unixTable(source)],
  ];
}
