/**
 * SSE floating point: what the `float` op means, operation by operation, under any MXCSR (Intel SDM 1, chapter 11).
 *
 * Operations are named by what they do and the lanes they do it on: `addF64x2` packed; `addF64` scalar, the other bits
 * of the result come from a. Usual numbers go the way of the host's own arithmetic, which is exact for them; the rest
 * goes to soft float, which costs microseconds but knows every NaN, flag and rounding mode.
 */
import { add, div, mul, sqrt, sub, unpackOperand } from '../util/soft-float/arithmetic.ts';
import { compare, convert, fromInteger, roundToIntegral, select, toInteger } from '../util/soft-float/convert.ts';
import {
  F32,
  F64,
  packInfinity,
  packNan,
  packIndefinite,
  packZero,
  type FloatFormat,
} from '../util/soft-float/format.ts';
import { FP_FLAG, ROUND, type FloatContext } from '../util/soft-float/round.ts';
import { assert } from '../util/assert.ts';
import type { V128 } from './op-spec.ts';

const MXCSR = {
  FLAGS: 0x3f,
  DAZ: 0x40,
  MASKS_SHIFT: 7,
  ROUND_SHIFT: 13,
  FTZ: 0x8000,
  WRITABLE: 0xffff,
  INITIAL: 0x1f80,
} as const;

/** How an operation ended besides its value: filled anew by each runFloat. */
export interface FloatOutcome {
  /** MXCSR with the flags it raised. */
  mxcsr: number;
  /** An unmasked exception: #XM, the value does not count. */
  isTrapped: boolean;
}

/** One operation: a and b are not changed. */
type Operation = (context: FloatContext, a: V128, b: V128) => V128;

const context: FloatContext = {
  rounding: 0,
  masks: 0,
  flags: 0,
  denormalsAreZero: false,
  flushToZero: false,
  rules: 'sse',
  roundedUp: false,
};

/** Runs `operation` under `mxcsr`; `outcome` tells the rest. Not reentrant, like all of the core. */
export function runFloat(operation: string, mxcsr: number, a: V128, b: V128, outcome: FloatOutcome): V128 {
  context.rounding = (mxcsr >> MXCSR.ROUND_SHIFT) & 3;
  context.masks = (mxcsr >> MXCSR.MASKS_SHIFT) & 0x3f;
  context.flags = 0;
  settledFlags = 0;
  context.denormalsAreZero = (mxcsr & MXCSR.DAZ) !== 0;
  context.flushToZero = (mxcsr & MXCSR.FTZ) !== 0;
  isPrecisionKnown = (mxcsr & FP_FLAG.PRECISION) !== 0;
  const value = operationOf(operation)(context, a, b);
  const unmasked = context.flags & ~context.masks;
  // An unmasked exception of an operand keeps the result from being computed, so nothing is told of it (11.5.2.2, 11.5.3).
  if ((unmasked & OPERAND_FLAGS) !== 0) context.flags &= OPERAND_FLAGS;
  outcome.isTrapped = unmasked !== 0;
  outcome.mxcsr = mxcsr | context.flags | settledFlags;
  return value;
}

/** Flags of the steps before the last one, of operations that have several; all of them masked. */
let settledFlags = 0;

/** Between two steps of one operation. @returns whether the next is made: an unmasked exception ends it before. */
function goesOn(c: FloatContext): boolean {
  if ((c.flags & ~c.masks) !== 0) return false;
  settledFlags |= c.flags;
  c.flags = 0;
  return true;
}

const OPERAND_FLAGS = FP_FLAG.INVALID | FP_FLAG.DENORMAL | FP_FLAG.DIVIDE;

/** Lanes by the end of an operation's name. */
interface Shape {
  readonly format: FloatFormat;
  /** How many lanes are computed: 1 for scalars. */
  readonly lanes: number;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  F32x4: { format: F32, lanes: 4 },
  F64x2: { format: F64, lanes: 2 },
  F32: { format: F32, lanes: 1 },
  F64: { format: F64, lanes: 1 },
};

