/** Sum, difference, product, quotient and square root, exact before one rounding, with the NaN rules of SSE and x87. */
import { packIndefinite, packInfinity, packNan, packZero, unpack, type FloatFormat, type Unpacked } from './format.ts';
import { bitLength, FP_FLAG, ROUND, roundAndPack, type Exact, type FloatContext } from './round.ts';

const ZERO_SIGN = (context: FloatContext): 0 | 1 => (context.rounding === ROUND.DOWN ? 1 : 0);

/** Takes an operand apart as the context sees it: SSE with DAZ reads denormals as zeros of their sign. */
export function unpackOperand(context: FloatContext, format: FloatFormat, bits: bigint): Unpacked {
  const value = unpack(format, bits);
  return value.isDenormal && context.denormalsAreZero ? { ...value, significand: 0n, isDenormal: false } : value;
}

/** Raises INVALID. @returns the default NaN. */
export function invalid(context: FloatContext, format: FloatFormat): bigint {
  context.flags |= FP_FLAG.INVALID;
  return packIndefinite(format);
}

/** Raises DENORMAL when an operand is denormal; called once nothing of higher priority applies. */
export function noteDenormals(context: FloatContext, ...values: readonly Unpacked[]): void {
  if (values.some((value) => value.isDenormal)) context.flags |= FP_FLAG.DENORMAL;
}

/** The NaN an operation on `a` and `b` gives when one of them is NaN or unsupported; undefined when none is. */
export function nanResult(context: FloatContext, format: FloatFormat, a: Unpacked, b: Unpacked): bigint | undefined {
  if (a.kind === 'unsupported' || b.kind === 'unsupported') return invalid(context, format);
  if (a.kind !== 'nan' && b.kind !== 'nan') return undefined;
  if (a.isSignaling || b.isSignaling) context.flags |= FP_FLAG.INVALID;
  return packNan(format, context.rules === 'sse' ? (a.kind === 'nan' ? a : b) : survivingNan(a, b));
}

// Intel SDM 1, table 4-7: a quiet NaN wins over a signaling one, else the larger significand, else the positive one.
function survivingNan(a: Unpacked, b: Unpacked): Unpacked {
  if (b.kind !== 'nan') return a;
  if (a.kind !== 'nan') return b;
  if (a.isSignaling !== b.isSignaling) return a.isSignaling ? b : a;
  if (a.significand !== b.significand) return a.significand > b.significand ? a : b;
  return a.sign === 0 ? a : b;
}

export function add(
  context: FloatContext,
  format: FloatFormat,
  aBits: bigint,
  bBits: bigint,
  precision?: number,
): bigint {
  return addValues(
    context,
    format,
    unpackOperand(context, format, aBits),
    unpackOperand(context, format, bBits),
    precision,
  );
}

/** The sum of values that came from any format; payloads of NaNs as `format` has them (see widen). */
export function addValues(
  context: FloatContext,
  format: FloatFormat,
  a: Unpacked,
  b: Unpacked,
  precision?: number,
): bigint {
  return nanResult(context, format, a, b) ?? addNumbers(context, format, a, b, precision);
}

export function sub(
  context: FloatContext,
  format: FloatFormat,
  aBits: bigint,
  bBits: bigint,
  precision?: number,
): bigint {
  return subValues(
    context,
    format,
    unpackOperand(context, format, aBits),
    unpackOperand(context, format, bBits),
    precision,
  );
}

/** The difference of values that came from any format. */
export function subValues(
  context: FloatContext,
  format: FloatFormat,
  a: Unpacked,
  b: Unpacked,
  precision?: number,
): bigint {
  const negated: Unpacked = { ...b, sign: b.sign === 0 ? 1 : 0 };
  return nanResult(context, format, a, b) ?? addNumbers(context, format, a, negated, precision);
}

function addNumbers(context: FloatContext, format: FloatFormat, a: Unpacked, b: Unpacked, precision?: number): bigint {
  if (a.kind === 'infinity' && b.kind === 'infinity' && a.sign !== b.sign) return invalid(context, format);
  noteDenormals(context, a, b);
  if (a.kind === 'infinity') return packInfinity(format, a.sign);
  if (b.kind === 'infinity') return packInfinity(format, b.sign);
  if (a.significand === 0n && b.significand === 0n)
    return packZero(format, a.sign === b.sign ? a.sign : ZERO_SIGN(context));
  const exact = exactSum(a, b);
  return exact.significand === 0n
    ? packZero(format, ZERO_SIGN(context))
    : roundAndPack(context, format, exact, precision);
}

