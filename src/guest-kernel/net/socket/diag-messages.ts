/**
 * NETLINK_SOCK_DIAG (sock_diag(7)): the machine's sockets, as ss(8) lists them. Pure: a request and the facts in, entries
 * out. Filters in bytecode (INET_DIAG_REQ_BYTECODE) are not run: ss compares what it hears by itself too.
 *
 *   inet_diag_req_v2 { u8 family, protocol, ext, pad; u32 states; id }   id { be16 sport, dport; be32 src[4], dst[4];
 *   inet_diag_msg { u8 family, state, timer, retrans; id; u32 expires, rqueue, wqueue, uid, inode }   u32 if, cookie[2] }
 *   unix_diag_req { u8 family, protocol; u16 pad; u32 states, ino, show, cookie[2] }
 *   unix_diag_msg { u8 family, type, state, pad; u32 ino, cookie[2] }
 */
import { bytesOf, concatenate } from '../../../emulator/util/bytes.ts';
import { EINVAL, ENOENT, type Errno } from '../../abi/errno.ts';
import { AF_INET, AF_INET6, AF_UNIX } from '../../abi/socket.ts';
import * as abi from '../../abi/socket.ts';
import { TCP_CLOSE, TCP_LISTEN } from '../../abi/tcp.ts';
import type { Endpoint } from '../host.ts';
import { type Answers, attribute, type Entry, type Request, uint32 } from './netlink-messages.ts';
import type { SocketFacts } from './socket-facts.ts';

const SOCK_DIAG_BY_FAMILY = 20;
const INET_REQUEST_BYTES = 56;
const INET_MESSAGE_BYTES = 72;
const UNIX_REQUEST_BYTES = 24;
const UNIX_MESSAGE_BYTES = 16;
const [INET_DIAG_SHUTDOWN, INET_DIAG_SKV6ONLY] = [8, 11];
const [UNIX_DIAG_NAME, UNIX_DIAG_PEER, UNIX_DIAG_RQLEN, UNIX_DIAG_SHUTDOWN, UNIX_DIAG_UID] = [0, 2, 4, 6, 7];
const [UDIAG_SHOW_NAME, UDIAG_SHOW_PEER, UDIAG_SHOW_RQLEN, UDIAG_SHOW_UID] = [1, 4, 16, 64];

const PROTOCOLS: Readonly<Record<number, SocketFacts['kind']>> = {
  [abi.IPPROTO_TCP]: 'tcp',
  [abi.IPPROTO_UDP]: 'udp',
  [abi.IPPROTO_UDPLITE]: 'udplite',
  [abi.IPPROTO_RAW]: 'raw',
};

/** @param sockets what there is now */
export function diagAnswers(sockets: () => readonly SocketFacts[]): Answers {
  return {
    dump: (request) => list(request, sockets()),
    single: (request) => one(request, sockets()),
    knows: ({ type }) => type === SOCK_DIAG_BY_FAMILY,
    refusal: () => EINVAL,
  };
}

function list({ type, body }: Request, sockets: readonly SocketFacts[]): readonly Entry[] | Errno | undefined {
  if (type !== SOCK_DIAG_BY_FAMILY) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const family = body[0] ?? 0;
  if (family === AF_INET || family === AF_INET6) {
    if (body.length < INET_REQUEST_BYTES) return EINVAL;
    const kind = PROTOCOLS[body[1] ?? 0];
    const states = view.getUint32(4, true);
    return sockets
      .filter((each) => each.kind === kind && each.family === family && isIn(each, states))
      .map((each) => ({ type: SOCK_DIAG_BY_FAMILY, body: inetMessage(each) }));
  }
  // Linux asks for the module of another family, and there is none.
  if (family !== AF_UNIX) return ENOENT;
  if (body.length < UNIX_REQUEST_BYTES) return EINVAL;
  const [states, show] = [view.getUint32(4, true), view.getUint32(12, true)];
  return sockets
    .filter((each) => each.kind === 'unix' && isIn(each, states))
    .map((each) => ({ type: SOCK_DIAG_BY_FAMILY, body: unixMessage(each, show) }));
}

