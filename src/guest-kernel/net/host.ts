/**
 * IP addresses without regard to their family: 16 bytes, an IPv4 address as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). So the
 * two families share one port table, one loopback and one kind of connection; only sockets (net/socket/inet-socket.ts)
 * know in which struct a program wants to see them.
 */
import { type ByteString, bytesOf } from '../../emulator/util/bytes.ts';
import { AF_INET } from '../abi/socket.ts';
import type { Inet6Address, InetAddress } from '../abi/socket-address.ts';

/** 16 bytes in network order; equal addresses are equal strings. */
export type Host = ByteString;

export interface Endpoint {
  readonly host: Host;
  readonly port: number;
}

const MAPPED = '\0\0\0\0\0\0\0\0\0\0\xff\xff';

/** :: */
export const ANY6: Host = '\0'.repeat(16);
/** ::1 */
export const LOOPBACK6: Host = `${'\0'.repeat(15)}\x01`;
/** 0.0.0.0 */
export const ANY4: Host = mapped(0);
/** 127.0.0.1 */
export const LOOPBACK4: Host = mapped(0x7f00_0001);

/** The host of an IPv4 address, 127.0.0.1 = 0x7f000001. */
export function mapped(address: number): Host {
  return MAPPED + String.fromCharCode(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

export function isMapped(host: Host): boolean {
  return host.startsWith(MAPPED);
}

/** What a struct sockaddr_in or sockaddr_in6 says. */
export function endpointOf(address: InetAddress | Inet6Address): Endpoint {
  const host = address.family === AF_INET ? mapped(address.host) : address.host;
  return { host, port: address.port };
}

/** The IPv4 address, an unsigned number; 0 where it is none. */
export function ipv4Of(host: Host): number {
  return isMapped(host) ? new DataView(bytesOf(host).buffer).getUint32(12) : 0;
}

/** 0.0.0.0 or :: */
export function isAny(host: Host): boolean {
  return host === ANY6 || host === ANY4;
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(host: Host): boolean {
  return isMapped(host) ? (host.charCodeAt(12) & 0xf0) === 0xe0 : host.charCodeAt(0) === 0xff;
}

/** The broadcast addresses of lo: of its network, and of any. */
export function isBroadcast(host: Host): boolean {
  return host === mapped(0x7fff_ffff) || host === mapped(0xffff_ffff);
}

/** fe80::/10. */
export function isLinkLocal(host: Host): boolean {
  return host.charCodeAt(0) === 0xfe && (host.charCodeAt(1) & 0xc0) === 0x80;
}

/** '127.0.0.1', or eight hexadecimal groups with '::' for the longest run of zeros (RFC 5952). */
export function formatHost(host: Host): string {
  const bytes = bytesOf(host);
  if (isMapped(host)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const [from, to] = longestZeros(groups);
  return to - from < 2
    ? hexadecimal(groups)
    : `${hexadecimal(groups.slice(0, from))}::${hexadecimal(groups.slice(to))}`;
}

function hexadecimal(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

function longestZeros(groups: readonly number[]): readonly [from: number, to: number] {
  let best: readonly [number, number] = [0, 0];
  for (let from = 0; from < groups.length; from++) {
    let to = from;
    while (groups[to] === 0) to++;
    if (to - from > best[1] - best[0]) best = [from, to];
  }
  return best;
}
