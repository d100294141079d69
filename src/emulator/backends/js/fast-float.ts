/**
 * Floating point the host's way, for the operations and values that nearly all code has: numbers that are zero or
 * normal, round to nearest, everything masked. Each function takes MXCSR and the four words of a and of b, leaves the
 * result in `lanes` and returns MXCSR; whatever else may happen goes to `float`, which knows all of it.
 *
 * PRECISION is the one flag that usual numbers raise. Once it is set (it is sticky) nothing has to be found out; before
 * that a result counts only when it is seen to be exact (DESIGN decision 5).
 */
import { float, lanes } from './runtime.ts';

/** Operation of a, b: the new MXCSR, or -1 for an unmasked exception. */
type FloatFunction = (
  mxcsr: number,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
) => number;

const PRECISION = 0x20;
const words = new Int32Array(4);
const singles = new Float32Array(words.buffer);
const doubles = new Float64Array(words.buffer);
const laneSingles = new Float32Array(lanes.buffer, lanes.byteOffset, 4);
const laneDoubles = new Float64Array(lanes.buffer, lanes.byteOffset, 2);

const ADD = 0;
const SUB = 1;
const MUL = 2;
const DIV = 3;
const SQRT = 4;

/** Everything masked, round to nearest, DAZ and FTZ off. */
function isPlain(mxcsr: number): boolean {
  return (mxcsr & 0xffc0) === 0x1f80;
}

/** PRECISION is set and masked: an inexact result tells nothing new. */
function isInexactKnown(mxcsr: number): boolean {
  return (mxcsr & PRECISION) !== 0 && isPlain(mxcsr);
}

/** Zero or normal; the least normal exponent is left out, where rounding up hides that a result was tiny. */
function isUsual64(low: number, high: number): boolean {
  return (((high >>> 20) & 0x7ff) - 2) >>> 0 < 0x7fd || ((high << 1) | low) === 0;
}

function isUsual32(bits: number): boolean {
  return (((bits >>> 23) & 0xff) - 2) >>> 0 < 0xfd || bits << 1 === 0;
}

function compute(kind: number, x: number, y: number): number {
  switch (kind) {
    case ADD:
      return x + y;
    case SUB:
      return x - y;
    case MUL:
      return x * y;
    case DIV:
      return x / y;
    default:
      return Math.sqrt(y);
  }
}

/** Whether a zero is the exact result: underflow and division by zero are left to `float`. */
function isTrueZero(kind: number, x: number, y: number): boolean {
  return kind === MUL ? x === 0 || y === 0 : kind === DIV ? x === 0 : true;
}

/** Whether `result`, correctly rounded, is seen to be exact. */
function isExact(kind: number, x: number, y: number, result: number): boolean {
  switch (kind) {
    case ADD:
    case SUB: {
      const addend = kind === ADD ? y : -y;
      const rest = result - x; // Knuth's two-sum
      return x - (result - rest) + (addend - rest) === 0;
    }
    case MUL:
      return isIntegerProduct(x, y, result);
    case DIV:
      return isIntegerProduct(result, y, x);
    default:
      return isIntegerProduct(result, result, y);
  }
}

function isIntegerProduct(x: number, y: number, product: number): boolean {
  return Number.isSafeInteger(product) && Math.floor(x) === x && Math.floor(y) === y && x * y === product;
}

/** Lane `i` of the result, if it can be had here. */
function lane64(kind: number, i: number, mxcsr: number, al: number, ah: number, bl: number, bh: number): boolean {
  if (!isPlain(mxcsr) || !isUsual64(al, ah) || !isUsual64(bl, bh)) return false;
  words[0] = al;
  words[1] = ah;
  words[2] = bl;
  words[3] = bh;
  const x = doubles[0];
  const y = doubles[1];
  const result = compute(kind, x, y);
  if (result === 0 && !isTrueZero(kind, x, y)) return false;
  if ((mxcsr & PRECISION) === 0 && !isExact(kind, x, y, result)) return false;
  laneDoubles[i] = result;
  return isUsual64(lanes[2 * i], lanes[2 * i + 1]);
}

