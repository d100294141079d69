/** socket(2) and its family. The behaviour is the sockets' own (net/socket/); here are arguments and descriptors. */
import { CAP_NET_BIND_SERVICE, CAP_NET_RAW } from '../abi/capability.ts';
import {
  EACCES,
  EAFNOSUPPORT,
  EFAULT,
  EINVAL,
  ENODATA,
  ERANGE,
  ENOPROTOOPT,
  ENOTSOCK,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
} from '../abi/errno.ts';
import * as abi from '../abi/socket.ts';
import { SOCKADDR_MAX } from '../abi/socket-address.ts';
import { isBlocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import type { Network, PeerCredentials } from '../net/network.ts';
import type { InetFamily } from '../net/socket/inet-socket.ts';
import { isKnownOption } from '../net/socket/options.ts';
import { Socket, type ReceivedMessage } from '../net/socket/socket.ts';
import { NetlinkSocket } from '../net/socket/netlink-socket.ts';
import { PingSocket } from '../net/socket/ping-socket.ts';
import { RawSocket } from '../net/socket/raw-socket.ts';
import { TcpSocket } from '../net/socket/tcp-socket.ts';
import { UdpSocket } from '../net/socket/udp-socket.ts';
import { UnixDatagramSocket } from '../net/socket/unix-datagram-socket.ts';
import { UnixSeqpacketSocket } from '../net/socket/unix-seqpacket-socket.ts';
import { UnixStreamSocket } from '../net/socket/unix-stream-socket.ts';
import {
  bringInAddress,
  loadAddress,
  receiveMessage,
  sendMessage,
  socketNames,
  storeAddress,
} from './socket-messages.ts';
import { openProgramFile } from './pidfd.ts';
import { getFilterOption, setFilterOption } from './socket-filters.ts';
import { partial, syscall, type Result, type Syscall } from './syscall.ts';
import { bringIn } from './user-buffers.ts';

/** Linux: as many families, kinds and protocols it has numbers for. */
const AF_MAX = 46;
const SOCK_MAX = 11;
const IPPROTO_MAX = 263;

/** The socket behind a descriptor. @throws EBADF, ENOTSOCK */
export function socketOf(thread: Thread, fd: number): Socket {
  const file = thread.files.get(fd);
  if (!(file instanceof Socket)) throw ENOTSOCK;
  return file;
}

function ownerOf(thread: Thread): PeerCredentials {
  const { euid: uid, egid: gid, groups } = thread.credentials;
  return { pid: thread.program.pid, uid, gid, groups };
}

/** Gives `file` a descriptor as SOCK_CLOEXEC and SOCK_NONBLOCK ask. */
function install(thread: Thread, socket: Socket, flags: number): number {
  if ((flags & abi.SOCK_NONBLOCK) !== 0) socket.flags |= abi.SOCK_NONBLOCK;
  try {
    return thread.files.add(socket, { isCloseOnExec: (flags & abi.SOCK_CLOEXEC) !== 0 });
  } catch (error) {
    socket.release();
    throw error;
  }
}

function checkedFlags(type: number): number {
  const flags = type & ~abi.SOCK_TYPE_MASK;
  if ((flags & ~(abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC)) !== 0) throw EINVAL;
  return flags;
}

function openSocket(thread: Thread, family: number, type: number, protocol: number): Socket {
  const { network } = thread.machine;
  const kind = type & abi.SOCK_TYPE_MASK;
  if (family < 0 || family >= AF_MAX) throw EAFNOSUPPORT;
  if (kind >= SOCK_MAX) throw EINVAL;
  if (family === abi.AF_UNIX) {
    if (protocol !== 0 && protocol !== abi.AF_UNIX) throw EPROTONOSUPPORT;
    if (kind === abi.SOCK_STREAM) return new UnixStreamSocket(network, ownerOf(thread));
    if (kind === abi.SOCK_DGRAM || kind === abi.SOCK_RAW) return new UnixDatagramSocket(network, ownerOf(thread));
    if (kind === abi.SOCK_SEQPACKET) return new UnixSeqpacketSocket(network, ownerOf(thread));
    throw ESOCKTNOSUPPORT;
  }
  if (family === abi.AF_NETLINK) {
    if (kind !== abi.SOCK_RAW && kind !== abi.SOCK_DGRAM) throw ESOCKTNOSUPPORT;
    if (protocol !== abi.NETLINK_ROUTE && protocol !== abi.NETLINK_SOCK_DIAG) throw EPROTONOSUPPORT;
    return new NetlinkSocket(network, thread.program.pid, kind, protocol);
  }
  if (family !== abi.AF_INET && family !== abi.AF_INET6) throw EAFNOSUPPORT;
  if (protocol < 0 || protocol >= IPPROTO_MAX) throw EINVAL;
  if (kind === abi.SOCK_RAW && protocol !== 0) requireCapability(thread.credentials, CAP_NET_RAW);
  return openInetSocket(network, family, kind, protocol);
}

function openInetSocket(network: Network, family: InetFamily, kind: number, protocol: number): Socket {
  if (kind === abi.SOCK_STREAM) {
    if (protocol !== 0 && protocol !== abi.IPPROTO_TCP) throw EPROTONOSUPPORT;
    return new TcpSocket(network, family);
  }
  if (kind === abi.SOCK_RAW) {
    if (protocol <= 0 || protocol > abi.IPPROTO_RAW) throw EPROTONOSUPPORT;
    return new RawSocket(network, protocol, family);
  }
  if (kind !== abi.SOCK_DGRAM) throw ESOCKTNOSUPPORT;
  if (protocol === (family === abi.AF_INET ? abi.IPPROTO_ICMP : abi.IPPROTO_ICMPV6))
    return new PingSocket(network, family);
  if (protocol !== 0 && protocol !== abi.IPPROTO_UDP && protocol !== abi.IPPROTO_UDPLITE) throw EPROTONOSUPPORT;
  return new UdpSocket(network, protocol === 0 ? abi.IPPROTO_UDP : protocol, family);
}

type MakePair = (network: Network, owner: PeerCredentials) => readonly Socket[];

// unix(7): SOCK_RAW is SOCK_DGRAM by another name.
const PAIRS: Readonly<Record<number, MakePair>> = {
  [abi.SOCK_STREAM]: (network, owner) => UnixStreamSocket.pair(network, owner),
  [abi.SOCK_DGRAM]: (network, owner) => UnixDatagramSocket.pair(network, owner),
  [abi.SOCK_RAW]: (network, owner) => UnixDatagramSocket.pair(network, owner),
  [abi.SOCK_SEQPACKET]: (network, owner) => UnixSeqpacketSocket.pair(network, owner),
};

function socketPair(thread: Thread, args: { family: number; type: number; protocol: number; sv: number }): Result {
  const { family, type, protocol } = args;
  const flags = checkedFlags(type);
  const kind = type & abi.SOCK_TYPE_MASK;
  thread.files.lowestFree(thread.files.lowestFree() + 1);
  thread.memory.writable(args.sv, 8);
  if (family >= 0 && family < AF_MAX && kind >= SOCK_MAX) throw EINVAL;
  if (family === abi.AF_INET || family === abi.AF_INET6) throw EOPNOTSUPP;
  if (family !== abi.AF_UNIX) throw EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== abi.AF_UNIX) throw EPROTONOSUPPORT;
  if (PAIRS[kind] === undefined) throw ESOCKTNOSUPPORT;
  const { network } = thread.machine;
  const pair = PAIRS[kind]?.(network, ownerOf(thread)) ?? [];
  for (const [i, socket] of pair.entries()) thread.memory.storeU32(args.sv + i * 4, install(thread, socket, flags));
  return 0;
}

