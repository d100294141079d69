/** inotify(7): a queue of what happened to watched inodes, as a file. */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { EAGAIN, EEXIST, EINTR, EINVAL, ENOSPC } from '../abi/errno.ts';
import { O_NONBLOCK, O_RDONLY } from '../abi/fcntl.ts';
import {
  IN_ALL_EVENTS,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_ONESHOT,
  IN_Q_OVERFLOW,
} from '../abi/inotify.ts';
import { FIONREAD } from '../abi/ioctls.ts';
import { POLLIN, POLLRDNORM } from '../abi/poll.ts';
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';
import { blocked, type Blocked } from '../program/blocked.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Call, PollMask, UserMemory } from './open-file.ts';
import { unwatch, watch, type Watcher } from './watches.ts';

/** struct inotify_event without its name: wd, mask, cookie, len. */
const HEADER_BYTES = 16;
const MAX_EVENTS = 16_384; // /proc/sys/fs/inotify/max_queued_events
const MAX_WATCHES = 65_536;
/** What these take of the machine's memory. */
const WATCH_BYTES = 512;
const EVENT_BYTES = 64;

interface Event {
  readonly descriptor: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: ByteString;
}

class Watch implements Watcher {
  readonly inode: Inode;
  readonly descriptor: number;
  mask: number;
  readonly #file: InotifyFile;

  constructor(file: InotifyFile, inode: Inode, descriptor: number, mask: number) {
    this.#file = file;
    this.inode = inode;
    this.descriptor = descriptor;
    this.mask = mask;
  }

  onEvent(mask: number, name: ByteString, cookie: number): void {
    if ((mask & this.mask & IN_ALL_EVENTS) !== 0) {
      this.#file.add({ descriptor: this.descriptor, mask, cookie, name });
      if ((this.mask & IN_ONESHOT) !== 0) this.#file.remove(this.descriptor);
    }
    if ((mask & IN_DELETE_SELF) !== 0) this.#file.forget(this);
  }
}

export class InotifyFile extends BaseFile {
  readonly kind = 'inotify';
  readonly #memory: KeptMemory;
  readonly #events: Event[] = [];
  readonly #watches = new Map<number, Watch>();
  #nextDescriptor = 1;
  arrivals = 0;

  constructor(isNonBlocking: boolean, memory: KeptMemory = ENDLESS_MEMORY) {
    super('anon_inode:inotify', O_RDONLY | (isNonBlocking ? O_NONBLOCK : 0));
    this.#memory = memory;
  }

  /** @returns the watch descriptor. @throws EEXIST, EINVAL, ENOSPC */
  watch(inode: Inode, mask: number): number {
    if ((mask & IN_ALL_EVENTS) === 0) throw EINVAL;
    if ((mask & IN_MASK_ADD) !== 0 && (mask & IN_MASK_CREATE) !== 0) throw EINVAL;
    for (const known of this.#watches.values()) {
      if (known.inode !== inode) continue;
      if ((mask & IN_MASK_CREATE) !== 0) throw EEXIST;
      known.mask = (mask & IN_MASK_ADD) === 0 ? mask : known.mask | mask;
      return known.descriptor;
    }
    if (this.#watches.size >= MAX_WATCHES || this.#memory.freeBytes < WATCH_BYTES) throw ENOSPC;
    this.#memory.account(WATCH_BYTES);
    const added = new Watch(this, inode, this.#nextDescriptor++, mask);
    inode.retain();
    this.#watches.set(added.descriptor, added);
    watch(inode, added);
    return added.descriptor;
  }

  /** inotify_rm_watch(2), and the end of a watch that fired once. @throws EINVAL */
  remove(descriptor: number): void {
    const known = this.#watches.get(descriptor);
    if (known === undefined) throw EINVAL;
    this.forget(known);
  }

  /** The watch is over. */
  forget(known: Watch): void {
    if (!this.#drop(known)) return;
    this.add({ descriptor: known.descriptor, mask: IN_IGNORED, cookie: 0, name: '' });
  }

  add(event: Event): void {
    const last = this.#events.at(-1);
    if (last !== undefined && isSame(last, event)) return; // inotify(7): identical successive events are one
    if (this.#events.length > MAX_EVENTS) return;
    const overflow = { descriptor: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: '' };
    const isFull = this.#events.length === MAX_EVENTS || this.#memory.freeBytes < costOf(event);
    if (isFull && last?.mask === IN_Q_OVERFLOW) return;
    const added = isFull ? overflow : event;
    this.#memory.account(costOf(added));
    this.#events.push(added);
    this.arrivals++;
    this.readiness.wake();
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    let used = 0;
    for (let event = this.#events[0]; event !== undefined; event = this.#events[0]) {
      const length = eventBytes(event);
      if (used + length > dst.length) {
        if (used === 0) throw EINVAL;
        break;
      }
      encode(dst.subarray(used, used + length), event);
      used += length;
      this.#events.shift();
      this.#memory.account(-costOf(event));
    }
    if (used > 0) return used;
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  poll(): PollMask {
    return this.#events.length === 0 ? 0 : POLLIN | POLLRDNORM;
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked {
    if (request !== FIONREAD) return super.ioctl(call, request, argument, memory);
    memory.storeU32(
      argument,
      this.#events.reduce((sum, event) => sum + eventBytes(event), 0),
    );
    return 0;
  }

  protected override closed(): void {
    for (const event of this.#events.splice(0)) this.#memory.account(-costOf(event));
    for (const known of this.#watches.values()) this.#drop(known);
  }

  #drop(known: Watch): boolean {
    if (!this.#watches.delete(known.descriptor)) return false;
    this.#memory.account(-WATCH_BYTES);
    unwatch(known.inode, known);
    known.inode.release();
    return true;
  }
}

function costOf({ name }: Event): number {
  return EVENT_BYTES + name.length;
}

function isSame(a: Event, b: Event): boolean {
  return a.descriptor === b.descriptor && a.mask === b.mask && a.cookie === b.cookie && a.name === b.name;
}

/** The name is padded with NULs to whole headers. */
function eventBytes({ name }: Event): number {
  return HEADER_BYTES + (name === '' ? 0 : Math.ceil((name.length + 1) / HEADER_BYTES) * HEADER_BYTES);
}

function encode(dst: Uint8Array, event: Event): void {
  const view = new DataView(dst.buffer, dst.byteOffset, dst.byteLength);
  dst.fill(0);
  view.setInt32(0, event.descriptor, true);
  view.setUint32(4, event.mask >>> 0, true);
  view.setUint32(8, event.cookie, true);
  view.setUint32(12, dst.length - HEADER_BYTES, true);
  dst.set(bytesOf(event.name), HEADER_BYTES);
}
