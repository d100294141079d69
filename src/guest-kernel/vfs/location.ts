/** A place in the tree of names: a dentry on a mount (struct path of Linux). */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Filesystem, Inode } from './inode.ts';

/** A name in a directory with its inode; parents hold their children, so a path can be told from a dentry. */
export interface Dentry {
  readonly name: ByteString;
  readonly parent: Dentry | undefined;
  /** The name was removed while something still held the place. */
  readonly isRemoved?: boolean;
  readonly inode: Inode;
}

export interface Mount {
  readonly isReadOnly: boolean;
  /** MS_NODEV, MS_NOEXEC. */
  readonly forbidsDevices: boolean;
  readonly forbidsExecution: boolean;
  readonly root: Dentry;
  readonly filesystem: Filesystem;
  /** What was mounted ('/dev/vblk0.1', 'none'), for /proc/mounts. */
  readonly source: ByteString;
  readonly path: ByteString;
  readonly options: ByteString;
}

export interface Location {
  readonly mount: Mount;
  readonly dentry: Dentry;
}