// Single precision: the double result rounded once more is the correctly rounded one (Figueroa 1995).
function lane32(kind: number, i: number, mxcsr: number, a: number, b: number): boolean {
  if (!isPlain(mxcsr) || !isUsual32(a) || !isUsual32(b)) return false;
  words[0] = a;
  words[1] = b;
  const x = singles[0];
  const y = singles[1];
  const wide = compute(kind, x, y);
  const result = Math.fround(wide);
  if (result === 0 && !isTrueZero(kind, x, y)) return false;
  if ((mxcsr & PRECISION) === 0 && (result !== wide || !isExact(kind, x, y, wide))) return false;
  laneSingles[i] = result;
  return isUsual32(lanes[i]);
}

function scalar64(kind: number, name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!lane64(kind, 0, mxcsr, a0, a1, b0, b1)) return float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    lanes[2] = a2;
    lanes[3] = a3;
    return mxcsr;
  };
}

function packed64(kind: number, name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    const isDone = lane64(kind, 0, mxcsr, a0, a1, b0, b1) && lane64(kind, 1, mxcsr, a2, a3, b2, b3);
    return isDone ? mxcsr : float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  };
}

function scalar32(kind: number, name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!lane32(kind, 0, mxcsr, a0, b0)) return float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    lanes[1] = a1;
    lanes[2] = a2;
    lanes[3] = a3;
    return mxcsr;
  };
}

function packed32(kind: number, name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    const isLow = lane32(kind, 0, mxcsr, a0, b0) && lane32(kind, 1, mxcsr, a1, b1);
    const isDone = isLow && lane32(kind, 2, mxcsr, a2, b2) && lane32(kind, 3, mxcsr, a3, b3);
    return isDone ? mxcsr : float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  };
}

// A square root looks at b alone; a negative one is left to `float` by its NaN.
function root64(): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!lane64(SQRT, 0, mxcsr, b0, b1, b0, b1)) return float('sqrtF64', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    lanes[2] = a2;
    lanes[3] = a3;
    return mxcsr;
  };
}

/** UCOMISD and COMISD of usual numbers: ZF and CF at their RFLAGS positions. */
function order64(name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!isUsual64(a0, a1) || !isUsual64(b0, b1)) return float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    words[0] = a0;
    words[1] = a1;
    words[2] = b0;
    words[3] = b1;
    setLow(doubles[0] < doubles[1] ? 0x01 : doubles[0] === doubles[1] ? 0x40 : 0, 0, 0, 0);
    return mxcsr;
  };
}

function order32(name: string): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!isUsual32(a0) || !isUsual32(b0)) return float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    words[0] = a0;
    words[1] = b0;
    setLow(singles[0] < singles[1] ? 0x01 : singles[0] === singles[1] ? 0x40 : 0, 0, 0, 0);
    return mxcsr;
  };
}

