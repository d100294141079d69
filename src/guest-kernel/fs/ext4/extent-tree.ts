/**
 * The extent tree: which disk blocks hold which blocks of a file.
 *
 *   inode [header | up to 4 entries] ─ depth 0: the entries are extents
 *                                    └ depth n: the entries are indexes, each naming a block [header | entries | tail]
 *
 * An index's first block equals the first block of what it points to (e2fsck insists on it). A leaf's extents are
 * sorted and do not overlap; a length above 32768 marks an extent as unwritten: allocated, but reading as zeros.
 */
import type { Errno } from '../../abi/errno.ts';
import type { BlockGroups } from './block-groups.ts';
import { crc32c } from './checksum.ts';
import type { InodeRecord } from './inode-record.ts';
import { EXTENT, MAX_EXTENT_DEPTH } from './layout.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';

export interface Extent {
  /** First block in the file. */
  readonly block: number;
  readonly count: number;
  /** First block on the disk. */
  readonly start: number;
  readonly isUnwritten: boolean;
}

/** What a block of a file is part of: an extent from that block on, or a hole. */
export interface Mapping {
  /** 0: a hole. */
  readonly start: number;
  readonly count: number;
  readonly isUnwritten: boolean;
}

export const MAX_FILE_BLOCKS = 0xffff_fffe;
const MAX_UNWRITTEN = EXTENT.maxLength - 1;

interface Node {
  /** 0: the root in the inode. */
  readonly block: number;
  readonly depth: number;
  readonly max: number;
}

export class ExtentTree {
  readonly #inode: InodeRecord;
  readonly #groups: BlockGroups;
  /** Cutting a hole into one extent leaves two; the second goes in when the removal is over, as its leaf may be full. */
  #rest: Extent | undefined;

  constructor(inode: InodeRecord, groups: BlockGroups) {
    this.#inode = inode;
    this.#groups = groups;
  }

  /** Writes an empty root into the inode. */
  initialise(): void {
    const root = this.#inode.blockAreaForChange();
    root.fill(0);
    setU16(root, EXTENT.magic, EXTENT.magicNumber);
    setU16(root, EXTENT.max, 4);
  }

  /** What lies at `block`. A hole's count reaches to the next extent. @throws NotResident, EUCLEAN */
  map(block: number): Mapping {
    let node = this.#root();
    let end = MAX_FILE_BLOCKS + 1;
    for (;;) {
      const bytes = this.#bytes(node);
      const index = this.#search(bytes, block);
      const next = entryAt(index + 1);
      if (index + 1 < u16(bytes, EXTENT.entries)) end = Math.min(end, u32(bytes, next + EXTENT.block));
      if (node.depth === 0) return index < 0 ? hole(block, end) : mappingIn(readExtent(bytes, index), block, end);
      if (index < 0) return hole(block, end);
      node = this.#child(bytes, index, node.depth);
    }
  }