function accept(thread: Thread, call: Call, fd: number, addr: number, lengthAddr: number, flags: number): Result {
  thread.files.get(fd);
  if ((flags & ~(abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC)) !== 0) throw EINVAL;
  const listener = socketOf(thread, fd);
  thread.files.lowestFree();
  if (addr !== 0) bringInAddress(thread.memory, addr, lengthAddr);
  const accepted = listener.accept(call);
  if (isBlocked(accepted)) return accepted;
  const newFd = install(thread, accepted, flags);
  try {
    if (addr !== 0) storeAddress(thread.memory, addr, lengthAddr, accepted.acceptedFrom());
  } catch (error) {
    thread.files.close(newFd);
    throw error;
  }
  return newFd;
}

function connect(thread: Thread, args: { fd: number; addr: number; length: number }, call: Call): Result {
  const socket = socketOf(thread, args.fd);
  if (args.addr === 0) throw EFAULT;
  if (args.length < 2) throw EINVAL;
  const to = loadAddress(thread.memory, args.addr, args.length);
  if (to === undefined) throw EINVAL;
  return socket.connect(call, to, socketNames(thread));
}

/** net.ipv4.ip_unprivileged_port_start, for both families. */
const FIRST_UNPRIVILEGED_PORT = 1024;

function bind(thread: Thread, args: { fd: number; addr: number; length: number }): Result {
  const socket = socketOf(thread, args.fd);
  if (args.length < 2 || args.length > SOCKADDR_MAX) throw EINVAL;
  const address = loadAddress(thread.memory, args.addr, args.length);
  if (address === undefined) throw EINVAL;
  const isInet = address.family === abi.AF_INET || address.family === abi.AF_INET6;
  const isPrivileged = isInet && address.port > 0 && address.port < FIRST_UNPRIVILEGED_PORT;
  if (isPrivileged && !isCapable(thread.credentials, CAP_NET_BIND_SERVICE)) throw EACCES;
  socket.bind(address, socketNames(thread));
  return 0;
}

