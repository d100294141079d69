/**
 * Which operation set the flags that a block starts with, as far as all paths to it agree; and whether anybody looks.
 * Flags are still looked at by every op that may leave the region: faults are exact.
 */
import { exitOf, type Block, type Op } from '../../../ir/block.ts';
import { mayFault, specOf } from '../../../ir/ops.ts';
import { stringCall } from '../string-runtime.ts';
import { edgeKind, type Graph, type Shape } from '../../region/structure.ts';
import type { LoopWindows } from './loop-windows.ts';

export interface FlagShape {
  readonly kind: string;
  readonly width: number;
  /** Some path has the flags in the state's slots. */
  readonly mayBeStored: boolean;
}

/** Kinds that two operands tell everything of, at no cost where paths meet. */
const JOINABLE: ReadonlySet<string> = new Set(['add', 'sub', 'logic', 'inc', 'dec', 'bits']);

/** Mixed: different operations on different paths, so that they are stored on all. */
type Known = FlagShape | 'stored' | 'mixed' | 'unknown';

/** Per block: the shape of the flags it starts with; null when they are in the slots. Only counts where paths meet. */
export function flagShapes(blocks: readonly Block[], { successors }: Graph): (FlagShape | null)[] {
  const ends = blocks.map(({ ops }) => shapeAtEnd(ops));
  const starts = blocks.map((_, i): Known => (i === 0 ? 'stored' : 'unknown'));
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const [i, targets] of successors.entries()) {
      const end = ends[i](starts[i]);
      for (const next of targets) {
        const joined = meet(starts[next], end);
        if (isSame(joined, starts[next])) continue;
        starts[next] = joined;
        hasChanged = true;
      }
    }
  }
  return starts.map((start) => (typeof start === 'string' ? null : start));
}

/** Flags at the end of a block from those at its start. */
function shapeAtEnd(ops: readonly Op[]): (start: Known) => Known {
  let change = unchanged;
  for (const op of ops) {
    const before = change;
    switch (op.name) {
      case 'setFlags32':
      case 'setFlags64': {
        const width = op.name === 'setFlags64' ? 64 : op.imm;
        const shape: Known = JOINABLE.has(op.tag) ? { kind: op.tag, width, mayBeStored: false } : 'stored';
        change = () => shape;
        break;
      }
      case 'setFlagsIf32':
      case 'setFlagsIf64':
      case 'helper':
        change = () => 'stored';
        break;
      case 'repeatString':
        if (stringCall(op)?.setsFlags === true) change = () => 'stored';
        break;
      case 'getFlags':
      case 'condition':
        // They may have put the flags into the slots.
        change = (start) => maybeStored(before(start));
        break;
      default:
    }
  }
  return change;
}

/** Mixed flags are stored where the block starts. */
const unchanged = (known: Known): Known => (known === 'mixed' ? 'stored' : known);

function maybeStored(known: Known): Known {
  return typeof known === 'string' ? known : { ...known, mayBeStored: true };
}

function meet(a: Known, b: Known): Known {
  if (a === 'unknown' || b === 'mixed') return b;
  if (b === 'unknown' || a === 'mixed') return a;
  if (a === 'stored') return maybeStored(b);
  if (b === 'stored') return maybeStored(a);
  if (a.kind !== b.kind || a.width !== b.width) return 'mixed';
  return { ...a, mayBeStored: a.mayBeStored || b.mayBeStored };
}

function isSame(a: Known, b: Known): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.kind === b.kind && a.width === b.width && a.mayBeStored === b.mayBeStored;
}

/** Per block: whether it, or what follows, may look at the flags that it starts with. */
export interface FlagNeeds {
  readonly inside: readonly boolean[];
  /** The same, or what is tested in front of the block does. */
  readonly before: readonly boolean[];
}

export function flagNeeds(
  blocks: readonly Block[],
  { successors }: Graph,
  shape: Shape,
  { byHead, tested }: LoopWindows,
): FlagNeeds {
  const local = blocks.map(({ ops }) => flagUse(ops, tested));
  const inside = blocks.map(
    (block, i) => local[i] === 'looks' || (local[i] === 'neither' && mayLeave(block, i, successors[i], shape)),
  );
  const needs = inside.map((isNeeded, i) => isNeeded || byHead.has(i));
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      if (inside[i] || local[i] === 'sets' || !successors[i].some((next) => needs[next])) continue;
      inside[i] = needs[i] = true;
      hasChanged = true;
    }
  }
  return { inside, before: needs };
}

/** Whether the block's exit may leave the region, which carries the flags: to elsewhere, or because fuel is out. */
function mayLeave(block: Block, index: number, successors: readonly number[], shape: Shape): boolean {
  const exit = exitOf(block);
  if (exit.name === 'jumpIndirect' && exit.args.length === 0) return false; // a dispatcher's (region-plan.ts)
  const targets = exit.name === 'jump' ? [exit.imm] : exit.name === 'branch' ? [exit.imm, exit.imm2] : [];
  if (targets.length === 0 || successors.length < new Set(targets).size) return true;
  const last = block.ops.findLast(({ name }) => name === 'instruction');
  if (last === undefined || targets.some((target) => target <= last.imm)) return true;
  return successors.some((next) => edgeKind(shape, index, next) === 'leave');
}

/** What comes first: an op that may look at the flags of before, one that sets them, or neither. */
function flagUse(ops: readonly Op[], tested: ReadonlySet<Op>): 'looks' | 'sets' | 'neither' {
  for (const op of ops) {
    switch (op.name) {
      case 'setFlags32':
      case 'setFlags64':
        return 'sets';
      case 'getFlags':
      case 'condition':
      case 'setFlagsIf32':
      case 'setFlagsIf64':
        return 'looks';
      default:
    }
    if ((mayFault(op.name) && !tested.has(op)) || specOf(op.name).effects === 'helper') return 'looks';
  }
  return 'neither';
}
