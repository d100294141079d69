/** mount(2) and umount2(2). */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { CAP_SYS_ADMIN } from '../abi/capability.ts';
import { EACCES, EAGAIN, EBUSY, EINVAL, ENODEV, ENOTBLK, ENXIO } from '../abi/errno.ts';
import * as abi from '../abi/mount.ts';
import { S_IFBLK } from '../abi/stat.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import type { Filesystem } from '../vfs/inode.ts';
import type { Location, Mount } from '../vfs/location.ts';
import { hasWriters } from '../vfs/regular-file.ts';
import { syscall, type Result, type Syscall } from './syscall.ts';

/** A kind of filesystem that mount(2) can make; boot.ts lists them. */
export interface FilesystemType {
  readonly name: string;
  /** Lies on a block device. */
  readonly isOnDisk?: boolean;
  /** Absent: the kind is known (/proc/filesystems) but only the boot mounts it. */
  readonly create?: (source: string, options: string) => Filesystem;
}

/** What of the flags the options of a mount tell (/proc/mounts). */
const OPTION_WORDS: readonly (readonly [number, ByteString])[] = [
  [abi.MS_NOSUID, 'nosuid'],
  [abi.MS_NODEV, 'nodev'],
  [abi.MS_NOEXEC, 'noexec'],
  [abi.MS_NOATIME, 'noatime'],
];

function optionsText(flags: number, data: ByteString): ByteString {
  const words = OPTION_WORDS.filter(([flag]) => (flags & flag) !== 0).map(([, word]) => word);
  return [(flags & abi.MS_RDONLY) === 0 ? 'rw' : 'ro', ...words, ...(data === '' ? [] : [data])].join(',');
}

interface MountArgs {
  readonly source: number;
  readonly target: string;
  readonly type: number;
  readonly flags: number;
  readonly data: number;
}

/** The order of the checks is that of Linux fs/namespace.c: path_mount. */
function mount(types: readonly FilesystemType[], thread: Thread, args: MountArgs): Result {
  const text = (addr: number): string => (addr === 0 ? '' : thread.memory.cString(addr, 4096));
  const [typeName, source, data] = [text(args.type), text(args.source), text(args.data)];
  const { vfs } = thread.machine;
  const target = vfs.walk(thread, args.target);
  const { flags } = args;
  requireCapability(thread.credentials, CAP_SYS_ADMIN);
  if ((flags & abi.MS_REMOUNT) !== 0) return remount(thread, target, optionsText(flags, data), flags);
  if ((flags & abi.MS_BIND) !== 0) return bind(thread, source, target, (flags & abi.MS_REC) !== 0);
  if ((flags & abi.MS_PROPAGATION) !== 0) return propagate(target, flags);
  if ((flags & abi.MS_MOVE) !== 0) return move(thread, source, target);
  if (args.type === 0) throw EINVAL;
  const type = types.find(({ name }) => name === typeName);
  if (type?.isOnDisk === true) refuseDevice(thread, source);
  if (type?.create === undefined) throw ENODEV;
  vfs.mount(type.create(source, data), vfs.pathOf(target), source || 'none', optionsText(flags, data));
  return 0;
}

function bind(thread: Thread, source: ByteString, target: Location, isRecursive: boolean): Result {
  const { vfs } = thread.machine;
  if (source === '') throw EINVAL;
  vfs.bind(vfs.walk(thread, source), target, isRecursive);
  return 0;
}

function move(thread: Thread, source: ByteString, target: Location): Result {
  const { vfs } = thread.machine;
  if (source === '') throw EINVAL;
  vfs.moveMount(vfs.walk(thread, source), target);
  return 0;
}

/** Disks come by the boot only. @throws what Linux says of each that is none, or in use, or not there */
function refuseDevice(thread: Thread, source: ByteString): never {
  const { vfs } = thread.machine;
  const { mount: at, dentry } = vfs.walk(thread, source);
  if (dentry.inode.fileType !== S_IFBLK) throw ENOTBLK;
  if (at.forbidsDevices) throw EACCES;
  throw vfs.mounts.some((each) => each.source === source) ? EBUSY : ENXIO;
}

