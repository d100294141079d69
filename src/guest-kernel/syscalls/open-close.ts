/** open(2), openat2(2), creat(2), close(2), close_range(2). */
import { E2BIG, EAGAIN, EBADF, EINVAL } from '../abi/errno.ts';
import {
  CLOSE_RANGE_CLOEXEC,
  CLOSE_RANGE_UNSHARE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  AT_FDCWD,
} from '../abi/fcntl.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { NotResident } from '../vfs/inode.ts';
import type { Call } from '../vfs/open-file.ts';
import { PipeFile } from '../vfs/pipe.ts';
import { pathFrom } from './directory-fd.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

const OPEN_HOW_BYTES = 24;
const PAGE_BYTES = 4096;
const RESOLVE_KNOWN = 0x3f;

function open(
  thread: Thread,
  call: Call,
  dirfd: number,
  path: string,
  flags: number,
  mode: number,
  restrictions = 0,
): Result {
  // A FIFO whose peer was awaited is open already; its open returns now or waits on.
  const waiting = call.progress instanceof PipeFile ? call.progress : undefined;
  if (waiting === undefined) thread.files.lowestFree(); // Linux get_unused_fd_flags: before anything is made or cut
  const file = waiting ?? openPath(thread, dirfd, path, flags, mode, restrictions);
  try {
    if (file instanceof PipeFile) {
      const wait = file.awaitPeer(call);
      if (wait !== undefined) return wait;
    }
    return thread.files.add(file, { isCloseOnExec: (flags & O_CLOEXEC) !== 0 });
  } catch (error) {
    file.release();
    throw error;
  }
}

function openPath(
  thread: Thread,
  dirfd: number,
  path: string,
  flags: number,
  mode: number,
  restrictions: number,
): ReturnType<Thread['files']['get']> {
  // RESOLVE_IN_ROOT: an absolute path starts at dirfd too.
  const isAnchored = (restrictions & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) !== 0;
  const { start } = pathFrom(thread, dirfd, isAnchored ? '.' : path);
  return thread.machine.vfs.open(thread, path, flags, mode, start, restrictions);
}

function openat2(thread: Thread, args: { dirfd: number; path: string; how: number; size: number }, call: Call): Result {
  if (args.size < OPEN_HOW_BYTES) throw EINVAL;
  if (args.size > PAGE_BYTES) throw E2BIG;
  if (
    args.size > OPEN_HOW_BYTES &&
    thread.memory.readable(args.how + OPEN_HOW_BYTES, args.size - OPEN_HOW_BYTES).some((b) => b !== 0)
  ) {
    throw E2BIG;
  }
  const flags = thread.memory.loadNumber(args.how);
  const mode = thread.memory.loadNumber(args.how + 8);
  const resolve = thread.memory.loadNumber(args.how + 16);
  if (flags > 0x7fff_ffff || mode > 0o7777) throw EINVAL;
  if ((flags & O_PATH) !== 0 && (flags & ~(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) !== 0) throw EINVAL;
  if (mode !== 0 && (flags & (O_CREAT | (O_TMPFILE & ~0o200000))) === 0) throw EINVAL;
  if (resolve < 0 || resolve > RESOLVE_KNOWN) throw EINVAL;
  if ((resolve & RESOLVE_BENEATH) !== 0 && (resolve & RESOLVE_IN_ROOT) !== 0) throw EINVAL;
  if ((resolve & RESOLVE_CACHED) === 0) return open(thread, call, args.dirfd, args.path, flags, mode, resolve);
  // Linux fs/open.c: build_open_flags; what would have to wait for the disk is not in the cache.
  if ((flags & (O_TRUNC | O_CREAT | O_TMPFILE)) !== 0) throw EAGAIN;
  try {
    return open(thread, call, args.dirfd, args.path, flags, mode, resolve & ~RESOLVE_CACHED);
  } catch (error) {
    throw error instanceof NotResident ? EAGAIN : error;
  }
}

function closeRange(thread: Thread, { first, last, flags }: { first: number; last: number; flags: number }): Result {
  if (first > last || (flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) !== 0) throw EINVAL;
  if ((flags & CLOSE_RANGE_UNSHARE) !== 0) asGuest(thread).unshareFiles();
  for (const fd of thread.files.descriptors()) {
    if (fd < first || fd > last) continue;
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) thread.files.setCloseOnExec(fd, true);
    else thread.files.close(fd);
  }
  return 0;
}

// oxfmt-ignore
export const openClose: readonly Syscall[] = [
  syscall({ nr: 2, name: 'open', args: { path: 'path', flags: 'flags', mode: 'flags' }, support: 'full',
    run: (thread, { path, flags, mode }, call) => open(thread, call, AT_FDCWD, path, flags, mode) }),
  syscall({ nr: 3, name: 'close', args: { fd: 'fd' }, support: 'full',
    run: (thread, { fd }) => { if (fd < 0) throw EBADF; thread.files.close(fd); } }),
  syscall({ nr: 85, name: 'creat', args: { path: 'path', mode: 'flags' }, support: 'full',
    run: (thread, { path, mode }, call) => open(thread, call, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode) }),
  syscall({ nr: 257, name: 'openat', args: { dirfd: 'fd', path: 'path', flags: 'flags', mode: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, flags, mode }, call) => open(thread, call, dirfd, path, flags, mode) }),
  syscall({ nr: 436, name: 'close_range', args: { first: 'uint', last: 'uint', flags: 'flags' },
    support: 'full', run: closeRange }),
  syscall({ nr: 437, name: 'openat2', args: { dirfd: 'fd', path: 'path', how: 'ptr', size: 'size' },
    support: 'full', run: openat2 }),
];
