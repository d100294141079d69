/** Which pages of a memory hold bytes of their mappings: each is taken out of the machine's memory. */
import { type AddressSpace, GUEST_LIMIT, PAGE_SIZE } from '../../emulator/index.ts';
import { ENOMEM } from '../abi/errno.ts';

/** Pages of the machine's memory that programs hold together. */
export interface MemoryBudget {
  usedPages: number;
  readonly limitPages: number;
}

/** Whole pages. */
export interface Run {
  readonly startAddr: number;
  readonly endAddr: number;
}

/** All zeros when the last map of a space is disposed of: the next one of a warm space takes it over. */
const bytesOfSpaces = new WeakMap<AddressSpace, Uint8Array>();

function bytesOf(space: AddressSpace): Uint8Array {
  let bytes = bytesOfSpaces.get(space);
  if (bytes === undefined) bytesOfSpaces.set(space, (bytes = new Uint8Array(GUEST_LIMIT / PAGE_SIZE)));
  return bytes;
}

export class Residence {
  readonly #budget: MemoryBudget;
  /** One byte per page of the 4 GiB: 1 = holds bytes of its mapping. */
  readonly #resident: Uint8Array;
  #count = 0;
  #peak = 0;

  constructor(space: AddressSpace, budget: MemoryBudget) {
    this.#budget = budget;
    this.#resident = bytesOf(space);
  }

  /** Pages that are there now, and the most there ever were. */
  get count(): number {
    return this.#count;
  }

  get peak(): number {
    return this.#peak;
  }

  has(page: number): boolean {
    return this.#resident[page] === 1;
  }

  /** @throws ENOMEM when the machine has not that many left */
  checkRoom(count: number): void {
    if (this.#budget.usedPages + count > this.#budget.limitPages) throw ENOMEM;
  }

  /** Pages that were not there are from now on. @throws ENOMEM */
  claim(firstPage: number, count: number): void {
    this.checkRoom(count);
    this.#budget.usedPages += count;
    this.#count += count;
    if (this.#count > this.#peak) this.#peak = this.#count;
    this.#resident.fill(1, firstPage, firstPage + count);
  }

  /** A run of pages that are there goes. */
  release({ startAddr, endAddr }: Run): void {
    this.#resident.fill(0, startAddr / PAGE_SIZE, endAddr / PAGE_SIZE);
    this.#count -= (endAddr - startAddr) / PAGE_SIZE;
    this.#budget.usedPages -= (endAddr - startAddr) / PAGE_SIZE;
  }

  /** The pages of a range that are there. */
  runs(startAddr: number, endAddr: number): readonly Run[] {
    const runs: Run[] = [];
    const first = Math.floor(startAddr / PAGE_SIZE);
    const pages = this.#resident.subarray(first, Math.ceil(endAddr / PAGE_SIZE));
    for (let from = pages.indexOf(1); from >= 0;) {
      const absent = pages.indexOf(0, from);
      const to = absent < 0 ? pages.length : absent;
      runs.push({ startAddr: (first + from) * PAGE_SIZE, endAddr: (first + to) * PAGE_SIZE });
      from = pages.indexOf(1, to);
    }
    return runs;
  }
}
