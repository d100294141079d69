import type { AddressSpace } from '../../emulator/index.ts';
import { explainBlock } from '../../emulator/explain.ts';

const MOST_BLOCKS = 4;
const BLOCK_INSTRUCTIONS = 32;

/** The block at `rip` and those that it leads to without a jump back: one of them is wrong on one engine. */
export function explainFrom(space: AddressSpace, rip: number): string[] {
  const lines: string[] = [];
  const queue = [rip];
  for (const at of queue) {
    const block = explainBlock(space, at, BLOCK_INSTRUCTIONS);
    lines.push(...block.disassembly, '', block.ir, 'after the passes', block.optimised);
    lines.push('as JavaScript', block.javascript, 'as WebAssembly', block.webAssembly);
    for (const target of block.targets) {
      if (target > at && queue.length < MOST_BLOCKS && !queue.includes(target)) queue.push(target);
    }
  }
  return lines;
}
