/**
 * Inodes whose content the kernel makes up: the trees of devfs and procfs are built from these. Names can be neither
 * made nor removed in them.
 */
import { bytesOf, type ByteString } from '../../../emulator/util/bytes.ts';
import { EACCES, EINVAL, ENOENT, ENOTDIR, EPERM } from '../../abi/errno.ts';
import { POLLIN, POLLOUT } from '../../abi/poll.ts';
import { directoryTypeOf, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/stat.ts';
import type { Blocked } from '../../program/blocked.ts';
import type { WaitQueue } from '../../program/wait-queue.ts';
import { BaseFile } from '../../vfs/base-file.ts';
import type {
  AttributeChanges,
  DirectoryEntry,
  FileAttributes,
  Filesystem,
  FilesystemUsage,
  Inode,
  NewInode,
  Timestamp,
} from '../../vfs/inode.ts';
import type { Location } from '../../vfs/location.ts';
import type { Call, OpenFile, PollMask } from '../../vfs/open-file.ts';

export interface VirtualOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Bytes of one write that are looked at. */
const MOST_WRITTEN = 4096;

const ROOT_OWNER: VirtualOwner = { uid: 0, gid: 0 };

/** What every made-up inode answers; the subclasses say what they are. */
export abstract class VirtualInode implements Inode {
  readonly filesystem: VirtualFilesystem;
  readonly number: number;
  abstract readonly fileType: number;
  readonly #permissions: number;
  readonly #owner: VirtualOwner;

  constructor(filesystem: VirtualFilesystem, number: number, permissions: number, owner: VirtualOwner = ROOT_OWNER) {
    this.filesystem = filesystem;
    this.number = number;
    this.#permissions = permissions;
    this.#owner = owner;
  }

  attributes(): FileAttributes {
    const now = this.filesystem.now();
    return {
      inodeNumber: this.number,
      mode: this.fileType | this.#permissions,
      linkCount: this.fileType === S_IFDIR ? 2 : 1,
      uid: this.#owner.uid,
      gid: this.#owner.gid,
      rdev: this.rdev,
      sizeBytes: 0,
      blockSizeBytes: 1024,
      blocks512: 0,
      accessTime: now,
      modifyTime: now,
      changeTime: now,
    };
  }

  get rdev(): number {
    return 0;
  }

  setAttributes(changes: AttributeChanges): void {
    if (changes.sizeBytes === undefined) throw EPERM; // O_TRUNC of such a file does nothing
  }

  lookup(_name: ByteString): Inode | undefined {
    throw ENOTDIR;
  }

  entries(_offset: number): readonly DirectoryEntry[] {
    throw ENOTDIR;
  }

  create(_name: ByteString, { mode }: NewInode): Inode {
    // Linux: /proc says of each name that it is not there; elsewhere only open(2) with O_CREAT asks for a right.
    if (this.filesystem.type === 'proc') throw ENOENT;
    throw (mode & S_IFMT) === S_IFREG ? EACCES : EPERM;
  }

  link(): void {
    throw EPERM;
  }

  unlink(): void {
    throw EPERM;
  }

  rmdir(): void {
    throw EPERM;
  }

  rename(): undefined {
    throw EPERM;
  }

  readLink(): ByteString {
    throw EINVAL;
  }

  read(_offset: number, _dst: Uint8Array): number {
    throw EINVAL;
  }

  write(_offset: number, _src: Uint8Array): number {
    throw EINVAL;
  }

  retain(): void {}
  release(): void {}
}

/** One name of a made-up directory; the inode is made when somebody looks. */
export interface VirtualEntry {
  readonly name: ByteString;
  readonly inodeNumber: number;
  readonly fileType: number;
  /**
   * Where it stands among names that come and go: a reader in the middle goes on behind it, whatever has gone since.
   * Ascends along the list, from behind those that have none and always stand at their index.
   */
  readonly place?: number;
}

/** A directory whose names two functions tell. */
export class VirtualDirectory extends VirtualInode {
  readonly fileType = S_IFDIR;
  readonly #list: () => readonly VirtualEntry[];
  readonly #find: (name: ByteString) => Inode | undefined;

  constructor(
    base: { filesystem: VirtualFilesystem; number: number; permissions?: number; owner?: VirtualOwner },
    list: () => readonly VirtualEntry[],
    find: (name: ByteString) => Inode | undefined,
  ) {
    super(base.filesystem, base.number, base.permissions ?? 0o555, base.owner);
    this.#list = list;
    this.#find = find;
  }

  override lookup(name: ByteString): Inode | undefined {
    return this.#find(name);
  }

  override entries(offset: number): readonly DirectoryEntry[] {
    const own = { inodeNumber: this.number, fileType: S_IFDIR };
    const all: readonly VirtualEntry[] = [{ name: '.', ...own }, { name: '..', ...own }, ...this.#list()];
    return all
      .map(({ name, inodeNumber, fileType, place }, i) => {
        // '.' and '..' come before all places.
        const nextOffset = (place === undefined ? i : place + 2) + 1;
        return { name, inodeNumber, type: directoryTypeOf(fileType), nextOffset };
      })
      .filter(({ nextOffset }) => nextOffset > offset);
  }
}

/** A symlink; `follow` leads straight to an object where the text is no path. */
export class VirtualLink extends VirtualInode {
  readonly fileType = S_IFLNK;
  readonly #target: () => ByteString;
  readonly followLink: () => Location | undefined;

  constructor(
    base: { filesystem: VirtualFilesystem; number: number; owner?: VirtualOwner; permissions?: number },
    target: () => ByteString,
    follow: () => Location | undefined = () => undefined,
  ) {
    super(base.filesystem, base.number, base.permissions ?? 0o777, base.owner);
    this.#target = target;
    this.followLink = follow;
  }

  override readLink(): ByteString {
    return this.#target();
  }
}

/** A text made when it is opened and first read. */
export class VirtualText extends VirtualInode {
  readonly fileType = S_IFREG;
  readonly #text: () => ByteString;
  readonly #path: string;
  readonly #onWrite: ((text: Uint8Array) => void) | undefined;

  constructor(
    base: { filesystem: VirtualFilesystem; number: number; path: string; owner?: VirtualOwner; permissions?: number },
    text: () => ByteString,
    onWrite?: (text: Uint8Array) => void,
  ) {
    super(base.filesystem, base.number, base.permissions ?? (onWrite === undefined ? 0o444 : 0o644), base.owner);
    this.#text = text;
    this.#path = base.path;
    this.#onWrite = onWrite;
  }

  open(flags: number): OpenFile {
    return new VirtualTextFile(this, this.#path, flags, this.#text, this.#onWrite);
  }

  override read(offset: number, dst: Uint8Array): number {
    const bytes = bytesOf(this.#text()).subarray(offset, offset + dst.length);
    dst.set(bytes);
    return bytes.length;
  }
}

class VirtualTextFile extends BaseFile {
  readonly kind = 'text';
  override readonly isSeekable = true;
  readonly inode: Inode;
  readonly #text: () => ByteString;
  readonly #onWrite: ((text: Uint8Array) => void) | undefined;
  /** Kept from the first read on, so that a reader in pieces sees one state; a read from the start makes it anew. */
  #bytes: Uint8Array | undefined;

  constructor(
    inode: Inode,
    path: string,
    flags: number,
    text: () => ByteString,
    onWrite: ((text: Uint8Array) => void) | undefined,
  ) {
    super(path, flags);
    this.inode = inode;
    this.#text = text;
    this.#onWrite = onWrite;
  }

  attributes(): FileAttributes {
    return this.inode.attributes();
  }

  override read(call: Call, dst: Uint8Array): number {
    const count = this.readAt(call, this.offset, dst);
    this.offset += count;
    return count;
  }

  readAt(_call: Call, offset: number, dst: Uint8Array): number {
    if (offset === 0 || this.#bytes === undefined) this.#bytes = bytesOf(this.#text());
    const bytes = this.#bytes.subarray(offset, offset + dst.length);
    dst.set(bytes);
    return bytes.length;
  }

  override write(_call: Call, src: Uint8Array): number | Blocked {
    if (this.#onWrite === undefined) throw EACCES;
    this.#onWrite(src.subarray(0, MOST_WRITTEN)); // nothing that means anything is longer
    return src.length;
  }

  poll(): PollMask {
    return POLLIN | POLLOUT;
  }
}

export interface VirtualFilesystemOptions {
  readonly type: string;
  readonly typeMagic: number;
  readonly deviceNumber: number;
  readonly isVolatile: boolean;
  readonly now: () => Timestamp;
  readonly root: (filesystem: VirtualFilesystem) => Inode;
}

export class VirtualFilesystem implements Filesystem {
  readonly type: string;
  readonly isReadOnly = false;
  readonly isMadeUp = true;
  readonly isVolatile: boolean;
  readonly deviceNumber: number;
  readonly root: Inode;
  readonly now: () => Timestamp;
  readonly #typeMagic: number;

  constructor(options: VirtualFilesystemOptions) {
    this.type = options.type;
    this.isVolatile = options.isVolatile;
    this.deviceNumber = options.deviceNumber;
    this.now = options.now;
    this.#typeMagic = options.typeMagic;
    this.root = options.root(this);
  }

  usage(): FilesystemUsage {
    const none = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 };
    return { typeMagic: this.#typeMagic, blockSizeBytes: 4096, ...none };
  }

  sync(): WaitQueue | undefined {
    return undefined;
  }

  unmount(): void {}
}
