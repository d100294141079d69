/** The float operations that a stretch may hold, in their untested form (float-quick.ts). */
import type { Op } from '../../../ir/block.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { pushOrder, pushPredicate, type ScalarLanes, splatted } from './float-compare.ts';
import { integerOf, pushNumber, pushWithLow } from './float-convert.ts';
import type { Plain } from './float-plain.ts';
import { type QuickFloats, scalarType, verbOpcode } from './float-quick.ts';
import {
  formatOf,
  isPacked,
  LIMITS,
  productRange,
  quotientRange,
  type Range,
  rootRange,
  sumRange,
  unionOf,
} from './float-range.ts';
import { LOOKED_AT } from './quick-limits.ts';
import { scalarOf } from './float-scalar.ts';

/** Leaves the op's v128 on the stack. */
export type QuickEmit = (q: QuickFloats, op: Op) => void;

function localOf({ w }: QuickFloats, value: Op, lanes: Plain): number {
  return isPacked(lanes) ? w.local(value) : scalarOf(w, value, scalarType(lanes));
}

/** With the op's result in a float local: notes it, and pushes it over the upper bits of the first operand. */
function giveScalar({ w }: QuickFloats, op: Op, type: 'f64' | 'f32', upper: number, result: number): void {
  w.floats.setScalar(op, type, result);
  pushWithLow(w.code, type, upper, result);
}

/** The range of a result, from operands that are looked at as far as it needs. */
type RangeOfResult = (q: QuickFloats, lanes: Plain, operands: readonly Op[], locals: readonly number[]) => Range;

function rangesOf(q: QuickFloats, lanes: Plain, operands: readonly Op[], locals: readonly number[]): readonly Range[] {
  return operands.map((operand, i) => q.operand(operand, lanes, locals[i]));
}

const ofSum: RangeOfResult = (q, lanes, operands, locals) => {
  const [a, b] = rangesOf(q, lanes, operands, locals);
  return sumRange(formatOf(lanes), a, b);
};

/** Operands with the least bounds are looked at until the product cannot be tiny. */
const ofProduct: RangeOfResult = (q, lanes, operands, locals) => {
  const ranges = [...rangesOf(q, lanes, operands, locals)];
  for (;;) {
    const range = productRange(ranges[0], ranges[1]);
    if (range.least >= LIMITS[formatOf(lanes)].least) return range;
    const i = ranges[0].least <= ranges[1].least ? 0 : 1;
    ranges[i] = q.look(operands[i], lanes, locals[i]);
    if (operands[0] === operands[1]) ranges[1 - i] = ranges[i];
  }
};

/** The divisor must be known to be bounded, since dividing by infinity does not show. */
const ofQuotient: RangeOfResult = (q, lanes, [first, second], [a, b]) => {
  const { least } = LIMITS[formatOf(lanes)];
  const known = q.rangeOf(second, lanes);
  const isBounded = known !== null && least + known.end <= LOOKED_AT[formatOf(lanes)].least;
  const divisor = isBounded ? known : q.lookAtBothEnds(second, lanes, b);
  if (!isBounded) q.acquit(second, lanes);
  return quotientRange(q.operandFrom(first, lanes, a, least + divisor.end), divisor);
};

const ofRoot: RangeOfResult = (q, lanes, operands, locals) => rootRange(rangesOf(q, lanes, operands, locals)[0]);

const RANGES: Readonly<Record<string, RangeOfResult>> = {
  add: ofSum,
  sub: ofSum,
  mul: ofProduct,
  div: ofQuotient,
  sqrt: ofRoot,
};

function arithmetic(verb: string, lanes: Plain): QuickEmit {
  const isRoot = verb === 'sqrt';
  return (q, op) => {
    const { w } = q;
    const operands = isRoot ? [op.args[1]] : op.args;
    const locals = operands.map((operand) => localOf(q, operand, lanes));
    const upper = isPacked(lanes) ? -1 : w.local(op.args[0]);
    const range = RANGES[verb](q, lanes, operands, locals);
    const { code } = w;
    const result = isPacked(lanes) ? q.newVector() : code.newLocal(scalarType(lanes));
    for (const local of locals) code.localGet(local);
    code.op(verbOpcode(verb, lanes));
    code.localSet(result);
    giveRange(q, op, lanes, result, operands, range);
    for (const value of [...operands, op]) w.floats.notePlain(value, lanes);
    if (isPacked(lanes)) code.localGet(result);
    else giveScalar(q, op, scalarType(lanes), upper, result);
  };
}

