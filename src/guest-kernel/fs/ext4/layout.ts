/**
 * Where things stand on an ext4 disk: byte offsets inside structures, flags and magic numbers.
 * Source: Linux Documentation/filesystems/ext4 and fs/ext4/ext4.h; all numbers are little-endian.
 */

/** Superblock, 1024 bytes at byte 1024 of the disk. `_lo` and `_hi` are halves of one number. */
// oxfmt-ignore
export const SB = {
  offset: 1024, size: 1024,
  inodes_count: 0x00, blocks_count_lo: 0x04, free_blocks_count_lo: 0x0c, free_inodes_count: 0x10,
  first_data_block: 0x14, log_block_size: 0x18, blocks_per_group: 0x20, inodes_per_group: 0x28,
  mtime: 0x2c, wtime: 0x30, mnt_count: 0x34, magic: 0x38, state: 0x3a, rev_level: 0x4c, first_ino: 0x54,
  inode_size: 0x58, feature_compat: 0x5c, feature_incompat: 0x60, feature_ro_compat: 0x64, uuid: 0x68,
  reserved_gdt_blocks: 0xce, last_orphan: 0xe8, hash_seed: 0xec, def_hash_version: 0xfc, desc_size: 0xfe,
  blocks_count_hi: 0x150, free_blocks_count_hi: 0x158, want_extra_isize: 0x15e, flags: 0x160,
  checksum_seed: 0x270, checksum: 0x3fc,
} as const;
export const EXT4_SUPER_MAGIC = 0xef53;
export const EXT2_FLAGS_UNSIGNED_HASH = 2;

export const COMPAT_HAS_JOURNAL = 0x4;
export const COMPAT_DIR_INDEX = 0x20;
export const COMPAT_SPARSE_SUPER2 = 0x200;
export const INCOMPAT_64BIT = 0x80;
export const INCOMPAT_CSUM_SEED = 0x2000;
export const INCOMPAT_RECOVER = 0x4;
export const RO_COMPAT_SPARSE_SUPER = 0x1;
export const RO_COMPAT_HUGE_FILE = 0x8;
export const RO_COMPAT_GDT_CSUM = 0x10;
export const RO_COMPAT_DIR_NLINK = 0x20;
export const RO_COMPAT_METADATA_CSUM = 0x400;

/** Group descriptor, 32 or 64 bytes. */
// oxfmt-ignore
export const GD = {
  block_bitmap_lo: 0x00, inode_bitmap_lo: 0x04, inode_table_lo: 0x08, free_blocks_lo: 0x0c, free_inodes_lo: 0x0e,
  used_dirs_lo: 0x10, flags: 0x12, block_bitmap_csum_lo: 0x18, inode_bitmap_csum_lo: 0x1a, itable_unused_lo: 0x1c,
  checksum: 0x1e, block_bitmap_hi: 0x20, inode_bitmap_hi: 0x24, inode_table_hi: 0x28, free_blocks_hi: 0x2c,
  free_inodes_hi: 0x2e, used_dirs_hi: 0x30, itable_unused_hi: 0x32, block_bitmap_csum_hi: 0x38,
  inode_bitmap_csum_hi: 0x3a,
} as const;
export const BG_INODE_UNINIT = 1;
export const BG_BLOCK_UNINIT = 2;

/** Inode, 128 bytes and more. */
// oxfmt-ignore
export const INODE = {
  mode: 0x00, uid_lo: 0x02, size_lo: 0x04, atime: 0x08, ctime: 0x0c, mtime: 0x10, dtime: 0x14, gid_lo: 0x18,
  links_count: 0x1a, blocks_lo: 0x1c, flags: 0x20, block: 0x28, block_bytes: 60, generation: 0x64, file_acl_lo: 0x68,
  size_high: 0x6c, blocks_high: 0x74, file_acl_high: 0x76, uid_high: 0x78, gid_high: 0x7a, checksum_lo: 0x7c,
  extra_isize: 0x80, checksum_hi: 0x82, ctime_extra: 0x84, mtime_extra: 0x88, atime_extra: 0x8c, crtime: 0x90,
  crtime_extra: 0x94, good_old_size: 128,
} as const;
export const EXT4_IMMUTABLE_FL = 0x10;
export const EXT4_APPEND_FL = 0x20;
export const EXT4_ENCRYPT_FL = 0x800;
export const EXT4_INDEX_FL = 0x1000;
export const EXT4_HUGE_FILE_FL = 0x40000;
export const EXT4_EXTENTS_FL = 0x80000;
export const EXT4_INLINE_DATA_FL = 0x1000_0000;

export const ROOT_INODE = 2;
export const MAX_LINKS = 65_000; // EXT4_LINK_MAX

/** Extent tree: a header of 12 bytes, then entries of 12 bytes (fs/ext4/ext4_extents.h). */
// oxfmt-ignore
export const EXTENT = {
  headerSize: 12, size: 12, magicNumber: 0xf30a,
  magic: 0, entries: 2, max: 4, depth: 6,
  /** Both kinds of entry begin with the first logical block they cover. */
  block: 0,
  /** Leaf: a length above maxLength means unwritten. */
  len: 4, start_hi: 6, start_lo: 8, maxLength: 32_768,
  /** Index: the block of the node below. */
  leaf_lo: 4, leaf_hi: 8,
} as const;
export const MAX_EXTENT_DEPTH = 5;

/** Directory entry: inode, rec_len, name_len, file_type, name; the tail holds a block's checksum. */
export const DIRENT = { inode: 0, rec_len: 4, name_len: 6, file_type: 7, name: 8 } as const;
export const DIRENT_TAIL_BYTES = 12;
export const DIRENT_TAIL_TYPE = 0xde;

export const XATTR_MAGIC = 0xea02_0000;
export const XATTR_REFCOUNT = 4;
export const XATTR_CHECKSUM = 16;
