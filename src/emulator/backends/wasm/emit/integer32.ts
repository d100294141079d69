/** Integers of 32 bits. */
import type { Op } from '../../../ir/block.ts';
import type { integer32 } from '../../../ir/ops/integer32.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';

/** Operands in order, then one instruction. */
export function plain(name: Opcode): Emit {
  return (w, op) => {
    for (const arg of op.args) w.push(arg);
    w.code.op(name);
  };
}

export const INTEGER32 = {
  const32: (w, op) => w.pushConstant(op),
  add32: plain('i32.add'),
  sub32: plain('i32.sub'),
  mul32: plain('i32.mul'),
  and32: plain('i32.and'),
  or32: plain('i32.or'),
  xor32: (w, op) => (isNegation(w, op) ? negation(w, op) : plain('i32.xor')(w, op)),
  shl32: plain('i32.shl'),
  shr32: plain('i32.shr_u'),
  sar32: plain('i32.shr_s'),
  rotl32: plain('i32.rotl'),
  clz32: plain('i32.clz'),
  ctz32: plain('i32.ctz'),
  popcnt32: plain('i32.popcnt'),
  // Bytes 0 and 2 turned by 8, bytes 1 and 3 by 24.
  bswap32: (w, op) => {
    const a = w.local(op.args[0]);
    const { code } = w;
    code.localGet(a);
    code.i32(8);
    code.op('i32.rotl');
    code.i32(0x00ff_00ff);
    code.op('i32.and');
    code.localGet(a);
    code.i32(24);
    code.op('i32.rotl');
    code.i32(0xff00_ff00 | 0);
    code.op('i32.and');
    code.op('i32.or');
  },
  parity8: (w, op) => {
    const { code } = w;
    w.push(op.args[0]);
    code.i32(0xff);
    code.op('i32.and');
    code.op('i32.popcnt');
    code.i32(1);
    code.op('i32.and');
    code.op('i32.eqz');
  },
  sext8: plain('i32.extend8_s'),
  sext16: plain('i32.extend16_s'),
  eq32: (w, op) => (w.constant(op.args[1]) === 0 ? negation(w, op) : plain('i32.eq')(w, op)),
  ne32: plain('i32.ne'),
  ltS32: plain('i32.lt_s'),
  leS32: plain('i32.le_s'),
  ltU32: plain('i32.lt_u'),
  leU32: plain('i32.le_u'),
  select32: select,
} as const satisfies Record<keyof typeof integer32, Emit>;

/** select32 and select64. Wasm takes the condition last. */
export function select(w: IrWriter, op: Op): void {
  const [condition, then, otherwise] = op.args;
  w.push(then);
  w.push(otherwise);
  w.push(condition);
  w.code.op('select');
}

function negation(w: IrWriter, op: Op): void {
  w.push(op.args[0]);
  w.code.op('i32.eqz');
}

const TRUTH: ReadonlySet<string> = new Set([
  'eq32', 'ne32', 'ltS32', 'leS32', 'ltU32', 'leU32', 'eq64', 'ne64', 'ltS64', 'leS64', 'ltU64', 'leU64', 'parity8', 'condition',
]); // oxfmt-ignore

// Conditions are 0 or 1: their exclusive or with 1 is "not", which the host folds into a branch.
function isNegation(w: IrWriter, op: Op): boolean {
  return TRUTH.has(op.args[0].name) && w.constant(op.args[1]) === 1;
}