  /** Adds an extent where there was a hole. */
  insert(extent: Extent): void {
    // Each round splits one node (or adds a level) until the leaf has room.
    for (;;) {
      const path = this.#pathTo(extent.block);
      const leaf = path.at(-1) as Node;
      if (this.#merge(leaf, extent)) return;
      if (u16(this.#bytes(leaf), EXTENT.entries) < leaf.max) {
        this.#insertEntry(path, extent);
        return;
      }
      this.#makeRoom(path, extent.block);
    }
  }

  /** Marks [block, block + count) as written; all of it must be mapped by one unwritten extent. */
  markWritten(block: number, count: number): void {
    const { start } = this.map(block);
    this.#removeRange(block, block + count, false);
    this.insert({ block, count, start, isUnwritten: false });
  }

  /** Unmaps [from, end) and frees its blocks. */
  remove(from: number, end: number): void {
    this.#removeRange(from, end, true);
  }

  /** Moves what lies from `block` on by `delta` blocks of the file; what it would come to lie on must be a hole. */
  shift(block: number, delta: number): void {
    const behind = this.extents().filter((extent) => extent.block + extent.count > block);
    const moved = behind.map((extent) => {
      const skipped = Math.max(0, block - extent.block);
      const { start, count, isUnwritten } = extent;
      return { block: extent.block + skipped + delta, count: count - skipped, start: start + skipped, isUnwritten };
    });
    this.#removeRange(block, MAX_FILE_BLOCKS + 1, false);
    for (const extent of moved) this.insert(extent);
  }

  #removeRange(from: number, end: number, isFreeing: boolean): void {
    this.#rest = undefined;
    this.#removeFrom(this.#root(), from, end, isFreeing);
    this.#fixRoot();
    const rest = this.#rest;
    if (rest !== undefined) this.insert(rest);
  }

  /** Every extent in order, for reports and tests. */
  extents(): Extent[] {
    const found: Extent[] = [];
    this.#collect(this.#root(), found);
    return found;
  }

  #collect(node: Node, found: Extent[]): void {
    const bytes = this.#bytes(node);
    for (let i = 0; i < u16(bytes, EXTENT.entries); i++) {
      if (node.depth === 0) found.push(readExtent(bytes, i));
      else this.#collect(this.#child(bytes, i, node.depth), found);
    }
  }

