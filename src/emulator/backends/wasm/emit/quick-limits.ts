/**
 * What stretches of floats compare with (float-quick.ts), in locals for the whole of a function. The engine makes a constant
 * anew wherever it is used, in up to three instructions; what is added to the address of the thread state is none to it,
 * and stays in a register. So limits lie a little higher than what is claimed of values that pass.
 */
import { PARAMETER } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { Format } from './float-range.ts';

const BIAS = { f64: 1023, f32: 127 } as const;

/**
 * What a look lets pass: numbers from 2^least on; up to 2^end for a look at both ends. Both ends are as far from those of
 * all exponents, so that -2x tells of the upper one as 2x of the lower one.
 */
export const LOOKED_AT = { f64: { least: -255, end: 257 }, f32: { least: -40, end: 42 } } as const;

/** Exponent fields of both ends. */
export const LOOKED_EXPONENTS = {
  f64: { least: BIAS.f64 + LOOKED_AT.f64.least, end: BIAS.f64 + LOOKED_AT.f64.end },
  f32: { least: BIAS.f32 + LOOKED_AT.f32.least, end: BIAS.f32 + LOOKED_AT.f32.end },
} as const;

export function exponentOf(format: Format, least: number): number {
  return BIAS[format] + least;
}

/** Locals by what they hold. */
export interface QuickLimits {
  /** 2x - 1 of small numbers, as unsigned integers, is below that. */
  readonly small: Readonly<Record<Format, number>>;
  /** The same of the words with the exponents, in all lanes. */
  readonly smallWords: Readonly<Record<Format, number>>;
  /** Squares of what is surely finite are below that. */
  readonly square: Readonly<Record<Format, number>>;
}

/** The state lies below 2^20: less than a step of any exponent below, and the square's limit is finite. */
const LIMIT_OF_SQUARE = { f64: 2 ** 1000, f32: 2 ** 100 } as const;

/** To be called at the start of a function. */
export function quickLimits(code: CodeWriter): QuickLimits {
  return {
    small: { f64: smallDouble(code), f32: smallWord(code, LOOKED_EXPONENTS.f32.least << 24) },
    smallWords: {
      f64: words(code, LOOKED_EXPONENTS.f64.least << 21),
      f32: words(code, LOOKED_EXPONENTS.f32.least << 24),
    },
    square: { f64: square(code, 'f64'), f32: square(code, 'f32') },
  };
}

function smallDouble(code: CodeWriter): number {
  const local = code.newLocal('i64');
  code.localGet(PARAMETER.state);
  code.op('i64.extend_i32_u');
  code.i64(0, LOOKED_EXPONENTS.f64.least << 21);
  code.op('i64.add');
  code.localSet(local);
  return local;
}

function pushWord(code: CodeWriter, word: number): void {
  code.localGet(PARAMETER.state);
  code.i32(word);
  code.op('i32.add');
}

function smallWord(code: CodeWriter, word: number): number {
  const local = code.newLocal('i32');
  pushWord(code, word);
  code.localSet(local);
  return local;
}

function words(code: CodeWriter, word: number): number {
  const local = code.newLocal('v128');
  pushWord(code, word);
  code.op('i32x4.splat');
  code.localSet(local);
  return local;
}

function square(code: CodeWriter, format: Format): number {
  const local = code.newLocal(format);
  code.localGet(PARAMETER.state);
  code.op(`${format}.convert_i32_u`);
  if (format === 'f64') code.f64(LIMIT_OF_SQUARE.f64);
  else code.f32(LIMIT_OF_SQUARE.f32);
  code.op(`${format}.mul`);
  code.localSet(local);
  return local;
}
