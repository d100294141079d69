/** Which regions are compiled together: those asked for, and the blocks that calls in them return to. */
import { bestHead } from '../backends/region/loop-head.ts';
import {
  continuationOf,
  directTargets,
  fallsInto,
  graphOf,
  isInlined,
  type Region,
} from '../backends/region/region.ts';
import type { ExecutorServices } from '../executor.ts';
import { type Block, exitOf } from '../ir/block.ts';
import { optimise } from '../ir/passes/index.ts';
import { GUEST_LIMIT } from '../memory/address-space.ts';
import type { RegionLimits } from './region-backend.ts';
import { type CodeSurvey, formRegion, MAX_JOINED } from './region-former.ts';

export interface BatchQuestions {
  readonly limits: RegionLimits;
  /** Whether there is code at the address already: it is linked, not copied. */
  isCompiled(rip: number): boolean;
  /** Whether the block there is worth compiling. */
  isSeen(rip: number): boolean;
  /** Where the indirect jump at the end of a block was seen to go. */
  targetsOf(blockRip: number, jumpRip: number): readonly number[];
}

const MAX_BLOCK_INSTRUCTIONS = 32;

export interface FormedBatch {
  /** With distinct entries. */
  readonly regions: readonly Region[];
  /** Roots that found no room: for the next batch. */
  readonly left: readonly number[];
}

/** @param roots guest addresses, none of them compiled */
export function formBatch(
  roots: readonly number[],
  services: Pick<ExecutorServices, 'lift'>,
  questions: BatchQuestions,
): FormedBatch {
  const { limits } = questions;
  /** Heads of loops that other regions go on at, so that they need not take them in at a bad place. */
  const heads = new Set<number>();
  const survey = surveyOf(services, questions, heads);
  const regions: Region[] = [];
  const covered = new Set<number>();
  const entries = new Set<number>();
  let blockCount = 0;
  const isFull = (): boolean => blockCount >= limits.batchBlocks;
  const add = (rip: number): void => {
    if (isFull() || entries.has(rip)) return;
    const block = survey.lift(rip);
    if (block.instructionCount === 0 || block.volatileBytes !== undefined) return;
    const region = formRegion(block, survey, limits);
    const head = headOf(region);
    if (head !== rip && !heads.has(head)) {
      heads.add(head);
      // What has code already may be here as part of a loop (region-former.ts): this region goes on there, after all.
      if (!questions.isCompiled(head)) add(head);
      return covered.has(rip) ? undefined : add(rip);
    }
    entries.add(rip);
    regions.push(region);
    blockCount += region.blocks.length;
    for (const { rip: inside } of region.blocks) covered.add(inside);
  };
  const left: number[] = [];
  for (const rip of roots) {
    if (covered.has(rip)) continue;
    if (isFull()) left.push(rip);
    else add(rip);
  }
  if (limits.joins !== 'calls') {
    for (const region of regions) {
      for (const block of region.blocks) {
        if (isInlined(region, exitOf(block))) continue;
        for (const rip of continuationsOf(block)) if (survey.isWanted(rip)) add(rip);
      }
    }
  }
  return { regions, left: left.filter((rip) => !covered.has(rip)) };
}

/** Where the region is better entered; its own entry where it is well there. */
function headOf(region: Region): number {
  const best = bestHead(graphOf(region));
  if (best !== 0) return region.blocks[best].rip;
  // A loop that was found warm where a limit had cut one of its blocks is to have that block whole.
  const [root] = region.blocks;
  const before = region.blocks.filter((block) => directTargets(block, region.joins).includes(root.rip));
  const [block] = before;
  return before.length === 1 && block !== root && fallsInto(block, root.rip) ? block.rip : root.rip;
}

function surveyOf(
  services: Pick<ExecutorServices, 'lift'>,
  questions: BatchQuestions,
  heads: ReadonlySet<number>,
): CodeSurvey {
  /** By address and length. */
  const lifted = new Map<number, Block>();
  return {
    lift: (rip, maxInstructions = MAX_BLOCK_INSTRUCTIONS) => {
      const key = rip * (MAX_JOINED + 1) + maxInstructions;
      let block = lifted.get(key);
      if (block === undefined) lifted.set(key, (block = optimise(services.lift(rip, maxInstructions))));
      return block;
    },
    isWanted: (rip) =>
      rip >= 0 && rip < GUEST_LIMIT && !heads.has(rip) && !questions.isCompiled(rip) && questions.isSeen(rip),
    targetsOf: (block) => questions.targetsOf(block.rip, exitRipOf(block)),
    ...(questions.limits.joins === 'calls'
      ? {}
      : { isCompiled: (rip) => !heads.has(rip) && questions.isCompiled(rip) }),
  };
}

/** Address of the block's last instruction. */
function exitRipOf({ ops, rip }: Block): number {
  return ops.findLast(({ name }) => name === 'instruction')?.imm ?? rip;
}

function continuationsOf(block: Block): readonly number[] {
  const exit = exitOf(block);
  return exit.name === 'call' || exit.name === 'callIndirect' ? [continuationOf(exit)] : [];
}
