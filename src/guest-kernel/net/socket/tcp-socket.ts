/**
 * TCP sockets of both families (tcp(7), ip(7), ipv6(7)).
 *
 *   idle ──listen──► listening
 *     └──connect──► connecting ──settled──► connected ──reset or close──► idle-like, with error or end of file
 *                        └──refused──► idle with a pending error
 */
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import {
  EADDRNOTAVAIL,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  EINPROGRESS,
  EINTR,
  EINTR_FINAL,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOENT,
  ENOTCONN,
  EOPNOTSUPP,
  ETIMEDOUT,
  type Errno,
} from '../../abi/errno.ts';
import { O_NONBLOCK } from '../../abi/fcntl.ts';
import * as poll from '../../abi/poll.ts';
import { TCP_CLOSE, TCP_CLOSE_WAIT, TCP_ESTABLISHED, TCP_FIN_WAIT2, TCP_LISTEN, TCP_SYN_SENT } from '../../abi/tcp.ts';
import * as abi from '../../abi/socket.ts';
import { type Inet6Address, type InetAddress, isUnspecified, type SocketAddress } from '../../abi/socket-address.ts';
import { blocked, isBlocked, type Blocked } from '../../program/blocked.ts';
import type { Call, PollMask, UserMemory } from '../../vfs/open-file.ts';
import { Listener, type ConnectRequest, type Incoming } from '../loopback/listener.ts';
import { type Endpoint, isBroadcast, isMapped, isMulticast } from '../host.ts';
import type { Network, TcpHolder } from '../network.ts';
import type { Stream, StreamBuffers } from '../stream.ts';
import { InetSocket, type InetFamily } from './inet-socket.ts';
import type { ReceivedMessage, SendOptions, Socket } from './socket.ts';
import { encodeTcpInfo, type TcpFacts } from './tcp-info.ts';
import { pollStream, receiveFromStream, receiveUrgent, sendToStream, type StreamSocket } from './stream-transfer.ts';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'listening'; readonly listener: Listener }
  | { readonly kind: 'connecting'; readonly request: ConnectRequest; readonly listener: Listener | undefined }
  | { readonly kind: 'connected'; readonly stream: Stream; readonly remote: Endpoint };

/** Kept between two runs of connect. */
interface ConnectPatience {
  /** No answer will come any more. */
  readonly giveUpNs: number;
  /** SO_SNDTIMEO: the call ends, the connecting goes on. */
  readonly returnNs: number;
}

const IDLE: State = { kind: 'idle' };
const CONGESTION_CONTROL = 'cubic'; // net.ipv4.tcp_congestion_control
const CONGESTION_NAME_BYTES = 16; // TCP_CA_NAME_MAX

export class TcpSocket extends InetSocket implements TcpHolder, StreamSocket {
  readonly type = abi.SOCK_STREAM;
  readonly protocol = abi.IPPROTO_TCP;
  protected override readonly optionLevels: readonly number[];
  #state: State = IDLE;
  #error: Errno | undefined;
  /** A non-blocking connect whose good outcome nobody was told yet: the next connect(2) answers 0, not EISCONN. */
  #hasUntoldOutcome = false;
  /** shutdown(2) was called before there was a connection. */
  #isReadingShut = false;
  #lastSentNs = 0;
  #lastReceivedNs = 0;

  constructor(network: Network, family: InetFamily = abi.AF_INET) {
    super(network, family);
    const levels = [abi.IPPROTO_TCP, abi.IPPROTO_IP];
    this.optionLevels = family === abi.AF_INET6 ? [...levels, abi.IPPROTO_IPV6] : levels;
  }

  get listener(): Listener | undefined {
    return this.#state.kind === 'listening' ? this.#state.listener : undefined;
  }

