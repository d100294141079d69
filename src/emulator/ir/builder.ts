/**
 * Makes the ops of a block: one method per row of the op table, derived from it.
 *
 *   const b = new IrBuilder();
 *   b.instruction(rip, 3);
 *   b.set64(b.add64(b.get64(RAX), b.const64(1, 0)), RAX);     // arguments first, then attributes
 */
import type { Op, Value } from './block.ts';
import type { Attribute, TextAttribute, ValueType } from './op-spec.ts';
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

function methodOf(name: OpName): (this: IrBuilder, ...values: (Op | number | string)[]) => Op {
  const { args, result, attributes } = specOf(name);
  const argCount = args.length;
  return function append(...values) {
    let imm = 0;
    let imm2 = 0;
    let tag = '';
    let numbers = 0;
    for (let i = 0; i < attributes.length; i++) {
      const value = values[argCount + i];
      if (typeof value === 'string') tag = value;
      else if (numbers++ === 0) imm = value as number;
      else imm2 = value as number;
    }
    if (values.length > argCount) values.length = argCount;
    const op: Op = { name, type: result, args: values as Op[], imm, imm2, tag, id: this.ops.length };
    this.ops.push(op);
    return op;
  };
}