/** A lane of the result from lanes of a and b. */
type LaneOperation = (context: FloatContext, format: FloatFormat, a: bigint, b: bigint) => bigint;

// CMPPS predicates 0 to 3; 4 to 7 are their negations (Intel SDM 2A, CMPPD, table 3-8). LT and LE signal.
const PREDICATES: readonly LaneOperation[] = [
  (c, format, a, b) => mask(format, compare(c, format, a, b, false) === 'equal'),
  (c, format, a, b) => mask(format, compare(c, format, a, b, true) === 'less'),
  (c, format, a, b) => mask(format, ['less', 'equal'].includes(compare(c, format, a, b, true))),
  (c, format, a, b) => mask(format, compare(c, format, a, b, false) === 'unordered'),
];

const LANE_OPERATIONS: Readonly<Record<string, LaneOperation>> = {
  add: (c, format, a, b) => add(c, format, a, b),
  sub: (c, format, a, b) => sub(c, format, a, b),
  mul: (c, format, a, b) => mul(c, format, a, b),
  div: (c, format, a, b) => div(c, format, a, b),
  sqrt: (c, format, _a, b) => sqrt(c, format, b),
  min: (c, format, a, b) => select(c, format, a, b, 'less'),
  max: (c, format, a, b) => select(c, format, a, b, 'greater'),
  reciprocal: (c, format, _a, b) => approximate(c, format, b, (x) => 1 / x),
  reciprocalRoot: (c, format, _a, b) => approximate(c, format, b, (x) => 1 / Math.sqrt(x)),
};

/** The mnemonic part of a name, its lanes, and the number some names carry: 'cmp.5F64x2', 'round.8F32', 'dot.f1F32x4'. */
const NAME = /^([a-z][A-Za-z]*)(?:\.([0-9a-f]+))?(F32x4|F64x2|F32|F64)$/;

const operations = new Map<string, Operation>();

function operationOf(name: string): Operation {
  let operation = operations.get(name);
  if (operation === undefined) operations.set(name, (operation = makeOperation(name)));
  return operation;
}

function makeOperation(name: string): Operation {
  const conversion = CONVERSIONS[name];
  if (conversion !== undefined) return conversion;
  const [, verb = '', digits = '0', shapeName = ''] = NAME.exec(name) ?? [];
  const shape = SHAPES[shapeName];
  assert(shape !== undefined, `float unit: operation '${name}'`);
  const immediate = parseInt(digits, 16);
  const horizontal = HORIZONTAL[verb];
  if (horizontal !== undefined) return (c, a, b) => horizontal(c, shape, a, b, immediate);
  return laneWise(shape, laneOperation(verb, immediate), FAST[verb] ?? never);
}

function laneOperation(verb: string, immediate: number): LaneOperation {
  if (verb === 'cmp') {
    const predicate = PREDICATES[immediate & 3];
    if (immediate < 4) return predicate;
    return (c, format, a, b) => predicate(c, format, a, b) ^ mask(format, true);
  }
  if (verb === 'round') {
    const isQuiet = (immediate & 8) !== 0;
    return (c, format, _a, b) =>
      roundToIntegral(c, format, b, (immediate & 4) !== 0 ? c.rounding : immediate & 3, isQuiet);
  }
  const operation = LANE_OPERATIONS[verb];
  assert(operation !== undefined, `float unit: verb '${verb}'`);
  return operation;
}

function mask(format: FloatFormat, isSet: boolean): bigint {
  return isSet ? (format === F32 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn) : 0n;
}

/**
 * RCPPS, RSQRTPS: the SDM asks for a relative error of at most 1.5 × 2^-12, and no flags; ours is correctly rounded.
 * Denormal operands count as zeros, tiny results become zeros.
 */
