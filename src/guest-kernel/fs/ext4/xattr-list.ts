/**
 * Extended attributes as ext4 lays them out (fs/ext4/xattr.h), in the rest of an inode or in a block of their own:
 *
 *   inode:  magic(4) | entries … 0 | free | values           value offsets count from the first entry
 *   block:  header(32) | entries … 0 | free | values         from the start of the block; entries sorted
 *   entry:  name_len(1) name_index(1) value_offs(2) value_inum(4) value_size(4) hash(4) name, padded to 4
 */
import { bytesOf, byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { setU16, setU32, u16, u32 } from './little-endian.ts';

export interface Xattr {
  /** With its prefix: 'user.mime'. */
  readonly name: ByteString;
  readonly value: Uint8Array;
}

const ENTRY_BYTES = 16;
const END_BYTES = 4;
/** Name prefixes by index; longer ones first, so that a name finds its own. */
const PREFIXES: readonly (readonly [number, ByteString, boolean])[] = [
  [2, 'system.posix_acl_access', true],
  [3, 'system.posix_acl_default', true],
  [1, 'user.', false],
  [4, 'trusted.', false],
  [6, 'security.', false],
  [7, 'system.', false],
];

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** Index and the rest of a name; undefined for a namespace that ext4 does not keep. */
export function splitName(name: ByteString): { readonly index: number; readonly rest: ByteString } | undefined {
  for (const [index, prefix, isWhole] of PREFIXES) {
    if (isWhole ? name === prefix : name.startsWith(prefix)) return { index, rest: name.slice(prefix.length) };
  }
  return undefined;
}

function joinName(index: number, rest: ByteString): ByteString | undefined {
  const prefix = PREFIXES.find(([each]) => each === index)?.[1];
  return prefix === undefined ? undefined : prefix + rest;
}

/** Bytes that the attributes take, with the end mark. */
export function listBytes(list: readonly Xattr[]): number {
  return list.reduce((sum, each) => sum + sizeOf(each), END_BYTES);
}

function sizeOf({ name, value }: Xattr): number {
  return padded(ENTRY_BYTES + (splitName(name)?.rest.length ?? 0)) + padded(value.length);
}

/** Reads the entries from `first` on; values lie relative to `base`. @returns undefined when the list is damaged */
export function readList(bytes: Uint8Array, first: number, base: number): Xattr[] | undefined {
  const list: Xattr[] = [];
  for (let at = first; at + END_BYTES <= bytes.length && u32(bytes, at) !== 0;) {
    const nameBytes = bytes[at] ?? 0;
    if (at + ENTRY_BYTES + nameBytes > bytes.length) return undefined;
    const valueAt = base + u16(bytes, at + 2);
    const valueBytes = u32(bytes, at + 8);
    if (valueBytes > 0 && valueAt + valueBytes > bytes.length) return undefined;
    const rest = byteStringFrom(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes));
    const name = joinName(bytes[at + 1] ?? 0, rest);
    // Values in inodes of their own (ea_inode) are not read: the feature is not mounted.
    if (name !== undefined) list.push({ name, value: bytes.slice(valueAt, valueAt + valueBytes) });
    at += padded(ENTRY_BYTES + nameBytes);
  }
  return list;
}

/** Writes entries from `first` on and values from the end down; the caller has seen that they fit. */
export function writeList(
  bytes: Uint8Array,
  list: readonly Xattr[],
  place: { readonly first: number; readonly base: number; readonly isHashed: boolean },
): void {
  bytes.fill(0, place.first);
  let at = place.first;
  let valueEnd = bytes.length;
  for (const { name, value } of place.isHashed ? list.toSorted(compare) : list) {
    const { index, rest } = splitName(name) ?? { index: 0, rest: '' };
    valueEnd -= padded(value.length);
    bytes.set(value, valueEnd);
    bytes[at] = rest.length;
    bytes[at + 1] = index;
    setU16(bytes, at + 2, value.length === 0 ? 0 : valueEnd - place.base);
    setU32(bytes, at + 8, value.length);
    bytes.set(bytesOf(rest), at + ENTRY_BYTES);
    if (place.isHashed)
      setU32(bytes, at + 12, entryHash(rest, bytes.subarray(valueEnd, valueEnd + padded(value.length))));
    at += padded(ENTRY_BYTES + rest.length);
  }
}

// Linux fs/ext4/xattr.c:ext4_xattr_find_entry: by index, length, bytes.
function compare(a: Xattr, b: Xattr): number {
  const [left, right] = [splitName(a.name), splitName(b.name)];
  if (left === undefined || right === undefined) return 0;
  if (left.index !== right.index) return left.index - right.index;
  if (left.rest.length !== right.rest.length) return left.rest.length - right.rest.length;
  return left.rest < right.rest ? -1 : left.rest > right.rest ? 1 : 0;
}

// ext4_xattr_hash_entry: shifts of 5 for the name, of 16 for the value.
function entryHash(name: ByteString, value: Uint8Array): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash << 5) ^ (hash >>> 27) ^ name.charCodeAt(i);
  for (let at = 0; at < value.length; at += 4) hash = (hash << 16) ^ (hash >>> 16) ^ u32(value, at);
  return hash >>> 0;
}

/** Hash of a block's entries, for its header (ext4_xattr_rehash). */
export function blockHash(bytes: Uint8Array, first: number): number {
  let hash = 0;
  for (let at = first; u32(bytes, at) !== 0; at += padded(ENTRY_BYTES + (bytes[at] ?? 0))) {
    const entry = u32(bytes, at + 12);
    if (entry === 0) return 0;
    hash = (hash << 16) ^ (hash >>> 16) ^ entry;
  }
  return hash >>> 0;
}
