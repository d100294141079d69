/** An inode of an ext4 disk as the VFS sees it: every change is one transaction. */
import { byteStringFrom, bytesOf, type ByteString } from '../../../emulator/util/bytes.ts';
import {
  EEXIST,
  EFBIG,
  EINVAL,
  EISDIR,
  EMLINK,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
} from '../../abi/errno.ts';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
} from '../../abi/fcntl.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/stat.ts';
import type {
  AttributeChanges,
  DirectoryEntry,
  FileAttributes,
  Inode,
  FileFlags,
  InodeXattrs,
  NewInode,
} from '../../vfs/inode.ts';
import { Directory, typeCodeOf } from './directory.ts';
import type { Ext4 } from './ext4.ts';
import { MAX_FILE_BLOCKS } from './extent-tree.ts';
import { FileBlocks } from './file-blocks.ts';
import type { InodeRecord } from './inode-record.ts';
import { USER_VISIBLE_FLAGS, changedFlags, inheritedFlags } from './inode-flags.ts';
import { EXT4_EXTENTS_FL, EXT4_IMMUTABLE_FL, INODE, MAX_LINKS, RO_COMPAT_DIR_NLINK } from './layout.ts';
import { setU32, u32 } from './little-endian.ts';
import { XattrStore } from './xattr-store.ts';

const MAX_FAST_SYMLINK = 59;

export class Ext4Inode implements Inode {
  readonly filesystem: Ext4;
  readonly number: number;
  readonly fileType: number;
  readonly record: InodeRecord;
  readonly blocks: FileBlocks;
  readonly #directory: Directory | undefined;
  /** Open files and mappings. */
  holders = 0;
  /** The last name is gone. */
  isUnlinked = false;
  /** The inode was freed; the object is kept by someone who held a name of it. */
  isGone = false;

  constructor(filesystem: Ext4, record: InodeRecord) {
    this.filesystem = filesystem;
    this.number = record.number;
    this.record = record;
    this.fileType = record.mode & S_IFMT;
    this.blocks = new FileBlocks(record, filesystem.groups);
    this.#directory = this.fileType === S_IFDIR ? new Directory(record, this.blocks) : undefined;
  }

  attributes(): FileAttributes {
    const { record } = this;
    return {
      inodeNumber: this.number,
      mode: record.mode,
      linkCount: record.linkCount,
      uid: record.u16(INODE.uid_lo) + record.u16(INODE.uid_high) * 0x1_0000,
      gid: record.u16(INODE.gid_lo) + record.u16(INODE.gid_high) * 0x1_0000,
      rdev: this.#rdev(),
      sizeBytes: record.sizeBytes,
      blockSizeBytes: this.filesystem.volume.geometry.blockBytes,
      blocks512: record.blocks512,
      accessTime: record.time(INODE.atime, INODE.atime_extra),
      modifyTime: record.time(INODE.mtime, INODE.mtime_extra),
      changeTime: record.time(INODE.ctime, INODE.ctime_extra),
      ...(this.filesystem.volume.geometry.inodeBytes > INODE.good_old_size && {
        birthTime: record.time(INODE.crtime, INODE.crtime_extra),
      }),
    };
  }