function approximate(c: FloatContext, format: FloatFormat, bits: bigint, f: (x: number) => number): bigint {
  const value = unpackOperand(c, format, bits);
  if (value.kind === 'nan') return packNan(format, value);
  const isZero = value.kind === 'finite' && (value.significand === 0n || value.isDenormal);
  const x = isZero ? (value.sign === 0 ? 0 : -0) : numberOf(format, bits);
  const result = Object.is(x, -0) ? -Infinity : f(x);
  if (Number.isNaN(result)) return packIndefinite(format);
  if (Math.abs(result) === Infinity) return packInfinity(format, result > 0 ? 0 : 1);
  return Math.abs(result) < 2 ** format.minExponent ? packZero(format, value.sign) : bitsOf(format, result);
}

// Host arithmetic

const cell32 = new Int32Array(4);
const cellF32 = new Float32Array(cell32.buffer);
const cellF64 = new Float64Array(cell32.buffer);
const cell64 = new BigUint64Array(cell32.buffer);

function numberOf(format: FloatFormat, bits: bigint): number {
  cell64[0] = bits;
  return format === F32 ? cellF32[0] : cellF64[0];
}

function bitsOf(format: FloatFormat, value: number): bigint {
  cell64[0] = 0n;
  if (format === F32) cellF32[0] = value;
  else cellF64[0] = value;
  return cell64[0];
}

/**
 * The result by host arithmetic, or NaN when soft float must decide. `known` tells that PRECISION is already set, so
 * that an inexact result raises nothing new; else only results seen to be exact count. Operands are finite and normal
 * or zero; the caller rejects results that are not.
 */
type FastOperation = (a: number, b: number, known: boolean, isSingle: boolean) => number;

const never: FastOperation = () => NaN;

// In single precision the sum, product, quotient and root of float32 values, taken in double and rounded once more, are
// the correctly rounded ones (Figueroa, "When is double rounding innocuous?"); they are exact when the rounding keeps them.
const FAST: Readonly<Record<string, FastOperation>> = {
  add: (a, b, known, isSingle) => fastSum(a, b, known, isSingle),
  sub: (a, b, known, isSingle) => fastSum(a, -b, known, isSingle),
  mul(a, b, known, isSingle) {
    const product = a * b;
    const rounded = isSingle ? Math.fround(product) : product;
    if (rounded === 0 && a !== 0 && b !== 0) return NaN;
    if (isSingle) return known || rounded === product ? rounded : NaN;
    return known || a === 0 || b === 0 || areSmallIntegers(a, b, product) ? product : NaN;
  },
  div(a, b, known, isSingle) {
    if (b === 0) return NaN;
    const quotient = isSingle ? Math.fround(a / b) : a / b;
    if (quotient === 0 && a !== 0) return NaN;
    return known || areSmallIntegers(quotient, b, a) ? quotient : NaN;
  },
  sqrt(_a, b, known, isSingle) {
    if (b < 0) return NaN;
    const root = isSingle ? Math.fround(Math.sqrt(b)) : Math.sqrt(b);
    return known || areSmallIntegers(root, root, b) ? root : NaN;
  },
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
};

function fastSum(a: number, b: number, known: boolean, isSingle: boolean): number {
  const sum = a + b;
  if (isSingle) {
    if (known) return Math.fround(sum);
    if (Math.fround(sum) !== sum) return NaN;
  } else if (known) return sum;
  const rest = sum - a; // Knuth's two-sum: the exact error of the addition
  return a - (sum - rest) + (b - rest) === 0 ? sum : NaN;
}

function areSmallIntegers(a: number, b: number, product: number): boolean {
  return Number.isInteger(a) && Number.isInteger(b) && Number.isSafeInteger(product) && a * b === product;
}

/** Round to nearest, everything masked, DAZ and FTZ off. */
function isPlain(c: FloatContext): boolean {
  return c.rounding === ROUND.NEAREST && c.masks === 0x3f && !c.denormalsAreZero && !c.flushToZero;
}

/** MXCSR.PE was set before the operation that runs now. */
let isPrecisionKnown = false;

function laneWise({ format, lanes }: Shape, soft: LaneOperation, fast: FastOperation): Operation {
  const lane = format === F32 ? lane32 : lane64;
  return (c, a, b) => {
    const out = Int32Array.from(a);
    for (let i = 0; i < lanes; i++) lane(c, format, soft, fast, a, b, i, out);
    return out;
  };
}

