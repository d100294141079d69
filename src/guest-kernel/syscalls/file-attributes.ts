/** chmod(2), chown(2), truncate(2), fallocate(2), utimensat(2), umask(2). */
import { EBADF, EFAULT, EINVAL, EISDIR, ENODEV, EOPNOTSUPP, EPERM, ESPIPE, EFBIG } from '../abi/errno.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  O_ACCMODE,
  O_PATH,
  O_RDONLY,
} from '../abi/fcntl.ts';
import { S_IFDIR, S_IFLNK, S_IFREG, UTIME_NOW, UTIME_OMIT, W_OK } from '../abi/stat.ts';
import type { Thread } from '../program/thread.ts';
import { IN_MODIFY } from '../abi/inotify.ts';
import { isAppendOnly } from '../vfs/file-flags.ts';
import type { Call } from '../vfs/open-file.ts';
import { SIGXFSZ } from '../abi/signal.ts';
import type { AttributeChanges, Timestamp } from '../vfs/inode.ts';
import type { Location } from '../vfs/location.ts';
import { tellFile } from '../vfs/watches.ts';
import { permittedChanges } from '../vfs/permissions.ts';
import { breakLeases } from '../vfs/leases.ts';
import { requireResizable, requireUnsealed } from '../vfs/seals.ts';
import { allocateFile, fileTruncated } from '../vfs/shared-pages.ts';
import { emptyPathTarget, walkAt } from './directory-fd.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

const NS_PER_S = 1_000_000_000n;

function change(thread: Thread, location: Location, changes: AttributeChanges): Result {
  thread.machine.vfs.setAttributes(thread, location, changes);
  return 0;
}

/** The place of an open file. @throws EBADF for O_PATH, EINVAL for what has no place (pipe, socket) */
function placeOf(thread: Thread, fd: number): Location {
  const { location, flags } = thread.files.get(fd);
  if ((flags & O_PATH) !== 0) throw EBADF;
  if (location === undefined) throw EINVAL;
  return location;
}

function placeAt(thread: Thread, dirfd: number, path: string, flags: number): Location {
  const empty = emptyPathTarget(thread, dirfd, path, flags);
  if (empty === undefined) return walkAt(thread, dirfd, path, (flags & AT_SYMLINK_NOFOLLOW) === 0);
  if ('dentry' in empty) return empty;
  if (empty.location === undefined) throw EINVAL;
  return empty.location;
}

function chmod(thread: Thread, location: Location, mode: number): Result {
  if (location.dentry.inode.fileType === S_IFLNK) throw EOPNOTSUPP;
  return change(thread, location, { mode: mode & 0o7777 });
}

/** -1 leaves an id as it is. */
function chown(thread: Thread, location: Location, owner: number, group: number): Result {
  return change(thread, location, ownersIn(owner, group));
}

function ownersIn(owner: number, group: number): AttributeChanges {
  const uid = owner === 0xffff_ffff ? {} : { uid: owner };
  const gid = group === 0xffff_ffff ? {} : { gid: group };
  return { ...uid, ...gid };
}

/** fchmod, fchown; of a terminal, which has no place, the inode itself. @throws EBADF, EINVAL for pipes and sockets */
function changeOpen(thread: Thread, fd: number, changes: AttributeChanges): Result {
  const { location, inode } = thread.files.get(fd);
  if (location !== undefined || inode === undefined) return change(thread, placeOf(thread, fd), changes);
  inode.setAttributes(permittedChanges(thread.credentials, inode.attributes(), changes));
  return 0;
}

/** RLIMIT_FSIZE. @throws EFBIG, with SIGXFSZ */
function checkSize(call: Call, sizeBytes: number): void {
  if (sizeBytes <= (call.fileSizeLimit ?? Number.POSITIVE_INFINITY)) return;
  call.raise(SIGXFSZ);
  throw EFBIG;
}

function truncate(thread: Thread, { path, length }: { path: string; length: number }, call: Call): Result {
  if (length < 0) throw EINVAL;
  const location = walkAt(thread, AT_FDCWD, path, true);
  const { fileType } = location.dentry.inode;
  if (fileType !== S_IFREG) throw fileType === S_IFDIR ? EISDIR : EINVAL;
  thread.machine.vfs.checkAccess(thread, location, W_OK);
  checkSize(call, length);
  breakLeases(location.dentry.inode, true, false);
  return change(thread, location, { sizeBytes: length });
}

