/** Soft float against what computes the same in hardware: JavaScript's doubles, Math.fround, and the host's x87 unit. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoOracle } from '../../testing/oracle/native.ts';
import { Random } from '../../testing/random.ts';
import { add, div, mul, sqrt, sub } from './arithmetic.ts';
import { compare, convert, fromInteger, roundToIntegral, toInteger } from './convert.ts';
import { F32, F64, F80, type FloatFormat } from './format.ts';
import { FP_FLAG, ROUND, type FloatContext } from './round.ts';

const ROUNDS = 4_000;
const view = new DataView(new ArrayBuffer(8));

function context(rules: FloatContext['rules'] = 'sse', rounding: number = ROUND.NEAREST): FloatContext {
  const plain = { denormalsAreZero: false, flushToZero: false, roundedUp: false };
  return { ...plain, rounding, masks: 0x3f, flags: 0, rules };
}

const EDGES = [0, -0, 1, -1, 0.5, 1 / 3, 2 ** -1074, 2 ** -1022, -(2 ** -126), 2 ** -149, 2 ** 53, 2 ** 63, -(2 ** 31)];
const MORE = [Infinity, -Infinity, NaN, Number.MAX_VALUE, 3.4028234663852886e38, 16777217, 0.1, -1e308, 1e-308];

/** Any double: edges, numbers of like size, any bits at all. */
function someDouble(random: Random): number {
  if (random.oneIn(4)) return random.pick([...EDGES, ...MORE]);
  if (random.oneIn(3)) return (random.u32() - 2 ** 31) / 2 ** random.below(40);
  view.setBigUint64(0, random.u64());
  return view.getFloat64(0);
}