function lane64(
  c: FloatContext,
  format: FloatFormat,
  soft: LaneOperation,
  fast: FastOperation,
  a: V128,
  b: V128,
  i: number,
  out: V128,
): void {
  if (fast !== never && isPlain(c) && isUsual64(a[2 * i], a[2 * i + 1]) && isUsual64(b[2 * i], b[2 * i + 1])) {
    cell32[0] = a[2 * i];
    cell32[1] = a[2 * i + 1];
    cell32[2] = b[2 * i];
    cell32[3] = b[2 * i + 1];
    cellF64[0] = fast(cellF64[0], cellF64[1], isPrecisionKnown, false);
    if (isUsual64(cell32[0], cell32[1])) {
      out[2 * i] = cell32[0];
      out[2 * i + 1] = cell32[1];
      return;
    }
  }
  setLane64(out, i, soft(c, format, getLane64(a, i), getLane64(b, i)));
}

function lane32(
  c: FloatContext,
  format: FloatFormat,
  soft: LaneOperation,
  fast: FastOperation,
  a: V128,
  b: V128,
  i: number,
  out: V128,
): void {
  if (fast !== never && isPlain(c) && isUsual32(a[i]) && isUsual32(b[i])) {
    cell32[0] = a[i];
    cell32[1] = b[i];
    cellF32[0] = fast(cellF32[0], cellF32[1], isPrecisionKnown, true);
    if (isUsual32(cell32[0])) {
      out[i] = cell32[0];
      return;
    }
  }
  out[i] = toInt32(soft(c, format, getLane32(a, i), getLane32(b, i)));
}

/** Zero or a normal number; not the least normal exponent, where rounding up hides that a result was tiny. */
function isUsual64(low: number, high: number): boolean {
  const exponent = high & 0x7ff0_0000;
  return exponent === 0
    ? low === 0 && (high & 0x000f_ffff) === 0
    : exponent !== 0x7ff0_0000 && exponent !== 0x0010_0000;
}

function isUsual32(bits: number): boolean {
  const exponent = bits & 0x7f80_0000;
  return exponent === 0 ? (bits & 0x007f_ffff) === 0 : exponent !== 0x7f80_0000 && exponent !== 0x0080_0000;
}

// Lanes as bits

function getLane32(a: V128, i: number): bigint {
  return BigInt(a[i] >>> 0);
}

function getLane64(a: V128, i: number): bigint {
  return (BigInt(a[2 * i + 1] >>> 0) << 32n) | BigInt(a[2 * i] >>> 0);
}

function setLane64(out: V128, i: number, bits: bigint): void {
  out[2 * i] = toInt32(bits);
  out[2 * i + 1] = toInt32(bits >> 32n);
}

function toInt32(bits: bigint): number {
  return Number(BigInt.asIntN(32, bits));
}

function getLane({ format }: Shape, a: V128, i: number): bigint {
  return format === F32 ? getLane32(a, i) : getLane64(a, i);
}

function setLane({ format }: Shape, out: V128, i: number, bits: bigint): void {
  if (format === F32) out[i] = toInt32(bits);
  else setLane64(out, i, bits);
}

// Across lanes

type Horizontal = (c: FloatContext, shape: Shape, a: V128, b: V128, immediate: number) => V128;

