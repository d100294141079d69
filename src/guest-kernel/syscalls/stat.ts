/** stat(2), statx(2), access(2), statfs(2). */
import { EINVAL } from '../abi/errno.ts';
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
  NAME_MAX,
} from '../abi/fcntl.ts';
import { FS_APPEND_FL, FS_COMPR_FL, FS_IMMUTABLE_FL, FS_NODUMP_FL } from '../abi/file-flags.ts';
import {
  ST_RDONLY,
  ST_VALID,
  STAT,
  STATFS,
  STATX,
  STATX_ATTR_KNOWN,
  STATX_ATTR_MOUNT_ROOT,
  STATX_ATTR_OF_EXT4,
  STATX_BASIC_STATS,
  STATX_BTIME,
  STATX_MNT_ID,
} from '../abi/stat.ts';
import type { Thread } from '../program/thread.ts';
import { asReal } from '../vfs/credentials.ts';
import { flagsOf } from '../vfs/file-flags.ts';
import type { FileAttributes, Filesystem, Timestamp } from '../vfs/inode.ts';
import { KERNEL_MOUNT_ID, type Location, type Mount } from '../vfs/location.ts';
import type { OpenFile, UserMemory } from '../vfs/open-file.ts';
import { emptyPathTarget, walkAt } from './directory-fd.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

interface Described {
  readonly attributes: FileAttributes;
  readonly device: number;
  /** Absent: it lies in no mount (a pipe). */
  readonly location?: Location | undefined;
}

function describeFile(file: OpenFile): Described {
  const { location } = file;
  return { attributes: file.attributes(), device: file.inode?.filesystem.deviceNumber ?? 0, location };
}

function describeLocation(thread: Thread, location: Location): Described {
  // Of the inode: a link of /proc/PID/fd leads to places that no mount holds.
  const device = location.dentry.inode.filesystem.deviceNumber;
  return { attributes: thread.machine.vfs.attributes(location), device, location };
}

function describeAt(thread: Thread, dirfd: number, path: string, flags: number): Described {
  const target = emptyPathTarget(thread, dirfd, path, flags);
  if (target === undefined) {
    return describeLocation(thread, walkAt(thread, dirfd, path, (flags & AT_SYMLINK_NOFOLLOW) === 0));
  }
  return 'dentry' in target ? describeLocation(thread, target) : describeFile(target);
}

/** A zeroed struct in guest memory. @throws EFAULT */
function structAt(memory: UserMemory, addr: number, sizeBytes: number): DataView {
  const bytes = memory.writable(addr, sizeBytes);
  bytes.fill(0);
  return new DataView(bytes.buffer, bytes.byteOffset, sizeBytes);
}

function setU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32) >>> 0, true);
}

function setTime(view: DataView, offset: number, time: Timestamp): void {
  setU64(view, offset, time.seconds);
  view.setUint32(offset + 8, time.nanoseconds, true);
}

function storeStat(memory: UserMemory, addr: number, { attributes, device }: Described): number {
  const view = structAt(memory, addr, STAT.size);
  setU64(view, STAT.st_dev, device);
  setU64(view, STAT.st_ino, attributes.inodeNumber);
  setU64(view, STAT.st_nlink, attributes.linkCount);
  view.setUint32(STAT.st_mode, attributes.mode, true);
  view.setUint32(STAT.st_uid, attributes.uid, true);
  view.setUint32(STAT.st_gid, attributes.gid, true);
  setU64(view, STAT.st_rdev, attributes.rdev);
  setU64(view, STAT.st_size, attributes.sizeBytes);
  setU64(view, STAT.st_blksize, attributes.blockSizeBytes);
  setU64(view, STAT.st_blocks, attributes.blocks512);
  setTime(view, STAT.st_atim, attributes.accessTime);
  setTime(view, STAT.st_mtim, attributes.modifyTime);
  setTime(view, STAT.st_ctim, attributes.changeTime);
  return 0;
}