  setAttributes(changes: AttributeChanges): void {
    this.#change(() => {
      const { record } = this;
      if (changes.sizeBytes !== undefined) this.#truncate(changes.sizeBytes);
      if (changes.mode !== undefined) record.setU16(INODE.mode, this.fileType | (changes.mode & 0o7777));
      if (changes.uid !== undefined) this.#setOwner(INODE.uid_lo, INODE.uid_high, changes.uid);
      if (changes.gid !== undefined) this.#setOwner(INODE.gid_lo, INODE.gid_high, changes.gid);
      if (changes.accessTime) record.setTime(INODE.atime, INODE.atime_extra, changes.accessTime);
      if (changes.modifyTime) record.setTime(INODE.mtime, INODE.mtime_extra, changes.modifyTime);
      record.setTime(INODE.ctime, INODE.ctime_extra, this.filesystem.volume.now());
    });
  }

  get fileFlags(): FileFlags {
    return { get: () => this.record.flags & USER_VISIBLE_FLAGS, set: (flags) => this.#setFlags(flags) };
  }

  #setFlags(flags: number): void {
    this.filesystem.volume.transaction(() => {
      this.#requirePresent();
      this.record.setU32(INODE.flags, changedFlags(this.record.flags, flags, this.fileType));
      this.#touchChangeTime();
    });
  }

  lookup(name: ByteString): Inode | undefined {
    const number = this.#names().lookup(name);
    return number === undefined ? undefined : this.filesystem.inode(number);
  }

  entries(offset: number): readonly DirectoryEntry[] {
    return this.#names().entries(offset);
  }

  create(name: ByteString, init: NewInode): Inode {
    return this.#change(() => {
      this.#requireNew(name);
      const inode = this.filesystem.newInode(this.number, init);
      const inherited = inheritedFlags(this.record.flags, inode.fileType);
      inode.record.setU32(INODE.flags, (inode.record.flags | inherited) >>> 0);
      const isDirectory = inode.fileType === S_IFDIR;
      if (isDirectory) {
        inode.#names().initialise(this.number);
        this.#addLink(1);
      }
      if (inode.fileType === S_IFLNK) inode.#setTarget(init.target ?? '');
      this.#names().insert(name, inode.number, typeCodeOf(inode.fileType));
      this.#touchDirectory();
      return inode;
    });
  }

  createNameless(init: NewInode): Inode {
    return this.#change(() => {
      const inode = this.filesystem.newInode(this.number, init);
      inode.record.setU16(INODE.links_count, 0);
      this.filesystem.orphans.add(inode.record);
      this.filesystem.volume.afterCommit(() => (inode.isUnlinked = true));
      return inode;
    });
  }

  link(name: ByteString, target: Inode): void {
    const inode = target as Ext4Inode;
    this.#change(() => {
      this.#requireNew(name);
      inode.#requirePresent();
      const links = inode.record.linkCount;
      if (links >= MAX_LINKS) throw EMLINK;
      // A name for an O_TMPFILE: it is not an orphan any more.
      if (links === 0) {
        this.filesystem.orphans.remove(inode.record);
        this.filesystem.volume.afterCommit(() => (inode.isUnlinked = false));
      }
      inode.record.setU16(INODE.links_count, links + 1);
      inode.#touchChangeTime();
      this.#names().insert(name, inode.number, typeCodeOf(inode.fileType));
      this.#touchDirectory();
    });
  }

  unlink(name: ByteString): void {
    this.#change(() => {
      const inode = this.#child(name);
      if (inode.fileType === S_IFDIR) throw EISDIR;
      this.#names().remove(name);
      this.#touchDirectory();
      inode.#dropLink();
    });
  }

  rmdir(name: ByteString): void {
    this.#change(() => {
      const inode = this.#child(name);
      inode.#requireEmpty();
      this.#names().remove(name);
      this.#addLink(-1);
      this.#touchDirectory();
      inode.#dropDirectory();
    });
  }

  rename(name: ByteString, newParent: Inode, newName: ByteString, whiteout?: NewInode): Inode | undefined {
    const target = newParent as Ext4Inode;
    return this.#change(() => {
      const inode = this.#child(name);
      const victimNumber = target.#names().lookup(newName);
      if (victimNumber === undefined) target.#names().insert(newName, inode.number, typeCodeOf(inode.fileType));
      else target.#replaceName(newName, inode, this.filesystem.inode(victimNumber));
      const left = whiteout === undefined ? undefined : this.filesystem.newInode(this.number, whiteout);
      if (left === undefined) this.#names().remove(name);
      else this.#names().replace(name, left.number, typeCodeOf(left.fileType));
      if (target !== this) inode.#movedBetween(this, target);
      this.#touchDirectory();
      target.#touchDirectory();
      inode.#touchChangeTime();
      return left;
    });
  }

  exchange(name: ByteString, otherParent: Inode, otherName: ByteString): void {
    const other = otherParent as Ext4Inode;
    this.#change(() => {
      const [here, there] = [this.#child(name), other.#child(otherName)];
      this.#names().replace(name, there.number, typeCodeOf(there.fileType));
      other.#names().replace(otherName, here.number, typeCodeOf(here.fileType));
      if (other !== this) {
        here.#movedBetween(this, other);
        there.#movedBetween(other, this);
      }
      this.#touchDirectory();
      other.#touchDirectory();
      here.#touchChangeTime();
      there.#touchChangeTime();
    });
  }

  /** A directory has another parent now. */
  #movedBetween(from: Ext4Inode, to: Ext4Inode): void {
    if (this.fileType !== S_IFDIR) return;
    this.#names().replace('..', to.number, typeCodeOf(S_IFDIR));
    from.#addLink(-1);
    to.#addLink(1);
  }

  readLink(): ByteString {
    if (this.fileType !== S_IFLNK) throw EINVAL;
    this.#requirePresent();
    const size = this.record.sizeBytes;
    if (size <= MAX_FAST_SYMLINK && (this.record.flags & EXT4_EXTENTS_FL) === 0) {
      return byteStringFrom(this.record.blockArea().subarray(0, size));
    }
    if (size > this.filesystem.volume.geometry.blockBytes)
      throw this.filesystem.volume.corrupt(`symlink ${this.number} is ${size} bytes long`);
    const target = new Uint8Array(size);
    this.blocks.readBytes(0, target);
    return byteStringFrom(target);
  }

  read(offset: number, dst: Uint8Array): number {
    if (this.fileType === S_IFDIR) throw EISDIR;
    this.#requirePresent();
    const count = Math.max(0, Math.min(dst.length, this.record.sizeBytes - offset));
    if (count > 0) this.blocks.readBytes(offset, count === dst.length ? dst : dst.subarray(0, count));
    return count;
  }

  write(offset: number, src: Uint8Array): number {
    if (this.fileType !== S_IFREG) throw EINVAL;
    return this.#change(() => {
      const { record } = this;
      const { blockBytes } = this.filesystem.volume.geometry;
      if (offset + src.length > MAX_FILE_BLOCKS * blockBytes) throw EFBIG;
      const size = record.sizeBytes;
      if (offset > size) this.#zeroTail(size);
      this.blocks.writeBytes(offset, src);
      if (offset + src.length > size) record.setSizeBytes(offset + src.length);
      this.#touchModifyTime();
      return src.length;
    });
  }

  allocate(mode: number, offset: number, sizeBytes: number): void {
    if (mode === FALLOC_FL_COLLAPSE_RANGE) return this.#collapse(offset, sizeBytes);
    if (mode === FALLOC_FL_INSERT_RANGE) return this.#insert(offset, sizeBytes);
    const isHole = mode === (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    const isZeroing = (mode & ~FALLOC_FL_KEEP_SIZE) === FALLOC_FL_ZERO_RANGE;
    if (!isHole && !isZeroing && (mode & ~FALLOC_FL_KEEP_SIZE) !== 0) throw EOPNOTSUPP;
    const { blockBytes } = this.filesystem.volume.geometry;
    const end = offset + sizeBytes;
    if (end > MAX_FILE_BLOCKS * blockBytes) throw EFBIG;
    this.#change(() => {
      const size = this.record.sizeBytes;
      if (end > size) this.#zeroTail(size);
      if (isHole || isZeroing) this.#punch(offset, end);
      if (!isHole) this.blocks.reserve(Math.floor(offset / blockBytes), Math.ceil(end / blockBytes));
      if ((mode & FALLOC_FL_KEEP_SIZE) === 0 && end > size) this.record.setSizeBytes(end);
      this.#touchModifyTime();
    });
    return undefined;
  }

  /** FALLOC_FL_COLLAPSE_RANGE: whole blocks go, and what is behind them moves up. @throws EINVAL */
  #collapse(offset: number, sizeBytes: number): void {
    const [first, count] = this.#wholeBlocks(offset, sizeBytes);
    const { sizeBytes: size } = this.record;
    if (offset + sizeBytes >= size) throw EINVAL;
    this.#change(() => {
      this.blocks.remove(first, first + count);
      this.blocks.shift(first + count, -count);
      this.record.setSizeBytes(size - sizeBytes);
      this.#touchModifyTime();
    });
  }

  /** FALLOC_FL_INSERT_RANGE: a hole of whole blocks. @throws EINVAL, EFBIG */
  #insert(offset: number, sizeBytes: number): void {
    const [first, count] = this.#wholeBlocks(offset, sizeBytes);
    const { sizeBytes: size } = this.record;
    if (offset >= size) throw EINVAL;
    if (size + sizeBytes > MAX_FILE_BLOCKS * this.filesystem.volume.geometry.blockBytes) throw EFBIG;
    this.#change(() => {
      this.blocks.shift(first, count);
      this.record.setSizeBytes(size + sizeBytes);
      this.#touchModifyTime();
    });
  }

  #wholeBlocks(offset: number, sizeBytes: number): readonly [first: number, count: number] {
    const { blockBytes } = this.filesystem.volume.geometry;
    if (offset % blockBytes !== 0 || sizeBytes % blockBytes !== 0) throw EINVAL;
    return [offset / blockBytes, sizeBytes / blockBytes];
  }

  seek(kind: 'data' | 'hole', offset: number): number {
    const { blockBytes } = this.filesystem.volume.geometry;
    const size = this.record.sizeBytes;
    for (let at = offset; at < size;) {
      const block = Math.floor(at / blockBytes);
      const { start, count, isUnwritten } = this.blocks.map(block);
      const isData = start > 0 && !isUnwritten;
      if (isData === (kind === 'data')) return at;
      at = (block + count) * blockBytes;
    }
    if (kind === 'data') throw ENXIO;
    return size;
  }

  get xattrs(): InodeXattrs {
    const { filesystem, record } = this;
    const store = new XattrStore(filesystem.volume, filesystem.groups, record, () => filesystem.releaseXattrs(record));
    return {
      get: (name) => store.list().find((each) => each.name === name)?.value,
      names: () => store.list().map(({ name }) => name),
      set: (name, value) =>
        this.#change(() => {
          store.set(name, value);
          this.#touchChangeTime();
        }),
    };
  }

  retain(): void {
    this.holders++;
  }

  release(): void {
    this.holders--;
    if (this.holders === 0) this.filesystem.released(this);
  }

  /** Frees the inode and all it has, inside a transaction. */
  free(): void {
    const { record } = this;
    const { volume, groups } = this.filesystem;
    if ((record.flags & EXT4_EXTENTS_FL) !== 0) this.blocks.remove(0, MAX_FILE_BLOCKS + 1);
    this.filesystem.releaseXattrs(record);
    record.setSizeBytes(0);
    record.setU16(INODE.links_count, 0);
    record.setU32(INODE.dtime, volume.now().seconds % 2 ** 32);
    groups.freeInode(this.number, this.fileType === S_IFDIR);
    volume.afterCommit(() => {
      this.isGone = true;
      this.filesystem.forget(this);
    });
  }

  #change<T>(work: () => T): T {
    return this.filesystem.volume.transaction(() => {
      this.#requirePresent();
      if ((this.record.flags & EXT4_IMMUTABLE_FL) !== 0) throw EPERM; // also for who opened it before
      return work();
    });
  }

  #requirePresent(): void {
    if (this.isGone) throw ENOENT;
  }

  #names(): Directory {
    if (this.#directory === undefined) throw ENOTDIR;
    this.#requirePresent();
    return this.#directory;
  }

  #child(name: ByteString): Ext4Inode {
    const number = this.#names().lookup(name);
    if (number === undefined) throw ENOENT;
    return this.filesystem.inode(number);
  }

  #requireNew(name: ByteString): void {
    if (this.#names().lookup(name) !== undefined) throw EEXIST;
    if (this.record.linkCount === 0) throw ENOENT;
  }

  #requireEmpty(): void {
    if (!this.#names().isEmpty()) throw ENOTEMPTY;
  }

  #replaceName(name: ByteString, inode: Ext4Inode, victim: Ext4Inode): void {
    if (victim.fileType === S_IFDIR) victim.#requireEmpty();
    this.#names().replace(name, inode.number, typeCodeOf(inode.fileType));
    if (victim.fileType === S_IFDIR) {
      this.#addLink(-1);
      victim.#dropDirectory();
    } else victim.#dropLink();
  }

  #dropLink(): void {
    const links = this.record.linkCount;
    if (links === 0) throw this.filesystem.volume.corrupt(`inode ${this.number} has a name but no link`);
    this.record.setU16(INODE.links_count, links - 1);
    this.#touchChangeTime();
    if (links === 1) this.#dropped();
  }

  #dropDirectory(): void {
    this.record.setU16(INODE.links_count, 0);
    this.#touchChangeTime();
    this.#dropped();
  }

  /** The last name is gone: free at once, or when the last holder closes it. */
  #dropped(): void {
    this.filesystem.volume.afterCommit(() => (this.isUnlinked = true));
    if (this.holders === 0) this.free();
    else this.filesystem.orphans.add(this.record);
  }

  /** A directory with more than 64,999 subdirectories counts 1 from then on (dir_nlink). */
  #addLink(delta: number): void {
    const links = this.record.linkCount;
    if (links === 1) return;
    const isOver = links + delta >= MAX_LINKS;
    if (isOver && (this.filesystem.volume.geometry.roCompat & RO_COMPAT_DIR_NLINK) === 0) throw EMLINK;
    this.record.setU16(INODE.links_count, isOver ? 1 : links + delta);
  }

  #setTarget(target: ByteString): void {
    if (target.length >= this.filesystem.volume.geometry.blockBytes) throw ENAMETOOLONG;
    const bytes = bytesOf(target);
    if (target.length <= MAX_FAST_SYMLINK) this.record.blockAreaForChange().set(bytes);
    else {
      this.record.setU32(INODE.flags, this.record.flags | EXT4_EXTENTS_FL);
      this.blocks.tree.initialise();
      this.blocks.writeBytes(0, bytes);
    }
    this.record.setSizeBytes(bytes.length);
  }

  #truncate(size: number): void {
    if (this.fileType !== S_IFREG || size < 0) throw EINVAL;
    const { blockBytes } = this.filesystem.volume.geometry;
    if (size > MAX_FILE_BLOCKS * blockBytes) throw EFBIG;
    const old = this.record.sizeBytes;
    if (size < old) {
      this.blocks.remove(Math.ceil(size / blockBytes), MAX_FILE_BLOCKS + 1);
      this.#zeroTail(size);
    } else if (size > old) this.#zeroTail(old);
    this.record.setSizeBytes(size);
    this.#touchModifyTime();
  }

  /** Bytes behind the end of file become visible when it grows: they must be zeros. */
  #zeroTail(size: number): void {
    const { blockBytes } = this.filesystem.volume.geometry;
    this.blocks.zero(size, Math.ceil(size / blockBytes) * blockBytes);
  }

  #punch(offset: number, end: number): void {
    const { blockBytes } = this.filesystem.volume.geometry;
    const first = Math.ceil(offset / blockBytes);
    const last = Math.floor(end / blockBytes);
    if (first > last) {
      this.blocks.zero(offset, end);
      return;
    }
    this.blocks.zero(offset, first * blockBytes);
    this.blocks.zero(last * blockBytes, end);
    if (first < last) this.blocks.remove(first, last);
  }

  #setOwner(low: number, high: number, id: number): void {
    this.record.setU16(low, id);
    this.record.setU16(high, id >>> 16);
  }

  #rdev(): number {
    if (this.fileType !== S_IFCHR && this.fileType !== S_IFBLK) return 0;
    // ext4 keeps small numbers in the first word, others in the second (ext4_decode: old_decode_dev, new_decode_dev).
    const area = this.record.blockArea();
    const old = u32(area, 0);
    return old === 0 ? u32(area, 4) : old & 0xffff;
  }

  setRdev(rdev: number): void {
    const isOld = (rdev & ~0xffff) === 0;
    setU32(this.record.blockAreaForChange(), isOld ? 0 : 4, rdev);
  }

  #touchDirectory(): void {
    this.#touchModifyTime();
  }

  #touchModifyTime(): void {
    const now = this.filesystem.volume.now();
    this.record.setTime(INODE.mtime, INODE.mtime_extra, now);
    this.record.setTime(INODE.ctime, INODE.ctime_extra, now);
  }

  #touchChangeTime(): void {
    this.record.setTime(INODE.ctime, INODE.ctime_extra, this.filesystem.volume.now());
  }
}
