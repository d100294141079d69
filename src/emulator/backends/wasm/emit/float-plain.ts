/**
 * Which float ops give values without denormals, and which operands are found to have none: what emitters note of values
 * (float-notes.ts), and the analysis of a region expects of them (frame/plain-lanes.ts).
 */
import type { Op } from '../../../ir/block.ts';

/** Lanes that are not denormal: the low one or all, read as numbers of that format. */
export type Plain = 'F64' | 'F32' | 'F64x2' | 'F32x4';

/** Sets of lanes as bits: the low lane or all, as doubles or singles. */
export const PLAIN_BITS: Readonly<Record<Plain, number>> = { F64: 1, F32: 2, F64x2: 5, F32x4: 10 };

const ARITHMETIC = /^(?:add|sub|mul|div|sqrt)(F64x2|F32x4|F64|F32)$/;

const CONVERSIONS: Readonly<Record<string, Plain>> = {
  doubleFromI32: 'F64',
  doubleFromI64: 'F64',
  singleFromI32: 'F32',
  singleFromI64: 'F32',
  singleToDouble: 'F64',
  doublesFromI32: 'F64x2',
  singlesFromI32: 'F32x4',
};

/** Lanes of the result that are not denormal while the bar is open; null when none is known. */
export function plainResult({ tag }: Op): Plain | null {
  return (ARITHMETIC.exec(tag)?.[1] as Plain | undefined) ?? CONVERSIONS[tag] ?? null;
}

/** Operands of the op that are not denormal either when it has been done and the bar is open. */
export function plainOperands({ tag, args }: Op): readonly Op[] {
  if (!ARITHMETIC.test(tag)) return [];
  return tag.startsWith('sqrt') ? [args[1]] : args;
}
