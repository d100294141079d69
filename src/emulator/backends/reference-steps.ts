/**
 * Turns the ops of a block into closures. Integer values lie in slots of two shared Int32Arrays (i32 in the low one, i64
 * in both), other values in an array of the block's own; a slot belongs to one op for the life of its block.
 */
import type { Block, Op } from '../ir/block.ts';
import { type Attribute, isText, type V128, type ValueType } from '../ir/op-spec.ts';
import { specOf } from '../ir/ops.ts';
import { assert } from '../util/assert.ts';
import { EFFECTS } from './reference-effects.ts';
import { highHalf, joinHalves, lowHalf } from './halves.ts';
import { INTEGER_STEPS } from './reference-integers.ts';
import type { EffectMaker, OpContext, ReferenceMachine, Step } from './reference-machine.ts';

/** Slots that are allocated together: some two thousand blocks' worth. A chunk dies with its last block. */
const CHUNK_SLOTS = 0x1_0000;

type Meaning = (...args: unknown[]) => unknown;

export class StepMaker {
  readonly #machine: ReferenceMachine;
  #low = new Int32Array(0);
  #high = new Int32Array(0);
  #nextSlot = 0;

  constructor(machine: ReferenceMachine) {
    this.#machine = machine;
  }

  /** The closures of a block, in order; the last one returns true. Numbers the ops of the block by position. */
  prepare({ ops }: Block): Step[] {
    const origin = this.#reserve(ops.length);
    const [machine, low, high, boxed] = [this.#machine, this.#low, this.#high, [] as V128[]];
    for (let i = 0; i < ops.length; i++) ops[i].id = i;
    const steps: Step[] = [];
    const updates = updatesOf(ops);
    for (let i = 0; i < ops.length; i++) {
      const op = ops[i];
      const { args } = op;
      const count = args.length;
      const a = count > 0 ? origin + args[0].id : -1;
      const b = count > 1 ? origin + args[1].id : -1;
      const c = count > 2 ? origin + args[2].id : -1;
      const d = count > 3 ? origin + args[3].id : -1;
      const step = stepOf({ machine, op, low, high, boxed, origin, at: origin + i, a, b, c, d });
      const updateBytes = updates.get(op);
      if (updateBytes !== undefined) steps.push(() => machine.checkUpdate(low[a], high[a], updateBytes) < 0);
      if (step !== null) steps.push(step);
    }
    return steps;
  }

  #reserve(count: number): number {
    if (this.#nextSlot + count > this.#low.length) {
      const size = Math.max(CHUNK_SLOTS, count);
      this.#low = new Int32Array(size);
      this.#high = new Int32Array(size);
      this.#nextSlot = 0;
    }
    const origin = this.#nextSlot;
    this.#nextSlot += count;
    return origin;
  }
}

/**
 * Loads of what the same instruction stores back, with their bytes. The processor reads for a write there: a page fault
 * tells a write, and permission to write is asked for first (Intel SDM 3A, 4.6.1). Executors with coarse checks need not
 * know: whichever of the two checks fails, the instruction comes here.
 */
function updatesOf(ops: readonly Op[]): Map<Op, number> {
  const updates = new Map<Op, number>();
  let store: Op | null = null;
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i];
    if (op.name === 'instruction') store = null;
    else if (op.name in STORED_BY) store = op;
    else if (store !== null && store.args[0] === op.args[0] && op.name === STORED_BY[store.name])
      updates.set(op, Number(op.name.slice('load'.length)) / 8);
  }
  return updates;
}

const STORED_BY: Readonly<Record<string, string>> = {
  store8: 'load8', store16: 'load16', store32: 'load32', store64: 'load64', store128: 'load128',
}; // oxfmt-ignore

/** The closure of an op; constants are put into their slots at once and have none. */
function stepOf(context: OpContext): Step | null {
  const { op } = context;
  const { meaning, attributes, args } = specOf(op.name);
  if (meaning === undefined) return (EFFECTS as Record<string, EffectMaker>)[op.name](context);
  if (op.args.length === 0) {
    writerOf(context)((meaning as Meaning)(...attributeValues(op, attributes)));
    return null;
  }
  const special = INTEGER_STEPS[op.name];
  if (special !== undefined) return special(context);
  const isPlain = attributes.length === 0;
  if (isPlain && areAll(op, args, 'i32')) return step32(context, meaning as Meaning32);
  return stepByMeaning(context, meaning as Meaning, args, attributeValues(op, attributes));
}

function areAll(op: Op, args: readonly ValueType[], type: ValueType): boolean {
  return op.type === type && args.every((arg) => arg === type);
}

type Meaning32 = (a: number, b?: number, c?: number) => number;

function step32({ op, low, at, a, b, c }: OpContext, f: Meaning32): Step {
  switch (op.args.length) {
    case 1:
      return () => {
        low[at] = f(low[a]);
        return false;
      };
    case 2:
      return () => {
        low[at] = f(low[a], low[b]);
        return false;
      };
    default:
      return () => {
        low[at] = f(low[a], low[b], low[c]);
        return false;
      };
  }
}

/** Any pure op: arguments are made what the op table's meaning takes, the result is put back. */
function stepByMeaning(
  context: OpContext,
  f: Meaning,
  types: readonly ValueType[],
  constants: readonly (number | string)[],
): Step {
  const write = writerOf(context);
  const { a, b, c } = context;
  const [first, second, third] = types.map((type, i) => readerOf(context, type, [a, b, c][i]));
  if (constants.length > 0) {
    const readers = [first, second, third].slice(0, types.length);
    return () => {
      write(f(...readers.map((read) => read()), ...constants));
      return false;
    };
  }
  switch (types.length) {
    case 1:
      return () => {
        write(f(first()));
        return false;
      };
    case 2:
      return () => {
        write(f(first(), second()));
        return false;
      };
    default:
      return () => {
        write(f(first(), second(), third()));
        return false;
      };
  }
}

function readerOf({ low, high, boxed, origin }: OpContext, type: ValueType, slot: number): () => unknown {
  switch (type) {
    case 'i32':
      return () => low[slot];
    case 'i64':
      return () => joinHalves(low[slot], high[slot]);
    case 'v128':
      return () => boxed[slot - origin];
    default:
      return assert(false, `reference: values of type ${type} have no slots`) as never;
  }
}

function writerOf({ op, low, high, boxed, origin, at }: OpContext): (value: unknown) => void {
  switch (op.type) {
    case 'i32':
      return (value) => {
        low[at] = value as number;
      };
    case 'i64':
      return (value) => {
        low[at] = lowHalf(value as bigint);
        high[at] = highHalf(value as bigint);
      };
    case 'v128':
      return (value) => {
        boxed[at - origin] = value as V128;
      };
    default:
      return assert(false, `reference: values of type ${op.type} have no slots`) as never;
  }
}

function attributeValues(op: Op, attributes: readonly Attribute[]): (number | string)[] {
  let numbers = 0;
  return attributes.map((attribute) => (isText(attribute) ? op.tag : numbers++ === 0 ? op.imm : op.imm2));
}
