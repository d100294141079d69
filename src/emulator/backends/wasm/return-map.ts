/** Which regions of a module belong to one guest function, and where calls of that function in the module come back to. */
import { exitOf } from '../../ir/block.ts';
import { continuationOf, type Region } from '../region/region.ts';

/** Compares in front of the jump cache: more of them cost more than a look-up. */
const MOST_RETURNS = 2;

export class ReturnMap {
  /** Entry of the function by entry of a region in it. */
  readonly #functions = new Map<number, number>();
  /** Continuations of calls by the entry of the function called. */
  readonly #continuations = new Map<number, Set<number>>();

  constructor(regions: readonly Region[]) {
    for (const region of regions) {
      const entry = region.blocks[0].rip;
      const ownFunction = this.#functions.get(entry) ?? entry;
      for (const block of region.blocks) {
        const exit = exitOf(block);
        if (exit.name !== 'call' && exit.name !== 'callIndirect') continue;
        const next = continuationOf(exit);
        if (!this.#functions.has(next)) this.#functions.set(next, ownFunction);
        if (exit.name === 'call') this.#noteCall(exit.imm, next);
      }
    }
  }

  #noteCall(target: number, next: number): void {
    const known = this.#continuations.get(target);
    if (known === undefined) this.#continuations.set(target, new Set([next]));
    else known.add(next);
  }

  of(region: Region): readonly number[] {
    const entry = region.blocks[0].rip;
    return [...(this.#continuations.get(this.#functions.get(entry) ?? entry) ?? [])].slice(0, MOST_RETURNS);
  }
}
