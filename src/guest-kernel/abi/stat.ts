/** stat(2), statx(2), statfs(2), utimensat(2), access(2): constants and struct layouts on x86-64 (byte offsets). */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;

export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;

/** d_type of getdents64(2) is the file type of the mode, shifted. */
export const DT_UNKNOWN = 0;

/** DT_* for a mode (Linux: IFTODT). */
export function directoryTypeOf(mode: number): number {
  return (mode & S_IFMT) >> 12;
}

// oxfmt-ignore
export const STAT = {
  size: 144, st_dev: 0, st_ino: 8, st_nlink: 16, st_mode: 24, st_uid: 28, st_gid: 32, st_rdev: 40, st_size: 48,
  st_blksize: 56, st_blocks: 64, st_atim: 72, st_mtim: 88, st_ctim: 104,
} as const;

// oxfmt-ignore
export const STATX = {
  size: 256, stx_mask: 0, stx_blksize: 4, stx_attributes: 8, stx_nlink: 16, stx_uid: 20, stx_gid: 24, stx_mode: 28,
  stx_ino: 32, stx_size: 40, stx_blocks: 48, stx_attributes_mask: 56, stx_atime: 64, stx_btime: 80, stx_ctime: 96,
  stx_mtime: 112, stx_rdev_major: 128, stx_rdev_minor: 132, stx_dev_major: 136, stx_dev_minor: 140,
  stx_mnt_id: 144,
} as const;
export const STATX_BASIC_STATS = 0x7ff;
export const STATX_BTIME = 0x800;
export const STATX_MNT_ID = 0x1000;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;
/** AUTOMOUNT, MOUNT_ROOT, DAX: what a filesystem without attributes of files can tell. */
export const STATX_ATTR_KNOWN = 0x20_3000;
/** COMPRESSED, IMMUTABLE, APPEND, NODUMP, ENCRYPTED, VERITY: what ext4 tells besides. */
export const STATX_ATTR_OF_EXT4 = 0x10_0874;

// oxfmt-ignore
export const STATFS = {
  size: 120, f_type: 0, f_bsize: 8, f_blocks: 16, f_bfree: 24, f_bavail: 32, f_files: 40, f_ffree: 48, f_fsid: 56,
  f_namelen: 64, f_frsize: 72, f_flags: 80,
} as const;
export const ST_RDONLY = 1;
export const ST_VALID = 0x20;

/** struct linux_dirent64; the name follows, NUL-terminated, and the record is padded to 8 bytes. */
export const DIRENT64 = { d_ino: 0, d_off: 8, d_reclen: 16, d_type: 18, d_name: 19 } as const;
/** struct linux_dirent of the old getdents(2); d_type is the record's last byte. */
export const DIRENT = { d_ino: 0, d_off: 8, d_reclen: 16, d_name: 18 } as const;

export const UTIME_NOW = 0x3fff_ffff;
export const UTIME_OMIT = 0x3fff_fffe;
