/** Integers of 64 bits. */
import type { Op } from '../../../ir/block.ts';
import type { integer64 } from '../../../ir/ops/integer64.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';
import type { RuntimeFunction } from '../runtime-functions.ts';
import { plain, select } from './integer32.ts';

export const INTEGER64 = {
  const64: (w, op) => w.pushConstant(op),
  add64: plain('i64.add'),
  sub64: plain('i64.sub'),
  mul64: plain('i64.mul'),
  mulHighU64: runtime('mulHighU64'),
  mulHighS64: runtime('mulHighS64'),
  mulWideU32: wide('i64.extend_i32_u'),
  mulWideS32: wide('i64.extend_i32_s'),
  and64: plain('i64.and'),
  or64: plain('i64.or'),
  xor64: plain('i64.xor'),
  shl64: shift('i64.shl'),
  shr64: shift('i64.shr_u'),
  sar64: shift('i64.shr_s'),
  rotl64: shift('i64.rotl'),
  clz64: count('i64.clz'),
  ctz64: count('i64.ctz'),
  popcnt64: count('i64.popcnt'),
  bswap64: swapBytes,
  eq64: (w, op) => {
    w.push(op.args[0]);
    if (w.constant(op.args[1]) === 0) w.code.op('i64.eqz');
    else {
      w.push(op.args[1]);
      w.code.op('i64.eq');
    }
  },
  ne64: plain('i64.ne'),
  ltS64: plain('i64.lt_s'),
  leS64: plain('i64.le_s'),
  ltU64: plain('i64.lt_u'),
  leU64: plain('i64.le_u'),
  select64: select,
  zext32: plain('i64.extend_i32_u'),
  sext32: plain('i64.extend_i32_s'),
  low32: plain('i32.wrap_i64'),
  high32: (w, op) => {
    w.push(op.args[0]);
    w.code.i64(32);
    w.code.op('i64.shr_u');
    w.code.op('i32.wrap_i64');
  },
  pair64: (w, op) => {
    w.push(op.args[0]);
    w.code.op('i64.extend_i32_u');
    w.push(op.args[1]);
    w.code.op('i64.extend_i32_u');
    w.code.i64(32);
    w.code.op('i64.shl');
    w.code.op('i64.or');
  },
  // Wasm's divisions trap where the op table says 0 or wraps.
  divU64: (w, op) => unlessZero(w, w.local(op.args[0]), w.local(op.args[1]), 'i64.div_u'),
  remU64: (w, op) => unlessZero(w, w.local(op.args[0]), w.local(op.args[1]), 'i64.rem_u'),
  divS64: (w, op) => divideSigned(w, w.local(op.args[0]), w.local(op.args[1])),
  remS64: (w, op) => unlessZero(w, w.local(op.args[0]), w.local(op.args[1]), 'i64.rem_s'),
  divU128: (w, op) => whenHighIsZero(w, op, 'i64.div_u', 'divU128'),
  remU128: (w, op) => whenHighIsZero(w, op, 'i64.rem_u', 'remU128'),
  divS128: (w, op) => whenHighIsSign(w, op, (a, b) => divideSigned(w, a, b), 'divS128'),
  remS128: (w, op) => whenHighIsSign(w, op, (a, b) => unlessZero(w, a, b, 'i64.rem_s'), 'remS128'),
  divOverflowsU128: (w, op) => {
    w.push(op.args[0]);
    w.push(op.args[2]);
    w.code.op('i64.ge_u');
  },
  divOverflowsS128: signedOverflow,
} as const satisfies Record<keyof typeof integer64, Emit>;

function runtime(name: RuntimeFunction): Emit {
  return (w, op) => {
    for (const arg of op.args) w.push(arg);
    w.callRuntime(name);
  };
}

function wide(extend: Opcode): Emit {
  return (w, op) => {
    for (const arg of op.args) {
      w.push(arg);
      w.code.op(extend);
    }
    w.code.op('i64.mul');
  };
}

