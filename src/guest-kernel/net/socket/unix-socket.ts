/** What both kinds of Unix sockets share: names and credentials (unix(7)). */
import { EADDRINUSE, ECONNREFUSED, EINVAL, EPROTOTYPE } from '../../abi/errno.ts';
import { O_NONBLOCK } from '../../abi/fcntl.ts';
import * as poll from '../../abi/poll.ts';
import * as abi from '../../abi/socket.ts';
import type { SocketAddress, UnixAddress } from '../../abi/socket-address.ts';
import { type Blocked, isBlocked } from '../../program/blocked.ts';
import type { Inode } from '../../vfs/inode.ts';
import type { Call, PollMask } from '../../vfs/open-file.ts';
import type { Network, PeerCredentials, UnixHolder } from '../network.ts';
import { Socket, type SocketNames } from './socket.ts';
import type { UnixBacklog } from './unix-backlog.ts';

export const UNNAMED: UnixAddress = { family: abi.AF_UNIX, path: '' };

/** What a message without credentials says (the overflow ids of Linux). */
const NOBODY: PeerCredentials = { pid: 0, uid: 65_534, gid: 65_534 };

/** What shutdown(2) shows to poll, of a socket without a connection too. @param shut bit 0: reading, bit 1: writing */
export function pollShut(shut: number): PollMask {
  const input = (shut & 1) === 0 ? 0 : poll.POLLIN | poll.POLLRDNORM | poll.POLLRDHUP;
  return shut === 3 ? input | poll.POLLHUP : input;
}

export abstract class UnixSocket extends Socket implements UnixHolder {
  readonly family = abi.AF_UNIX;
  readonly protocol = 0;
  /** Who made it, as SO_PEERCRED tells the other end. */
  readonly owner: PeerCredentials;
  protected local: UnixAddress = UNNAMED;
  #key: Inode | string | undefined;

  constructor(network: Network, owner: PeerCredentials) {
    super(network);
    this.owner = owner;
  }

  override bind(address: SocketAddress, names?: SocketNames): void {
    if (address.family !== abi.AF_UNIX || this.#key !== undefined) throw EINVAL;
    const path = address.path === '' ? this.#freeAbstractName() : address.path;
    const isAbstract = path.startsWith('\0');
    if (isAbstract && this.network.unix.has(this.#abstractKey(path))) throw EADDRINUSE;
    const key = isAbstract ? this.#abstractKey(path) : names?.create(path);
    if (key === undefined) throw EINVAL;
    this.#key = key;
    this.local = { family: abi.AF_UNIX, path };
    this.network.unix.set(key, this);
  }

  get wantsCredentials(): boolean {
    return this.options.socket(abi.SO_PASSCRED) !== 0 || this.options.socket(abi.SO_PASSPIDFD) !== 0;
  }

  /** A listener made it, and nobody has accepted it: who will may want credentials. */
  isAwaited = false;

  /** What a message to `receiver` says of who sends it. Linux net/unix/af_unix.c: unix_maybe_add_creds */
  protected credentialsFor(call: Call, receiver: UnixSocket, given: PeerCredentials | undefined): PeerCredentials {
    if (given !== undefined) return given;
    const isWanted = this.wantsCredentials || receiver.wantsCredentials || receiver.isAwaited;
    return isWanted ? this.network.host.identityOf(call.threadId) : NOBODY;
  }

  /** unix(7), SO_PASSCRED: who connects or sends gets a name. */
  protected bindForCredentials(): void {
    if (this.wantsCredentials && this.#key === undefined) this.bind(UNNAMED);
  }

  localAddress(): UnixAddress {
    return this.local;
  }

  /** The bound socket behind a name. @throws ECONNREFUSED, EPROTOTYPE, and the errors of a path walk */
  protected lookUp(address: SocketAddress, names: SocketNames | undefined): UnixHolder {
    if (address.family !== abi.AF_UNIX || address.path === '') throw EINVAL;
    const { path } = address;
    const key = path.startsWith('\0') ? this.#abstractKey(path) : names?.find(path);
    const holder = key === undefined ? undefined : this.network.unix.get(key);
    if (holder === undefined) throw ECONNREFUSED;
    if (holder.type !== this.type) throw EPROTOTYPE;
    return holder;
  }

  /** In accept(2) of a listener. @param isShut nobody will come any more. @throws EINVAL, EAGAIN, EINTR */
  protected waitForPeer(call: Call, isShut: boolean): Blocked {
    const waiting = this.wait(call, 0, abi.SO_RCVTIMEO);
    if (isShut || !isBlocked(waiting)) throw EINVAL; // Linux unix_accept
    return waiting;
  }

  /** In connect(2). @returns nothing where one more may wait to be accepted. @throws EAGAIN, EINTR */
  protected waitForRoom(call: Call, backlog: UnixBacklog<UnixSocket>): Blocked | undefined {
    return backlog.waitForRoom(call, (this.flags & O_NONBLOCK) !== 0, this.options.socket(abi.SO_SNDTIMEO));
  }

  /** The name goes with the socket; the inode of a path stays (unix(7)). */
  protected forgetName(): void {
    if (this.#key === undefined) return;
    this.network.unix.delete(this.#key);
    if (typeof this.#key !== 'string') this.#key.release();
    this.#key = undefined;
  }

  /** Abstract names are kept apart by type (Linux net/unix/af_unix.c: unix_find_socket_byname); paths are not. */
  #abstractKey(path: string): string {
    return `${this.type}${path}`;
  }

  // unix(7), autobind: a NUL and five hexadecimal digits.
  #freeAbstractName(): string {
    let number = this.network.nextSocketId();
    let name: string;
    do name = `\0${(number++ & 0xf_ffff).toString(16).padStart(5, '0')}`;
    while (this.network.unix.has(this.#abstractKey(name)));
    return name;
  }
}
