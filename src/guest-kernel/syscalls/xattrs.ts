/** Extended attributes: getxattr(2), setxattr(2), listxattr(2), removexattr(2). */
import { bytesOf } from '../../emulator/util/bytes.ts';
import { CAP_SETFCAP, CAP_SYS_ADMIN } from '../abi/capability.ts';
import { E2BIG, EBADF, EEXIST, EINVAL, ENODATA, EOPNOTSUPP, EPERM, ERANGE, EROFS } from '../abi/errno.ts';
import { AT_FDCWD, O_PATH } from '../abi/fcntl.ts';
import { R_OK, S_IFDIR, S_IFREG, S_ISVTX, W_OK } from '../abi/stat.ts';
import type { Thread } from '../program/thread.ts';
import { isCapable, requireCapability } from '../vfs/credentials.ts';
import { requireChangeable } from '../vfs/file-flags.ts';
import type { Inode, InodeXattrs } from '../vfs/inode.ts';
import type { Location } from '../vfs/location.ts';
import { isOwner } from '../vfs/permissions.ts';
import { walkAt } from './directory-fd.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;
const XATTR_SIZE_MAX = 65_536;
const XATTR_LIST_MAX = 65_536;
const XATTR_NAME_MAX = 255;
const NAMESPACES: readonly string[] = ['user.', 'trusted.', 'security.', 'system.posix_acl_'];

/** Where the attributes are, and through what they were reached. */
interface Target {
  readonly inode: Inode;
  /** Absent: a file without a name (pipe, socket). */
  readonly location: Location | undefined;
}

function at(thread: Thread, path: string, followLast: boolean): Target {
  const location = walkAt(thread, AT_FDCWD, path, followLast);
  return { inode: location.dentry.inode, location };
}

function behind(thread: Thread, fd: number): Target {
  const { inode, location, flags } = thread.files.get(fd);
  if ((flags & O_PATH) !== 0) throw EBADF;
  if (inode === undefined) throw EOPNOTSUPP;
  return { inode, location };
}

function storeOf({ inode }: Target): InodeXattrs {
  if (inode.xattrs === undefined) throw EOPNOTSUPP;
  return inode.xattrs;
}

/** Linux fs/xattr.c:xattr_permission. @throws EPERM, EACCES, ENODATA, EOPNOTSUPP */
function checkAccess(thread: Thread, target: Target, name: string, isWriting: boolean): void {
  const namespace = NAMESPACES.find((prefix) => name.startsWith(prefix));
  if (namespace === undefined) throw EOPNOTSUPP;
  if (name === namespace) throw EINVAL;
  const { inode, location } = target;
  if (isWriting && location?.mount.isReadOnly === true) throw EROFS;
  if (isWriting) requireChangeable(inode);
  const { credentials } = thread;
  if (name.startsWith('trusted.') && !isCapable(credentials, CAP_SYS_ADMIN)) throw isWriting ? EPERM : ENODATA;
  if (name.startsWith('security.')) {
    // Linux security/commoncap.c: cap_inode_setxattr.
    if (isWriting) requireCapability(credentials, name === 'security.capability' ? CAP_SETFCAP : CAP_SYS_ADMIN);
    return;
  }
  const isOwn = isOwner(credentials, inode);
  if (name.startsWith('system.')) {
    if (isWriting && !isOwn) throw EPERM;
    return;
  }
  if (!name.startsWith('user.')) return;
  if (inode.fileType !== S_IFREG && inode.fileType !== S_IFDIR) throw isWriting ? EPERM : ENODATA;
  const isSticky = inode.fileType === S_IFDIR && (inode.attributes().mode & S_ISVTX) !== 0;
  if (isWriting && isSticky && !isOwn) throw EPERM;
  if (location !== undefined) thread.machine.vfs.checkAccess(thread, location, isWriting ? W_OK : R_OK);
}

function checkName(name: string): void {
  if (name.length === 0 || name.length > XATTR_NAME_MAX) throw ERANGE;
}

interface Value {
  readonly name: string;
  readonly value: number;
  readonly size: number;
}

