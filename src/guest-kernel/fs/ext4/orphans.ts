/**
 * Inodes without a name that are still held: a list on the disk (superblock → first, i_dtime → next), so that the next
 * mount can free them when the machine stops before they are closed.
 */
import type { BlockGroups } from './block-groups.ts';
import { InodeRecord } from './inode-record.ts';
import { INODE, SB } from './layout.ts';
import { setU32, u32 } from './little-endian.ts';
import type { Volume } from './volume.ts';

export class Orphans {
  readonly #volume: Volume;
  readonly #groups: BlockGroups;

  constructor(volume: Volume, groups: BlockGroups) {
    this.#volume = volume;
    this.#groups = groups;
  }

  /** Number of the first one, or 0. */
  first(): number {
    return u32(this.#volume.superblock(), SB.last_orphan);
  }

  /** Inside a transaction, as is remove. */
  add(inode: InodeRecord): void {
    inode.setU32(INODE.dtime, this.first());
    this.#setFirst(inode.number);
  }

  /** @throws EUCLEAN when it is not in the list */
  remove(inode: InodeRecord): void {
    const next = inode.u32(INODE.dtime);
    if (this.first() === inode.number) this.#setFirst(next);
    else this.#previousOf(inode.number).setU32(INODE.dtime, next);
    inode.setU32(INODE.dtime, 0);
  }

  #previousOf(number: number): InodeRecord {
    let at = this.first();
    for (let steps = 0; at !== 0 && steps <= this.#volume.geometry.inodeCount; steps++) {
      const record = new InodeRecord(this.#volume, this.#groups, at);
      const next = record.u32(INODE.dtime);
      if (next === number) return record;
      at = next;
    }
    throw this.#volume.corrupt(`inode ${number} is not in the list of orphans`);
  }

  #setFirst(number: number): void {
    setU32(this.#volume.modifySuperblock(), SB.last_orphan, number);
    this.#groups.touchSuperblock();
  }
}