/** Infinities and NaN of the operands are the result's from here on. */
function giveRange(q: QuickFloats, op: Op, lanes: Plain, result: number, operands: readonly Op[], range: Range): void {
  const limits = LIMITS[formatOf(lanes)];
  const isInherited = operands.map((operand) => q.acquit(operand, lanes)).includes(true);
  // The root of a negative number is NaN.
  if (isInherited || range.end >= limits.end || op.tag.startsWith('sqrt')) q.suspect(op, lanes, result);
  q.setRange(op, lanes, { ...range, end: Math.min(range.end, limits.end) });
  if (range.least < limits.least) q.look(op, lanes, result);
}

function order(lanes: ScalarLanes): QuickEmit {
  return (q, op) => {
    const { code, floats } = q.w;
    const locals = op.args.map((arg) => localOf(q, arg, lanes));
    rangesOf(q, lanes, op.args, locals); // They stay suspect: no NaN may be among them.
    const bits = code.newLocal('i32');
    pushOrder(code, scalarType(lanes), locals[0], locals[1]);
    code.localSet(bits);
    floats.setScalar(op, 'i32', bits);
    code.v128(new Uint8Array(16));
    code.localGet(bits);
    code.lane('i32x4.replace_lane', 0);
  };
}

type PushVectors = (q: QuickFloats, shape: 'f64x2' | 'f32x4', a: number, b: number) => void;

/** Minimum, maximum and masks. */
function compared(lanes: Plain, push: PushVectors): QuickEmit {
  const type = scalarType(lanes);
  const shape = type === 'f64' ? 'f64x2' : 'f32x4';
  return (q, op) => {
    const { code } = q.w;
    const locals = op.args.map((arg) => localOf(q, arg, lanes));
    const upper = q.w.local(op.args[0]);
    const [a, b] = rangesOf(q, lanes, op.args, locals);
    if (!op.tag.startsWith('cmp')) q.setRange(op, lanes, unionOf(a, b));
    if (isPacked(lanes)) return push(q, shape, locals[0], locals[1]);
    const vectors = locals.map((local) => splatted(code, shape, local));
    const result = code.newLocal(type);
    push(q, shape, vectors[0], vectors[1]);
    code.lane(`${shape}.extract_lane`, 0);
    code.localSet(result);
    for (const vector of vectors) code.release(vector);
    giveScalar(q, op, type, upper, result);
  };
}

// MINSD is a < b ? a : b: WebAssembly's pmin with its operands exchanged.
function extreme(verb: 'min' | 'max'): PushVectors {
  return (q, shape, a, b) => {
    q.w.code.localGet(b);
    q.w.code.localGet(a);
    q.w.code.op(`${shape}.p${verb}`);
  };
}

function mask(predicate: number): PushVectors {
  return (q, shape, a, b) => pushPredicate(q.w.code, shape, predicate, a, b);
}

/** A rounded result stands while the bar is open. */
function fromInteger(lanes: ScalarLanes, integer: 'i32' | 'i64'): QuickEmit {
  const type = scalarType(lanes);
  const range = { least: 0, end: integer === 'i64' ? 64 : 32, hasZero: true };
  return (q, op) => {
    const { code, floats } = q.w;
    const upper = q.w.local(op.args[0]);
    const b = integerOf(q.w, op.args[1], integer);
    const result = code.newLocal(type);
    code.localGet(b);
    code.op(`${type}.convert_${integer}_s`);
    code.localSet(result);
    q.setRange(op, lanes, range);
    floats.notePlain(op, lanes);
    giveScalar(q, op, type, upper, result);
  };
}

