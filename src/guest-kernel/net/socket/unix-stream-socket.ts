/**
 * SOCK_STREAM of unix(7). Descriptors that travel with the bytes (SCM_RIGHTS) are noted with the place in the stream
 * where they were sent; a read stops before the next such place, so none is passed over.
 */
import {
  EAGAIN,
  ECONNABORTED,
  ECONNREFUSED,
  EINTR,
  EINVAL,
  EISCONN,
  ENOTCONN,
  EOPNOTSUPP,
  type Errno,
} from '../../abi/errno.ts';
import { O_NONBLOCK } from '../../abi/fcntl.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type SocketAddress, type UnixAddress } from '../../abi/socket-address.ts';
import { blocked, isBlocked, type Blocked } from '../../program/blocked.ts';
import { WaitQueue } from '../../program/wait-queue.ts';
import type { Call, OpenFile, PollMask } from '../../vfs/open-file.ts';
import { streamPair, type StreamEnd } from '../loopback/stream-pair.ts';
import type { Network } from '../network.ts';
import type { PeerCredentials, ReceivedMessage, SendOptions, SocketNames } from './socket.ts';
import { pollStream, receiveFromStream, sendToStream, type StreamSocket } from './stream-transfer.ts';
import { UNNAMED, UnixSocket } from './unix-socket.ts';

interface PlacedFiles {
  /** Bytes of the stream before them. */
  readonly at: number;
  readonly files: readonly OpenFile[];
}

interface Connection {
  readonly stream: StreamEnd;
  readonly peer: UnixStreamSocket;
}

interface Backlog {
  limit: number;
  readonly pending: UnixStreamSocket[];
  /** Woken when somebody was accepted, for those who wait to connect. */
  readonly room: WaitQueue;
}

export class UnixStreamSocket extends UnixSocket implements StreamSocket {
  readonly type = abi.SOCK_STREAM;
  #backlog: Backlog | undefined;
  #connection: Connection | undefined;
  #receivedBytes = 0;
  readonly #placed: PlacedFiles[] = [];

  /** socketpair(2). */
  static pair(network: Network, owner: PeerCredentials): readonly [UnixStreamSocket, UnixStreamSocket] {
    const a = new UnixStreamSocket(network, owner);
    const b = new UnixStreamSocket(network, owner);
    a.#join(b);
    return [a, b];
  }

  override get isListening(): boolean {
    return this.#backlog !== undefined;
  }

