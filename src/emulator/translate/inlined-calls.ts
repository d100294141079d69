/**
 * Calls that a region goes on behind: a short function that calls none but short ones on its way to RET lies in the region
 * with the code behind the call, so neither call nor return leaves it. RET looks whether it goes where such a call returns
 * to; what goes elsewhere leaves as any other.
 */
import { directTargets, type Joins, type Region } from '../backends/region/region.ts';
import { exitOf, type Block } from '../ir/block.ts';

/** Of a function and all that it calls. What is longer costs more to have twice than a call does (bench/README.md). */
const LIMITS = { blocks: 6, instructions: 40 } as const;

export interface CallSurvey {
  lift(rip: number): Block;
  /** Whether the block there ran often enough, compiled or not. */
  isUsed(rip: number): boolean;
  /** Where the indirect jump of the block was seen to go. */
  targetsOf(block: Block): readonly number[];
}

/** Which functions are short, for one region. */
export class ShortFunctions {
  readonly #survey: CallSurvey;
  readonly #joins: Joins;
  /** Blocks of a function by its address; null for what is not short. */
  readonly #known = new Map<number, readonly number[] | null>();

  constructor(survey: CallSurvey, joins: Joins) {
    this.#survey = survey;
    this.#joins = joins;
  }

  /** Addresses of the blocks of the short function at `rip`; null when it is none. */
  at(rip: number): readonly number[] | null {
    const known = this.#known.get(rip);
    if (known !== undefined) return known;
    const blocks = this.#explore(rip);
    this.#known.set(rip, blocks);
    return blocks;
  }

  #explore(rip: number): readonly number[] | null {
    if (!this.#survey.isUsed(rip)) return null;
    this.#known.set(rip, null); // for functions that call it while it is looked at
    const own = [rip];
    const all = new Set(own);
    let hasReturn = false;
    for (const each of own) {
      const block = this.#survey.lift(each);
      if (block.instructionCount === 0 || block.volatileBytes !== undefined) return null;
      for (const called of this.#calledBy(block) ?? []) all.add(called);
      if (all.size > LIMITS.blocks || this.#sizeOf(all) > LIMITS.instructions) return null;
      hasReturn ||= exitOf(block).name === 'ret';
      for (const next of this.#targetsOf(block)) {
        if (all.has(next) || !this.#survey.isUsed(next)) continue;
        all.add(next);
        own.push(next);
      }
    }
    return hasReturn ? [...all] : null;
  }

  #sizeOf(blocks: ReadonlySet<number>): number {
    let size = 0;
    for (const rip of blocks) size += this.#survey.lift(rip).instructionCount;
    return size;
  }

  #calledBy(block: Block): readonly number[] | null {
    const exit = exitOf(block);
    return exit.name === 'call' ? this.at(exit.imm) : null;
  }

  /** Where the function goes on. */
  #targetsOf(block: Block): readonly number[] {
    const exit = exitOf(block);
    if (exit.name === 'call') return this.at(exit.imm) === null ? [] : [exit.imm2];
    if (exit.name !== 'jumpIndirect') return directTargets(block, this.#joins);
    // A jump to the one place it was ever seen to go is mostly that of a procedure linkage table.
    const targets = this.#survey.targetsOf(block);
    return targets.length === 1 ? targets : [];
  }
}

/** Calls among the blocks whose function and continuation are there too, and where RETs of those functions go. */
export function inlinedCalls(
  blocks: readonly Block[],
  functions: ShortFunctions,
  { joins, indirect }: Pick<Region, 'joins'> & { readonly indirect: ReadonlyMap<number, readonly number[]> },
): Required<Pick<Region, 'calls' | 'indirect'>> {
  const byRip = new Map(blocks.map((block) => [block.rip, block]));
  const calls = new Set<number>();
  const returns = new Map<number, Set<number>>();
  for (const block of blocks) {
    const exit = exitOf(block);
    if (exit.name !== 'call' || !byRip.has(exit.imm) || !byRip.has(exit.imm2) || functions.at(exit.imm) === null)
      continue;
    calls.add(exit.imm2);
    const known = returns.get(exit.imm);
    if (known === undefined) returns.set(exit.imm, new Set([exit.imm2]));
    else known.add(exit.imm2);
  }
  const targets = new Map(indirect);
  for (const [rip, continuations] of returns) {
    for (const ret of returnsOf(rip, byRip, { joins, indirect, calls })) {
      targets.set(ret, [...new Set([...(targets.get(ret) ?? []), ...continuations])]);
    }
  }
  return { calls, indirect: targets };
}

/** Blocks with the RETs of the function. */
function returnsOf(
  rip: number,
  byRip: ReadonlyMap<number, Block>,
  { joins, indirect, calls }: Pick<Region, 'joins'> & Required<Pick<Region, 'calls' | 'indirect'>>,
): readonly number[] {
  const seen = new Set([rip]);
  for (const each of seen) {
    const block = byRip.get(each);
    if (block === undefined) continue;
    const exit = exitOf(block);
    const behind = exit.name === 'call' && calls.has(exit.imm2) ? [exit.imm2] : directTargets(block, joins);
    for (const next of [...behind, ...(indirect.get(each) ?? [])]) seen.add(next);
  }
  return [...seen].filter((each) => {
    const block = byRip.get(each);
    return block !== undefined && exitOf(block).name === 'ret';
  });
}
