/**
 * The entries of one directory block:
 *
 *   | inode u32 | rec_len u16 | name_len u8 | type u8 | name … pad | next entry …  | tail: checksum |
 *
 * rec_len reaches to the next entry; inode 0 marks free room. In an htree directory the index blocks look like one
 * free entry, so that reading entry by entry works there too.
 */
import { byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { DIRENT, DIRENT_TAIL_BYTES, DIRENT_TAIL_TYPE } from './layout.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';

export interface Entry {
  readonly at: number;
  readonly length: number;
  readonly inode: number;
}

/** Bytes an entry with a name of that length needs. */
export function entryBytes(nameLength: number): number {
  return (DIRENT.name + nameLength + 3) & ~3;
}

/** The byte after the last entry: where the tail begins, if the block has one. */
export function entriesEnd(bytes: Uint8Array, isTailed: boolean): number {
  return isTailed ? bytes.length - DIRENT_TAIL_BYTES : bytes.length;
}

/** Whether the block ends with a checksum tail (an htree index block does not). */
export function hasTail(bytes: Uint8Array): boolean {
  const at = bytes.length - DIRENT_TAIL_BYTES;
  const isTail = u32(bytes, at) === 0 && u16(bytes, at + DIRENT.rec_len) === DIRENT_TAIL_BYTES;
  return isTail && bytes[at + DIRENT.name_len] === 0 && bytes[at + DIRENT.file_type] === DIRENT_TAIL_TYPE;
}

export function writeTail(bytes: Uint8Array): void {
  const at = bytes.length - DIRENT_TAIL_BYTES;
  bytes.fill(0, at);
  setU16(bytes, at + DIRENT.rec_len, DIRENT_TAIL_BYTES);
  bytes[at + DIRENT.file_type] = DIRENT_TAIL_TYPE;
}

/**
 * Visits the entries, free ones included, until `visit` returns something.
 * @returns what it returned; 'damaged' when a record makes no sense
 */
export function findEntry<T>(bytes: Uint8Array, visit: (entry: Entry) => T | undefined): T | undefined | 'damaged' {
  const size = bytes.length;
  for (let at = 0; at < size;) {
    const length = u16(bytes, at + DIRENT.rec_len);
    const nameLength = bytes[at + DIRENT.name_len] ?? 0;
    const isSound = length >= 12 && length % 4 === 0 && at + length <= size && entryBytes(nameLength) <= length;
    if (!isSound) return 'damaged';
    const found = visit({ at, length, inode: u32(bytes, at) });
    if (found !== undefined) return found;
    at += length;
  }
  return undefined;
}

export function nameAt(bytes: Uint8Array, at: number): ByteString {
  const length = bytes[at + DIRENT.name_len] ?? 0;
  return byteStringFrom(bytes.subarray(at + DIRENT.name, at + DIRENT.name + length));
}

export function isNamed(bytes: Uint8Array, at: number, name: ByteString): boolean {
  if (bytes[at + DIRENT.name_len] !== name.length) return false;
  const from = at + DIRENT.name;
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false;
  return true;
}

export function writeEntry(
  bytes: Uint8Array,
  at: number,
  length: number,
  inode: number,
  name: ByteString,
  type: number,
): void {
  setU32(bytes, at, inode);
  setU16(bytes, at + DIRENT.rec_len, length);
  bytes[at + DIRENT.name_len] = name.length;
  bytes[at + DIRENT.file_type] = type;
  for (let i = 0; i < name.length; i++) bytes[at + DIRENT.name + i] = name.charCodeAt(i);
}

/** Room for `needed` bytes: the entry to split, or a free one. 'damaged' as findEntry. */
export function findRoom(
  bytes: Uint8Array,
  needed: number,
): { at: number; used: number; length: number } | undefined | 'damaged' {
  return findEntry(bytes, ({ at, length, inode }) => {
    if (bytes[at + DIRENT.file_type] === DIRENT_TAIL_TYPE && inode === 0) return undefined;
    const used = inode === 0 ? 0 : entryBytes(bytes[at + DIRENT.name_len] ?? 0);
    return length - used >= needed ? { at, used, length } : undefined;
  });
}

/** Puts an entry into room that findRoom found. */
export function insertEntry(
  bytes: Uint8Array,
  room: { at: number; used: number; length: number },
  entry: { inode: number; name: ByteString; type: number },
): void {
  if (room.used > 0) setU16(bytes, room.at + DIRENT.rec_len, room.used);
  writeEntry(bytes, room.at + room.used, room.length - room.used, entry.inode, entry.name, entry.type);
}

/** Takes the entry at `at` out: the one before it in the block takes over its room. */
export function removeEntry(bytes: Uint8Array, at: number): void {
  const length = u16(bytes, at + DIRENT.rec_len);
  let previous = -1;
  findEntry(bytes, (entry) => {
    if (entry.at === at) return true;
    previous = entry.at;
    return undefined;
  });
  setU32(bytes, at, 0);
  if (previous >= 0) setU16(bytes, previous + DIRENT.rec_len, u16(bytes, previous + DIRENT.rec_len) + length);
}
