/** getdents64(2), chdir(2), getcwd(2), chroot(2). */
import { bytesOf } from '../../emulator/util/bytes.ts';
import { CAP_SYS_CHROOT } from '../abi/capability.ts';
import { EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR, ERANGE } from '../abi/errno.ts';
import { AT_FDCWD, PATH_MAX } from '../abi/fcntl.ts';
import { DIRENT, DIRENT64, S_IFDIR, X_OK } from '../abi/stat.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import { DirectoryFile } from '../vfs/directory-file.ts';
import type { DirectoryEntry } from '../vfs/inode.ts';
import type { Location } from '../vfs/location.ts';
import { walkAt } from './directory-fd.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

interface Dents {
  readonly fd: number;
  readonly dirp: number;
  readonly count: number;
}

function getdents(thread: Thread, { fd, dirp, count }: Dents, layout: 'old' | 'new'): Result {
  const file = thread.files.get(fd);
  if (!(file instanceof DirectoryFile)) throw ENOTDIR;
  if (file.location.dentry.isRemoved === true) throw ENOENT;
  const dst = thread.memory.writable(dirp, Math.min(count, 1 << 20));
  const view = new DataView(dst.buffer, dst.byteOffset, dst.length);
  let used = 0;
  let { offset } = file; // the file's own moves at the end: a block that has to be fetched lets the call begin again
  for (let found = file.entriesFrom(offset); found.length > 0; found = file.entriesFrom(offset)) {
    for (const entry of found) {
      const length = recordLength(entry, layout);
      if (used + length > dst.length) {
        if (used === 0) throw EINVAL;
        file.offset = offset;
        return used;
      }
      storeEntry(dst, view, used, length, entry, layout);
      used += length;
      offset = entry.nextOffset;
    }
  }
  file.offset = offset;
  return used;
}

function recordLength(entry: DirectoryEntry, layout: 'old' | 'new'): number {
  const header = layout === 'new' ? DIRENT64.d_name : DIRENT.d_name + 1; // the old form keeps d_type in its last byte
  return (header + entry.name.length + 1 + 7) & ~7;
}

function storeEntry(
  dst: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  entry: DirectoryEntry,
  layout: 'old' | 'new',
): void {
  const nameOffset = layout === 'new' ? DIRENT64.d_name : DIRENT.d_name;
  dst.fill(0, at, at + length);
  view.setBigUint64(at + DIRENT64.d_ino, BigInt(entry.inodeNumber), true);
  view.setBigInt64(at + DIRENT64.d_off, BigInt(entry.nextOffset), true);
  view.setUint16(at + DIRENT64.d_reclen, length, true);
  dst[at + (layout === 'new' ? DIRENT64.d_type : length - 1)] = entry.type;
  dst.set(bytesOf(entry.name), at + nameOffset);
}

function changeDirectory(thread: Thread, location: Location): Result {
  if (location.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
  thread.machine.vfs.checkAccess(thread, location, X_OK);
  thread.fs.cwd = location;
  return 0;
}

function fchdir(thread: Thread, { fd }: { fd: number }): Result {
  const { location } = thread.files.get(fd);
  if (location === undefined) throw ENOTDIR;
  return changeDirectory(thread, location);
}

function chroot(thread: Thread, { path }: { path: string }): Result {
  const location = walkAt(thread, AT_FDCWD, path, true);
  if (location.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
  requireCapability(thread.credentials, CAP_SYS_CHROOT);
  thread.fs.root = location;
  return 0;
}

function getcwd(thread: Thread, { buf, size }: { buf: number; size: number }): Result {
  const { vfs } = thread.machine;
  const { cwd, root } = thread.fs;
  if (cwd.dentry.isRemoved === true) throw ENOENT;
  let path = vfs.pathOf(cwd);
  const rootPath = vfs.pathOf(root);
  if (rootPath !== '/')
    path =
      path === rootPath ? '/' : path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length) : `(unreachable)${path}`;
  if (path.length >= PATH_MAX) throw ENAMETOOLONG;
  if (size < path.length + 1) throw ERANGE;
  const dst = thread.memory.writable(buf, path.length + 1);
  dst.set(bytesOf(path));
  dst[path.length] = 0;
  return path.length + 1;
}

// oxfmt-ignore
export const directories: readonly Syscall[] = [
  syscall({ nr: 78, name: 'getdents', args: { fd: 'fd', dirp: 'ptr', count: 'uint' }, support: 'full',
    run: (thread, args) => getdents(thread, args, 'old') }),
  syscall({ nr: 79, name: 'getcwd', args: { buf: 'ptr', size: 'size' }, support: 'full', run: getcwd }),
  syscall({ nr: 80, name: 'chdir', args: { path: 'path' }, support: 'full',
    run: (thread, { path }) => changeDirectory(thread, walkAt(thread, AT_FDCWD, path, true)) }),
  syscall({ nr: 81, name: 'fchdir', args: { fd: 'fd' }, support: 'full', run: fchdir }),
  syscall({ nr: 161, name: 'chroot', args: { path: 'path' }, support: 'full', run: chroot }),
  syscall({ nr: 217, name: 'getdents64', args: { fd: 'fd', dirp: 'ptr', count: 'uint' }, support: 'full',
    run: (thread, args) => getdents(thread, args, 'new') }),
];
