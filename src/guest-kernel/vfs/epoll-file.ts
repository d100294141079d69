/**
 * epoll(7): a set of open files of interest.
 *
 * Each item waits on its file's readiness queue. A wake-up puts it on the ready list; `collect` asks the files on that
 * list what they are ready for. A level-triggered item stays on the list while it is ready, an edge-triggered one waits
 * for the next wake-up, a one-shot one for EPOLL_CTL_MOD.
 */
import { EEXIST, EINVAL, ELOOP, ENOENT, ENOSPC, EPERM } from '../abi/errno.ts';
import { O_RDWR } from '../abi/fcntl.ts';
import { EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, POLLERR, POLLHUP, POLLIN, POLLRDNORM } from '../abi/poll.ts';
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';
import type { Waiter } from '../program/wait-queue.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes } from './inode.ts';
import type { OpenFile, PollMask } from './open-file.ts';

export interface EpollEvent {
  readonly events: PollMask;
  /** epoll_data_t, not looked into. */
  readonly data: bigint;
}

/** What an interest takes of the machine's memory. */
const ITEM_BYTES = 256;
const MAX_NESTING = 5; // Linux fs/eventpoll.c: EP_MAX_NESTS + 1

class Item implements Waiter {
  readonly file: OpenFile;
  readonly fd: number;
  events: number;
  data: bigint;
  readonly #owner: EpollFile;

  constructor(owner: EpollFile, file: OpenFile, fd: number, { events, data }: EpollEvent) {
    this.#owner = owner;
    this.file = file;
    this.fd = fd;
    this.events = events;
    this.data = data;
  }

  /** What it asks for and may be told; 0 after a one-shot event. */
  get wanted(): PollMask {
    const asked = this.events & ~(EPOLLET | EPOLLONESHOT);
    return asked === 0 && (this.events & EPOLLONESHOT) !== 0 ? 0 : asked | POLLERR | POLLHUP;
  }

  onWake(): void {
    this.#owner.becameReady(this);
  }
}

export class EpollFile extends BaseFile {
  readonly kind = 'epoll';
  readonly #memory: KeptMemory;
  readonly #items = new Map<string, Item>();
  readonly #ready = new Set<Item>();
  readonly #serials = new WeakMap<OpenFile, number>();
  #nextSerial = 1;

  constructor(memory: KeptMemory = ENDLESS_MEMORY) {
    super('anon_inode:[eventpoll]', O_RDWR);
    this.#memory = memory;
  }

  /** Files in it. */
  get itemCount(): number {
    return this.#items.size;
  }

  attributes(): FileAttributes {
    return anonymousAttributes(1, 0o600);
  }

  /** @throws EEXIST, EPERM for what is always ready, ELOOP for circles, ENOSPC where there is no memory for one more */
  add(fd: number, file: OpenFile, event: EpollEvent): void {
    if (file === this) throw EINVAL;
    if (file.kind === 'regular' || file.kind === 'directory') throw EPERM;
    if (file instanceof EpollFile && (file.#reaches(this) || file.#depth() >= MAX_NESTING)) throw ELOOP;
    const key = this.#keyOf(fd, file);
    if (this.#items.has(key)) throw EEXIST;
    if (this.#memory.freeBytes < ITEM_BYTES) throw ENOSPC;
    const item = new Item(this, file, fd, event);
    this.#memory.account(ITEM_BYTES);
    this.#items.set(key, item);
    this.#arm(item);
  }

  /** @throws ENOENT */
  modify(fd: number, file: OpenFile, { events, data }: EpollEvent): void {
    const item = this.#find(fd, file);
    if ((item.events & EPOLLEXCLUSIVE) !== 0) throw EINVAL;
    item.events = events;
    item.data = data;
    this.#arm(item);
  }

  /** @throws ENOENT */
  remove(fd: number, file: OpenFile): void {
    const item = this.#find(fd, file);
    this.#items.delete(this.#keyOf(fd, file));
    this.#drop(item);
  }

  /** Up to `max` events, taken as epoll_wait hands them out. */
  collect(max: number): EpollEvent[] {
    const found: EpollEvent[] = [];
    const ready = Array.from(this.#ready); // level-triggered items join the set again while it is gone through
    for (const item of ready) {
      if (found.length >= max) break;
      this.#ready.delete(item);
      if (this.#isGone(item)) continue;
      const events = item.file.poll() & item.wanted;
      item.file.readiness.add(item);
      if (events === 0) continue;
      found.push({ events, data: item.data });
      if ((item.events & EPOLLONESHOT) !== 0) item.events = EPOLLONESHOT;
      else if ((item.events & EPOLLET) === 0) this.#ready.add(item); // behind the others: nobody starves
    }
    return found;
  }

  poll(): PollMask {
    for (const item of this.#ready) {
      if (!this.#isGone(item) && (item.file.poll() & item.wanted) !== 0) return POLLIN | POLLRDNORM;
    }
    return 0;
  }

  /** A file that nobody has open any more leaves the set by itself. */
  #isGone(item: Item): boolean {
    if (item.file.isClosed !== true) return false;
    this.#items.delete(this.#keyOf(item.fd, item.file));
    this.#drop(item);
    return true;
  }

  becameReady(item: Item): void {
    this.#ready.add(item);
    this.readiness.wake();
  }

  protected override closed(): void {
    for (const item of this.#items.values()) this.#drop(item);
    this.#items.clear();
  }

  /** Listens, and puts it on the ready list if it is ready already. */
  #arm(item: Item): void {
    item.file.readiness.add(item);
    if ((item.file.poll() & item.wanted) !== 0) this.becameReady(item);
  }

  #drop(item: Item): void {
    this.#memory.account(-ITEM_BYTES);
    item.file.readiness.remove(item);
    this.#ready.delete(item);
  }

  /** epoll(7): the key is the descriptor together with the open file behind it. */
  #keyOf(fd: number, file: OpenFile): string {
    let serial = this.#serials.get(file);
    if (serial === undefined) this.#serials.set(file, (serial = this.#nextSerial++));
    return `${fd}:${serial}`;
  }

  #find(fd: number, file: OpenFile): Item {
    const item = this.#items.get(this.#keyOf(fd, file));
    if (item === undefined) throw ENOENT;
    return item;
  }

  #reaches(target: EpollFile): boolean {
    for (const { file } of this.#items.values()) {
      if (file === target || (file instanceof EpollFile && file.#reaches(target))) return true;
    }
    return false;
  }

  #depth(): number {
    let depth = 1;
    for (const { file } of this.#items.values())
      if (file instanceof EpollFile) depth = Math.max(depth, 1 + file.#depth());
    return depth;
  }
}
