/**
 * What every socket is: an OpenFile with the operations of socket(2) on top. Kinds: tcp-socket.ts, udp-socket.ts,
 * unix-stream-socket.ts, unix-datagram-socket.ts. The system calls and native programs know only this.
 *
 * Blocking operations may be called again with call.progress (program/blocked.ts); progress is a Progress below.
 */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import {
  EAGAIN,
  EINTR,
  EINTR_FINAL,
  EINVAL,
  ENOPROTOOPT,
  ENOTTY,
  EOPNOTSUPP,
  EPIPE,
  type Errno,
} from '../../abi/errno.ts';
import { O_NONBLOCK, O_RDWR } from '../../abi/fcntl.ts';
import { FIONREAD } from '../../abi/ioctls.ts';
import { SIGPIPE } from '../../abi/signal.ts';
import * as abi from '../../abi/socket.ts';
import type { SocketAddress } from '../../abi/socket-address.ts';
import { S_IFSOCK } from '../../abi/stat.ts';
import { blocked, type Blocked } from '../../program/blocked.ts';
import { WaitQueue } from '../../program/wait-queue.ts';
import type { FileAttributes, Inode } from '../../vfs/inode.ts';
import type { Call, OpenFile, PollMask, UserMemory } from '../../vfs/open-file.ts';
import type { Network, PeerCredentials } from '../network.ts';
import { interfaceControl } from './interface-control.ts';
import { PacketFilter } from './packet-filter.ts';
import { SocketOptions } from './options.ts';

/** A control message (cmsg(3)) besides descriptors and credentials. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** Paths of Unix sockets as the calling thread sees them. */
export interface SocketNames {
  /** Makes a socket inode, retained once. @throws EADDRINUSE and the errors of a path walk, NotResident */
  create(path: ByteString): Inode;
  /** @throws ENOENT, NotResident and the like */
  find(path: ByteString): Inode;
}

export interface SendOptions {
  readonly flags: number;
  readonly to?: SocketAddress | undefined;
  /** Needed where `to` is a Unix path. */
  readonly names?: SocketNames;
  /** SCM_RIGHTS of a Unix socket; `send` retains them once when it takes them. */
  readonly files?: readonly OpenFile[];
  /** SCM_CREDENTIALS that the sender gave; it may. */
  readonly credentials?: PeerCredentials;
  /** All others, for the kind of socket to understand. */
  readonly control?: readonly ControlMessage[];
}

/** What receive tells besides the bytes; the callee fills it in. */
export interface ReceivedMessage {
  from?: SocketAddress;
  /** Descriptors that came with it; their references are the caller's now. */
  files?: readonly OpenFile[];
  /** Who sent it, where SO_PASSCRED asks. */
  credentials?: PeerCredentials;
  control?: readonly ControlMessage[];
  /** Whole length of a datagram, where dst was too short for it. */
  fullBytes?: number;
  /** MSG_* that recvmsg tells besides. */
  flags?: number;
}

/** Kept between two runs of a blocking operation. */
interface Progress {
  readonly deadlineNs: number | undefined;
  /** Bytes moved so far. */
  readonly doneBytes: number;
}

export abstract class Socket implements OpenFile {
  readonly kind = 'socket';
  readonly path: string;
  readonly isSeekable = false;
  readonly readiness = new WaitQueue();
  abstract readonly family: number;
  abstract readonly type: number;
  abstract readonly protocol: number;
  flags = O_RDWR;
  offset = 0;
  options = new SocketOptions();
  readonly filter = new PacketFilter();
  protected readonly network: Network;
  readonly #id: number;
  isClosed = false;
  /** How often something came. */
  arrivals = 0;
  #references = 1;

  constructor(network: Network) {
    this.network = network;
    this.#id = network.nextSocketId();
    this.path = `socket:[${this.#id}]`;
  }

  /** Levels of setsockopt(2) besides SOL_SOCKET; a Unix socket has none. */
  protected readonly optionLevels: readonly number[] = [];

  abstract poll(): PollMask;
  abstract connect(call: Call, to: SocketAddress, names?: SocketNames): number | Blocked;
  abstract send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked;
  abstract receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked;
  abstract localAddress(): SocketAddress;
  /** @throws ENOTCONN */
  abstract remoteAddress(): SocketAddress;
  /** For accept(2): who connected, even if it is gone again. */
  acceptedFrom(): SocketAddress {
    return this.remoteAddress();
  }