/** The count is an i32; Wasm takes it mod 64 as the op table does. */
function shift(name: Opcode): Emit {
  return (w, op) => {
    const [a, by] = op.args;
    w.push(a);
    const known = w.constant(by);
    if (known !== null) w.code.i64(known);
    else {
      w.push(by);
      w.code.op('i64.extend_i32_u');
    }
    w.code.op(name);
  };
}

function count(name: Opcode): Emit {
  return (w, op) => {
    w.push(op.args[0]);
    w.code.op(name);
    w.code.op('i32.wrap_i64');
  };
}

// Neighbouring bytes change places, then neighbouring pairs, then the halves.
function swapBytes(w: IrWriter, op: Op): void {
  const { code } = w;
  const value = code.newLocal('i64');
  w.push(op.args[0]);
  for (const [bits, mask] of [
    [8, 0x00ff_00ff],
    [16, 0x0000_ffff],
  ] as const) {
    code.localTee(value);
    code.i64(mask, mask);
    code.op('i64.and');
    code.i64(bits);
    code.op('i64.shl');
    code.localGet(value);
    code.i64(bits);
    code.op('i64.shr_u');
    code.i64(mask, mask);
    code.op('i64.and');
    code.op('i64.or');
  }
  code.i64(32);
  code.op('i64.rotl');
  code.release(value);
}

/** a operation b, 0 when b is 0. */
function unlessZero(w: IrWriter, a: number, b: number, name: Opcode): void {
  const { code } = w;
  code.localGet(b);
  code.op('i64.eqz');
  code.if('i64', 'unlikely');
  code.i64(0);
  code.else();
  code.localGet(a);
  code.localGet(b);
  code.op(name);
  code.end();
}

/** a / b; the least number by -1 wraps around. */
function divideSigned(w: IrWriter, a: number, b: number): void {
  const { code } = w;
  code.localGet(b);
  code.i64(-1);
  code.op('i64.eq');
  code.if('i64', 'unlikely');
  code.i64(0);
  code.localGet(a);
  code.op('i64.sub');
  code.else();
  unlessZero(w, a, b, 'i64.div_s');
  code.end();
}

/** a:b by c: of 64 bits nearly always. */
function whenHighIsZero(w: IrWriter, op: Op, name: Opcode, general: RuntimeFunction): void {
  const { code } = w;
  const [a, b, c] = op.args.map((arg) => w.local(arg));
  code.localGet(a);
  code.op('i64.eqz');
  code.if('i64', 'likely');
  unlessZero(w, b, c, name);
  code.else();
  callGeneral(w, [a, b, c], general);
  code.end();
}

function whenHighIsSign(
  w: IrWriter,
  op: Op,
  divide: (dividend: number, divisor: number) => void,
  general: RuntimeFunction,
): void {
  const { code } = w;
  const [a, b, c] = op.args.map((arg) => w.local(arg));
  testHighIsSign(w, a, b);
  code.if('i64', 'likely');
  divide(b, c);
  code.else();
  callGeneral(w, [a, b, c], general);
  code.end();
}

function testHighIsSign({ code }: IrWriter, high: number, low: number): void {
  code.localGet(high);
  code.localGet(low);
  code.i64(63);
  code.op('i64.shr_s');
  code.op('i64.eq');
}

function signedOverflow(w: IrWriter, op: Op): void {
  const { code } = w;
  const [a, b, c] = op.args.map((arg) => w.local(arg));
  testHighIsSign(w, a, b);
  code.if('i32', 'likely');
  // By 0, or the least number by -1.
  code.localGet(c);
  code.op('i64.eqz');
  code.localGet(c);
  code.i64(-1);
  code.op('i64.eq');
  code.localGet(b);
  code.i64(0, -0x8000_0000);
  code.op('i64.eq');
  code.op('i32.and');
  code.op('i32.or');
  code.else();
  callGeneral(w, [a, b, c], 'divOverflowsS128');
  code.end();
}

function callGeneral(w: IrWriter, locals: readonly number[], name: RuntimeFunction): void {
  for (const local of locals) w.code.localGet(local);
  w.callRuntime(name);
}