function ftruncate(thread: Thread, { fd, length }: { fd: number; length: number }, call: Call): Result {
  const file = thread.files.get(fd);
  const hasLength = file.kind === 'regular' || file.kind === 'text'; // one of /proc has any length
  if (length < 0 || !hasLength || (file.flags & O_ACCMODE) === O_RDONLY) throw EINVAL;
  const { inode } = file;
  if (inode === undefined) throw EINVAL;
  if (isAppendOnly(inode)) throw EPERM;
  checkSize(call, length);
  requireResizable(inode, length);
  inode.setAttributes({ sizeBytes: length });
  fileTruncated(inode, length);
  if (file.location !== undefined) tellFile(file.location.dentry, IN_MODIFY);
  return 0;
}

function fallocate(
  thread: Thread,
  args: { fd: number; mode: number; offset: number; len: number },
  call: Call,
): Result {
  const file = thread.files.get(args.fd);
  if (args.offset < 0 || args.len <= 0) throw EINVAL;
  const moves = args.mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE);
  if (moves !== 0 && args.mode !== moves) throw EOPNOTSUPP;
  if ((file.flags & O_ACCMODE) === O_RDONLY) throw EBADF;
  if (file.kind === 'pipe') throw ESPIPE;
  if (file.kind !== 'regular') throw ENODEV;
  if (args.offset + args.len > Number.MAX_SAFE_INTEGER) throw EFBIG;
  if (file.inode?.allocate === undefined) throw EOPNOTSUPP;
  if (isAppendOnly(file.inode) && (args.mode & ~FALLOC_FL_KEEP_SIZE) !== 0) throw EPERM;
  if (moves === 0 && (args.mode & FALLOC_FL_KEEP_SIZE) === 0) checkSize(call, args.offset + args.len);
  requireUnsealed(file.inode, args.offset + args.len);
  allocateFile(file.inode, args.mode, args.offset, args.len);
  return 0;
}

function realtime(thread: Thread): Timestamp {
  const ns = thread.machine.clock.realtimeNs();
  return { seconds: Number(ns / NS_PER_S), nanoseconds: Number(ns % NS_PER_S) };
}

/** One struct timespec of utimensat; undefined: leave it (UTIME_OMIT). */
function loadTime(thread: Thread, addr: number): Timestamp | undefined {
  const seconds = thread.memory.loadNumber(addr);
  const nanoseconds = thread.memory.loadNumber(addr + 8);
  if (nanoseconds === UTIME_OMIT) return undefined;
  if (nanoseconds === UTIME_NOW) return realtime(thread);
  if (nanoseconds < 0 || nanoseconds > 999_999_999) throw EINVAL;
  return { seconds, nanoseconds };
}

/** struct timeval of utimes(2). */
function loadTimeval(thread: Thread, addr: number): Timestamp {
  const microseconds = thread.memory.loadNumber(addr + 8);
  if (microseconds < 0 || microseconds > 999_999) throw EINVAL;
  return { seconds: thread.memory.loadNumber(addr), nanoseconds: microseconds * 1000 };
}

interface Times {
  readonly access: Timestamp | undefined;
  readonly modify: Timestamp | undefined;
  /** Both are "now": the right to write is enough (utimensat(2)). */
  readonly isNow: boolean;
}

function setTimes(thread: Thread, location: Location, { access, modify, isNow }: Times): Result {
  const changes = {
    ...(access === undefined ? {} : { accessTime: access }),
    ...(modify === undefined ? {} : { modifyTime: modify }),
  };
  if (access === undefined && modify === undefined) return 0;
  if (isNow) {
    try {
      thread.machine.vfs.setAttributes(thread, location, changes);
      return 0;
    } catch (error) {
      if (error !== EPERM) throw error;
      thread.machine.vfs.checkAccess(thread, location, W_OK);
      location.dentry.inode.setAttributes(changes);
      return 0;
    }
  }
  return change(thread, location, changes);
}

function bothNow(thread: Thread): Times {
  const now = realtime(thread);
  return { access: now, modify: now, isNow: true };
}

