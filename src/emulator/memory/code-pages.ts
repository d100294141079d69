/**
 * Which guest bytes translations were made from, and the one door through which they are forgotten (DESIGN decision 8).
 *
 * A page with translated code has HAS_CODE set and FAST_WRITE clear, so fast stores to it fail their check and come to
 * `store`. There a bitmap of 64-byte lines tells stores beside the code from stores into it; only the latter drop the
 * page's translations. The kernel's own changes come through AddressSpace.noteStore.
 */
import type { AddressSpace } from './address-space.ts';
import { PERMISSIONS_BASE } from './address-space.ts';
import { PAGE, PAGE_SHIFT, PAGE_SIZE } from './page-permissions.ts';

/** Told that every translation that uses a byte of the page must be forgotten. `page` is address / 4096. */
export type PageDropListener = (page: number) => void;

const LINE_SHIFT = 6;

export class CodePages {
  readonly #space: AddressSpace;
  /** Page → two words, one bit per 64-byte line that holds translated bytes. */
  readonly #lines = new Map<number, Int32Array>();
  readonly #listeners = new Set<PageDropListener>();

  constructor(space: AddressSpace) {
    this.#space = space;
    space.onCodeChange((addr, sizeBytes) => this.#dropRange(addr, sizeBytes));
  }

  /** Calls `listener` for each page that loses its translations. @returns the undo. */
  onDrop(listener: PageDropListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notes that a translation was made from [addr, addr + sizeBytes). */
  add(addr: number, sizeBytes: number): void {
    const lastLine = (addr + sizeBytes - 1) >>> LINE_SHIFT;
    for (let line = addr >>> LINE_SHIFT; line <= lastLine; line++) {
      const words = this.#linesOf(line >>> (PAGE_SHIFT - LINE_SHIFT));
      words[(line >> 5) & 1] |= 1 << (line & 31);
    }
  }

  #linesOf(page: number): Int32Array {
    const known = this.#lines.get(page);
    if (known !== undefined) return known;
    const words = new Int32Array(2);
    this.#lines.set(page, words);
    const at = PERMISSIONS_BASE + page;
    this.#space.u8[at] = (this.#space.u8[at] | PAGE.HAS_CODE) & ~PAGE.FAST_WRITE;
    return words;
  }

  /**
   * To be called before guest code stores to a page that has HAS_CODE.
   * @returns whether translations were dropped: the running block must not go on beyond this instruction.
   */
  store(addr: number, sizeBytes: number): boolean {
    let hasDropped = false;
    const lastLine = (addr + sizeBytes - 1) >>> LINE_SHIFT;
    for (let line = addr >>> LINE_SHIFT; line <= lastLine; line++) {
      const page = line >>> (PAGE_SHIFT - LINE_SHIFT);
      const words = this.#lines.get(page);
      if (words === undefined || (words[(line >> 5) & 1] & (1 << (line & 31))) === 0) continue;
      this.#drop(page);
      hasDropped = true;
    }
    return hasDropped;
  }

  #dropRange(addr: number, sizeBytes: number): void {
    const last = Math.floor((addr + sizeBytes - 1) / PAGE_SIZE);
    for (let page = Math.floor(addr / PAGE_SIZE); page <= last; page++) {
      if (this.#lines.has(page)) this.#drop(page);
    }
  }

  #drop(page: number): void {
    this.#lines.delete(page);
    const { u8 } = this.#space;
    const at = PERMISSIONS_BASE + page;
    u8[at] &= ~PAGE.HAS_CODE;
    // A page whose FAST_READ is clear belongs to another namespace for now: its fast bits stay clear.
    if ((u8[at] & (PAGE.WRITE | PAGE.FAST_READ)) === (PAGE.WRITE | PAGE.FAST_READ)) u8[at] |= PAGE.FAST_WRITE;
    for (const listener of this.#listeners) listener(page);
  }
}
