/**
 * Makes the ops of a block: one method per row of the op table, derived from it.
 *
 *   const b = new IrBuilder();
 *   b.instruction(rip, 3);
 *   b.set64(b.add64(b.get64(RAX), b.const64(1, 0)), RAX);     // arguments first, then attributes
 */
import type { Op, Value } from './block.ts';
import { type Attribute, isText, type TextAttribute, type ValueType } from './op-spec.ts';
import { assert } from '../util/assert.ts';
import { OP_NAMES, type OpName, type OpTable, specOf } from './ops.ts';

type ArgumentOps<A extends readonly ValueType[]> = { [K in keyof A]: Value<A[K]> };
type AttributeValues<A extends readonly Attribute[]> = { [K in keyof A]: A[K] extends TextAttribute ? string : number };
type Result<R> = R extends ValueType ? Value<R> : Op;

type OpMethods = {
  [K in OpName]: (
    ...values: [...ArgumentOps<OpTable[K]['args']>, ...AttributeValues<OpTable[K]['attributes']>]
  ) => Result<OpTable[K]['result']>;
};

// eslint-disable-next-line typescript/no-unsafe-declaration-merging -- the methods below are installed from the table
export interface IrBuilder extends OpMethods {
  readonly ops: Op[];
}

/** Collects ops in order; `ops` is handed over to the block, not copied. */
// eslint-disable-next-line typescript/no-unsafe-declaration-merging
export class IrBuilder {
  readonly ops: Op[] = [];
}

for (const name of OP_NAMES) {
  Object.defineProperty(IrBuilder.prototype, name, { value: methodOf(name) });
}

const NO_ARGS: readonly Op[] = [];

// No rest parameter and no loop over the values: lifting a block calls these some thirty times.
function methodOf(name: OpName): (this: IrBuilder, ...values: (Op | number | string)[]) => Op {
  const { args, result, attributes } = specOf(name);
  const argCount = args.length;
  const [first, second] = attributes;
  const hasText = first !== undefined && isText(first);
  assert(second === undefined || !isText(second), `ir: a text is the first attribute of ${name}`);
  return function append(p0, p1, p2, p3, p4, p5, p6) {
    // The values after the arguments.
    let [x, y, z] = [p0, p1, p2];
    let operands = NO_ARGS;
    if (argCount === 1) {
      [x, y, z] = [p1, p2, p3];
      operands = [p0 as Op];
    } else if (argCount === 2) {
      [x, y, z] = [p2, p3, p4];
      operands = [p0 as Op, p1 as Op];
    } else if (argCount === 3) {
      [x, y, z] = [p3, p4, p5];
      operands = [p0 as Op, p1 as Op, p2 as Op];
    } else if (argCount === 4) {
      [x, y, z] = [p4, p5, p6];
      operands = [p0 as Op, p1 as Op, p2 as Op, p3 as Op];
    }
    const { ops } = this;
    const op: Op = {
      name,
      type: result,
      args: operands,
      imm: ((hasText ? y : x) as number | undefined) ?? 0,
      imm2: ((hasText ? z : y) as number | undefined) ?? 0,
      tag: hasText ? (x as string) : '',
      id: ops.length,
    };
    ops.push(op);
    return op;
  };
}
