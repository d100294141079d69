/**
 * Logarithm, power, sine, cosine and arc tangent of 80-bit numbers, in fixed point with 256 fraction bits: the results
 * are correctly rounded but for ties that no argument is known to reach, so within the SDM's bound of one unit in the
 * last place (Intel SDM 1, 8.3.10). Arguments are reduced by π to 316 bits: better than processors, which have 66.
 *
 * An inexact result is an Exact whose last bit is set, as rounding wants it (round.ts).
 */
import { bitLength, type Exact } from '../../util/soft-float/round.ts';

const FRACTION = 256;
const ONE = 1n << BigInt(FRACTION);
/** π × 2^314, rounded down: 316 bits. */
const PI_314 = 0xc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dn;
/** π as FSIN and its kin reduce by it, × 2^314. */
const REDUCTION_PI = 0xc90f_daa2_2168_c234cn << 248n;
const PI = PI_314 >> BigInt(314 - FRACTION);
const LN2 = 2n * atanhSeries(ONE / 3n); // ln 2 = 2 artanh(1/3)

/** Below 2^-TINY the first term of a series is the result, but for its tail. */
const TINY = 75;

/** Exponent of the leading bit. */
function scaleOf({ significand, exponent }: Exact): number {
  return exponent + bitLength(significand) - 1;
}

/** The magnitude in fixed point; digits below 2^-256 are cut. */
function toFixed({ significand, exponent }: Exact): bigint {
  const shift = exponent + FRACTION;
  return shift >= 0 ? significand << BigInt(shift) : significand >> BigInt(-shift);
}

/** A positive or negative fixed-point number that stands for an infinite expansion. */
function inexact(value: bigint): Exact {
  const magnitude = value < 0n ? -value : value;
  return { sign: value < 0n ? 1 : 0, significand: (magnitude << 1n) | 1n, exponent: -FRACTION - 1 };
}

/** value × factor (fixed point), keeping all digits of a value however small; slightly more or less as `isMore` says. */
function scaled({ sign, significand, exponent }: Exact, factor: bigint, isMore: boolean): Exact {
  const product = (significand * factor) << 80n;
  return { sign, significand: isMore ? product + 1n : product - 1n, exponent: exponent - FRACTION - 80 };
}

function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> BigInt(FRACTION);
}

/** artanh z = z + z³/3 + z⁵/5 + … */
function atanhSeries(z: bigint): bigint {
  return oddSeries(z, multiply(z, z));
}

/** z + z·q/3 + z·q²/5 + … */
function oddSeries(z: bigint, q: bigint): bigint {
  let sum = 0n;
  let power = z;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = multiply(power, q);
  }
  return sum;
}

/** 2^x - 1 for |x| ≤ 1, x not 0. */
export function powerOfTwoMinusOne(x: Exact): Exact {
  if (scaleOf(x) < -TINY) return scaled(x, LN2, x.sign === 0);
  const t = multiply(x.sign === 0 ? toFixed(x) : -toFixed(x), LN2);
  let sum = 0n;
  let term = t;
  for (let n = 2n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = multiply(term, t) / n;
  }
  return inexact(sum);
}

/** log2 x in fixed point, x > 0; `isExact` for powers of two. */
function log2(x: Exact): { value: bigint; isExact: boolean } {
  let scale = scaleOf(x);
  let mantissa = toFixed({ ...x, exponent: x.exponent - scale }); // in [1, 2)
  if (mantissa === ONE) return { value: BigInt(scale) * ONE, isExact: true };
  if (mantissa * mantissa > 2n * ONE * ONE) {
    mantissa >>= 1n; // exact: 64 digits of 256 are used
    scale++;
  }
  const z = ((mantissa - ONE) << BigInt(FRACTION)) / (mantissa + ONE);
  return { value: BigInt(scale) * ONE + (2n * atanhSeries(z) * ONE) / LN2, isExact: false };
}

/** y × log2 x, x > 0 and not 1, y not 0. */
export function yLog2(y: Exact, x: Exact): Exact {
  const { value, isExact } = log2(x);
  const sign = value < 0n === (y.sign === 1) ? 0 : 1;
  const product = y.significand * (value < 0n ? -value : value);
  if (isExact) return { sign, significand: product, exponent: y.exponent - FRACTION };
  return { sign, significand: (product << 1n) | 1n, exponent: y.exponent - FRACTION - 1 };
}

/** y × log2(1 + x), x > -1, neither 0. */
export function yLog2Plus1(y: Exact, x: Exact): Exact {
  if (scaleOf(x) < -TINY) {
    const inverse = (ONE * ONE) / LN2;
    const product = {
      sign: x.sign === y.sign ? 0 : 1,
      significand: x.significand * y.significand,
      exponent: x.exponent + y.exponent,
    } as const;
    return scaled(product, inverse, x.sign === 1);
  }
  if (scaleOf(x) >= -1) return yLog2(y, onePlus(x));
  const value = x.sign === 0 ? toFixed(x) : -toFixed(x);
  const z = (value << BigInt(FRACTION)) / (2n * ONE + value);
  const log = (2n * atanhSeries(z) * ONE) / LN2;
  const sign = log < 0n === (y.sign === 1) ? 0 : 1;
  return {
    sign,
    significand: ((y.significand * (log < 0n ? -log : log)) << 1n) | 1n,
    exponent: y.exponent - FRACTION - 1,
  };
}