/** @throws EINVAL where nothing is mounted, EBUSY where files are open for writing that no longer may be */
function remount(
  { machine: { vfs } }: Thread,
  { mount: at, dentry }: Location,
  options: ByteString,
  flags: number,
): Result {
  if (dentry !== at.root) throw EINVAL;
  if (options.startsWith('ro') && hasWriters(at.filesystem)) throw EBUSY;
  vfs.remount(at, options, (flags & abi.MS_BIND) === 0); // mount(2), remounting: with MS_BIND this mount alone
  return 0;
}

/** There is one tree of mounts and nobody to tell of changes: each kind of propagation is the same. */
function propagate({ mount: at, dentry }: Location, flags: number): Result {
  const kind = flags & abi.MS_PROPAGATION;
  if ((kind & (kind - 1)) !== 0 || (flags & ~(kind | abi.MS_REC | abi.MS_SILENT)) !== 0) throw EINVAL;
  if (dentry !== at.root) throw EINVAL;
  return 0;
}

/** Mounts that one MNT_EXPIRE has marked; who uses them again takes the mark away (not told here: the next call does). */
const expiring = new WeakSet<Mount>();

function umount(thread: Thread, { target, flags }: { target: string; flags: number }): Result {
  const { vfs } = thread.machine;
  if ((flags & ~(abi.MNT_FORCE | abi.MNT_DETACH | abi.MNT_EXPIRE | abi.UMOUNT_NOFOLLOW)) !== 0) throw EINVAL;
  const { mount: at, dentry } = vfs.walk(thread, target, { followLast: (flags & abi.UMOUNT_NOFOLLOW) === 0 });
  requireCapability(thread.credentials, CAP_SYS_ADMIN);
  if (dentry !== at.root) throw EINVAL;
  const isExpiry = (flags & abi.MNT_EXPIRE) !== 0;
  if (isExpiry && (flags & (abi.MNT_FORCE | abi.MNT_DETACH)) !== 0) throw EINVAL;
  const isLazy = (flags & abi.MNT_DETACH) !== 0;
  if (!isLazy && isBusy(thread, at)) throw EBUSY;
  if (isExpiry && !expiring.has(at)) {
    expiring.add(at);
    throw EAGAIN;
  }
  vfs.unmount(at, isLazy);
  return 0;
}

/** Whether a program is in it, has a file of it open, or mapped. */
function isBusy(thread: Thread, at: Mount): boolean {
  const programs = asGuest(thread)
    .machine.programs()
    .filter(({ isRunning }) => isRunning);
  const { mounts } = thread.machine.vfs;
  const isOnly = !mounts.some((each) => each !== at && each.filesystem === at.filesystem);
  return programs.some(({ fs, files, namespace }) => {
    if (fs.cwd.mount === at || fs.root.mount === at) return true;
    if (files.descriptors().some((fd) => files.get(fd).location?.mount === at)) return true;
    // A mapping knows its file only; another mount of the same filesystem may have been the way to it.
    return isOnly && namespace?.map.areas.all.some(({ inode }) => inode?.filesystem === at.filesystem) === true;
  });
}

/** The rows; they need to know the kinds. */
export function mountCalls(types: readonly FilesystemType[]): readonly Syscall[] {
  // oxfmt-ignore
  return [
    syscall({ nr: 165, name: 'mount', args: { source: 'ptr', target: 'path', type: 'ptr', flags: 'flags', data: 'ptr' },
      support: { missing: 'of disks only the one that the machine was started with' }, run: (thread, args) => mount(types, thread, args) }),
    syscall({ nr: 166, name: 'umount2', args: { target: 'path', flags: 'flags' },
      support: 'full', run: umount }),
  ];
}
