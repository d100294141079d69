/**
 * Magnitudes that float values can have: what is known of operands tells what results can be. All bounds are meant for
 * finite values; infinities and NaN are looked for apart from that (float-quick.ts).
 */
import type { Op } from '../../../ir/block.ts';
import type { Plain } from './float-plain.ts';

/** From 2^least to 2^end, both inclusive, in all lanes; or zeros, if it says so. */
export interface Range {
  readonly least: number;
  readonly end: number;
  readonly hasZero: boolean;
}

export type Format = 'f64' | 'f32';

export const LIMITS = {
  /** `least` of what is not denormal, `end` of what is finite; a sum is a multiple of its larger operand / 2^fraction. */
  f64: { least: -1022, end: 1024, fraction: 53 },
  f32: { least: -126, end: 128, fraction: 24 },
} as const;

const ZERO: Range = { least: Infinity, end: -Infinity, hasZero: true };

/** What is neither denormal nor infinite. */
export function plainRange(format: Format): Range {
  return { least: LIMITS[format].least, end: LIMITS[format].end, hasZero: true };
}

export function formatOf(lanes: Plain): Format {
  return lanes.startsWith('F64') ? 'f64' : 'f32';
}

export function isPacked(lanes: Plain): boolean {
  return lanes === 'F64x2' || lanes === 'F32x4';
}

/** The range of a value that needs no look: the usual way to clear a register. */
export function constantRange({ name, args }: Op): Range | null {
  return name === 'splat32' && args[0].name === 'const32' && args[0].imm === 0 ? ZERO : null;
}

export function unionOf(a: Range, b: Range): Range {
  return { least: Math.min(a.least, b.least), end: Math.max(a.end, b.end), hasZero: a.hasZero || b.hasZero };
}

/** Of sums and differences. They are exact where they are tiny; `least` tells whether they are denormal. */
export function sumRange(format: Format, a: Range, b: Range): Range {
  // Either the larger of both bounds makes the sum a multiple of its last bit, or the other operand is smaller than half
  // of it; or one operand is zero.
  const both = Math.max(a.least, b.least) - LIMITS[format].fraction;
  const least = Math.min(both, b.hasZero ? a.least : Infinity, a.hasZero ? b.least : Infinity);
  return { least, end: Math.max(a.end, b.end) + 1, hasZero: true };
}

export function productRange(a: Range, b: Range): Range {
  return { least: a.least + b.least, end: a.end + b.end, hasZero: a.hasZero || b.hasZero };
}

/** Of a / b for a finite b; zeros of b show in the result, which is infinite or NaN. */
export function quotientRange(a: Range, b: Range): Range {
  return { least: a.least - b.end, end: b.hasZero ? Infinity : a.end - b.least, hasZero: a.hasZero };
}

/** Of roots; those of negative numbers are NaN. */
export function rootRange({ least, end, hasZero }: Range): Range {
  return { least: Math.floor(least / 2), end: Math.ceil(end / 2), hasZero };
}