function bitsOf(format: FloatFormat, value: number): bigint {
  if (format === F32) {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** The number; NaN for every NaN. */
function numberOf(format: FloatFormat, bits: bigint): number {
  if (format === F32) {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

const HOST: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: (a) => Math.sqrt(a),
};
const OURS = {
  add,
  sub,
  mul,
  div,
  sqrt: (c: FloatContext, format: FloatFormat, a: bigint, _b: bigint, precision?: number) =>
    sqrt(c, format, a, precision),
} as const;

describe.each([
  ['f64', F64, (value: number) => value],
  // The sum, product, quotient or root of two floats, computed as doubles and rounded once more, is the right float.
  ['f32', F32, Math.fround],
] as const)('%s', (_name, format, rounded) => {
  it.each(Object.keys(OURS) as (keyof typeof OURS)[])('%s gives what the host gives', (operation) => {
    const random = new Random(1);
    for (let i = 0; i < ROUNDS; i++) {
      const [a, b] = [rounded(someDouble(random)), rounded(someDouble(random))];
      const bits = OURS[operation](context(), format, bitsOf(format, a), bitsOf(format, b));
      const expected = rounded(HOST[operation](a, b));
      expect(Object.is(numberOf(format, bits), expected), `${a} ${operation} ${b}: ${numberOf(format, bits)}`).toBe(
        true,
      );
    }
  });

  it('comparison gives what the host gives', () => {
    const random = new Random(2);
    for (let i = 0; i < ROUNDS; i++) {
      const [a, b] = [rounded(someDouble(random)), random.oneIn(3) ? 0 : rounded(someDouble(random))];
      const expected = a < b ? 'less' : a > b ? 'greater' : a === b ? 'equal' : 'unordered';
      expect(compare(context(), format, bitsOf(format, a), bitsOf(format, b), false)).toBe(expected);
    }
  });

  it('rounds to integers as JavaScript truncates, floors and ceils', () => {
    const random = new Random(3);
    for (let i = 0; i < ROUNDS; i++) {
      const a = rounded(someDouble(random));
      const of = (rounding: number): number => {
        return numberOf(format, roundToIntegral(context(), format, bitsOf(format, a), rounding));
      };
      expect([of(ROUND.ZERO), of(ROUND.DOWN), of(ROUND.UP)]).toEqual([Math.trunc(a), Math.floor(a), Math.ceil(a)]);
      const whole = toInteger(context(), format, bitsOf(format, a), 64, ROUND.ZERO);
      const fits = Math.abs(a) < 2 ** 63 || a === -(2 ** 63);
      expect(whole).toBe(fits ? BigInt(Math.trunc(a)) : -(2n ** 63n));
    }
  });

  it('is made of integers as the host makes it', () => {
    const random = new Random(4);
    for (let i = 0; i < ROUNDS; i++) {
      const value = BigInt.asIntN(64, random.u64()) >> BigInt(random.below(63));
      // A double of a wide integer rounds once more on its way to a float: integers of 53 bits are exact.
      const given = format === F32 ? BigInt.asIntN(53, value) : value;
      expect(numberOf(format, fromInteger(context(), format, given))).toBe(rounded(Number(given)));
    }
  });
});

describe('conversion', () => {
  it('of f64 to f32 rounds as Math.fround, and back is exact', () => {
    const random = new Random(5);
    for (let i = 0; i < ROUNDS; i++) {
      const a = someDouble(random);
      const narrow = convert(context(), F64, F32, bitsOf(F64, a));
      expect(numberOf(F32, narrow)).toBe(Math.fround(a));
      expect(numberOf(F64, convert(context(), F32, F64, narrow))).toBe(Math.fround(a));
    }
  });

  it('of f64 to f80 and back is exact', () => {
    const random = new Random(6);
    for (let i = 0; i < ROUNDS; i++) {
      const a = someDouble(random);
      const wide = convert(context('x87'), F64, F80, bitsOf(F64, a));
      const c = context('x87');
      expect(numberOf(F64, convert(c, F80, F64, wide))).toBe(a);
      expect(c.flags & FP_FLAG.PRECISION).toBe(0);
    }
  });
});

// 80 bits: every operation, rounding and precision against the host's unit, with its exception flags.

interface WideCase {
  readonly operation: number;
  readonly rounding: number;
  /** Bits of the significand that precision control leaves. */
  readonly precision: number;
  readonly a: bigint;
  readonly b: bigint;
}

const OPERATIONS = ['add', 'sub', 'mul', 'div', 'sqrt', 'rint', 'to f64', 'to f32'] as const;
const PRECISIONS = [24, 53, 64] as const;
const PRECISION_CONTROL: Readonly<Record<number, number>> = { 24: 0, 53: 2, 64: 3 };

/** 80 bits: numbers of like size, edges, denormals, infinities, NaNs, encodings that the unit does not support. */
function someWide(random: Random): bigint {
  const sign = BigInt(random.below(2)) << 79n;
  const exponent = random.pick([
    0,
    0,
    1,
    0x3fff,
    0x3ffe,
    0x403e,
    0x7ffe,
    0x7fff,
    0x3fff + random.below(70),
    random.below(0x8000),
  ]);
  const whole = 1n << 63n;
  const significand = random.pick([whole, whole | 1n, 2n ** 64n - 1n, 0n, 1n, whole | random.u64(), random.u64()]);
  return sign | (BigInt(exponent) << 64n) | significand;
}

function onHost(cases: readonly WideCase[]): { result: bigint; flags: number }[] {
  const program = path.resolve('.cache/test-code/x87-arithmetic');
  mkdirSync(path.dirname(program), { recursive: true });
  const source = path.resolve(import.meta.dirname, '../../testing/oracle/x87-arithmetic.c');
  execFileSync('gcc', ['-O1', '-Wall', '-o', program, source]);
  const input = new DataView(new ArrayBuffer(48 * cases.length));
  const setWide = (at: number, value: bigint): void => {
    input.setBigUint64(at, BigInt.asUintN(64, value), true);
    input.setUint16(at + 8, Number(value >> 64n), true);
  };
  cases.forEach(({ operation, rounding, precision, a, b }, i) => {
    input.setInt32(48 * i, operation, true);
    input.setInt32(48 * i + 4, 0x7f | (PRECISION_CONTROL[precision] << 8) | (rounding << 10), true);
    setWide(48 * i + 8, a);
    setWide(48 * i + 28, b);
  });
  const { stdout } = spawnSync(program, { input: new Uint8Array(input.buffer), maxBuffer: 2 ** 28 });
  const output = new DataView(stdout.buffer, stdout.byteOffset, stdout.length);
  return cases.map((_, i) => ({
    result: output.getBigUint64(16 * i, true) | (BigInt(output.getUint16(16 * i + 8, true)) << 64n),
    flags: output.getInt32(16 * i + 12, true),
  }));
}

function onSoftFloat({ operation, rounding, precision, a, b }: WideCase): { result: bigint; flags: number } {
  const c = context('x87', rounding);
  const compute = (): bigint => {
    switch (operation) {
      case 5:
        return roundToIntegral(c, F80, a, rounding);
      case 6:
        return convert(c, F80, F64, a);
      case 7:
        return convert(c, F80, F32, a);
      default:
        return OURS[OPERATIONS[operation] as keyof typeof OURS](c, F80, a, b, precision);
    }
  };
  return { result: compute(), flags: c.flags };
}

const reason = whyNoOracle();

describe.skipIf(reason !== '')(`f80 ${reason}`, () => {
  it.each(OPERATIONS)('%s gives the bits and flags of the host’s unit', (name) => {
    const random = new Random(7);
    const cases = Array.from({ length: ROUNDS }, (): WideCase => {
      const [rounding, precision] = [random.below(4), random.pick(PRECISIONS)];
      return { operation: OPERATIONS.indexOf(name), rounding, precision, a: someWide(random), b: someWide(random) };
    });
    const expected = onHost(cases);
    // FRNDINT raises DENORMAL, stores do not, ROUNDPD does not: that is the instructions' business (ir/x87/operations.ts).
    const kept = OPERATIONS.indexOf(name) >= 5 ? ~FP_FLAG.DENORMAL : -1;
    cases.forEach((one, i) => {
      const what = `${one.a.toString(16)} ${name} ${one.b.toString(16)}, rounding ${one.rounding}, ${one.precision} bits`;
      const [found, wanted] = [onSoftFloat(one), expected[i]].map(({ result, flags }) => ({
        what,
        result,
        flags: flags & kept,
      }));
      expect(found).toEqual(wanted);
    });
  });
});
