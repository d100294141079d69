/**
 * Pages of shared memory that lie at two places of one memory for the time of one instruction, which reads through one
 * mapping and writes through another (rep movsb between two views of one memfd): moving the page from view to view would
 * never let it finish.
 *
 *   owner's place ──lend──► other view, the same bytes ──the instruction──► settle: what changed goes to the owner
 */
import { type AddressSpace, PAGE_SIZE } from '../../emulator/index.ts';
import type { SharedPages } from '../vfs/shared-pages.ts';

interface LentPage {
  readonly shared: SharedPages;
  readonly filePage: number;
  readonly ownerAddr: number;
  readonly addr: number;
  /** The bytes when it was lent. */
  readonly before: Uint8Array;
}

export class LentPages {
  readonly #space: AddressSpace;
  readonly #lent: LentPage[] = [];

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** Shows a page that lies at `ownerAddr` at `addr` too. */
  lend(page: Omit<LentPage, 'before'>, protection: number): void {
    const before = this.#space.u8.slice(page.ownerAddr, page.ownerAddr + PAGE_SIZE);
    this.#space.u8.set(before, page.addr);
    this.#space.protect(page.addr, PAGE_SIZE, protection);
    this.#lent.push({ ...page, before });
  }

  /** Brings together what the views hold. @returns the places that are no longer anybody's */
  settle(): readonly number[] {
    const { u8 } = this.#space;
    for (const { shared, filePage, ownerAddr, addr, before } of this.#lent) {
      let isChanged = false;
      for (let i = 0; i < PAGE_SIZE; i++) {
        if (u8[addr + i] === before[i]) continue;
        u8[ownerAddr + i] = u8[addr + i] ?? 0;
        isChanged = true;
      }
      if (!isChanged) continue;
      this.#space.noteStore(ownerAddr, PAGE_SIZE);
      shared.markDirty(filePage);
    }
    return this.#lent.map(({ addr }) => addr);
  }
}
