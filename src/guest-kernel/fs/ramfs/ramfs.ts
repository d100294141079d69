/** ramfs and tmpfs: files that live in the kernel's memory until they are unmounted. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { EEXIST, EFBIG, EINVAL, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY, EOPNOTSUPP } from '../../abi/errno.ts';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE } from '../../abi/fcntl.ts';
import { directoryTypeOf, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/stat.ts';
import { ENDLESS_MEMORY, type KeptMemory } from '../../program/kept-memory.ts';
import type { WaitQueue } from '../../program/wait-queue.ts';
import type {
  AttributeChanges,
  DirectoryEntry,
  FileAttributes,
  Filesystem,
  FilesystemUsage,
  Inode,
  InodeXattrs,
  NewInode,
  Timestamp,
} from '../../vfs/inode.ts';
import { SparseBytes } from './sparse-bytes.ts';

const RAMFS_MAGIC = 0x8584_58f6; // linux/magic.h
const TMPFS_MAGIC = 0x0102_1994;
const BLOCK_BYTES = 4096;
const MAX_FILE_BYTES = 2 ** 40;
/** What an inode with its name takes of the machine's memory. */
const INODE_BYTES = 1024;

/** Linux: devtmpfs is a tmpfs too. */
export type RamfsType = 'ramfs' | 'tmpfs' | 'devfs';

export interface RamfsOptions {
  readonly type: RamfsType;
  readonly deviceNumber: number;
  /** Most bytes of file contents. */
  readonly capacityBytes: number;
  /** Most inodes and names; absent: as many as there is room for. */
  readonly capacityInodes?: number;
  /** What the files take is taken out of it too; absent: nobody asks. */
  readonly memory?: KeptMemory;
  readonly now: () => Timestamp;
  /** Permission bits of the root directory. */
  readonly rootMode?: number;
}

export class Ramfs implements Filesystem {
  readonly type: string;
  readonly isReadOnly = false;
  readonly deviceNumber: number;
  readonly root: RamInode;
  readonly now: () => Timestamp;
  readonly #options: RamfsOptions;
  readonly #memory: KeptMemory;
  #nextInode = 1;
  #inodes = 0;
  #usedBytes = 0;

  constructor(options: RamfsOptions) {
    this.#options = options;
    this.#memory = options.memory ?? ENDLESS_MEMORY;
    this.type = options.type;
    this.deviceNumber = options.deviceNumber;
    this.now = options.now;
    this.root = this.newInode({ mode: S_IFDIR | (options.rootMode ?? 0o755), uid: 0, gid: 0 });
  }

