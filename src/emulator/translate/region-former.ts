import { directTargets, type Region } from '../backends/region/region.ts';
import { exitOf, type Block } from '../ir/block.ts';
import type { RegionLimits } from './region-backend.ts';

/** What a region is made of: blocks by address, and what is known of them. */
export interface CodeSurvey {
  lift(rip: number): Block;
  /** Whether a block there belongs into a region. */
  isWanted(rip: number): boolean;
  /** Where the indirect jump of the block was seen to go. */
  targetsOf(block: Block): readonly number[];
}

/**
 * Collects the blocks that direct jumps reach from `root` and that are wanted, breadth first, so that a bound cuts off what
 * is far from the entry.
 */
export function formRegion(
  root: Block,
  survey: CodeSurvey,
  { maxBlocks, maxInstructions, joins }: Pick<RegionLimits, 'maxBlocks' | 'maxInstructions' | 'joins'>,
): Region {
  const indirect = new Map<number, readonly number[]>();
  const blocks = [root];
  const seen = new Set([root.rip]);
  let instructions = root.instructionCount;
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    const isIndirect = exitOf(block).name === 'jumpIndirect';
    const targets = isIndirect ? survey.targetsOf(block) : directTargets(block, joins);
    if (isIndirect) indirect.set(block.rip, targets);
    for (const rip of targets) {
      if (seen.has(rip) || blocks.length === maxBlocks || instructions >= maxInstructions || !survey.isWanted(rip))
        continue;
      const next = survey.lift(rip);
      seen.add(rip);
      if (next.instructionCount === 0 || next.volatileBytes !== undefined) continue;
      blocks.push(next);
      instructions += next.instructionCount;
    }
  }
  return { blocks, joins, indirect };
}
