/**
 * Block groups: their descriptors, and which blocks and inodes are free.
 *
 * A group whose bitmap was never written (BLOCK_UNINIT, INODE_UNINIT: mke2fs leaves most so) gets one when something
 * is first allocated in it.
 */
import { ENOSPC } from '../../abi/errno.ts';
import { clearBits, countRun, findClearBit, setBits, testBit } from './bitmap.ts';
import { crc16, crc32c, crc32cOfU32 } from './checksum.ts';
import { BG_BLOCK_UNINIT, BG_INODE_UNINIT, GD, RO_COMPAT_SPARSE_SUPER, SB } from './layout.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';
import type { Volume } from './volume.ts';

interface GroupPlaces {
  readonly blockBitmap: number;
  readonly inodeBitmap: number;
  readonly inodeTable: number;
}

export interface BlockRun {
  readonly start: number;
  readonly count: number;
}

type Count = 'free_blocks' | 'free_inodes' | 'used_dirs' | 'itable_unused';

export class BlockGroups {
  readonly #volume: Volume;
  readonly #places: GroupPlaces[] = [];
  readonly #tableBlocks: number;
  /** Groups whose bitmap or descriptor changed since the last flush. */
  readonly #unsealed = new Set<number>();
  #isSuperblockUnsealed = false;

