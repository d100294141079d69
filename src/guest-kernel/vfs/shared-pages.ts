/**
 * Pages of files that are mapped MAP_SHARED. Each has one owner at a time (DESIGN decision 3):
 *
 *   file ──touch──► a place in a memory ──touch elsewhere──► the other place        (bytes move, the first is cleared)
 *                        │ unmap, exit: dirty bytes  
 *                        ▼
 *                     detached here ──write-back──► file
 *
 * Everywhere else the page is not resident, so generated code finds its permission byte clear, leaves with a fault, and
 * the kernel moves the page and lets the instruction run again. A page comes without the right to write; the first store
 * faults too and marks it dirty. read(2) and write(2) do not move pages: they look at the owner's bytes (`readFile`,
 * `writeFile`), which is enough, as no guest runs meanwhile.
 */
import { Errno } from '../abi/errno.ts';
import { FutexTable } from '../program/futex-table.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { type Filesystem, type Inode, NotResident } from './inode.ts';

const PAGE_BYTES = 4096;
/** Dirty neighbours that go to the file in one write. */
const RUN_PAGES = 64;

/** A memory that pages may lie in. */
export interface PageHolder {
  /** The page's bytes, not kept. `isChanging`: translations made from them are forgotten. */
  pageBytes(addr: number, isChanging: boolean): Uint8Array;
  /** The page belongs to another place from now on. */
  surrenderPage(addr: number): void;
  /** The page is clean: the next store must fault. */
  cleanPage(addr: number): void;
}

interface Owner {
  readonly holder: PageHolder;
  readonly addr: number;
  isDirty: boolean;
}

export class SharedPages {
  readonly inode: Inode;
  /** Who waits on futex words in the file, by offset. */
  readonly futexes = new FutexTable();
  /** By page of the file. */
  readonly #owners = new Map<number, Owner>();
  /** Dirty bytes of pages without an owner. */
  readonly #detached = new Map<number, Uint8Array>();

  constructor(inode: Inode) {
    this.inode = inode;
  }

  /** Shared mappings, and those of them that may be written. */
  mappings = 0;
  writableMappings = 0;
  /** A mapping went. */
  onUnmapped: (() => void) | undefined;

  get isUnwritten(): boolean {
    if (this.#detached.size > 0) return true;
    for (const owner of this.#owners.values()) if (owner.isDirty) return true;
    return false;
  }

  hasOwner(page: number): boolean {
    return this.#owners.has(page);
  }

  /** Where a page lies in `holder`; undefined: not there. */
  placeIn(page: number, holder: PageHolder): number | undefined {
    const owner = this.#owners.get(page);
    return owner?.holder === holder ? owner.addr : undefined;
  }

  isOwnedDirty(page: number): boolean {
    return this.#owners.get(page)?.isDirty === true;
  }

  /** Moves a page to `addr` of `holder`; `dst` are its bytes there. @throws NotResident: nothing moved */
  take(page: number, holder: PageHolder, addr: number, dst: Uint8Array): void {
    const former = this.#owners.get(page);
    const detached = this.#detached.get(page);
    if (former !== undefined) {
      dst.set(former.holder.pageBytes(former.addr, false));
      former.holder.surrenderPage(former.addr);
    } else if (detached === undefined) this.inode.read(page * PAGE_BYTES, dst);
    else {
      dst.set(detached);
      this.#forgetDetached(page);
    }
    this.#owners.set(page, { holder, addr, isDirty: former?.isDirty === true || detached !== undefined });
  }

  /** The owner is about to store to it. */
  markDirty(page: number): void {
    const owner = this.#owners.get(page);
    if (owner === undefined || owner.isDirty) return;
    owner.isDirty = true;
    unwrittenOn(this.inode.filesystem).add(this);
  }

  /** The owner's mapping goes; dirty bytes are kept here until they are written. */
  leave(page: number, holder: PageHolder, addr: number): void {
    const owner = this.#owners.get(page);
    if (owner?.holder !== holder || owner.addr !== addr) return;
    this.#owners.delete(page);
    if (!owner.isDirty) return;
    if (this.#detached.size === 0) this.inode.retain();
    this.#detached.set(page, holder.pageBytes(addr, false).slice());
  }

  /** Lays what is newer than the file over bytes read from it. */
  overlay(offset: number, bytes: Uint8Array): void {
    this.#forEach(offset, bytes.length, (page, from, at, length) => {
      const newer = this.#detached.get(page) ?? this.#dirtyBytes(page);
      if (newer !== undefined) bytes.set(newer.subarray(from, from + length), at);
    });
  }

  /** The file has been written; mapped copies follow. `src` undefined: zeros. */
  patch(offset: number, count: number, src: Uint8Array | undefined): void {
    this.#forEach(offset, count, (page, from, at, length) => {
      const owner = this.#owners.get(page);
      const dst = this.#detached.get(page) ?? owner?.holder.pageBytes(owner.addr, true);
      if (src === undefined) dst?.fill(0, from, from + length);
      else dst?.set(src.subarray(at, at + length), from);
    });
  }

  /** The file ends at `sizeBytes` now: later pages are gone, and the rest of the last one is zeros. */
  truncated(sizeBytes: number): void {
    const end = Math.ceil(sizeBytes / PAGE_BYTES);
    if (sizeBytes % PAGE_BYTES !== 0) this.patch(sizeBytes, PAGE_BYTES - (sizeBytes % PAGE_BYTES), undefined);
    for (const [page, { holder, addr }] of this.#owners) {
      if (page < end) continue;
      this.#owners.delete(page);
      holder.surrenderPage(addr);
    }
    for (const page of this.#detached.keys()) if (page >= end) this.#forgetDetached(page);
  }

  /** The bytes behind [offset, …) moved in the file (collapse, insert): mapped copies are to be read anew. */
  forgetFrom(offset: number): void {
    const first = Math.floor(offset / PAGE_BYTES);
    for (const [page, { holder, addr }] of this.#owners) {
      if (page < first) continue;
      this.#owners.delete(page);
      holder.surrenderPage(addr);
    }
  }

  /** Writes what is newer than the file to it. @throws NotResident: what is left stays dirty */
  writeBack(): void {
    const pages = [...this.#detached.keys(), ...this.#dirtyPages()].toSorted((a, b) => a - b);
    for (let i = 0; i < pages.length;) {
      let count = 1;
      while (count < RUN_PAGES && pages[i + count] === (pages[i] ?? 0) + count) count++;
      this.#writeRun(pages[i] ?? 0, count);
      i += count;
    }
    unwrittenOn(this.inode.filesystem).delete(this);
  }

  #writeRun(firstPage: number, count: number): void {
    const offset = firstPage * PAGE_BYTES;
    const sizeBytes = Math.min(count * PAGE_BYTES, this.inode.attributes().sizeBytes - offset);
    if (sizeBytes > 0) {
      const bytes = new Uint8Array(sizeBytes);
      this.overlay(offset, bytes);
      try {
        this.inode.write(offset, bytes);
      } catch (error) {
        // No room on the disk: what nobody waits for is lost, as on Linux.
        if (!(error instanceof Errno)) throw error;
      }
    }
    for (let page = firstPage; page < firstPage + count; page++) {
      this.#forgetDetached(page);
      const owner = this.#owners.get(page);
      if (owner === undefined) continue;
      owner.isDirty = false;
      owner.holder.cleanPage(owner.addr);
    }
  }

  #dirtyPages(): number[] {
    return [...this.#owners].filter(([, { isDirty }]) => isDirty).map(([page]) => page);
  }

  #dirtyBytes(page: number): Uint8Array | undefined {
    const owner = this.#owners.get(page);
    return owner?.isDirty === true ? owner.holder.pageBytes(owner.addr, false) : undefined;
  }

  #forgetDetached(page: number): void {
    if (this.#detached.delete(page) && this.#detached.size === 0) this.inode.release();
  }

  #forEach(
    offset: number,
    count: number,
    visit: (page: number, from: number, at: number, length: number) => void,
  ): void {
    if (this.#owners.size === 0 && this.#detached.size === 0) return;
    for (let at = 0; at < count;) {
      const from = (offset + at) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - from, count - at);
      visit(Math.floor((offset + at) / PAGE_BYTES), from, at, length);
      at += length;
    }
  }
}

