import type { Op } from '../block.ts';
import { type OpName, specOf } from '../ops.ts';

/**
 * Builds the new list of ops of a pass; positions and ids follow the list. An op that stays what it is, where it is, is
 * shared with the old list: nobody changes ops, and most of a block never changes.
 */
export class Rewriter {
  readonly ops: Op[] = [];

  append(name: OpName, args: readonly Op[], imm = 0, imm2 = 0, tag = ''): Op {
    return this.#push({ name, type: specOf(name).result, args, imm, imm2, tag, id: this.ops.length });
  }

  #push(op: Op): Op {
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
    const id = this.ops.length;
    if (args === op.args && id === op.id) return this.#push(op);
    return this.#push({ name: op.name, type: op.type, args, imm: op.imm, imm2: op.imm2, tag: op.tag, id });
  }
}

/** What the arguments are called in the new list, by their old ids; the same array when they are the same ops. */
export function renamedArgs({ args }: Op, renamed: readonly Op[]): readonly Op[] {
  for (let i = 0; i < args.length; i++) if (renamed[args[i].id] !== args[i]) return args.map((arg) => renamed[arg.id]);
  return args;
}

/** Whether an op does nothing but give a value that nobody may notice missing. */
export function isRemovable(op: Op): boolean {
  const { effects } = specOf(op.name);
  return effects === 'none' || effects === 'read';
}