  /** Reads and checks all descriptors. @throws NotResident, EUCLEAN */
  constructor(volume: Volume) {
    this.#volume = volume;
    const { inodesPerGroup, inodeBytes, blockBytes, groupCount } = volume.geometry;
    this.#tableBlocks = Math.ceil((inodesPerGroup * inodeBytes) / blockBytes);
    volume.require([...new Set(Array.from({ length: groupCount }, (_, group) => this.#descriptorBlock(group)))]);
    for (let group = 0; group < groupCount; group++) this.#places.push(this.#readPlaces(group));
  }

  /** Block and byte offset in it of an inode. The number is one of 1 to inodeCount. */
  inodePlace(inode: number): { readonly block: number; readonly offset: number } {
    const { inodesPerGroup, inodeBytes, blockBytes } = this.#volume.geometry;
    const group = Math.floor((inode - 1) / inodesPerGroup);
    const at = ((inode - 1) % inodesPerGroup) * inodeBytes;
    const table = this.#placesOf(group).inodeTable;
    return { block: table + Math.floor(at / blockBytes), offset: at % blockBytes };
  }

  groupOfInode(inode: number): number {
    return Math.floor((inode - 1) / this.#volume.geometry.inodesPerGroup);
  }

  firstBlockOf(group: number): number {
    const { firstDataBlock, blocksPerGroup } = this.#volume.geometry;
    return firstDataBlock + group * blocksPerGroup;
  }

  /** Takes up to `wanted` adjacent blocks, at or after `goal` where possible. @throws ENOSPC */
  allocateBlocks(goal: number, wanted: number): BlockRun {
    const { groupCount, firstDataBlock, blocksPerGroup, blockCount } = this.#volume.geometry;
    const isInside = goal >= firstDataBlock && goal < blockCount;
    const first = isInside ? Math.floor((goal - firstDataBlock) / blocksPerGroup) : 0;
    // The goal's group is visited twice: from the goal on, and at last from its start.
    for (let i = 0; i <= groupCount; i++) {
      const group = (first + i) % groupCount;
      if (this.#count(group, 'free_blocks') === 0) continue;
      const from = i === 0 && isInside ? (goal - firstDataBlock) % blocksPerGroup : 0;
      const run = this.#allocateIn(group, from, wanted);
      if (run !== undefined) return run;
    }
    throw ENOSPC;
  }

  /** @throws EUCLEAN when a block of the run was free already */
  freeBlocks(start: number, count: number): void {
    const { firstDataBlock, blocksPerGroup, blockCount } = this.#volume.geometry;
    if (start < firstDataBlock || start + count > blockCount)
      throw this.#volume.corrupt(`frees blocks ${start}+${count}`);
    for (let done = 0; done < count;) {
      const group = Math.floor((start + done - firstDataBlock) / blocksPerGroup);
      const bit = (start + done - firstDataBlock) % blocksPerGroup;
      const length = Math.min(count - done, blocksPerGroup - bit);
      const bitmap = this.#blockBitmap(group);
      for (let i = 0; i < length; i++) {
        if (!testBit(bitmap, bit + i)) throw this.#volume.corrupt(`block ${start + done + i} is freed twice`);
        this.#volume.forgetSight(start + done + i);
      }
      clearBits(bitmap, bit, length);
      this.#addCount(group, 'free_blocks', length);
      done += length;
    }
    this.#addFreeBlocks(count);
  }

  /** @throws ENOSPC */
  allocateInode(parentGroup: number, isDirectory: boolean): number {
    const { groupCount, inodesPerGroup } = this.#volume.geometry;
    for (let i = 0; i < groupCount; i++) {
      const group = (parentGroup + i) % groupCount;
      if (this.#count(group, 'free_inodes') === 0) continue;
      const bitmap = this.#inodeBitmap(group);
      const bit = findClearBit(bitmap, this.#firstUsableInode(group), inodesPerGroup);
      if (bit < 0) throw this.#volume.corrupt(`group ${group} counts free inodes but its bitmap has none`);
      setBits(bitmap, bit, 1);
      this.#addCount(group, 'free_inodes', -1);
      if (isDirectory) this.#addCount(group, 'used_dirs', 1);
      const unused = this.#count(group, 'itable_unused');
      if (bit >= inodesPerGroup - unused) this.#addCount(group, 'itable_unused', inodesPerGroup - bit - 1 - unused);
      this.#addFreeInodes(-1);
      return group * inodesPerGroup + bit + 1;
    }
    throw ENOSPC;
  }

  freeInode(inode: number, isDirectory: boolean): void {
    const group = this.groupOfInode(inode);
    const bit = (inode - 1) % this.#volume.geometry.inodesPerGroup;
    const bitmap = this.#inodeBitmap(group);
    if (!testBit(bitmap, bit)) throw this.#volume.corrupt(`inode ${inode} is freed twice`);
    clearBits(bitmap, bit, 1);
    this.#addCount(group, 'free_inodes', 1);
    if (isDirectory) this.#addCount(group, 'used_dirs', -1);
    this.#addFreeInodes(1);
  }

  /** Checksums of bitmaps, descriptors and superblock, before a flush takes them. */
  seal(): void {
    if (this.#unsealed.size === 0 && !this.#isSuperblockUnsealed) return;
    this.#volume.cache.transaction(() => {
      for (const group of this.#unsealed) this.#sealGroup(group);
      const sb = this.#volume.modifySuperblock();
      setU32(sb, SB.wtime, this.#volume.now().seconds % 2 ** 32);
      if (this.#volume.geometry.hasChecksums) setU32(sb, SB.checksum, crc32c(0xffff_ffff, sb, 0, SB.checksum));
    });
    this.#unsealed.clear();
    this.#isSuperblockUnsealed = false;
  }

  /** The superblock's fields changed. */
  touchSuperblock(): void {
    this.#volume.afterCommit(() => (this.#isSuperblockUnsealed = true));
  }

  #allocateIn(group: number, from: number, wanted: number): BlockRun | undefined {
    const size = this.#blocksIn(group);
    // Looking needs no copy: most calls end in the first group.
    const isNew = (this.#flags(group) & BG_BLOCK_UNINIT) !== 0;
    const seen = isNew ? this.#blockBitmap(group) : this.#readBlockBitmap(group);
    const bit = findClearBit(seen, from, size);
    if (bit < 0) {
      const isWhole = from === 0;
      if (isWhole) throw this.#volume.corrupt(`group ${group} counts free blocks but its bitmap has none`);
      return undefined;
    }
    const count = countRun(seen, bit, Math.min(size, bit + wanted));
    setBits(this.#blockBitmap(group), bit, count);
    this.#addCount(group, 'free_blocks', -count);
    this.#addFreeBlocks(-count);
    return { start: this.firstBlockOf(group) + bit, count };
  }

  #readBlockBitmap(group: number): Uint8Array {
    const { blockBitmap } = this.#placesOf(group);
    const bitmap = this.#volume.read(blockBitmap);
    this.#verifyBitmap(group, bitmap, blockBitmap, 'block');
    return bitmap;
  }

  /** A group's block bitmap for change, made when it is uninitialised. */
  #blockBitmap(group: number): Uint8Array {
    const { blockBitmap } = this.#placesOf(group);
    if ((this.#flags(group) & BG_BLOCK_UNINIT) === 0) {
      this.#readBlockBitmap(group);
      return this.#volume.modify(blockBitmap);
    }
    const bitmap = this.#volume.fresh(blockBitmap);
    this.#volume.isFirstSight(blockBitmap);
    this.#fillInitialBlockBitmap(group, bitmap);
    this.#setFlags(group, this.#flags(group) & ~BG_BLOCK_UNINIT);
    return bitmap;
  }

  /** What an uninitialised bitmap stands for: superblock and descriptor copies, the group's own tables, the disk's end. */
  #fillInitialBlockBitmap(group: number, bitmap: Uint8Array): void {
    const start = this.firstBlockOf(group);
    const size = this.#blocksIn(group);
    setBits(bitmap, 0, this.#superblockCopyBlocks(group));
    const { blockBitmap, inodeBitmap, inodeTable } = this.#placesOf(group);
    for (const [block, count] of [
      [blockBitmap, 1],
      [inodeBitmap, 1],
      [inodeTable, this.#tableBlocks],
    ] as const) {
      const from = Math.max(block - start, 0);
      const end = Math.min(block + count - start, size);
      if (from < end) setBits(bitmap, from, end - from);
    }
    setBits(bitmap, size, bitmap.length * 8 - size);
  }

  #superblockCopyBlocks(group: number): number {
    const { roCompat, groupCount, descriptorBytes, blockBytes, reservedDescriptorBlocks } = this.#volume.geometry;
    const isSparse = (roCompat & RO_COMPAT_SPARSE_SUPER) !== 0;
    if (isSparse && group > 1 && ![3, 5, 7].some((base) => isPowerOf(group, base))) return 0;
    return 1 + Math.ceil((groupCount * descriptorBytes) / blockBytes) + reservedDescriptorBlocks;
  }

  #inodeBitmap(group: number): Uint8Array {
    const { inodeBitmap } = this.#placesOf(group);
    const { inodesPerGroup } = this.#volume.geometry;
    if ((this.#flags(group) & BG_INODE_UNINIT) === 0) {
      this.#verifyBitmap(group, this.#volume.read(inodeBitmap), inodeBitmap, 'inode');
      return this.#volume.modify(inodeBitmap);
    }
    const bitmap = this.#volume.fresh(inodeBitmap);
    this.#volume.isFirstSight(inodeBitmap);
    setBits(bitmap, inodesPerGroup, bitmap.length * 8 - inodesPerGroup);
    this.#setFlags(group, this.#flags(group) & ~BG_INODE_UNINIT);
    this.#addCount(group, 'itable_unused', inodesPerGroup - this.#count(group, 'itable_unused'));
    return bitmap;
  }

  #verifyBitmap(group: number, bitmap: Uint8Array, block: number, kind: 'block' | 'inode'): void {
    if (!this.#volume.geometry.hasChecksums || !this.#volume.isFirstSight(block)) return;
    const expected = this.#bitmapChecksum(bitmap, kind);
    const { bytes, at } = this.#descriptor(group);
    const [low, high] =
      kind === 'block'
        ? [GD.block_bitmap_csum_lo, GD.block_bitmap_csum_hi]
        : [GD.inode_bitmap_csum_lo, GD.inode_bitmap_csum_hi];
    const is64 = this.#volume.geometry.descriptorBytes >= 64;
    const stored = u16(bytes, at + low) + (is64 ? u16(bytes, at + high) * 0x1_0000 : 0);
    const mask = is64 ? 0xffff_ffff : 0xffff;
    if (stored === (expected & mask) >>> 0) return;
    this.#volume.forgetSight(block);
    throw this.#volume.corrupt(`group ${group} ${kind} bitmap checksum is wrong`);
  }

  #bitmapChecksum(bitmap: Uint8Array, kind: 'block' | 'inode'): number {
    const { checksumSeed, blocksPerGroup, inodesPerGroup } = this.#volume.geometry;
    return crc32c(checksumSeed, bitmap, 0, (kind === 'block' ? blocksPerGroup : inodesPerGroup) / 8);
  }

  #sealGroup(group: number): void {
    const { hasChecksums, descriptorBytes } = this.#volume.geometry;
    const { bytes, at } = this.#descriptor(group, true);
    if (hasChecksums) {
      const { blockBitmap, inodeBitmap } = this.#placesOf(group);
      const flags = u16(bytes, at + GD.flags);
      const is64 = descriptorBytes >= 64;
      const store = (low: number, high: number, checksum: number): void => {
        setU16(bytes, at + low, checksum);
        if (is64) setU16(bytes, at + high, checksum >>> 16);
      };
      if ((flags & BG_BLOCK_UNINIT) === 0 && this.#volume.cache.isDirty(this.#diskBlock(blockBitmap))) {
        store(
          GD.block_bitmap_csum_lo,
          GD.block_bitmap_csum_hi,
          this.#bitmapChecksum(this.#volume.read(blockBitmap), 'block'),
        );
      }
      if ((flags & BG_INODE_UNINIT) === 0 && this.#volume.cache.isDirty(this.#diskBlock(inodeBitmap))) {
        store(
          GD.inode_bitmap_csum_lo,
          GD.inode_bitmap_csum_hi,
          this.#bitmapChecksum(this.#volume.read(inodeBitmap), 'inode'),
        );
      }
    }
    setU16(bytes, at + GD.checksum, this.#descriptorChecksum(group, bytes, at));
  }

  #diskBlock(block: number): number {
    return Math.floor((block * this.#volume.geometry.blockBytes) / 4096);
  }

  #descriptorChecksum(group: number, bytes: Uint8Array, at: number): number {
    const { hasChecksums, hasGroupCrc16, checksumSeed, descriptorBytes, uuid } = this.#volume.geometry;
    const end = at + descriptorBytes;
    const after = at + GD.checksum + 2;
    if (hasChecksums) {
      let crc = crc32cOfU32(checksumSeed, group);
      crc = crc32c(crc, bytes, at, at + GD.checksum);
      crc = crc32c(crc, ZEROS, 0, 2); // the field itself counts as zero
      return crc32c(crc, bytes, after, end) & 0xffff;
    }
    if (!hasGroupCrc16) return u16(bytes, at + GD.checksum);
    const number = new Uint8Array(4);
    setU32(number, 0, group);
    const head = crc16(crc16(crc16(0xffff, uuid), number), bytes, at, at + GD.checksum);
    return crc16(head, bytes, after, end);
  }

  #readPlaces(group: number): GroupPlaces {
    const { bytes, at } = this.#descriptor(group);
    const { hasChecksums, hasGroupCrc16, descriptorBytes, blockCount, firstDataBlock } = this.#volume.geometry;
    if (
      (hasChecksums || hasGroupCrc16) &&
      u16(bytes, at + GD.checksum) !== this.#descriptorChecksum(group, bytes, at)
    ) {
      throw this.#volume.corrupt(`group ${group} descriptor checksum is wrong`);
    }
    const block = (low: number, high: number): number =>
      u32(bytes, at + low) + (descriptorBytes >= 64 ? u32(bytes, at + high) * 2 ** 32 : 0);
    const places = {
      blockBitmap: block(GD.block_bitmap_lo, GD.block_bitmap_hi),
      inodeBitmap: block(GD.inode_bitmap_lo, GD.inode_bitmap_hi),
      inodeTable: block(GD.inode_table_lo, GD.inode_table_hi),
    };
    const last = Math.max(places.blockBitmap, places.inodeBitmap, places.inodeTable + this.#tableBlocks - 1);
    if (Math.min(places.blockBitmap, places.inodeBitmap, places.inodeTable) <= firstDataBlock || last >= blockCount) {
      throw this.#volume.corrupt(`group ${group} descriptor points outside the disk`);
    }
    return places;
  }

  #placesOf(group: number): GroupPlaces {
    const places = this.#places[group];
    if (places === undefined) throw this.#volume.corrupt(`there is no group ${group}`);
    return places;
  }

  #descriptorBlock(group: number): number {
    const { firstDataBlock, descriptorBytes, blockBytes } = this.#volume.geometry;
    return firstDataBlock + 1 + Math.floor((group * descriptorBytes) / blockBytes);
  }

  #descriptor(group: number, isChanging = false): { bytes: Uint8Array; at: number } {
    const { descriptorBytes, blockBytes } = this.#volume.geometry;
    const block = this.#descriptorBlock(group);
    const bytes = isChanging ? this.#volume.modify(block) : this.#volume.read(block);
    return { bytes, at: (group * descriptorBytes) % blockBytes };
  }

  #count(group: number, name: Count): number {
    const { bytes, at } = this.#descriptor(group);
    const high = this.#volume.geometry.descriptorBytes >= 64 ? u16(bytes, at + GD[`${name}_hi`]) * 0x1_0000 : 0;
    return u16(bytes, at + GD[`${name}_lo`]) + high;
  }

  #addCount(group: number, name: Count, delta: number): void {
    const value = this.#count(group, name) + delta;
    if (value < 0) throw this.#volume.corrupt(`group ${group} ${name} falls below zero`);
    const { bytes, at } = this.#descriptor(group, true);
    setU16(bytes, at + GD[`${name}_lo`], value);
    if (this.#volume.geometry.descriptorBytes >= 64) setU16(bytes, at + GD[`${name}_hi`], value >>> 16);
    this.#touch(group);
  }

  #flags(group: number): number {
    const { bytes, at } = this.#descriptor(group);
    return u16(bytes, at + GD.flags);
  }

  #setFlags(group: number, flags: number): void {
    const { bytes, at } = this.#descriptor(group, true);
    setU16(bytes, at + GD.flags, flags);
    this.#touch(group);
  }

  #touch(group: number): void {
    this.#volume.afterCommit(() => this.#unsealed.add(group));
  }

  #addFreeBlocks(delta: number): void {
    const high = this.#volume.geometry.descriptorBytes >= 64 ? SB.free_blocks_count_hi : undefined;
    this.#volume.addToSuperblock(SB.free_blocks_count_lo, high, delta);
    this.touchSuperblock();
  }

  #addFreeInodes(delta: number): void {
    this.#volume.addToSuperblock(SB.free_inodes_count, undefined, delta);
    this.touchSuperblock();
  }

  #blocksIn(group: number): number {
    const { blocksPerGroup, blockCount } = this.#volume.geometry;
    return Math.min(blocksPerGroup, blockCount - this.firstBlockOf(group));
  }

  #firstUsableInode(group: number): number {
    return group === 0 ? this.#volume.geometry.firstInode - 1 : 0;
  }
}

const ZEROS = new Uint8Array(4);

function isPowerOf(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
