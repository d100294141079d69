/**
 * Which xmm registers hold no denormals where a block starts: the result of a float operation before, on every way there.
 * Operands from there need no test. What is found holds while the bar says so (float-runtime.ts): it is set anew at the
 * region's start, after helpers and where MXCSR is written, and there nothing is known.
 */
import type { Block, Op } from '../../../ir/block.ts';
import { STATE_VARIABLES, VARIABLE } from '../../../ir/state-layout.ts';
import type { Graph } from '../../region/structure.ts';
import { PLAIN_BITS, plainOperands, plainResult } from '../emit/float-plain.ts';

/** By variable. */
export type PlainLanes = ReadonlyMap<number, number>;

const NOTHING: PlainLanes = new Map();

/**
 * For each block what holds at its start.
 * @param entry what is tested when the region is entered
 */
export function plainLanes(
  blocks: readonly Block[],
  { successors }: Graph,
  entry: PlainLanes = NOTHING,
): readonly PlainLanes[] {
  // Unvisited blocks know everything; what a way does not know is taken away until nothing changes.
  const atStart: (PlainLanes | null)[] = blocks.map(() => null);
  atStart[0] = entry;
  const queue = [0];
  for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
    const after = afterBlock(blocks[i], atStart[i] ?? NOTHING);
    for (const next of successors[i]) {
      const before = atStart[next];
      const met = before === null ? after : intersection(before, after);
      if (before !== null && met.size === before.size && [...met].every(([v, bits]) => before.get(v) === bits))
        continue;
      atStart[next] = met;
      queue.push(next);
    }
  }
  return atStart.map((lanes) => lanes ?? NOTHING);
}

function intersection(a: PlainLanes, b: PlainLanes): PlainLanes {
  const both = new Map<number, number>();
  for (const [variable, bits] of a) {
    const common = bits & (b.get(variable) ?? 0);
    if (common !== 0) both.set(variable, common);
  }
  return both;
}

function afterBlock({ ops }: Block, before: PlainLanes): PlainLanes {
  /** The value each variable holds, where the block names it. */
  const held = new Map<number, Op>();
  const bits = new Map<Op, number>();
  let start = before;
  const add = (value: Op, more: number): void => void bits.set(value, (bits.get(value) ?? 0) | more);
  for (const op of ops) {
    if (endsAll(op)) {
      held.clear();
      bits.clear();
      start = NOTHING;
    } else if (op.name === 'get128') {
      if (held.has(op.imm)) continue;
      held.set(op.imm, op);
      bits.set(op, start.get(op.imm) ?? 0);
    } else if (op.name === 'set128') held.set(op.imm, op.args[0]);
    else if (op.name === 'float') {
      const lanes = plainResult(op);
      if (lanes === null) continue;
      add(op, PLAIN_BITS[lanes]);
      for (const operand of plainOperands(op)) add(operand, PLAIN_BITS[lanes]);
    } else if (isZero(op)) bits.set(op, 15);
  }
  const after = new Map(start);
  for (const [variable, value] of held) after.set(variable, bits.get(value) ?? 0);
  return after;
}

/** Where the bar is set anew. */
function endsAll({ name, imm }: Op): boolean {
  return name === 'helper' || (name.startsWith('set') && imm === VARIABLE.mxcsr && STATE_VARIABLES[imm].type === 'i32');
}

function isZero({ name, args }: Op): boolean {
  return name === 'splat32' && args[0].name === 'const32' && args[0].imm === 0;
}
