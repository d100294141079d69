/**
 * The memory of a namespace: which addresses are mapped (areas), which pages hold something (resident), and the
 * placement of new mappings (DESIGN decision 3):
 *
 *   2 MiB       4 MiB …     STACK_TOP      MMAP_BASE                              2 GiB           4 GiB
 *   | ET_EXEC   PIE  brk →     stack | cold | ld.so, mmap, bottom-up, around libraries → | ← reservations |
 *                                      code: the machine's (emulator/memory/address-space.ts), never mapped
 *
 * A page becomes resident at its first touch: translated code finds its permission byte clear and leaves with #PF, a
 * system call finds the same in UserMemory; both call `touch`. Memory grows only when something is mapped, never at a
 * touch, so views of guest memory stay valid through a system call. Only resident pages are ever cleared, so big
 * reservations cost nothing.
 */
import {
  type AddressSpace,
  GUEST_BASE,
  GUEST_LIMIT,
  MICRO_CODE_BASE,
  MICRO_CODE_END,
  PAGE_SIZE,
} from '../../emulator/index.ts';
import { EACCES, EEXIST, EINVAL, ENOMEM, ENOSPC } from '../abi/errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import { type Inode, NotResident } from '../vfs/inode.ts';
import type { FutexPlace } from '../program/futex-table.ts';
import { type PageHolder, readFile, type SharedPages, sharedPages, writeBackQuietly } from '../vfs/shared-pages.ts';
import { type Area, AreaList } from './area-list.ts';
import { LentPages } from './lent-pages.ts';
import type { MemoryPolicy } from './memory-policy.ts';
import type { ProcessImage } from './process-image.ts';
import { type MemoryBudget, Residence, type Run } from './residence.ts';
import { LIBRARIES_BASE, LIBRARIES_END } from './library-places.ts';

/** First address that mmap gives out. Below the machine's area 256 MiB are left for a program's image and its brk. */
export const MMAP_BASE = MICRO_CODE_END;
/** Where the stack of a program's first thread ends. */
export const STACK_TOP = MICRO_CODE_BASE;
/** Reservations of at least this size without access go to the top; malloc's arenas (128 MiB) stay below 2 GiB. */
const RESERVATION_BYTES = 0x1000_0000;
/** Memory grows in steps of 32 MiB: growing is slow (a new buffer, new views), address space costs nothing. */
const GROW_BYTES = 0x200_0000;
/** Pages brought in by one touch, as Linux' fault-around does (mm/memory.c): 64 KiB. */
const AROUND_PAGES = 16;
/** The last 2 MiB stay unmapped: generated code checks a base, not the sum of base and offset (backends/js/writer.ts). */
const TOP = GUEST_LIMIT - 0x20_0000;

export interface MapRequest {
  /** Where: exactly there (isFixed), or a wish. 0: anywhere. */
  readonly addr: number;
  readonly sizeBytes: number;
  readonly protection: number;
  readonly isFixed?: boolean;
  /** With isFixed: EEXIST instead of replacing. */
  readonly isNoReplace?: boolean;
  readonly isShared?: boolean;
  readonly isUnwritable?: boolean;
  readonly isLocked?: boolean;
  readonly isMachine?: boolean;
  readonly policy?: MemoryPolicy;
  readonly inode?: Inode | undefined;
  readonly offset?: number;
  readonly fileBytes?: number;
  readonly name?: string;
}

/** Brought in, or there already; or why not: nothing mapped, not allowed, past the end of its file or without room there. */
export type TouchResult = 'ok' | 'present' | 'unmapped' | 'denied' | 'beyond-file';

export class MemoryMap implements PageHolder {
  readonly space: AddressSpace;
  readonly areas = new AreaList();
  readonly #residence: Residence;
  /** While one instruction needs several views of a shared page. */
  #lending: LentPages | undefined;
  /** The heap of brk(2) is [brkStart, brkEnd); set by the loader. */
  brkStart = 0;
  brkEnd = 0;
  /** Where the loader put the parts of the program; absent before execve is through. */
  image: ProcessImage | undefined;
  /** mlockall(2), MCL_FUTURE. */
  locksFuture = false;
  /** RLIMIT_AS and RLIMIT_DATA. */
  readonly limits = { spaceBytes: Number.POSITIVE_INFINITY, dataBytes: Number.POSITIVE_INFINITY };

