/** The superblock: is this an ext4 disk, may we write to it, and how is it laid out. */
import { crc32c } from './checksum.ts';
import {
  COMPAT_DIR_INDEX,
  EXT2_FLAGS_UNSIGNED_HASH,
  EXT4_SUPER_MAGIC,
  INCOMPAT_64BIT,
  INCOMPAT_CSUM_SEED,
  INCOMPAT_RECOVER,
  INODE,
  RO_COMPAT_GDT_CSUM,
  RO_COMPAT_METADATA_CSUM,
  SB,
} from './layout.ts';
import { u16, u32 } from './little-endian.ts';

export interface Geometry {
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly inodeCount: number;
  readonly inodeBytes: number;
  readonly extraInodeBytes: number;
  readonly firstInode: number;
  readonly groupCount: number;
  readonly descriptorBytes: number;
  readonly reservedDescriptorBlocks: number;
  readonly compat: number;
  readonly incompat: number;
  readonly roCompat: number;
  readonly hasChecksums: boolean;
  readonly hasGroupCrc16: boolean;
  readonly hasDirectoryIndex: boolean;
  readonly uuid: Uint8Array;
  /** Seed of every metadata checksum. */
  readonly checksumSeed: number;
  readonly hashSeed: readonly number[];
  readonly isHashUnsigned: boolean;
  readonly hashVersion: number;
}

// FILETYPE, EXTENTS, 64BIT, FLEX_BG, CSUM_SEED
const READABLE_INCOMPAT = 0x2 | 0x40 | INCOMPAT_64BIT | 0x200 | INCOMPAT_CSUM_SEED;
// SPARSE_SUPER, LARGE_FILE, HUGE_FILE, GDT_CSUM, DIR_NLINK, EXTRA_ISIZE, METADATA_CSUM
const WRITABLE_RO_COMPAT = 0x1 | 0x2 | 0x8 | RO_COMPAT_GDT_CSUM | 0x20 | 0x40 | RO_COMPAT_METADATA_CSUM;
// oxfmt-ignore
const INCOMPAT_NAMES: readonly (readonly [number, string])[] = [
  [0x1, 'compression'], [INCOMPAT_RECOVER, 'needs_recovery'], [0x8, 'journal_dev'], [0x10, 'meta_bg'], [0x100, 'mmp'],
  [0x400, 'ea_inode'], [0x1000, 'dirdata'], [0x4000, 'large_dir'], [0x8000, 'inline_data'], [0x10000, 'encrypt'], [0x20000, 'casefold'],
];
// oxfmt-ignore
const RO_COMPAT_NAMES: readonly (readonly [number, string])[] = [
  [0x4, 'btree_dir'], [0x80, 'snapshot'], [0x100, 'quota'], [0x200, 'bigalloc'], [0x800, 'replica'], [0x1000, 'read-only'],
  [0x2000, 'project'], [0x4000, 'shared_blocks'], [0x8000, 'verity'], [0x10000, 'orphan_present'],
];

/** Reads the 1024 bytes of a superblock. @returns what it says, or why it cannot be mounted */
export function parseSuperblock(sb: Uint8Array, diskBytes: number): Geometry | { readonly refusal: string } {
  if (u16(sb, SB.magic) !== EXT4_SUPER_MAGIC) return { refusal: 'no ext4 superblock' };
  const geometry = readGeometry(sb);
  const refusal = checkGeometry(geometry, u32(sb, SB.log_block_size), diskBytes) ?? checkFeatures(geometry);
  if (refusal !== undefined) return { refusal };
  const expected = crc32c(0xffff_ffff, sb, 0, SB.checksum);
  if (geometry.hasChecksums && u32(sb, SB.checksum) !== expected) return { refusal: 'superblock checksum is wrong' };
  return geometry;
}

/** Why such a disk is mounted read-only; undefined: it may be written. */
export function readOnlyReason({ roCompat }: Geometry): string | undefined {
  return unknownFeatures(roCompat & ~WRITABLE_RO_COMPAT, RO_COMPAT_NAMES);
}