  get #stream(): Stream | undefined {
    return this.#state.kind === 'connected' ? this.#state.stream : undefined;
  }

  override get isListening(): boolean {
    return this.#state.kind === 'listening';
  }

  override get waiting(): Socket['waiting'] {
    const { listener } = this;
    return listener === undefined ? undefined : { waiting: listener.length, waitingLimit: listener.backlog };
  }

  override listen(backlog: number): void {
    const most = Math.min(backlog < 0 ? abi.SOMAXCONN : backlog, abi.SOMAXCONN);
    if (this.#state.kind === 'listening') {
      this.#state.listener.setBacklog(most);
      return;
    }
    if (this.#state.kind !== 'idle') throw EINVAL;
    const { host, port } = this.local;
    // Binding again checks the port under the stricter rules for listeners (SO_REUSEADDR).
    this.letGo();
    const listener = new Listener(most);
    listener.onIncoming(() => {
      this.arrivals++;
      this.readiness.wake();
    });
    this.#state = { kind: 'listening', listener };
    this.#showOptions();
    try {
      this.hold({ host, port });
    } catch (error) {
      this.#state = IDLE;
      throw error;
    }
  }

  override accept(call: Call): TcpSocket | Blocked {
    const { listener } = this;
    if (listener === undefined) throw EINVAL;
    const incoming = listener.take();
    if (incoming === undefined) {
      const waiting = this.wait(call, 0, abi.SO_RCVTIMEO);
      if (!isBlocked(waiting)) throw ECONNABORTED;
      return waiting;
    }
    const socket = new TcpSocket(this.network, this.family);
    socket.options = this.options.clone();
    socket.#adopt(incoming);
    return socket;
  }

  connect(call: Call, to: SocketAddress): number | Blocked {
    if (isUnspecified(to)) return this.#disconnect();
    if (this.#state.kind === 'connecting') return this.#awaitConnection(call, true);
    if (this.#state.kind === 'connected' && this.#hasUntoldOutcome) {
      this.#hasUntoldOutcome = false;
      return 0;
    }
    if (this.#state.kind !== 'idle') throw EISCONN;
    // A second run, after the connection was refused.
    if (this.#error !== undefined) throw this.takeError() ?? ECONNABORTED;
    if (this.family === abi.AF_INET6 && to.family === abi.AF_INET) throw EINVAL; // too short
    const remote = this.destination(to);
    if (isBroadcast(remote.host) || isMulticast(remote.host)) throw ENETUNREACH; // Linux tcp_v4_connect
    this.#startConnect(remote);
    return this.#awaitConnection(call, false);
  }

  send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    // net.ipv4.tcp_fastopen is 0.
    if ((options.flags & abi.MSG_FASTOPEN) !== 0) throw EOPNOTSUPP;
    if (this.#state.kind === 'connecting') return this.wait(call, options.flags, abi.SO_SNDTIMEO);
    if (this.#state.kind !== 'connected') throw this.takeError() ?? this.brokenPipe(call, options.flags);
    this.network.count(src.length);
    this.#lastSentNs = call.nowNs;
    return sendToStream(this, this.#state.stream, call, src, options.flags);
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if ((flags & abi.MSG_OOB) !== 0 && !this.isListening) return receiveUrgent(this.#stream, dst, flags, message);
    if (this.#state.kind === 'connecting') return this.wait(call, flags, abi.SO_RCVTIMEO);
    // Linux inet_recv_error: nothing on lo leaves an error for its queue.
    if ((flags & abi.MSG_ERRQUEUE) !== 0) throw EAGAIN;
    if (this.#state.kind !== 'connected') throw this.takeError() ?? ENOTCONN;
    this.#lastReceivedNs = call.nowNs;
    return receiveFromStream(this, this.#state.stream, call, dst, flags);
  }

  override discards(flags: number): boolean {
    return (flags & abi.MSG_TRUNC) !== 0;
  }

  poll(): PollMask {
    const state = this.#state;
    if (state.kind === 'connected') return pollStream(state.stream, this.lowWaterBytes);
    if (state.kind === 'listening') return state.listener.length > 0 ? poll.POLLIN | poll.POLLRDNORM : 0;
    if (state.kind === 'connecting') return 0;
    // Linux tcp_poll: a socket that never was connected, or that was refused, hangs up and is writable.
    const mask = poll.POLLOUT | poll.POLLWRNORM | poll.POLLHUP;
    const input = poll.POLLIN | poll.POLLRDNORM | poll.POLLRDHUP;
    if (this.#error !== undefined) return mask | poll.POLLERR | input;
    return this.#isReadingShut ? mask | input : mask;
  }

  override acceptedFrom(): InetAddress | Inet6Address {
    return this.#state.kind === 'connected' ? this.addressOf(this.#state.remote) : this.remoteAddress();
  }

  remoteAddress(): InetAddress | Inet6Address {
    if (this.#state.kind !== 'connected' || isOver(this.#state.stream)) throw ENOTCONN;
    return this.addressOf(this.#state.remote);
  }

  shutDown(how: number): void {
    switch (this.#state.kind) {
      case 'connected':
        if (isOver(this.#state.stream)) throw ENOTCONN;
        if (how !== abi.SHUT_RD) this.#state.stream.shutDownSend();
        if (how !== abi.SHUT_WR) this.#state.stream.shutDownReceive();
        break;
      case 'listening':
        // Linux inet_shutdown: shutting a listener's reading side makes it a plain socket again.
        if (how === abi.SHUT_WR) break;
        this.#state.listener.close();
        this.#state = IDLE;
        break;
      case 'connecting':
      case 'idle':
        // Linux inet_shutdown: an error, and yet who polls the socket is told.
        if (how !== abi.SHUT_WR) this.#isReadingShut = true;
        this.readiness.wake();
        throw ENOTCONN;
    }
    this.readiness.wake();
  }

  override takeError(): Errno | undefined {
    if (this.#state.kind === 'connected') return this.#state.stream.takeError();
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** One of us: for stream-transfer.ts. */
  waitToMove(call: Call, flags: number, timeout: number, doneBytes: number): number | Blocked {
    return this.wait(call, flags, timeout, doneBytes);
  }

  movedBefore(call: Call): number {
    return this.doneBytes(call);
  }

  pipeBroke(call: Call, flags: number): Errno {
    return this.brokenPipe(call, flags);
  }

  override setOption(level: number, name: number, value: Uint8Array): void {
    // tcp(7): another algorithm would have nothing to do here.
    if (level === abi.IPPROTO_TCP && name === abi.TCP_CONGESTION) {
      if (byteStringFrom(value).split('\0')[0] !== CONGESTION_CONTROL) throw ENOENT;
      return;
    }
    super.setOption(level, name, value);
    this.#showOptions();
    if (level === abi.SOL_SOCKET && name === abi.SO_SNDBUF) this.readiness.wake(); // there may be more room now
  }

  override getOption(level: number, name: number): Uint8Array {
    if (level === abi.IPPROTO_TCP && name === abi.TCP_INFO) return encodeTcpInfo(this.#facts());
    if (level === abi.IPPROTO_TCP && name === abi.TCP_CONGESTION)
      return bytesOf(CONGESTION_CONTROL.padEnd(CONGESTION_NAME_BYTES, '\0'));
    // The congestion control has nothing to tell: there is no congestion over lo.
    if (level === abi.IPPROTO_TCP && name === abi.TCP_CC_INFO) return new Uint8Array(0);
    return super.getOption(level, name);
  }

  /** TCP_* of abi/tcp.ts, for /proc/net/tcp too. */
  get tcpState(): number {
    if (this.#state.kind === 'listening') return TCP_LISTEN;
    if (this.#state.kind === 'connecting') return TCP_SYN_SENT;
    if (this.#state.kind === 'idle' || isOver(this.#state.stream)) return TCP_CLOSE;
    if (this.#state.stream.isPeerDone) return TCP_CLOSE_WAIT;
    return this.#state.stream.isSendShut ? TCP_FIN_WAIT2 : TCP_ESTABLISHED;
  }

  #facts(): TcpFacts {
    const { listener } = this;
    const traffic = this.#stream?.traffic;
    const sinceMs = (timeNs: number): number =>
      timeNs === 0 ? 0 : Math.max(0, Math.floor((this.network.host.monotonicNs() - timeNs) / 1e6));
    return {
      state: this.tcpState,
      sentBytes: traffic?.sentBytes ?? 0,
      receivedBytes: (traffic?.receivedBytes ?? 0) + (this.#stream?.isPeerDone === true ? 1 : 0), // FIN has a number too
      sends: traffic?.sends ?? 0,
      arrivals: traffic?.arrivals ?? 0,
      lastSentMs: sinceMs(this.#lastSentNs),
      lastReceivedMs: sinceMs(this.#lastReceivedNs),
      backlog: listener?.length ?? 0,
      backlogLimit: listener?.backlog ?? 0,
      windowBytes: Math.min(this.#stream?.writableBytes ?? 0, 0x7fff_ffff),
      segmentBytes: this.family === abi.AF_INET6 && !isMapped(this.local.host) ? 65_464 : 65_483,
    };
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number {
    if (request !== abi.SIOCATMARK) return super.ioctl(call, request, argument, memory);
    memory.storeU32(argument, this.#stream?.urgent.isAtMark === true ? 1 : 0);
    return 0;
  }

  override readableBytes(): number {
    return this.#stream?.urgent.bytesBeforeMark ?? 0;
  }

  override unsentBytes(): number {
    return this.#stream?.unsentBytes ?? 0;
  }

  protected dispose(): void {
    const state = this.#state;
    this.#state = IDLE;
    if (state.kind === 'listening') state.listener.close();
    else if (state.kind === 'connecting') state.listener?.withdraw(state.request);
    else if (state.kind === 'connected') state.stream.close(this.options.socket(abi.SO_LINGER) === 0);
    this.letGo();
  }

  #adopt(incoming: Incoming): void {
    this.local = incoming.local;
    this.#stand(incoming.stream, incoming.remote);
  }

  #stand(stream: Stream, remote: Endpoint): void {
    stream.onChange(() => {
      this.arrivals = stream.traffic.arrivals;
      this.readiness.wake();
    });
    this.#state = { kind: 'connected', stream, remote };
    this.#showOptions();
  }

  /** What the stream has to know of them. */
  #showOptions(): void {
    if (this.listener !== undefined) this.listener.buffers = this.#buffers;
    if (this.#stream === undefined) return;
    Object.assign(this.#stream, this.#buffers);
    this.#stream.urgent.isUrgentInline = this.options.socket(abi.SO_OOBINLINE) !== 0;
  }

  get #buffers(): StreamBuffers {
    return {
      sendBufferBytes: this.options.socket(abi.SO_SNDBUF),
      receiveBufferBytes: this.options.socket(abi.SO_RCVBUF),
    };
  }

  #startConnect(remote: Endpoint): void {
    this.settleFor(remote);
    const isTaken = this.network.tcp.holders(this.local.port).some((each) => each.hasConnection?.(this.local, remote));
    if (isTaken) {
      this.unsettle();
      throw EADDRNOTAVAIL;
    }
    const request: ConnectRequest = {
      local: this.local,
      remote,
      bufferBytes: this.options.socket(abi.SO_RCVBUF),
      memory: this.network.host.memory,
      settled: (outcome) => {
        if ('code' in outcome) {
          this.#state = IDLE;
          this.#error = outcome;
          this.unsettle();
        } else this.#stand(outcome, remote);
        this.readiness.wake();
      },
    };
    this.#state = { kind: 'connecting', request, listener: undefined };
    const listener = this.network.connectTcp(request);
    // `settled` may have been called inside, and then there is no state to note the listener in.
    if (this.#isStillConnecting()) this.#state = { kind: 'connecting', request, listener };
  }

  hasConnection(local: Endpoint, remote: Endpoint): boolean {
    if (this.#state.kind !== 'connected' || isOver(this.#state.stream)) return false;
    const { remote: own } = this.#state;
    return this.local.host === local.host && own.host === remote.host && own.port === remote.port;
  }

  #isStillConnecting(): boolean {
    return this.#state.kind === 'connecting';
  }

  /** The outcome of a connect that was started by this call, or (isAgain) by an earlier one. */
  #awaitConnection(call: Call, isAgain: boolean): number | Blocked {
    if ((this.flags & O_NONBLOCK) !== 0) {
      if (isAgain) throw EALREADY;
      // tcp(7) on Linux says EINPROGRESS even where the answer is there at once; the outcome is told by poll and SO_ERROR.
      this.#hasUntoldOutcome = true;
      throw EINPROGRESS;
    }
    if (this.#state.kind === 'connected') return 0;
    if (this.#state.kind === 'idle') throw this.takeError() ?? ECONNABORTED;
    const patience = (call.progress as ConnectPatience | undefined) ?? this.#connectPatience(call.nowNs);
    if (call.nowNs >= patience.giveUpNs) {
      this.#disconnect();
      throw ETIMEDOUT;
    }
    if (call.nowNs >= patience.returnNs) throw EINPROGRESS;
    const isTimed = patience.returnNs !== Number.POSITIVE_INFINITY;
    if (call.isInterrupted) throw isTimed ? EINTR_FINAL : EINTR;
    this.#hasUntoldOutcome = true; // the second run of this call finds it connected
    const deadlineNs = Math.min(patience.giveUpNs, patience.returnNs);
    return blocked(this.readiness, { deadlineNs, progress: patience });
  }

  #connectPatience(nowNs: number): ConnectPatience {
    const retries = this.options.number(abi.IPPROTO_TCP, abi.TCP_SYNCNT);
    const userNs = this.options.number(abi.IPPROTO_TCP, abi.TCP_USER_TIMEOUT) * 1e6;
    // Each SYN waits twice as long as the one before (RFC 6298 5.5), the first a second.
    const giveUpNs = nowNs + Math.min((2 ** (retries + 1) - 1) * 1e9, userNs === 0 ? Number.POSITIVE_INFINITY : userNs);
    const timeoutUs = this.options.socket(abi.SO_SNDTIMEO);
    return { giveUpNs, returnNs: timeoutUs === 0 ? Number.POSITIVE_INFINITY : nowNs + timeoutUs * 1000 };
  }

  /** connect(2) with AF_UNSPEC, and giving up. */
  #disconnect(): number {
    const state = this.#state;
    this.#state = IDLE;
    if (state.kind === 'listening') state.listener.close();
    if (state.kind === 'connecting') state.listener?.withdraw(state.request);
    if (state.kind === 'connected') state.stream.close(true);
    this.unsettle();
    this.readiness.wake();
    return 0;
  }

  protected get isBusy(): boolean {
    return this.#state.kind !== 'idle';
  }

  protected takePort({ host, port }: Endpoint): number {
    return this.network.tcp.bind(this, host, port);
  }

  protected movePort({ host, port }: Endpoint): void {
    this.network.tcp.move(this, host, port);
  }

  protected giveBackPort(port: number): void {
    this.network.tcp.release(this, port);
  }
}

/** Linux' TCP_CLOSE: reset, or both sides have said that they send no more; what came may still be read. */
const isOver = (stream: Stream): boolean => stream.isPeerDone && stream.isSendShut;
