/**
 * What NETLINK_ROUTE answers (rtnetlink(7)): the interfaces, their addresses and the routes to them, as getifaddrs(3),
 * if_nameindex(3) and ip(8) ask for them. Pure: a request's bytes in, replies out.
 */
import { bytesOf, byteStringFrom, concatenate } from '../../../emulator/util/bytes.ts';
import { EINVAL, ENETUNREACH, ENODEV, EPERM, type Errno } from '../../abi/errno.ts';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../abi/socket.ts';
import { type Answers, attribute, attributesIn, type Entry, uint32 } from './netlink-messages.ts';
import { type Host, isMapped, LOOPBACK6, mapped } from '../host.ts';
import { isOwnHost, LOOPBACK, type NetworkInterface, sourceFor } from '../interfaces.ts';

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const RTM_GETNEIGH = 30;
const RTM_NEWRULE = 32;
const RTM_GETRULE = 34;
/** Types come in fours: NEW, DEL, GET and SET of each kind. */
const RTM_BASE = 16;
const RTM_LAST = 123;

const ARPHRD_LOOPBACK = 772;
const IFF_LOOPBACK_UP = 0x1_0049; // UP, LOOPBACK, RUNNING, LOWER_UP
const [IFLA_ADDRESS, IFLA_BROADCAST, IFLA_IFNAME, IFLA_MTU, IFLA_QDISC] = [1, 2, 3, 4, 6];
const [IFLA_TXQLEN, IFLA_OPERSTATE, IFLA_LINKMODE, IFLA_GROUP] = [13, 16, 17, 27];
const [FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_PROTOCOL] = [6, 14, 15, 21];
const FR_ACT_TO_TBL = 1;
const [IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS] = [1, 2, 3, 6, 8];
const IFA_F_PERMANENT = 0x80;
const [RTA_DST, RTA_OIF, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE] = [1, 4, 6, 7, 15];
const RT_SCOPE_HOST = 254;
const [RT_TABLE_DEFAULT, RT_TABLE_MAIN, RT_TABLE_LOCAL] = [253, 254, 255];
const RTPROT_KERNEL = 2;
const [RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST] = [1, 2, 3];

const LINK: Entry = { type: RTM_NEWLINK, body: link(LOOPBACK) };

/** What lists all of a kind. @param family AF_UNSPEC for each */
const DUMPS: Readonly<Record<number, (family: number) => readonly Entry[]>> = {
  [RTM_GETLINK]: () => [LINK],
  [RTM_GETADDR]: (family) =>
    LOOPBACK.addresses
      .filter(({ host }) => isOfFamily(host, family))
      .map(({ host, prefixLength }) => ({ type: RTM_NEWADDR, body: address(LOOPBACK, host, prefixLength) })),
  [RTM_GETROUTE]: (family) =>
    ROUTES.filter(({ to }) => isOfFamily(to, family)).map((each) => ({ type: RTM_NEWROUTE, body: route(each) })),
  [RTM_GETNEIGH]: () => [],
  [RTM_GETRULE]: (family) =>
    RULES.filter((each) => family === AF_UNSPEC || family === each.family).map((each) => ({
      type: RTM_NEWRULE,
      body: rule(each),
    })),
};

/** What tells of one. */
const SINGLES: Readonly<Record<number, (body: Uint8Array) => readonly Entry[] | Errno>> = {
  [RTM_GETLINK](body) {
    if (body.length < 16) return EINVAL;
    const index = new DataView(body.buffer, body.byteOffset).getInt32(4, true);
    const name = attributesIn(body.subarray(16)).get(IFLA_IFNAME);
    const isNamed = name !== undefined && byteStringFrom(name).replace(/\0.*$/s, '') === LOOPBACK.name;
    return index === LOOPBACK.index || (index === 0 && isNamed) ? [LINK] : ENODEV;
  },
  [RTM_GETROUTE](body) {
    const to = attributesIn(body.subarray(12)).get(RTA_DST);
    if (to === undefined) return EINVAL;
    const host = to.length === 4 ? mapped(new DataView(to.buffer, to.byteOffset).getUint32(0)) : byteStringFrom(to);
    if (!isOwnHost(host)) return ENETUNREACH;
    const found: Route = { to: host, length: to.length * 8, table: RT_TABLE_LOCAL, type: RTN_LOCAL };
    return [{ type: RTM_NEWROUTE, body: route(found) }];
  },
};

function isOfFamily(host: Host, family: number): boolean {
  return family === AF_UNSPEC || family === (isMapped(host) ? AF_INET : AF_INET6);
}

/** struct ifinfomsg: family, pad, type, index, flags, change. */
function link({ name, index, mtu }: NetworkInterface): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint16(2, ARPHRD_LOOPBACK, true);
  view.setInt32(4, index, true);
  view.setUint32(8, IFF_LOOPBACK_UP, true);
  return concatenate([
    head,
    attribute(IFLA_IFNAME, bytesOf(`${name}\0`)),
    attribute(IFLA_TXQLEN, uint32(1000)),
    attribute(IFLA_OPERSTATE, Uint8Array.of(0)),
    attribute(IFLA_LINKMODE, Uint8Array.of(0)),
    attribute(IFLA_MTU, uint32(mtu)),
    attribute(IFLA_GROUP, uint32(0)),
    attribute(IFLA_QDISC, bytesOf('noqueue\0')),
    attribute(IFLA_ADDRESS, new Uint8Array(6)),
    attribute(IFLA_BROADCAST, new Uint8Array(6)),
  ]);
}

