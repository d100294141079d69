/** The block map of ext2 and ext3 files, for reading: 12 direct pointers, then trees of one, two and three levels. */
import type { Mapping } from './extent-tree.ts';
import type { InodeRecord } from './inode-record.ts';
import { u32 } from './little-endian.ts';

const DIRECT = 12;

/** @throws NotResident, EUCLEAN */
export function mapIndirect(inode: InodeRecord, block: number): Mapping {
  const perBlock = inode.volume.geometry.blockBytes / 4;
  let pointer: number;
  if (block < DIRECT) pointer = u32(inode.blockArea(), block * 4);
  else {
    let rest = block - DIRECT;
    let level = 1;
    while (level <= 3 && rest >= perBlock ** level) rest -= perBlock ** level++;
    if (level > 3) return { start: 0, count: 1, isUnwritten: false };
    pointer = u32(inode.blockArea(), (DIRECT + level - 1) * 4);
    for (; level > 0 && pointer !== 0; level--) {
      const index = Math.floor(rest / perBlock ** (level - 1)) % perBlock;
      pointer = u32(inode.volume.read(pointer), index * 4);
    }
  }
  return { start: pointer, count: 1, isUnwritten: false };
}
