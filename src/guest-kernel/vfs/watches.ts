/**
 * Who watches which inode (inotify(7)), and the one door through which the VFS tells what happens. Most inodes have no
 * watcher: telling costs two looks into a map.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { IN_DELETE_SELF, IN_ISDIR, IN_MOVE_SELF } from '../abi/inotify.ts';
import { S_IFDIR } from '../abi/stat.ts';
import type { Inode } from './inode.ts';
import type { Dentry } from './location.ts';

export interface Watcher {
  /** `name`: the directory entry concerned, '' for the watched inode itself. */
  onEvent(mask: number, name: ByteString, cookie: number): void;
}

const watchers = new WeakMap<Inode, Set<Watcher>>();

export function watch(inode: Inode, watcher: Watcher): void {
  const known = watchers.get(inode);
  if (known === undefined) watchers.set(inode, new Set([watcher]));
  else known.add(watcher);
}

export function unwatch(inode: Inode, watcher: Watcher): void {
  const known = watchers.get(inode);
  known?.delete(watcher);
  if (known?.size === 0) watchers.delete(inode);
}

/** Something happened to the name in a directory. */
export function tellDirectory(directory: Inode, name: ByteString, mask: number, child: Inode, cookie = 0): void {
  tell(directory, mask | directoryBit(child), name, cookie);
}

/** Something happened to the inode itself. */
export function tellInode(inode: Inode, mask: number): void {
  // Events of the watched thing itself do not say that it is a directory (fsnotify_inode's FS_ISDIR is dropped there).
  tell(inode, mask | (mask === IN_DELETE_SELF || mask === IN_MOVE_SELF ? 0 : directoryBit(inode)), '', 0);
}

/** Something was done with a file: its watchers hear of it, and those of the directory it lies in. */
export function tellFile({ inode, parent, name }: Dentry, mask: number): void {
  if (parent !== undefined) tell(parent.inode, mask | directoryBit(inode), name, 0);
  tellInode(inode, mask);
}

function directoryBit(inode: Inode): number {
  return inode.fileType === S_IFDIR ? IN_ISDIR : 0;
}

function tell(inode: Inode, mask: number, name: ByteString, cookie: number): void {
  const known = watchers.get(inode);
  if (known === undefined) return;
  for (const watcher of known) watcher.onEvent(mask, name, cookie);
}
