/** FS_IOC_GETFLAGS and FS_IOC_SETFLAGS (ioctl_iflags(2)): what lsattr(1) shows and chattr(1) sets. */
import { CAP_LINUX_IMMUTABLE } from '../abi/capability.ts';
import { ENOTTY, EPERM, EROFS } from '../abi/errno.ts';
import { FS_APPEND_FL, FS_IMMUTABLE_FL } from '../abi/file-flags.ts';
import { IN_ATTRIB } from '../abi/inotify.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import type { OpenFile } from '../vfs/open-file.ts';
import { isOwner } from '../vfs/permissions.ts';
import { tellFile } from '../vfs/watches.ts';
import type { Result } from './syscall.ts';

/** @throws ENOTTY where the filesystem has no flags */
export function getFileFlags({ memory }: Thread, { inode, kind }: OpenFile, addr: number): Result {
  if (inode?.fileFlags === undefined || !hasFlags(kind)) throw ENOTTY;
  memory.storeU32(addr, inode.fileFlags.get());
  return 0;
}

/** The order of the checks is that of Linux fs/file_attr.c. @throws ENOTTY, EFAULT, EROFS, EPERM, EOPNOTSUPP */
export function setFileFlags({ memory, credentials }: Thread, file: OpenFile, addr: number): Result {
  const { inode, kind, location } = file;
  if (inode === undefined || !hasFlags(kind)) throw ENOTTY;
  const wanted = memory.loadU32(addr);
  if (location?.mount.isReadOnly === true) throw EROFS;
  if (inode.fileFlags === undefined) throw ENOTTY;
  if (!isOwner(credentials, inode)) throw EPERM;
  const changed = inode.fileFlags.get() ^ wanted;
  if ((changed & (FS_APPEND_FL | FS_IMMUTABLE_FL)) !== 0) requireCapability(credentials, CAP_LINUX_IMMUTABLE);
  inode.fileFlags.set(wanted);
  if (location !== undefined) tellFile(location.dentry, IN_ATTRIB);
  return 0;
}

function hasFlags(kind: string): boolean {
  return kind === 'regular' || kind === 'directory';
}
