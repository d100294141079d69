/**
 * What generated code calls where an expression would be long or slow: products and quotients of 64 bits in halves.
 * A function that gives 64 bits returns the low half and leaves the high half in `high[0]`; a typed array because V8
 * then knows the type without a check.
 */

import { statusFlags } from '../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import { type FloatOutcome, runFloat } from '../../ir/float-unit.ts';

/** The high half of the last 64-bit result. */
export const high = new Int32Array(1);

const TWO_32 = 0x1_0000_0000;
/** Below 2^53 the quotient of two whole doubles, rounded down, is exact. */
const EXACT_HIGH = 0x20_0000;

/** High half of the unsigned product of two 32-bit numbers. Doubles: 1.4 ns against 1.8 ns for four 16-bit products. */
export function mulHigh(a: number, b: number): number {
  const factor = b >>> 0;
  return (((a >>> 16) * factor + Math.floor(((a & 0xffff) * factor) / 0x1_0000)) / 0x1_0000) | 0;
}

/** Bits 64 to 127 of the unsigned product. */
export function mulHighU64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const crossLow = Math.imul(aHigh, bLow) >>> 0;
  const otherLow = Math.imul(aLow, bHigh) >>> 0;
  const carry = crossLow + otherLow + (mulHigh(aLow, bLow) >>> 0);
  const low =
    (Math.imul(aHigh, bHigh) >>> 0) +
    (mulHigh(aHigh, bLow) >>> 0) +
    (mulHigh(aLow, bHigh) >>> 0) +
    Math.floor(carry / TWO_32);
  high[0] = mulHigh(aHigh, bHigh) + Math.floor(low / TWO_32);
  return low | 0;
}

export function mulHighS64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  // The unsigned product counts a negative operand 2^64 times the other one too much.
  const low = mulHighU64(aLow, aHigh, bLow, bHigh) >>> 0;
  const takenLow = (aHigh < 0 ? bLow >>> 0 : 0) + (bHigh < 0 ? aLow >>> 0 : 0);
  const takenHigh = (aHigh < 0 ? bHigh : 0) + (bHigh < 0 ? aHigh : 0);
  const difference = low - takenLow;
  high[0] = high[0] - takenHigh + Math.floor(difference / TWO_32);
  return difference | 0;
}

/** Bits 96 to 127 of the signed product: the high half of mulHighS64. */
export function mulHighestS64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  mulHighS64(aLow, aHigh, bLow, bHigh);
  return high[0];
}

function bigFrom(low: number, top: number): bigint {
  return (BigInt(top) << 32n) | BigInt(low >>> 0);
}

function give(value: bigint): number {
  high[0] = Number(BigInt.asIntN(32, value >> 32n));
  return Number(BigInt.asIntN(32, value));
}

/** `value` is a whole double, 0 ≤ value < 2^53. */
function giveNumber(value: number): number {
  high[0] = value / TWO_32;
  return value | 0;
}

/** The quotient and remainder that `divide` leaves, in halves. */
const quotient = new Int32Array(2);
const remainder = new Int32Array(2);

/**
 * Unsigned division of 64 by 64 bits; b ≠ 0. Doubles give the first 53 bits of the quotient, a second step on the exact
 * rest gives the others; 15 ns against 250 for BigInt.
 */
function divide(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  if (bHigh >>> 0 >= 0x4000_0000) return subtractOften(aLow, aHigh, bLow, bHigh);
  const divisor = bHigh * TWO_32 + (bLow >>> 0);
  const estimate = Math.floor(((aHigh >>> 0) * TWO_32 + (aLow >>> 0)) / divisor);
  let qLow = estimate | 0;
  let qHigh = Math.floor(estimate / TWO_32) | 0;
  // What is left, signed; its magnitude is below b + 2^13.
  let productLow = Math.imul(qLow, bLow);
  let rHigh = (aHigh - mulHigh(qLow, bLow) - Math.imul(qHigh, bLow) - Math.imul(qLow, bHigh)) | 0;
  if (aLow >>> 0 < productLow >>> 0) rHigh = (rHigh - 1) | 0;
  let rLow = (aLow - productLow) | 0;
  const correction = Math.floor((rHigh * TWO_32 + (rLow >>> 0)) / divisor);
  if (correction !== 0) {
    const factorHigh = correction < 0 ? -1 : 0;
    const factorLow = correction | 0;
    productLow = Math.imul(factorLow, bLow);
    rHigh = (rHigh - mulHigh(factorLow, bLow) - Math.imul(factorHigh, bLow) - Math.imul(factorLow, bHigh)) | 0;
    if (rLow >>> 0 < productLow >>> 0) rHigh = (rHigh - 1) | 0;
    rLow = (rLow - productLow) | 0;
    const sum = (qLow + factorLow) | 0;
    qHigh = (qHigh + factorHigh + (sum >>> 0 < qLow >>> 0 ? 1 : 0)) | 0;
    qLow = sum;
  }
  quotient[0] = qLow;
  quotient[1] = qHigh;
  remainder[0] = rLow;
  remainder[1] = rHigh;
  settle(bLow, bHigh);
}

