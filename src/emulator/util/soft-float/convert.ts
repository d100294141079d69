/** Conversions between formats and to and from integers, comparison, minimum and maximum, rounding to integral values. */
import { invalid, nanResult, noteDenormals, unpackOperand } from './arithmetic.ts';
import { packInfinity, packNan, packZero, type FloatFormat, type Unpacked } from './format.ts';
import { FP_FLAG, roundAndPack, roundToMultiple, type FloatContext } from './round.ts';

/** The value of `bits` (format `from`) in the format `to`. */
export function convert(context: FloatContext, from: FloatFormat, to: FloatFormat, bits: bigint): bigint {
  const value = unpackOperand(context, from, bits);
  if (value.kind === 'unsupported') return invalid(context, to);
  if (value.kind === 'nan') {
    if (value.isSignaling) context.flags |= FP_FLAG.INVALID;
    return packNan(to, value, from);
  }
  noteDenormals(context, value);
  return value.kind === 'infinity' ? packInfinity(to, value.sign) : roundAndPack(context, to, value);
}

/** The integer `value`, any width, rounded to `format`. */
export function fromInteger(context: FloatContext, format: FloatFormat, value: bigint): bigint {
  const exact = { sign: value < 0n ? 1 : 0, significand: value < 0n ? -value : value, exponent: 0 } as const;
  return roundAndPack(context, format, exact);
}

/**
 * `bits` as a signed integer of `width` bits, rounded as `rounding` says; what does not fit is INVALID and gives the
 * integer indefinite, -2^(width-1) (Intel SDM 1, 4.2.2). @returns a signed value
 */
export function toInteger(
  context: FloatContext,
  format: FloatFormat,
  bits: bigint,
  width: number,
  rounding: number,
): bigint {
  const limit = 1n << BigInt(width - 1);
  const value = unpackOperand(context, format, bits);
  if (value.kind !== 'finite' || value.exponent > width) return integerIndefinite(context, limit);
  const { significand, isInexact, isUp } = roundToMultiple(value, 0, rounding);
  const result = value.sign === 0 ? significand : -significand;
  if (result >= limit || result < -limit) return integerIndefinite(context, limit);
  if (isInexact) context.flags |= FP_FLAG.PRECISION;
  context.roundedUp = isUp;
  return result;
}

function integerIndefinite(context: FloatContext, limit: bigint): bigint {
  context.flags |= FP_FLAG.INVALID;
  return -limit;
}

/** Rounds to an integral value of the same format; `isQuiet`: without PRECISION (ROUNDPD bit 3). */
export function roundToIntegral(
  context: FloatContext,
  format: FloatFormat,
  bits: bigint,
  rounding: number,
  isQuiet = false,
): bigint {
  const value = unpackOperand(context, format, bits);
  const nan = nanResult(context, format, value, value);
  if (nan !== undefined) return nan;
  if (value.kind === 'infinity') return packInfinity(format, value.sign);
  const { significand, isInexact, isUp } = roundToMultiple(value, 0, rounding);
  if (isInexact && !isQuiet) context.flags |= FP_FLAG.PRECISION;
  const result =
    significand === 0n
      ? packZero(format, value.sign)
      : roundAndPack(context, format, { sign: value.sign, significand, exponent: 0 });
  context.roundedUp = isUp;
  return result;
}

export type Order = 'less' | 'equal' | 'greater' | 'unordered';

/** How a stands to b. INVALID for signaling NaNs and unsupported values, and for quiet NaNs when `isSignaling`. */
export function compare(
  context: FloatContext,
  format: FloatFormat,
  aBits: bigint,
  bBits: bigint,
  isSignaling: boolean,
): Order {
  return compareValues(
    context,
    unpackOperand(context, format, aBits),
    unpackOperand(context, format, bBits),
    isSignaling,
  );
}

/** The same for values that came from any format. */
export function compareValues(context: FloatContext, a: Unpacked, b: Unpacked, isSignaling: boolean): Order {
  if (!isNumber(a) || !isNumber(b)) {
    const isInvalid = isSignaling || [a, b].some((value) => value.isSignaling || value.kind === 'unsupported');
    if (isInvalid) context.flags |= FP_FLAG.INVALID;
    return 'unordered';
  }
  noteDenormals(context, a, b);
  return orderOf(a, b);
}

function isNumber(value: Unpacked): boolean {
  return value.kind === 'finite' || value.kind === 'infinity';
}

function orderOf(a: Unpacked, b: Unpacked): Order {
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB) return signA < signB ? 'less' : 'greater';
  if (signA === 0) return 'equal';
  const order = orderOfMagnitudes(a, b) * signA;
  return order === 0 ? 'equal' : order < 0 ? 'less' : 'greater';
}

function signOf(value: Unpacked): -1 | 0 | 1 {
  if (value.kind === 'finite' && value.significand === 0n) return 0;
  return value.sign === 0 ? 1 : -1;
}

function orderOfMagnitudes(a: Unpacked, b: Unpacked): number {
  if (a.kind === 'infinity' || b.kind === 'infinity')
    return Number(a.kind === 'infinity') - Number(b.kind === 'infinity');
  const exponent = Math.min(a.exponent, b.exponent);
  const scaledA = a.significand << BigInt(a.exponent - exponent);
  const scaledB = b.significand << BigInt(b.exponent - exponent);
  return scaledA === scaledB ? 0 : scaledA < scaledB ? -1 : 1;
}

/**
 * MINPS, MAXSD, …: b when either is NaN or both are zeros, without quieting; INVALID for every NaN (Intel SDM 2B MINSD).
 */
export function select(
  context: FloatContext,
  format: FloatFormat,
  a: bigint,
  b: bigint,
  wanted: 'less' | 'greater',
): bigint {
  return compare(context, format, a, b, true) === wanted ? flushed(context, format, a) : flushed(context, format, b);
}

// With DAZ the operand that is delivered is a zero, too.
function flushed(context: FloatContext, format: FloatFormat, bits: bigint): bigint {
  const value = unpackOperand(context, format, bits);
  const isFlushed = value.kind === 'finite' && value.significand === 0n;
  return isFlushed ? packZero(format, value.sign) : bits;
}