  newInode(init: NewInode): RamInode {
    this.takeInode();
    return new RamInode(this, this.#nextInode++, init);
  }

  /** Accounts for an inode, or for a further name of one, as tmpfs does (Linux mm/shmem.c). @throws ENOSPC */
  takeInode(): void {
    const isFull = this.#inodes >= (this.#options.capacityInodes ?? Number.POSITIVE_INFINITY);
    if (isFull || this.#memory.freeBytes < INODE_BYTES) throw ENOSPC;
    this.#inodes++;
    this.#memory.account(INODE_BYTES);
  }

  freed(): void {
    this.#inodes--;
    this.#memory.account(-INODE_BYTES);
  }

  /** @throws ENOSPC where so much content has no room; `isPromise`: it will not be there at once */
  requireRoom(bytes: number, isPromise = false): void {
    if (bytes <= 0) return;
    if (this.#usedBytes + bytes > this.#options.capacityBytes) throw ENOSPC;
    if (!isPromise && bytes > this.#memory.freeBytes) throw ENOSPC;
  }

  /** Accounts for content that came or went: what counts as used, and what is there of it. */
  account(usedBytes: number, keptBytes: number): void {
    this.#usedBytes += usedBytes;
    this.#memory.account(keptBytes);
  }

  usage(): FilesystemUsage {
    const blocks = Math.floor(this.#options.capacityBytes / BLOCK_BYTES);
    const files = this.#options.capacityInodes ?? blocks;
    return {
      typeMagic: this.type === 'ramfs' ? RAMFS_MAGIC : TMPFS_MAGIC,
      blockSizeBytes: BLOCK_BYTES,
      blocks,
      freeBlocks: blocks - Math.ceil(this.#usedBytes / BLOCK_BYTES),
      files,
      freeFiles: files - this.#inodes,
    };
  }

  sync(): WaitQueue | undefined {
    return undefined;
  }

  /** What a lazy unmount leaves to those who are in it is theirs until the machine stops. */
  unmount(isInUse: boolean): void {
    if (!isInUse) this.root.forgetNames();
  }
}

interface NamedChild {
  readonly inode: RamInode;
  /** Cookie of the entry: rises with each name made, so that a reader misses and repeats none. */
  readonly cookie: number;
}

const FIRST_COOKIE = 3; // after '.' and '..'
const ENTRIES_AT_ONCE = 256;

class RamInode implements Inode {
  readonly filesystem: Ramfs;
  readonly number: number;
  readonly fileType: number;
  readonly #children = new Map<ByteString, NamedChild>();
  readonly #content = new SparseBytes();
  readonly #xattrs = new Map<ByteString, Uint8Array>();
  readonly #rdev: number;
  readonly #target: ByteString;
  #parent: RamInode = this;
  #nextCookie = FIRST_COOKIE;
  #mode: number;
  #uid: number;
  #gid: number;
  #links: number;
  #holders = 0;
  #isFreed = false;
  #accessTime: Timestamp;
  #modifyTime: Timestamp;
  #changeTime: Timestamp;
  readonly #birthTime: Timestamp;

  constructor(filesystem: Ramfs, number: number, init: NewInode) {
    this.filesystem = filesystem;
    this.number = number;
    this.fileType = init.mode & S_IFMT;
    this.#mode = init.mode & 0o7777;
    this.#uid = init.uid;
    this.#gid = init.gid;
    this.#rdev = init.rdev ?? 0;
    this.#target = init.target ?? '';
    this.#links = this.fileType === S_IFDIR ? 2 : 1;
    this.#accessTime = this.#modifyTime = this.#changeTime = this.#birthTime = filesystem.now();
  }

  attributes(): FileAttributes {
    const isDirectory = this.fileType === S_IFDIR;
    const sizeBytes = isDirectory ? (this.#children.size + 2) * 20 : this.#target.length || this.#content.sizeBytes;
    return {
      inodeNumber: this.number,
      mode: this.fileType | this.#mode,
      linkCount: this.#links,
      uid: this.#uid,
      gid: this.#gid,
      rdev: this.#rdev,
      sizeBytes,
      blockSizeBytes: BLOCK_BYTES,
      blocks512: this.#content.allocatedBytes / 512,
      accessTime: this.#accessTime,
      modifyTime: this.#modifyTime,
      changeTime: this.#changeTime,
      birthTime: this.#birthTime,
    };
  }

  setAttributes(changes: AttributeChanges): void {
    const now = this.filesystem.now();
    if (changes.sizeBytes !== undefined) {
      if (this.fileType !== S_IFREG || changes.sizeBytes < 0) throw EINVAL;
      if (changes.sizeBytes > MAX_FILE_BYTES) throw EFBIG;
      this.#changeContent(() => this.#content.truncate(changes.sizeBytes ?? 0));
    }
    if (changes.mode !== undefined) this.#mode = changes.mode & 0o7777;
    this.#uid = changes.uid ?? this.#uid;
    this.#gid = changes.gid ?? this.#gid;
    this.#accessTime = changes.accessTime ?? this.#accessTime;
    this.#modifyTime = changes.modifyTime ?? this.#modifyTime;
    this.#changeTime = now;
  }

  lookup(name: ByteString): Inode | undefined {
    return this.#children.get(name)?.inode;
  }

  entries(offset: number): readonly DirectoryEntry[] {
    if (this.fileType !== S_IFDIR) throw ENOTDIR;
    const found: DirectoryEntry[] = [];
    if (offset < 1) found.push(this.#entry('.', this, 1));
    if (offset < 2) found.push(this.#entry('..', this.#parent, 2));
    for (const [name, { inode, cookie }] of this.#children) {
      if (cookie <= offset) continue;
      found.push(this.#entry(name, inode, cookie));
      if (found.length >= ENTRIES_AT_ONCE) break;
    }
    return found;
  }

  create(name: ByteString, init: NewInode): Inode {
    if (this.#children.has(name)) throw EEXIST;
    const inode = this.filesystem.newInode(init);
    this.#attach(name, inode);
    return inode;
  }

  createNameless(init: NewInode): Inode {
    const inode = this.filesystem.newInode(init);
    inode.#links = 0;
    return inode;
  }

  link(name: ByteString, target: Inode): void {
    if (this.#children.has(name)) throw EEXIST;
    const inode = target as RamInode;
    if (inode.#links > 0) this.filesystem.takeInode();
    inode.#links++;
    inode.#changeTime = this.filesystem.now();
    this.#attach(name, inode);
  }

  unlink(name: ByteString): void {
    const inode = this.#detach(name);
    inode.#links--;
    if (inode.#links > 0) this.filesystem.freed();
    inode.#freeIfUnused();
  }

  rmdir(name: ByteString): void {
    const inode = this.#child(name);
    if (inode.#children.size > 0) throw ENOTEMPTY;
    this.#detach(name);
    inode.#links = 0;
    inode.#freeIfUnused();
  }

  rename(name: ByteString, newParent: Inode, newName: ByteString, whiteout?: NewInode): Inode | undefined {
    const target = newParent as RamInode;
    const inode = this.#child(name);
    const replaced = target.#children.get(newName)?.inode;
    if (replaced !== undefined && replaced.#children.size > 0) throw ENOTEMPTY;
    const left = whiteout === undefined ? undefined : this.filesystem.newInode(whiteout);
    if (replaced?.fileType === S_IFDIR) target.rmdir(newName);
    else if (replaced !== undefined) target.unlink(newName);
    this.#detach(name);
    target.#attach(newName, inode);
    inode.#changeTime = this.filesystem.now();
    if (left !== undefined) this.#attach(name, left);
    return left;
  }

  exchange(name: ByteString, otherParent: Inode, otherName: ByteString): void {
    const other = otherParent as RamInode;
    const here = this.#detach(name);
    const there = other.#detach(otherName);
    this.#attach(name, there);
    other.#attach(otherName, here);
  }

  readLink(): ByteString {
    if (this.fileType !== S_IFLNK) throw EINVAL;
    return this.#target;
  }

  read(offset: number, dst: Uint8Array): number {
    this.#accessTime = this.filesystem.now();
    return this.#content.read(offset, dst);
  }

  write(offset: number, src: Uint8Array): number {
    if (offset + src.length > MAX_FILE_BYTES) throw EFBIG;
    this.filesystem.requireRoom(this.#content.missingBytes(offset, src.length));
    this.#changeContent(() => this.#content.write(offset, src));
    return src.length;
  }

  prepareStore(offset: number, sizeBytes: number): void {
    this.filesystem.requireRoom(this.#content.missingBytes(offset, sizeBytes), true);
    this.#account(() => this.#content.promise(offset, sizeBytes));
  }

  /** Nobody comes here by a name any more: what is not held goes. */
  forgetNames(): void {
    for (const { inode } of this.#children.values()) {
      inode.forgetNames();
      inode.#links = inode.fileType === S_IFDIR ? 0 : inode.#links - 1;
      if (inode.#links > 0) this.filesystem.freed();
      inode.#freeIfUnused();
    }
    this.#children.clear();
  }

  allocate(mode: number, offset: number, sizeBytes: number): void {
    const end = offset + sizeBytes;
    const isHole = mode === (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    const isZeroing = (mode & ~FALLOC_FL_KEEP_SIZE) === FALLOC_FL_ZERO_RANGE;
    if (!isHole && !isZeroing && (mode & ~FALLOC_FL_KEEP_SIZE) !== 0) throw EOPNOTSUPP;
    if (isHole || isZeroing) this.#changeContent(() => this.#content.punch(offset, end));
    if (!isHole) this.#reserve(offset, sizeBytes);
    if (!isHole && (mode & FALLOC_FL_KEEP_SIZE) === 0 && end > this.#content.sizeBytes) {
      this.setAttributes({ sizeBytes: end });
    }
    this.#modifyTime = this.#changeTime = this.filesystem.now();
  }

  get xattrs(): InodeXattrs {
    return {
      get: (name) => this.#xattrs.get(name),
      names: () => [...this.#xattrs.keys()],
      set: (name, value) => {
        const before = this.#xattrs.get(name)?.length ?? 0;
        const more = (value?.length ?? 0) - before;
        this.filesystem.requireRoom(more);
        this.filesystem.account(more, more);
        if (value === undefined) this.#xattrs.delete(name);
        else this.#xattrs.set(name, value.slice());
        this.#changeTime = this.filesystem.now();
      },
    };
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    this.#freeIfUnused();
  }

  /** @throws EFBIG, ENOSPC */
  #reserve(offset: number, sizeBytes: number): void {
    if (offset + sizeBytes > MAX_FILE_BYTES) throw EFBIG;
    this.filesystem.requireRoom(this.#content.missingBytes(offset, sizeBytes));
    this.#account(() => this.#content.reserve(offset, sizeBytes));
  }

  #changeContent(change: () => void): void {
    this.#account(change);
    this.#modifyTime = this.#changeTime = this.filesystem.now();
  }

  #account(change: () => void): void {
    const { allocatedBytes, keptBytes } = this.#content;
    change();
    this.filesystem.account(this.#content.allocatedBytes - allocatedBytes, this.#content.keptBytes - keptBytes);
  }

  #freeIfUnused(): void {
    if (this.#links > 0 || this.#holders > 0 || this.#isFreed) return;
    this.#isFreed = true;
    const xattrBytes = [...this.#xattrs.values()].reduce((sum, value) => sum + value.length, 0);
    this.#xattrs.clear();
    this.filesystem.account(-xattrBytes, -xattrBytes);
    this.#account(() => this.#content.truncate(0));
    this.filesystem.freed();
  }

  #child(name: ByteString): RamInode {
    const child = this.#children.get(name);
    if (child === undefined) throw ENOENT;
    return child.inode;
  }

  #attach(name: ByteString, inode: RamInode): void {
    this.#children.set(name, { inode, cookie: this.#nextCookie++ });
    if (inode.fileType === S_IFDIR) {
      inode.#parent = this;
      this.#links++;
    }
    this.#modifyTime = this.#changeTime = this.filesystem.now();
  }

  #detach(name: ByteString): RamInode {
    const inode = this.#child(name);
    this.#children.delete(name);
    if (inode.fileType === S_IFDIR) this.#links--;
    this.#modifyTime = this.#changeTime = inode.#changeTime = this.filesystem.now();
    return inode;
  }

  #entry(name: ByteString, inode: RamInode, cookie: number): DirectoryEntry {
    return { name, inodeNumber: inode.number, type: directoryTypeOf(inode.fileType), nextOffset: cookie };
  }
}
