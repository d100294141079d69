import { directTargets, type Region } from '../backends/region/region.ts';
import { exitOf, type Block } from '../ir/block.ts';
import type { RegionLimits } from './region-backend.ts';

/** What a region is made of: blocks by address, and what is known of them. */
export interface CodeSurvey {
  /** @param maxInstructions where the block shall end if it does not before */
  lift(rip: number, maxInstructions?: number): Block;
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
  const starts = new Set(blocks.map(({ rip }) => rip));
  return { blocks: blocks.map((block) => endedAt(starts, block, survey)), joins, indirect };
}

/**
 * The block up to where another one starts: a loop that is fallen into has its body once, and one way in. What is behind
 * is reached through that other block.
 */
function endedAt(starts: ReadonlySet<number>, block: Block, survey: CodeSurvey): Block {
  const addresses = block.ops.filter(({ name }) => name === 'instruction').map(({ imm }) => imm);
  const count = addresses.findIndex((rip, i) => i > 0 && starts.has(rip));
  return count < 0 ? block : survey.lift(block.rip, count);
}
