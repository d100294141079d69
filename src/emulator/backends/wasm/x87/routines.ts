/** All x87 routines by name, those that others call first, and how modules of generated code import them. */
import type { Op } from '../../../ir/block.ts';
import { assert } from '../../../util/assert.ts';
import type { Routine } from '../encoder/assembly.ts';
import type { ModuleWriter } from '../encoder/module-writer.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { COMPARISONS } from './compare.ts';
import { LOADS } from './loads.ts';
import { MOVES } from './moves.ts';
import { REMAINDERS } from './remainder.ts';
import { withTop } from './parts.ts';
import { ROUNDING } from './rounding.ts';
import { STORES } from './stores.ts';

export const X87_ROUTINES: ReadonlyMap<string, Routine> = new Map([
  ...ROUNDING,
  ...ARITHMETIC,
  ...LOADS,
  ...STORES,
  ...COMPARISONS,
  ...MOVES,
  ...REMAINDERS,
]);

/** Whether a helper has a twin. */
export function isTwin(helper: string): boolean {
  return helper.startsWith('x87_') && X87_ROUTINES.has(helper);
}

/** Behind the name of a twin: the one that is told TOP and tells what it becomes (parts.ts, withTop). */
export const WITH_TOP = '.top';

/** The routine of that name, with or without WITH_TOP. */
export function routineOf(name: string): Routine {
  const plain = X87_ROUTINES.get(name.replace(WITH_TOP, ''));
  assert(plain !== undefined, `wasm: no routine ${name}`);
  return name.endsWith(WITH_TOP) ? withTop(plain) : plain;
}

/** The import namespace. */
const NAMESPACE = 'x87';

/**
 * Imports what the ops ask for; `suffix` is WITH_TOP or nothing.
 * @returns the index of a helper's twin, or -1
 */
export function importTwins(module: ModuleWriter, blocks: Iterable<WithOps>, suffix: typeof WITH_TOP | ''): TwinIndex {
  const indices = new Map<string, number>();
  for (const { ops } of blocks) {
    for (const { name, tag } of ops) {
      if (name !== 'x87' || indices.has(tag) || !isTwin(tag)) continue;
      const { parameters, results } = routineOf(tag + suffix);
      const type = module.type(Object.values(parameters), results);
      indices.set(tag, module.importFunction(NAMESPACE, tag + suffix, type));
    }
  }
  return (helper) => indices.get(helper) ?? -1;
}

interface WithOps {
  readonly ops: readonly Op[];
}

export type TwinIndex = (helper: string) => number;
