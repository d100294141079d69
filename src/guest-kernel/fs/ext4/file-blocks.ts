/**
 * The content of a file or directory as a run of bytes over its block map.
 *
 * Reads of holes and unwritten extents give zeros. Writes allocate what is missing, in runs as long as the disk has
 * them, next to what the file already has.
 */
import { EFBIG, EOPNOTSUPP } from '../../abi/errno.ts';
import type { BlockGroups } from './block-groups.ts';
import { ExtentTree, MAX_FILE_BLOCKS, type Mapping } from './extent-tree.ts';
import { mapIndirect } from './indirect-map.ts';
import type { InodeRecord } from './inode-record.ts';
import { EXT4_EXTENTS_FL, EXT4_INLINE_DATA_FL } from './layout.ts';
import type { Volume } from './volume.ts';

const READ_AHEAD_BYTES = 256 * 1024;

export class FileBlocks {
  readonly #inode: InodeRecord;
  readonly #volume: Volume;
  readonly #groups: BlockGroups;
  readonly tree: ExtentTree;
  /** The last mapping asked for, while no transaction changed any map. */
  #last: { readonly block: number; readonly mapping: Mapping } | undefined;
  #lastGeneration = -1;

  constructor(inode: InodeRecord, groups: BlockGroups) {
    this.#inode = inode;
    this.#volume = inode.volume;
    this.#groups = groups;
    this.tree = new ExtentTree(inode, groups);
  }

  /** What lies at a block of the file. @throws NotResident, EUCLEAN, EOPNOTSUPP for inline data */
  map(block: number): Mapping {
    const last = this.#last;
    if (last !== undefined && this.#lastGeneration === this.#volume.mapGeneration) {
      const skipped = block - last.block;
      const { start, count, isUnwritten } = last.mapping;
      if (skipped >= 0 && skipped < count)
        return { start: start === 0 ? 0 : start + skipped, count: count - skipped, isUnwritten };
    }
    const { flags } = this.#inode;
    if ((flags & EXT4_INLINE_DATA_FL) !== 0) throw EOPNOTSUPP;
    const mapping = (flags & EXT4_EXTENTS_FL) === 0 ? mapIndirect(this.#inode, block) : this.tree.map(block);
    if (mapping.start + mapping.count > this.#volume.geometry.blockCount && mapping.start > 0) {
      throw this.#volume.corrupt(`inode ${this.#inode.number} maps blocks outside the disk`);
    }
    this.#last = { block, mapping };
    this.#lastGeneration = this.#volume.mapGeneration;
    return mapping;
  }

  /** Bytes of a block of the file for reading; undefined: a hole. */
  read(block: number): Uint8Array | undefined {
    const { start, isUnwritten } = this.map(block);
    return start === 0 || isUnwritten ? undefined : this.#volume.read(start);
  }

  /** Copies [offset, offset + dst.length), all of which lies inside the file. @throws NotResident with all that is missing */
  readBytes(offset: number, dst: Uint8Array): void {
    const { blockBytes } = this.#volume.geometry;
    this.#requireBytes(offset, dst.length);
    for (let done = 0; done < dst.length;) {
      const at = offset + done;
      const inBlock = at % blockBytes;
      const length = Math.min(blockBytes - inBlock, dst.length - done);
      const bytes = this.read(Math.floor(at / blockBytes));
      if (bytes === undefined) dst.fill(0, done, done + length);
      else dst.set(length === blockBytes ? bytes : bytes.subarray(inBlock, inBlock + length), done);
      done += length;
    }
  }

  /** Writes bytes, allocating what is missing; `oldSize` tells which bytes of the last block do not count yet. */
  writeBytes(offset: number, src: Uint8Array): void {
    const { blockBytes } = this.#volume.geometry;
    for (let done = 0; done < src.length;) {
      const at = offset + done;
      const inBlock = at % blockBytes;
      const length = Math.min(blockBytes - inBlock, src.length - done);
      const ahead = Math.ceil((inBlock + src.length - done) / blockBytes);
      this.blockForChange(Math.floor(at / blockBytes), ahead, length === blockBytes).set(
        src.subarray(done, done + length),
        inBlock,
      );
      done += length;
    }
  }

  /**
   * A block of the file to change, made if it was a hole.
   * @param ahead how many blocks from here on will be written, so that they can be allocated together
   * @param isFilled the caller writes every byte of it
   */
  blockForChange(block: number, ahead: number, isFilled: boolean): Uint8Array {
    if (block + ahead > MAX_FILE_BLOCKS) throw EFBIG;
    const mapping = this.map(block);
    if (mapping.start > 0 && !mapping.isUnwritten) {
      return isFilled ? this.#volume.fresh(mapping.start, true) : this.#volume.modify(mapping.start);
    }
    this.#requireExtents();
    // New blocks become real as a whole, but only one is filled now: the others are zeroed until they are written.
    const count = Math.min(mapping.count, ahead, 2048);
    const start = mapping.start > 0 ? this.#written(block, mapping.start, count) : this.#allocated(block, count);
    return this.#volume.fresh(start, isFilled);
  }

  /** Allocates [block, end) where it is a hole, without writing it. */
  reserve(block: number, end: number): void {
    this.#requireExtents();
    for (let at = block; at < end;) {
      const mapping = this.map(at);
      if (mapping.start === 0) {
        const run = this.#groups.allocateBlocks(this.#goalFor(at), Math.min(mapping.count, end - at, 32_767));
        this.tree.insert({ block: at, count: run.count, start: run.start, isUnwritten: true });
        this.#inode.addBlocks(run.count);
        this.#forget();
        at += run.count;
      } else at += mapping.count;
    }
  }

  /** Frees [block, end). */
  remove(block: number, end: number): void {
    this.#requireExtents();
    this.tree.remove(block, end);
    this.#forget();
  }

  /** Moves the blocks from `block` on by `delta`; where they come to lie is a hole. */
  shift(block: number, delta: number): void {
    this.#requireExtents();
    this.tree.shift(block, delta);
    this.#forget();
  }

  /** Zeros bytes [from, end) inside one block, if it is real. */
  zero(from: number, end: number): void {
    const { blockBytes } = this.#volume.geometry;
    if (from >= end) return;
    const { start, isUnwritten } = this.map(Math.floor(from / blockBytes));
    if (start === 0 || isUnwritten) return;
    const inBlock = from % blockBytes;
    this.#volume.modify(start).fill(0, inBlock, inBlock + end - from);
  }

  #allocated(block: number, count: number): number {
    const run = this.#groups.allocateBlocks(this.#goalFor(block), count);
    this.tree.insert({ block, count: run.count, start: run.start, isUnwritten: false });
    this.#inode.addBlocks(run.count);
    this.#forget();
    for (let i = 1; i < run.count; i++) this.#volume.fresh(run.start + i);
    return run.start;
  }

