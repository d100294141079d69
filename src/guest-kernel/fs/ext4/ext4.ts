/** ext4 without its journal: mounting, inodes by number, usage, sync. Commits of the block cache are atomic instead. */
import { Errno } from '../../abi/errno.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_IFIFO, S_IFSOCK } from '../../abi/stat.ts';
import type { BlockCache } from '../../block/block-cache.ts';
import { DISK_BLOCK_BYTES } from '../../block/block-cache.ts';
import type { WaitQueue } from '../../program/wait-queue.ts';
import { NotResident, type Filesystem, type FilesystemUsage, type NewInode } from '../../vfs/inode.ts';
import { BlockGroups } from './block-groups.ts';
import { Ext4Inode } from './ext4-inode.ts';
import { InodeRecord } from './inode-record.ts';
import { EXT4_EXTENTS_FL, EXT4_SUPER_MAGIC, INODE, ROOT_INODE, SB, XATTR_MAGIC, XATTR_REFCOUNT } from './layout.ts';
import { setU32, u32 } from './little-endian.ts';
import { Orphans } from './orphans.ts';
import { parseSuperblock, readOnlyReason } from './superblock.ts';
import { sealXattrBlock } from './xattr-store.ts';
import { superblockIn, Volume, type VolumeOptions } from './volume.ts';

/** The disk cannot be mounted; the message says why. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

export interface Ext4Options extends VolumeOptions {
  readonly deviceNumber: number;
  readonly isReadOnly?: boolean;
}

const KNOWN_TYPES: readonly number[] = [S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];

/**
 * Mounts the ext4 filesystem of a disk and frees what an earlier run left without a name.
 * @throws MountError, or NotResident (call again)
 */
export function mountExt4(cache: BlockCache, options: Ext4Options): Ext4 {
  const geometry = parseSuperblock(superblockIn(cache.read(0)), cache.blockCount * DISK_BLOCK_BYTES);
  if ('refusal' in geometry) throw new MountError(`ext4: ${geometry.refusal}`);
  const reason = readOnlyReason(geometry);
  if (reason !== undefined) options.log(`ext4: mounted read-only, as feature ${reason} is not supported for writing`);
  const isReadOnly = cache.isReadOnly || options.isReadOnly === true || reason !== undefined;
  try {
    const filesystem = new Ext4(new Volume(cache, geometry, isReadOnly, options), options.deviceNumber);
    if (!isReadOnly) filesystem.freeOrphans();
    return filesystem;
  } catch (error) {
    if (error instanceof Errno) throw new MountError(`ext4: ${error.message}`);
    throw error;
  }
}

export class Ext4 implements Filesystem {
  readonly type = 'ext4';
  readonly deviceNumber: number;
  readonly volume: Volume;
  readonly groups: BlockGroups;
  readonly orphans: Orphans;
  readonly root: Ext4Inode;
  readonly #inodes = new Map<number, WeakRef<Ext4Inode>>();
  /** Closed without a name left, but a block was not at hand: freed when it is. */
  readonly #toFree = new Set<Ext4Inode>();
  #sweepAt = 1024;

  constructor(volume: Volume, deviceNumber: number) {
    this.volume = volume;
    this.deviceNumber = deviceNumber;
    this.groups = new BlockGroups(volume);
    this.orphans = new Orphans(volume, this.groups);
    this.root = this.inode(ROOT_INODE);
    if (this.root.fileType !== S_IFDIR) throw volume.corrupt('the root is no directory');
    volume.cache.listen({
      beforeFlush: () => this.groups.seal(),
      onFailure: (error) => volume.log(`disk: ${error.message}`),
    });
  }

  get isReadOnly(): boolean {
    return this.volume.isReadOnly;
  }

  /** The object of an inode: one as long as somebody has it. @throws NotResident, EUCLEAN */
  inode(number: number): Ext4Inode {
    const known = this.#inodes.get(number)?.deref();
    if (known !== undefined) return known;
    const record = new InodeRecord(this.volume, this.groups, number);
    if (!this.volume.isSealPending(`inode ${number}`)) record.verify();
    const { mode } = record;
    if (!KNOWN_TYPES.includes(mode & S_IFMT)) throw this.volume.corrupt(`inode ${number} has mode ${mode.toString(8)}`);
    return this.#keep(new Ext4Inode(this, record));
  }

