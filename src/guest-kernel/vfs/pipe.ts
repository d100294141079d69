/**
 * Pipes and FIFOs (pipe(7)): a ring of bytes between ends that come and go.
 *
 *   write end(s) → [ ring, 64 KiB ] → read end(s)
 *
 * Writes of up to PIPE_BUF bytes are atomic; larger ones may interleave. Without a reader a write raises SIGPIPE,
 * without a writer a read of an empty pipe is the end of file. What is written with O_DIRECT comes out write by write.
 */
import { EAGAIN, EBADF, EBUSY, EINTR, EINVAL, ENOMEM, ENXIO, EPERM, EPIPE } from '../abi/errno.ts';
import { O_ACCMODE, O_DIRECT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from '../abi/fcntl.ts';
import { FIONREAD } from '../abi/ioctls.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts';
import { S_IFIFO } from '../abi/stat.ts';
import { type Abandonable, blocked, type Blocked } from '../program/blocked.ts';
import { ENDLESS_MEMORY, type KeptMemory, roomFor } from '../program/kept-memory.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { anonymousAttributes, BaseFile } from './base-file.ts';
import type { FileAttributes, Inode } from './inode.ts';
import type { Location } from './location.ts';
import type { Call, PollMask, UserMemory } from './open-file.ts';

const DEFAULT_CAPACITY = 65_536; // pipe(7)
const MOST_CAPACITY = 64 << 20; // what the machine's own memory can bear
const MAX_CAPACITY = 1 << 20; // /proc/sys/fs/pipe-max-size
const PIPE_BUF = 4096;
const SIGPIPE = 13;

/** A larger ring is given back when all is read. */
const KEPT_RING_BYTES = 65_536;

/** The shared middle of a pipe. */
export class Pipe {
  readonly #memory: KeptMemory;
  #ring = new Uint8Array(0);
  #head = 0;
  #capacity = DEFAULT_CAPACITY;
  /**
   * Lengths of what waits, oldest first, once somebody wrote a packet: a packet's, or, negative, that of a stretch of
   * plain bytes. Empty while there are plain bytes only.
   */
  #pieces: number[] = [];
  /** Bytes waiting to be read. */
  length = 0;
  readers = 0;
  writers = 0;
  /** How often an end was opened, for FIFOs whose open waits for a peer. */
  readerOpens = 0;
  writerOpens = 0;
  readonly ends = new Set<PipeFile>();
  readonly opened = new WaitQueue();

  constructor(memory: KeptMemory = ENDLESS_MEMORY) {
    this.#memory = memory;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes that may be put now. */
  get room(): number {
    const growth = this.#capacity - this.#ring.length;
    const most = growth <= 0 || growth <= roomFor(this.#memory, this.#ring.length) ? this.#capacity : this.#leastRing;
    // Linux: a packet takes a page of the pipe, however short it is.
    const isFull = this.#pieces.length >= this.#capacity / PIPE_BUF;
    return isFull ? 0 : Math.max(0, most - this.length);
  }

  get #leastRing(): number {
    return Math.max(this.#ring.length, PIPE_BUF);
  }

  /** F_SETPIPE_SZ. @throws EINVAL, EBUSY when it holds more than that, EPERM above what everybody may have */
  resize(wanted: number, isPrivileged: boolean): number {
    if (wanted < 0) throw EINVAL;
    if (wanted > MAX_CAPACITY && !isPrivileged) throw EPERM;
    if (wanted > MOST_CAPACITY) throw ENOMEM;
    let capacity = PIPE_BUF;
    while (capacity < wanted) capacity *= 2;
    if (capacity < this.length) throw EBUSY;
    this.#capacity = capacity;
    this.wake();
    return capacity;
  }

  take(dst: Uint8Array): number {
    const count = Math.min(dst.length, this.length);
    const size = this.#ring.length;
    if (count === 0) return 0;
    this.peek(dst);
    this.#head = (this.#head + count) % size;
    this.length -= count;
    if (this.#pieces.length > 0) this.#consume(count);
    if (this.length === 0 && size > KEPT_RING_BYTES) this.#setRing(new Uint8Array(0));
    return count;
  }

  /** What one read(2) gets: the rest of a packet that does not fit is lost. */
  read(dst: Uint8Array): number {
    const [first] = this.#pieces;
    if (first === undefined) return this.take(dst);
    const count = this.take(dst.subarray(0, Math.abs(first)));
    if (first > count) this.take(new Uint8Array(first - count));
    return count;
  }

  #consume(count: number): void {
    for (let left = count; left > 0;) {
      const first = this.#pieces[0] ?? 0;
      const taken = Math.min(left, Math.abs(first));
      if (taken === Math.abs(first)) this.#pieces.shift();
      else this.#pieces[0] = first - Math.sign(first) * taken;
      left -= taken;
    }
    if (!this.#pieces.some((piece) => piece > 0)) this.#pieces = [];
  }

  #notePut(count: number, packet: boolean): void {
    // Linux pipe_write: what still fits into a page of plain bytes goes there.
    const plain = this.#pieces.length === 0 ? this.length : -(this.#pieces.at(-1) ?? 0);
    const isPacket = packet && !(plain > 0 && plain + count <= PIPE_BUF);
    if (!isPacket && this.#pieces.length === 0) return;
    if (this.#pieces.length === 0 && this.length > 0) this.#pieces.push(-this.length);
    const last = this.#pieces.at(-1) ?? 0;
    if (isPacket) this.#pieces.push(count);
    else if (last < 0) this.#pieces[this.#pieces.length - 1] = last - count;
    else this.#pieces.push(-count);
  }

  /** The first bytes, which stay. */
  peek(dst: Uint8Array): void {
    const count = Math.min(dst.length, this.length);
    const first = Math.min(count, this.#ring.length - this.#head);
    dst.set(this.#ring.subarray(this.#head, this.#head + first));
    dst.set(this.#ring.subarray(0, count - first), first);
  }

  put(src: Uint8Array, isPacket = false): number {
    const count = Math.min(src.length, this.room);
    if (count === 0) return 0;
    if (this.length + count > this.#ring.length) this.#grow(this.length + count);
    const size = this.#ring.length;
    const tail = (this.#head + this.length) % size;
    const first = Math.min(count, size - tail);
    this.#notePut(count, isPacket);
    this.#ring.set(src.subarray(0, first), tail);
    this.#ring.set(src.subarray(first, count), 0);
    this.length += count;
    return count;
  }

  wake(): void {
    for (const end of this.ends) end.readiness.wake();
  }

  /** The ring starts small, since most pipes carry little. */
  #grow(wanted: number): void {
    let size = this.#leastRing;
    while (size < wanted) size *= 2;
    const ring = new Uint8Array(size);
    const kept = ring.subarray(0, this.length);
    this.peek(kept);
    this.#setRing(ring);
  }

  /** `ring` has what lies in this one, from its start on. */
  #setRing(ring: Uint8Array<ArrayBuffer>): void {
    this.#memory.account(ring.length - this.#ring.length);
    this.#ring = ring;
    this.#head = 0;
  }

  /** The last end is gone: nobody reads what is left. */
  dispose(): void {
    this.length = 0;
    this.#pieces = [];
    this.#setRing(new Uint8Array(0));
  }
}

export class PipeFile extends BaseFile implements Abandonable {
  readonly kind = 'pipe';
  readonly pipe: Pipe;
  readonly inode?: Inode;
  readonly location?: Location;
  readonly #inodeNumber: number;
  /** Opens of the other side before this one, until a blocking open of a FIFO is over. */
  readonly #peerOpensBefore: number;

  constructor(pipe: Pipe, path: string, flags: number, inodeNumber: number, location?: Location) {
    super(path, flags);
    this.pipe = pipe;
    this.#inodeNumber = inodeNumber;
    this.#peerOpensBefore = this.#isReader ? pipe.writerOpens : pipe.readerOpens;
    if (location !== undefined) {
      this.location = location;
      this.inode = location.dentry.inode;
      this.inode.retain();
    }
    pipe.ends.add(this);
    if (this.#isReader) {
      pipe.readers++;
      pipe.readerOpens++;
    }
    if (this.#isWriter) {
      pipe.writers++;
      pipe.writerOpens++;
    }
    pipe.opened.wake();
  }

  /** Who waited for the other side in open(2) is gone. */
  abandon(): void {
    this.release();
  }

  /** FIFO open(2): waits until the other side is open, or was since. Undefined: go on. */
  awaitPeer(call: Call): Blocked | undefined {
    if (this.inode === undefined || (this.flags & (O_NONBLOCK | O_RDWR)) !== 0) return undefined;
    const { pipe } = this;
    const [peers, opens] = this.#isReader ? [pipe.writers, pipe.writerOpens] : [pipe.readers, pipe.readerOpens];
    if (peers > 0 || opens > this.#peerOpensBefore) return undefined;
    if (call.isInterrupted) throw EINTR;
    return blocked(pipe.opened, { progress: this });
  }

  attributes(): FileAttributes {
    return this.inode?.attributes() ?? anonymousAttributes(this.#inodeNumber, S_IFIFO | 0o600);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (!this.#isReader) throw EBADF;
    const { pipe } = this;
    if (dst.length === 0) return 0;
    if (pipe.length > 0) {
      const count = pipe.read(dst);
      pipe.wake();
      return count;
    }
    if (pipe.writers === 0) return 0;
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  override write(call: Call, src: Uint8Array): number | Blocked {
    if (!this.#isWriter) throw EBADF;
    const { pipe } = this;
    const before = (call.progress as number | undefined) ?? 0;
    if (src.length === 0) return 0;
    if (pipe.readers === 0) {
      if (before > 0) return before;
      call.raise(SIGPIPE);
      throw EPIPE;
    }
    const isAtomic = src.length <= PIPE_BUF;
    let written = before;
    if (pipe.room > 0 && !(isAtomic && pipe.room < src.length)) {
      written += this.#put(src.subarray(before));
      pipe.wake();
    }
    if (written === src.length) return written;
    if ((this.flags & O_NONBLOCK) !== 0) {
      if (written > 0) return written;
      throw EAGAIN;
    }
    if (call.isInterrupted) {
      if (written > 0) return written;
      throw EINTR;
    }
    return blocked(this.readiness, { progress: written });
  }

  /** With O_DIRECT each write, cut at PIPE_BUF, is a packet (pipe(2)). */
  #put(src: Uint8Array): number {
    const { pipe } = this;
    if ((this.flags & O_DIRECT) === 0) return pipe.put(src);
    let done = 0;
    while (done < src.length) {
      const packet = src.subarray(done, done + PIPE_BUF);
      if (pipe.room < packet.length) break;
      done += pipe.put(packet, true);
    }
    return done;
  }

  poll(): PollMask {
    const { pipe } = this;
    let mask = 0;
    if (this.#isReader) {
      if (pipe.length > 0) mask |= POLLIN | POLLRDNORM;
      if (pipe.writers === 0 && pipe.writerOpens > 0) mask |= POLLHUP;
    }
    if (this.#isWriter) {
      if (pipe.room >= PIPE_BUF) mask |= POLLOUT | POLLWRNORM;
      if (pipe.readers === 0) mask |= POLLERR;
    }
    return mask;
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked {
    if (request !== FIONREAD) return super.ioctl(call, request, argument, memory);
    memory.storeU32(argument, this.pipe.length);
    return 0;
  }

  protected override closed(): void {
    const { pipe } = this;
    pipe.ends.delete(this);
    if (this.#isReader) pipe.readers--;
    if (this.#isWriter) pipe.writers--;
    if (pipe.ends.size === 0) pipe.dispose();
    pipe.wake();
    this.inode?.release();
  }

  get #isReader(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get #isWriter(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }
}

/** pipe2(2): the reading and the writing end. */
export function makePipe(flags: number, inodeNumber: number, memory?: KeptMemory): readonly [PipeFile, PipeFile] {
  const pipe = new Pipe(memory);
  const path = `pipe:[${inodeNumber}]`;
  const status = flags & (O_NONBLOCK | O_DIRECT);
  return [
    new PipeFile(pipe, path, status | O_RDONLY, inodeNumber),
    new PipeFile(pipe, path, status | O_WRONLY, inodeNumber),
  ];
}

// The bytes in a FIFO live while an end is open; the inode object does as well.
const fifos = new WeakMap<Inode, Pipe>();

/** Opens a FIFO; a blocking open then waits by `awaitPeer`. @throws ENXIO for a non-blocking writer without reader. */
export function openFifo(location: Location, path: string, flags: number, memory?: KeptMemory): PipeFile {
  const { inode } = location.dentry;
  let pipe = fifos.get(inode);
  if (pipe === undefined || pipe.ends.size === 0) {
    pipe = new Pipe(memory);
    fifos.set(inode, pipe);
  }
  const isLoneWriter = (flags & O_ACCMODE) === O_WRONLY && pipe.readers === 0;
  if (isLoneWriter && (flags & O_NONBLOCK) !== 0) throw ENXIO;
  return new PipeFile(pipe, path, flags, inode.number, location);
}
