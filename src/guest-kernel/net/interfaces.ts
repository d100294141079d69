/**
 * The machine's network interfaces and where packets go. What tells of them (netlink, ioctls, /proc/net, REST) derives
 * from this table. Only lo exists until Ethernet joins (roadmap/06).
 */
import { ENETUNREACH } from '../abi/errno.ts';
import { ANY6, type Host, isAny, isMapped, LOOPBACK4, LOOPBACK6 } from './host.ts';

interface InterfaceAddress {
  readonly host: Host;
  /** Of its own family: 8 for 127.0.0.1/8. */
  readonly prefixLength: number;
}

export interface NetworkInterface {
  readonly name: string;
  readonly index: number;
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
}

export const LOOPBACK: NetworkInterface = {
  name: 'lo',
  index: 1,
  mtu: 65_536,
  addresses: [
    { host: LOOPBACK4, prefixLength: 8 },
    { host: LOOPBACK6, prefixLength: 128 },
  ],
};

/** Whether a socket may bind to it and packets to it stay here: all of 127.0.0.0/8, and ::1. */
export function isOwnHost(host: Host): boolean {
  return isMapped(host) ? host.charCodeAt(12) === 127 : host === LOOPBACK6;
}

/** Where a packet for `host` goes: "any" means this machine. @throws ENETUNREACH for what no interface reaches */
export function routeTo(host: Host): Host {
  if (isAny(host)) return host === ANY6 ? LOOPBACK6 : LOOPBACK4;
  if (!isOwnHost(host)) throw ENETUNREACH;
  return host;
}

/** The address that packets to `host` come from, where the socket has none. */
export function sourceFor(host: Host): Host {
  return isMapped(host) ? LOOPBACK4 : LOOPBACK6;
}