const pagesOf = new WeakMap<Inode, SharedPages>();

/** The shared pages of a file, made at the first shared mapping. */
export function sharedPages(inode: Inode): SharedPages {
  let pages = pagesOf.get(inode);
  if (pages === undefined) pagesOf.set(inode, (pages = new SharedPages(inode)));
  return pages;
}

export function isMappedWritable(inode: Inode): boolean {
  return (pagesOf.get(inode)?.writableMappings ?? 0) > 0;
}

class UnwrittenSet extends Set<SharedPages> {
  /** Woken when there is something to write. */
  readonly dirtied = new WaitQueue();

  override add(pages: SharedPages): this {
    super.add(pages);
    this.dirtied.wake();
    return this;
  }
}

const unwritten = new WeakMap<Filesystem, UnwrittenSet>();

/** Files of a filesystem with mapped pages that are newer than the file. */
export function unwrittenOn(filesystem: Filesystem): UnwrittenSet {
  let set = unwritten.get(filesystem);
  if (set === undefined) unwritten.set(filesystem, (set = new UnwrittenSet()));
  return set;
}

/** Writes mapped pages to their files, all of a filesystem or one file's. @throws NotResident: call it again */
export function writeBackShared(filesystem: Filesystem, only?: Inode): void {
  for (const pages of unwrittenOn(filesystem)) if (only === undefined || pages.inode === only) pages.writeBack();
}

/** A mapping went: what can be written at once is. */
export function writeBackQuietly(pages: SharedPages): void {
  try {
    pages.writeBack();
  } catch (error) {
    if (!(error instanceof NotResident)) throw error;
  }
}

/** read(2) of a file that may be mapped: the file's bytes as the programs that map it see them. */
export function readFile(inode: Inode, offset: number, dst: Uint8Array): number {
  const count = inode.read(offset, dst);
  pagesOf.get(inode)?.overlay(offset, dst.subarray(0, count));
  return count;
}

export function writeFile(inode: Inode, offset: number, src: Uint8Array): number {
  const count = inode.write(offset, src);
  pagesOf.get(inode)?.patch(offset, count, src);
  return count;
}

/** truncate(2). */
export function fileTruncated(inode: Inode, sizeBytes: number): void {
  pagesOf.get(inode)?.truncated(sizeBytes);
}

/** fallocate(2) that clears, or moves, what is in the file. @throws NotResident, before anything changed */
export function allocateFile(inode: Inode, mode: number, offset: number, sizeBytes: number): void {
  const pages = pagesOf.get(inode);
  if (pages === undefined) return inode.allocate?.(mode, offset, sizeBytes);
  pages.writeBack();
  inode.allocate?.(mode, offset, sizeBytes);
  pages.forgetFrom(offset);
  return undefined;
}
