/** socket(2), ip(7), unix(7): constants and struct layouts on x86-64 (linux/socket.h, asm-generic/socket.h, netinet/in.h). */
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_NETLINK = 16;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_TYPE_MASK = 0xf;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_UDPLITE = 136;
export const UDPLITE_SEND_CSCOV = 10;
export const UDPLITE_RECV_CSCOV = 11;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_CTRUNC = 0x8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_WAITALL = 0x100;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x4000_0000;

export const SOL_SOCKET = 1;
export const SO_DEBUG = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_ERROR = 4;
export const SO_DONTROUTE = 5;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_OOBINLINE = 10;
export const SO_PRIORITY = 12;
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
export const SO_PASSCRED = 16;
export const SO_PEERCRED = 17;
export const SO_RCVLOWAT = 18;
export const SO_SNDLOWAT = 19;
export const SO_RCVTIMEO = 20;
export const SO_SNDTIMEO = 21;
export const SO_TIMESTAMP = 29;
export const SO_ACCEPTCONN = 30;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_INCOMING_CPU = 49;
export const SO_BUSY_POLL = 46;

export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_RECVERR = 11;
export const IP_MTU_DISCOVER = 10;
export const IP_PKTINFO = 8;
export const IP_FREEBIND = 15;
export const IP_BIND_ADDRESS_NO_PORT = 24;

export const TCP_NODELAY = 1;
export const TCP_MAXSEG = 2;
export const TCP_CORK = 3;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const TCP_SYNCNT = 7;
export const TCP_LINGER2 = 8;
export const TCP_DEFER_ACCEPT = 9;
export const TCP_WINDOW_CLAMP = 10;
export const TCP_QUICKACK = 12;
export const TCP_CONGESTION = 13;
export const TCP_USER_TIMEOUT = 18;
export const TCP_FASTOPEN = 23;

export const SCM_RIGHTS = 1;
export const SCM_CREDENTIALS = 2;
/** Most descriptors of one SCM_RIGHTS message (linux/net/scm.h: SCM_MAX_FD). */
export const SCM_MAX_FD = 253;

export const INADDR_ANY = 0;
export const INADDR_LOOPBACK = 0x7f00_0001;

/** Largest backlog listen(2) grants (net.core.somaxconn). */
export const SOMAXCONN = 4096;

export const SIOCOUTQ = 0x5411;
export const SIOCATMARK = 0x8905;
export const SIOCGIFCONF = 0x8912;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCGIFADDR = 0x8915;
export const SIOCGIFBRDADDR = 0x8919;
export const SIOCGIFNETMASK = 0x891b;
export const SIOCGIFMTU = 0x8921;
export const SIOCGIFHWADDR = 0x8927;
export const SIOCGIFINDEX = 0x8933;
export const SIOCGIFTXQLEN = 0x8942;

/** Structs by byte offset. */
export const MSGHDR = {
  size: 56,
  msg_name: 0,
  msg_namelen: 8,
  msg_iov: 16,
  msg_iovlen: 24,
  msg_control: 32,
  msg_controllen: 40,
  msg_flags: 48,
} as const;
export const MMSGHDR = { size: 64, msg_hdr: 0, msg_len: 56 } as const;
export const CMSGHDR = { size: 16, cmsg_len: 0, cmsg_level: 8, cmsg_type: 12 } as const;
export const IFREQ = { size: 40, ifr_name: 0, ifr_data: 16 } as const;
const SOCKADDR_IN_SIZE = 16;
const SOCKADDR_UN_SIZE = 110;
const SOCKADDR_NL_SIZE = 12;
/** struct sockaddr_storage: no address is longer. */
export const SOCKADDR_MAX = 128;

/** An address of a socket as data. */
export type SocketAddress = InetAddress | UnixAddress | NetlinkAddress;

export interface InetAddress {
  readonly family: typeof AF_INET;
  /** IPv4 address as an unsigned number, 127.0.0.1 = 0x7f000001. */
  readonly host: number;
  readonly port: number;
}

/** struct sockaddr_nl (netlink(7)). */
export interface NetlinkAddress {
  readonly family: typeof AF_NETLINK;
  /** 0: the kernel. */
  readonly portId: number;
  readonly groups: number;
}

export interface UnixAddress {
  readonly family: typeof AF_UNIX;
  /** '' unnamed; first char NUL: abstract; else a path of the filesystem. */
  readonly path: string;
}

/** struct sockaddr of `address`, whole; callers cut it to the room the program gave. */
export function encodeSocketAddress(address: SocketAddress): Uint8Array {
  if (address.family === AF_INET) {
    const bytes = new Uint8Array(SOCKADDR_IN_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, address.port);
    view.setUint32(4, address.host);
    return bytes;
  }
  if (address.family === AF_NETLINK) {
    const bytes = new Uint8Array(SOCKADDR_NL_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(4, address.portId, true);
    view.setUint32(8, address.groups, true);
    return bytes;
  }
  const { path } = address;
  // unix(7): a path ends in NUL, an abstract name is all bytes up to the length, an unnamed socket is the family alone.
  const isPath = path !== '' && path[0] !== '\0';
  const bytes = new Uint8Array(2 + path.length + (isPath ? 1 : 0));
  bytes[0] = AF_UNIX;
  for (let i = 0; i < path.length; i++) bytes[2 + i] = path.charCodeAt(i);
  return bytes;
}

/** Undefined where the family is none of ours or the bytes are too few. */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  if (family === AF_INET && bytes.length >= SOCKADDR_IN_SIZE) {
    return { family: AF_INET, host: view.getUint32(4), port: view.getUint16(2) };
  }
  if (family === AF_NETLINK && bytes.length >= SOCKADDR_NL_SIZE) {
    return { family: AF_NETLINK, portId: view.getUint32(4, true), groups: view.getUint32(8, true) };
  }
  if (family !== AF_UNIX || bytes.length > SOCKADDR_UN_SIZE) return undefined;
  const name = String.fromCharCode(...bytes.subarray(2));
  if (name[0] === '\0') return { family: AF_UNIX, path: name };
  const end = name.indexOf('\0');
  return { family: AF_UNIX, path: end < 0 ? name : name.slice(0, end) };
}

/** The family alone, for calls that only look at it (connect with AF_UNSPEC). */
export function familyOf(bytes: Uint8Array): number {
  return bytes.length < 2 ? AF_UNSPEC : (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
}

/** Number of a dotted quad; undefined for anything else. */
export function parseHost(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((host, part) => host * 256 + Number(part), 0);
}
