/** What is known of a region before a line of it is written: which variables it touches and may have changed where, and
 *  where the flags of a block before are still looked at. */
import { exitOf, type Block, type Op } from '../../../ir/block.ts';
import { STATE_VARIABLES, VARIABLE } from '../../../ir/state-layout.ts';
import { mayFault, specOf } from '../../../ir/ops.ts';
import { edgeKind, type Graph, type Shape } from '../../region/structure.ts';

/** A set of state variables. */
export class VariableSet {
  #low = 0;
  #high = 0;

  has(variable: number): boolean {
    return variable < 32 ? ((this.#low >>> variable) & 1) !== 0 : ((this.#high >>> (variable - 32)) & 1) !== 0;
  }

  add(variable: number): void {
    if (variable < 32) this.#low |= 1 << variable;
    else this.#high |= 1 << (variable - 32);
  }

  /** @returns whether something new came in */
  addAll(other: VariableSet): boolean {
    const [low, high] = [this.#low | other.#low, this.#high | other.#high];
    const isNew = low !== this.#low || high !== this.#high;
    [this.#low, this.#high] = [low, high];
    return isNew;
  }

  clear(): void {
    this.#low = 0;
    this.#high = 0;
  }

  copy(): VariableSet {
    const set = new VariableSet();
    set.addAll(this);
    return set;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < STATE_VARIABLES.length; i++) if (this.has(i)) yield i;
  }
}

/** The variable with a local that an op writes, or -1. */
export function writtenBy({ name, imm }: Op): number {
  switch (name) {
    case 'set64':
    case 'set32':
    case 'setLow32':
    case 'set128':
      return isInState(imm) ? -1 : imm;
    default:
      return -1;
  }
}

function readBy({ name, imm }: Op): number {
  return (name === 'get64' || name === 'get32' || name === 'get128') && !isInState(imm) ? imm : -1;
}

/** Whether the variable has no local: the runtime's functions of floats change MXCSR where it lies. */
export function isInState(variable: number): boolean {
  return variable === VARIABLE.mxcsr;
}

export interface RegionAnalysis {
  /** Read or written anywhere. */
  readonly touched: VariableSet;
  readonly written: VariableSet;
  /** Per block: variables that may differ from the state when it starts. */
  readonly dirty: readonly VariableSet[];
  readonly hasFloats: boolean;
  /** Per block: whether it, or what follows, may look at the flags that it starts with. */
  readonly needsFlags: readonly boolean[];
}

export function analyse(blocks: readonly Block[], graph: Graph, shape: Shape): RegionAnalysis {
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
  return {
    touched,
    written,
    hasFloats,
    dirty: dirtyAtStart(blocks, graph),
    needsFlags: flagNeeds(blocks, graph, shape),
  };
}

function dirtyAtStart(blocks: readonly Block[], { successors }: Graph): VariableSet[] {
  const atStart = blocks.map(() => new VariableSet());
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const [i, { ops }] of blocks.entries()) {
      const dirty = atStart[i].copy();
      for (const op of ops) {
        if (op.name === 'helper') dirty.clear();
        const write = writtenBy(op);
        if (write >= 0) dirty.add(write);
      }
      for (const next of successors[i]) if (atStart[next].addAll(dirty)) hasChanged = true;
    }
  }
  return atStart;
}

function flagNeeds(blocks: readonly Block[], { successors }: Graph, shape: Shape): boolean[] {
  const local = blocks.map(({ ops }) => flagUse(ops));
  const needs = blocks.map(
    (block, i) => local[i] === 'looks' || (local[i] === 'neither' && mayLeave(block, i, successors[i], shape)),
  );
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      if (needs[i] || local[i] === 'sets' || !successors[i].some((next) => needs[next])) continue;
      needs[i] = true;
      hasChanged = true;
    }
  }
  return needs;
}

/** Whether the block's exit may leave the region, which carries the flags: to elsewhere, or because fuel is out. */
function mayLeave(block: Block, index: number, successors: readonly number[], shape: Shape): boolean {
  const exit = exitOf(block);
  const targets = exit.name === 'jump' ? [exit.imm] : exit.name === 'branch' ? [exit.imm, exit.imm2] : [];
  if (targets.length === 0 || successors.length < new Set(targets).size) return true;
  const last = block.ops.findLast(({ name }) => name === 'instruction');
  if (last === undefined || targets.some((target) => target <= last.imm)) return true;
  return successors.some((next) => edgeKind(shape, index, next) === 'leave');
}

/** What comes first: an op that may look at the flags of before, one that sets them, or neither. */
function flagUse(ops: readonly Op[]): 'looks' | 'sets' | 'neither' {
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
    if (mayFault(op.name) || specOf(op.name).effects === 'helper') return 'looks';
  }
  return 'neither';
}
