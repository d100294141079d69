/**
 * The rules every block keeps (DESIGN decision 6), checked in tests and after every pass under test:
 *
 *   - arguments are ops of the same block, made earlier, with the types the op table asks for
 *   - exactly one exit, the last op; the first op is an instruction boundary (but in a block that only fails to fetch)
 *   - within one instruction no state is written before its last op that may fault
 *   - as many boundaries as the block says it has instructions
 *   - variables exist and have the width that is accessed
 */
import type { Block, Op } from './block.ts';
import { mayFault, type OpName, OPS, specOf } from './ops.ts';
import { printOp } from './print.ts';
import { STATE_VARIABLES } from './state-layout.ts';

/** What is wrong with the block, one sentence per fault; empty when it keeps all rules. */
export function verifyBlock(block: Block): string[] {
  const problems: string[] = [];
  const known = new Map<Op, number>();
  const complain = (op: Op, what: string): void => {
    problems.push(`op ${known.size}, ${printOp(op, (value) => `%${known.get(value) ?? '?'}`)}: ${what}`);
  };
  let written: Op | null = null;
  for (const [i, op] of block.ops.entries()) {
    checkShape(op, known, complain);
    const { effects } = specOf(op.name);
    if ((effects === 'exit') !== (i === block.ops.length - 1)) complain(op, 'an exit is the last op, and no other is');
    if (i === 0 && effects !== 'boundary' && op.name !== 'fetchFault') complain(op, 'a block opens with a boundary');
    if (effects === 'boundary') written = null;
    if (mayFault(op.name) && written !== null) complain(op, `may fault after ${written.name} wrote state`);
    if (effects === 'write' || effects === 'helper' || effects === 'unit') written ??= op;
    known.set(op, i);
  }
  const boundaries = block.ops.filter(({ name }) => name === 'instruction').length;
  if (boundaries !== block.instructionCount) {
    problems.push(`${boundaries} boundaries, but instructionCount is ${block.instructionCount}`);
  }
  return problems;
}

type Complain = (op: Op, what: string) => void;

function checkShape(op: Op, known: ReadonlyMap<Op, number>, complain: Complain): void {
  if (!(op.name in OPS)) {
    complain(op, 'no such op');
    return;
  }
  const { args, result, attributes } = specOf(op.name);
  if (op.args.length !== args.length) complain(op, `takes ${args.length} arguments`);
  for (const [i, arg] of op.args.entries()) {
    if (!known.has(arg)) complain(op, `argument ${i} is not made before`);
    if (arg.type !== args[i]) complain(op, `argument ${i} is ${arg.type}, not ${args[i]}`);
  }
  if (op.type !== result) complain(op, `has type ${op.type}, not ${result}`);
  if (attributes[0] === 'variable') checkVariable(op, complain);
}

const VARIABLE_WIDTHS: Partial<Record<OpName, readonly string[]>> = {
  get64: ['i64'],
  set64: ['i64'],
  set32: ['i64'],
  get32: ['i64', 'i32'],
  setLow32: ['i64', 'i32'],
  get128: ['v128'],
  set128: ['v128'],
};

function checkVariable(op: Op, complain: Complain): void {
  const variable = STATE_VARIABLES[op.imm];
  if (variable === undefined) complain(op, `variable ${op.imm} does not exist`);
  else if (VARIABLE_WIDTHS[op.name]?.includes(variable.type) === false)
    complain(op, `${variable.name} is ${variable.type}`);
}
