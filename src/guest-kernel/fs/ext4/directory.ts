/**
 * A directory's names: a file of directory blocks, each with its checksum.
 *
 * Names are found block by block. An htree directory reads the same way (its index blocks look empty); the first
 * change that would have to keep the index in order turns it into a linear one, as Linux does with an index it cannot
 * use. Which block has room, and in which block a name was seen, is remembered as a hint for large directories.
 */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { ENOENT, ENOSPC, type Errno } from '../../abi/errno.ts';
import type { DirectoryEntry } from '../../vfs/inode.ts';
import { crc32c } from './checksum.ts';
import {
  entriesEnd,
  entryBytes,
  findEntry,
  findRoom,
  hasTail,
  insertEntry,
  isNamed,
  nameAt,
  removeEntry,
  writeEntry,
  writeTail,
} from './directory-block.ts';
import type { FileBlocks } from './file-blocks.ts';
import type { InodeRecord } from './inode-record.ts';
import { DIRENT, DIRENT_TAIL_BYTES, EXT4_INDEX_FL, INODE } from './layout.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';
import { NameIndex } from './name-index.ts';

/** Type codes of directory entries, by S_IFMT >> 12. */
// oxfmt-ignore
const TYPE_CODES: Readonly<Record<number, number>> = { 0o10: 1, 0o04: 2, 0o02: 3, 0o06: 4, 0o01: 5, 0o14: 6, 0o12: 7 };
/** DT_* by type code. */
const DT_OF_CODE = [0, 8, 4, 2, 6, 1, 12, 10];

export function typeCodeOf(fileType: number): number {
  return TYPE_CODES[fileType >> 12] ?? 0;
}

interface Found {
  /** Block of the directory file. */
  readonly block: number;
  readonly at: number;
  readonly inode: number;
}

export class Directory {
  readonly #inode: InodeRecord;
  readonly #blocks: FileBlocks;
  readonly #index: NameIndex;

  constructor(inode: InodeRecord, blocks: FileBlocks) {
    this.#inode = inode;
    this.#blocks = blocks;
    this.#index = new NameIndex(inode.volume);
  }

