/** Making and removing names: mkdir(2), rmdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2), mknod(2). */
import { EINVAL, ENOENT } from '../abi/errno.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
} from '../abi/fcntl.ts';
import { S_IFLNK } from '../abi/stat.ts';
import type { Thread } from '../program/thread.ts';
import { bytesOf } from '../../emulator/util/bytes.ts';
import { emptyPathTarget, pathFrom, walkAt } from './directory-fd.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

function unlink(thread: Thread, dirfd: number, path: string, flags: number): Result {
  if ((flags & ~AT_REMOVEDIR) !== 0) throw EINVAL;
  const at = pathFrom(thread, dirfd, path);
  if (flags === 0) thread.machine.vfs.unlink(thread, at);
  else thread.machine.vfs.rmdir(thread, at);
  return 0;
}

interface RenameArgs {
  readonly olddirfd: number;
  readonly oldpath: string;
  readonly newdirfd: number;
  readonly newpath: string;
}

function rename(thread: Thread, args: RenameArgs, flags: number): Result {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) throw EINVAL;
  const from = pathFrom(thread, args.olddirfd, args.oldpath);
  thread.machine.vfs.rename(thread, from, pathFrom(thread, args.newdirfd, args.newpath), flags);
  return 0;
}

function link(thread: Thread, args: RenameArgs, flags: number): Result {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) throw EINVAL;
  const empty = emptyPathTarget(thread, args.olddirfd, args.oldpath, flags);
  const place = empty === undefined ? undefined : 'dentry' in empty ? empty : empty.location;
  if (empty !== undefined && place === undefined) throw ENOENT;
  const target = place ?? walkAt(thread, args.olddirfd, args.oldpath, (flags & AT_SYMLINK_FOLLOW) !== 0);
  thread.machine.vfs.link(thread, target, pathFrom(thread, args.newdirfd, args.newpath));
  return 0;
}

function symlink(thread: Thread, target: string, dirfd: number, path: string): Result {
  thread.machine.vfs.symlink(thread, target, pathFrom(thread, dirfd, path));
  return 0;
}

function readlink(thread: Thread, args: { dirfd: number; path: string; buf: number; size: number }): Result {
  const size = args.size | 0;
  if (size <= 0) throw EINVAL;
  const own = args.path === '' && args.dirfd !== AT_FDCWD ? thread.files.get(args.dirfd).location : undefined; // readlinkat(2): a link opened by O_PATH
  const location = own ?? walkAt(thread, args.dirfd, args.path, false);
  const { inode } = location.dentry;
  if (inode.fileType !== S_IFLNK) throw args.path === '' ? ENOENT : EINVAL;
  const target = inode.readLink().slice(0, size);
  thread.memory.writable(args.buf, target.length).set(bytesOf(target));
  return target.length;
}

function mkdir(thread: Thread, dirfd: number, path: string, mode: number): Result {
  thread.machine.vfs.mkdir(thread, pathFrom(thread, dirfd, path), mode);
  return 0;
}

function mknod(thread: Thread, dirfd: number, path: string, mode: number, dev: number): Result {
  thread.machine.vfs.mknod(thread, pathFrom(thread, dirfd, path), mode, dev);
  return 0;
}

// oxfmt-ignore
export const names: readonly Syscall[] = [
  syscall({ nr: 82, name: 'rename', args: { oldpath: 'path', newpath: 'path' }, support: 'full',
    run: (thread, args) => rename(thread, { ...args, olddirfd: AT_FDCWD, newdirfd: AT_FDCWD }, 0) }),
  syscall({ nr: 83, name: 'mkdir', args: { path: 'path', mode: 'flags' }, support: 'full',
    run: (thread, { path, mode }) => mkdir(thread, AT_FDCWD, path, mode) }),
  syscall({ nr: 84, name: 'rmdir', args: { path: 'path' }, support: 'full',
    run: (thread, { path }) => unlink(thread, AT_FDCWD, path, AT_REMOVEDIR) }),
  syscall({ nr: 86, name: 'link', args: { oldpath: 'path', newpath: 'path' }, support: 'full',
    run: (thread, args) => link(thread, { ...args, olddirfd: AT_FDCWD, newdirfd: AT_FDCWD }, 0) }),
  syscall({ nr: 87, name: 'unlink', args: { path: 'path' }, support: 'full',
    run: (thread, { path }) => unlink(thread, AT_FDCWD, path, 0) }),
  syscall({ nr: 88, name: 'symlink', args: { target: 'path', path: 'path' }, support: 'full',
    run: (thread, { target, path }) => symlink(thread, target, AT_FDCWD, path) }),
  syscall({ nr: 89, name: 'readlink', args: { path: 'path', buf: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => {
      if (args.path === '') throw ENOENT;
      return readlink(thread, { ...args, dirfd: AT_FDCWD });
    } }),
  syscall({ nr: 133, name: 'mknod', args: { path: 'path', mode: 'flags', dev: 'uint' }, support: 'full',
    run: (thread, { path, mode, dev }) => mknod(thread, AT_FDCWD, path, mode, dev) }),
  syscall({ nr: 258, name: 'mkdirat', args: { dirfd: 'fd', path: 'path', mode: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, mode }) => mkdir(thread, dirfd, path, mode) }),
  syscall({ nr: 259, name: 'mknodat', args: { dirfd: 'fd', path: 'path', mode: 'flags', dev: 'uint' }, support: 'full',
    run: (thread, { dirfd, path, mode, dev }) => mknod(thread, dirfd, path, mode, dev) }),
  syscall({ nr: 263, name: 'unlinkat', args: { dirfd: 'fd', path: 'path', flags: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, flags }) => unlink(thread, dirfd, path, flags) }),
  syscall({ nr: 264, name: 'renameat', args: { olddirfd: 'fd', oldpath: 'path', newdirfd: 'fd', newpath: 'path' }, support: 'full',
    run: (thread, args) => rename(thread, args, 0) }),
  syscall({ nr: 265, name: 'linkat', args: { olddirfd: 'fd', oldpath: 'path', newdirfd: 'fd', newpath: 'path', flags: 'flags' }, support: 'full',
    run: (thread, args) => link(thread, args, args.flags) }),
  syscall({ nr: 266, name: 'symlinkat', args: { target: 'path', dirfd: 'fd', path: 'path' }, support: 'full',
    run: (thread, { target, dirfd, path }) => symlink(thread, target, dirfd, path) }),
  syscall({ nr: 267, name: 'readlinkat', args: { dirfd: 'fd', path: 'path', buf: 'ptr', size: 'size' }, support: 'full', run: readlink }),
  syscall({ nr: 316, name: 'renameat2', args: { olddirfd: 'fd', oldpath: 'path', newdirfd: 'fd', newpath: 'path', flags: 'flags' },
    support: 'full', run: (thread, args) => rename(thread, args, args.flags) }),
];