  constructor(space: AddressSpace, budget: MemoryBudget) {
    this.space = space;
    this.#residence = new Residence(space, budget);
    space.onStatesFull = (sizeBytes) => this.#mapForMachine(sizeBytes);
  }

  #mapForMachine(sizeBytes: number): number | undefined {
    try {
      const addr = this.map({ addr: 0, sizeBytes, protection: 0, name: '[threads]', isMachine: true });
      this.#ensureSize(addr + sizeBytes);
      this.#residence.claim(addr / PAGE_SIZE, sizeBytes / PAGE_SIZE);
      return addr;
    } catch (error) {
      if (error === ENOMEM) return undefined;
      throw error;
    }
  }

  get residentBytes(): number {
    return this.#residence.count * PAGE_SIZE;
  }

  /** The most there ever was. */
  get peakResidentBytes(): number {
    return this.#residence.peak * PAGE_SIZE;
  }

  /** mmap(2). @returns the address. @throws ENOMEM, EEXIST, EINVAL */
  map(request: MapRequest): number {
    const sizeBytes = pageUp(request.sizeBytes);
    if (sizeBytes === 0) throw EINVAL;
    if (sizeBytes > GUEST_LIMIT) throw ENOMEM;
    const startAddr = this.#place(request, sizeBytes);
    const endAddr = startAddr + sizeBytes;
    this.areas.requireRoom(1);
    this.#checkLimits(request, startAddr, endAddr);
    if (request.protection !== 0) this.#ensureSize(endAddr);
    this.unmap(startAddr, sizeBytes);
    this.areas.insert({
      startAddr,
      endAddr,
      protection: request.protection,
      isShared: request.isShared ?? false,
      shared: request.isShared === true && request.inode !== undefined ? sharedPages(request.inode) : undefined,
      ...(request.isUnwritable === true ? { isUnwritable: true } : {}),
      ...(request.isLocked === true ? { isLocked: true } : {}),
      ...(request.isMachine === true ? { isMachine: true } : {}),
      ...(request.policy === undefined ? {} : { policy: request.policy }),
      ...(request.inode !== undefined && (request.protection & PROT_WRITE) === 0 ? { isPristine: true } : {}),
      inode: request.inode,
      offset: request.inode === undefined ? 0 : (request.offset ?? 0),
      fileBytes: request.inode === undefined ? 0 : (request.fileBytes ?? Number.POSITIVE_INFINITY),
      name: request.name ?? '',
    });
    return startAddr;
  }

  /** munmap(2): nothing need be there. @throws ENOMEM where a hole in one mapping makes too many */
  unmap(addr: number, sizeBytes: number): void {
    const cutOne = this.areas.find(addr);
    if (cutOne !== undefined && cutOne.startAddr < addr && cutOne.endAddr > addr + sizeBytes) this.areas.requireRoom(1);
    for (const piece of this.areas.within(addr, addr + sizeBytes)) if (piece.isMachine !== true) this.#leave(piece);
    this.areas.replace(addr, addr + sizeBytes, (piece) => (piece.isMachine === true ? piece : undefined));
  }

  /** mprotect(2). @throws ENOMEM where something is not mapped, EACCES */
  protect(addr: number, sizeBytes: number, protection: number): void {
    const endAddr = addr + pageUp(sizeBytes);
    if (!this.areas.covers(addr, endAddr)) throw ENOMEM;
    const isWriting = (protection & PROT_WRITE) !== 0;
    if (this.#hasMachineRoom(addr, endAddr)) throw ENOMEM;
    if (isWriting && this.areas.within(addr, endAddr).some((piece) => piece.isUnwritable === true)) throw EACCES;
    if (protection !== 0) this.#ensureSize(endAddr);
    this.areas.replace(addr, endAddr, (piece) => {
      const { isPristine, ...rest } = piece;
      return isPristine === true && !isWriting ? { ...piece, protection } : { ...rest, protection };
    });
    for (const piece of this.areas.within(addr, endAddr)) {
      for (const run of this.residentRuns(piece.startAddr, piece.endAddr)) this.#admit(piece, run);
    }
  }

  /** Gives generated code the rights of resident pages; clean shared ones come without the right to write. */
  #admit(area: Area, run: Run): void {
    const { protection } = area;
    if (area.shared === undefined || (protection & PROT_WRITE) === 0) {
      this.space.protect(run.startAddr, run.endAddr - run.startAddr, protection);
      return;
    }
    for (let at = run.startAddr; at < run.endAddr; at += PAGE_SIZE) {
      const isDirty = area.shared.isOwnedDirty(filePage(area, at));
      this.space.protect(at, PAGE_SIZE, isDirty ? protection : protection & ~PROT_WRITE);
    }
  }

  /** MADV_DONTNEED: private pages fall back to zeros or to the file's bytes at the next touch. */
  forget(addr: number, endAddr: number): void {
    for (const piece of this.areas.within(addr, endAddr)) if (piece.isMachine !== true) this.#leave(piece);
  }

  /**
   * Brings in the page at `addr`, and neighbours of the same mapping, if `wanted` (PROT_* bits) is allowed there.
   * @throws NotResident when the file's bytes must be fetched first, ENOMEM when the machine's memory is used up
   */
  touch(addr: number, wanted: number): TouchResult {
    const area = this.areas.find(addr);
    if (area === undefined) return 'unmapped';
    if (!permits(area.protection, wanted)) return 'denied';
    const page = Math.floor(addr / PAGE_SIZE);
    if ((wanted & PROT_WRITE) !== 0 && !hasRoomFor(area, page)) return 'beyond-file';
    if (this.#residence.has(page)) return this.#storeTo(area, page, wanted) ? 'ok' : 'present';
    const filePages = fileEndPage(area);
    if (page >= filePages) return 'beyond-file';
    const around = page - (page % AROUND_PAGES);
    const first = Math.max(around, area.startAddr / PAGE_SIZE);
    const last = Math.min(around + AROUND_PAGES, area.endAddr / PAGE_SIZE, filePages);
    if (area.shared !== undefined) this.#bringInShared(area, page, first, last);
    else for (let at = first; at < last; at++) if (!this.#residence.has(at)) at = this.#bringIn(area, at, last) - 1;
    this.#storeTo(area, page, wanted);
    return 'ok';
  }

  /** The first store to a shared page makes it dirty. @returns whether that gave a right that was not there */
  #storeTo(area: Area, page: number, wanted: number): boolean {
    const { shared } = area;
    if (shared === undefined || (wanted & PROT_WRITE) === 0) return false;
    const filePageIndex = filePage(area, page * PAGE_SIZE);
    if (shared.isOwnedDirty(filePageIndex)) return false;
    shared.markDirty(filePageIndex);
    this.space.protect(page * PAGE_SIZE, PAGE_SIZE, area.protection);
    return true;
  }

  /** Makes every page of the range resident. @returns whether all allow it. @throws NotResident, ENOMEM */
  populate(addr: number, endAddr: number, wanted: number): boolean {
    for (let at = addr - (addr % PAGE_SIZE); at < endAddr; at += PAGE_SIZE) {
      const result = this.touch(at, wanted);
      if (result !== 'ok' && result !== 'present') return false;
    }
    return true;
  }

  /** MAP_POPULATE: as much as can be had without waiting. */
  populateQuietly(addr: number, endAddr: number): void {
    try {
      this.populate(addr, endAddr, PROT_READ);
    } catch (error) {
      if (error !== ENOMEM && !(error instanceof NotResident)) throw error;
    }
  }

  /** Pages of the range that are there. */
  residentPages(startAddr: number, endAddr: number): number {
    const runs = this.residentRuns(startAddr, endAddr);
    return runs.reduce((sum, run) => sum + (run.endAddr - run.startAddr) / PAGE_SIZE, 0);
  }

  isResident(addr: number): boolean {
    return this.#residence.has(Math.floor(addr / PAGE_SIZE));
  }

  /** Whether a processor's page tables would say that there is a page: not where nothing may be done with it. */
  isPresent(addr: number): boolean {
    return this.isResident(addr) && this.areas.find(addr)?.protection !== 0;
  }

  /** Lengthens a mapping in place. @returns false where something is in the way */
  extend(area: Area, newSizeBytes: number): boolean {
    const endAddr = area.startAddr + newSizeBytes;
    if (endAddr > TOP || isMachines(area.endAddr, endAddr) || this.areas.within(area.endAddr, endAddr).length > 0)
      return false;
    const offset = area.offset + area.endAddr - area.startAddr;
    this.map({ ...area, addr: area.endAddr, sizeBytes: endAddr - area.endAddr, isFixed: true, offset });
    return true;
  }

  /** brk(2): the new end, or the old one where it cannot be. */
  setBreak(endAddr: number, limitAddr: number): number {
    if (endAddr < this.brkStart || endAddr > limitAddr) return this.brkEnd;
    const from = pageUp(this.brkEnd);
    const to = pageUp(endAddr);
    if (to > from) {
      if (this.areas.within(from, to).length > 0) return this.brkEnd;
      const protection = PROT_READ | PROT_WRITE;
      try {
        this.map({ addr: from, sizeBytes: to - from, protection, isFixed: true, name: '[heap]' });
      } catch (error) {
        if (error === ENOMEM) return this.brkEnd;
        throw error;
      }
    } else if (to < from) this.unmap(to, from - to);
    return (this.brkEnd = endAddr);
  }

  /** Moves a mapping with its resident bytes to a free place (mremap(2)); `leaves`: an empty one stays behind. */
  move(area: Area, newSizeBytes: number, newAddr: number, leaves = false): number {
    const oldSize = area.endAddr - area.startAddr;
    if (area.shared !== undefined) {
      const target = this.map({ ...area, addr: newAddr, sizeBytes: newSizeBytes, isFixed: newAddr !== 0 });
      if (!leaves) this.unmap(area.startAddr, oldSize);
      return target;
    }
    const target = this.map({ ...area, addr: newAddr, sizeBytes: newSizeBytes, isFixed: newAddr !== 0 });
    const moved = Math.min(oldSize, newSizeBytes);
    for (const run of this.residentRuns(area.startAddr, area.startAddr + moved)) {
      const to = target + run.startAddr - area.startAddr;
      this.#residence.claim(to / PAGE_SIZE, (run.endAddr - run.startAddr) / PAGE_SIZE);
      this.space.u8.copyWithin(to, run.startAddr, run.endAddr);
      this.space.protect(to, run.endAddr - run.startAddr, area.protection);
    }
    if (leaves) this.forget(area.startAddr, area.endAddr);
    else this.unmap(area.startAddr, oldSize);
    return target;
  }

  /** madvise(2): what a fork does with the range; undefined: it is copied. */
  setOnFork(addr: number, endAddr: number, onFork: Area['onFork']): void {
    this.areas.replace(addr, endAddr, ({ onFork: _before, ...piece }) =>
      onFork === undefined ? piece : { ...piece, onFork },
    );
  }

  /** Takes over all mappings of another memory with what is in them (fork); this one must be empty. @throws ENOMEM */
  copyFrom(other: MemoryMap): void {
    this.#ensureSize(other.space.sizeBytes);
    this.brkStart = other.brkStart;
    this.brkEnd = other.brkEnd;
    this.image = other.image;
    Object.assign(this.limits, other.limits);
    this.space.setWindow(other.space.hasWindow);
    for (const area of other.areas) {
      if (area.isMachine === true || area.onFork === 'skip') continue;
      const { isLocked: _own, ...copy } = area; // mlock(2): not inherited
      this.areas.insert(copy);
      // Shared pages stay where they are; what the file has as well comes from there when it is touched.
      if (area.shared !== undefined || area.isPristine === true || area.onFork === 'wipe') continue;
      for (const run of other.residentRuns(area.startAddr, area.endAddr)) {
        // Pages of zeros come by themselves; those of a file would come with the file's bytes.
        const pieces = area.inode === undefined ? other.#filledRuns(run) : [run];
        for (const piece of pieces) this.#copyRun(other, piece, area.protection);
      }
    }
  }

  #copyRun(other: MemoryMap, { startAddr, endAddr }: Run, protection: number): void {
    this.#residence.claim(startAddr / PAGE_SIZE, (endAddr - startAddr) / PAGE_SIZE);
    this.space.u8.set(other.space.u8.subarray(startAddr, endAddr), startAddr);
    this.space.protect(startAddr, endAddr - startAddr, protection);
  }

  /** The pages of a run that hold something other than zeros. */
  #filledRuns({ startAddr, endAddr }: Run): Run[] {
    const runs: Run[] = [];
    let from = -1;
    for (let at = startAddr; at <= endAddr; at += PAGE_SIZE) {
      const isFilled = at < endAddr && !this.#isZeroPage(at);
      if (isFilled && from < 0) from = at;
      else if (!isFilled && from >= 0) {
        runs.push({ startAddr: from, endAddr: at });
        from = -1;
      }
    }
    return runs;
  }

  #isZeroPage(addr: number): boolean {
    const { i32 } = this.space;
    const end = (addr + PAGE_SIZE) / 4;
    for (let at = addr / 4; at < end; at++) if (i32[at] !== 0) return false;
    return true;
  }

  /** Writes what is dirty in the shared mappings of the range to their files (msync). @throws NotResident */
  writeBack(addr: number, endAddr: number): void {
    for (const { shared } of this.areas.within(addr, endAddr)) shared?.writeBack();
  }

  /** The futex word at `addr` in its file, if it is shared memory. */
  sharedPlace(addr: number): FutexPlace | undefined {
    const area = this.areas.find(addr);
    if (area?.shared === undefined) return undefined;
    return { table: area.shared.futexes, key: area.offset + addr - area.startAddr };
  }

  pageBytes(addr: number, isChanging: boolean): Uint8Array {
    if (isChanging) this.space.noteStore(addr, PAGE_SIZE);
    return this.space.u8.subarray(addr, addr + PAGE_SIZE);
  }

  surrenderPage(addr: number): void {
    this.#drop(addr, addr + PAGE_SIZE);
  }

  /** From now on a shared page that lies here already shows at every place of this memory that is touched. */
  startLending(): void {
    this.#lending = new LentPages(this.space);
  }

  endLending(): void {
    const lent = this.#lending?.settle() ?? [];
    this.#lending = undefined;
    for (const addr of lent) this.#drop(addr, addr + PAGE_SIZE);
  }

  /** @returns whether the page is one of this memory's own */
  #lend(area: Area, shared: SharedPages, page: number): boolean {
    const index = filePage(area, page * PAGE_SIZE);
    const ownerAddr = shared.placeIn(index, this);
    if (ownerAddr === undefined) return false;
    this.#residence.claim(page, 1);
    this.#lending?.lend({ shared, filePage: index, ownerAddr, addr: page * PAGE_SIZE }, area.protection);
    return true;
  }

  cleanPage(addr: number): void {
    const area = this.areas.find(addr);
    if (area !== undefined) this.space.protect(addr, PAGE_SIZE, area.protection & ~PROT_WRITE);
  }

  /** Unmaps all that the program mapped. */
  clear(): void {
    this.unmap(GUEST_BASE, GUEST_LIMIT - GUEST_BASE);
    this.brkStart = 0;
    this.brkEnd = 0;
    this.image = undefined;
    this.locksFuture = false;
    this.space.setWindow(false);
  }

  /** Unmaps all: the space is as new afterwards. */
  dispose(): void {
    this.clear();
    for (const piece of this.areas.remove(GUEST_BASE, GUEST_LIMIT)) this.#drop(piece.startAddr, piece.endAddr);
    this.space.onStatesFull = () => undefined;
  }

  #hasMachineRoom(startAddr: number, endAddr: number): boolean {
    return this.areas.within(startAddr, endAddr).some((piece) => piece.isMachine === true);
  }

  /** @throws ENOMEM where the mapping would pass a limit of its program */
  #checkLimits({ protection, isShared }: MapRequest, startAddr: number, endAddr: number): void {
    const { spaceBytes, dataBytes } = this.limits;
    const isData = isShared !== true && (protection & PROT_WRITE) !== 0;
    if (spaceBytes === Number.POSITIVE_INFINITY && (dataBytes === Number.POSITIVE_INFINITY || !isData)) return;
    const replaced = this.areas.within(startAddr, endAddr).reduce((sum, piece) => sum + size(piece), 0);
    const all = this.areas.all.reduce((sum, area) => sum + size(area), endAddr - startAddr - replaced);
    if (all > spaceBytes) throw ENOMEM;
    const data = this.areas.all.filter((area) => !area.isShared && (area.protection & PROT_WRITE) !== 0);
    if (isData && data.reduce((sum, area) => sum + size(area), endAddr - startAddr) > dataBytes) throw ENOMEM;
  }

  #place(request: MapRequest, sizeBytes: number): number {
    const { addr } = request;
    if (request.isFixed === true) {
      if (addr % PAGE_SIZE !== 0) throw EINVAL;
      if (addr < GUEST_BASE || addr + sizeBytes > TOP || isMachines(addr, addr + sizeBytes)) throw ENOMEM;
      if (request.isNoReplace === true && this.areas.within(addr, addr + sizeBytes).length > 0) throw EEXIST;
      return addr;
    }
    const wish = pageUp(addr);
    const isPossible = wish >= GUEST_BASE && wish + sizeBytes <= TOP && !isMachines(wish, wish + sizeBytes);
    if (isPossible && this.areas.within(wish, wish + sizeBytes).length === 0) return wish;
    const isReservation = request.protection === 0 && sizeBytes >= RESERVATION_BYTES;
    const found =
      (isReservation ? this.areas.highestGap(sizeBytes, MMAP_BASE, TOP) : undefined) ??
      this.areas.lowestGap(sizeBytes, MMAP_BASE, LIBRARIES_BASE) ??
      this.areas.lowestGap(sizeBytes, LIBRARIES_END, TOP) ??
      this.areas.lowestGap(sizeBytes, MMAP_BASE, TOP);
    if (found === undefined) throw ENOMEM;
    return found;
  }

  #ensureSize(endAddr: number): void {
    if (endAddr <= this.space.sizeBytes) return;
    try {
      this.space.ensureSize(Math.min(Math.ceil(endAddr / GROW_BYTES) * GROW_BYTES, GUEST_LIMIT));
    } catch (error) {
      if (error instanceof RangeError) throw ENOMEM;
      throw error;
    }
  }

  /** Loads the run of absent pages that starts at page `first`. @returns the page after it. */
  #bringIn(area: Area, first: number, limit: number): number {
    let end = first;
    while (end < limit && !this.#residence.has(end)) end++;
    const startAddr = first * PAGE_SIZE;
    const sizeBytes = (end - first) * PAGE_SIZE;
    if (area.inode !== undefined) {
      const skipped = startAddr - area.startAddr;
      const fromFile = Math.min(sizeBytes, area.fileBytes - skipped);
      if (fromFile > 0) this.#load(area.inode, area.offset + skipped, startAddr, fromFile);
    }
    this.#residence.claim(first, end - first);
    this.space.protect(startAddr, sizeBytes, area.protection);
    return end;
  }

  /** Takes the page wherever it is, and neighbours that belong to nobody. @throws NotResident, ENOMEM */
  #bringInShared(area: Area, wanted: number, first: number, limit: number): void {
    const { shared } = area;
    if (shared === undefined) return;
    for (let page = first; page < limit; page++) {
      const addr = page * PAGE_SIZE;
      if (this.#lending !== undefined && (page !== wanted || this.#lend(area, shared, page))) continue;
      if (page !== wanted && (this.#residence.has(page) || shared.hasOwner(filePage(area, addr)))) continue;
      this.#residence.checkRoom(1);
      const view = this.space.u8.subarray(addr, addr + PAGE_SIZE);
      try {
        shared.take(filePage(area, addr), this, addr, view);
      } catch (error) {
        view.fill(0);
        if (page !== wanted && error instanceof NotResident) continue;
        throw error;
      }
      this.#residence.claim(page, 1);
      this.#admit(area, { startAddr: addr, endAddr: addr + PAGE_SIZE });
    }
  }

  /** A mapping goes, or forgets what it holds; dirty shared pages find their way to the file. */
  #leave(piece: Area): void {
    const { shared } = piece;
    if (shared !== undefined) {
      for (const run of this.residentRuns(piece.startAddr, piece.endAddr)) {
        for (let at = run.startAddr; at < run.endAddr; at += PAGE_SIZE) shared.leave(filePage(piece, at), this, at);
      }
    }
    this.#drop(piece.startAddr, piece.endAddr);
    if (shared?.isUnwritten === true) writeBackQuietly(shared);
  }

  // Pages that are not resident hold zeros: a read that stops half-way must not leave bytes behind.
  #load(inode: Inode, offset: number, addr: number, sizeBytes: number): void {
    const view = this.space.u8.subarray(addr, addr + sizeBytes);
    try {
      readFile(inode, offset, view);
    } catch (error) {
      view.fill(0);
      throw error;
    }
  }

  /** Clears the bytes and rights of resident pages and gives them back. */
  #drop(startAddr: number, endAddr: number): void {
    for (const run of this.residentRuns(startAddr, endAddr)) {
      const sizeBytes = run.endAddr - run.startAddr;
      this.space.protect(run.startAddr, sizeBytes, 0);
      this.space.u8.fill(0, run.startAddr, run.endAddr);
      this.#residence.release(run);
    }
  }

  /** The pages of a range that are there. */
  residentRuns(startAddr: number, endAddr: number): readonly Run[] {
    return this.#residence.runs(startAddr, endAddr);
  }
}