function set(thread: Thread, target: Target, args: Value & { readonly flags: number }): Result {
  if ((args.flags & ~(XATTR_CREATE | XATTR_REPLACE)) !== 0) throw EINVAL;
  checkName(args.name);
  if (args.size > XATTR_SIZE_MAX) throw E2BIG;
  const value = thread.memory.readable(args.value, args.size).slice();
  checkAccess(thread, target, args.name, true);
  const store = storeOf(target);
  const isThere = store.get(args.name) !== undefined;
  if (isThere && (args.flags & XATTR_CREATE) !== 0) throw EEXIST;
  if (!isThere && (args.flags & XATTR_REPLACE) !== 0) throw ENODATA;
  store.set(args.name, value);
  return 0;
}

function get(thread: Thread, target: Target, { name, value, size }: Value): Result {
  checkName(name);
  checkAccess(thread, target, name, false);
  const found = storeOf(target).get(name);
  if (found === undefined) throw ENODATA;
  return give(thread, found, value, size);
}

/** A size of zero asks how much there is. @throws ERANGE */
function give(thread: Thread, bytes: Uint8Array, addr: number, sizeBytes: number): Result {
  if (sizeBytes === 0) return bytes.length;
  if (sizeBytes < bytes.length) throw ERANGE;
  if (bytes.length > 0) thread.memory.writable(addr, bytes.length).set(bytes);
  return bytes.length;
}

function list(thread: Thread, target: Target, args: { readonly list: number; readonly size: number }): Result {
  const names = target.inode.xattrs?.names() ?? [];
  const isAdmin = isCapable(thread.credentials, CAP_SYS_ADMIN);
  const visible = names.filter((name) => isAdmin || !name.startsWith('trusted.'));
  const bytes = bytesOf(visible.map((name) => `${name}\0`).join(''));
  if (bytes.length > XATTR_LIST_MAX) throw E2BIG;
  return give(thread, bytes, args.list, args.size);
}

function remove(thread: Thread, target: Target, name: string): Result {
  checkName(name);
  checkAccess(thread, target, name, true);
  const store = storeOf(target);
  if (store.get(name) === undefined) throw ENODATA;
  store.set(name, undefined);
  return 0;
}

// oxfmt-ignore
export const xattrs: readonly Syscall[] = [
  syscall({ nr: 188, name: 'setxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: 'full',
    run: (thread, args) => set(thread, at(thread, args.path, true), args) }),
  syscall({ nr: 189, name: 'lsetxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: 'full',
    run: (thread, args) => set(thread, at(thread, args.path, false), args) }),
  syscall({ nr: 190, name: 'fsetxattr', args: { fd: 'fd', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: 'full',
    run: (thread, args) => set(thread, behind(thread, args.fd), args) }),
  syscall({ nr: 191, name: 'getxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => get(thread, at(thread, args.path, true), args) }),
  syscall({ nr: 192, name: 'lgetxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => get(thread, at(thread, args.path, false), args) }),
  syscall({ nr: 193, name: 'fgetxattr', args: { fd: 'fd', name: 'path', value: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => get(thread, behind(thread, args.fd), args) }),
  syscall({ nr: 194, name: 'listxattr', args: { path: 'path', list: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => list(thread, at(thread, args.path, true), args) }),
  syscall({ nr: 195, name: 'llistxattr', args: { path: 'path', list: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => list(thread, at(thread, args.path, false), args) }),
  syscall({ nr: 196, name: 'flistxattr', args: { fd: 'fd', list: 'ptr', size: 'size' }, support: 'full',
    run: (thread, args) => list(thread, behind(thread, args.fd), args) }),
  syscall({ nr: 197, name: 'removexattr', args: { path: 'path', name: 'path' }, support: 'full',
    run: (thread, args) => remove(thread, at(thread, args.path, true), args.name) }),
  syscall({ nr: 198, name: 'lremovexattr', args: { path: 'path', name: 'path' }, support: 'full',
    run: (thread, args) => remove(thread, at(thread, args.path, false), args.name) }),
  syscall({ nr: 199, name: 'fremovexattr', args: { fd: 'fd', name: 'path' }, support: 'full',
    run: (thread, args) => remove(thread, behind(thread, args.fd), args.name) }),
];
