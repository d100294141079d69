/**
 * SOCK_STREAM of unix(7). What travels with the bytes (descriptors, credentials) is noted with the part of the stream it
 * came with. A read ends behind a part that had descriptors, and, for who wants credentials, before another sender's.
 */
import { ECONNREFUSED, EINVAL, EISCONN, ENOTCONN, type Errno } from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type SocketAddress, type UnixAddress } from '../../abi/socket-address.ts';
import { isBlocked, type Blocked } from '../../program/blocked.ts';
import type { Call, PollMask, UserMemory } from '../../vfs/open-file.ts';
import { streamPair, type StreamEnd } from '../loopback/stream-pair.ts';
import type { Network, PeerCredentials } from '../network.ts';
import type { ReceivedMessage, SendOptions, Socket, SocketNames } from './socket.ts';
import { FlyingFiles } from './flying-files.ts';
import { pollStream, receiveFromStream, receiveUrgent, sendToStream, type StreamSocket } from './stream-transfer.ts';
import { UnixBacklog } from './unix-backlog.ts';
import { pollShut, UNNAMED, UnixSocket } from './unix-socket.ts';

/** A part of what was sent to us. */
interface Part {
  /** Bytes of the stream up to its end. */
  endBytes: number;
  /** Until somebody took them. */
  readonly files: FlyingFiles;
  readonly credentials: PeerCredentials;
}

interface Connection {
  readonly stream: StreamEnd;
  readonly peer: UnixStreamSocket;
}

/** Unread parts, which may be of a byte each; on Linux each takes some 800 bytes of the send buffer. */
const MOST_PARTS = 1024;

export class UnixStreamSocket extends UnixSocket implements StreamSocket {
  readonly type = abi.SOCK_STREAM;
  #backlog: UnixBacklog<UnixStreamSocket> | undefined;
  #connection: Connection | undefined;
  /** What was shut without a connection; bit 0: reading, bit 1: writing. */
  #shut = 0;
  /** Bytes that ever came. */
  #arrivedBytes = 0;
  /** In the order of the stream; what was read is gone. */
  readonly #parts: Part[] = [];

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

  override get waiting(): Socket['waiting'] {
    const backlog = this.#backlog;
    return backlog === undefined ? undefined : { waiting: backlog.length, waitingLimit: backlog.limit };
  }

  override get peer(): Socket | undefined {
    return this.#connection?.peer;
  }

