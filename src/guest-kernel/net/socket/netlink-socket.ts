/**
 * netlink(7), NETLINK_ROUTE and NETLINK_SOCK_DIAG: a socket that the kernel answers. mq_notify(3) with SIGEV_THREAD tells of messages through
 * one too (`deliver`).
 */
import { ECONNREFUSED, EADDRINUSE, EINVAL, EMSGSIZE, EOPNOTSUPP } from '../../abi/errno.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import { isUnspecified, type NetlinkAddress, type SocketAddress } from '../../abi/socket-address.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Network } from '../network.ts';
import { DatagramQueue, receiveDatagram } from './datagram-queue.ts';
import { FlyingFiles } from './flying-files.ts';
import { diagAnswers } from './diag-messages.ts';
import { type Answers, answerRequests } from './netlink-messages.ts';
import { ROUTE_ANSWERS } from './route-messages.ts';
import { type ReceivedMessage, type SendOptions, Socket } from './socket.ts';

const KERNEL: NetlinkAddress = { family: abi.AF_NETLINK, portId: 0, groups: 0 };
/** Ids of sockets beyond a program's first count down from here, as Linux gives negative ones. */
const FIRST_EXTRA_ID = 0xffff_f000;

export class NetlinkSocket extends Socket {
  readonly family = abi.AF_NETLINK;
  readonly type: number;
  readonly protocol: number;
  protected override readonly optionLevels = [abi.SOL_NETLINK];
  readonly #answers: Answers;
  readonly #pid: number;
  readonly #queue = new DatagramQueue(this.network.host.memory);
  #portId = 0;

  constructor(network: Network, pid: number, type: number, protocol = abi.NETLINK_ROUTE) {
    super(network);
    this.protocol = protocol;
    this.#answers = protocol === abi.NETLINK_ROUTE ? ROUTE_ANSWERS : diagAnswers(() => network.host.sockets());
    this.#pid = pid;
    this.type = type;
  }

  override bind(address: SocketAddress): void {
    if (address.family !== abi.AF_NETLINK) throw EINVAL;
    if (this.#portId !== 0) {
      if (address.portId !== this.#portId) throw EINVAL;
      return;
    }
    if (address.portId === 0) this.#bindFreely();
    else this.#take(address.portId);
  }

  connect(_call: Call, to: SocketAddress): number {
    if (isUnspecified(to)) return 0;
    if (to.family !== abi.AF_NETLINK) throw EINVAL;
    if (to.portId !== 0) throw ECONNREFUSED;
    this.#bindFreely();
    return 0;
  }

  send(_call: Call, src: Uint8Array, options: SendOptions): number | Blocked {
    if ((options.flags & abi.MSG_OOB) !== 0) throw EOPNOTSUPP;
    const { to } = options;
    if (to !== undefined && to.family !== abi.AF_NETLINK) throw EINVAL;
    if (to !== undefined && to.portId !== 0) throw ECONNREFUSED;
    if (src.length > this.options.socket(abi.SO_SNDBUF) - 32) throw EMSGSIZE; // Linux netlink_sendmsg
    this.#bindFreely();
    for (const answer of answerRequests(src.slice(), this.#portId, this.#answers)) this.deliver(answer);
    return src.length;
  }

  receive(call: Call, dst: Uint8Array, flags: number, message: ReceivedMessage): number | Blocked {
    if (this.#queue.next() === undefined) return this.wait(call, flags, abi.SO_RCVTIMEO);
    return receiveDatagram(this.#queue, dst, flags, message);
  }

  /** A message of the kernel. What does not fit the receive buffer is lost, as netlink(7) says. */
  deliver(bytes: Uint8Array): void {
    const isFull = this.#queue.bytes + bytes.length > this.options.socket(abi.SO_RCVBUF);
    if (this.isClosed || isFull || !this.#queue.hasRoom(bytes.length)) return;
    this.#queue.put({ bytes, from: KERNEL, files: FlyingFiles.none });
    this.readiness.wake();
  }

  poll(): PollMask {
    const isReadable = this.#queue.next() !== undefined;
    return poll.POLLOUT | poll.POLLWRNORM | (isReadable ? poll.POLLIN | poll.POLLRDNORM : 0);
  }

  localAddress(): NetlinkAddress {
    return { ...KERNEL, portId: this.#portId };
  }

  remoteAddress(): NetlinkAddress {
    return KERNEL;
  }

  shutDown(_how: number): void {
    throw EOPNOTSUPP;
  }

  override readableBytes(): number {
    return this.#queue.next()?.bytes.length ?? 0;
  }

  protected dispose(): void {
    this.#queue.clear();
    this.network.netlinkIds.delete(this.#portId);
  }

  /** The program's id for its first socket. */
  #bindFreely(): void {
    if (this.#portId !== 0) return;
    const { netlinkIds } = this.network;
    let id = this.#pid;
    for (let next = FIRST_EXTRA_ID; netlinkIds.has(id); next--) id = next;
    this.#take(id);
  }

  #take(id: number): void {
    if (this.network.netlinkIds.has(id)) throw EADDRINUSE;
    this.network.netlinkIds.add(id);
    this.#portId = id;
  }
}
