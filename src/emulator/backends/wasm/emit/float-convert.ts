/**
 * Conversions and rounding to integral values. What is exact needs no test of MXCSR; a rounded result stands while the bar
 * is open, since PE is set then and the host rounds to nearest, as MXCSR does.
 */
import type { Op } from '../../../ir/block.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { USUAL_MXCSR } from '../float-runtime.ts';
import type { Emit, IrWriter } from '../ir-writer.ts';
import { pushIsDenormal, pushExponentTest, type Scalar } from './float-format.ts';
import { askHost, type HostOperand, pushHostResult, scalarOf } from './float-scalar.ts';

type Integer = 'i32' | 'i64';

/** An integer in the low bits of b becomes the low lane of a. */
function fromInteger(type: Scalar, integer: Integer): Emit {
  const lanes = type === 'f64' ? 'F64' : 'F32';
  // A double holds every i32. `back` gives the integer again exactly when the conversion was exact, but for 2^63 (2^31),
  // whose conversion back saturates: an integer next to it came out rounded.
  const isExact = type === 'f64' && integer === 'i32';
  return (w, op) => {
    const { code, floats } = w;
    const upper = w.local(op.args[0]);
    const b = integerOf(w, op.args[1], integer);
    const result = code.newLocal(type);
    code.localGet(b);
    code.op(`${type}.convert_${integer}_s`);
    code.localSet(result);
    if (!isExact) {
      const done = code.block();
      code.localGet(w.floatBar());
      code.op('i32.eqz');
      code.brIf(done, 'likely');
      code.localGet(result);
      code.op(`${integer}.trunc_sat_${type}_s`);
      code.localGet(b);
      code.op(`${integer}.eq`);
      code.localGet(result);
      pushNumber(code, type, integer === 'i64' ? 2 ** 63 : 2 ** 31);
      code.op(`${type}.lt`);
      code.op('i32.and');
      code.brIf(done);
      askHost(w, op, [null, { local: b, type: integer }]);
      pushHostResult(w, `${type}.load`);
      code.localSet(result);
      code.end();
    }
    floats.notePlain(op, lanes);
    floats.setScalar(op, type, result);
    pushWithLow(code, type, upper, result);
  };
}

/** A local with the integer; the lifter makes its vector for this operation alone, so that nobody needs that. */
export function integerOf(w: IrWriter, value: Op, type: Integer): number {
  if (value.name !== 'zext64') return scalarOf(w, value, type);
  const local = w.code.newLocal(type);
  w.push(value.args[0]);
  if (type === 'i32') w.code.op('i32.wrap_i64');
  w.code.localSet(local);
  w.floats.setScalar(value, type, local);
  return local;
}

export function pushNumber(code: CodeWriter, type: Scalar, value: number): void {
  if (type === 'f64') code.f64(value);
  else code.f32(value);
}

export function pushWithLow(code: CodeWriter, type: Scalar, upper: number, low: number): void {
  code.localGet(upper);
  code.localGet(low);
  code.lane(type === 'f64' ? 'f64x2.replace_lane' : 'f32x4.replace_lane', 0);
}

