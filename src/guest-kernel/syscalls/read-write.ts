/** read(2), write(2) and their positional and vector forms, lseek(2), sendfile(2), copy_file_range(2). */
import {
  EAGAIN,
  EBADF,
  EFAULT,
  EINVAL,
  EISDIR,
  ENXIO,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  Errno,
  ESPIPE,
  EXDEV,
} from '../abi/errno.ts';
import {
  MAX_RW_COUNT,
  O_ACCMODE,
  O_APPEND,
  O_DSYNC,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from '../abi/fcntl.ts';
import { POLLIN } from '../abi/poll.ts';
import { SOCK_STREAM } from '../abi/socket.ts';
import { Socket } from '../net/socket/socket.ts';
import { isBlocked, type Blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { isImmutable } from '../vfs/file-flags.ts';
import { type Call, type OpenFile, withProgress } from '../vfs/open-file.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';
import { readWindows, USER_SPACE_END, UserVector, whenResident, writeWindows } from './user-buffers.ts';

/** A file open for reading. @throws EBADF */
export function readableFile(thread: Thread, fd: number): OpenFile {
  const file = thread.files.get(fd);
  if ((file.flags & O_ACCMODE) === O_WRONLY || (file.flags & O_PATH) !== 0) throw EBADF;
  return file;
}

/** A file open for writing. @throws EBADF */
export function writableFile(thread: Thread, fd: number): OpenFile {
  const file = thread.files.get(fd);
  if ((file.flags & O_ACCMODE) === O_RDONLY || (file.flags & O_PATH) !== 0) throw EBADF;
  return file;
}

/** What pread and pwrite need. @throws ESPIPE, EINVAL */
function requirePosition(file: OpenFile, offset: number): void {
  if (offset < 0) throw EINVAL;
  if (!file.isSeekable) throw ESPIPE;
}

/**
 * The caller's buffer up to where it may not be written; what comes before is served. Undefined: none of it may.
 * @throws EFAULT where it does not even lie in user space
 */
function destination({ memory }: Thread, addr: number, count: number): Uint8Array | undefined {
  const sizeBytes = Math.min(count, MAX_RW_COUNT);
  if (addr + sizeBytes > USER_SPACE_END) throw EFAULT;
  const prefix = memory.prefix(addr, sizeBytes, true);
  return prefix === 0 && sizeBytes > 0 ? undefined : memory.writable(addr, prefix);
}

/** So much of what has no place is read all the same. */
const MOST_LOST_BYTES = 65_536;

/**
 * A read that has no place for what it gets: Linux looks there last, so the end of a file, an empty pipe and other errors
 * come first, and a message or a count is gone. @throws EFAULT
 */
function readNowhere(file: OpenFile, call: Call, offset: number, count: number): number | Blocked {
  if (file.kind === 'regular' && offset >= file.attributes().sizeBytes) return 0;
  const isReady = (file.poll() & POLLIN) !== 0;
  const isStream = file instanceof Socket && file.type === SOCK_STREAM && file.readableBytes() > 0;
  if (isReady && (isStream || KEEPING.includes(file.kind))) throw EFAULT;
  const { offset: before } = file;
  const result = file.read(call, new Uint8Array(Math.min(count, MOST_LOST_BYTES)));
  if (isBlocked(result) || result === 0) return result;
  file.offset = before;
  throw EFAULT;
}

/** Those that keep what could not be stored. */
const KEEPING: readonly string[] = ['regular', 'pipe', 'tty'];

function source({ memory }: Thread, addr: number, count: number): Uint8Array {
  const sizeBytes = Math.min(count, MAX_RW_COUNT);
  const prefix = memory.prefix(addr, sizeBytes, false);
  return memory.readable(addr, prefix === 0 ? sizeBytes : prefix);
}

function read(thread: Thread, { fd, buf, count }: { fd: number; buf: number; count: number }, call: Call): Result {
  const file = readableFile(thread, fd);
  const dst = destination(thread, buf, count);
  return dst === undefined ? readNowhere(file, call, file.offset, count) : file.read(call, dst);
}

function write(thread: Thread, { fd, buf, count }: { fd: number; buf: number; count: number }, call: Call): Result {
  const file = writableFile(thread, fd);
  return file.write(call, source(thread, buf, count));
}

interface PositionalArgs {
  readonly fd: number;
  readonly buf: number;
  readonly count: number;
  readonly offset: number;
}

function pread(thread: Thread, { fd, buf, count, offset }: PositionalArgs, call: Call): Result {
  const file = readableFile(thread, fd);
  requirePosition(file, offset);
  const dst = destination(thread, buf, count);
  return dst === undefined ? readNowhere(file, call, offset, count) : readAt(file, call, offset, dst);
}

function pwrite(thread: Thread, { fd, buf, count, offset }: PositionalArgs, call: Call): Result {
  const file = writableFile(thread, fd);
  requirePosition(file, offset);
  return writeAt(file, call, offset, source(thread, buf, count));
}

/** Devices that seek (/dev/zero) have no positions of their own. */
export function readAt(file: OpenFile, call: Call, offset: number, dst: Uint8Array): number | Blocked {
  return file.readAt?.(call, offset, dst) ?? file.read(call, dst);
}

export function writeAt(file: OpenFile, call: Call, offset: number, src: Uint8Array): number | Blocked {
  if (file.writeAt === undefined) return file.write(call, src);
  // pwrite(2), BUGS: with O_APPEND Linux appends whatever the offset says.
  return file.writeAt(call, (file.flags & O_APPEND) === 0 ? offset : file.attributes().sizeBytes, src);
}

interface VectorArgs {
  readonly fd: number;
  readonly iov: number;
  readonly count: number;
}

function readVector(
  thread: Thread,
  { fd, iov, count }: VectorArgs,
  call: Call,
  move: (file: OpenFile, call: Call, dst: Uint8Array, done: number) => number | Blocked,
): Result {
  const file = readableFile(thread, fd);
  const target = UserVector.toStore(thread.memory, iov, count);
  // Only the end of a file ends its reads; others give what they have.
  return readWindows(call, target, (inner, dst, done) => move(file, inner, dst, done), file.kind === 'regular');
}

const plainRead = (file: OpenFile, call: Call, dst: Uint8Array): number | Blocked => file.read(call, dst);

function preadv(thread: Thread, args: VectorArgs & { offset: number }, call: Call): Result {
  requirePosition(readableFile(thread, args.fd), args.offset);
  return readVector(thread, args, call, (file, inner, dst, done) => readAt(file, inner, args.offset + done, dst));
}

function writev(thread: Thread, { fd, iov, count }: VectorArgs, call: Call): Result {
  const file = writableFile(thread, fd);
  return writeWindows(call, UserVector.toLoad(thread.memory, iov, count), (inner, src) => file.write(inner, src));
}

function pwritev(thread: Thread, { fd, iov, count, offset }: VectorArgs & { offset: number }, call: Call): Result {
  const file = writableFile(thread, fd);
  requirePosition(file, offset);
  const bytes = UserVector.toLoad(thread.memory, iov, count);
  return writeWindows(call, bytes, (inner, src, done) => writeAt(file, inner, offset + done, src));
}

const RWF_HIPRI = 1;
const RWF_DSYNC = 2;
const RWF_SYNC = 4;
const RWF_NOWAIT = 8;
const RWF_APPEND = 16;
const RWF_KNOWN = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND;
/** What the flags of one call add to those of the open file. */
const RWF_STATUS: readonly (readonly [number, number])[] = [
  [RWF_DSYNC, O_DSYNC],
  [RWF_SYNC, O_DSYNC],
  [RWF_NOWAIT, O_NONBLOCK],
  [RWF_APPEND, O_APPEND],
];

interface FlaggedArgs extends VectorArgs {
  readonly offset: number;
  readonly flags: number;
}

/** preadv2 and pwritev2: offset -1 means the file's own. @throws EOPNOTSUPP */
function withFlags(
  thread: Thread,
  args: FlaggedArgs,
  call: Call,
  forms: {
    readonly own: (thread: Thread, args: VectorArgs, call: Call) => Result;
    readonly positional: (thread: Thread, args: FlaggedArgs, call: Call) => Result;
  },
): Result {
  if ((args.flags & ~RWF_KNOWN) !== 0) throw EOPNOTSUPP;
  const file = thread.files.get(args.fd);
  const before = file.flags;
  for (const [flag, status] of RWF_STATUS) if ((args.flags & flag) !== 0) file.flags |= status;
  try {
    const result = args.offset === -1 ? forms.own(thread, args, call) : forms.positional(thread, args, call);
    if (isBlocked(result) && (args.flags & RWF_NOWAIT) !== 0) throw EAGAIN;
    return result;
  } finally {
    file.flags = before;
  }
}

/** Linux noop_llseek. */
const UNMOVED: readonly string[] = ['epoll', 'eventfd', 'inotify', 'signalfd', 'timerfd'];

function lseek(thread: Thread, { fd, offset, whence }: { fd: number; offset: number; whence: number }): Result {
  const file = thread.files.get(fd);
  if ((file.flags & O_PATH) !== 0) throw EBADF;
  if (whence < SEEK_SET || whence > SEEK_HOLE) throw EINVAL;
  if (file.hasNoPlace === true || UNMOVED.includes(file.kind)) return 0;
  if (!file.isSeekable) throw ESPIPE;
  const position = seekTarget(file, offset, whence);
  if (position < 0 || position > Number.MAX_SAFE_INTEGER) throw EINVAL; // Linux: beyond s_maxbytes
  file.offset = position;
  return position;
}

function seekTarget(file: OpenFile, offset: number, whence: number): number {
  switch (whence) {
    case SEEK_SET:
      return offset;
    case SEEK_CUR:
      return file.offset + offset;
    case SEEK_END:
      return (file.inode === undefined ? 0 : file.attributes().sizeBytes) + offset;
    case SEEK_DATA:
    case SEEK_HOLE:
      return seekContent(file, offset, whence === SEEK_DATA ? 'data' : 'hole');
    default:
      throw EINVAL;
  }
}

function seekContent(file: OpenFile, offset: number, kind: 'data' | 'hole'): number {
  const { sizeBytes } = file.attributes();
  if (offset < 0 || offset >= sizeBytes) throw ENXIO;
  if (file.inode?.seek !== undefined) return file.inode.seek(kind, offset);
  return kind === 'data' ? offset : sizeBytes;
}

const MADE_UP_FILE_BYTES = 0x7fff_ffff; // of /proc and its like: Linux' MAX_NON_LFS
const COPY_PIECE_BYTES = 65_536;

/** How far sendfile or copy_file_range came; `pending` was read and waits to be written. */
interface CopyProgress {
  readonly done: number;
  readonly pending: Uint8Array | undefined;
  readonly inner: unknown;
}

interface CopyEnds {
  read(call: Call, done: number, dst: Uint8Array): number | Blocked;
  write(call: Call, done: number, src: Uint8Array): number | Blocked;
}

/** Moves up to `count` bytes from one file to another; a wait keeps what was read but not yet written. */
function copyBytes(call: Call, count: number, ends: CopyEnds): number | Blocked {
  const earlier = call.progress as CopyProgress | undefined;
  let done = earlier?.done ?? 0;
  let pending = earlier?.pending;
  let inner = earlier?.inner;
  try {
    while (done < count) {
      if (pending === undefined) {
        const buffer = new Uint8Array(Math.min(count - done, COPY_PIECE_BYTES));
        const got = whenResident(() => ends.read(withProgress(call, undefined), done, buffer));
        if (isBlocked(got))
          return done > 0 && got.isUninterruptible !== true
            ? done
            : { ...got, progress: { done, pending, inner: undefined } };
        if (got === 0) break;
        pending = buffer.subarray(0, got);
      }
      const piece = pending;
      const put = whenResident(() => ends.write(withProgress(call, inner), done, piece));
      if (isBlocked(put)) return { ...put, progress: { done, pending, inner: put.progress } };
      done += put;
      if (put < pending.length) break;
      pending = inner = undefined;
    }
  } catch (error) {
    // Bytes that are gone count: the error comes with the next call (EAGAIN of a socket that is full now).
    if (done === 0 || !(error instanceof Errno)) throw error;
  }
  return done;
}

function sendfile(
  thread: Thread,
  args: { out_fd: number; in_fd: number; offset: number; count: number },
  call: Call,
): Result {
  const input = readableFile(thread, args.in_fd);
  const output = writableFile(thread, args.out_fd);
  if (args.offset !== 0 && !input.isSeekable) throw ESPIPE;
  if (input.readAt === undefined) throw EINVAL;
  if ((output.flags & O_APPEND) !== 0) throw EINVAL;
  const start = args.offset === 0 ? input.offset : thread.memory.loadNumber(args.offset);
  if (start < 0 || start + args.count >= 2 ** 63) throw EINVAL;
  if (input.kind === 'text' && start >= MADE_UP_FILE_BYTES) throw EOVERFLOW;
  const result = copyBytes(call, Math.min(args.count, MAX_RW_COUNT), {
    read: (inner, done, dst) => readAt(input, inner, start + done, dst),
    write: (inner, _done, src) => output.write(inner, src),
  });
  if (isBlocked(result)) return result;
  if (args.offset === 0) input.offset = start + result;
  else thread.memory.storeNumber(args.offset, start + result);
  return result;
}

function copyFileRange(
  thread: Thread,
  args: { fd_in: number; off_in: number; fd_out: number; off_out: number; len: number; flags: number },
  call: Call,
): Result {
  if (args.flags !== 0) throw EINVAL;
  // The order is that of Linux fs/read_write.c: generic_copy_file_checks.
  const kinds = [args.fd_in, args.fd_out].map((fd) => thread.files.get(fd).kind);
  if (kinds.includes('directory')) throw EISDIR;
  if (kinds.some((kind) => kind !== 'regular')) throw EINVAL;
  const input = readableFile(thread, args.fd_in);
  const output = writableFile(thread, args.fd_out);
  if (input.inode?.filesystem !== output.inode?.filesystem) throw EXDEV;
  if ((output.flags & O_APPEND) !== 0) throw EBADF;
  if (output.inode !== undefined && isImmutable(output.inode)) throw EPERM;
  const from = args.off_in === 0 ? input.offset : thread.memory.loadNumber(args.off_in);
  const to = args.off_out === 0 ? output.offset : thread.memory.loadNumber(args.off_out);
  if (from + args.len >= 2 ** 64 && from > 0) throw EOVERFLOW;
  const isOverlapping = input.inode === output.inode && Math.abs(from - to) < args.len;
  if (from < 0 || to < 0 || isOverlapping) throw EINVAL;
  const result = copyBytes(call, Math.min(args.len, MAX_RW_COUNT), {
    read: (inner, done, dst) => readAt(input, inner, from + done, dst),
    write: (inner, done, src) => writeAt(output, inner, to + done, src),
  });
  if (isBlocked(result)) return result;
  if (args.off_in === 0) input.offset = from + result;
  else thread.memory.storeNumber(args.off_in, from + result);
  if (args.off_out === 0) output.offset = to + result;
  else thread.memory.storeNumber(args.off_out, to + result);
  return result;
}

// oxfmt-ignore
export const readWrite: readonly Syscall[] = [
  syscall({ nr: 0, name: 'read', args: { fd: 'fd', buf: 'ptr', count: 'size' }, support: 'full', moves: 'read', run: read }),
  syscall({ nr: 1, name: 'write', args: { fd: 'fd', buf: 'ptr', count: 'size' }, support: 'full', moves: 'write', run: write }),
  syscall({ nr: 8, name: 'lseek', args: { fd: 'fd', offset: 'off', whence: 'int' }, support: 'full', run: lseek }),
  syscall({ nr: 17, name: 'pread64', args: { fd: 'fd', buf: 'ptr', count: 'size', offset: 'off' }, support: 'full', moves: 'read', run: pread }),
  syscall({ nr: 18, name: 'pwrite64', args: { fd: 'fd', buf: 'ptr', count: 'size', offset: 'off' }, support: 'full', moves: 'write', run: pwrite }),
  syscall({ nr: 19, name: 'readv', args: { fd: 'fd', iov: 'ptr', count: 'int' }, support: 'full', moves: 'read',
    run: (thread, args, call) => readVector(thread, args, call, plainRead) }),
  syscall({ nr: 20, name: 'writev', args: { fd: 'fd', iov: 'ptr', count: 'int' }, support: 'full', moves: 'write', run: writev }),
  syscall({ nr: 40, name: 'sendfile', args: { out_fd: 'fd', in_fd: 'fd', offset: 'ptr', count: 'size' }, support: 'full', run: sendfile }),
  syscall({ nr: 295, name: 'preadv', args: { fd: 'fd', iov: 'ptr', count: 'int', offset: 'off' }, support: 'full', moves: 'read', run: preadv }),
  syscall({ nr: 296, name: 'pwritev', args: { fd: 'fd', iov: 'ptr', count: 'int', offset: 'off' }, support: 'full', moves: 'write', run: pwritev }),
  syscall({ nr: 326, name: 'copy_file_range',
    args: { fd_in: 'fd', off_in: 'ptr', fd_out: 'fd', off_out: 'ptr', len: 'size', flags: 'flags' }, support: 'full', run: copyFileRange }),
  syscall({ nr: 327, name: 'preadv2',
    args: { fd: 'fd', iov: 'ptr', count: 'int', offset: 'off', offset_high: 'uint', flags: 'flags' }, support: 'full', moves: 'read',
    run: (thread, args, call) =>
      withFlags(thread, args, call, { own: (own, vector, inner) => readVector(own, vector, inner, plainRead), positional: preadv }) }),
  syscall({ nr: 328, name: 'pwritev2',
    args: { fd: 'fd', iov: 'ptr', count: 'int', offset: 'off', offset_high: 'uint', flags: 'flags' }, support: 'full', moves: 'write',
    run: (thread, args, call) => withFlags(thread, args, call, { own: writev, positional: pwritev }) }),
];
