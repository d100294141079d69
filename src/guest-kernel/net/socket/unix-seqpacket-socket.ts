/** SOCK_SEQPACKET of unix(7): messages with their boundaries, between two sockets that are connected as streams are. */
import { ECONNREFUSED, EINVAL, EISCONN, ENOTCONN } from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type SocketAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Network, PeerCredentials } from '../network.ts';
import type { ReceivedMessage, SendOptions, Socket, SocketNames } from './socket.ts';
import { UnixBacklog } from './unix-backlog.ts';
import { UnixDatagramSocket } from './unix-datagram-socket.ts';
import { pollShut, UNNAMED } from './unix-socket.ts';

export class UnixSeqpacketSocket extends UnixDatagramSocket {
  override readonly type = abi.SOCK_SEQPACKET;
  #backlog: UnixBacklog<UnixSeqpacketSocket> | undefined;

  /** socketpair(2). */
  static override pair(network: Network, owner: PeerCredentials): readonly UnixSeqpacketSocket[] {
    const [a, b] = [new UnixSeqpacketSocket(network, owner), new UnixSeqpacketSocket(network, owner)];
    a.joinWith(b);
    return [a, b];
  }

  override get isListening(): boolean {
    return this.#backlog !== undefined;
  }

  override get waiting(): Socket['waiting'] {
    const backlog = this.#backlog;
    return backlog === undefined ? undefined : { waiting: backlog.length, waitingLimit: backlog.limit };
  }

  override listen(backlog: number): void {
    if (this.isConnected || this.local === UNNAMED) throw EINVAL;
    if (this.#backlog === undefined) this.#backlog = new UnixBacklog(backlog);
    else this.#backlog.setLimit(backlog);
  }

  override accept(call: Call): UnixSeqpacketSocket | Blocked {
    if (this.#backlog === undefined) throw EINVAL;
    return this.#backlog.take() ?? this.waitForPeer(call, (this.shut & 1) !== 0);
  }

  override connect(call: Call, to: SocketAddress, names?: SocketNames): number | Blocked {
    if (isUnspecified(to)) throw EINVAL;
    this.bindForCredentials();
    const listening = this.lookUp(to, names);
    if (!(listening instanceof UnixSeqpacketSocket) || listening.#backlog === undefined) throw ECONNREFUSED;
    if ((listening.shut & 1) !== 0) throw ECONNREFUSED;
    const waiting = this.waitForRoom(call, listening.#backlog);
    if (waiting !== undefined) return waiting;
    if (this.isConnected) throw EISCONN;
    if (this.isListening) throw EINVAL;
    const accepted = new UnixSeqpacketSocket(this.network, listening.owner);
    accepted.local = listening.local;
    accepted.isAwaited = true;
    accepted.joinWith(this);
    listening.#backlog.add(accepted);
    listening.arrivals++;
    listening.readiness.wake();
    return 0;
  }

  override send(call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    if (!this.isConnected) throw ENOTCONN;
    // Linux unix_seqpacket_sendmsg: an address is of no meaning here.
    return super.send(call, src, { ...options, to: undefined });
  }

  override receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if (!this.isConnected) throw ENOTCONN;
    return super.receive(call, dst, flags, message);
  }

  override poll(): PollMask {
    const shut = pollShut(this.shut);
    if (this.#backlog !== undefined) return this.#backlog.length > 0 ? shut | poll.POLLIN | poll.POLLRDNORM : shut;
    return this.isConnected ? super.poll() : shut | poll.POLLHUP | poll.POLLOUT | poll.POLLWRNORM;
  }

  protected override get keepsPeer(): boolean {
    return true;
  }

  protected override dispose(): void {
    for (const socket of this.#backlog?.close() ?? []) socket.release();
    super.dispose();
  }
}
