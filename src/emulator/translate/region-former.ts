import { directTargets, type Region } from '../backends/region/region.ts';
import { exitOf, type Block } from '../ir/block.ts';

/** Bounds of one region: beyond them V8 takes long to optimise a function, or gives up. */
const MAX_BLOCKS = 12;
const MAX_INSTRUCTIONS = 120;

/**
 * Collects the blocks that direct jumps reach from `root` and that `isWanted`, breadth first, so that a bound cuts off
 * what is far from the entry.
 */
export function formRegion(
  root: Block,
  lift: (rip: number) => Block,
  isWanted: (rip: number) => boolean,
  targetsOf: (rip: number) => readonly number[],
): Region {
  const indirect = new Map<number, readonly number[]>();
  const blocks = [root];
  const seen = new Set([root.rip]);
  let instructions = root.instructionCount;
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    const isIndirect = exitOf(block).name === 'jumpIndirect';
    const targets = isIndirect ? targetsOf(block.rip) : directTargets(block);
    if (isIndirect) indirect.set(block.rip, targets);
    for (const rip of targets) {
      if (seen.has(rip) || blocks.length === MAX_BLOCKS || instructions >= MAX_INSTRUCTIONS || !isWanted(rip)) continue;
      const next = lift(rip);
      seen.add(rip);
      if (next.instructionCount === 0 || next.volatileBytes !== undefined) continue;
      blocks.push(next);
      instructions += next.instructionCount;
    }
  }
  return { blocks, indirect };
}
