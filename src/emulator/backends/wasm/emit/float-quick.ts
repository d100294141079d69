/**
 * Floats of a stretch of a block (frame/float-stretch.ts) that is written twice: here without a test behind each operation.
 * What is known of operands are ranges of magnitudes; they tell that a result is neither tiny nor infinite, and that nothing
 * but PE, which is set while the bar is open, could be raised. Where they do not tell, a value must lie in a range in the
 * middle of its format: what is outside of it (a zero, a denormal, infinity, NaN) is gathered in a vector per format and
 * looked at once, at the end of the stretch. Then, or at a test of another kind that fails, the stretch is done again, exactly.
 */
import type { Op } from '../../../ir/block.ts';
import type { CodeWriter, Label } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import type { IrWriter } from '../ir-writer.ts';
import { type Scalar, SHAPE_OF } from './float-format.ts';
import type { Plain } from './float-plain.ts';

/** Magnitudes from 2^least up to but not including 2^end, in all lanes, or zeros if it says so. */
interface Range {
  readonly least: number;
  readonly end: number;
  readonly hasZero: boolean;
}

type Format = 'f64' | 'f32';

/**
 * `tested` is the range of gathered values: a power of two of exponents, so that after taking away the least of them the
 * upper bits of the exponent tell. `safe` is where a result may lie: rounding to it hides no tiny number.
 */
const FORMATS = {
  f64: { tested: { least: -256, end: 256, hasZero: false }, safe: { least: -1020, end: 1023 }, fraction: 53 },
  f32: { tested: { least: -64, end: 64, hasZero: false }, safe: { least: -124, end: 127 }, fraction: 24 },
} as const;

/** Words from which the least tested exponent, at its place, is taken away. */
const LEAST_TESTED: Readonly<Record<Format, Uint8Array>> = {
  f64: new Uint8Array(BigUint64Array.of((1023n - 256n) << 52n, (1023n - 256n) << 52n).buffer),
  f32: new Uint8Array(new Uint32Array(4).fill((127 - 64) << 23).buffer),
};

const VECTOR_SHAPE = { f64: 'f64x2', f32: 'f32x4' } as const;
const INTEGER_SHAPE = { f64: 'i64x2', f32: 'i32x4' } as const;

/** Locals with what is taken away, for the whole of a function: a constant made in a loop is made at each turn. */
export type QuickConstants = Readonly<Record<Format, number>>;

/** To be called at the start of a function. */
export function quickConstants(code: CodeWriter): QuickConstants {
  const localWith = (bytes: Uint8Array): number => {
    const local = code.newLocal('v128');
    code.v128(bytes);
    code.localSet(local);
    return local;
  };
  return { f64: localWith(LEAST_TESTED.f64), f32: localWith(LEAST_TESTED.f32) };
}

const ZERO: Range = { least: 0, end: 0, hasZero: true };

export class QuickFloats {
  readonly w: IrWriter;
  /** Where the stretch is done again. */
  readonly slow: Label;
  readonly #ranges = new Map<Op, Map<Plain, Range>>();
  /** Locals of what was gathered, -1 where nothing was. */
  readonly #gathered: Record<Format, number> = { f64: -1, f32: -1 };
  /** Whether vectors are among it: else only the low lane counts. */
  #hasVectors = false;
  readonly #least: QuickConstants;

  /** @param least locals, as made by quickConstants */
  constructor(w: IrWriter, slow: Label, least: QuickConstants) {
    this.w = w;
    this.slow = slow;
    this.#least = least;
  }

  /** What is known of the lanes; null where nothing is. */
  rangeOf(value: Op, lanes: Plain): Range | null {
    if (isZero(value)) return ZERO;
    const known = this.#ranges.get(value);
    return known?.get(lanes) ?? (isPacked(lanes) ? undefined : known?.get(lanes === 'F64' ? 'F64x2' : 'F32x4')) ?? null;
  }

  setRange(value: Op, lanes: Plain, range: Range): void {
    const known = this.#ranges.get(value);
    if (known === undefined) this.#ranges.set(value, new Map([[lanes, range]]));
    else known.set(lanes, range);
  }

  /** The value's lanes must lie in the tested range. @param local that holds it, a scalar's a float */
  gather(value: Op, lanes: Plain, local: number): Range {
    const { code } = this.w;
    code.localGet(local);
    if (!isPacked(lanes)) code.op(`${VECTOR_SHAPE[formatOf(lanes)]}.splat`);
    return this.#gatherTop(value, lanes, () => {});
  }