  /** Allocates and fills an inode, inside a transaction. @throws ENOSPC */
  newInode(parent: number, init: NewInode): Ext4Inode {
    const type = init.mode & S_IFMT;
    const number = this.groups.allocateInode(this.groups.groupOfInode(parent), type === S_IFDIR);
    const record = new InodeRecord(this.volume, this.groups, number);
    const generation = record.u32(INODE.generation) + 1;
    record.clear();
    record.setU32(INODE.generation, generation % 2 ** 32);
    record.setU16(INODE.mode, init.mode);
    record.setU16(INODE.links_count, type === S_IFDIR ? 2 : 1);
    record.setU16(INODE.uid_lo, init.uid);
    record.setU16(INODE.uid_high, init.uid >>> 16);
    record.setU16(INODE.gid_lo, init.gid);
    record.setU16(INODE.gid_high, init.gid >>> 16);
    const now = this.volume.now();
    record.setTime(INODE.atime, INODE.atime_extra, now);
    record.setTime(INODE.mtime, INODE.mtime_extra, now);
    record.setTime(INODE.ctime, INODE.ctime_extra, now);
    if (this.volume.geometry.inodeBytes > INODE.good_old_size) record.setTime(INODE.crtime, INODE.crtime_extra, now);
    const inode = new Ext4Inode(this, record);
    if (type === S_IFREG || type === S_IFDIR) {
      record.setU32(INODE.flags, EXT4_EXTENTS_FL);
      inode.blocks.tree.initialise();
    }
    if (type === S_IFCHR || type === S_IFBLK) inode.setRdev(init.rdev ?? 0);
    this.volume.afterCommit(() => this.#keep(inode));
    return inode;
  }

  /** The last open file of an inode is closed. */
  released(inode: Ext4Inode): void {
    if (inode.isGone || this.isReadOnly || !inode.isUnlinked) return;
    this.#toFree.add(inode);
    this.#freePending();
  }

  forget(inode: Ext4Inode): void {
    this.#inodes.delete(inode.number);
  }

  /** Frees what the superblock lists as nameless: nobody can hold it yet. @throws NotResident */
  freeOrphans(): void {
    const seen = new Set<number>();
    for (let number = this.orphans.first(); number !== 0; number = this.orphans.first()) {
      if (seen.has(number)) throw this.volume.corrupt('the list of orphans is a circle');
      seen.add(number);
      const inode = this.inode(number);
      this.volume.transaction(() => {
        this.orphans.remove(inode.record);
        if (inode.record.linkCount === 0) inode.free();
      });
    }
  }

  /** One holder less of the block of extended attributes; the last one frees it. */
  releaseXattrs(record: InodeRecord): void {
    const block = record.u32(INODE.file_acl_lo) + record.u16(INODE.file_acl_high) * 2 ** 32;
    if (block === 0) return;
    if (u32(this.volume.read(block), 0) !== XATTR_MAGIC) throw this.volume.corrupt(`xattr block ${block} is damaged`);
    const count = u32(this.volume.read(block), XATTR_REFCOUNT);
    if (count > 1) this.#setXattrCount(block, count - 1);
    else this.groups.freeBlocks(block, 1);
    record.setU32(INODE.file_acl_lo, 0);
    record.setU16(INODE.file_acl_high, 0);
    record.addBlocks(-1);
  }

  usage(): FilesystemUsage {
    const sb = this.volume.superblock();
    const { blockBytes, blockCount, inodeCount, descriptorBytes } = this.volume.geometry;
    const high = descriptorBytes >= 64 ? u32(sb, SB.free_blocks_count_hi) * 2 ** 32 : 0;
    return {
      typeMagic: EXT4_SUPER_MAGIC,
      blockSizeBytes: blockBytes,
      blocks: blockCount,
      freeBlocks: u32(sb, SB.free_blocks_count_lo) + high,
      files: inodeCount,
      freeFiles: u32(sb, SB.free_inodes_count),
    };
  }

  sync(): WaitQueue | undefined {
    this.#freePending();
    return this.volume.cache.sync();
  }

  unmount(): void {}

  #freePending(): void {
    for (const inode of this.#toFree) {
      try {
        this.volume.transaction(() => {
          this.orphans.remove(inode.record);
          inode.free();
        });
        this.#toFree.delete(inode);
      } catch (error) {
        // Closing a file reports nothing: a block that is not here yet is tried again, damage was reported.
        if (error instanceof NotResident) continue;
        if (!(error instanceof Errno)) throw error;
        this.#toFree.delete(inode);
      }
    }
  }

  #setXattrCount(block: number, count: number): void {
    const bytes = this.volume.modify(block);
    setU32(bytes, XATTR_REFCOUNT, count);
    sealXattrBlock(this.volume, block, bytes);
  }

  #keep(inode: Ext4Inode): Ext4Inode {
    this.#inodes.set(inode.number, new WeakRef(inode));
    if (this.#inodes.size > this.#sweepAt) this.#sweep();
    return inode;
  }

  /** Entries of objects that nobody has any more go away now and then. */
  #sweep(): void {
    for (const [number, reference] of this.#inodes) if (reference.deref() === undefined) this.#inodes.delete(number);
    this.#sweepAt = Math.max(1024, this.#inodes.size * 2);
  }
}