/** The low lane of b as an integer, zeros above. */
function toInteger(type: Scalar, integer: Integer, truncates: boolean): Emit {
  const limit = integer === 'i64' ? 2 ** 63 : 2 ** 31;
  return (w, op) => {
    const { code, floats } = w;
    const b = scalarOf(w, op.args[1], type);
    const result = code.newLocal(integer);
    code.localGet(b);
    if (!truncates) code.op(`${type}.nearest`);
    code.op(`${integer}.trunc_sat_${type}_s`);
    code.localSet(result);
    const done = code.block();
    code.localGet(b);
    code.op(`${type}.abs`);
    // Rounding must not reach the limit either.
    pushNumber(code, type, truncates ? limit : limit / 2);
    code.op(`${type}.lt`);
    code.localGet(w.floatBar());
    code.op('i32.eqz');
    code.op('i32.and');
    code.brIf(done, 'likely');
    if (truncates) {
      // Whatever way MXCSR rounds, when PE is masked and set.
      code.localGet(b);
      code.op(`${type}.abs`);
      pushNumber(code, type, limit);
      code.op(`${type}.lt`);
      w.pushState();
      code.memory('i32.load', STATE_OFFSET.mxcsr);
      code.i32(USUAL_MXCSR.value);
      code.op('i32.and');
      code.i32(USUAL_MXCSR.value);
      code.op('i32.eq');
      code.op('i32.and');
      code.brIf(done);
    }
    // Exact results are the same under any MXCSR; the limit itself is left out because it saturates.
    code.localGet(result);
    code.op(`${type}.convert_${integer}_s`);
    code.localGet(b);
    code.op(`${type}.eq`);
    code.localGet(b);
    pushNumber(code, type, limit);
    code.op(`${type}.lt`);
    code.op('i32.and');
    code.brIf(done);
    askHost(w, op, [null, { local: b, type }]);
    pushHostResult(w, `${integer}.load`);
    code.localSet(result);
    code.end();
    floats.setScalar(op, integer, result);
    code.v128(new Uint8Array(16));
    code.localGet(result);
    code.lane(integer === 'i64' ? 'i64x2.replace_lane' : 'i32x4.replace_lane', 0);
  };
}

/** CVTSS2SD: exact but for NaN and denormals, which raise flags. */
const singleToDouble: Emit = (w, op) => {
  const { code, floats } = w;
  const b = scalarOf(w, op.args[1], 'f32');
  const upper = w.local(op.args[0]);
  const result = code.newLocal('f64');
  code.localGet(b);
  code.op('f64.promote_f32');
  code.localSet(result);
  code.localGet(b);
  code.localGet(b);
  code.op('f32.ne');
  pushIsDenormal(code, 'f32', b);
  code.op('i32.or');
  code.if(undefined, 'unlikely');
  hostScalar(w, op, { local: b, type: 'f32' }, 'f64', result);
  code.end();
  floats.notePlain(op, 'F64');
  floats.setScalar(op, 'f64', result);
  pushWithLow(code, 'f64', upper, result);
};

/** CVTSD2SS: usual results, and exact ones under any MXCSR. */
const doubleToSingle: Emit = (w, op) => {
  const { code, floats } = w;
  const b = scalarOf(w, op.args[1], 'f64');
  const upper = w.local(op.args[0]);
  const result = code.newLocal('f32');
  const done = code.block();
  code.localGet(b);
  code.op('f32.demote_f64');
  code.localSet(result);
  pushExponentTest(code, 'f32', result, w.floatBar());
  code.brIf(done, 'likely');
  // Exact and normal, or zero.
  code.localGet(result);
  code.op('f64.promote_f32');
  code.localGet(b);
  code.op('f64.eq');
  code.localGet(result);
  code.op('f32.abs');
  code.f32(2 ** -126);
  code.op('f32.ge');
  code.localGet(b);
  code.f64(0);
  code.op('f64.eq');
  code.op('i32.or');
  code.op('i32.and');
  code.brIf(done);
  hostScalar(w, op, { local: b, type: 'f64' }, 'f32', result);
  code.end();
  floats.setScalar(op, 'f32', result);
  pushWithLow(code, 'f32', upper, result);
};

function hostScalar(w: IrWriter, op: Op, b: HostOperand, type: Scalar, result: number): void {
  askHost(w, op, [null, b]);
  pushHostResult(w, `${type}.load`);
  w.code.localSet(result);
}

/** CVTDQ2PD: always exact. */
const doublesFromI32: Emit = (w, op) => {
  w.push(op.args[1]);
  w.code.op('f64x2.convert_low_i32x4_s');
  w.floats.notePlain(op, 'F64x2');
};

/** CVTDQ2PS: rounds, while the bar is open as MXCSR says. */
const singlesFromI32: Emit = (w, op) => {
  packed(w, op, 'f32x4.convert_i32x4_s', (code) => {
    code.localGet(w.floatBar());
    code.op('i32.eqz');
  });
  w.floats.notePlain(op, 'F32x4');
};