/** MINSD (`isLess`) and MAXSD: b unless a is strictly the wanted one. */
function extreme64(name: string, isLess: boolean): FloatFunction {
  return (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
    if (!isUsual64(a0, a1) || !isUsual64(b0, b1)) return float(name, mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
    words[0] = a0;
    words[1] = a1;
    words[2] = b0;
    words[3] = b1;
    const takesA = isLess ? doubles[0] < doubles[1] : doubles[0] > doubles[1];
    setLow(takesA ? a0 : b0, takesA ? a1 : b1, a2, a3);
    return mxcsr;
  };
}

function setLow(w0: number, w1: number, w2: number, w3: number): void {
  lanes[0] = w0;
  lanes[1] = w1;
  lanes[2] = w2;
  lanes[3] = w3;
}

// Conversions

const doubleFromI32: FloatFunction = (mxcsr, _a0, _a1, a2, a3, b0) => {
  laneDoubles[0] = b0; // exact
  lanes[2] = a2;
  lanes[3] = a3;
  return mxcsr;
};

const doubleFromI64: FloatFunction = (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
  const value = b1 * 0x1_0000_0000 + (b0 >>> 0); // one rounding
  if (!isInexactKnown(mxcsr) && !Number.isSafeInteger(value))
    return float('doubleFromI64', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  laneDoubles[0] = value;
  lanes[2] = a2;
  lanes[3] = a3;
  return mxcsr;
};

const truncateDoubleToI32: FloatFunction = (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
  words[0] = b0;
  words[1] = b1;
  const value = doubles[0];
  const whole = value | 0;
  const isKnown = whole === value || (isInexactKnown(mxcsr) && Math.trunc(value) === whole && isUsual64(b0, b1));
  if (!isKnown) return float('truncateDoubleToI32', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  setLow(whole, 0, 0, 0);
  return mxcsr;
};

const truncateDoubleToI64: FloatFunction = (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
  words[0] = b0;
  words[1] = b1;
  const whole = Math.trunc(doubles[0]);
  const isInRange = Math.abs(whole) < 2 ** 63 && isUsual64(b0, b1);
  const isKnown = isInRange && (whole === doubles[0] || isInexactKnown(mxcsr));
  if (!isKnown) return float('truncateDoubleToI64', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  const high = Math.floor(whole / 0x1_0000_0000);
  setLow((whole - high * 0x1_0000_0000) | 0, high | 0, 0, 0);
  return mxcsr;
};

const singleToDouble: FloatFunction = (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
  if (!isUsual32(b0)) return float('singleToDouble', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  words[0] = b0;
  laneDoubles[0] = singles[0]; // exact
  lanes[2] = a2;
  lanes[3] = a3;
  return mxcsr;
};

const doubleToSingle: FloatFunction = (mxcsr, a0, a1, a2, a3, b0, b1, b2, b3) => {
  words[0] = b0;
  words[1] = b1;
  laneSingles[0] = doubles[0];
  const isKnown = (mxcsr & PRECISION) !== 0 || laneSingles[0] === doubles[0];
  const isFast = isKnown && isPlain(mxcsr) && isUsual64(b0, b1) && isUsual32(lanes[0]);
  const isTiny = isFast && lanes[0] << 1 === 0 && doubles[0] !== 0;
  if (!isFast || isTiny) return float('doubleToSingle', mxcsr, a0, a1, a2, a3, b0, b1, b2, b3);
  setLow(lanes[0], a1, a2, a3);
  return mxcsr;
};

/** By operation; the others are always `float`'s. */
export const FAST_FLOAT = {
  addF64: scalar64(ADD, 'addF64'),
  subF64: scalar64(SUB, 'subF64'),
  mulF64: scalar64(MUL, 'mulF64'),
  divF64: scalar64(DIV, 'divF64'),
  sqrtF64: root64(),
  addF64x2: packed64(ADD, 'addF64x2'),
  subF64x2: packed64(SUB, 'subF64x2'),
  mulF64x2: packed64(MUL, 'mulF64x2'),
  divF64x2: packed64(DIV, 'divF64x2'),
  addF32: scalar32(ADD, 'addF32'),
  subF32: scalar32(SUB, 'subF32'),
  mulF32: scalar32(MUL, 'mulF32'),
  divF32: scalar32(DIV, 'divF32'),
  addF32x4: packed32(ADD, 'addF32x4'),
  subF32x4: packed32(SUB, 'subF32x4'),
  mulF32x4: packed32(MUL, 'mulF32x4'),
  divF32x4: packed32(DIV, 'divF32x4'),
  minF64: extreme64('minF64', true),
  maxF64: extreme64('maxF64', false),
  orderDouble: order64('orderDouble'),
  orderDoubleQuietly: order64('orderDoubleQuietly'),
  orderSingle: order32('orderSingle'),
  orderSingleQuietly: order32('orderSingleQuietly'),
  doubleFromI32,
  doubleFromI64,
  truncateDoubleToI32,
  truncateDoubleToI64,
  singleToDouble,
  doubleToSingle,
} as const satisfies Readonly<Record<string, FloatFunction>>;
