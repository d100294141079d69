/**
 * The virtual filesystem as the rest of the kernel sees it; mount-table.ts implements it. All operations are
 * synchronous and throw Errno or NotResident.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Credentials, FsContext } from '../program/thread.ts';
import type { FileAttributes, Filesystem } from './inode.ts';
import type { Location, Mount } from './location.ts';
import type { OpenFile } from './open-file.ts';

/** Who looks, and from where. */
export interface Viewer {
  readonly fs: FsContext;
  readonly credentials: Credentials;
}

export interface Vfs {
  readonly mounts: readonly Mount[];
  readonly root: Location;
  mount(filesystem: Filesystem, path: ByteString, source: ByteString, options: ByteString): Mount;
  unmount(path: ByteString): void;
  /**
   * Resolves `path` from `start` (absent: the viewer's cwd). Follows a final symlink unless told not to.
   * @throws ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG
   */
  walk(viewer: Viewer, path: ByteString, options?: { start?: Location; followLast?: boolean }): Location;
  /** open(2) with all its flags; the file is retained once. */
  open(viewer: Viewer, path: ByteString, flags: number, mode: number, start?: Location): OpenFile;
  attributes(location: Location): FileAttributes;
  /** Absolute path of a location, seen from the machine's root. */
  pathOf(location: Location): ByteString;
}