/** More than a socket keeps unread (options.ts). */
const MOST_DISCARDED = 8 << 20;

function receiveFrom(
  thread: Thread,
  args: { fd: number; buffer: number; size: number; flags: number; addr: number; lengthAddr: number },
  call: Call,
): Result {
  const socket = socketOf(thread, args.fd);
  const message: ReceivedMessage = {};
  const dst = socket.discards(args.flags)
    ? new Uint8Array(Math.min(args.size, MOST_DISCARDED))
    : thread.memory.writable(args.buffer, Math.min(args.size, 0x7fff_f000));
  if (args.addr !== 0) bringInAddress(thread.memory, args.addr, args.lengthAddr);
  const count = socket.receive(call, dst, args.flags, message);
  if (isBlocked(count)) return count;
  for (const file of message.files ?? []) file.release(); // recv(2) has no place for descriptors: they close
  if (args.addr === 0) return count;
  if (message.from !== undefined) storeAddress(thread.memory, args.addr, args.lengthAddr, message.from);
  else if (args.lengthAddr !== 0) thread.memory.storeU32(args.lengthAddr, 0);
  return count;
}

const READ_ONLY_OPTIONS: readonly number[] = [
  abi.SO_ACCEPTCONN,
  abi.SO_DOMAIN,
  abi.SO_ERROR,
  abi.SO_PEERCRED,
  abi.SO_PROTOCOL,
  abi.SO_TYPE,
];
const UNKNOWN_OPTIONS_SAID = new WeakMap<object, Set<number>>();

/** One console line per unknown option, so that a program that misses something says so. */
function sayUnknownOption(thread: Thread, level: number, name: number): void {
  if (level === abi.SOL_SOCKET && READ_ONLY_OPTIONS.includes(name)) return; // Linux says no more
  const said = UNKNOWN_OPTIONS_SAID.get(thread.machine) ?? new Set();
  UNKNOWN_OPTIONS_SAID.set(thread.machine, said);
  const key = level * 0x1_0000 + name;
  if (said.has(key)) return;
  said.add(key);
  thread.machine.log.notice(`${thread.program.path}: unknown socket option ${level}/${name}`);
}