function storeStatx(memory: UserMemory, addr: number, { attributes, device, location }: Described): number {
  const view = structAt(memory, addr, STATX.size);
  const { birthTime } = attributes;
  const known = STATX_BASIC_STATS | STATX_MNT_ID | (birthTime === undefined ? 0 : STATX_BTIME);
  view.setUint32(STATX.stx_mask, known, true);
  setU64(view, STATX.stx_mnt_id, location?.mount.id ?? KERNEL_MOUNT_ID);
  const isMountRoot = location !== undefined && location.dentry === location.mount.root;
  const inode = location?.dentry.inode;
  const ofFile = inode?.fileFlags === undefined ? 0 : STATX_ATTR_OF_EXT4;
  // The flags have the same numbers there (linux/stat.h).
  const flags =
    inode === undefined ? 0 : flagsOf(inode) & (FS_APPEND_FL | FS_COMPR_FL | FS_IMMUTABLE_FL | FS_NODUMP_FL);
  setU64(view, STATX.stx_attributes, flags + (isMountRoot ? STATX_ATTR_MOUNT_ROOT : 0));
  setU64(view, STATX.stx_attributes_mask, STATX_ATTR_KNOWN + ofFile);
  if (birthTime !== undefined) setTime(view, STATX.stx_btime, birthTime);
  view.setUint32(STATX.stx_blksize, attributes.blockSizeBytes, true);
  view.setUint32(STATX.stx_nlink, attributes.linkCount, true);
  view.setUint32(STATX.stx_uid, attributes.uid, true);
  view.setUint32(STATX.stx_gid, attributes.gid, true);
  view.setUint16(STATX.stx_mode, attributes.mode, true);
  setU64(view, STATX.stx_ino, attributes.inodeNumber);
  setU64(view, STATX.stx_size, attributes.sizeBytes);
  setU64(view, STATX.stx_blocks, attributes.blocks512);
  setTime(view, STATX.stx_atime, attributes.accessTime);
  setTime(view, STATX.stx_ctime, attributes.changeTime);
  setTime(view, STATX.stx_mtime, attributes.modifyTime);
  setDevice(view, STATX.stx_rdev_major, attributes.rdev);
  setDevice(view, STATX.stx_dev_major, device);
  return 0;
}

/** Major and minor side by side, from a number that makedev(3) encoded. */
function setDevice(view: DataView, offset: number, device: number): void {
  view.setUint32(offset, (device >>> 8) & 0xfff, true);
  view.setUint32(offset + 4, (device & 0xff) | ((device >>> 12) & ~0xff), true);
}

const STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;

function newfstatat(
  thread: Thread,
  { dirfd, path, statbuf, flags }: { dirfd: number; path: string; statbuf: number; flags: number },
): Result {
  if ((flags & ~STAT_FLAGS) !== 0) throw EINVAL;
  return storeStat(thread.memory, statbuf, describeAt(thread, dirfd, path, flags));
}

