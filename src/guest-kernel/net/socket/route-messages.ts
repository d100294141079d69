/**
 * What NETLINK_ROUTE answers (rtnetlink(7)): the interfaces, their addresses and the routes to them, as getifaddrs(3),
 * if_nameindex(3) and ip(8) ask for them. Pure: a request's bytes in, replies out.
 *
 *   nlmsghdr { u32 len; u16 type, flags; u32 seq, port }  body  rtattr { u16 len, type }  value, padded to 4 …
 */
import { bytesOf, byteStringFrom, concatenate } from '../../../emulator/util/bytes.ts';
import { EINVAL, ENETUNREACH, ENODEV, EOPNOTSUPP, type Errno } from '../../abi/errno.ts';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../abi/socket.ts';
import { type Host, isMapped, LOOPBACK6, mapped } from '../host.ts';
import { isOwnHost, LOOPBACK, type NetworkInterface, sourceFor } from '../interfaces.ts';

const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_MULTI = 2;
const NLM_F_DUMP = 0x300;
const NLM_F_ACK = 4;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const RTM_GETNEIGH = 30;

const ARPHRD_LOOPBACK = 772;
const IFF_LOOPBACK_UP = 0x1_0049; // UP, LOOPBACK, RUNNING, LOWER_UP
const [IFLA_ADDRESS, IFLA_BROADCAST, IFLA_IFNAME, IFLA_MTU, IFLA_TXQLEN, IFLA_OPERSTATE] = [1, 2, 3, 4, 13, 16];
const [IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS] = [1, 2, 3, 6, 8];
const IFA_F_PERMANENT = 0x80;
const [RTA_DST, RTA_OIF, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE] = [1, 4, 6, 7, 15];
const RT_SCOPE_HOST = 254;
const [RT_TABLE_MAIN, RT_TABLE_LOCAL] = [254, 255];
const RTPROT_KERNEL = 2;
const [RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST] = [1, 2, 3];

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

/** Datagrams that answer all requests in `bytes`; `portId`: the asking socket's. */
export function answerRoute(bytes: Uint8Array, portId: number): readonly Uint8Array[] {
  return requestsIn(bytes).flatMap((request) => answer(request, portId));
}

function requestsIn(bytes: Uint8Array): Request[] {
  const requests: Request[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const length = view.getUint32(0, true);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    const whole = bytes.subarray(at, at + length);
    requests.push({
      type: view.getUint16(4, true),
      flags: view.getUint16(6, true),
      sequence: view.getUint32(8, true),
      body: whole.subarray(HEADER_BYTES),
      whole,
    });
    at += (length + 3) & ~3;
  }
  return requests;
}

interface Entry {
  readonly type: number;
  readonly body: Uint8Array;
}

function answer(request: Request, portId: number): Uint8Array[] {
  const isDump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP;
  const rows = isDump ? DUMPS[request.type]?.(request.body[0] ?? AF_UNSPEC) : SINGLES[request.type]?.(request.body);
  if (rows === undefined) {
    const isKnown = DUMPS[request.type] !== undefined;
    return [verdict(request, portId, isKnown ? EOPNOTSUPP : EINVAL)];
  }
  if ('code' in rows) return [verdict(request, portId, rows)];
  const entries = rows.map(({ type, body }) => message(type, request, portId, body, isDump ? NLM_F_MULTI : 0));
  if (isDump) return [...entries, message(NLMSG_DONE, request, portId, new Uint8Array(4))];
  return (request.flags & NLM_F_ACK) === 0 ? entries : [...entries, verdict(request, portId, undefined)];
}

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

function attributesIn(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

function message(
  type: number,
  { sequence }: Request,
  portId: number,
  body: Uint8Array,
  flags = NLM_F_MULTI,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, portId, true);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** struct nlmsgerr: the error, or 0, then the header of what was asked. */
function verdict(request: Request, portId: number, error: Errno | undefined): Uint8Array {
  const body = new Uint8Array(4 + HEADER_BYTES);
  new DataView(body.buffer).setInt32(0, -(error?.code ?? 0), true);
  body.set(request.whole.subarray(0, HEADER_BYTES), 4);
  return message(NLMSG_ERROR, request, portId, body, 0);
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
    attribute(IFLA_MTU, uint32(mtu)),
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

function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((4 + value.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
