/** mount(2): linux/mount.h; umount2(2). */
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_NOATIME = 1024;
export const MS_BIND = 4096;
export const MS_MOVE = 8192;
export const MS_REC = 16_384;
export const MS_SILENT = 32_768;
/** MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED. */
export const MS_PROPAGATION = 0xf << 17;
export const MNT_FORCE = 1;
export const MNT_DETACH = 2;
export const MNT_EXPIRE = 4;
export const UMOUNT_NOFOLLOW = 8;
