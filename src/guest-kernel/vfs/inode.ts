/**
 * What a filesystem shows of itself: inodes with synchronous operations.
 *
 * An operation that needs a disk block that is not at hand throws a NotResident; it has then had no effect. The one
 * who called (syscalls/dispatch.ts, rest/server.ts, native programs) waits for the block and does it again
 * (DESIGN decision 10). Errors for the guest are thrown Errno.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { WaitQueue } from '../program/wait-queue.ts';
import type { Location } from './location.ts';
import type { OpenFile } from './open-file.ts';

/** Thrown when blocks must be fetched first; `ready` is woken when they are here (or failed: the retry throws EIO). */
export class NotResident {
  readonly ready: WaitQueue;
  /** It is not the disk that is waited for: a signal ends the wait. */
  readonly isInterruptible: boolean;

  constructor(ready: WaitQueue, isInterruptible = false) {
    this.ready = ready;
    this.isInterruptible = isInterruptible;
  }
}

/** Seconds and nanoseconds since 1970-01-01 UTC. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** struct stat as data; `mode` holds S_IFMT and permission bits. */
export interface FileAttributes {
  readonly inodeNumber: number;
  readonly mode: number;
  readonly linkCount: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of a character or block special file (makedev), else 0. */
  readonly rdev: number;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  /** Allocated 512-byte units (stat.st_blocks). */
  readonly blocks512: number;
  readonly accessTime: Timestamp;
  readonly modifyTime: Timestamp;
  readonly changeTime: Timestamp;
  /** When it was made; absent: not known (statx(2), stx_btime). */
  readonly birthTime?: Timestamp;
}

export interface AttributeChanges {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly sizeBytes?: number;
  readonly accessTime?: Timestamp;
  readonly modifyTime?: Timestamp;
}

export interface DirectoryEntry {
  readonly name: ByteString;
  readonly inodeNumber: number;
  /** DT_* of getdents64(2). */
  readonly type: number;
  /** Where the next read continues; opaque to all but the filesystem. */
  readonly nextOffset: number;
}

/** What a new inode starts with. `target` is a symlink's text, `rdev` a special file's number. */
export interface NewInode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly target?: ByteString;
  readonly rdev?: number;
}

export interface InodeXattrs {
  get(name: ByteString): Uint8Array | undefined;
  names(): readonly ByteString[];
  /** `value` undefined removes it. @throws ENOSPC, EOPNOTSUPP for a namespace that is not kept */
  set(name: ByteString, value: Uint8Array | undefined): void;
}

/** FS_*_FL of a file (ioctl_iflags(2)). */
export interface FileFlags {
  get(): number;
  /** @throws EOPNOTSUPP for flags that are not kept */
  set(flags: number): void;
}

/** One object per live inode of a mounted filesystem: the same inode number gives the same object while referenced. */
export interface Inode {
  readonly filesystem: Filesystem;
  readonly number: number;
  /** S_IFMT bits of the mode; they never change. */
  readonly fileType: number;
  attributes(): FileAttributes;
  /** chmod, chown, utimens, truncate; changeTime follows. */
  setAttributes(changes: AttributeChanges): void;

  /** Directories. `lookup` of an absent name gives undefined; '.' and '..' are the path walk's business. */
  lookup(name: ByteString): Inode | undefined;
  /** Entries from `offset` (0: start), '.' and '..' included, as many as the filesystem finds handy; [] at the end. */
  entries(offset: number): readonly DirectoryEntry[];
  create(name: ByteString, init: NewInode): Inode;
  /** O_TMPFILE: a file without a name, which goes with its last holder unless it is linked; absent: EOPNOTSUPP. */
  createNameless?(init: NewInode): Inode;
  link(name: ByteString, target: Inode): void;
  unlink(name: ByteString): void;
  rmdir(name: ByteString): void;
  /**
   * rename(2) within one filesystem; replaces `newName` as the man-page says.
   * @param whiteout what is to lie where the old name was (RENAME_WHITEOUT); it is returned
   */
  rename(name: ByteString, newParent: Inode, newName: ByteString, whiteout?: NewInode): Inode | undefined;

  /** RENAME_EXCHANGE: the two names swap what they lead to; absent: EINVAL. */
  exchange?(name: ByteString, otherParent: Inode, otherName: ByteString): void;

  /** Symlinks. */
  readLink(): ByteString;
  /** Symlinks of /proc that lead to an object rather than to a name (/proc/self/fd/3). */
  followLink?(): Location | undefined;

  /** Regular files. Reads up to dst.length bytes at `offset`; short only at the end of file. */
  read(offset: number, dst: Uint8Array): number;
  /** Writes all of `src`, growing the file; a hole before it reads as zeros. @throws ENOSPC, EFBIG */
  write(offset: number, src: Uint8Array): number;
  /** A program is about to store to these bytes in its memory. Absent: there is room. @throws ENOSPC */
  prepareStore?(offset: number, sizeBytes: number): void;
  /** fallocate(2), `mode` as its flags; absent: EOPNOTSUPP. */
  allocate?(mode: number, offset: number, sizeBytes: number): void;
  /** SEEK_DATA and SEEK_HOLE: the next offset of that kind at or after `offset`; absent: all is data. */
  seek?(kind: 'data' | 'hole', offset: number): number;

  /** Extended attributes (xattr(7)) by full name; absent: the filesystem has none. */
  readonly xattrs?: InodeXattrs;
  /** Absent: the filesystem keeps none. */
  readonly fileFlags?: FileFlags;

  /**
   * The object behind an open(2) of this inode, where it is not a plain file or directory (devices, /proc, FIFO);
   * undefined: the VFS makes a regular one.
   */
  open?(flags: number): OpenFile | undefined;
  /** Count of OpenFiles and mappings; an unlinked inode is freed when it falls to zero. */
  retain(): void;
  release(): void;
}

/** statfs(2). */
export interface FilesystemUsage {
  readonly typeMagic: number;
  readonly blockSizeBytes: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
}

export interface Filesystem {
  readonly type: string;
  /** Names come and go without the VFS (procfs): it must not remember them. */
  readonly isVolatile?: boolean;
  /** Files can be neither made nor removed in it (procfs, sysfs). */
  readonly isMadeUp?: boolean;
  readonly isReadOnly: boolean;
  /** stat.st_dev. */
  readonly deviceNumber: number;
  readonly root: Inode;
  usage(): FilesystemUsage;
  /** Starts making everything durable; the queue is woken when done. Undefined: nothing to do. @throws EIO once after a failed one */
  sync(): WaitQueue | undefined;
  /** `isInUse`: somebody may go on with what is in it (MNT_DETACH). */
  unmount(isInUse: boolean): void;
}