function utimensat(thread: Thread, args: { dirfd: number; path: number; times: number; flags: number }): Result {
  if ((args.flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw EINVAL;
  // A null path means the file behind dirfd: how futimens(3) is made.
  if (args.path === 0 && args.dirfd === AT_FDCWD) throw EFAULT;
  if (args.path === 0 && args.flags !== 0) throw EINVAL;
  const path = args.path === 0 ? '' : thread.memory.cString(args.path, 4096);
  const flags = args.path === 0 ? AT_EMPTY_PATH : args.flags;
  const times: Times =
    args.times === 0
      ? bothNow(thread)
      : { access: loadTime(thread, args.times), modify: loadTime(thread, args.times + 16), isNow: false };
  return setTimes(thread, placeAt(thread, args.dirfd, path, flags), times);
}

function utimes(thread: Thread, dirfd: number, path: string, times: number): Result {
  const wanted: Times =
    times === 0
      ? bothNow(thread)
      : { access: loadTimeval(thread, times), modify: loadTimeval(thread, times + 16), isNow: false };
  return setTimes(thread, placeAt(thread, dirfd, path, 0), wanted);
}

function utime(thread: Thread, { path, times }: { path: string; times: number }): Result {
  const at = (offset: number): Timestamp => ({ seconds: thread.memory.loadNumber(times + offset), nanoseconds: 0 });
  const wanted: Times = times === 0 ? bothNow(thread) : { access: at(0), modify: at(8), isNow: false };
  return setTimes(thread, placeAt(thread, AT_FDCWD, path, 0), wanted);
}

function umask(thread: Thread, { mask }: { mask: number }): Result {
  const before = thread.fs.umask;
  thread.fs.umask = mask & 0o777;
  return before;
}

// oxfmt-ignore
export const fileAttributes: readonly Syscall[] = [
  syscall({ nr: 76, name: 'truncate', args: { path: 'path', length: 'off' }, support: 'full', run: truncate }),
  syscall({ nr: 77, name: 'ftruncate', args: { fd: 'fd', length: 'off' }, support: 'full', run: ftruncate }),
  syscall({ nr: 90, name: 'chmod', args: { path: 'path', mode: 'flags' }, support: 'full',
    run: (thread, { path, mode }) => chmod(thread, placeAt(thread, AT_FDCWD, path, 0), mode) }),
  syscall({ nr: 91, name: 'fchmod', args: { fd: 'fd', mode: 'flags' }, support: 'full',
    run: (thread, { fd, mode }) => changeOpen(thread, fd, { mode: mode & 0o7777 }) }),
  syscall({ nr: 92, name: 'chown', args: { path: 'path', owner: 'uint', group: 'uint' }, support: 'full',
    run: (thread, { path, owner, group }) => chown(thread, placeAt(thread, AT_FDCWD, path, 0), owner, group) }),
  syscall({ nr: 93, name: 'fchown', args: { fd: 'fd', owner: 'uint', group: 'uint' }, support: 'full',
    run: (thread, { fd, owner, group }) => changeOpen(thread, fd, ownersIn(owner, group)) }),
  syscall({ nr: 94, name: 'lchown', args: { path: 'path', owner: 'uint', group: 'uint' }, support: 'full',
    run: (thread, { path, owner, group }) => chown(thread, placeAt(thread, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW), owner, group) }),
  syscall({ nr: 95, name: 'umask', args: { mask: 'flags' }, support: 'full', run: umask }),
  syscall({ nr: 132, name: 'utime', args: { path: 'path', times: 'ptr' }, support: 'full', run: utime }),
  syscall({ nr: 235, name: 'utimes', args: { path: 'path', times: 'ptr' }, support: 'full',
    run: (thread, { path, times }) => utimes(thread, AT_FDCWD, path, times) }),
  syscall({ nr: 260, name: 'fchownat', args: { dirfd: 'fd', path: 'path', owner: 'uint', group: 'uint', flags: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, owner, group, flags }) => {
      if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw EINVAL;
      return chown(thread, placeAt(thread, dirfd, path, flags), owner, group);
    } }),
  syscall({ nr: 261, name: 'futimesat', args: { dirfd: 'fd', path: 'path', times: 'ptr' }, support: 'full',
    run: (thread, { dirfd, path, times }) => utimes(thread, dirfd, path, times) }),
  syscall({ nr: 268, name: 'fchmodat', args: { dirfd: 'fd', path: 'path', mode: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, mode }) => chmod(thread, placeAt(thread, dirfd, path, 0), mode) }),
  syscall({ nr: 280, name: 'utimensat', args: { dirfd: 'fd', path: 'ptr', times: 'ptr', flags: 'flags' }, support: 'full', run: utimensat }),
  syscall({ nr: 285, name: 'fallocate', args: { fd: 'fd', mode: 'flags', offset: 'off', len: 'off' },
    support: 'full', run: fallocate }),
];