  override listen(backlog: number): void {
    if (this.#connection !== undefined || this.local === UNNAMED) throw EINVAL;
    const limit = Math.min(backlog < 0 ? abi.SOMAXCONN : backlog, abi.SOMAXCONN);
    if (this.#backlog === undefined) this.#backlog = { limit, pending: [], room: new WaitQueue() };
    else this.#backlog.limit = limit;
  }

  override accept(call: Call): UnixStreamSocket | Blocked {
    const backlog = this.#backlog;
    if (backlog === undefined) throw EINVAL;
    const socket = backlog.pending.shift();
    if (socket !== undefined) {
      backlog.room.wake(1);
      return socket;
    }
    const waiting = this.wait(call, 0, abi.SO_RCVTIMEO);
    if (!isBlocked(waiting)) throw ECONNABORTED;
    return waiting;
  }

  connect(call: Call, to: SocketAddress, names?: SocketNames): number | Blocked {
    if (isUnspecified(to) || this.#backlog !== undefined) throw EINVAL;
    if (this.#connection !== undefined) throw EISCONN;
    const listening = this.lookUp(to, names);
    if (!(listening instanceof UnixStreamSocket) || listening.#backlog === undefined) throw ECONNREFUSED;
    const { pending, limit, room } = listening.#backlog;
    if (pending.length > limit) {
      if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
      if (call.isInterrupted) throw EINTR;
      return blocked(room);
    }
    const accepted = new UnixStreamSocket(this.network, listening.owner);
    accepted.local = listening.local;
    accepted.#join(this);
    pending.push(accepted);
    listening.readiness.wake();
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    const connection = this.#connection;
    if (connection === undefined) throw ENOTCONN;
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    if (options.to !== undefined) throw EISCONN;
    const { stream, peer } = connection;
    const { files } = options;
    // With nothing done before there was no room before, so the files are placed once.
    if (files !== undefined && this.doneBytes(call) === 0 && stream.writableBytes > 0 && !stream.isSendShut) {
      for (const file of files) file.retain();
      peer.#placed.push({ at: peer.#receivedBytes + stream.unsentBytes, files });
    }
    return sendToStream(this, stream, call, src, options.flags);
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    const connection = this.#connection;
    if (connection === undefined) throw this.isListening ? EINVAL : ENOTCONN;
    const first = this.#placed[0];
    const isDue = first !== undefined && first.at === this.#receivedBytes;
    const boundary = this.#placed[isDue ? 1 : 0]?.at ?? Number.POSITIVE_INFINITY;
    const before = this.doneBytes(call);
    const result = receiveFromStream(this, connection.stream, call, dst, flags, boundary - this.#receivedBytes);
    const done = isBlocked(result) ? (result.progress as { doneBytes: number }).doneBytes : result;
    const isPeek = (flags & abi.MSG_PEEK) !== 0;
    if (isDue && done > before) {
      message.files = first.files;
      if (isPeek) for (const file of first.files) file.retain();
      else this.#placed.shift();
    }
    if (!isPeek) this.#receivedBytes += done - before;
    return result;
  }

  poll(): PollMask {
    if (this.#backlog !== undefined) return this.#backlog.pending.length > 0 ? poll.POLLIN | poll.POLLRDNORM : 0;
    if (this.#connection === undefined) return poll.POLLOUT | poll.POLLWRNORM | poll.POLLHUP;
    return pollStream(this.#connection.stream);
  }

  remoteAddress(): UnixAddress {
    if (this.#connection === undefined) throw ENOTCONN;
    return this.#connection.peer.local;
  }

  override peerCredentials(): PeerCredentials | undefined {
    return this.#connection?.peer.owner;
  }

  shutDown(how: number): void {
    const connection = this.#connection;
    if (connection === undefined) throw ENOTCONN;
    if (how !== abi.SHUT_RD) connection.stream.shutDownSend();
    if (how !== abi.SHUT_WR) connection.stream.shutDownReceive();
    this.readiness.wake();
  }

  override takeError(): Errno | undefined {
    return this.#connection?.stream.takeError();
  }

  waitToMove(call: Call, flags: number, timeout: number, doneBytes: number): number | Blocked {
    return this.wait(call, flags, timeout, doneBytes);
  }

  movedBefore(call: Call): number {
    return this.doneBytes(call);
  }

  pipeBroke(call: Call, flags: number): Errno {
    return this.brokenPipe(call, flags);
  }

  override readableBytes(): number {
    return this.#connection?.stream.readableBytes ?? 0;
  }

  override unsentBytes(): number {
    return this.#connection?.stream.unsentBytes ?? 0;
  }

  protected dispose(): void {
    for (const socket of this.#backlog?.pending.splice(0) ?? []) socket.release();
    this.#backlog?.room.wake();
    for (const { files } of this.#placed.splice(0)) for (const file of files) file.release();
    this.#connection?.stream.close();
    this.forgetName();
  }

  #join(peer: UnixStreamSocket): void {
    const limitBytes = this.options.socket(abi.SO_RCVBUF);
    const [ours, theirs] = streamPair({ limitBytes, lateWrite: 'refused' });
    ours.onChange(() => this.readiness.wake());
    theirs.onChange(() => peer.readiness.wake());
    this.#connection = { stream: ours, peer };
    peer.#connection = { stream: theirs, peer: this };
  }
}