function setSocketOption(
  thread: Thread,
  args: { fd: number; level: number; name: number; value: number; size: number },
): Result {
  const socket = socketOf(thread, args.fd);
  // Linux sk_setsockopt looks at no value that is shorter, but at a name.
  const isShort = args.level === abi.SOL_SOCKET && args.name !== abi.SO_BINDTODEVICE && args.size < 4;
  if (args.size < 0 || isShort) throw EINVAL;
  if (setFilterOption(thread, socket, args)) return 0;
  try {
    socket.setOption(args.level, args.name, thread.memory.readable(args.value, Math.min(args.size, OPTION_BYTES)));
  } catch (error) {
    if (error === ENOPROTOOPT && !isKnownOption(args.level, args.name)) sayUnknownOption(thread, args.level, args.name);
    throw error;
  }
  return 0;
}

/** SO_PEERPIDFD: a new descriptor for the program that made the other end. */
function peerDescriptor(thread: Thread, socket: Socket): Uint8Array {
  if (socket.family !== abi.AF_UNIX) throw ENOPROTOOPT;
  const peer = socket.peerCredentials();
  if (peer === undefined) throw ENODATA;
  return new Uint8Array(Int32Array.of(openProgramFile(thread, peer.pid)).buffer);
}

/** SO_PEERGROUPS: who has no room for all hears how much it takes. @returns whether the option was this one */
function getPeerGroups(
  { memory }: Thread,
  socket: Socket,
  { level, name, value, sizeAddr }: { level: number; name: number; value: number; sizeAddr: number },
): boolean {
  if (level !== abi.SOL_SOCKET || name !== abi.SO_PEERGROUPS) return false;
  const groups = socket.peerCredentials()?.groups;
  if (groups === undefined) throw ENODATA;
  const room = memory.loadU32(sizeAddr);
  memory.storeU32(sizeAddr, 4 * groups.length);
  if (room < 4 * groups.length) throw ERANGE;
  for (const [i, group] of groups.entries()) memory.storeU32(value + 4 * i, group);
  return true;
}

/** No option is longer. */
const OPTION_BYTES = 256;

function getSocketOption(
  thread: Thread,
  args: { fd: number; level: number; name: number; value: number; sizeAddr: number },
): Result {
  const socket = socketOf(thread, args.fd);
  const isPidfd = args.level === abi.SOL_SOCKET && args.name === abi.SO_PEERPIDFD;
  const loadRoom = (): number => {
    const room = thread.memory.loadU32(args.sizeAddr) | 0;
    if (room < 0) throw EINVAL;
    return room;
  };
  // Linux sk_getsockopt looks there first: SO_ERROR and a descriptor cannot be given back.
  if (args.level === abi.SOL_SOCKET) bringIn(thread.memory, args.value, Math.min(loadRoom(), OPTION_BYTES));
  if (isPidfd) thread.memory.writable(args.value, Math.min(loadRoom(), 4));
  if (getFilterOption(thread, socket, args) || getPeerGroups(thread, socket, args)) return 0;
  const value = isPidfd ? peerDescriptor(thread, socket) : socket.getOption(args.level, args.name);
  const room = loadRoom();
  const part = value.subarray(0, room);
  if (part.length > 0) thread.memory.writable(args.value, part.length).set(part);
  thread.memory.storeU32(args.sizeAddr, part.length);
  return 0;
}

const addressArguments = { fd: 'fd', addr: 'ptr', length: 'int' } as const;
const nameArguments = { fd: 'fd', addr: 'ptr', lengthAddr: 'ptr' } as const;
const messageArguments = { fd: 'fd', message: 'ptr', flags: 'flags' } as const;

