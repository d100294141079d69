/** FPREM, FXTRACT and the transcendental instructions as operations of the unit (Intel SDM 1, 8.3.6 to 8.3.9). */
import { invalid, nanResult, noteDenormals } from '../../util/soft-float/arithmetic.ts';
import { fromInteger } from '../../util/soft-float/convert.ts';
import { F80, packInfinity, packZero, unpack, type Unpacked } from '../../util/soft-float/format.ts';
import { bitLength, FP_FLAG, roundAndPack, type Exact, type FloatContext } from '../../util/soft-float/round.ts';
import {
  angleOf,
  FULL_PI,
  HALF_PI,
  powerOfTwoMinusOne,
  QUARTER_PI,
  sineAndCosine,
  THREE_QUARTER_PI,
  yLog2,
  yLog2Plus1,
} from './transcendental.ts';
import { FSW, type X87 } from './unit.ts';

type Operation = (unit: X87) => number;

const ONE = 0x3fff_8000_0000_0000_0000n;
const isZero = (value: Unpacked): boolean => value.kind === 'finite' && value.significand === 0n;
const isOne = (value: Unpacked): boolean =>
  value.kind === 'finite' && value.significand === 1n << 63n && value.exponent === -63;
const signOf = (a: Unpacked, b: Unpacked): 0 | 1 => (a.sign === b.sign ? 0 : 1);

/** A function of ST(0). */
function unary(compute: (context: FloatContext, x: Unpacked) => bigint): Operation {
  return (unit) => {
    unit.replace(0, [0], () => {
      const x = unpack(F80, unit.get(0));
      return nanResult(unit.context, F80, x, x) ?? compute(unit.context, x);
    });
    return 0;
  };
}

/** A function of ST(1) and ST(0) that replaces ST(1) and pops. */
function binary(compute: (context: FloatContext, y: Unpacked, x: Unpacked) => bigint): Operation {
  return (unit) => {
    const isDelivered = unit.replace(1, [0, 1], () => {
      const [y, x] = [unpack(F80, unit.get(1)), unpack(F80, unit.get(0))];
      return nanResult(unit.context, F80, x, y) ?? compute(unit.context, y, x);
    });
    if (isDelivered) unit.pop();
    return 0;
  };
}

function rounded(context: FloatContext, value: Exact): bigint {
  return roundAndPack(context, F80, value);
}

const f2xm1 = unary((context, x) => {
  if (x.kind === 'infinity') return x.sign === 0 ? packInfinity(F80, 0) : ONE | (1n << 79n);
  if (isZero(x)) return packZero(F80, x.sign);
  noteDenormals(context, x);
  // Beyond ±1 the result is undefined: the argument, as processors leave it.
  if (
    x.exponent + bitLength(x.significand) > 1 ||
    (x.exponent + bitLength(x.significand) === 1 && !isOne({ ...x, sign: 0 }))
  ) {
    return rounded(context, x);
  }
  if (isOne(x)) return x.sign === 0 ? ONE : rounded(context, { sign: 1, significand: 1n, exponent: -1 });
  return rounded(context, powerOfTwoMinusOne(x));
});

// Intel SDM 2A, FYL2X, table 3-47.
const fyl2x = binary((context, y, x) => {
  if (x.sign === 1 && !isZero(x)) return invalid(context, F80);
  if (isZero(x)) {
    if (isZero(y)) return invalid(context, F80);
    if (y.kind === 'finite') context.flags |= FP_FLAG.DIVIDE;
    return packInfinity(F80, y.sign === 0 ? 1 : 0);
  }
  const isBelowOne = x.kind === 'finite' && x.exponent + bitLength(x.significand) <= 0;
  const sign = isBelowOne ? (y.sign === 0 ? 1 : 0) : y.sign;
  if (y.kind === 'infinity') {
    if (isOne(x)) return invalid(context, F80);
    noteDenormals(context, x);
    return packInfinity(F80, sign);
  }
  if (x.kind === 'infinity') {
    if (isZero(y)) return invalid(context, F80);
    noteDenormals(context, y);
    return packInfinity(F80, y.sign);
  }
  noteDenormals(context, x, y);
  return isZero(y) || isOne(x) ? packZero(F80, sign) : rounded(context, yLog2(y, x));
});