const HORIZONTAL: Readonly<Record<string, Horizontal>> = {
  /** HADDPS: sums of neighbours, those of a in the low half. */
  addAcross: (c, shape, a, b) => neighbours(c, shape, a, b, add),
  subAcross: (c, shape, a, b) => neighbours(c, shape, a, b, sub),
  /** ADDSUBPS: even lanes subtract, odd ones add. */
  subAdd(c, shape, a, b) {
    const out = new Int32Array(4);
    for (let i = 0; i < shape.lanes; i++) {
      const operation = (i & 1) === 0 ? sub : add;
      setLane(shape, out, i, operation(c, shape.format, getLane(shape, a, i), getLane(shape, b, i)));
    }
    return out;
  },
  /** DPPS, DPPD: products selected by the high half of the immediate, their sum stored where its low half says. */
  dot(c, shape, a, b, immediate) {
    const products: bigint[] = [];
    for (let i = 0; i < shape.lanes; i++) {
      const isTaken = ((immediate >> (4 + i)) & 1) !== 0;
      products.push(isTaken ? mul(c, shape.format, getLane(shape, a, i), getLane(shape, b, i)) : 0n);
    }
    const out = new Int32Array(4);
    if (!goesOn(c)) return out;
    const halves = [0, 2].slice(0, shape.lanes / 2).map((i) => add(c, shape.format, products[i], products[i + 1]));
    if (halves.length > 1 && !goesOn(c)) return out;
    const sum = halves.length === 1 ? halves[0] : add(c, shape.format, halves[0], halves[1]);
    for (let i = 0; i < shape.lanes; i++) setLane(shape, out, i, ((immediate >> i) & 1) === 0 ? 0n : sum);
    return out;
  },
};

function neighbours(c: FloatContext, shape: Shape, a: V128, b: V128, operation: typeof add): V128 {
  const out = new Int32Array(4);
  const half = shape.lanes / 2;
  for (let i = 0; i < shape.lanes; i++) {
    const from = i < half ? a : b;
    const at = 2 * (i % half);
    setLane(shape, out, i, operation(c, shape.format, getLane(shape, from, at), getLane(shape, from, at + 1)));
  }
  return out;
}

// Conversions and flag comparisons

const signed32 = (a: V128, i: number): bigint => BigInt(a[i]);
const signed64 = (a: V128): bigint => BigInt.asIntN(64, getLane64(a, 0));

/** An integer in the low bits of b becomes the low lane; the rest is that of a. */
function fromIntegerLane(shape: Shape, valueOf: (b: V128) => bigint): Operation {
  return (c, a, b) => {
    const out = Int32Array.from(a);
    setLane(shape, out, 0, fromInteger(c, shape.format, valueOf(b)));
    return out;
  };
}

/** The low lane of b as an integer of `width` bits, zero-extended to 128. */
function toIntegerLane(shape: Shape, width: number, truncates: boolean): Operation {
  return (c, _a, b) => {
    const out = new Int32Array(4);
    const rounding = truncates ? ROUND.ZERO : c.rounding;
    const value = toInteger(c, shape.format, getLane(shape, b, 0), width, rounding);
    if (width === 64) setLane64(out, 0, value);
    else out[0] = toInt32(value);
    return out;
  };
}

/** `lanes` lanes of b become 32-bit integers, zeros above. */
function toIntegers(shape: Shape, truncates: boolean): Operation {
  return (c, _a, b) => {
    const out = new Int32Array(4);
    for (let i = 0; i < shape.lanes; i++) {
      out[i] = toInt32(toInteger(c, shape.format, getLane(shape, b, i), 32, truncates ? ROUND.ZERO : c.rounding));
    }
    return out;
  };
}

function fromIntegers(shape: Shape): Operation {
  return (c, _a, b) => {
    const out = new Int32Array(4);
    for (let i = 0; i < shape.lanes; i++) setLane(shape, out, i, fromInteger(c, shape.format, signed32(b, i)));
    return out;
  };
}

/** The low `lanes` lanes of b in the other format; other bits from `rest`. */
function betweenFormats(from: Shape, to: Shape, lanes: number, rest: 'a' | 'zero'): Operation {
  return (c, a, b) => {
    const out = rest === 'a' ? Int32Array.from(a) : new Int32Array(4);
    for (let i = 0; i < lanes; i++) setLane(to, out, i, convert(c, from.format, to.format, getLane(from, b, i)));
    return out;
  };
}

// ZF, PF and CF at their RFLAGS positions (Intel SDM 2A, COMISD).
const ORDER_FLAGS = { less: 0x01, equal: 0x40, greater: 0, unordered: 0x45 } as const;

