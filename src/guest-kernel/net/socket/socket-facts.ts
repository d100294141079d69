/** What there is to know of the machine's sockets, for /proc/net and for NETLINK_SOCK_DIAG. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { Errno } from '../../abi/errno.ts';
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, IPPROTO_UDP, IPPROTO_UDPLITE, SOCK_RAW } from '../../abi/socket.ts';
import type { SocketAddress } from '../../abi/socket-address.ts';
import { TCP_CLOSE, TCP_ESTABLISHED, TCP_LISTEN } from '../../abi/tcp.ts';
import type { Credentials } from '../../vfs/credentials.ts';
import type { FileTable } from '../../vfs/file-table.ts';
import { ANY6, type Endpoint, endpointOf } from '../host.ts';
import { InetSocket } from './inet-socket.ts';
import { Socket } from './socket.ts';
import { TcpSocket } from './tcp-socket.ts';

export interface SocketFacts {
  readonly kind: 'tcp' | 'udp' | 'udplite' | 'icmp' | 'raw' | 'unix';
  /** As in 'socket:[n]'. */
  readonly inodeNumber: number;
  readonly type: number;
  /** TCP_* of abi/tcp.ts; a datagram socket is established or closed. */
  readonly state: number;
  readonly isListening: boolean;
  readonly isConnected: boolean;
  readonly family: number;
  /** Of a Unix socket nowhere: it has a path. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Bytes that its peer, and that its program has not taken. */
  readonly unsentBytes: number;
  readonly unreadBytes: number;
  readonly path: ByteString;
  readonly uid: number;
  /** Of one that listens: how many wait to be accepted, and how many may. */
  readonly waiting: number;
  readonly waitingLimit: number;
  /** IPV6_V6ONLY. */
  readonly isV6Only: boolean;
  /** Of a Unix socket: the other end's, 0 where there is none. */
  readonly peerInodeNumber: number;
}

interface Holder {
  readonly isRunning: boolean;
  readonly files: FileTable;
  readonly credentials: Credentials;
}

/** Every socket that some program holds. */
export function socketFacts(programs: Iterable<Holder>): readonly SocketFacts[] {
  const found = new Map<Socket, number>();
  for (const program of programs) {
    if (!program.isRunning) continue;
    for (const fd of program.files.descriptors()) {
      const file = program.files.get(fd);
      if (file instanceof Socket && file.family !== AF_NETLINK && !found.has(file))
        found.set(file, program.credentials.euid);
    }
  }
  return [...found].map(([socket, uid]) => describeSocket(socket, uid));
}

const NOWHERE: Endpoint = { host: ANY6, port: 0 };

function describeSocket(socket: Socket, uid: number): SocketFacts {
  const local = socket.localAddress();
  const remote = remoteOf(socket);
  return {
    kind: kindOf(socket),
    inodeNumber: socket.attributes().inodeNumber,
    type: socket.type,
    family: socket.family,
    state: stateOf(socket, remote !== undefined),
    isListening: socket.isListening,
    isConnected: remote !== undefined,
    local: placeOf(local),
    remote: placeOf(remote),
    path: local.family === AF_UNIX ? local.path : '',
    unsentBytes: socket.unsentBytes(),
    unreadBytes: socket.readableBytes(),
    uid,
    ...(socket.waiting ?? { waiting: 0, waitingLimit: 0 }),
    isV6Only: socket instanceof InetSocket && socket.isV6Only,
    peerInodeNumber: socket.peer?.attributes().inodeNumber ?? 0,
  };
}

const KINDS: Readonly<Record<number, SocketFacts['kind']>> = { [IPPROTO_UDP]: 'udp', [IPPROTO_UDPLITE]: 'udplite' };

function kindOf(socket: Socket): SocketFacts['kind'] {
  if (socket.family === AF_UNIX) return 'unix';
  if (socket instanceof TcpSocket) return 'tcp';
  if (socket.type === SOCK_RAW) return 'raw';
  return KINDS[socket.protocol] ?? 'icmp';
}

function stateOf(socket: Socket, isConnected: boolean): number {
  if (socket instanceof TcpSocket) return socket.tcpState;
  if (socket.isListening) return TCP_LISTEN;
  return isConnected ? TCP_ESTABLISHED : TCP_CLOSE;
}

function placeOf(address: SocketAddress | undefined): Endpoint {
  return address?.family === AF_INET || address?.family === AF_INET6 ? endpointOf(address) : NOWHERE;
}

function remoteOf(socket: Socket): SocketAddress | undefined {
  try {
    return socket.remoteAddress();
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}
