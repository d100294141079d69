/**
 * xmm registers that a loop computes with and never writes: whether they are small is looked at where the loop is entered,
 * not in each turn (emit/float-quick.ts). What is found lies in a local of the loop's; while it is not 0, the stretches
 * that count on it are done the exact way.
 */
import type { Block, Op } from '../../../ir/block.ts';
import { dominates, type Graph, type Shape } from '../../region/structure.ts';
import { pushIsBelow, pushLanesBelow } from '../emit/float-format.ts';
import { type Plain, PLAIN_BITS } from '../emit/float-plain.ts';
import { QUICK } from '../emit/float-quick-ops.ts';
import { formatOf, isPacked } from '../emit/float-range.ts';
import { LOOKED_EXPONENTS } from '../emit/quick-limits.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { PlainLanes } from './plain-lanes.ts';

interface Loop {
  readonly nodes: ReadonlySet<number>;
  readonly written: ReadonlySet<number>;
  readonly looks: Map<number, Set<Plain>>;
  /** The local that tells of them; -1 before the loop is entered. */
  flag: number;
}

interface Use {
  readonly variable: number;
  readonly lanes: Plain;
}

/** A local of the caller's with the register's low lane as a float, or all of it. */
export type ReadRegister = (variable: number, lanes: Plain) => number;

export class LoopConstants {
  /** By head, in the order in which they are entered. */
  readonly #loops = new Map<number, Loop>();
  /** By node: the loops in front of which its registers are looked at. */
  readonly #uses = new Map<number, Map<Loop, readonly Use[]>>();

  /** @param plain by node, what is known not to be denormal at its start */
  constructor(blocks: readonly Block[], graph: Graph, shape: Shape, plain: readonly PlainLanes[]) {
    for (const head of shape.order)
      if (shape.isLoopHead[head]) this.#loops.set(head, loopAt(head, blocks, graph, shape));
    for (const [node, { ops }] of blocks.entries()) {
      for (const use of usesOf(ops, plain[node])) this.#note(node, use);
    }
  }

  /** Outer loops come first, so a register is looked at as seldom as can be. */
  #note(node: number, use: Use): void {
    for (const loop of this.#loops.values()) {
      if (!loop.nodes.has(node) || loop.written.has(use.variable)) continue;
      const looks = loop.looks.get(use.variable) ?? new Set();
      loop.looks.set(use.variable, looks.add(use.lanes));
      const uses = this.#uses.get(node) ?? new Map<Loop, readonly Use[]>();
      this.#uses.set(node, uses.set(loop, [...(uses.get(loop) ?? []), use]));
      return;
    }
  }

  /** To be called in front of the loop. */
  enter(head: number, code: CodeWriter, read: ReadRegister): void {
    const loop = this.#loops.get(head);
    if (loop === undefined || loop.looks.size === 0) return;
    loop.flag = code.newLocal('i32');
    let count = 0;
    for (const [variable, looks] of loop.looks) {
      for (const lanes of looks) {
        const local = read(variable, lanes);
        pushIsSmall(code, lanes, local);
        if (count++ > 0) code.op('i32.or');
        code.release(local);
      }
    }
    code.localSet(loop.flag);
  }

  /** Whether the register was looked at for the block. */
  isLooked(node: number, { name, imm }: Op, lanes: Plain): boolean {
    if (name !== 'get128') return false;
    for (const uses of this.#uses.get(node)?.values() ?? [])
      if (uses.some((use) => use.variable === imm && use.lanes === lanes)) return true;
    return false;
  }

  /** With an i32 on the stack: not 0 either when the block cannot count on what was looked at. */
  addFlags(node: number, code: CodeWriter): void {
    for (const { flag } of this.#uses.get(node)?.keys() ?? []) {
      code.localGet(flag);
      code.op('i32.or');
    }
  }
}

function pushIsSmall(code: CodeWriter, lanes: Plain, local: number): void {
  const format = formatOf(lanes);
  const exponent = LOOKED_EXPONENTS[format].least;
  if (!isPacked(lanes)) return pushIsBelow(code, format, local, exponent);
  pushLanesBelow(code, format === 'f64' ? 'f64x2' : 'f32x4', local, exponent);
  code.op('v128.any_true');
}

function loopAt(head: number, blocks: readonly Block[], { successors }: Graph, shape: Shape): Loop {
  const below = shape.order.filter((node) => dominates(shape.dominator, head, node));
  const nodes = new Set([head]);
  for (let size = 0; size !== nodes.size;) {
    size = nodes.size;
    for (const node of below) if (successors[node].some((next) => nodes.has(next))) nodes.add(node);
  }
  const written = new Set<number>();
  for (const node of nodes) {
    for (const { name, imm } of blocks[node]?.ops ?? []) {
      if (name === 'set128') written.add(imm);
      // A helper may change every register.
      else if (name === 'helper') return { nodes: new Set(), written, looks: new Map(), flag: -1 };
    }
  }
  return { nodes, written, looks: new Map(), flag: -1 };
}

/** Registers that a block reads and that it would look at in each turn. */
function usesOf(ops: readonly Op[], plain: PlainLanes | undefined): readonly Use[] {
  const floats = ops.filter(({ name, tag }) => name === 'float' && tag in QUICK);
  if (floats.length < 2) return [];
  return floats.flatMap(({ tag, args }) =>
    args.flatMap(({ name, imm }, i) => {
      const lanes = name === 'get128' ? lanesOf(tag) : null;
      if (lanes === null || (tag.startsWith('sqrt') && i === 0)) return [];
      const isPlain = ((plain?.get(imm) ?? 0) & PLAIN_BITS[lanes]) === PLAIN_BITS[lanes];
      // Divisors are looked at in another way; in sums it is enough to be plain.
      if (tag.startsWith('div') && i === 1) return [];
      return isPlain && !/^mul|^div/.test(tag) ? [] : [{ variable: imm, lanes }];
    }),
  );
}

function lanesOf(tag: string): Plain | null {
  if (tag.startsWith('orderDouble')) return 'F64';
  if (tag.startsWith('orderSingle')) return 'F32';
  return (
    (/^(?:add|sub|mul|div|sqrt|min|max|cmp\.\d)(F64x2|F32x4|F64|F32)$/.exec(tag)?.[1] as Plain | undefined) ?? null
  );
}