function orderFlags(shape: Shape, isSignaling: boolean): Operation {
  return (c, a, b) => {
    const out = new Int32Array(4);
    out[0] = ORDER_FLAGS[compare(c, shape.format, getLane(shape, a, 0), getLane(shape, b, 0), isSignaling)];
    return out;
  };
}

/** The two low lanes of four: what MMX conversions work on. */
const PAIR: Shape = { format: F32, lanes: 2 };

/** CVTPI2PS keeps the high half of a. */
function pairFromIntegers(c: FloatContext, a: V128, b: V128): V128 {
  const out = Int32Array.from(a);
  for (let i = 0; i < 2; i++) out[i] = toInt32(fromInteger(c, F32, signed32(b, i)));
  return out;
}

const { F32x4, F64x2, F32: single, F64: double } = SHAPES;

// oxfmt-ignore
const CONVERSIONS: Readonly<Record<string, Operation>> = {
  singleFromI32: fromIntegerLane(single, (b) => signed32(b, 0)), singleFromI64: fromIntegerLane(single, signed64),
  doubleFromI32: fromIntegerLane(double, (b) => signed32(b, 0)), doubleFromI64: fromIntegerLane(double, signed64),
  singleToI32: toIntegerLane(single, 32, false), singleToI64: toIntegerLane(single, 64, false),
  doubleToI32: toIntegerLane(double, 32, false), doubleToI64: toIntegerLane(double, 64, false),
  truncateSingleToI32: toIntegerLane(single, 32, true), truncateSingleToI64: toIntegerLane(single, 64, true),
  truncateDoubleToI32: toIntegerLane(double, 32, true), truncateDoubleToI64: toIntegerLane(double, 64, true),
  singlesFromI32: fromIntegers(F32x4), doublesFromI32: fromIntegers(F64x2),
  singlesToI32: toIntegers(F32x4, false), doublesToI32: toIntegers(F64x2, false),
  truncateSinglesToI32: toIntegers(F32x4, true), truncateDoublesToI32: toIntegers(F64x2, true),
  singlesPairToI32: toIntegers(PAIR, false), truncateSinglesPairToI32: toIntegers(PAIR, true),
  singlesPairFromI32: pairFromIntegers,
  singlesToDoubles: betweenFormats(F32x4, F64x2, 2, 'zero'), doublesToSingles: betweenFormats(F64x2, F32x4, 2, 'zero'),
  singleToDouble: betweenFormats(single, double, 1, 'a'), doubleToSingle: betweenFormats(double, single, 1, 'a'),
  orderSingle: orderFlags(single, true), orderDouble: orderFlags(double, true),
  orderSingleQuietly: orderFlags(single, false), orderDoubleQuietly: orderFlags(double, false),
};

function* operationNames(): Generator<string> {
  const shapes = ['F64', 'F32', 'F64x2', 'F32x4'];
  for (const shape of shapes) for (const verb of Object.keys(FAST)) yield verb + shape;
  for (const shape of ['F32', 'F32x4']) yield* [`reciprocal${shape}`, `reciprocalRoot${shape}`];
  for (const shape of shapes) {
    for (let predicate = 0; predicate < 8; predicate++) yield `cmp.${predicate}${shape}`;
    for (let control = 0; control < 16; control++) yield `round.${control.toString(16)}${shape}`;
  }
  for (const shape of ['F64x2', 'F32x4']) yield* [`addAcross${shape}`, `subAcross${shape}`, `subAdd${shape}`];
  for (let lanes = 0; lanes < 256; lanes++) yield `dot.${lanes.toString(16)}F32x4`;
  for (let lanes = 0; lanes < 256; lanes++) if ((lanes & 0xcc) === 0) yield `dot.${lanes.toString(16)}F64x2`;
  yield* Object.keys(CONVERSIONS);
}

/** Every operation there is: its place is its number, for executors that name operations by numbers. */
export const FLOAT_OPERATIONS: readonly string[] = [...operationNames()];