const fyl2xp1 = binary((context, y, x) => {
  if (x.kind === 'infinity') {
    if (x.sign === 1 || isZero(y)) return invalid(context, F80);
    noteDenormals(context, y);
    return packInfinity(F80, y.sign);
  }
  if (y.kind === 'infinity') {
    if (isZero(x)) return invalid(context, F80);
    noteDenormals(context, x);
    return packInfinity(F80, signOf(x, y));
  }
  noteDenormals(context, x, y);
  if (isZero(x) || isZero(y)) return packZero(F80, signOf(x, y));
  // Below -1 there is no logarithm; the SDM leaves it undefined.
  if (x.sign === 1 && x.exponent + bitLength(x.significand) > 0) return invalid(context, F80);
  return rounded(context, yLog2Plus1(y, x));
});

// Intel SDM 2A, FPATAN, table 3-30.
const fpatan = binary((context, y, x) => {
  const signed = (value: Exact): bigint => rounded(context, { ...value, sign: y.sign });
  noteDenormals(context, x, y);
  if (y.kind === 'infinity') {
    if (x.kind !== 'infinity') return signed(HALF_PI);
    return signed(x.sign === 0 ? QUARTER_PI : THREE_QUARTER_PI);
  }
  if (isZero(y) || x.kind === 'infinity') return x.sign === 0 ? packZero(F80, y.sign) : signed(FULL_PI);
  if (isZero(x)) return signed(HALF_PI);
  return rounded(context, angleOf(y, x));
});

/** Sine and its kin: arguments of 2^63 and more are left alone, C2 says so. @returns whether ST(0) was in range. */
function trigonometric(unit: X87, compute: (x: Unpacked) => bigint): boolean {
  if (unit.isEmpty(0)) {
    unit.replace(0, [0], () => 0n);
    unit.status &= ~FSW.C2;
    return false;
  }
  const x = unpack(F80, unit.get(0));
  const isBeyond = x.kind === 'finite' && x.significand !== 0n && x.exponent + bitLength(x.significand) > 63;
  unit.status = (unit.status & ~(FSW.C1 | FSW.C2)) | (isBeyond ? FSW.C2 : 0);
  if (isBeyond) return false;
  return unit.replace(0, [0], () => {
    const nan = nanResult(unit.context, F80, x, x);
    if (nan !== undefined) return nan;
    if (x.kind === 'infinity') return invalid(unit.context, F80);
    noteDenormals(unit.context, x);
    return compute(x);
  });
}

const sine = ({ context }: X87, x: Unpacked): bigint =>
  isZero(x) ? packZero(F80, x.sign) : rounded(context, sineAndCosine(x).sine);
const cosine = ({ context }: X87, x: Unpacked): bigint => (isZero(x) ? ONE : rounded(context, sineAndCosine(x).cosine));
const tangent = ({ context }: X87, x: Unpacked): bigint =>
  isZero(x) ? packZero(F80, x.sign) : rounded(context, sineAndCosine(x).tangent);

/** FSINCOS and FPTAN: the second result is pushed; a full register is told before anything is computed. */
function withPush(first: (unit: X87, x: Unpacked) => bigint, second: (unit: X87, x: Unpacked) => bigint): Operation {
  return (unit) => {
    const x = unit.get(0);
    if (unit.isEmpty(0) || !unit.isEmpty(7)) {
      if (unit.isEmpty(0)) unit.replaceUnderflowing();
      else unit.replaceOverflowing();
      unit.status &= ~FSW.C2;
      return 0;
    }
    const value = unpack(F80, x);
    if (!trigonometric(unit, () => first(unit, value))) return 0;
    const { status } = unit;
    const isNumber = value.kind === 'finite';
    const pushed = isNumber ? second(unit, value) : unit.get(0);
    unit.push(() => pushed);
    unit.status |= status & FSW.C1;
    return 0;
  };
}