export const sockets: readonly Syscall[] = [
  syscall({
    nr: 41,
    name: 'socket',
    args: { family: 'int', type: 'int', protocol: 'int' },
    support: partial(
      'no AF_PACKET; raw sockets see ICMP and each other, no TCP and UDP; of netlink NETLINK_ROUTE and NETLINK_SOCK_DIAG, to read',
    ),
    run: (thread, { family, type, protocol }) => {
      const flags = checkedFlags(type);
      return install(thread, openSocket(thread, family, type, protocol), flags);
    },
  }),
  syscall({ nr: 42, name: 'connect', args: addressArguments, support: 'full', run: connect }),
  syscall({
    nr: 43,
    name: 'accept',
    args: nameArguments,
    support: 'full',
    run: (thread, args, call) => accept(thread, call, args.fd, args.addr, args.lengthAddr, 0),
  }),
  syscall({
    nr: 44,
    name: 'sendto',
    args: { fd: 'fd', buffer: 'ptr', size: 'size', flags: 'flags', addr: 'ptr', length: 'int' },
    support: 'full',
    run: (thread, args, call) => {
      const socket = socketOf(thread, args.fd);
      const to = loadAddress(thread.memory, args.addr, args.length);
      const src = thread.memory.readable(args.buffer, Math.min(args.size, 0x7fff_f000));
      return socket.send(call, src, { flags: args.flags, to, names: socketNames(thread) });
    },
  }),
  syscall({
    nr: 45,
    name: 'recvfrom',
    args: { fd: 'fd', buffer: 'ptr', size: 'size', flags: 'flags', addr: 'ptr', lengthAddr: 'ptr' },
    support: 'full',
    run: receiveFrom,
  }),
  syscall({
    nr: 46,
    name: 'sendmsg',
    args: messageArguments,
    support: 'full',
    run: (thread, args, call) => sendMessage(thread, call, socketOf(thread, args.fd), args.message, args.flags),
  }),
  syscall({
    nr: 47,
    name: 'recvmsg',
    args: messageArguments,
    support: 'full',
    run: (thread, args, call) => receiveMessage(thread, call, socketOf(thread, args.fd), args.message, args.flags),
  }),
  syscall({
    nr: 48,
    name: 'shutdown',
    args: { fd: 'fd', how: 'int' },
    support: 'full',
    run: (thread, { fd, how }) => {
      const socket = socketOf(thread, fd);
      if (how < abi.SHUT_RD || how > abi.SHUT_RDWR) throw EINVAL;
      socket.shutDown(how);
      return 0;
    },
  }),
  syscall({ nr: 49, name: 'bind', args: addressArguments, support: 'full', run: bind }),
  syscall({
    nr: 50,
    name: 'listen',
    args: { fd: 'fd', backlog: 'int' },
    support: 'full',
    run: (thread, { fd, backlog }) => {
      socketOf(thread, fd).listen(backlog);
      return 0;
    },
  }),
  syscall({
    nr: 51,
    name: 'getsockname',
    args: nameArguments,
    support: 'full',
    run: (thread, args) => {
      storeAddress(thread.memory, args.addr, args.lengthAddr, socketOf(thread, args.fd).localAddress());
      return 0;
    },
  }),
  syscall({
    nr: 52,
    name: 'getpeername',
    args: nameArguments,
    support: 'full',
    run: (thread, args) => {
      storeAddress(thread.memory, args.addr, args.lengthAddr, socketOf(thread, args.fd).remoteAddress());
      return 0;
    },
  }),
  syscall({
    nr: 53,
    name: 'socketpair',
    args: { family: 'int', type: 'int', protocol: 'int', sv: 'ptr' },
    support: 'full',
    run: socketPair,
  }),
  syscall({
    nr: 54,
    name: 'setsockopt',
    args: { fd: 'fd', level: 'int', name: 'int', value: 'ptr', size: 'int' },
    support: partial(
      'packet filters see datagrams, not the segments of TCP; of multicast no sources, and over lo none of IPv6, as on Linux; no TCP_MD5SIG, TCP_ULP and TCP_REPAIR',
    ),
    run: setSocketOption,
  }),
  syscall({
    nr: 55,
    name: 'getsockopt',
    args: { fd: 'fd', level: 'int', name: 'int', value: 'ptr', sizeAddr: 'ptr' },
    support: 'full',
    run: getSocketOption,
  }),
  syscall({
    nr: 288,
    name: 'accept4',
    args: { ...nameArguments, flags: 'flags' },
    support: 'full',
    run: (thread, args, call) => accept(thread, call, args.fd, args.addr, args.lengthAddr, args.flags),
  }),
];
