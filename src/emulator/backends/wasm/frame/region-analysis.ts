/** What is known of a region before a line of it is written: which variables it touches and may have changed where, and
 *  where the flags of a block before are still looked at. */
import type { Block, Op } from '../../../ir/block.ts';
import type { Graph, Shape } from '../../region/structure.ts';
import { type FlagNeeds, flagNeeds, flagShapes, type FlagShape } from './flag-shapes.ts';
import type { LoopWindows } from './loop-windows.ts';
import { readBy, VariableSet, writtenBy } from './variables.ts';

export interface RegionAnalysis {
  /** Read or written anywhere. */
  readonly touched: VariableSet;
  readonly written: VariableSet;
  /** Per block: variables that may differ from the state when it starts. */
  readonly dirty: readonly VariableSet[];
  readonly hasFloats: boolean;
  /** Per block: the flags it starts with when paths meet there; null when nobody looks at them or they are in the state. */
  readonly flags: readonly (FlagShape | null)[];
  readonly needsFlags: FlagNeeds;
}

export function analyse(blocks: readonly Block[], graph: Graph, shape: Shape, windows: LoopWindows): RegionAnalysis {
  const touched = new VariableSet();
  const written = new VariableSet();
  const hasFloats = blocks.some(({ ops }) => ops.some(({ name }) => name === 'float'));
  for (const { ops } of blocks) {
    for (const op of ops) {
      const [write, read] = [writtenBy(op), readBy(op)];
      if (write >= 0) written.add(write);
      for (const variable of [write, read]) if (variable >= 0) touched.add(variable);
    }
  }
  const needsFlags = flagNeeds(blocks, graph, shape, windows);
  const flags = flagShapes(blocks, graph).map((known, i) => (needsFlags.before[i] ? known : null));
  return { touched, written, hasFloats, dirty: dirtyAtStart(blocks, graph), flags, needsFlags };
}

function dirtyAtStart(blocks: readonly Block[], { successors }: Graph): VariableSet[] {
  const atStart = blocks.map(() => new VariableSet());
  const changes = blocks.map(({ ops }) => changesOf(ops));
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const [i, { written, hasHelper }] of changes.entries()) {
      const dirty = written.copy();
      // A helper finds everything in the state, and everything comes from there afterwards.
      if (!hasHelper) dirty.addAll(atStart[i]);
      for (const next of successors[i]) if (atStart[next].addAll(dirty)) hasChanged = true;
    }
  }
  return atStart;
}

/** Variables written in a block, behind its last helper if it has one. */
function changesOf(ops: readonly Op[]): { readonly written: VariableSet; readonly hasHelper: boolean } {
  const written = new VariableSet();
  let hasHelper = false;
  for (const op of ops) {
    if (op.name === 'helper') {
      written.clear();
      hasHelper = true;
    }
    const write = writtenBy(op);
    if (write >= 0) written.add(write);
  }
  return { written, hasHelper };
}