/** CVTTPS2DQ: all lanes below 2^31. */
const truncateSinglesToI32: Emit = (w, op) => {
  packed(w, op, 'i32x4.trunc_sat_f32x4_s', (code, b) => {
    code.localGet(b);
    code.op('f32x4.abs');
    code.v128(new Uint8Array(Float32Array.of(2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31).buffer));
    code.op('f32x4.lt');
    code.op('i32x4.all_true');
    code.localGet(w.floatBar());
    code.op('i32.eqz');
    code.op('i32.and');
  });
};

/** One instruction on b, whose result stands when `pushTest` leaves 1. */
function packed(w: IrWriter, op: Op, opcode: Opcode, pushTest: (code: CodeWriter, b: number) => void): void {
  const { code } = w;
  const b = w.local(op.args[1]);
  const result = code.newLocal('v128');
  const done = code.block();
  code.localGet(b);
  code.op(opcode);
  code.localSet(result);
  pushTest(code, b);
  code.brIf(done, 'likely');
  askHost(w, op, [null, { local: b, type: 'v128' }]);
  pushHostResult(w, 'v128.load');
  code.localSet(result);
  code.end();
  code.localGet(result);
  code.release(result);
}

const ROUNDINGS = ['nearest', 'floor', 'ceil', 'trunc'] as const;

/**
 * ROUNDSD, ROUNDSS: bits 0 and 1 name the rounding, unless bit 2 leaves it to MXCSR (to nearest while the bar is open);
 * bit 3 keeps PE from being set. Numbers of 1 and more, and zero, need no further look.
 */
function round(type: Scalar, control: number): Emit {
  const rounding = (control & 4) !== 0 ? 'nearest' : ROUNDINGS[control & 3];
  const needsBar = (control & 4) !== 0 || (control & 8) === 0;
  return (w, op) => {
    const { code, floats } = w;
    const b = scalarOf(w, op.args[1], type);
    const upper = w.local(op.args[0]);
    const result = code.newLocal(type);
    const done = code.block();
    code.localGet(b);
    code.op(`${type}.${rounding}`);
    code.localSet(result);
    const isDenormal = (): void => pushIsDenormal(code, type, b);
    // A NaN is not equal to itself; a denormal may count as zero.
    code.localGet(b);
    code.localGet(b);
    code.op(`${type}.eq`);
    isDenormal();
    code.op('i32.eqz');
    code.op('i32.and');
    if (needsBar) {
      code.localGet(result);
      code.localGet(b);
      code.op(`${type}.eq`);
      code.localGet(w.floatBar());
      code.op('i32.eqz');
      code.op('i32.or');
      code.op('i32.and');
    }
    code.brIf(done, 'likely');
    hostScalar(w, op, { local: b, type }, type, result);
    code.end();
    floats.setScalar(op, type, result);
    pushWithLow(code, type, upper, result);
  };
}

function rounds(): [string, Emit][] {
  return Array.from({ length: 16 }, (_, control): [string, Emit][] => [
    [`round.${control.toString(16)}F64`, round('f64', control)],
    [`round.${control.toString(16)}F32`, round('f32', control)],
  ]).flat();
}

/** By operation. */
export const CONVERSIONS: Readonly<Record<string, Emit>> = {
  doubleFromI32: fromInteger('f64', 'i32'),
  doubleFromI64: fromInteger('f64', 'i64'),
  singleFromI32: fromInteger('f32', 'i32'),
  singleFromI64: fromInteger('f32', 'i64'),
  doubleToI32: toInteger('f64', 'i32', false),
  doubleToI64: toInteger('f64', 'i64', false),
  singleToI32: toInteger('f32', 'i32', false),
  singleToI64: toInteger('f32', 'i64', false),
  truncateDoubleToI32: toInteger('f64', 'i32', true),
  truncateDoubleToI64: toInteger('f64', 'i64', true),
  truncateSingleToI32: toInteger('f32', 'i32', true),
  truncateSingleToI64: toInteger('f32', 'i64', true),
  singleToDouble,
  doubleToSingle,
  doublesFromI32,
  singlesFromI32,
  truncateSinglesToI32,
  ...Object.fromEntries(rounds()),
};