/** FXTRACT: ST(0) becomes its exponent, its significand is pushed. */
function extract(unit: X87): number {
  if (unit.isEmpty(0) || !unit.isEmpty(7)) {
    if (unit.isEmpty(0)) unit.replaceUnderflowing();
    else unit.replaceOverflowing();
    return 0;
  }
  const bits = unit.get(0);
  const x = unpack(F80, bits);
  let significand = bits;
  const isDelivered = unit.replace(0, [0], () => {
    const nan = nanResult(unit.context, F80, x, x);
    if (nan !== undefined) return (significand = nan);
    if (x.kind === 'infinity') return packInfinity(F80, 0);
    if (isZero(x)) {
      unit.context.flags |= FP_FLAG.DIVIDE;
      return packInfinity(F80, 1);
    }
    noteDenormals(unit.context, x);
    const scale = bitLength(x.significand) - 1;
    significand = roundAndPack({ ...unit.context }, F80, { ...x, exponent: -scale });
    return fromInteger(unit.context, F80, BigInt(x.exponent + scale));
  });
  if (isDelivered) unit.push(() => significand);
  return 0;
}

/** FPREM (truncating) and FPREM1 (to nearest): C0 C3 C1 are the low bits of the quotient, C2 tells that more is to do. */
function remainder(isNearest: boolean): Operation {
  return (unit) => {
    const kept = unit.status & (FSW.C0 | FSW.C3); // stay where there is no quotient
    let conditions = kept;
    const isDelivered = unit.replace(0, [0, 1], () => {
      const [x, y] = [unpack(F80, unit.get(0)), unpack(F80, unit.get(1))];
      const { context } = unit;
      const nan = nanResult(context, F80, x, y);
      if (nan !== undefined) return nan;
      if (x.kind === 'infinity' || isZero(y)) return invalid(context, F80);
      noteDenormals(context, x, y);
      if (isZero(x) || y.kind === 'infinity') {
        conditions = 0;
        return packed(context, x);
      }
      const step = divide(x, y, isNearest);
      conditions = step.conditions;
      return step.rest.significand === 0n ? packZero(F80, step.rest.sign) : packed(context, step.rest);
    });
    unit.setConditions(isDelivered ? conditions : kept);
    return 0;
  };
}

function packed(context: FloatContext, value: Exact): bigint {
  return value.significand === 0n ? packZero(F80, value.sign) : roundAndPack(context, F80, value);
}

function divide(x: Exact, y: Exact, isNearest: boolean): { rest: Exact; conditions: number } {
  const distance = x.exponent + bitLength(x.significand) - (y.exponent + bitLength(y.significand));
  // A partial step takes off as much as the SDM's formula with N = 32 + D mod 32.
  const partial = distance < 64 ? 0 : distance - (32 + (distance % 32));
  const common = Math.min(x.exponent, y.exponent);
  const a = x.significand << BigInt(x.exponent - common);
  const b = y.significand << BigInt(y.exponent - common + partial);
  let quotient = a / b;
  let rest = a - quotient * b;
  if (partial > 0) return { rest: { sign: x.sign, significand: rest, exponent: common }, conditions: FSW.C2 };
  let sign = x.sign;
  if (isNearest && (2n * rest > b || (2n * rest === b && (quotient & 1n) === 1n))) {
    quotient += 1n;
    rest = b - rest;
    sign = sign === 0 ? 1 : 0;
  }
  const bit = (n: bigint, flag: number): number => (((quotient >> n) & 1n) === 0n ? 0 : flag);
  return {
    rest: { sign, significand: rest, exponent: common },
    conditions: bit(2n, FSW.C0) | bit(1n, FSW.C3) | bit(0n, FSW.C1),
  };
}

export const FUNCTIONS: readonly (readonly [string, Operation])[] = [
  ['2xm1', f2xm1],
  ['yl2x', fyl2x],
  ['yl2xp1', fyl2xp1],
  ['patan', fpatan],
  ['sin', (unit) => Number(!trigonometric(unit, (x) => sine(unit, x)))],
  ['cos', (unit) => Number(!trigonometric(unit, (x) => cosine(unit, x)))],
  ['sincos', withPush(sine, cosine)],
  ['ptan', withPush(tangent, () => ONE)],
  ['xtract', extract],
  ['prem', remainder(false)],
  ['prem1', remainder(true)],
];