/** The last estimate may be off by one either way. */
function settle(bLow: number, bHigh: number): void {
  if (remainder[1] < 0) {
    addTo(remainder, bLow, bHigh);
    addTo(quotient, -1, -1);
  } else if (!isBelow(remainder[0], remainder[1], bLow, bHigh)) {
    addTo(remainder, -bLow | 0, ~bHigh + (bLow === 0 ? 1 : 0));
    addTo(quotient, 1, 0);
  }
}

function addTo(pair: Int32Array, low: number, top: number): void {
  const sum = (pair[0] + low) | 0;
  pair[1] += top + (sum >>> 0 < low >>> 0 ? 1 : 0);
  pair[0] = sum;
}

/** b ≥ 2^62: at most three times in a. */
function subtractOften(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  remainder[0] = aLow;
  remainder[1] = aHigh;
  quotient[0] = 0;
  quotient[1] = 0;
  while (!isBelow(remainder[0], remainder[1], bLow, bHigh)) {
    addTo(remainder, -bLow | 0, ~bHigh + (bLow === 0 ? 1 : 0));
    quotient[0]++;
  }
}

function isBelow(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh >>> 0 < bHigh >>> 0;
}

function givePair(pair: Int32Array): number {
  high[0] = pair[1];
  return pair[0];
}

function giveNegated(pair: Int32Array): number {
  high[0] = ~pair[1] + (pair[0] === 0 ? 1 : 0);
  return -pair[0] | 0;
}

export function divU64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  if ((aHigh | bHigh) >>> 0 < EXACT_HIGH) {
    const divisor = (bHigh >>> 0) * TWO_32 + (bLow >>> 0);
    return divisor === 0 ? giveNumber(0) : giveNumber(Math.floor(((aHigh >>> 0) * TWO_32 + (aLow >>> 0)) / divisor));
  }
  if ((bLow | bHigh) === 0) return giveNumber(0);
  divide(aLow, aHigh, bLow, bHigh);
  return givePair(quotient);
}

export function remU64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  if ((aHigh | bHigh) >>> 0 < EXACT_HIGH) {
    const divisor = (bHigh >>> 0) * TWO_32 + (bLow >>> 0);
    const dividend = (aHigh >>> 0) * TWO_32 + (aLow >>> 0);
    return divisor === 0 ? giveNumber(0) : giveNumber(dividend - Math.floor(dividend / divisor) * divisor);
  }
  if ((bLow | bHigh) === 0) return giveNumber(0);
  divide(aLow, aHigh, bLow, bHigh);
  return givePair(remainder);
}

/** Divides the magnitudes. @returns whether b was not 0. */
function divideMagnitudes(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  if ((bLow | bHigh) === 0) return false;
  const isNegativeA = aHigh < 0;
  const isNegativeB = bHigh < 0;
  divide(
    isNegativeA ? -aLow | 0 : aLow,
    isNegativeA ? (~aHigh + (aLow === 0 ? 1 : 0)) | 0 : aHigh,
    isNegativeB ? -bLow | 0 : bLow,
    isNegativeB ? (~bHigh + (bLow === 0 ? 1 : 0)) | 0 : bHigh,
  );
  return true;
}

export function divS64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  if (!divideMagnitudes(aLow, aHigh, bLow, bHigh)) return giveNumber(0);
  return (aHigh ^ bHigh) < 0 ? giveNegated(quotient) : givePair(quotient);
}

export function remS64(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  if (!divideMagnitudes(aLow, aHigh, bLow, bHigh)) return giveNumber(0);
  return aHigh < 0 ? giveNegated(remainder) : givePair(remainder);
}

// Dividends of 128 bits, a:b by c. Compilers make them by CQO or by clearing RDX, so a is nearly always the extension of b.

export function divU128(aLow: number, aHigh: number, bLow: number, bHigh: number, cLow: number, cHigh: number): number {
  if ((aLow | aHigh) === 0) return divU64(bLow, bHigh, cLow, cHigh);
  const divisor = BigInt.asUintN(64, bigFrom(cLow, cHigh));
  return give(divisor === 0n ? 0n : wideU(aLow, aHigh, bLow, bHigh) / divisor);
}

export function remU128(aLow: number, aHigh: number, bLow: number, bHigh: number, cLow: number, cHigh: number): number {
  if ((aLow | aHigh) === 0) return remU64(bLow, bHigh, cLow, cHigh);
  const divisor = BigInt.asUintN(64, bigFrom(cLow, cHigh));
  return give(divisor === 0n ? 0n : wideU(aLow, aHigh, bLow, bHigh) % divisor);
}

