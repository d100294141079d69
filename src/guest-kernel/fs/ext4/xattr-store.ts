/** The extended attributes of one inode: those in the inode's own bytes, and those in a block beside it. */
import { EOPNOTSUPP, ENOSPC } from '../../abi/errno.ts';
import type { BlockGroups } from './block-groups.ts';
import { crc32c } from './checksum.ts';
import type { InodeRecord } from './inode-record.ts';
import { INODE, XATTR_CHECKSUM, XATTR_MAGIC, XATTR_REFCOUNT } from './layout.ts';
import { setU32, u32 } from './little-endian.ts';
import type { Volume } from './volume.ts';
import { type Xattr, blockHash, listBytes, readList, splitName, writeList } from './xattr-list.ts';

const HEADER_BYTES = 32;
const BLOCKS = 8;
const HASH = 12;
const MAGIC_BYTES = 4;

export class XattrStore {
  readonly #volume: Volume;
  readonly #groups: BlockGroups;
  readonly #record: InodeRecord;
  readonly #releaseBlock: () => void;

  /** `releaseBlock` drops the inode's hold on its block. */
  constructor(volume: Volume, groups: BlockGroups, record: InodeRecord, releaseBlock: () => void) {
    this.#volume = volume;
    this.#groups = groups;
    this.#record = record;
    this.#releaseBlock = releaseBlock;
  }

  /** All attributes. @throws EUCLEAN, NotResident */
  list(): Xattr[] {
    return [...this.#inInode(), ...this.#inBlock()];
  }

  /** Changes or removes one, inside a transaction. @throws EOPNOTSUPP for unknown namespaces, ENOSPC */
  set(name: string, value: Uint8Array | undefined): void {
    if (splitName(name) === undefined) throw EOPNOTSUPP;
    const others = this.list().filter((each) => each.name !== name);
    this.#store(value === undefined ? others : [...others, { name, value: value.slice() }]);
  }

  /** Small ones go into the inode while there is room, the rest into the block. */
  #store(list: readonly Xattr[]): void {
    const room = this.#record.extraArea().length - MAGIC_BYTES;
    const inner: Xattr[] = [];
    const outer: Xattr[] = [];
    for (const each of list) (listBytes([...inner, each]) <= room ? inner : outer).push(each);
    if (outer.length > 0 && listBytes(outer) > this.#volume.geometry.blockBytes - HEADER_BYTES) throw ENOSPC;
    if (room > 0) this.#writeInner(inner);
    this.#writeOuter(outer);
  }

  #inInode(): Xattr[] {
    const area = this.#record.extraArea();
    if (area.length < MAGIC_BYTES || u32(area, 0) !== XATTR_MAGIC) return [];
    return this.#sound(readList(area, MAGIC_BYTES, MAGIC_BYTES));
  }

  #inBlock(): Xattr[] {
    const block = this.#blockNumber;
    if (block === 0) return [];
    const bytes = this.#volume.read(block);
    if (u32(bytes, 0) !== XATTR_MAGIC) throw this.#volume.corrupt(`xattr block ${block} is damaged`);
    return this.#sound(readList(bytes, HEADER_BYTES, 0));
  }

  #sound(list: Xattr[] | undefined): Xattr[] {
    if (list === undefined) throw this.#volume.corrupt(`xattrs of inode ${this.#record.number} are damaged`);
    return list;
  }

  get #blockNumber(): number {
    return this.#record.u32(INODE.file_acl_lo) + this.#record.u16(INODE.file_acl_high) * 2 ** 32;
  }

  #writeInner(list: readonly Xattr[]): void {
    const area = this.#record.extraAreaForChange();
    area.fill(0);
    if (list.length === 0) return;
    setU32(area, 0, XATTR_MAGIC);
    writeList(area, list, { first: MAGIC_BYTES, base: MAGIC_BYTES, isHashed: false });
  }

  /** A block that others hold too is left to them. */
  #writeOuter(list: readonly Xattr[]): void {
    const old = this.#blockNumber;
    const isOwn = old !== 0 && u32(this.#volume.read(old), XATTR_REFCOUNT) === 1;
    if (old !== 0 && (list.length === 0 || !isOwn)) this.#releaseBlock();
    if (list.length === 0) return;
    const block = isOwn ? old : this.#allocate();
    const bytes = isOwn ? this.#volume.modify(block) : this.#volume.fresh(block);
    bytes.fill(0);
    setU32(bytes, 0, XATTR_MAGIC);
    setU32(bytes, XATTR_REFCOUNT, 1);
    setU32(bytes, BLOCKS, 1);
    writeList(bytes, list, { first: HEADER_BYTES, base: 0, isHashed: true });
    setU32(bytes, HASH, blockHash(bytes, HEADER_BYTES));
    sealXattrBlock(this.#volume, block, bytes);
  }

  #allocate(): number {
    const near = this.#groups.firstBlockOf(this.#groups.groupOfInode(this.#record.number));
    const { start } = this.#groups.allocateBlocks(near, 1);
    this.#record.setU32(INODE.file_acl_lo, start % 2 ** 32);
    this.#record.setU16(INODE.file_acl_high, Math.floor(start / 2 ** 32));
    this.#record.addBlocks(1);
    return start;
  }
}

/** Linux ext4_xattr_block_csum: the block's number in 64 bits, then the block with its checksum as zero. */
export function sealXattrBlock(volume: Volume, block: number, bytes: Uint8Array): void {
  if (!volume.geometry.hasChecksums) return;
  const number = new Uint8Array(8);
  setU32(number, 0, block % 2 ** 32);
  setU32(number, 4, Math.floor(block / 2 ** 32));
  setU32(bytes, XATTR_CHECKSUM, 0);
  setU32(bytes, XATTR_CHECKSUM, crc32c(crc32c(volume.geometry.checksumSeed, number), bytes));
}
