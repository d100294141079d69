/** What the flags of a file forbid to everybody, root too (chattr(1): immutable, append only). */
import { EPERM } from '../abi/errno.ts';
import { FS_APPEND_FL, FS_IMMUTABLE_FL } from '../abi/file-flags.ts';
import type { Inode } from './inode.ts';

export function flagsOf(inode: Inode): number {
  return inode.fileFlags?.get() ?? 0;
}

export function isImmutable(inode: Inode): boolean {
  return (flagsOf(inode) & FS_IMMUTABLE_FL) !== 0;
}

export function isAppendOnly(inode: Inode): boolean {
  return (flagsOf(inode) & FS_APPEND_FL) !== 0;
}

/** Before its names, attributes or size change. @throws EPERM */
export function requireChangeable(inode: Inode): void {
  if ((flagsOf(inode) & (FS_IMMUTABLE_FL | FS_APPEND_FL)) !== 0) throw EPERM;
}