function exactSum(a: Exact, b: Exact): Exact {
  const exponent = Math.min(a.exponent, b.exponent);
  const scaledA = a.significand << BigInt(a.exponent - exponent);
  const scaledB = b.significand << BigInt(b.exponent - exponent);
  const sum = (a.sign === 0 ? scaledA : -scaledA) + (b.sign === 0 ? scaledB : -scaledB);
  return sum < 0n ? { sign: 1, significand: -sum, exponent } : { sign: 0, significand: sum, exponent };
}

export function mul(
  context: FloatContext,
  format: FloatFormat,
  aBits: bigint,
  bBits: bigint,
  precision?: number,
): bigint {
  return mulValues(
    context,
    format,
    unpackOperand(context, format, aBits),
    unpackOperand(context, format, bBits),
    precision,
  );
}

/** The product of values that came from any format. */
export function mulValues(
  context: FloatContext,
  format: FloatFormat,
  a: Unpacked,
  b: Unpacked,
  precision?: number,
): bigint {
  const nan = nanResult(context, format, a, b);
  if (nan !== undefined) return nan;
  const sign = a.sign === b.sign ? 0 : 1;
  const isInfinite = a.kind === 'infinity' || b.kind === 'infinity';
  if (isInfinite && (isZero(a) || isZero(b))) return invalid(context, format);
  noteDenormals(context, a, b);
  if (isInfinite) return packInfinity(format, sign);
  const exact = { sign, significand: a.significand * b.significand, exponent: a.exponent + b.exponent } as const;
  return roundAndPack(context, format, exact, precision);
}

export function div(
  context: FloatContext,
  format: FloatFormat,
  aBits: bigint,
  bBits: bigint,
  precision?: number,
): bigint {
  return divValues(
    context,
    format,
    unpackOperand(context, format, aBits),
    unpackOperand(context, format, bBits),
    precision,
  );
}

/** The quotient of values that came from any format. */
export function divValues(
  context: FloatContext,
  format: FloatFormat,
  a: Unpacked,
  b: Unpacked,
  precision?: number,
): bigint {
  const nan = nanResult(context, format, a, b);
  if (nan !== undefined) return nan;
  const sign = a.sign === b.sign ? 0 : 1;
  const sameKind = (a.kind === 'infinity' && b.kind === 'infinity') || (isZero(a) && isZero(b));
  if (sameKind) return invalid(context, format);
  if (isZero(b) && a.kind === 'finite') {
    context.flags |= FP_FLAG.DIVIDE;
    return packInfinity(format, sign);
  }
  noteDenormals(context, a, b);
  if (a.kind === 'infinity') return packInfinity(format, sign);
  if (b.kind === 'infinity') return packZero(format, sign);
  return roundAndPack(context, format, exactQuotient(sign, a, b), precision);
}

function exactQuotient(sign: 0 | 1, a: Exact, b: Exact): Exact {
  const shift = Math.max(0, 68 + bitLength(b.significand) - bitLength(a.significand));
  const dividend = a.significand << BigInt(shift);
  const quotient = dividend / b.significand;
  const tail = quotient * b.significand === dividend ? 0n : 1n;
  return { sign, significand: (quotient << 1n) | tail, exponent: a.exponent - b.exponent - shift - 1 };
}

export function sqrt(context: FloatContext, format: FloatFormat, bits: bigint, precision?: number): bigint {
  const a = unpackOperand(context, format, bits);
  const nan = nanResult(context, format, a, a);
  if (nan !== undefined) return nan;
  if (isZero(a)) return packZero(format, a.sign);
  if (a.sign === 1) return invalid(context, format);
  noteDenormals(context, a);
  return a.kind === 'infinity' ? packInfinity(format, 0) : roundAndPack(context, format, exactRoot(a), precision);
}

function exactRoot(a: Exact): Exact {
  const wanted = 136 - bitLength(a.significand); // the root then has 68 bits: two more than any format, and a tail
  const shift = wanted + ((a.exponent - wanted) & 1);
  const radicand = a.significand << BigInt(shift);
  const root = integerRoot(radicand);
  const tail = root * root === radicand ? 0n : 1n;
  return { sign: 0, significand: (root << 1n) | tail, exponent: (a.exponent - shift) / 2 - 1 };
}

// Newton's iteration from above falls until it reaches the floor of the root.
function integerRoot(radicand: bigint): bigint {
  let guess = 1n << BigInt((bitLength(radicand) + 1) >> 1);
  for (;;) {
    const next = (guess + radicand / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

function isZero(value: Unpacked): boolean {
  return value.kind === 'finite' && value.significand === 0n;
}