/** The one whose addresses or whose inode are told. */
function one({ type, body }: Request, sockets: readonly SocketFacts[]): readonly Entry[] | Errno | undefined {
  if (type !== SOCK_DIAG_BY_FAMILY) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const family = body[0] ?? 0;
  if (family === AF_UNIX && body.length >= UNIX_REQUEST_BYTES) {
    const inode = view.getUint32(8, true);
    const found = sockets.find((each) => each.kind === 'unix' && each.inodeNumber === inode);
    const show = view.getUint32(12, true);
    return found === undefined ? ENOENT : [{ type: SOCK_DIAG_BY_FAMILY, body: unixMessage(found, show) }];
  }
  if (family !== AF_INET && family !== AF_INET6) return ENOENT;
  if (body.length < INET_REQUEST_BYTES) return EINVAL;
  const wanted = body.subarray(8, 8 + 36).join();
  const kind = PROTOCOLS[body[1] ?? 0];
  const found = sockets.find(
    (each) => each.kind === kind && each.family === family && socketId(each).subarray(0, 36).join() === wanted,
  );
  return found === undefined ? ENOENT : [{ type: SOCK_DIAG_BY_FAMILY, body: inetMessage(found) }];
}

function isIn({ state }: SocketFacts, states: number): boolean {
  return (states & (1 << state)) !== 0;
}

/** struct inet_diag_sockid; the cookie is the inode's number, as SO_COOKIE has it. */
function socketId({ local, remote, family, inodeNumber }: SocketFacts): Uint8Array {
  const id = new Uint8Array(48);
  const view = new DataView(id.buffer);
  view.setUint16(0, local.port);
  view.setUint16(2, remote.port);
  id.set(addressBytes(local, family), 4);
  id.set(addressBytes(remote, family), 20);
  view.setUint32(40, inodeNumber, true);
  return id;
}

function addressBytes({ host }: Endpoint, family: number): Uint8Array {
  return bytesOf(host).subarray(family === AF_INET ? 12 : 0);
}

function inetMessage(socket: SocketFacts): Uint8Array {
  const { family, state, uid, inodeNumber, isListening } = socket;
  const head = new Uint8Array(INET_MESSAGE_BYTES);
  const view = new DataView(head.buffer);
  head.set([family, state, 0, 0]);
  head.set(socketId(socket), 4);
  view.setUint32(56, isListening ? socket.waiting : socket.unreadBytes, true);
  view.setUint32(60, isListening ? socket.waitingLimit : socket.unsentBytes, true);
  view.setUint32(64, uid, true);
  view.setUint32(68, inodeNumber, true);
  const isOpen = state === TCP_LISTEN || state === TCP_CLOSE;
  return concatenate([
    head,
    attribute(INET_DIAG_SHUTDOWN, Uint8Array.of(0)),
    ...(family === AF_INET6 && isOpen ? [attribute(INET_DIAG_SKV6ONLY, Uint8Array.of(Number(socket.isV6Only)))] : []),
  ]);
}

function unixMessage(socket: SocketFacts, show: number): Uint8Array {
  const { type, state, inodeNumber, path, peerInodeNumber, isListening } = socket;
  const head = new Uint8Array(UNIX_MESSAGE_BYTES);
  const view = new DataView(head.buffer);
  head.set([AF_UNIX, type, state]);
  view.setUint32(4, inodeNumber, true);
  view.setUint32(8, inodeNumber, true);
  const queues = isListening ? [socket.waiting, socket.waitingLimit] : [socket.unreadBytes, socket.unsentBytes];
  const shown = (flag: number, number: number, value: () => Uint8Array): Uint8Array[] =>
    (show & flag) === 0 ? [] : [attribute(number, value())];
  return concatenate([
    head,
    ...(path === '' ? [] : shown(UDIAG_SHOW_NAME, UNIX_DIAG_NAME, () => bytesOf(path))),
    ...(peerInodeNumber === 0 ? [] : shown(UDIAG_SHOW_PEER, UNIX_DIAG_PEER, () => uint32(peerInodeNumber))),
    ...shown(UDIAG_SHOW_RQLEN, UNIX_DIAG_RQLEN, () => concatenate(queues.map(uint32))),
    ...shown(UDIAG_SHOW_UID, UNIX_DIAG_UID, () => uint32(socket.uid)),
    attribute(UNIX_DIAG_SHUTDOWN, Uint8Array.of(0)),
  ]);
}