function truncation(lanes: ScalarLanes, integer: 'i32' | 'i64'): QuickEmit {
  const type = scalarType(lanes);
  return (q, op) => {
    const { code, floats } = q.w;
    const b = localOf(q, op.args[1], lanes);
    const result = code.newLocal(integer);
    code.localGet(b);
    code.op(`${type}.abs`);
    pushNumber(code, type, integer === 'i64' ? 2 ** 63 : 2 ** 31);
    code.op(`${type}.lt`);
    q.demand();
    q.acquit(op.args[1], lanes);
    code.localGet(b);
    code.op(`${integer}.trunc_sat_${type}_s`);
    code.localSet(result);
    floats.setScalar(op, integer, result);
    code.v128(new Uint8Array(16));
    code.localGet(result);
    code.lane(integer === 'i64' ? 'i64x2.replace_lane' : 'i32x4.replace_lane', 0);
  };
}

const singleToDouble: QuickEmit = (q, op) => {
  const { code, floats } = q.w;
  const b = localOf(q, op.args[1], 'F32');
  const upper = q.w.local(op.args[0]);
  const range = q.operand(op.args[1], 'F32', b);
  const result = code.newLocal('f64');
  code.localGet(b);
  code.op('f64.promote_f32');
  code.localSet(result);
  q.setRange(op, 'F64', range);
  if (q.acquit(op.args[1], 'F32')) q.suspect(op, 'F64', result);
  floats.notePlain(op, 'F64');
  giveScalar(q, op, 'f64', upper, result);
};

const doubleToSingle: QuickEmit = (q, op) => {
  const { code } = q.w;
  const b = localOf(q, op.args[1], 'F64');
  const upper = q.w.local(op.args[0]);
  const range = q.operandFrom(op.args[1], 'F64', b, LIMITS.f32.least);
  const result = code.newLocal('f32');
  code.localGet(b);
  code.op('f32.demote_f64');
  code.localSet(result);
  if (q.acquit(op.args[1], 'F64') || range.end >= LIMITS.f32.end) q.suspect(op, 'F32', result);
  q.setRange(op, 'F32', { ...range, end: Math.min(range.end, LIMITS.f32.end) });
  giveScalar(q, op, 'f32', upper, result);
};

/** CVTDQ2PD, CVTDQ2PS. */
function fromIntegers(lanes: Plain, opcode: Opcode): QuickEmit {
  return (q, op) => {
    q.w.push(op.args[1]);
    q.w.code.op(opcode);
    q.setRange(op, lanes, { least: 0, end: 32, hasZero: true });
    q.w.floats.notePlain(op, lanes);
  };
}

const ALL: readonly Plain[] = ['F64', 'F32', 'F64x2', 'F32x4'];

function rows(lanes: Plain): [string, QuickEmit][] {
  return [
    ...['add', 'sub', 'mul', 'div', 'sqrt'].map((verb): [string, QuickEmit] => [verb + lanes, arithmetic(verb, lanes)]),
    ...(['min', 'max'] as const).map((verb): [string, QuickEmit] => [verb + lanes, compared(lanes, extreme(verb))]),
    ...Array.from({ length: 8 }, (_, predicate): [string, QuickEmit] => [
      `cmp.${predicate}${lanes}`,
      compared(lanes, mask(predicate)),
    ]),
  ];
}

/** By operation. */
export const QUICK: Readonly<Record<string, QuickEmit>> = {
  ...Object.fromEntries(ALL.flatMap(rows)),
  orderDouble: order('F64'),
  orderDoubleQuietly: order('F64'),
  orderSingle: order('F32'),
  orderSingleQuietly: order('F32'),
  doubleFromI32: fromInteger('F64', 'i32'),
  doubleFromI64: fromInteger('F64', 'i64'),
  singleFromI32: fromInteger('F32', 'i32'),
  singleFromI64: fromInteger('F32', 'i64'),
  truncateDoubleToI32: truncation('F64', 'i32'),
  truncateDoubleToI64: truncation('F64', 'i64'),
  truncateSingleToI32: truncation('F32', 'i32'),
  truncateSingleToI64: truncation('F32', 'i64'),
  singleToDouble,
  doubleToSingle,
  doublesFromI32: fromIntegers('F64x2', 'f64x2.convert_low_i32x4_s'),
  singlesFromI32: fromIntegers('F32x4', 'f32x4.convert_i32x4_s'),
};