/** The bytes of an address in its own family. */
function hostBytes(host: Host): Uint8Array {
  return bytesOf(host).subarray(isMapped(host) ? 12 : 0);
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
function address({ name, index }: NetworkInterface, host: Host, prefixLength: number): Uint8Array {
  const family = isMapped(host) ? AF_INET : AF_INET6;
  const bytes = hostBytes(host);
  const forever = new Uint8Array(Uint32Array.of(0xffff_ffff, 0xffff_ffff, 0, 0).buffer);
  return concatenate([
    Uint8Array.of(family, prefixLength, IFA_F_PERMANENT, RT_SCOPE_HOST, index, 0, 0, 0),
    attribute(IFA_ADDRESS, bytes),
    ...(family === AF_INET ? [attribute(IFA_LOCAL, bytes), attribute(IFA_LABEL, bytesOf(`${name}\0`))] : []),
    attribute(IFA_FLAGS, uint32(IFA_F_PERMANENT)),
    attribute(IFA_CACHEINFO, forever),
  ]);
}

interface Route {
  readonly to: Host;
  readonly length: number;
  readonly table: number;
  readonly type: number;
}

/** What Linux has for lo when it is up. */
const ROUTES: readonly Route[] = [
  { to: mapped(0x7f00_0000), length: 8, table: RT_TABLE_LOCAL, type: RTN_LOCAL },
  { to: mapped(0x7f00_0001), length: 32, table: RT_TABLE_LOCAL, type: RTN_LOCAL },
  { to: mapped(0x7fff_ffff), length: 32, table: RT_TABLE_LOCAL, type: RTN_BROADCAST },
  { to: LOOPBACK6, length: 128, table: RT_TABLE_MAIN, type: RTN_UNICAST },
  { to: LOOPBACK6, length: 128, table: RT_TABLE_LOCAL, type: RTN_LOCAL },
];

/** struct rtmsg: family, destination and source length, TOS, table, protocol, scope, type, flags. */
function route({ to, length, table, type }: Route): Uint8Array {
  const isV4 = isMapped(to);
  const scope = isV4 ? (type === RTN_LOCAL ? RT_SCOPE_HOST : 253) : 0;
  return concatenate([
    Uint8Array.of(isV4 ? AF_INET : AF_INET6, length, 0, 0, table, RTPROT_KERNEL, scope, type, 0, 0, 0, 0),
    attribute(RTA_TABLE, uint32(table)),
    attribute(RTA_DST, hostBytes(to)),
    ...(isV4 ? [attribute(RTA_PREFSRC, hostBytes(sourceFor(to)))] : []),
    ...(!isV4 ? [attribute(RTA_PRIORITY, uint32(table === RT_TABLE_MAIN ? 256 : 0))] : []),
    attribute(RTA_OIF, uint32(LOOPBACK.index)),
  ]);
}

interface Rule {
  readonly family: number;
  readonly table: number;
  readonly priority: number;
}

/** What Linux has from the start: the local table, the main one, and for IPv4 the default one. */
const RULES: readonly Rule[] = [
  { family: AF_INET, table: RT_TABLE_LOCAL, priority: 0 },
  { family: AF_INET, table: RT_TABLE_MAIN, priority: 32_766 },
  { family: AF_INET, table: RT_TABLE_DEFAULT, priority: 32_767 },
  { family: AF_INET6, table: RT_TABLE_LOCAL, priority: 0 },
  { family: AF_INET6, table: RT_TABLE_MAIN, priority: 32_766 },
];

/** struct fib_rule_hdr: family, lengths, TOS, table, two reserved, action, flags. */
function rule({ family, table, priority }: Rule): Uint8Array {
  return concatenate([
    Uint8Array.of(family, 0, 0, 0, table, 0, 0, FR_ACT_TO_TBL, 0, 0, 0, 0),
    attribute(FRA_TABLE, uint32(table)),
    attribute(FRA_SUPPRESS_PREFIXLEN, uint32(0xffff_ffff)),
    attribute(FRA_PROTOCOL, Uint8Array.of(RTPROT_KERNEL)),
    ...(priority === 0 ? [] : [attribute(FRA_PRIORITY, uint32(priority))]),
  ]);
}

/** Nobody may change what there is, as in a container without CAP_NET_ADMIN. */
function refusal(type: number): Errno {
  const isChange = type >= RTM_BASE && type <= RTM_LAST && (type & 3) !== 2;
  return isChange ? EPERM : EINVAL;
}

export const ROUTE_ANSWERS: Answers = {
  dump: ({ type, body }) => DUMPS[type]?.(body[0] ?? AF_UNSPEC),
  single: ({ type, body }) => SINGLES[type]?.(body),
  knows: ({ type }) => DUMPS[type] !== undefined,
  refusal,
};
