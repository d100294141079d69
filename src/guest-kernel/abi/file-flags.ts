/** Flags of files that chattr(1) sets (ioctl_iflags(2), linux/fs.h); ext4 keeps them under the same numbers. */
export const FS_IOC_GETFLAGS = 0x8008_6601;
export const FS_IOC_SETFLAGS = 0x4008_6602;

export const FS_SECRM_FL = 0x1;
export const FS_UNRM_FL = 0x2;
export const FS_COMPR_FL = 0x4;
export const FS_SYNC_FL = 0x8;
export const FS_IMMUTABLE_FL = 0x10;
export const FS_APPEND_FL = 0x20;
export const FS_NODUMP_FL = 0x40;
export const FS_NOATIME_FL = 0x80;
export const FS_NOTAIL_FL = 0x8000;
export const FS_DIRSYNC_FL = 0x1_0000;
export const FS_TOPDIR_FL = 0x2_0000;