  abstract shutDown(how: number): void;
  /** Bytes FIONREAD tells of. */
  abstract readableBytes(): number;
  /** The last descriptor is gone. */
  protected abstract dispose(): void;

  bind(_address: SocketAddress, _names?: SocketNames): void {
    throw EINVAL;
  }

  listen(_backlog: number): void {
    throw EOPNOTSUPP;
  }

  accept(_call: Call): Socket | Blocked {
    throw EOPNOTSUPP;
  }

  /** Bytes sent that the peer has not taken (SIOCOUTQ). */
  unsentBytes(): number {
    return 0;
  }

  /** Takes the pending error (SO_ERROR). */
  takeError(): Errno | undefined {
    return undefined;
  }

  peerCredentials(): PeerCredentials | undefined {
    return undefined;
  }

  get isListening(): boolean {
    return false;
  }

  /** Of one that listens: how many wait to be accepted, and how many may. */
  get waiting(): { readonly waiting: number; readonly waitingLimit: number } | undefined {
    return undefined;
  }

  /** The socket at the other end, where that is known. */
  get peer(): Socket | undefined {
    return undefined;
  }

  setOption(level: number, name: number, value: Uint8Array): void {
    if (!this.#hasLevel(level)) throw this.family === abi.AF_UNIX ? EOPNOTSUPP : ENOPROTOOPT;
    // Buffers may be forced past the limit on Linux; here the limit holds.
    const plain = { [abi.SO_SNDBUFFORCE]: abi.SO_SNDBUF, [abi.SO_RCVBUFFORCE]: abi.SO_RCVBUF }[name];
    this.options.set(level, level === abi.SOL_SOCKET ? (plain ?? name) : name, value);
    // Linux sock_set_timestamp: one of the two at a time.
    const other = { [abi.SO_TIMESTAMP]: abi.SO_TIMESTAMPNS, [abi.SO_TIMESTAMPNS]: abi.SO_TIMESTAMP }[name];
    if (level === abi.SOL_SOCKET && other !== undefined) this.options.set(level, other, new Uint8Array(4));
  }

  /** @throws ENOPROTOOPT */
  getOption(level: number, name: number): Uint8Array {
    // Linux do_ip_getsockopt answers so, and ipv6_getsockopt otherwise.
    if (!this.#hasLevel(level)) throw this.family === abi.AF_INET6 ? ENOPROTOOPT : EOPNOTSUPP;
    if (level === abi.SOL_SOCKET) {
      switch (name) {
        case abi.SO_ERROR:
          return int32(this.takeError()?.code ?? 0);
        case abi.SO_TYPE:
          return int32(this.type);
        case abi.SO_PROTOCOL:
          return int32(this.protocol);
        case abi.SO_DOMAIN:
          return int32(this.family);
        case abi.SO_ACCEPTCONN:
          return int32(this.isListening ? 1 : 0);
        case abi.SO_COOKIE:
          return new Uint8Array(BigInt64Array.of(BigInt(this.#id)).buffer);
        case abi.SO_LOCK_FILTER:
          return int32(this.filter.isLocked ? 1 : 0);
        case abi.SO_MEMINFO:
          return this.#memory();
        case abi.SO_SNDLOWAT:
          return int32(1);
        case abi.SO_PEERCRED: {
          const peer = this.peerCredentials() ?? { pid: 0, uid: -1, gid: -1 };
          return new Uint8Array(Int32Array.of(peer.pid, peer.uid, peer.gid).buffer);
        }
        default:
      }
    }
    return this.options.get(level, name);
  }

  /** SK_MEMINFO_*: what waits to be read and its limit, what waits to be sent and its limit, and what there is no account of. */
  #memory(): Uint8Array {
    const [received, sent] = this.isListening ? [0, 0] : [this.readableBytes(), this.unsentBytes()];
    const { options } = this;
    const words = [received, options.socket(abi.SO_RCVBUF), sent, options.socket(abi.SO_SNDBUF), 0, sent, 0, 0, 0];
    return new Uint8Array(Uint32Array.from(words).buffer);
  }

  #hasLevel(level: number): boolean {
    return level === abi.SOL_SOCKET || this.optionLevels.includes(level);
  }

  read(call: Call, dst: Uint8Array): number | Blocked {
    const message: ReceivedMessage = {};
    const count = this.receive(call, dst, 0, message);
    for (const file of message.files ?? []) file.release(); // read(2) has no place for descriptors: they close
    return count;
  }

  /** Whether what is received with these flags of recv(2) goes nowhere (tcp(7), MSG_TRUNC). */
  discards(_flags: number): boolean {
    return false;
  }

  write(call: Call, src: Uint8Array): number | Blocked {
    return this.send(call, src, { flags: 0 });
  }

  ioctl(_call: Call, request: number, argument: number, memory: UserMemory): number {
    switch (request) {
      case FIONREAD:
        if (this.isListening) throw EINVAL;
        memory.storeU32(argument, this.readableBytes());
        return 0;
      case abi.SIOCOUTQ:
        if (this.isListening) throw EINVAL;
        memory.storeU32(argument, this.unsentBytes());
        return 0;
      default:
        if (!interfaceControl(request, argument, memory)) throw ENOTTY;
        return 0;
    }
  }

  attributes(): FileAttributes {
    const never = { seconds: 0, nanoseconds: 0 };
    return {
      inodeNumber: this.#id,
      mode: S_IFSOCK | 0o777,
      linkCount: 1,
      uid: 0,
      gid: 0,
      rdev: 0,
      sizeBytes: 0,
      blockSizeBytes: 4096,
      blocks512: 0,
      accessTime: never,
      modifyTime: never,
      changeTime: never,
    };
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references > 0) return;
    this.isClosed = true;
    this.dispose();
    this.readiness.wake();
  }

  /** SO_RCVLOWAT. */
  get lowWaterBytes(): number {
    return this.options.socket(abi.SO_RCVLOWAT);
  }

  /** Bytes that an earlier run of this call moved. */
  protected doneBytes(call: Call): number {
    return (call.progress as Progress | undefined)?.doneBytes ?? 0;
  }

  /**
   * The answer of an operation that can do nothing now: waits, or ends the call with what was done so far.
   * @param flags MSG_* of the call
   * @param timeout SO_RCVTIMEO or SO_SNDTIMEO
   */
  protected wait(call: Call, flags: number, timeout: number, doneBytes = 0): number | Blocked {
    const before = call.progress as Progress | undefined;
    const timeoutUs = this.options.socket(timeout);
    const deadlineNs = before?.deadlineNs ?? (timeoutUs > 0 ? call.nowNs + timeoutUs * 1000 : undefined);
    const isNonBlocking = (this.flags & O_NONBLOCK) !== 0 || (flags & abi.MSG_DONTWAIT) !== 0;
    const isOver = isNonBlocking || (deadlineNs !== undefined && call.nowNs >= deadlineNs);
    if ((isOver || call.isInterrupted) && doneBytes > 0) return doneBytes;
    if (isOver) throw EAGAIN;
    if (call.isInterrupted) throw deadlineNs === undefined ? EINTR : EINTR_FINAL; // Linux sock_intr_errno
    const progress: Progress = { deadlineNs, doneBytes };
    return blocked(this.readiness, { progress, ...(deadlineNs !== undefined && { deadlineNs }) });
  }

  /** For a message that comes now: when, if somebody will ask. */
  arrivalTime(): { readonly timeNs?: bigint } {
    return this.#timestampOption() === undefined ? {} : { timeNs: this.network.host.realtimeNs() };
  }

  /** SO_TIMESTAMP and SO_TIMESTAMPNS of a message. @param timeNs when it came; nothing: it is told late, as on Linux */
  protected timestampMessages(timeNs = this.network.host.realtimeNs()): readonly ControlMessage[] {
    const type = this.#timestampOption();
    if (type === undefined) return [];
    const parts = type === abi.SO_TIMESTAMP ? timeNs / 1000n : timeNs;
    const perSecond = type === abi.SO_TIMESTAMP ? 1_000_000n : 1_000_000_000n;
    const data = new Uint8Array(BigInt64Array.of(parts / perSecond, parts % perSecond).buffer);
    return [{ level: abi.SOL_SOCKET, type, data }];
  }

  #timestampOption(): number | undefined {
    return [abi.SO_TIMESTAMPNS, abi.SO_TIMESTAMP].find((name) => this.options.socket(name) !== 0);
  }

  /** The end of a write that nobody will read: SIGPIPE unless unwanted. */
  protected brokenPipe(call: Call, flags: number): Errno {
    if ((flags & abi.MSG_NOSIGNAL) === 0) call.raise(SIGPIPE);
    return EPIPE;
  }
}

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
