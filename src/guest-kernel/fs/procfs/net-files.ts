/** /proc/PID/net: interfaces, routes and sockets in the tables of Linux net/ipv4 and net/unix. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { TreeRow } from '../virtual/virtual-tree.ts';
import type { ProcSource, SocketFacts } from './proc-source.ts';

const TCP_ESTABLISHED = 1;
const TCP_CLOSE = 7;
const TCP_LISTEN = 10;

function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(digits, '0');
}

/** The address as the bytes of a little-endian word, the port as a number. */
function endpoint({ host, port }: { readonly host: number; readonly port: number }): string {
  const swapped = ((host & 0xff) << 24) | ((host & 0xff00) << 8) | ((host >>> 8) & 0xff00) | (host >>> 24);
  return `${hex(swapped, 8)}:${hex(port, 4)}`;
}

function inetLine(socket: SocketFacts, slot: number): string {
  const state = socket.isListening ? TCP_LISTEN : socket.isConnected ? TCP_ESTABLISHED : TCP_CLOSE;
  const head = `${endpoint(socket.local)} ${endpoint(socket.remote)} ${hex(state, 2)} 00000000:00000000 00:00000000 00000000`;
  const tail = `${String(socket.uid).padStart(5)}        0 ${socket.inodeNumber}`;
  return socket.kind === 'tcp'
    ? `${`${String(slot).padStart(4)}: ${head} ${tail} 1 0000000000000000 100 0 0 10 0`.padEnd(149)}\n`
    : `${`${String(slot).padStart(5)}: ${head} ${tail} 2 0000000000000000 0`.padEnd(127)}\n`;
}

const INET_HEAD = 'sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

function inetTable(source: ProcSource, kind: 'tcp' | 'udp'): ByteString {
  const title = kind === 'tcp' ? `  ${INET_HEAD}`.padEnd(149) : `   ${INET_HEAD} ref pointer drops `.padEnd(127);
  const bound = source.sockets().filter((socket) => socket.kind === kind && socket.local.port !== 0);
  return `${title}\n${bound.map(inetLine).join('')}`;
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

function sockstat(source: ProcSource): ByteString {
  const all = source.sockets();
  const count = (kind: SocketFacts['kind']): number => all.filter((socket) => socket.kind === kind).length;
  const tcp = count('tcp');
  return (
    `sockets: used ${all.length}\nTCP: inuse ${tcp} orphan 0 tw 0 alloc ${tcp} mem 0\nUDP: inuse ${count('udp')} mem 0\n` +
    'UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n'
  );
}

const ROUTE_HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

export function netFiles(source: ProcSource): readonly TreeRow[] {
  return [
    ['arp', () => 'IP address       HW type     Flags       HW address            Mask     Device\n'],
    ['dev', () => dev(source)],
    ['if_inet6', () => ''],
    ['netlink', () => 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'],
    ['packet', () => 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n'],
    ['raw', () => `   ${INET_HEAD} ref pointer drops\n`],
    // Linux keeps the routes of the loopback in a table of their own, which this file does not show.
    ['route', () => `${ROUTE_HEAD.padEnd(127)}\n`],
    ['sockstat', () => sockstat(source)],
    ['tcp', () => inetTable(source, 'tcp')],
    ['udp', () => inetTable(source, 'udp')],
    ['unix', () => unixTable(source)],
  ];
}