  #root(): Node {
    const bytes = this.#inode.blockArea();
    const depth = u16(bytes, EXTENT.depth);
    if (depth > MAX_EXTENT_DEPTH) throw this.#corrupt(`extent tree of depth ${depth}`);
    this.#checkHeader(bytes, depth, 4);
    return { block: 0, depth, max: 4 };
  }

  #child(bytes: Uint8Array, index: number, parentDepth: number): Node {
    const at = entryAt(index);
    const block = u32(bytes, at + EXTENT.leaf_lo) + u16(bytes, at + EXTENT.leaf_hi) * 2 ** 32;
    const node = { block, depth: parentDepth - 1, max: this.#maxInBlock() };
    this.#verify(node, this.#inode.volume.read(block));
    return node;
  }

  #maxInBlock(): number {
    return Math.floor((this.#inode.volume.geometry.blockBytes - EXTENT.headerSize) / EXTENT.size);
  }

  #bytes(node: Node): Uint8Array {
    return node.block === 0 ? this.#inode.blockArea() : this.#inode.volume.read(node.block);
  }

  #forChange(node: Node): Uint8Array {
    if (node.block === 0) return this.#inode.blockAreaForChange();
    this.#sealLater(node.block);
    return this.#inode.volume.modify(node.block);
  }

  #sealLater(block: number): void {
    const { volume } = this.#inode;
    if (!volume.geometry.hasChecksums) return;
    volume.sealLater(`block ${block}`, () => {
      const bytes = volume.modify(block);
      setU32(bytes, tailOffset(bytes), this.#checksum(bytes));
    });
  }

  #checksum(bytes: Uint8Array): number {
    return crc32c(this.#inode.checksumSeed(), bytes, 0, tailOffset(bytes));
  }

  #verify(node: Node, bytes: Uint8Array): void {
    const { volume } = this.#inode;
    if (!volume.isFirstSight(node.block)) {
      // Even a block seen before must be what this index takes it for: a damaged tree may point into itself.
      if (u16(bytes, EXTENT.depth) !== node.depth)
        throw this.#corrupt(`extent block ${node.block} is not of depth ${node.depth}`);
      return;
    }
    try {
      this.#checkHeader(bytes, node.depth, node.max);
      if (volume.geometry.hasChecksums && u32(bytes, tailOffset(bytes)) !== this.#checksum(bytes)) {
        throw this.#corrupt(`extent block ${node.block} checksum is wrong`);
      }
    } catch (error) {
      volume.forgetSight(node.block);
      throw error;
    }
  }

  #checkHeader(bytes: Uint8Array, depth: number, max: number): void {
    const isSound =
      u16(bytes, EXTENT.magic) === EXTENT.magicNumber &&
      u16(bytes, EXTENT.depth) === depth &&
      u16(bytes, EXTENT.entries) <= u16(bytes, EXTENT.max) &&
      u16(bytes, EXTENT.max) <= max;
    if (!isSound) throw this.#corrupt('extent header is damaged');
  }

  #corrupt(what: string): Errno {
    return this.#inode.volume.corrupt(`inode ${this.#inode.number}: ${what}`);
  }

  /** Index of the last entry that begins at or before `block`; -1: none. */
  #search(bytes: Uint8Array, block: number): number {
    let low = 0;
    let high = u16(bytes, EXTENT.entries);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (u32(bytes, entryAt(middle) + EXTENT.block) <= block) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Nodes from the root to the leaf where `block` belongs. */
  #pathTo(block: number): Node[] {
    const path = [this.#root()];
    for (let node = path[0] as Node; node.depth > 0;) {
      const bytes = this.#bytes(node);
      node = this.#child(bytes, Math.max(this.#search(bytes, block), 0), node.depth);
      path.push(node);
    }
    return path;
  }

  /** Joins an extent with its left neighbour, or its right one unless that would change the leaf's first block. */
  #merge(leaf: Node, extent: Extent): boolean {
    const bytes = this.#bytes(leaf);
    const at = this.#search(bytes, extent.block);
    const limit = extent.isUnwritten ? MAX_UNWRITTEN : EXTENT.maxLength;
    const left = at >= 0 ? readExtent(bytes, at) : undefined;
    if (left !== undefined && adjoins(left, extent) && left.count + extent.count <= limit) {
      writeExtent(this.#forChange(leaf), at, { ...left, count: left.count + extent.count });
      return true;
    }
    if (at < 0 || at + 1 >= u16(bytes, EXTENT.entries)) return false;
    const right = readExtent(bytes, at + 1);
    if (!adjoins(extent, right) || right.count + extent.count > limit) return false;
    writeExtent(this.#forChange(leaf), at + 1, { ...extent, count: right.count + extent.count });
    return true;
  }

  #insertEntry(path: readonly Node[], extent: Extent): void {
    const leaf = path.at(-1) as Node;
    const bytes = this.#forChange(leaf);
    const at = this.#search(bytes, extent.block) + 1;
    openGap(bytes, at);
    writeExtent(bytes, at, extent);
    if (at === 0) this.#lowerKeys(path, extent.block);
  }

  /** The leaf got a new first block: so do the indexes above that begin with it. */
  #lowerKeys(path: readonly Node[], block: number): void {
    for (let level = path.length - 2; level >= 0; level--) {
      const node = path[level] as Node;
      const at = Math.max(this.#search(this.#bytes(node), block), 0);
      if (u32(this.#bytes(node), entryAt(at)) <= block) return;
      setU32(this.#forChange(node), entryAt(at), block);
      if (at > 0) return;
    }
  }

  /** Splits the lowest node of the path whose parent has room, or puts a level under a full root. */
  #makeRoom(path: readonly Node[], block: number): void {
    let level = path.length - 1;
    while (level > 0 && u16(this.#bytes(path[level - 1] as Node), EXTENT.entries) >= (path[level - 1] as Node).max)
      level--;
    if (level === 0) this.#grow(path[0] as Node);
    else this.#split(path[level - 1] as Node, path[level] as Node, block);
  }

  #grow(root: Node): void {
    if (root.depth >= MAX_EXTENT_DEPTH) throw this.#corrupt('extent tree is full');
    const block = this.#allocateNode();
    const old = this.#bytes(root);
    const below = this.#inode.volume.fresh(block);
    below.set(old);
    setU16(below, EXTENT.max, this.#maxInBlock());
    this.#sealLater(block);
    const bytes = this.#forChange(root);
    const first = u32(bytes, entryAt(0));
    bytes.fill(0, EXTENT.headerSize);
    setU16(bytes, EXTENT.entries, 1);
    setU16(bytes, EXTENT.depth, root.depth + 1);
    writeIndex(bytes, 0, first, block);
  }

  #split(parent: Node, node: Node, block: number): void {
    const count = u16(this.#bytes(node), EXTENT.entries);
    const at = this.#search(this.#bytes(node), block) + 1;
    // Files grow at their end: then the left node stays full instead of half empty.
    const keep = at >= count ? count - 1 : count >> 1;
    const right = this.#allocateNode();
    const rightBytes = this.#inode.volume.fresh(right);
    const bytes = this.#forChange(node);
    rightBytes.set(bytes.subarray(0, EXTENT.headerSize));
    rightBytes.set(bytes.subarray(entryAt(keep), entryAt(count)), EXTENT.headerSize);
    setU16(rightBytes, EXTENT.entries, count - keep);
    this.#sealLater(right);
    setU16(bytes, EXTENT.entries, keep);
    bytes.fill(0, entryAt(keep), entryAt(count));
    const parentBytes = this.#forChange(parent);
    const first = u32(rightBytes, entryAt(0));
    const index = this.#search(parentBytes, first) + 1;
    openGap(parentBytes, index);
    writeIndex(parentBytes, index, first, right);
  }

  #allocateNode(): number {
    const { start } = this.#groups.allocateBlocks(this.#goal(), 1);
    this.#inode.addBlocks(1);
    this.#inode.volume.isFirstSight(start);
    return start;
  }

  #goal(): number {
    return this.#groups.firstBlockOf(this.#groups.groupOfInode(this.#inode.number));
  }

  /** Removes [from, end) below a node. */
  #removeFrom(node: Node, from: number, end: number, isFreeing: boolean): void {
    if (node.depth === 0) this.#removeFromLeaf(node, from, end, isFreeing);
    else this.#removeFromIndex(node, from, end, isFreeing);
  }

  #removeFromIndex(node: Node, from: number, end: number, isFreeing: boolean): void {
    for (let i = 0; i < u16(this.#bytes(node), EXTENT.entries); i++) {
      const bytes = this.#bytes(node);
      const key = u32(bytes, entryAt(i));
      const isLast = i + 1 === u16(bytes, EXTENT.entries);
      const next = isLast ? MAX_FILE_BLOCKS + 1 : u32(bytes, entryAt(i + 1));
      if (key >= end) return;
      if (next <= from) continue;
      const child = this.#child(bytes, i, node.depth);
      this.#removeFrom(child, from, end, isFreeing);
      const left = this.#bytes(child);
      if (u16(left, EXTENT.entries) === 0) {
        closeGap(this.#forChange(node), i);
        this.#freeNode(child.block);
        i--;
      } else if (u32(left, entryAt(0)) !== key) setU32(this.#forChange(node), entryAt(i), u32(left, entryAt(0)));
    }
  }

  #freeNode(block: number): void {
    this.#inode.volume.forgetSeal(`block ${block}`);
    this.#groups.freeBlocks(block, 1);
    this.#inode.addBlocks(-1);
  }

  #removeFromLeaf(node: Node, from: number, end: number, isFreeing: boolean): void {
    let rest: Extent | undefined;
    for (let i = 0; i < u16(this.#bytes(node), EXTENT.entries); i++) {
      const extent = readExtent(this.#bytes(node), i);
      const extentEnd = extent.block + extent.count;
      if (extent.block >= end) break;
      if (extentEnd <= from) continue;
      const cutFrom = Math.max(from, extent.block);
      const cutEnd = Math.min(end, extentEnd);
      if (isFreeing) {
        this.#groups.freeBlocks(extent.start + cutFrom - extent.block, cutEnd - cutFrom);
        this.#inode.addBlocks(cutFrom - cutEnd);
      }
      const right = {
        ...extent,
        block: cutEnd,
        count: extentEnd - cutEnd,
        start: extent.start + cutEnd - extent.block,
      };
      const bytes = this.#forChange(node);
      if (cutFrom > extent.block) {
        writeExtent(bytes, i, { ...extent, count: cutFrom - extent.block });
        if (right.count > 0) rest = right;
      } else if (right.count > 0) writeExtent(bytes, i, right);
      else {
        closeGap(bytes, i);
        i--;
      }
    }
    this.#rest = rest ?? this.#rest;
  }

  /** An empty tree has depth 0; a root over one leaf that fits into it takes its entries back. */
  #fixRoot(): void {
    const root = this.#root();
    const bytes = this.#bytes(root);
    if (root.depth === 0) return;
    const count = u16(bytes, EXTENT.entries);
    if (count === 0) {
      this.initialise();
      return;
    }
    if (count !== 1) return;
    const child = this.#child(bytes, 0, root.depth);
    const below = this.#bytes(child);
    if (u16(below, EXTENT.entries) > root.max) return;
    const entries = below.slice(0, entryAt(u16(below, EXTENT.entries)));
    const target = this.#forChange(root);
    target.fill(0);
    target.set(entries);
    setU16(target, EXTENT.max, root.max);
    this.#freeNode(child.block);
    this.#fixRoot();
  }
}

function entryAt(index: number): number {
  return EXTENT.headerSize + index * EXTENT.size;
}

/** The checksum stands behind the last entry there is room for. */
function tailOffset(bytes: Uint8Array): number {
  return Math.min(entryAt(u16(bytes, EXTENT.max)), bytes.length - 4);
}

function readExtent(bytes: Uint8Array, index: number): Extent {
  const at = entryAt(index);
  const length = u16(bytes, at + EXTENT.len);
  const isUnwritten = length > EXTENT.maxLength;
  return {
    block: u32(bytes, at + EXTENT.block),
    count: isUnwritten ? length - EXTENT.maxLength : length,
    start: u32(bytes, at + EXTENT.start_lo) + u16(bytes, at + EXTENT.start_hi) * 2 ** 32,
    isUnwritten,
  };
}

function writeExtent(bytes: Uint8Array, index: number, { block, count, start, isUnwritten }: Extent): void {
  const at = entryAt(index);
  setU32(bytes, at + EXTENT.block, block);
  setU16(bytes, at + EXTENT.len, isUnwritten ? count + EXTENT.maxLength : count);
  setU16(bytes, at + EXTENT.start_hi, Math.floor(start / 2 ** 32));
  setU32(bytes, at + EXTENT.start_lo, start % 2 ** 32);
}

function writeIndex(bytes: Uint8Array, index: number, block: number, leaf: number): void {
  const at = entryAt(index);
  setU32(bytes, at + EXTENT.block, block);
  setU32(bytes, at + EXTENT.leaf_lo, leaf % 2 ** 32);
  setU16(bytes, at + EXTENT.leaf_hi, Math.floor(leaf / 2 ** 32));
  setU16(bytes, at + EXTENT.leaf_hi + 2, 0);
}

function openGap(bytes: Uint8Array, index: number): void {
  const count = u16(bytes, EXTENT.entries);
  bytes.copyWithin(entryAt(index + 1), entryAt(index), entryAt(count));
  setU16(bytes, EXTENT.entries, count + 1);
}

function closeGap(bytes: Uint8Array, index: number): void {
  const count = u16(bytes, EXTENT.entries);
  bytes.copyWithin(entryAt(index), entryAt(index + 1), entryAt(count));
  bytes.fill(0, entryAt(count - 1), entryAt(count));
  setU16(bytes, EXTENT.entries, count - 1);
}

function adjoins(left: Extent, right: Extent): boolean {
  const isNext = left.block + left.count === right.block && left.start + left.count === right.start;
  return isNext && left.isUnwritten === right.isUnwritten;
}

function mappingIn(extent: Extent, block: number, end: number): Mapping {
  const skipped = block - extent.block;
  if (skipped >= extent.count) return hole(block, end);
  return { start: extent.start + skipped, count: extent.count - skipped, isUnwritten: extent.isUnwritten };
}

function hole(block: number, end: number): Mapping {
  return { start: 0, count: Math.max(end - block, 1), isUnwritten: false };
}
