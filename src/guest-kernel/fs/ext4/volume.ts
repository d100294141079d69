/**
 * The blocks of one ext4 disk: bounds, transactions, and checksums kept in step.
 *
 * Checksums of inodes, directory blocks and extent blocks are sealed at the end of the transaction that changed them;
 * those of bitmaps, group descriptors and the superblock change with every allocation and are sealed when a flush is
 * about to take them. A metadata block's checksum is verified when the block is first read.
 */
import { assert } from '../../../emulator/util/assert.ts';
import { EROFS, EUCLEAN, type Errno } from '../../abi/errno.ts';
import { DISK_BLOCK_BYTES, type BlockCache } from '../../block/block-cache.ts';
import type { Timestamp } from '../../vfs/inode.ts';
import { SB } from './layout.ts';
import { setU32, u32 } from './little-endian.ts';
import type { Geometry } from './superblock.ts';

export interface VolumeOptions {
  readonly now: () => Timestamp;
  /** One line for dmesg and console. */
  readonly log: (line: string) => void;
}

/** Computes and stores the checksum of a metadata block that a transaction changed. */
export type Seal = () => void;

export class Volume {
  readonly geometry: Geometry;
  readonly cache: BlockCache;
  readonly now: () => Timestamp;
  /** Set when the disk was found damaged or may not be written. */
  isReadOnly: boolean;
  /** Changes with every transaction that changed a file's block map, and when one failed: caches of maps compare it. */
  mapGeneration = 0;
  /** Rises when a transaction fails: what was remembered from inside it may be wrong. */
  failedTransactions = 0;
  readonly log: (line: string) => void;
  readonly #ratio: number;
  readonly #verified: Uint8Array;
  #seals = new Map<string, Seal>();
  #afterCommit: (() => void)[] = [];

  constructor(cache: BlockCache, geometry: Geometry, isReadOnly: boolean, options: VolumeOptions) {
    this.cache = cache;
    this.geometry = geometry;
    this.isReadOnly = isReadOnly;
    this.now = options.now;
    this.log = options.log;
    this.#ratio = DISK_BLOCK_BYTES / geometry.blockBytes;
    this.#verified = new Uint8Array(Math.ceil(geometry.blockCount / 8));
  }

  /** Bytes of a filesystem block, not to be changed. @throws NotResident, EIO, EUCLEAN when there is no such block */
  read(block: number): Uint8Array {
    this.#checkBlock(block);
    if (this.#ratio === 1) return this.cache.read(block);
    return this.#part(this.cache.read(Math.floor(block / this.#ratio)), block);
  }

  /** The same for change, inside a transaction. */
  modify(block: number): Uint8Array {
    this.#checkBlock(block);
    if (this.#ratio === 1) return this.cache.modify(block);
    return this.#part(this.cache.modify(Math.floor(block / this.#ratio)), block);
  }

  /** A block whose old content does not matter, zeroed unless the caller fills it all. */
  fresh(block: number, isFilled = false): Uint8Array {
    this.#checkBlock(block);
    const bytes = this.#ratio === 1 ? this.cache.replace(block) : this.modify(block);
    if (!isFilled) bytes.fill(0);
    return bytes;
  }

  /** Whether a read of the block would not throw NotResident. */
  isHere(block: number): boolean {
    return this.cache.isHere(Math.floor(block / this.#ratio));
  }

  /** Disk blocks that hold these filesystem blocks are asked for at once. @throws NotResident */
  require(blocks: readonly number[], ahead: readonly number[] = []): void {
    const toDisk = (block: number): number => Math.floor(block / this.#ratio);
    this.cache.require(blocks.map(toDisk), ahead.map(toDisk));
  }

  /** Runs a change of the disk: all or nothing. Inside another one it joins it. @throws EROFS */
  transaction<T>(work: () => T): T {
    if (this.cache.isInTransaction) return work();
    if (this.isReadOnly) throw EROFS;
    this.#seals = new Map();
    this.#afterCommit = [];
    let isDone = false;
    try {
      const result = this.cache.transaction(() => {
        const value = work();
        for (const seal of this.#seals.values()) seal();
        return value;
      });
      isDone = true;
      return result;
    } finally {
      this.mapGeneration++;
      if (!isDone) this.failedTransactions++;
      if (isDone) for (const action of this.#afterCommit) action();
    }
  }

  /** Runs when the transaction under way has taken effect; never if it fails. */
  afterCommit(action: () => void): void {
    assert(this.cache.isInTransaction, 'ext4: afterCommit outside a transaction');
    this.#afterCommit.push(action);
  }

  /** Has a checksum computed at the end of the transaction; the same key again replaces it. */
  sealLater(key: string, seal: Seal): void {
    this.#seals.set(key, seal);
  }

  /** Whether the transaction under way changed what is under this key, so that its stored checksum is stale. */
  isSealPending(key: string): boolean {
    return this.cache.isInTransaction && this.#seals.has(key);
  }

  /** The block under this key was freed: its bytes are nobody's. */
  forgetSeal(key: string): void {
    this.#seals.delete(key);
  }

  /** True the first time it is asked about a block: then its checksum is to be verified. */
  isFirstSight(block: number): boolean {
    const at = Math.floor(block / 8);
    const bit = 1 << (block & 7);
    const isKnown = ((this.#verified[at] ?? 0) & bit) !== 0;
    this.#verified[at] = (this.#verified[at] ?? 0) | bit;
    return !isKnown;
  }

  /** The verification failed or the block was freed: look again next time. */
  forgetSight(block: number): void {
    const at = Math.floor(block / 8);
    this.#verified[at] = (this.#verified[at] ?? 0) & ~(1 << (block & 7));
  }

  /** Says what is damaged, makes the disk read-only, and gives the error to throw. */
  corrupt(what: string): Errno {
    this.log(`ext4: ${what}${this.isReadOnly ? '' : '; remounted read-only'}`);
    this.isReadOnly = true;
    return EUCLEAN;
  }

  /** The superblock's 1024 bytes. */
  superblock(): Uint8Array {
    return superblockIn(this.cache.read(0));
  }

  modifySuperblock(): Uint8Array {
    return superblockIn(this.cache.modify(0));
  }

  /** Adds to a 64-bit count of the superblock. */
  addToSuperblock(lowOffset: number, highOffset: number | undefined, delta: number): void {
    const sb = this.modifySuperblock();
    const value = u32(sb, lowOffset) + (highOffset === undefined ? 0 : u32(sb, highOffset) * 2 ** 32) + delta;
    setU32(sb, lowOffset, value % 2 ** 32);
    if (highOffset !== undefined) setU32(sb, highOffset, Math.floor(value / 2 ** 32));
  }

  #checkBlock(block: number): void {
    const { firstDataBlock, blockCount } = this.geometry;
    if (!(block >= firstDataBlock && block < blockCount)) throw this.corrupt(`block ${block} is outside the disk`);
  }

  #part(diskBlock: Uint8Array, block: number): Uint8Array {
    const { blockBytes } = this.geometry;
    const at = (block % this.#ratio) * blockBytes;
    return diskBlock.subarray(at, at + blockBytes);
  }
}

export function superblockIn(firstDiskBlock: Uint8Array): Uint8Array {
  return firstDiskBlock.subarray(SB.offset, SB.offset + SB.size);
}
