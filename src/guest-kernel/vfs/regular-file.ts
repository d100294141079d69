/**
 * An open regular file: offsets and O_APPEND over an inode.
 *
 * A large transfer goes in pieces. When a later piece needs a block that is not here, the pieces done are kept as
 * progress (the file's offset moves once, at the end), so that nothing is read or written twice and POSIX's rule
 * holds: reads of regular files are short only at the end of file.
 */
import { EFBIG, EINVAL, ENOSPC, EROFS } from '../abi/errno.ts';
import { O_ACCMODE, O_APPEND, O_DSYNC, O_RDONLY } from '../abi/fcntl.ts';
import { IN_ACCESS, IN_MODIFY } from '../abi/inotify.ts';
import { SIGXFSZ } from '../abi/signal.ts';
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts';
import { blocked, isBlocked, type Blocked } from '../program/blocked.ts';
import { type Filesystem, type Inode, NotResident } from './inode.ts';
import type { Location } from './location.ts';
import { dropLocks } from './file-locks.ts';
import { endLease } from './leases.ts';
import { LocatedFile } from './located-file.ts';
import { tellFile } from './watches.ts';
import { requireUnsealed } from './seals.ts';
import { readFile, writeFile } from './shared-pages.ts';
import type { Call, PollMask } from './open-file.ts';

// One piece is one filesystem transaction: large enough to cost nothing, small enough to bound what it copies.
const PIECE_BYTES = 1 << 20;
const SMALLEST_PIECE = 4096;
const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER;

/** What an earlier run of the same call already moved. */
interface Moved {
  readonly bytes: number;
  readonly start: number;
  /** All is moved and a sync is under way. */
  readonly isSyncing?: boolean;
}

/** Open files that may write, by inode (Linux i_writecount): what is being written is not executed. */
const writers = new WeakMap<Inode, number>();

/** The same by filesystem, which is not made read-only meanwhile. */
const writersOf = new WeakMap<Filesystem, number>();

function noteWriter(inode: Inode, change: 1 | -1): void {
  writers.set(inode, (writers.get(inode) ?? 0) + change);
  writersOf.set(inode.filesystem, (writersOf.get(inode.filesystem) ?? 0) + change);
}

export function hasWriters(filesystem: Filesystem): boolean {
  return (writersOf.get(filesystem) ?? 0) > 0;
}

export function isOpenForWriting(inode: Inode): boolean {
  return (writers.get(inode) ?? 0) > 0;
}

/** Open regular files by inode. */
const opens = new WeakMap<Inode, number>();

export function openFilesOf(inode: Inode): number {
  return opens.get(inode) ?? 0;
}

export class RegularFile extends LocatedFile {
  readonly kind = 'regular';
  override readonly isSeekable = true;
  readonly #isWriter: boolean;

  constructor(location: Location, path: string, flags: number) {
    super(location, path, flags);
    opens.set(this.inode, openFilesOf(this.inode) + 1);
    this.#isWriter = (flags & O_ACCMODE) !== O_RDONLY;
    if (this.#isWriter) noteWriter(this.inode, 1);
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    const result = this.readAt(call, this.offset, dst);
    if (!isBlocked(result)) this.offset = startOf(call, this.offset) + result;
    return result;
  }

  override write(call: Call, src: Uint8Array): number | Blocked {
    const isAppending = (this.flags & O_APPEND) !== 0;
    const at = startOf(call, isAppending ? this.inode.attributes().sizeBytes : this.offset);
    const result = this.writeAt(call, at, src);
    if (!isBlocked(result)) this.offset = at + result;
    return result;
  }

  readAt(call: Call, offset: number, dst: Uint8Array): number | Blocked {
    const result = inPieces(call, offset, dst, (at, piece) => readFile(this.inode, at, piece));
    if (result !== 0 && !isBlocked(result)) tellFile(this.location.dentry, IN_ACCESS);
    return result;
  }

  writeAt(call: Call, offset: number, src: Uint8Array): number | Blocked {
    const before = movedBefore(call);
    if (before?.isSyncing === true) return this.#synced(call, before.start, before.bytes);
    if (this.inode.filesystem.isReadOnly) throw EROFS;
    if (offset + src.length > MAX_FILE_BYTES) throw EFBIG;
    requireUnsealed(this.inode, offset + src.length);
    const result = inPieces(call, offset, withinLimit(call, offset, src), (at, piece) =>
      writeFile(this.inode, at, piece),
    );
    if (isBlocked(result)) return result;
    if (result !== 0) tellFile(this.location.dentry, IN_MODIFY);
    if ((this.flags & O_DSYNC) === 0) return result;
    return this.#synced(call, offset, result);
  }

  poll(): PollMask {
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  }

  protected override closed(): void {
    dropLocks(this.inode, this);
    endLease(this.inode, this);
    opens.set(this.inode, openFilesOf(this.inode) - 1);
    if (this.#isWriter) noteWriter(this.inode, -1);
    super.closed();
  }

  /** O_DSYNC: the write returns when its bytes are durable. @throws EIO when they could not be made so */
  #synced(call: Call, start: number, bytes: number): number | Blocked {
    const done = this.inode.filesystem.sync();
    if (done === undefined || movedBefore(call)?.isSyncing === true) return bytes;
    return blocked(done, { progress: { bytes, start, isSyncing: true }, isUninterruptible: true });
  }
}

/** RLIMIT_FSIZE: what fits is written. @throws EFBIG, with SIGXFSZ, where nothing does */
function withinLimit(call: Call, offset: number, src: Uint8Array): Uint8Array {
  const limit = call.fileSizeLimit ?? Number.POSITIVE_INFINITY;
  if (offset + src.length <= limit || src.length === 0) return src;
  if (offset < limit) return src.subarray(0, limit - offset);
  call.raise(SIGXFSZ);
  throw EFBIG;
}

function inPieces(
  call: Call,
  offset: number,
  bytes: Uint8Array,
  move: (at: number, piece: Uint8Array) => number,
): number | Blocked {
  if (!(offset >= 0)) throw EINVAL;
  const earlier = movedBefore(call);
  const start = earlier?.start ?? offset;
  let moved = earlier?.bytes ?? 0;
  let pieceBytes = PIECE_BYTES;
  while (moved < bytes.length) {
    try {
      const piece = bytes.subarray(moved, moved + pieceBytes);
      const count = move(start + moved, piece);
      moved += count;
      if (count < piece.length) break;
    } catch (error) {
      if (error instanceof NotResident)
        return blocked(error.ready, { progress: { bytes: moved, start }, isUninterruptible: true });
      if (error === ENOSPC && pieceBytes > SMALLEST_PIECE) {
        pieceBytes /= 4; // write(2): what fits is written
        continue;
      }
      if (moved > 0 && (error === ENOSPC || error === EFBIG)) return moved;
      throw error;
    }
  }
  return moved;
}

function movedBefore(call: Call): Moved | undefined {
  return call.progress as Moved | undefined;
}

function startOf(call: Call, offset: number): number {
  return movedBefore(call)?.start ?? offset;
}
