/**
 * The mappings of an address space in rising order (Linux' vm_area_structs), without the bytes behind them.
 * Areas do not overlap. Cutting an area copies its description; each piece holds its own reference on the inode.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { ENOMEM } from '../abi/errno.ts';
import { PROT_WRITE } from '../abi/mman.ts';
import type { Inode } from '../vfs/inode.ts';
import type { SharedPages } from '../vfs/shared-pages.ts';
import { type MemoryPolicy, isSamePolicy } from './memory-policy.ts';

/** vm.max_map_count. */
export const MAX_AREAS = 65_530;
/** Fewer are put in place; so many do not fit on the stack of a call. */
const MANY = 1024;

export interface Area {
  readonly startAddr: number;
  readonly endAddr: number;
  /** PROT_* bits. */
  readonly protection: number;
  readonly isShared: boolean;
  /** Whose pages a shared mapping shows. */
  readonly shared: SharedPages | undefined;
  /** Shared, and its file is not open for writing: it never gets the right to write. */
  readonly isUnwritable?: boolean;
  /** Private, and never was writable: its pages hold what the file holds. */
  readonly isPristine?: boolean;
  /** madvise(2): a forked child does not get it, or gets zeros. */
  readonly onFork?: 'skip' | 'wipe';
  /** mlock(2). */
  readonly isLocked?: boolean;
  /** mbind(2). */
  readonly policy?: MemoryPolicy;
  /** Room of the machine inside the address space (thread states): nothing of the program may touch it. */
  readonly isMachine?: boolean;
  /** The file behind it; undefined: zeros. */
  readonly inode: Inode | undefined;
  /** Offset in the file of startAddr, bytes. */
  readonly offset: number;
  /**
   * Bytes of the file that show, counted from startAddr; what follows is zeros. Infinity for mmap; a segment of an
   * ELF file ends within a page.
   */
  readonly fileBytes: number;
  readonly name: ByteString;
}

export class AreaList {
  #areas: Area[] = [];

  [Symbol.iterator](): Iterator<Area> {
    return this.#areas[Symbol.iterator]();
  }

  get all(): readonly Area[] {
    return this.#areas;
  }

  /** The area that holds `addr`. */
  find(addr: number): Area | undefined {
    const area = this.#areas[this.#indexAfter(addr)];
    return area !== undefined && area.startAddr <= addr ? area : undefined;
  }

  /** The pieces of areas inside [startAddr, endAddr), cut to it. */
  within(startAddr: number, endAddr: number): Area[] {
    const pieces: Area[] = [];
    for (let i = this.#indexAfter(startAddr); i < this.#areas.length; i++) {
      const area = this.#areas[i];
      if (area === undefined || area.startAddr >= endAddr) break;
      pieces.push(cut(area, startAddr, endAddr));
    }
    return pieces;
  }

  /** Whether every byte of the range is mapped. */
  covers(startAddr: number, endAddr: number): boolean {
    let at = startAddr;
    for (const piece of this.within(startAddr, endAddr)) {
      if (piece.startAddr !== at) return false;
      at = piece.endAddr;
    }
    return at === endAddr;
  }

  /** @throws ENOMEM where `more` areas would be too many */
  requireRoom(more: number): void {
    if (more > 0 && this.#areas.length + more > MAX_AREAS) throw ENOMEM;
  }

  /** Adds an area where nothing is; joins it with neighbours that it continues. */
  insert(area: Area): void {
    hold(area);
    const index = this.#indexAfter(area.startAddr);
    this.#areas.splice(index, 0, area);
    this.#join(index);
    this.#join(index - 1);
  }

  /** Takes [startAddr, endAddr) out. @returns the removed pieces. */
  remove(startAddr: number, endAddr: number): Area[] {
    return this.replace(startAddr, endAddr, () => undefined);
  }

  /**
   * Rewrites the description of every piece within the range; undefined drops it. Pieces that then continue each other
   * are one.
   * @returns the former pieces. @throws ENOMEM before anything changed
   */
  replace(startAddr: number, endAddr: number, change: (piece: Area) => Area | undefined): Area[] {
    const former = this.within(startAddr, endAddr);
    if (former.length === 0) return former;
    const first = this.#indexAfter(startAddr);
    const originals = this.#areas.slice(first, first + former.length);
    const pieces: Area[] = [];
    for (const [i, original] of originals.entries()) {
      const middle = former[i];
      if (middle === undefined) continue;
      if (original.startAddr < startAddr) pieces.push(cut(original, original.startAddr, startAddr));
      const changed = change(middle);
      if (changed !== undefined) pieces.push(changed);
      if (original.endAddr > endAddr) pieces.push(cut(original, endAddr, original.endAddr));
    }
    const joined = joinedPieces(pieces);
    this.requireRoom(joined.length - originals.length);
    for (const piece of joined) hold(piece);
    for (const original of originals) letGo(original);
    this.#put(first, originals.length, joined);
    this.#join(first + joined.length - 1);
    this.#join(first - 1);
    return former;
  }

  /** Puts areas in the place of `count` others. */
  #put(first: number, count: number, areas: readonly Area[]): void {
    if (areas.length < MANY) this.#areas.splice(first, count, ...areas);
    else this.#areas = this.#areas.slice(0, first).concat(areas, this.#areas.slice(first + count));
  }