  /** Makes the first block: '.' and '..'. */
  initialise(parent: number): void {
    const { blockBytes } = this.#inode.volume.geometry;
    const bytes = this.#changeBlock(0, true);
    bytes.fill(0);
    writeEntry(bytes, 0, 12, this.#inode.number, '.', 2);
    writeEntry(bytes, 12, entriesEnd(bytes, this.#hasTails) - 12, parent, '..', 2);
    if (this.#hasTails) writeTail(bytes);
    this.#inode.setSizeBytes(blockBytes);
  }

  /** The inode a name leads to. @throws NotResident, EUCLEAN */
  lookup(name: ByteString): number | undefined {
    return this.#find(name)?.inode;
  }

  /** Adds a name that is not there yet. @throws ENOSPC */
  insert(name: ByteString, inode: number, type: number): void {
    this.#makeLinear();
    const needed = entryBytes(name.length);
    const entry = { inode, name, type };
    for (let block = this.#index.roomHint(needed); block < this.#blockCount; block++) {
      const room = findRoom(this.#read(block), needed);
      if (room === 'damaged') throw this.#damaged(block);
      if (room === undefined) continue;
      insertEntry(this.#changeBlock(block), room, entry);
      this.#index.inserted(name, block, needed);
      return;
    }
    this.#append(entry);
  }

  /** Takes a name out. @throws ENOENT */
  remove(name: ByteString): void {
    const found = this.#findOrFail(name);
    removeEntry(this.#changeBlock(found.block), found.at);
    this.#index.removed(name, found.block);
  }

  /** Has an existing name lead elsewhere. @throws ENOENT */
  replace(name: ByteString, inode: number, type: number): void {
    const found = this.#findOrFail(name);
    const bytes = this.#changeBlock(found.block);
    setU32(bytes, found.at, inode);
    bytes[found.at + DIRENT.file_type] = type;
  }

  isEmpty(): boolean {
    for (let block = 0; block < this.#blockCount; block++) {
      const bytes = this.#read(block);
      const found = findEntry(bytes, ({ at, inode }) => {
        if (inode === 0 || isNamed(bytes, at, '.') || isNamed(bytes, at, '..')) return undefined;
        return true;
      });
      if (found !== undefined) return false;
    }
    return true;
  }

  /** Entries from a byte position on, about a block at a time; a position inside a removed entry moves to the next. */
  entries(offset: number): readonly DirectoryEntry[] {
    const { blockBytes } = this.#inode.volume.geometry;
    for (let block = Math.floor(offset / blockBytes); block < this.#blockCount; block++) {
      const bytes = this.#read(block);
      const found: DirectoryEntry[] = [];
      const damaged = findEntry(bytes, ({ at, length, inode }) => {
        const position = block * blockBytes + at;
        if (position < offset || inode === 0) return undefined;
        const type = DT_OF_CODE[bytes[at + DIRENT.file_type] ?? 0] ?? 0;
        found.push({ name: nameAt(bytes, at), inodeNumber: inode, type, nextOffset: position + length });
        return undefined;
      });
      if (damaged === 'damaged') throw this.#damaged(block);
      if (found.length > 0) return found;
    }
    return [];
  }

  get #blockCount(): number {
    return Math.floor(this.#inode.sizeBytes / this.#inode.volume.geometry.blockBytes);
  }

  get #hasTails(): boolean {
    return this.#inode.volume.geometry.hasChecksums;
  }

  #find(name: ByteString): Found | undefined {
    const count = this.#blockCount;
    const hint = this.#index.blockOf(name, count, () => this.#listNames());
    if (hint === 'absent') return undefined;
    for (let i = 0; i < count; i++) {
      const block = hint === undefined ? i : (hint + i) % count;
      const bytes = this.#read(block);
      const found = findEntry(bytes, ({ at, inode }) => {
        return inode !== 0 && isNamed(bytes, at, name) ? { block, at, inode } : undefined;
      });
      if (found === 'damaged') throw this.#damaged(block);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findOrFail(name: ByteString): Found {
    const found = this.#find(name);
    if (found === undefined) throw ENOENT;
    return found;
  }

  *#listNames(): Generator<readonly [ByteString, number]> {
    for (let block = 0; block < this.#blockCount; block++) {
      const bytes = this.#read(block);
      const names: ByteString[] = [];
      const damaged = findEntry(bytes, ({ at, inode }) => {
        if (inode !== 0) names.push(nameAt(bytes, at));
        return undefined;
      });
      if (damaged === 'damaged') throw this.#damaged(block);
      for (const name of names) yield [name, block];
    }
  }

  #append(entry: { inode: number; name: ByteString; type: number }): void {
    const { blockBytes } = this.#inode.volume.geometry;
    const block = this.#blockCount;
    if (block * blockBytes >= 2 ** 31) throw ENOSPC;
    const bytes = this.#changeBlock(block, true);
    bytes.fill(0);
    if (this.#hasTails) writeTail(bytes);
    writeEntry(bytes, 0, entriesEnd(bytes, this.#hasTails), entry.inode, entry.name, entry.type);
    this.#inode.setSizeBytes((block + 1) * blockBytes);
    this.#index.inserted(entry.name, block, entryBytes(entry.name.length));
  }

  /** Turns an htree into a plain directory: its index blocks become blocks with one free entry. */
  #makeLinear(): void {
    if ((this.#inode.flags & EXT4_INDEX_FL) === 0) return;
    this.#inode.setU32(INODE.flags, (this.#inode.flags & ~EXT4_INDEX_FL) >>> 0);
    if (!this.#hasTails) return;
    for (let block = 0; block < this.#blockCount; block++) {
      if (hasTail(this.#read(block))) continue;
      const bytes = this.#changeBlock(block);
      // The root's '..' and an inner node's only entry reach to the end of the block.
      const at = block === 0 ? 12 : 0;
      setU16(bytes, at + DIRENT.rec_len, u16(bytes, at + DIRENT.rec_len) - DIRENT_TAIL_BYTES);
      writeTail(bytes);
    }
  }

  #read(block: number): Uint8Array {
    const { start, isUnwritten } = this.#blocks.map(block);
    if (start === 0 || isUnwritten) throw this.#damaged(block);
    const { volume } = this.#inode;
    const bytes = volume.read(start);
    if (!this.#hasTails || !volume.isFirstSight(start)) return bytes;
    const isSound = hasTail(bytes)
      ? u32(bytes, bytes.length - 4) === this.#checksum(bytes)
      : (this.#inode.flags & EXT4_INDEX_FL) !== 0;
    if (isSound) return bytes;
    volume.forgetSight(start);
    throw volume.corrupt(`directory ${this.#inode.number} block ${block} checksum is wrong`);
  }

  #changeBlock(block: number, isNew = false): Uint8Array {
    if (!isNew) this.#read(block);
    const { volume } = this.#inode;
    const bytes = this.#blocks.blockForChange(block, 1, isNew);
    const { start } = this.#blocks.map(block);
    if (isNew) volume.isFirstSight(start);
    if (this.#hasTails) {
      volume.sealLater(`block ${start}`, () => {
        const sealed = volume.modify(start);
        if (hasTail(sealed)) setU32(sealed, sealed.length - 4, this.#checksum(sealed));
      });
    }
    return bytes;
  }

  #checksum(bytes: Uint8Array): number {
    return crc32c(this.#inode.checksumSeed(), bytes, 0, bytes.length - DIRENT_TAIL_BYTES);
  }

  #damaged(block: number): Errno {
    return this.#inode.volume.corrupt(`directory ${this.#inode.number} block ${block} is damaged`);
  }
}
