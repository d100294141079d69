/**
 * What NETLINK_ROUTE answers (rtnetlink(7)): the loopback interface and its address, in the messages that getifaddrs(3)
 * and if_nameindex(3) ask for. Pure: a request's bytes in, replies out.
 *
 *   nlmsghdr { u32 len; u16 type, flags; u32 seq, port }  body  rtattr { u16 len, type }  value, padded to 4 …
 */
import { bytesOf, concatenate } from '../../../emulator/util/bytes.ts';
import { EINVAL, EOPNOTSUPP } from '../../abi/errno.ts';
import { AF_INET, AF_UNSPEC } from '../../abi/socket.ts';

const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_MULTI = 2;
const NLM_F_DUMP = 0x300;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_GETROUTE = 26;

const LOOPBACK_INDEX = 1;
const ARPHRD_LOOPBACK = 772;
const LOOPBACK_MTU = 65_536;
const IFF_LOOPBACK_UP = 0x1_0049; // UP, LOOPBACK, RUNNING, LOWER_UP
const [IFLA_ADDRESS, IFLA_BROADCAST, IFLA_IFNAME, IFLA_MTU, IFLA_TXQLEN, IFLA_OPERSTATE] = [1, 2, 3, 4, 13, 16];
const [IFA_ADDRESS, IFA_LOCAL, IFA_LABEL] = [1, 2, 3];
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_HOST = 254;

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

function answer(request: Request, portId: number): Uint8Array[] {
  const family = request.body[0] ?? AF_UNSPEC;
  const isDump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP;
  const isKnown = [RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE].includes(request.type);
  if (!isKnown || !isDump) return [failure(request, portId, (isKnown ? EOPNOTSUPP : EINVAL).code)];
  const entries: Uint8Array[] = [];
  if (request.type === RTM_GETLINK) entries.push(message(RTM_NEWLINK, request, portId, loopbackLink()));
  if (request.type === RTM_GETADDR && (family === AF_UNSPEC || family === AF_INET))
    entries.push(message(RTM_NEWADDR, request, portId, loopbackAddress()));
  return [...entries, message(NLMSG_DONE, request, portId, new Uint8Array(4))];
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

/** struct nlmsgerr: the error, then the header of what was asked. */
function failure(request: Request, portId: number, code: number): Uint8Array {
  const body = new Uint8Array(4 + HEADER_BYTES);
  new DataView(body.buffer).setInt32(0, -code, true);
  body.set(request.whole.subarray(0, HEADER_BYTES), 4);
  return message(NLMSG_ERROR, request, portId, body, 0);
}

/** struct ifinfomsg: family, pad, type, index, flags, change. */
function loopbackLink(): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint16(2, ARPHRD_LOOPBACK, true);
  view.setInt32(4, LOOPBACK_INDEX, true);
  view.setUint32(8, IFF_LOOPBACK_UP, true);
  return concatenate([
    head,
    attribute(IFLA_IFNAME, bytesOf('lo\0')),
    attribute(IFLA_TXQLEN, uint32(1000)),
    attribute(IFLA_OPERSTATE, Uint8Array.of(0)),
    attribute(IFLA_MTU, uint32(LOOPBACK_MTU)),
    attribute(IFLA_ADDRESS, new Uint8Array(6)),
    attribute(IFLA_BROADCAST, new Uint8Array(6)),
  ]);
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
function loopbackAddress(): Uint8Array {
  const head = Uint8Array.of(AF_INET, 8, IFA_F_PERMANENT, RT_SCOPE_HOST, LOOPBACK_INDEX, 0, 0, 0);
  const host = Uint8Array.of(127, 0, 0, 1);
  return concatenate([
    head,
    attribute(IFA_ADDRESS, host),
    attribute(IFA_LOCAL, host),
    attribute(IFA_LABEL, bytesOf('lo\0')),
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
