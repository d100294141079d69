import { directTargets, type Region } from '../backends/js/region.ts';
import type { Block } from '../ir/block.ts';

/** Bounds of one region: beyond them V8 takes long to optimise a function, or gives up. */
const MAX_BLOCKS = 48;
const MAX_INSTRUCTIONS = 500;

/**
 * Collects the blocks that direct jumps reach from `root` and that `isWanted`, breadth first, so that a bound cuts off
 * what is far from the entry.
 */
export function formRegion(root: Block, lift: (rip: number) => Block, isWanted: (rip: number) => boolean): Region {
  const blocks = [root];
  const seen = new Set([root.rip]);
  let instructions = root.instructionCount;
  for (let i = 0; i < blocks.length; i++) {
    for (const rip of directTargets(blocks[i])) {
      if (seen.has(rip) || blocks.length === MAX_BLOCKS || instructions >= MAX_INSTRUCTIONS || !isWanted(rip)) continue;
      const block = lift(rip);
      seen.add(rip);
      if (block.instructionCount === 0) continue;
      blocks.push(block);
      instructions += block.instructionCount;
    }
  }
  return { blocks };
}
