/** All x87 routines by name, those that others call first, and how modules of generated code import them. */
import type { Op } from '../../../ir/block.ts';
import type { Routine } from '../encoder/assembly.ts';
import type { ModuleWriter } from '../encoder/module-writer.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { COMPARISONS } from './compare.ts';
import { LOADS } from './loads.ts';
import { MOVES } from './moves.ts';
import { ROUNDING } from './rounding.ts';
import { STORES } from './stores.ts';

export const X87_ROUTINES: ReadonlyMap<string, Routine> = new Map([
  ...ROUNDING,
  ...ARITHMETIC,
  ...LOADS,
  ...STORES,
  ...COMPARISONS,
  ...MOVES,
]);

/** Whether a helper has a twin. */
export function isTwin(helper: string): boolean {
  return helper.startsWith('x87_') && X87_ROUTINES.has(helper);
}

/** The import namespace. */
export const X87 = 'x87';

/** Imports what the ops ask for. @returns the index of a helper's twin, or -1 */
export function importTwins(module: ModuleWriter, blocks: Iterable<{ readonly ops: readonly Op[] }>): TwinIndex {
  const indices = new Map<string, number>();
  for (const { ops } of blocks) {
    for (const { name, tag } of ops) {
      if (name !== 'x87' || indices.has(tag) || !isTwin(tag)) continue;
      indices.set(tag, module.importFunction(X87, tag, module.type(['i32', 'i32', 'i32'], ['i32'])));
    }
  }
  return (helper) => indices.get(helper) ?? -1;
}

export type TwinIndex = (helper: string) => number;