function size(area: Area): number {
  return area.endAddr - area.startAddr;
}

/** Page of the file that shows at `addr`. */
function filePage(area: Area, addr: number): number {
  return (area.offset + addr - area.startAddr) / PAGE_SIZE;
}

/** Whether some of it lies where the machine keeps micro-ops. */
function isMachines(addr: number, endAddr: number): boolean {
  return addr < MICRO_CODE_END && endAddr > MICRO_CODE_BASE;
}

export function pageUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

// Where the pages that a file fills or begins to fill end: touching beyond is SIGBUS (mmap(2)). The segments of an ELF
// file go on with zeros.
function fileEndPage(area: Area): number {
  if (area.inode === undefined || area.fileBytes !== Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return area.startAddr / PAGE_SIZE + Math.ceil((area.inode.attributes().sizeBytes - area.offset) / PAGE_SIZE);
}

/** Whether what is stored to a page of a shared mapping will have a place in its file (Linux: vm_ops.page_mkwrite). */
function hasRoomFor(area: Area, page: number): boolean {
  const { shared } = area;
  if (shared?.inode.prepareStore === undefined || shared.isOwnedDirty(filePage(area, page * PAGE_SIZE))) return true;
  if (page >= fileEndPage(area)) return true; // it is refused for that
  try {
    shared.inode.prepareStore(filePage(area, page * PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE);
    return true;
  } catch (error) {
    if (error === ENOSPC) return false;
    throw error;
  }
}

// Any right implies reading on x86 (page-permissions.ts).
function permits(protection: number, wanted: number): boolean {
  if (protection === 0) return false;
  if ((wanted & PROT_WRITE) !== 0) return (protection & PROT_WRITE) !== 0;
  return (wanted & PROT_EXEC) === 0 || (protection & PROT_EXEC) !== 0;
}
