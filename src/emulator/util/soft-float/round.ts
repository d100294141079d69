/** Rounding to a format with the exception flags of x86 (Intel SDM 1, 4.8.4 and 4.9.1). */
import { packFields, packInfinity, packZero, type FloatFormat } from './format.ts';

/** Exception bits, in the order in which MXCSR, the x87 status word and the x87 control word keep them. */
export const FP_FLAG = { INVALID: 1, DENORMAL: 2, DIVIDE: 4, OVERFLOW: 8, UNDERFLOW: 16, PRECISION: 32 } as const;

/** Rounding control as MXCSR.RC and the x87 control word number it. */
export const ROUND = { NEAREST: 0, DOWN: 1, UP: 2, ZERO: 3 } as const;

/** What a floating-point operation reads besides its operands and writes besides its result. */
export interface FloatContext {
  /** ROUND value. */
  rounding: number;
  /** FP_FLAG bits that are masked. */
  masks: number;
  /** FP_FLAG bits raised so far; operations only add to them. */
  flags: number;
  /** SSE: denormal operands count as zeros. */
  denormalsAreZero: boolean;
  /** SSE: tiny results become zeros while underflow is masked. */
  flushToZero: boolean;
  /** Which operand's NaN survives; also what unmasked overflow and underflow deliver (x87: the exponent wraps). */
  rules: 'sse' | 'x87';
  /** x87: the last rounding made the magnitude larger (C1). */
  roundedUp: boolean;
}

/** x87: unmasked overflow and underflow deliver the result with its exponent moved by this (Intel SDM 1, 8.5.4). */
const BIAS_ADJUST = 24576;

/** Bits of a non-negative number: 0 for 0n. */
export function bitLength(value: bigint): number {
  let shift = 0;
  let rest = value;
  if (rest >= 1n << 128n) {
    shift = (rest.toString(16).length - 16) * 4;
    rest >>= BigInt(shift);
  }
  while (rest >= 0x1_0000_0000n) {
    rest >>= 32n;
    shift += 32;
  }
  return shift + 32 - Math.clz32(Number(rest));
}

/**
 * The exact result of an operation: (-1)^sign × significand × 2^exponent. An infinite tail of digits is kept as one
 * set bit at the end, behind at least two bits more than any format holds: rounding cannot tell the difference.
 */
export interface Exact {
  readonly sign: 0 | 1;
  readonly significand: bigint;
  readonly exponent: number;
}

interface Rounded {
  readonly significand: bigint;
  readonly isInexact: boolean;
  readonly isUp: boolean;
}

/** The value as a multiple of 2^unit, rounded as `rounding` (ROUND) says. */
export function roundToMultiple(value: Exact, unit: number, rounding: number): Rounded {
  const drop = unit - value.exponent;
  if (drop <= 0) return { significand: value.significand << BigInt(-drop), isInexact: false, isUp: false };
  const count = BigInt(drop);
  const kept = value.significand >> count;
  const rest = value.significand - (kept << count);
  if (rest === 0n) return { significand: kept, isInexact: false, isUp: false };
  const half = 1n << (count - 1n);
  let isUp = false;
  if (rounding === ROUND.NEAREST) isUp = rest > half || (rest === half && (kept & 1n) === 1n);
  else if (rounding === ROUND.UP) isUp = value.sign === 0;
  else if (rounding === ROUND.DOWN) isUp = value.sign === 1;
  return { significand: isUp ? kept + 1n : kept, isInexact: true, isUp };
}

/**
 * Rounds an exact value to `format`, raising OVERFLOW, UNDERFLOW and PRECISION in `context`.
 * @param precision significand bits to keep: less than the format's under x87 precision control
 * @returns the bits; with an exception that is unmasked, what x87 delivers to a register (SSE delivers nothing)
 */
