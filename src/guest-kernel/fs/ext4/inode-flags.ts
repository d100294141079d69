/** Flags of inodes as users see and set them (Linux fs/ext4/ext4.h, fs/ext4/ioctl.c: ext4_ioctl_setflags). */
import { EOPNOTSUPP } from '../../abi/errno.ts';
import * as abi from '../../abi/file-flags.ts';
import { S_IFDIR, S_IFREG } from '../../abi/stat.ts';

/** EXT4_FL_USER_VISIBLE */
export const USER_VISIBLE_FLAGS = 0x725b_dfff;
/** Of EXT4_FL_USER_MODIFIABLE what changes nothing in how a file lies on the disk. */
const MODIFIABLE =
  abi.FS_SECRM_FL |
  abi.FS_UNRM_FL |
  abi.FS_COMPR_FL |
  abi.FS_SYNC_FL |
  abi.FS_IMMUTABLE_FL |
  abi.FS_APPEND_FL |
  abi.FS_NODUMP_FL |
  abi.FS_NOATIME_FL |
  abi.FS_NOTAIL_FL |
  abi.FS_DIRSYNC_FL |
  abi.FS_TOPDIR_FL;
/** EXT4_FL_USER_MODIFIABLE */
const SETTABLE = 0x624b_c0ff;
/** EXT4_FL_INHERITED, as far as it may be set. */
const INHERITED =
  abi.FS_SECRM_FL |
  abi.FS_UNRM_FL |
  abi.FS_COMPR_FL |
  abi.FS_SYNC_FL |
  abi.FS_NODUMP_FL |
  abi.FS_NOATIME_FL |
  abi.FS_NOTAIL_FL |
  abi.FS_DIRSYNC_FL;

/** What makes no sense for the type is not kept (ext4_mask_flags). */
function maskFor(fileType: number): number {
  if (fileType === S_IFDIR) return -1;
  return fileType === S_IFREG ? ~(abi.FS_DIRSYNC_FL | abi.FS_TOPDIR_FL) : abi.FS_NODUMP_FL | abi.FS_NOATIME_FL;
}

/** @returns all flags of the inode afterwards. @throws EOPNOTSUPP */
export function changedFlags(old: number, wanted: number, fileType: number): number {
  if ((wanted & ~USER_VISIBLE_FLAGS) !== 0) throw EOPNOTSUPP;
  const settable = wanted & SETTABLE;
  if ((settable & maskFor(fileType)) !== settable) throw EOPNOTSUPP;
  if (((old ^ settable) & SETTABLE & ~MODIFIABLE) !== 0) throw EOPNOTSUPP;
  return ((old & ~MODIFIABLE) | (settable & MODIFIABLE)) >>> 0;
}

/** What a new inode has of its directory's flags. */
export function inheritedFlags(directory: number, fileType: number): number {
  return directory & INHERITED & maskFor(fileType);
}