/** 1 + x, x > -1; above 2^200 the one is lost, which no digit of the logarithm shows. */
function onePlus(x: Exact): Exact {
  if (scaleOf(x) > 200) return x;
  const exponent = Math.min(x.exponent, 0);
  const digits = x.significand << BigInt(x.exponent - exponent);
  const one = 1n << BigInt(-exponent);
  return { sign: 0, significand: x.sign === 0 ? one + digits : one - digits, exponent };
}

/** atan(y / x) for positive magnitudes, in fixed point; ratio not below 2^-TINY. */
function arcTangent(y: Exact, x: Exact): bigint {
  const common = Math.min(y.exponent, x.exponent);
  const [a, b] = [y.significand << BigInt(y.exponent - common), x.significand << BigInt(x.exponent - common)];
  if (a > b) return (PI >> 1n) - smallArcTangent((b << BigInt(FRACTION)) / a);
  return smallArcTangent((a << BigInt(FRACTION)) / b);
}

// Halved three times by atan q = 2 atan(q / (1 + √(1 + q²))), then the series.
function smallArcTangent(ratio: bigint): bigint {
  let q = ratio;
  for (let i = 0; i < 3; i++) q = (q << BigInt(FRACTION)) / (ONE + squareRoot(ONE * ONE + q * q));
  return oddSeries(q, -multiply(q, q)) << 3n;
}

function squareRoot(value: bigint): bigint {
  let guess = 1n << BigInt((bitLength(value) + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** The angle of the point (x, y), neither 0: FPATAN with its quadrants. */
export function angleOf(y: Exact, x: Exact): Exact {
  const distance = scaleOf(y) - scaleOf(x);
  const positive = { ...y, sign: 0 } as const;
  if (distance < -TINY && x.sign === 0) return { ...quotient(positive, x), sign: y.sign };
  const isTiny = distance < -TINY;
  const isHuge = distance > 2 * FRACTION;
  const first = isTiny ? 0n : isHuge ? PI >> 1n : arcTangent(positive, { ...x, sign: 0 });
  return { ...inexact(x.sign === 0 ? first : PI - first), sign: y.sign };
}

/** y / x, slightly less: the arc tangent of a tiny ratio. */
function quotient(y: Exact, x: Exact): Exact {
  const shift = Math.max(0, 80 + bitLength(x.significand) - bitLength(y.significand));
  const digits = (y.significand << BigInt(shift)) / x.significand;
  const isExact = digits * x.significand === y.significand << BigInt(shift);
  return {
    sign: 0,
    significand: isExact ? (digits << 80n) - 1n : (digits << 80n) | 1n,
    exponent: y.exponent - x.exponent - shift - 80,
  };
}

/** Multiples of π: half (the quadrant follows) and quarter turns with their signs. */
export const HALF_PI = inexact(PI >> 1n);
export const QUARTER_PI = inexact(PI >> 2n);
export const THREE_QUARTER_PI = inexact((3n * PI) >> 2n);
export const FULL_PI = inexact(PI);

/** Sine and cosine of x, 0 < |x| < 2^63. */
export function sineAndCosine(x: Exact): { sine: Exact; cosine: Exact; tangent: Exact } {
  if (scaleOf(x) < -TINY) {
    const shrunk = { ...x, significand: (x.significand << 80n) - 1n, exponent: x.exponent - 80 };
    const grown = { ...shrunk, significand: (x.significand << 80n) + 1n };
    return { sine: shrunk, cosine: inexact(ONE - 1n), tangent: grown };
  }
  // 314 fraction bits for the reduction: 63 of them go to the multiple of π/2.
  const wide =
    x.exponent + 314 >= 0 ? x.significand << BigInt(x.exponent + 314) : x.significand >> BigInt(-x.exponent - 314);
  const quadrant = ((wide << 2n) / REDUCTION_PI + 1n) >> 1n;
  const rest = (wide - ((quadrant * REDUCTION_PI) >> 1n)) >> BigInt(314 - FRACTION);
  const [s, c] = [sineSeries(rest), cosineSeries(rest)];
  const turned = [[s, c], [c, -s], [-s, -c], [-c, s]][Number(quadrant & 3n)]; // oxfmt-ignore
  const sine = x.sign === 0 ? turned[0] : -turned[0];
  return { sine: inexact(sine), cosine: inexact(turned[1]), tangent: inexact((sine << BigInt(FRACTION)) / turned[1]) };
}

function sineSeries(x: bigint): bigint {
  return alternating(x, x, 2n);
}

function cosineSeries(x: bigint): bigint {
  return alternating(ONE, x, 1n);
}

/** first - first·x²/(n(n+1)) + …: the series of sine (n = 2) and cosine (n = 1). */
function alternating(first: bigint, x: bigint, start: bigint): bigint {
  const square = multiply(x, x);
  let sum = 0n;
  let term = first;
  for (let n = start; term !== 0n && term !== -1n; n += 2n) {
    sum += term;
    term = -multiply(term, square) / (n * (n + 1n));
  }
  return sum;
}
