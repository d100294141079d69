/**
 * What all netlink protocols have in common (netlink(7)): requests in, entries and verdicts out.
 *
 *   nlmsghdr { u32 len; u16 type, flags; u32 seq, port }  body  rtattr { u16 len, type }  value, padded to 4 …
 */
import { EOPNOTSUPP, type Errno } from '../../abi/errno.ts';

const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_MULTI = 2;
const NLM_F_DUMP = 0x300;
const NLM_F_ACK = 4;

export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

export interface Entry {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What a protocol knows to answer. */
export interface Answers {
  /** All of a kind; undefined: it cannot be listed. */
  dump(request: Request): readonly Entry[] | Errno | undefined;
  /** One; undefined: it cannot be asked for. */
  single(request: Request): readonly Entry[] | Errno | undefined;
  /** Whether it is a kind at all. */
  knows(request: Request): boolean;
  /** What those hear that ask for no kind. */
  refusal(type: number): Errno;
}

/** Datagrams that answer all requests in `bytes`; `portId`: the asking socket's. */
export function answerRequests(bytes: Uint8Array, portId: number, answers: Answers): readonly Uint8Array[] {
  return requestsIn(bytes).flatMap((request) => answer(request, portId, answers));
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

function answer(request: Request, portId: number, answers: Answers): Uint8Array[] {
  const isDump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP;
  const rows = isDump ? answers.dump(request) : answers.single(request);
  if (rows === undefined) {
    return [verdict(request, portId, answers.knows(request) ? EOPNOTSUPP : answers.refusal(request.type))];
  }
  if ('code' in rows) return [verdict(request, portId, rows)];
  const entries = rows.map(({ type, body }) => message(type, request, portId, body, isDump ? NLM_F_MULTI : 0));
  if (isDump) return [...entries, message(NLMSG_DONE, request, portId, new Uint8Array(4))];
  return (request.flags & NLM_F_ACK) === 0 ? entries : [...entries, verdict(request, portId, undefined)];
}

export function attributesIn(bytes: Uint8Array): Map<number, Uint8Array> {
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

export function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((4 + value.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

export function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
