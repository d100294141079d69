/** Reading, writing and polling a Stream as Linux's stream sockets do; shared by TCP and Unix stream sockets. */
import { EINVAL, type Errno } from '../../abi/errno.ts';
import { O_NONBLOCK } from '../../abi/fcntl.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Stream } from '../stream.ts';
import type { ReceivedMessage } from './socket.ts';

/** The socket as these functions need it. */
export interface StreamSocket {
  flags: number;
  /** SO_RCVLOWAT: fewer bytes than this are not worth a read. */
  readonly lowWaterBytes: number;
  waitToMove(call: Call, flags: number, timeout: number, doneBytes: number): number | Blocked;
  movedBefore(call: Call): number;
  pipeBroke(call: Call, flags: number): Errno;
}

/** A blocking send takes all of `src` before it returns; progress counts what went out in earlier runs. */
export function sendToStream(
  socket: StreamSocket,
  stream: Stream,
  call: Call,
  src: Uint8Array,
  flags: number,
): number | Blocked {
  let done = socket.movedBefore(call);
  if (stream.error !== undefined || stream.isSendShut) {
    if (done > 0) return done;
    throw takeSendError(socket, stream, call, flags);
  }
  done += stream.send(src.subarray(done), (flags & abi.MSG_OOB) !== 0);
  return done === src.length ? done : socket.waitToMove(call, flags, abi.SO_SNDTIMEO, done);
}

// Linux sk_stream_error: the pending error comes first, without a signal; afterwards EPIPE with SIGPIPE.
function takeSendError(socket: StreamSocket, stream: Stream, call: Call, flags: number): Errno {
  const error = stream.takeError();
  return error === undefined || error.name === 'EPIPE' ? socket.pipeBroke(call, flags) : error;
}

/** @param mostBytes where a boundary (ancillary data) ends the read early */
export function receiveFromStream(
  socket: StreamSocket,
  stream: Stream,
  call: Call,
  dst: Uint8Array,
  flags: number,
  mostBytes = Number.POSITIVE_INFINITY,
): number | Blocked {
  const isPeek = (flags & abi.MSG_PEEK) !== 0;
  const isAll = (flags & abi.MSG_WAITALL) !== 0 && (socket.flags & O_NONBLOCK) === 0;
  const before = isPeek ? 0 : socket.movedBefore(call);
  const room = dst.subarray(before, before + mostBytes);
  const done = before + stream.receive(room, isPeek);
  const isCut = mostBytes < dst.length - before || stream.urgent.isAtMark;
  const wanted = Math.min(isAll ? dst.length : socket.lowWaterBytes, dst.length);
  if (done > 0 && (done >= wanted || isCut)) return done;
  if (dst.length === 0) return 0;
  const error = stream.error;
  if (error !== undefined && done === 0) {
    stream.takeError();
    // Linux tcp_recvmsg: after the peer's FIN a reset reads as end of file.
    if (error.name !== 'EPIPE') throw error;
  }
  if (stream.isPeerDone || stream.isReceiveShut) return done;
  return socket.waitToMove(call, flags, abi.SO_RCVTIMEO, done);
}

/** recv(2) with MSG_OOB: the urgent byte, never waiting for it. */
// Linux net/ipv4/tcp.c: tcp_recv_urg
export function receiveUrgent(
  stream: Stream | undefined,
  dst: Uint8Array,
  flags: number,
  message: ReceivedMessage,
): number {
  const value = stream?.urgent.takeUrgent((flags & abi.MSG_PEEK) !== 0);
  if (value === undefined) throw EINVAL;
  message.flags = dst.length > 0 ? abi.MSG_OOB : abi.MSG_OOB | abi.MSG_TRUNC;
  dst.set([value].slice(0, dst.length));
  return Math.min(dst.length, 1);
}

// Linux net/ipv4/tcp.c: tcp_poll
export function pollStream(stream: Stream, lowWaterBytes = 1): PollMask {
  const isInputOver = stream.isPeerDone || stream.isReceiveShut;
  let mask = 0;
  if (isInputOver) mask |= poll.POLLIN | poll.POLLRDNORM | poll.POLLRDHUP;
  if (isInputOver && stream.isSendShut) mask |= poll.POLLHUP;
  if (stream.readableBytes >= lowWaterBytes) mask |= poll.POLLIN | poll.POLLRDNORM;
  if (stream.urgent.hasUrgent) mask |= poll.POLLPRI;
  if (stream.isSendShut || stream.isWritable) mask |= poll.POLLOUT | poll.POLLWRNORM;
  if (stream.error !== undefined) mask |= poll.POLLERR;
  return mask;
}