function statx(
  thread: Thread,
  args: { dirfd: number; path: string; flags: number; mask: number; statxbuf: number },
): Result {
  if ((args.flags & ~(STAT_FLAGS | AT_STATX_SYNC_TYPE)) !== 0 || args.mask > 0x7fff_ffff) throw EINVAL;
  if ((args.flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) throw EINVAL;
  return storeStatx(thread.memory, args.statxbuf, describeAt(thread, args.dirfd, args.path, args.flags));
}

function access(thread: Thread, dirfd: number, path: string, mode: number, flags: number): Result {
  if ((mode & ~7) !== 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) throw EINVAL;
  const empty = emptyPathTarget(thread, dirfd, path, flags);
  const place = empty === undefined ? undefined : 'dentry' in empty ? empty : empty.location;
  const { credentials, fs } = thread;
  // access(2) asks for the real ids, unless AT_EACCESS.
  const viewer = { fs, credentials: (flags & AT_EACCESS) === 0 ? asReal(credentials) : credentials };
  const location = place ?? walkAt(thread, dirfd, path, (flags & AT_SYMLINK_NOFOLLOW) === 0, viewer);
  if (mode !== 0) thread.machine.vfs.checkAccess(viewer, location, mode);
  return 0;
}

/** What statfs(2) tells of. */
type Measured = Pick<Filesystem, 'usage' | 'deviceNumber' | 'isReadOnly'>;

/** statfs(2): what the options of a mount say in f_flags. */
const FLAGS_OF_OPTIONS: readonly (readonly [string, number])[] = [
  ['nosuid', 2],
  ['nodev', 4],
  ['noexec', 8],
  ['noatime', 1024],
];

function mountFlags(mount: Mount | undefined): number {
  const words = mount?.options.split(',') ?? [];
  const flags = FLAGS_OF_OPTIONS.filter(([word]) => words.includes(word)).reduce((sum, [, flag]) => sum | flag, 0);
  return mount?.isReadOnly === true ? flags | ST_RDONLY : flags;
}

function storeStatfs(memory: UserMemory, addr: number, filesystem: Measured, mount?: Mount): number {
  const usage = filesystem.usage();
  const view = structAt(memory, addr, STATFS.size);
  setU64(view, STATFS.f_type, usage.typeMagic);
  setU64(view, STATFS.f_bsize, usage.blockSizeBytes);
  setU64(view, STATFS.f_blocks, usage.blocks);
  setU64(view, STATFS.f_bfree, usage.freeBlocks);
  setU64(view, STATFS.f_bavail, usage.freeBlocks);
  setU64(view, STATFS.f_files, usage.files);
  setU64(view, STATFS.f_ffree, usage.freeFiles);
  setU64(view, STATFS.f_fsid, filesystem.deviceNumber);
  setU64(view, STATFS.f_namelen, NAME_MAX);
  setU64(view, STATFS.f_frsize, usage.blockSizeBytes);
  setU64(view, STATFS.f_flags, ST_VALID | (filesystem.isReadOnly ? ST_RDONLY : 0) | mountFlags(mount));
  return 0;
}

function fstatfs(thread: Thread, { fd, buf }: { fd: number; buf: number }): Result {
  const { inode, kind, location } = thread.files.get(fd);
  return storeStatfs(thread.memory, buf, inode?.filesystem ?? kernelFilesystem(kind), location?.mount);
}

/** Pipes, sockets and the like lie in filesystems that nobody mounts (linux/magic.h). */
function kernelFilesystem(kind: string): Measured {
  const typeMagic = kind === 'pipe' ? 0x5049_5045 : kind === 'socket' ? 0x534f_434b : 0x0904_1934;
  const usage = { typeMagic, blockSizeBytes: 4096, blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 };
  return { usage: () => usage, deviceNumber: 0, isReadOnly: false };
}

// oxfmt-ignore
export const stat: readonly Syscall[] = [
  syscall({ nr: 4, name: 'stat', args: { path: 'path', statbuf: 'ptr' }, support: 'full',
    run: (thread, { path, statbuf }) => newfstatat(thread, { dirfd: AT_FDCWD, path, statbuf, flags: 0 }) }),
  syscall({ nr: 5, name: 'fstat', args: { fd: 'fd', statbuf: 'ptr' }, support: 'full',
    run: (thread, { fd, statbuf }) => storeStat(thread.memory, statbuf, describeFile(thread.files.get(fd))) }),
  syscall({ nr: 6, name: 'lstat', args: { path: 'path', statbuf: 'ptr' }, support: 'full',
    run: (thread, { path, statbuf }) => newfstatat(thread, { dirfd: AT_FDCWD, path, statbuf, flags: AT_SYMLINK_NOFOLLOW }) }),
  syscall({ nr: 21, name: 'access', args: { path: 'path', mode: 'int' }, support: 'full',
    run: (thread, { path, mode }) => access(thread, AT_FDCWD, path, mode, 0) }),
  syscall({ nr: 137, name: 'statfs', args: { path: 'path', buf: 'ptr' }, support: 'full',
    run: (thread, { path, buf }) => {
      const { mount } = walkAt(thread, AT_FDCWD, path, true);
      return storeStatfs(thread.memory, buf, mount.filesystem, mount);
    } }),
  syscall({ nr: 138, name: 'fstatfs', args: { fd: 'fd', buf: 'ptr' }, support: 'full', run: fstatfs }),
  syscall({ nr: 262, name: 'newfstatat', args: { dirfd: 'fd', path: 'path', statbuf: 'ptr', flags: 'flags' }, support: 'full', run: newfstatat }),
  syscall({ nr: 269, name: 'faccessat', args: { dirfd: 'fd', path: 'path', mode: 'int' }, support: 'full',
    run: (thread, { dirfd, path, mode }) => access(thread, dirfd, path, mode, 0) }),
  syscall({ nr: 332, name: 'statx', args: { dirfd: 'fd', path: 'path', flags: 'flags', mask: 'uint', statxbuf: 'ptr' },
    support: 'full', run: statx }),
  syscall({ nr: 439, name: 'faccessat2', args: { dirfd: 'fd', path: 'path', mode: 'int', flags: 'flags' }, support: 'full',
    run: (thread, { dirfd, path, mode, flags }) => access(thread, dirfd, path, mode, flags) }),
];
