/** struct sockaddr of each family as data (netinet/in.h, linux/un.h, linux/netlink.h), and IPv4 addresses. */
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, AF_UNSPEC } from './socket.ts';

export const INADDR_ANY = 0;
export const INADDR_LOOPBACK = 0x7f00_0001;

const SOCKADDR_IN_SIZE = 16;
const SOCKADDR_IN6_SIZE = 28;
/** Without sin6_scope_id, as RFC 2133 had it: Linux takes that too. */
const SOCKADDR_IN6_LEAST = 24;
const SOCKADDR_UN_SIZE = 110;
const SOCKADDR_NL_SIZE = 12;
/** struct sockaddr_storage: no address is longer. */
export const SOCKADDR_MAX = 128;

/** An address of a socket as data. */
export type SocketAddress = InetAddress | Inet6Address | UnixAddress | NetlinkAddress | OtherAddress;

export interface InetAddress {
  readonly family: typeof AF_INET;
  /** IPv4 address as an unsigned number, 127.0.0.1 = 0x7f000001. */
  readonly host: number;
  readonly port: number;
}

/** struct sockaddr_in6 (ipv6(7)). */
export interface Inet6Address {
  readonly family: typeof AF_INET6;
  /** A ByteString: 16 bytes in network order. */
  readonly host: string;
  readonly port: number;
  readonly flowInfo: number;
  /** Interface of a link-local address, 0 for none. */
  readonly scopeId: number;
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

/** Of a family that none of our sockets has, or AF_UNSPEC: each kind of socket says what that means to it. */
export interface OtherAddress {
  readonly family: 'other';
  readonly number: number;
  readonly sizeBytes: number;
  /** The bytes read as an IPv4 address, for those who take AF_UNSPEC for one (ip(7)). */
  readonly inet: InetAddress | undefined;
}

/** AF_UNSPEC, which dissolves an association (connect(2)). */
export function isUnspecified(address: SocketAddress): boolean {
  return address.family === 'other' && address.number === AF_UNSPEC;
}

/** struct sockaddr of `address`, whole; callers cut it to the room the program gave. */
export function encodeSocketAddress(address: SocketAddress): Uint8Array {
  switch (address.family) {
    case AF_INET: {
      const [bytes, view] = head(SOCKADDR_IN_SIZE, AF_INET);
      view.setUint16(2, address.port);
      view.setUint32(4, address.host);
      return bytes;
    }
    case AF_INET6: {
      const [bytes, view] = head(SOCKADDR_IN6_SIZE, AF_INET6);
      view.setUint16(2, address.port);
      view.setUint32(4, address.flowInfo);
      setText(bytes, 8, address.host);
      view.setUint32(24, address.scopeId, true);
      return bytes;
    }
    case AF_NETLINK: {
      const [bytes, view] = head(SOCKADDR_NL_SIZE, AF_NETLINK);
      view.setUint32(4, address.portId, true);
      view.setUint32(8, address.groups, true);
      return bytes;
    }
    case AF_UNIX: {
      const { path } = address;
      // unix(7): a path ends in NUL, an abstract name is all bytes up to the length, an unnamed socket is the family alone.
      const isPath = path !== '' && path[0] !== '\0';
      const [bytes] = head(2 + path.length + (isPath ? 1 : 0), AF_UNIX);
      setText(bytes, 2, path);
      return bytes;
    }
    case 'other':
      return head(2, address.number)[0];
  }
}

function head(sizeBytes: number, family: number): readonly [Uint8Array, DataView] {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  return [bytes, view];
}

function setText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

/** Undefined where the bytes are too few for their family, or too many. */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  const inet: InetAddress | undefined =
    bytes.length < SOCKADDR_IN_SIZE ? undefined : { family: AF_INET, host: view.getUint32(4), port: view.getUint16(2) };
  switch (family) {
    case AF_INET:
      return inet;
    case AF_INET6:
      return bytes.length < SOCKADDR_IN6_LEAST ? undefined : decodeInet6(bytes, view);
    case AF_NETLINK:
      if (bytes.length < SOCKADDR_NL_SIZE) return undefined;
      return { family: AF_NETLINK, portId: view.getUint32(4, true), groups: view.getUint32(8, true) };
    case AF_UNIX:
      return bytes.length > SOCKADDR_UN_SIZE ? undefined : decodeUnix(bytes);
    default:
      return {
        family: 'other',
        number: family,
        sizeBytes: bytes.length,
        inet: family === AF_UNSPEC ? inet : undefined,
      };
  }
}

function decodeInet6(bytes: Uint8Array, view: DataView): Inet6Address {
  return {
    family: AF_INET6,
    host: String.fromCharCode(...bytes.subarray(8, 24)),
    port: view.getUint16(2),
    flowInfo: view.getUint32(4),
    scopeId: bytes.length < SOCKADDR_IN6_SIZE ? 0 : view.getUint32(24, true),
  };
}

function decodeUnix(bytes: Uint8Array): UnixAddress {
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