  /** Lowest gap of `sizeBytes` in [lowAddr, highAddr). */
  lowestGap(sizeBytes: number, lowAddr: number, highAddr: number): number | undefined {
    let at = lowAddr;
    for (let i = this.#indexAfter(lowAddr); i < this.#areas.length; i++) {
      const area = this.#areas[i];
      if (area === undefined || area.startAddr >= at + sizeBytes) break;
      at = Math.max(at, area.endAddr);
    }
    return at + sizeBytes <= highAddr ? at : undefined;
  }

  /** Highest gap of `sizeBytes` in [lowAddr, highAddr). */
  highestGap(sizeBytes: number, lowAddr: number, highAddr: number): number | undefined {
    let end = highAddr;
    for (let i = this.#areas.length - 1; i >= 0; i--) {
      const area = this.#areas[i];
      if (area === undefined || area.endAddr <= end - sizeBytes) break;
      end = Math.min(end, area.startAddr);
    }
    return end - sizeBytes >= lowAddr ? end - sizeBytes : undefined;
  }

  /** Index of the first area that ends after `addr`. */
  #indexAfter(addr: number): number {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#areas[middle]?.endAddr ?? 0) > addr) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Joins the areas at `index` and `index + 1` if the second only continues the first. */
  #join(index: number): void {
    const a = this.#areas[index];
    const b = this.#areas[index + 1];
    if (a === undefined || b === undefined || !continues(a, b)) return;
    letGo(b);
    this.#areas.splice(index, 2, joinedArea(a, b));
  }
}

/** Of an area and the one that continues it. */
function joinedArea(a: Area, b: Area): Area {
  const fileBytes = a.inode === undefined ? 0 : b.startAddr - a.startAddr + b.fileBytes;
  return { ...a, endAddr: b.endAddr, fileBytes };
}

function joinedPieces(pieces: readonly Area[]): Area[] {
  const joined: Area[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && continues(last, piece)) joined[joined.length - 1] = joinedArea(last, piece);
    else joined.push(piece);
  }
  return joined;
}

function hold(area: Area): void {
  area.inode?.retain();
  const { shared } = area;
  if (shared === undefined) return;
  shared.mappings++;
  if ((area.protection & PROT_WRITE) !== 0) shared.writableMappings++;
}

function letGo(area: Area): void {
  area.inode?.release();
  const { shared } = area;
  if (shared === undefined) return;
  shared.mappings--;
  if ((area.protection & PROT_WRITE) !== 0) shared.writableMappings--;
  shared.onUnmapped?.();
}

function cut(area: Area, startAddr: number, endAddr: number): Area {
  const from = Math.max(area.startAddr, startAddr);
  const skipped = from - area.startAddr;
  return {
    ...area,
    startAddr: from,
    endAddr: Math.min(area.endAddr, endAddr),
    offset: area.inode === undefined ? 0 : area.offset + skipped,
    fileBytes: Math.max(0, area.fileBytes - skipped),
  };
}

function continues(a: Area, b: Area): boolean {
  if (a.endAddr !== b.startAddr || a.protection !== b.protection || a.isShared !== b.isShared) return false;
  if (a.inode !== b.inode || a.name !== b.name || a.isPristine !== b.isPristine) return false;
  if (a.onFork !== b.onFork || a.isLocked !== b.isLocked || !isSamePolicy(a.policy, b.policy)) return false;
  if (a.inode === undefined) return true;
  const size = a.endAddr - a.startAddr;
  // All of the file, or up to a byte: a segment that ends within a page may stand behind one that does not.
  const endsAlike = (a.fileBytes === Number.POSITIVE_INFINITY) === (b.fileBytes === Number.POSITIVE_INFINITY);
  return b.offset === a.offset + size && a.fileBytes >= size && endsAlike;
}