  #written(block: number, start: number, count: number): number {
    this.tree.markWritten(block, count);
    this.#forget();
    for (let i = 1; i < count; i++) this.#volume.fresh(start + i);
    return start;
  }

  /** Behind the file's previous block, or in its inode's group. */
  #goalFor(block: number): number {
    const before = block > 0 ? this.tree.map(block - 1) : undefined;
    if (before !== undefined && before.start > 0) return before.start + 1;
    return this.#groups.firstBlockOf(this.#groups.groupOfInode(this.#inode.number));
  }

  #requireBytes(offset: number, count: number): void {
    const { blockBytes } = this.#volume.geometry;
    const blocks: number[] = [];
    const first = Math.floor(offset / blockBytes);
    const end = Math.ceil((offset + count) / blockBytes);
    const aheadEnd = Math.min(end + READ_AHEAD_BYTES / blockBytes, Math.ceil(this.#inode.sizeBytes / blockBytes));
    if (end - first === 1 && this.#isHere(first)) return;
    const ahead: number[] = [];
    for (let at = first; at < aheadEnd;) {
      if (at >= end && blocks.length === 0) break;
      const mapping = this.map(at);
      const stop = Math.min(at + mapping.count, at < end ? end : aheadEnd);
      if (mapping.start > 0 && !mapping.isUnwritten) {
        for (let i = at; i < stop; i++) (i < end ? blocks : ahead).push(mapping.start + i - at);
      }
      at = stop;
    }
    this.#volume.require(blocks, ahead);
  }

  #isHere(block: number): boolean {
    const { start, isUnwritten } = this.map(block);
    return start === 0 || isUnwritten || this.#volume.isHere(start);
  }

  #requireExtents(): void {
    if ((this.#inode.flags & EXT4_EXTENTS_FL) === 0) throw EOPNOTSUPP;
  }

  #forget(): void {
    this.#last = undefined;
  }
}
