/**
 * Which guest bytes translations were made from, and the one door through which they are forgotten (DESIGN decision 8).
 *
 * A page with translated code has HAS_CODE set and FAST_WRITE clear, so fast stores to it fail their check and come to
 * `store`. There a bitmap of 64-byte lines tells stores beside the code from stores into it; only the latter drop the
 * page's translations. The kernel's own changes come through AddressSpace.noteStore.
 *
 * A page whose code the guest hits again and again becomes volatile: HAS_CODE goes, stores are fast again, and its blocks
 * run cold and check themselves: `Block.volatileBytes` is compared before each run (`isUnchanged`). Such a block ends
 * behind an instruction that stores, so it cannot change its own rest. When nothing changed for many runs the page is
 * an ordinary one again, each time after four times as many runs; so code that changes for ever is retranslated a
 * bounded number of times, and a page that a compiler of the guest fills bit by bit does not stay slow.
 */
import type { AddressSpace } from './address-space.ts';
import { PERMISSIONS_BASE } from './address-space.ts';
import { PAGE, PAGE_SHIFT, PAGE_SIZE } from './page-permissions.ts';

/** Guest code as it was when a translation was made from it. */
export interface CodeBytes {
  readonly rip: number;
  readonly bytes: Uint8Array;
}

/** Told that every translation that uses a byte of the page must be forgotten. `page` is address / 4096. */
export type PageDropListener = (page: number) => void;

const LINE_SHIFT = 6;
/** A hit costs as much as some hundred fast stores and the translations: few are borne. */
const MANY_HITS = 16;
/** Cold runs of unchanged blocks after which a volatile page is tried again: as many as make a few blocks warm. */
const FIRST_PATIENCE = 1_000;
const LAST_PATIENCE = 2 ** 30;

/** What is remembered of a page that was hit. */
interface HitPage {
  hits: number;
  isVolatile: boolean;
  /** Runs of its blocks since it last changed, and how many make it an ordinary page. */
  quietRuns: number;
  patience: number;
}

export class CodePages {
  readonly #space: AddressSpace;
  /** Page → two words, one bit per 64-byte line that holds translated bytes. */
  readonly #lines = new Map<number, Int32Array>();
  readonly #hitPages = new Map<number, HitPage>();
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

  /** Notes that a translation was made from [addr, addr + sizeBytes), which is not volatile. */
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
      this.#noteHit(page);
      hasDropped = true;
    }
    return hasDropped;
  }

  /** Whether blocks with bytes on the page (address / 4096) must check themselves. */
  isVolatile(page: number): boolean {
    return this.#hitPages.get(page)?.isVolatile === true;
  }

  /**
   * Whether a block with volatileBytes may run; to be asked before each run. If not, it is to be forgotten and lifted
   * again: its bytes changed, may not be executed any more, or its page is not volatile any more.
   */
  isUnchanged(code: CodeBytes): boolean {
    const { rip, bytes } = code;
    const first = this.#hitPages.get(rip >>> PAGE_SHIFT);
    const page = first?.isVolatile === true ? first : this.#hitPages.get((rip + bytes.length - 1) >>> PAGE_SHIFT);
    if (page?.isVolatile !== true) return false;
    if (!this.isIntact(code)) {
      page.quietRuns = 0;
      return false;
    }
    if (++page.quietRuns < page.patience) return true;
    page.isVolatile = false;
    page.patience = Math.min(4 * page.patience, LAST_PATIENCE);
    return false;
  }

  /** Whether the bytes are still there and executable. */
  isIntact({ rip, bytes }: CodeBytes): boolean {
    if (!this.#space.allows(rip, bytes.length, PAGE.EXEC)) return false;
    const { u8 } = this.#space;
    for (let i = 0; i < bytes.length; i++) if (u8[rip + i] !== bytes[i]) return false;
    return true;
  }

  #noteHit(page: number): void {
    let hit = this.#hitPages.get(page);
    if (hit === undefined) {
      hit = { hits: 0, isVolatile: false, quietRuns: 0, patience: FIRST_PATIENCE };
      this.#hitPages.set(page, hit);
    }
    if (++hit.hits < MANY_HITS) return;
    hit.hits = 0;
    hit.quietRuns = 0;
    hit.isVolatile = true;
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