export function divS128(aLow: number, aHigh: number, bLow: number, bHigh: number, cLow: number, cHigh: number): number {
  if (isExtension(aLow, aHigh, bHigh)) return divS64(bLow, bHigh, cLow, cHigh);
  const divisor = bigFrom(cLow, cHigh);
  return give(divisor === 0n ? 0n : wideS(aLow, aHigh, bLow, bHigh) / divisor);
}

export function remS128(aLow: number, aHigh: number, bLow: number, bHigh: number, cLow: number, cHigh: number): number {
  if (isExtension(aLow, aHigh, bHigh)) return remS64(bLow, bHigh, cLow, cHigh);
  const divisor = bigFrom(cLow, cHigh);
  return give(divisor === 0n ? 0n : wideS(aLow, aHigh, bLow, bHigh) % divisor);
}

/** 1 when a:b / c, signed, is undefined or needs more than 64 bits. */
export function divOverflowsS128(
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
  cLow: number,
  cHigh: number,
): number {
  if ((cLow | cHigh) === 0) return 1;
  if (isExtension(aLow, aHigh, bHigh)) {
    // Only the least number by -1 does not fit.
    return bHigh === -0x8000_0000 && bLow === 0 && (cLow & cHigh) === -1 ? 1 : 0;
  }
  const whole = wideS(aLow, aHigh, bLow, bHigh) / bigFrom(cLow, cHigh);
  return whole === BigInt.asIntN(64, whole) ? 0 : 1;
}

function isExtension(aLow: number, aHigh: number, bHigh: number): boolean {
  return aLow === bHigh >> 31 && aHigh === aLow;
}

function wideU(aLow: number, aHigh: number, bLow: number, bHigh: number): bigint {
  return (BigInt.asUintN(64, bigFrom(aLow, aHigh)) << 64n) | BigInt.asUintN(64, bigFrom(bLow, bHigh));
}

function wideS(aLow: number, aHigh: number, bLow: number, bHigh: number): bigint {
  return (bigFrom(aLow, aHigh) << 64n) | BigInt.asUintN(64, bigFrom(bLow, bHigh));
}

const FLAGS_AT = STATE_OFFSET.flagsKind >> 2;

/** The six status flags from a region's locals, or from the state at word `s` while `code` is -1. */
export function flagsNow(
  I: Int32Array,
  s: number,
  code: number,
  result: number,
  resultHigh: number,
  first: number,
  firstHigh: number,
  second: number,
  secondHigh: number,
): number {
  if (code >= 0) return statusFlags(code, result, resultHigh, first, firstHigh, second, secondHigh);
  const at = s + FLAGS_AT;
  return statusFlags(I[at], I[at + 2], I[at + 3], I[at + 4], I[at + 5], I[at + 6], I[at + 7]);
}

export function popcnt32(a: number): number {
  let n = a - ((a >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function bswap32(a: number): number {
  return (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24);
}

/** Bit n is 1 when the byte of value n has an even number of set bits: PF by two shifts. */
export function parity8(a: number): number {
  return (0x9669 >> ((a ^ (a >> 4)) & 15)) & 1;
}

export function ctz32(a: number): number {
  return a === 0 ? 32 : 31 - Math.clz32(a & -a);
}

/** Words of a 128-bit result. */
export const lanes = new Int32Array(4);
const first = new Int32Array(4);
const second = new Int32Array(4);

/** PSHUFB of a by b, both as four words; the result is in `lanes`. */
export function swizzle(
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): void {
  setWords(first, a0, a1, a2, a3);
  setWords(second, b0, b1, b2, b3);
  for (let i = 0; i < 16; i++) {
    const lane = secondBytes[i];
    laneBytes[i] = lane > 127 ? 0 : firstBytes[lane & 15];
  }
}

const firstBytes = new Uint8Array(first.buffer);
const secondBytes = new Uint8Array(second.buffer);
const laneBytes = new Uint8Array(lanes.buffer);

function setWords(to: Int32Array, w0: number, w1: number, w2: number, w3: number): void {
  to[0] = w0;
  to[1] = w1;
  to[2] = w2;
  to[3] = w3;
}

const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };

/**
 * An SSE floating-point operation (ir/float-unit.ts) on four words each; the result is in `lanes`.
 * @returns the new MXCSR, or -1 when an exception is unmasked.
 */
export function float(
  operation: string,
  mxcsr: number,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): number {
  setWords(first, a0, a1, a2, a3);
  setWords(second, b0, b1, b2, b3);
  lanes.set(runFloat(operation, mxcsr, first, second, outcome));
  return outcome.isTrapped ? -1 : outcome.mxcsr;
}
