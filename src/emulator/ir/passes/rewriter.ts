import type { Op } from '../block.ts';
import { OPS, type OpName, specOf } from '../ops.ts';

/** Builds the new list of ops of a pass; positions and ids follow the list. */
export class Rewriter {
  readonly ops: Op[] = [];

  append(name: OpName, args: readonly Op[], imm = 0, imm2 = 0, tag = ''): Op {
    const op: Op = { name, type: OPS[name].result, args, imm, imm2, tag, id: this.ops.length };
    this.ops.push(op);
    return op;
  }

  const32(value: number): Op {
    return this.append('const32', [], value | 0);
  }

  const64(low: number, high: number): Op {
    return this.append('const64', [], low | 0, high | 0);
  }

  /** The same op on other arguments. */
  copy(op: Op, args: readonly Op[]): Op {
    return this.append(op.name, args, op.imm, op.imm2, op.tag);
  }
}

/** Whether an op does nothing but give a value that nobody may notice missing. */
export function isRemovable(op: Op): boolean {
  const { effects } = specOf(op.name);
  return effects === 'none' || effects === 'read';
}
