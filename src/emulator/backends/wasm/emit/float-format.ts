/** The tests behind plain float instructions: is a result beyond doubt, may an operand be denormal? */
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { Plain } from './float-plain.ts';

export type Scalar = 'f64' | 'f32';
export type Shape = Scalar | 'f64x2' | 'f32x4';

/** The ending of an operation's name. */
export const SHAPE_OF: Readonly<Record<Plain, Shape>> = { F64: 'f64', F32: 'f32', F64x2: 'f64x2', F32x4: 'f32x4' };

/**
 * A result is usual when it is normal, not the least normal exponent (where rounding up hides that it was tiny), and not
 * infinite: 2 ≤ exponent < 0x7ff (0xff). The word that holds sign and exponent is moved up by one, which leaves the exponent
 * at `shift`; then that is one unsigned compare.
 */
const EXPONENT = {
  f64: { shift: 21, end: 0x7ff, bias: 1023, far: 510 },
  f32: { shift: 24, end: 0xff, bias: 127, far: 62 },
} as const;

const LEAST_USUAL = 2;

/** Exponents, from `least` up to but not including `end`. */
export interface ExponentRange {
  readonly least: number;
  readonly end: number;
}

export function usualRange(type: Scalar): ExponentRange {
  return { least: LEAST_USUAL, end: EXPONENT[type].end };
}

/**
 * Two ranges that save a test: when x y lies in the first and y in the second, x = x y / y is no denormal; and neither is x
 * when its root lies in the first.
 */
export function farRanges(type: Scalar): { readonly product: ExponentRange; readonly factor: ExponentRange } {
  const { bias, far, end } = EXPONENT[type];
  return { product: { least: bias - far, end }, factor: { least: 1, end: bias + far } };
}

/** Where the exponent lies after a shift by one. */
const EXPONENT_SHIFT = { f64: 53n, f32: 24n } as const;

/** Pushes 1 when the scalar's exponent is in the range, and the bar is open unless that is -1. */
export function pushExponentTest(
  code: CodeWriter,
  type: Scalar,
  value: number,
  bar: number,
  { least, end }: ExponentRange = usualRange(type),
): void {
  const { shift } = EXPONENT[type];
  code.localGet(value);
  pushHighWord(code, type);
  code.i32(1);
  code.op('i32.shl');
  code.i32((least << shift) | 0);
  code.op('i32.sub');
  if (bar >= 0) {
    code.localGet(bar);
    code.op('i32.or');
  }
  code.i32(((end - least) << shift) | 0);
  code.op('i32.lt_u');
}

/** Pops a scalar, pushes the word with its sign and exponent. */
function pushHighWord(code: CodeWriter, type: Scalar): void {
  if (type === 'f64') {
    code.op('i64.reinterpret_f64');
    code.i64(32);
    code.op('i64.shr_u');
    code.op('i32.wrap_i64');
  } else code.op('i32.reinterpret_f32');
}

/** Pushes 1 when the scalar is denormal. */
export function pushIsDenormal(code: CodeWriter, type: Scalar, value: number): void {
  pushIsBelow(code, type, value, 1);
}

/** Pushes 1 when the scalar is not zero and has an exponent below that one. */
export function pushIsBelow(code: CodeWriter, type: Scalar, value: number, exponent: number): void {
  const integer = pushLessOne(code, type, value);
  // Shifted like this zero is all ones.
  pushInteger(code, integer, (BigInt(exponent) << EXPONENT_SHIFT[type]) - 1n);
  code.op(`${integer}.lt_u`);
}

/** The same with a limit in a local of integers: exponents moved up by one bit. */
export function pushIsBelowLocal(code: CodeWriter, type: Scalar, value: number, limit: number): void {
  const integer = pushLessOne(code, type, value);
  code.localGet(limit);
  code.op(`${integer}.lt_u`);
}

/** Pushes the scalar's bits without the sign, moved up by one bit, less one. */
function pushLessOne(code: CodeWriter, type: Scalar, value: number): 'i64' | 'i32' {
  const integer = type === 'f64' ? 'i64' : 'i32';
  code.localGet(value);
  code.op(type === 'f64' ? 'i64.reinterpret_f64' : 'i32.reinterpret_f32');
  pushInteger(code, integer, 1n);
  code.op(`${integer}.shl`);
  pushInteger(code, integer, 1n);
  code.op(`${integer}.sub`);
  return integer;
}

function pushInteger(code: CodeWriter, type: 'i32' | 'i64', value: bigint): void {
  const low = Number(BigInt.asIntN(32, value));
  if (type === 'i32') code.i32(low);
  else code.i64(low, Number(BigInt.asIntN(32, value >> 32n)));
}

function splat32(word: number): Uint8Array {
  return new Uint8Array(Int32Array.of(word, word, word, word).buffer);
}

function splat64(value: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(value, value).buffer);
}

/** All lanes of the result usual, none of `operands` denormal, the bar open: pushes 1. Compares have signs: 2^31 is added. */
export function pushPackedTest(
  code: CodeWriter,
  shape: 'f64x2' | 'f32x4',
  result: number,
  operands: readonly number[],
  bar: number,
): void {
  const { shift, end } = EXPONENT[shape === 'f64x2' ? 'f64' : 'f32'];
  const [least, range] = [LEAST_USUAL << shift, (end - LEAST_USUAL) << shift];
  code.v128(splat32((range + 0x8000_0000) | 0));
  doubled(code, 'i32x4', result);
  code.v128(splat32((0x8000_0000 - least) | 0));
  code.op('i32x4.add');
  code.op('i32x4.gt_s');
  for (const operand of operands) {
    pushDenormalLanes(code, shape, operand);
    code.op('v128.andnot');
  }
  code.op(shape === 'f64x2' ? 'i64x2.bitmask' : 'i32x4.bitmask');
  code.i32(shape === 'f64x2' ? 3 : 15);
  code.op('i32.xor');
  code.localGet(bar);
  code.op('i32.or');
  code.op('i32.eqz');
}

/** Pushes the mask of the lanes that are denormal. */
export function pushDenormalLanes(code: CodeWriter, shape: 'f64x2' | 'f32x4', operand: number): void {
  pushLanesBelow(code, shape, operand, 1);
}

/** Pushes the mask of the lanes that are not zero and have an exponent below that one. */
export function pushLanesBelow(code: CodeWriter, shape: 'f64x2' | 'f32x4', operand: number, exponent: number): void {
  // (x << 1) - 1 < limit, unsigned.
  const limit = (BigInt(exponent) << EXPONENT_SHIFT[shape === 'f64x2' ? 'f64' : 'f32']) - 1n;
  if (shape === 'f64x2') {
    code.v128(splat64(BigInt.asUintN(64, limit + (1n << 63n))));
    doubled(code, 'i64x2', operand);
    code.v128(splat64((1n << 63n) - 1n));
    code.op('i64x2.add');
    code.op('i64x2.gt_s');
  } else {
    code.v128(splat32((Number(limit) + 0x8000_0000) | 0));
    doubled(code, 'i32x4', operand);
    code.v128(splat32(0x7fff_ffff));
    code.op('i32x4.add');
    code.op('i32x4.gt_s');
  }
}

function doubled(code: CodeWriter, shape: 'i32x4' | 'i64x2', value: number): void {
  code.localGet(value);
  code.localGet(value);
  code.op(`${shape}.add`);
}
