/**
 * The virtual filesystem as the rest of the kernel sees it; mount-table.ts implements it. All operations are
 * synchronous and throw Errno or NotResident; a NotResident leaves nothing done, so the same call may run again.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Credentials, FsContext } from './credentials.ts';
import type { AttributeChanges, FileAttributes, Filesystem } from './inode.ts';
import type { Location, Mount } from './location.ts';
import type { OpenFile } from './open-file.ts';

/** Who looks, and from where. */
export interface Viewer {
  readonly fs: FsContext;
  readonly credentials: Credentials;
}

/** A path and the directory a relative one starts from (absent: the viewer's cwd). */
export interface PathFrom {
  readonly path: ByteString;
  readonly start?: Location;
}

export interface Vfs {
  readonly mounts: readonly Mount[];
  readonly root: Location;
  mount(filesystem: Filesystem, path: ByteString, source: ByteString, options: ByteString): Mount;
  /**
   * Shows a file or directory at another place too; with all that is mounted below it, or without.
   * @throws ENOTDIR where one is a directory and the other is not
   */
  bind(from: Location, to: Location, isRecursive: boolean): void;
  /** @throws EINVAL where nothing is mounted, ELOOP into itself */
  moveMount(from: Location, to: Location): void;
  /** @throws EBUSY where something is mounted below, unless that goes too, EINVAL for the root */
  unmount(mount: Mount, isLazy?: boolean): void;
  /** Other options for what is mounted already. */
  /** `isOfFilesystem`: whether it may be written holds for all mounts of it. */
  remount(mount: Mount, options: ByteString, isOfFilesystem: boolean): void;
  /**
   * Resolves `path` from `start` (absent: the viewer's cwd). Follows a final symlink unless told not to.
   * @throws ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG
   */
  walk(viewer: Viewer, path: ByteString, options?: { start?: Location; followLast?: boolean }): Location;
  /** open(2) with all its flags; the file is retained once. */
  open(
    viewer: Viewer,
    path: ByteString,
    flags: number,
    mode: number,
    start?: Location,
    /** RESOLVE_* of openat2(2). */
    restrictions?: number,
  ): OpenFile;
  attributes(location: Location): FileAttributes;
  /** Absolute path of a location, seen from the machine's root. */
  pathOf(location: Location): ByteString;
  /** access(2): @throws EACCES, EROFS. `wanted` is R_OK | W_OK | X_OK. */
  checkAccess(viewer: Viewer, location: Location, wanted: number): void;

  /** mkdir(2), mknod(2), symlink(2): `mode` holds type and permission bits, the umask is applied here. */
  mkdir(viewer: Viewer, at: PathFrom, mode: number): void;
  mknod(viewer: Viewer, at: PathFrom, mode: number, rdev: number): void;
  symlink(viewer: Viewer, target: ByteString, at: PathFrom): void;
  link(viewer: Viewer, target: Location, at: PathFrom): void;
  unlink(viewer: Viewer, at: PathFrom): void;
  rmdir(viewer: Viewer, at: PathFrom): void;
  /** rename(2); `flags` as renameat2's. */
  rename(viewer: Viewer, from: PathFrom, to: PathFrom, flags?: number): void;
  /** chmod, chown, utimens, truncate of what a walk found; the right to do so is checked. */
  setAttributes(viewer: Viewer, location: Location, changes: AttributeChanges): void;
}