function readGeometry(sb: Uint8Array): Geometry {
  const blockBytes = 1024 << (u32(sb, SB.log_block_size) & 31);
  const incompat = u32(sb, SB.feature_incompat);
  const roCompat = u32(sb, SB.feature_ro_compat);
  const is64Bit = (incompat & INCOMPAT_64BIT) !== 0;
  const uuid = sb.slice(SB.uuid, SB.uuid + 16);
  const blockCount = u32(sb, SB.blocks_count_lo) + (is64Bit ? u32(sb, SB.blocks_count_hi) * 2 ** 32 : 0);
  const firstDataBlock = u32(sb, SB.first_data_block);
  const blocksPerGroup = u32(sb, SB.blocks_per_group);
  const isDynamic = u32(sb, SB.rev_level) > 0;
  const hasChecksums = (roCompat & RO_COMPAT_METADATA_CSUM) !== 0;
  return {
    blockBytes,
    blockCount,
    firstDataBlock,
    blocksPerGroup,
    inodesPerGroup: u32(sb, SB.inodes_per_group),
    inodeCount: u32(sb, SB.inodes_count),
    inodeBytes: isDynamic ? u16(sb, SB.inode_size) : INODE.good_old_size,
    extraInodeBytes: u16(sb, SB.want_extra_isize),
    firstInode: isDynamic ? u32(sb, SB.first_ino) : 11,
    groupCount: Math.ceil((blockCount - firstDataBlock) / blocksPerGroup),
    descriptorBytes: is64Bit ? u16(sb, SB.desc_size) : 32,
    reservedDescriptorBlocks: u16(sb, SB.reserved_gdt_blocks),
    compat: u32(sb, SB.feature_compat),
    incompat,
    roCompat,
    hasChecksums,
    hasGroupCrc16: !hasChecksums && (roCompat & RO_COMPAT_GDT_CSUM) !== 0,
    hasDirectoryIndex: (u32(sb, SB.feature_compat) & COMPAT_DIR_INDEX) !== 0,
    uuid,
    checksumSeed: (incompat & INCOMPAT_CSUM_SEED) === 0 ? crc32c(0xffff_ffff, uuid) : u32(sb, SB.checksum_seed),
    hashSeed: [0, 4, 8, 12].map((at) => u32(sb, SB.hash_seed + at)),
    isHashUnsigned: (u32(sb, SB.flags) & EXT2_FLAGS_UNSIGNED_HASH) !== 0,
    hashVersion: sb[SB.def_hash_version] ?? 0,
  };
}

function checkGeometry(geometry: Geometry, logBlockSize: number, diskBytes: number): string | undefined {
  const { blockBytes, blockCount, blocksPerGroup, inodesPerGroup, inodeBytes, descriptorBytes, groupCount } = geometry;
  if (logBlockSize > 2) return `blocks of ${2 ** (10 + logBlockSize)} bytes are not supported`;
  if (geometry.firstDataBlock !== (blockBytes === 1024 ? 1 : 0))
    return `first data block is ${geometry.firstDataBlock}`;
  if (blockCount <= geometry.firstDataBlock || blockCount * blockBytes > diskBytes) {
    return `${blockCount} blocks of ${blockBytes} do not fit on a disk of ${diskBytes} bytes`;
  }
  if (blocksPerGroup === 0 || blocksPerGroup > blockBytes * 8 || blocksPerGroup % 8 !== 0)
    return `${blocksPerGroup} blocks per group`;
  const isPowerOfTwo = (inodeBytes & (inodeBytes - 1)) === 0;
  if (inodeBytes < INODE.good_old_size || inodeBytes > blockBytes || !isPowerOfTwo)
    return `inodes of ${inodeBytes} bytes`;
  if (inodesPerGroup === 0 || inodesPerGroup > blockBytes * 8) return `${inodesPerGroup} inodes per group`;
  if (groupCount * inodesPerGroup !== geometry.inodeCount)
    return `${geometry.inodeCount} inodes in ${groupCount} groups`;
  if (descriptorBytes !== 32 && descriptorBytes !== 64) return `group descriptors of ${descriptorBytes} bytes`;
  return undefined;
}

function checkFeatures({ incompat }: Geometry): string | undefined {
  const unknown = unknownFeatures(incompat & ~READABLE_INCOMPAT, INCOMPAT_NAMES);
  if (unknown !== undefined) return `feature ${unknown} is not supported`;
  return (incompat & 2) === 0 ? 'directories without file types are not supported' : undefined;
}

function unknownFeatures(bits: number, known: readonly (readonly [number, string])[]): string | undefined {
  if (bits === 0) return undefined;
  const names = known.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  return names.length > 0 ? names.join(', ') : `0x${(bits >>> 0).toString(16)}`;
}