export function roundAndPack(
  context: FloatContext,
  format: FloatFormat,
  value: Exact,
  precision = format.precision,
): bigint {
  if (value.significand === 0n) return packZero(format, value.sign);
  const leading = value.exponent + bitLength(value.significand) - 1;
  const rounded = roundToMultiple(value, leading - (precision - 1), context.rounding);
  const exponent = bitLength(rounded.significand) > precision ? leading + 1 : leading;
  // Tininess is detected after rounding (Intel SDM 1, 4.9.1.5).
  if (exponent < format.minExponent) return packTiny(context, format, value, precision, rounded, leading);
  if (exponent > format.maxExponent) return packHuge(context, format, value.sign, precision, rounded, leading);
  return finish(context, format, value.sign, rounded, leading - (precision - 1));
}

function packTiny(
  context: FloatContext,
  format: FloatFormat,
  value: Exact,
  precision: number,
  wide: Rounded,
  leading: number,
): bigint {
  if ((context.masks & FP_FLAG.UNDERFLOW) === 0) {
    context.flags |= FP_FLAG.UNDERFLOW;
    return finishWrapped(context, format, value.sign, wide, leading - (precision - 1), BIAS_ADJUST);
  }
  if (context.flushToZero) {
    context.flags |= FP_FLAG.UNDERFLOW | FP_FLAG.PRECISION;
    return packZero(format, value.sign);
  }
  const unit = format.minExponent - (precision - 1);
  const narrow = roundToMultiple(value, unit, context.rounding);
  if (narrow.isInexact) context.flags |= FP_FLAG.UNDERFLOW;
  return finish(context, format, value.sign, narrow, unit);
}

function packHuge(
  context: FloatContext,
  format: FloatFormat,
  sign: 0 | 1,
  precision: number,
  wide: Rounded,
  leading: number,
): bigint {
  context.flags |= FP_FLAG.OVERFLOW;
  if ((context.masks & FP_FLAG.OVERFLOW) === 0) {
    return finishWrapped(context, format, sign, wide, leading - (precision - 1), -BIAS_ADJUST);
  }
  context.flags |= FP_FLAG.PRECISION;
  const towardsZero = context.rounding === ROUND.ZERO || context.rounding === (sign === 0 ? ROUND.DOWN : ROUND.UP);
  context.roundedUp = !towardsZero;
  if (!towardsZero) return packInfinity(format, sign);
  const largest = (1n << BigInt(precision)) - 1n;
  return packFinite(format, sign, largest, format.maxExponent - (precision - 1));
}

function finish(context: FloatContext, format: FloatFormat, sign: 0 | 1, rounded: Rounded, unit: number): bigint {
  if (rounded.isInexact) context.flags |= FP_FLAG.PRECISION;
  context.roundedUp = rounded.isUp;
  return packFinite(format, sign, rounded.significand, unit);
}

// What FSCALE makes can be out of range even then: it becomes 0 or ∞ (Intel SDM 1, 8.5.4 and 8.5.5). SSE delivers nothing.
function finishWrapped(
  context: FloatContext,
  format: FloatFormat,
  sign: 0 | 1,
  rounded: Rounded,
  unit: number,
  shift: number,
): bigint {
  const exponent = unit + shift + bitLength(rounded.significand) - 1;
  const isInRange = exponent >= format.minExponent && exponent <= format.maxExponent;
  if (isInRange || context.rules === 'sse')
    return finish(context, format, sign, rounded, isInRange ? unit + shift : unit);
  context.flags |= FP_FLAG.PRECISION;
  context.roundedUp = shift < 0;
  return shift > 0 ? packZero(format, sign) : packInfinity(format, sign);
}

/** Packs significand × 2^unit, which `format` holds exactly (an exponent out of its range wraps). */
function packFinite(format: FloatFormat, sign: 0 | 1, significand: bigint, unit: number): bigint {
  if (significand === 0n) return packZero(format, sign);
  const exponent = unit + bitLength(significand) - 1;
  const ulp = Math.max(exponent, format.minExponent) - (format.precision - 1);
  const digits = unit >= ulp ? significand << BigInt(unit - ulp) : significand >> BigInt(ulp - unit);
  const field = exponent < format.minExponent ? 0 : exponent - format.minExponent + 1;
  const fraction = digits & ((1n << BigInt(format.fractionBits)) - 1n);
  return packFields(format, sign, field & ((1 << format.exponentBits) - 1), fraction);
}
