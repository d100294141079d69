/** The passes in their order; each file says its reason. */
import type { Block } from '../block.ts';
import { foldConstants } from './fold-constants.ts';
import { forwardState } from './forward-state.ts';
import { removeDead } from './remove-dead.ts';

/** Known register values first, since they join expressions of several instructions; then folding; then what fell dead. */
export function optimise(block: Block): Block {
  return removeDead(foldConstants(forwardState(block)));
}
