/** Where the path of an *at(2) call starts. */
import { ENOENT, ENOTDIR } from '../abi/errno.ts';
import { AT_EMPTY_PATH, AT_FDCWD } from '../abi/fcntl.ts';
import type { Thread } from '../program/thread.ts';
import type { Location } from '../vfs/location.ts';
import type { OpenFile } from '../vfs/open-file.ts';
import type { PathFrom, Viewer } from '../vfs/vfs.ts';

/** @throws EBADF, ENOTDIR when a relative path starts from something that is no directory */
export function pathFrom(thread: Thread, dirfd: number, path: string): PathFrom {
  if (dirfd === AT_FDCWD || path.startsWith('/')) return { path };
  const { location } = thread.files.get(dirfd);
  if (location === undefined) throw ENOTDIR;
  return { path, start: location };
}

/** The place that (dirfd, path) names. @throws as Vfs.walk, EBADF, ENOTDIR */
export function walkAt(
  thread: Thread,
  dirfd: number,
  path: string,
  followLast: boolean,
  viewer: Viewer = thread,
): Location {
  const { start } = pathFrom(thread, dirfd, path);
  return thread.machine.vfs.walk(viewer, path, start === undefined ? { followLast } : { start, followLast });
}

/** AT_EMPTY_PATH: the file behind dirfd itself, or its cwd; undefined when the path is not empty. @throws ENOENT without the flag */
export function emptyPathTarget(
  thread: Thread,
  dirfd: number,
  path: string,
  flags: number,
): OpenFile | Location | undefined {
  if (path !== '') return undefined;
  if ((flags & AT_EMPTY_PATH) === 0) throw ENOENT;
  return dirfd === AT_FDCWD ? thread.fs.cwd : thread.files.get(dirfd);
}