  /** The same, or a scalar zero: those are frequent in memory, and in sums exact. For vectors two more steps do not pay. */
  gatherOrZero(value: Op, lanes: Plain, local: number): Range {
    if (isPacked(lanes)) return this.gather(value, lanes, local);
    const { code } = this.w;
    const shape = VECTOR_SHAPE[formatOf(lanes)];
    const vector = code.newLocal('v128');
    code.localGet(local);
    code.op(`${shape}.splat`);
    code.localTee(vector);
    const { least, end } = this.#gatherTop(value, lanes, () => {
      code.localGet(vector);
      code.v128(new Uint8Array(16));
      code.op(`${shape}.ne`);
      code.op('v128.and');
    });
    code.release(vector);
    const range = { least, end, hasZero: true };
    this.setRange(value, lanes, range);
    return range;
  }

  /** Pops the vector. @param select changes what is told of it */
  #gatherTop(value: Op, lanes: Plain, select: () => void): Range {
    const { code } = this.w;
    const format = formatOf(lanes);
    const before = this.#gathered[format];
    this.#hasVectors ||= isPacked(lanes);
    code.localGet(this.#least[format]);
    code.op(`${INTEGER_SHAPE[format]}.sub`);
    select();
    if (before >= 0) {
      code.localGet(before);
      code.op('v128.or');
    } else this.#gathered[format] = code.newLocal('v128');
    code.localSet(this.#gathered[format]);
    const { tested } = FORMATS[format];
    this.setRange(value, lanes, tested);
    return tested;
  }

  /** Pops a test: when it is 0 the stretch is done again. */
  demand(): void {
    const { code } = this.w;
    code.op('i32.eqz');
    code.brIf(this.slow, 'unlikely');
  }

  /** Looks at what was gathered. */
  finish(): void {
    const { code } = this.w;
    const { f64, f32 } = this.#gathered;
    // The upper two bits of the eleven below the sign.
    if (f64 >= 0 && !this.#hasVectors) {
      code.localGet(f64);
      code.lane('i64x2.extract_lane', 0);
      code.i64(61);
      code.op('i64.shr_u');
      code.op('i32.wrap_i64');
      code.i32(3);
      code.op('i32.and');
      code.brIf(this.slow, 'unlikely');
      code.release(f64);
    } else if (f64 >= 0) {
      code.localGet(f64);
      code.i32(1);
      code.op('i64x2.shl');
      code.i32(62);
      code.op('i64x2.shr_u');
      code.op('v128.any_true');
      code.brIf(this.slow, 'unlikely');
      code.release(f64);
    }
    if (f32 >= 0) {
      code.localGet(f32);
      code.i32(1);
      code.op('i32x4.shl');
      code.op('i32x4.bitmask');
      code.brIf(this.slow, 'unlikely');
      code.release(f32);
    }
  }
}

function formatOf(lanes: Plain): Format {
  return lanes.startsWith('F64') ? 'f64' : 'f32';
}

export function isPacked(lanes: Plain): boolean {
  return lanes === 'F64x2' || lanes === 'F32x4';
}

function isZero({ name, args }: Op): boolean {
  return name === 'splat32' && args[0].name === 'const32' && args[0].imm === 0;
}

/** Where results of the verb lie; null when that is not to be told. */
export function resultRange(verb: string, lanes: Plain, a: Range | null, b: Range | null): Range | null {
  if (a === null || b === null) return null;
  const range = unsafeRange(verb, FORMATS[formatOf(lanes)].fraction, a, b);
  const { least, end } = FORMATS[formatOf(lanes)].safe;
  return range !== null && range.least >= least && range.end <= end ? range : null;
}

function unsafeRange(verb: string, fraction: number, a: Range, b: Range): Range | null {
  switch (verb) {
    case 'add':
    case 'sub':
      // A sum is a multiple of the last bit of the smaller operand.
      return { least: Math.min(a.least, b.least) - fraction, end: Math.max(a.end, b.end) + 1, hasZero: true };
    case 'mul':
      return { least: a.least + b.least, end: a.end + b.end + 1, hasZero: a.hasZero || b.hasZero };
    case 'div':
      return b.hasZero ? null : { least: a.least - b.end - 1, end: a.end - b.least + 1, hasZero: a.hasZero };
    default:
      return null; // of a root the sign is not known
  }
}

/** The range of values that are gathered. */
export function testedRange(lanes: Plain): Range {
  return FORMATS[formatOf(lanes)].tested;
}

export function scalarType(lanes: Plain): Scalar {
  return formatOf(lanes);
}

export function verbOpcode(verb: string, lanes: Plain): Opcode {
  return `${SHAPE_OF[lanes]}.${verb}` as Opcode;
}
