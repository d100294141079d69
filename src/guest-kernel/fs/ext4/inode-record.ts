/** One inode's bytes in its group's inode table: fields read in place, changed inside transactions. */
import type { Timestamp } from '../../vfs/inode.ts';
import type { BlockGroups } from './block-groups.ts';
import { crc32c, crc32cOfU32 } from './checksum.ts';
import { EXT4_HUGE_FILE_FL, INODE } from './layout.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';
import type { Volume } from './volume.ts';

const NO_BYTES = new Uint8Array(8);

export class InodeRecord {
  readonly volume: Volume;
  readonly number: number;
  readonly #block: number;
  readonly #at: number;
  #checksumSeed: number | undefined;
  #checksumGeneration = -1;

  /** @throws EUCLEAN when there is no such inode */
  constructor(volume: Volume, groups: BlockGroups, number: number) {
    if (!(number >= 1 && number <= volume.geometry.inodeCount)) throw volume.corrupt(`there is no inode ${number}`);
    this.volume = volume;
    this.number = number;
    const { block, offset } = groups.inodePlace(number);
    this.#block = block;
    this.#at = offset;
  }

  u16(field: number): number {
    return u16(this.volume.read(this.#block), this.#at + field);
  }

  u32(field: number): number {
    return u32(this.volume.read(this.#block), this.#at + field);
  }

  setU16(field: number, value: number): void {
    setU16(this.#forChange(), this.#at + field, value);
  }

  setU32(field: number, value: number): void {
    setU32(this.#forChange(), this.#at + field, value);
  }

  get flags(): number {
    return this.u32(INODE.flags);
  }

  get mode(): number {
    return this.u16(INODE.mode);
  }

  get linkCount(): number {
    return this.u16(INODE.links_count);
  }

  get sizeBytes(): number {
    return this.u32(INODE.size_lo) + this.u32(INODE.size_high) * 2 ** 32;
  }

  setSizeBytes(size: number): void {
    this.setU32(INODE.size_lo, size % 2 ** 32);
    this.setU32(INODE.size_high, Math.floor(size / 2 ** 32));
  }

  /** Allocated 512-byte units, blocks of the map itself included. */
  get blocks512(): number {
    const count = this.u32(INODE.blocks_lo) + this.u16(INODE.blocks_high) * 2 ** 32;
    return (this.flags & EXT4_HUGE_FILE_FL) === 0 ? count : count * (this.volume.geometry.blockBytes / 512);
  }

  /** Accounts for filesystem blocks that came or went. */
  addBlocks(delta: number): void {
    const unit = (this.flags & EXT4_HUGE_FILE_FL) === 0 ? this.volume.geometry.blockBytes / 512 : 1;
    const count = this.u32(INODE.blocks_lo) + this.u16(INODE.blocks_high) * 2 ** 32 + delta * unit;
    if (count < 0) throw this.volume.corrupt(`inode ${this.number} counts less than no blocks`);
    this.setU32(INODE.blocks_lo, count % 2 ** 32);
    this.setU16(INODE.blocks_high, Math.floor(count / 2 ** 32));
  }

  /** A time whose extra field (nanoseconds and two more bits of seconds) may not fit a small inode. */
  time(field: number, extraField: number): Timestamp {
    const seconds = this.u32(field) | 0;
    if (!this.#hasField(extraField)) return { seconds, nanoseconds: 0 };
    const extra = this.u32(extraField);
    return { seconds: seconds + (extra & 3) * 2 ** 32, nanoseconds: extra >>> 2 };
  }

  setTime(field: number, extraField: number, { seconds, nanoseconds }: Timestamp): void {
    const low = seconds | 0;
    this.setU32(field, low);
    // ext4.h, ext4_encode_extra_time: the epoch bits are what the signed low half does not say.
    if (this.#hasField(extraField)) this.setU32(extraField, (nanoseconds << 2) | (((seconds - low) / 2 ** 32) & 3));
  }

  /** The map area of 60 bytes: extent root, block pointers or a fast symlink's text. */
  blockArea(): Uint8Array {
    const from = this.#at + INODE.block;
    return this.volume.read(this.#block).subarray(from, from + INODE.block_bytes);
  }

  blockAreaForChange(): Uint8Array {
    const from = this.#at + INODE.block;
    return this.#forChange().subarray(from, from + INODE.block_bytes);
  }

  /** What is left of the record behind its fields: extended attributes; empty in small inodes. */
  extraArea(): Uint8Array {
    const [from, end] = this.#extraBounds();
    return this.volume.read(this.#block).subarray(from, end);
  }

  extraAreaForChange(): Uint8Array {
    const [from, end] = this.#extraBounds();
    return this.#forChange().subarray(from, end);
  }

  #extraBounds(): readonly [number, number] {
    const { inodeBytes } = this.volume.geometry;
    const end = this.#at + inodeBytes;
    if (inodeBytes === INODE.good_old_size) return [end, end];
    const from = this.#at + INODE.good_old_size + this.u16(INODE.extra_isize);
    return from <= end ? [from, end] : [end, end];
  }

  /** Makes the record all zeros with its extra size set. */
  clear(): void {
    const { inodeBytes, extraInodeBytes } = this.volume.geometry;
    const bytes = this.#forChange();
    bytes.fill(0, this.#at, this.#at + inodeBytes);
    if (inodeBytes > INODE.good_old_size) setU16(bytes, this.#at + INODE.extra_isize, extraInodeBytes || 28);
    this.#checksumSeed = undefined;
  }

  /** Seed of the checksums of this inode and of the blocks that belong to it. */
  checksumSeed(): number {
    const generation = this.u32(INODE.generation);
    if (this.#checksumSeed === undefined || this.#checksumGeneration !== generation) {
      const number = crc32cOfU32(this.volume.geometry.checksumSeed, this.number);
      this.#checksumSeed = crc32cOfU32(number, generation);
      this.#checksumGeneration = generation;
    }
    return this.#checksumSeed;
  }

  /** @throws EUCLEAN */
  verify(): void {
    if (!this.volume.geometry.hasChecksums) return;
    const bytes = this.volume.read(this.#block);
    const expected = this.#checksum(bytes);
    const isWide = this.#hasField(INODE.checksum_hi - 2);
    const high = isWide ? u16(bytes, this.#at + INODE.checksum_hi) * 0x1_0000 : 0;
    const stored = u16(bytes, this.#at + INODE.checksum_lo) + high;
    if (stored === (isWide ? expected : expected & 0xffff)) return;
    throw this.volume.corrupt(`inode ${this.number} checksum is wrong`);
  }

  #seal(): void {
    const bytes = this.volume.modify(this.#block);
    const checksum = this.#checksum(bytes);
    setU16(bytes, this.#at + INODE.checksum_lo, checksum);
    if (this.#hasField(INODE.checksum_hi - 2)) setU16(bytes, this.#at + INODE.checksum_hi, checksum >>> 16);
  }

  // Linux fs/ext4/inode.c:ext4_inode_csum: both halves of the field count as zero.
  #checksum(bytes: Uint8Array): number {
    const { inodeBytes } = this.volume.geometry;
    const at = this.#at;
    let crc = crc32c(this.checksumSeed(), bytes, at, at + INODE.checksum_lo);
    crc = crc32c(crc, NO_BYTES, 0, 2);
    crc = crc32c(crc, bytes, at + INODE.checksum_lo + 2, at + INODE.good_old_size);
    if (inodeBytes === INODE.good_old_size) return crc;
    crc = crc32c(crc, bytes, at + INODE.good_old_size, at + INODE.checksum_hi);
    const isWide = this.#hasField(INODE.checksum_hi - 2);
    crc = isWide ? crc32c(crc, NO_BYTES, 0, 2) : crc32c(crc, bytes, at + INODE.checksum_hi, at + INODE.checksum_hi + 2);
    return crc32c(crc, bytes, at + INODE.checksum_hi + 2, at + inodeBytes);
  }

  /** Whether the four bytes of an extra field lie inside what extra_isize says is used (EXT4_FITS_IN_INODE). */
  #hasField(field: number): boolean {
    if (this.volume.geometry.inodeBytes === INODE.good_old_size) return false;
    return field + 4 <= INODE.good_old_size + this.u16(INODE.extra_isize);
  }

  #forChange(): Uint8Array {
    if (this.volume.geometry.hasChecksums) this.volume.sealLater(`inode ${this.number}`, () => this.#seal());
    return this.volume.modify(this.#block);
  }
}