  override listen(backlog: number): void {
    if (this.#connection !== undefined || this.local === UNNAMED) throw EINVAL;
    if (this.#backlog === undefined) this.#backlog = new UnixBacklog(backlog);
    else this.#backlog.setLimit(backlog);
  }

  override accept(call: Call): UnixStreamSocket | Blocked {
    if (this.#backlog === undefined) throw EINVAL;
    return this.#backlog.take() ?? this.waitForPeer(call, (this.#shut & 1) !== 0);
  }

  connect(call: Call, to: SocketAddress, names?: SocketNames): number | Blocked {
    if (isUnspecified(to)) throw EINVAL;
    this.bindForCredentials();
    const listening = this.lookUp(to, names);
    if (!(listening instanceof UnixStreamSocket) || listening.#backlog === undefined) throw ECONNREFUSED;
    if ((listening.#shut & 1) !== 0) throw ECONNREFUSED;
    const waiting = this.waitForRoom(call, listening.#backlog);
    if (waiting !== undefined) return waiting;
    if (this.#connection !== undefined) throw EISCONN;
    if (this.isListening) throw EINVAL;
    const accepted = new UnixStreamSocket(this.network, listening.owner);
    accepted.local = listening.local;
    accepted.isAwaited = true;
    accepted.#join(this);
    listening.#backlog.add(accepted);
    listening.arrivals++;
    listening.readiness.wake();
    return 0;
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    const connection = this.#connection;
    if (connection === undefined) throw ENOTCONN;
    if (options.to !== undefined) throw EISCONN;
    const { stream, peer } = connection;
    const done = this.doneBytes(call);
    if (!stream.isSendShut && peer.#parts.length >= MOST_PARTS)
      return this.waitToMove(call, options.flags, abi.SO_SNDTIMEO, done);
    if (stream.error === undefined && !stream.isSendShut)
      peer.#note(Math.min(src.length - done, stream.writableBytes), {
        // With nothing done before there was no room before, so the files are placed once.
        files: FlyingFiles.of(this.network, done === 0 ? options.files : undefined, call.threadId),
        credentials: this.credentialsFor(call, peer, options.credentials),
      });
    // Linux unix_stream_sendmsg: that nobody will read comes before what became of what was sent.
    if (stream.isSendShut && done === 0) throw this.pipeBroke(call, options.flags);
    return sendToStream(this, stream, call, src, options.flags);
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    const connection = this.#connection;
    if (connection === undefined) throw EINVAL;
    const { stream } = connection;
    if ((flags & abi.MSG_OOB) !== 0) return receiveUrgent(stream, dst, flags, message);
    const isPeek = (flags & abi.MSG_PEEK) !== 0;
    const start = this.#arrivedBytes - stream.unreadBytes;
    const before = isPeek ? 0 : this.doneBytes(call);
    const result = receiveFromStream(this, stream, call, dst, flags, this.#boundary() - start);
    const done = isBlocked(result) ? (result.progress as { doneBytes: number }).doneBytes : result;
    if (done > before) this.#tell(message, isPeek ? start + done : this.#arrivedBytes - stream.unreadBytes, isPeek);
    return result;
  }

  poll(): PollMask {
    const shut = pollShut(this.#shut);
    if (this.#backlog !== undefined) return this.#backlog.length > 0 ? shut | poll.POLLIN | poll.POLLRDNORM : shut;
    if (this.#connection === undefined) return shut | poll.POLLOUT | poll.POLLWRNORM | poll.POLLHUP;
    return pollStream(this.#connection.stream);
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number {
    if (request !== abi.SIOCATMARK) return super.ioctl(call, request, argument, memory);
    memory.storeU32(argument, this.#connection?.stream.urgent.isAtMark === true ? 1 : 0);
    return 0;
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    super.setOption(level, name, value);
    this.#showOptions();
    if (level === abi.SOL_SOCKET && name === abi.SO_SNDBUF) this.readiness.wake(); // there may be more room now
  }

  remoteAddress(): UnixAddress {
    if (this.#connection === undefined) throw ENOTCONN;
    return this.#connection.peer.local;
  }

  override peerCredentials(): PeerCredentials | undefined {
    return this.#connection?.peer.owner;
  }

  shutDown(how: number): void {
    const stream = this.#connection?.stream;
    if (stream === undefined) this.#shut |= how + 1;
    if (how !== abi.SHUT_RD) stream?.shutDownSend();
    if (how !== abi.SHUT_WR) stream?.shutDownReceive();
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
    for (const socket of this.#backlog?.close() ?? []) socket.release();
    for (const { files } of this.#parts.splice(0)) files.drop();
    this.#connection?.stream.close(this.isAwaited);
    this.forgetName();
  }

  #join(peer: UnixStreamSocket): void {
    const [ours, theirs] = streamPair({
      bufferBytes: this.options.socket(abi.SO_SNDBUF),
      kind: 'unix',
      memory: this.network.host.memory,
    });
    ours.onChange(() => this.readiness.wake());
    theirs.onChange(() => peer.readiness.wake());
    this.#connection = { stream: ours, peer };
    peer.#connection = { stream: theirs, peer: this };
    this.#showOptions();
    peer.#showOptions();
  }

  /** What the stream has to know of them. */
  #showOptions(): void {
    const stream = this.#connection?.stream;
    if (stream === undefined) return;
    stream.urgent.isUrgentInline = this.options.socket(abi.SO_OOBINLINE) !== 0;
    stream.sendBufferBytes = this.options.socket(abi.SO_SNDBUF);
  }

  /** So many bytes are about to come. */
  #note(bytes: number, { files, credentials }: Omit<Part, 'endBytes'>): void {
    if (bytes <= 0) {
      files.drop();
      return;
    }
    this.#arrivedBytes += bytes;
    this.arrivals++;
    const last = this.#parts.at(-1);
    const isSame = last !== undefined && last.files.length === 0 && isSamePeer(last.credentials, credentials);
    if (isSame && files.length === 0) last.endBytes = this.#arrivedBytes;
    else this.#parts.push({ endBytes: this.#arrivedBytes, files, credentials });
  }

  /** Up to where one read may go. */
  #boundary(): number {
    const [first] = this.#parts;
    let endBytes = Number.POSITIVE_INFINITY;
    for (const part of this.#parts) {
      if (first !== undefined && this.wantsCredentials && !isSamePeer(part.credentials, first.credentials))
        return endBytes;
      endBytes = part.endBytes;
      if (part.files.length > 0) return endBytes;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** What came with the bytes up to `place`, all of which was read. */
  #tell(message: ReceivedMessage, place: number, isPeek: boolean): void {
    const [first] = this.#parts;
    if (first === undefined) return;
    message.credentials = first.credentials;
    let partStart = 0;
    let readParts = 0;
    for (const part of this.#parts) {
      if (partStart >= place) break;
      partStart = part.endBytes;
      if (part.files.length > 0) {
        message.files = isPeek ? part.files.copy() : part.files.take();
      }
      if (part.endBytes <= place) readParts++;
    }
    if (!isPeek) this.#parts.splice(0, readParts);
  }
}

function isSamePeer(a: PeerCredentials, b: PeerCredentials): boolean {
  return a === b || (a.pid === b.pid && a.uid === b.uid && a.gid === b.gid);
}
