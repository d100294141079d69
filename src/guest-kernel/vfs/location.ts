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

/** Of mounts that no path leads to: files of memory, pipes, sockets. */
export const KERNEL_MOUNT_ID = 2;

export interface Mount {
  /** As in /proc/PID/mountinfo; never given twice. */
  readonly id: number;
  /** Id of the mount that it covers a place of; the root's own is nobody's. */
  readonly parentId: number;
  readonly isReadOnly: boolean;
  /** MS_NODEV, MS_NOEXEC. */
  readonly forbidsDevices: boolean;
  readonly forbidsExecution: boolean;
  /** What shows at its place; of a bind mount, any file or directory. */
  readonly root: Dentry;
  readonly filesystem: Filesystem;
  /** What was mounted ('/dev/vblk0.1', 'none'), for /proc/mounts. */
  readonly source: ByteString;
  /** Of the place it covers, seen from the machine's root. */
  readonly path: ByteString;
  readonly options: ByteString;
}

export interface Location {
  readonly mount: Mount;
  readonly dentry: Dentry;
}
