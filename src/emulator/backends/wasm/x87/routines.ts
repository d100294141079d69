/** All x87 routines by name, those that others call first, and how modules of generated code import them. */
import type { Op } from '../../../ir/block.ts';
import { fieldOf } from '../../../ir/field.ts';
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

const X87_ROUTINES: ReadonlyMap<string, Routine> = new Map([
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

/** The name of the routine that does the op; what is constant of its operands, but addresses, is part of it. */
function nameOf({ tag, args: [first, second] }: Op): string {
  const isMemory = /_[mi]\d+$|_ldcw$/.test(tag);
  return [tag + WITH_TOP, isMemory ? '' : constantOf(first), constantOf(second)].join(':');
}

function constantOf({ name, imm }: Op): string {
  return name === 'const32' && fieldOf(imm) === null ? String(imm) : '';
}

const given = (body: string, parameter: string, value: string): string =>
  value === '' ? body : body.replaceAll(new RegExp(`\\b${parameter}\\b`, 'g'), value);

/** The routine of that name: a twin's, or what `nameOf` gives. */
export function routineOf(name: string): Routine {
  const [twin = '', first = '', second = ''] = name.split(':');
  const plain = X87_ROUTINES.get(twin.replace(WITH_TOP, ''));
  assert(plain !== undefined, `wasm: no routine ${name}`);
  const routine = twin.endsWith(WITH_TOP) ? withTop(plain) : plain;
  return { ...routine, body: given(given(routine.body, 'first', first), 'second', second) };
}

/** The import namespace. */
const NAMESPACE = 'x87';

/** Imports what the x87 ops ask for. @param nameFor the routine's name @returns the index of the op's routine, or -1 */
function importRoutines(module: ModuleWriter, blocks: Iterable<WithOps>, nameFor: (op: Op) => string): TwinIndex {
  const indices = new Map<string, number>();
  for (const { ops } of blocks) {
    for (const op of ops) {
      if (op.name !== 'x87' || !isTwin(op.tag) || indices.has(nameFor(op))) continue;
      const { parameters, results } = routineOf(nameFor(op));
      const type = module.type(Object.values(parameters), results);
      indices.set(nameFor(op), module.importFunction(NAMESPACE, nameFor(op), type));
    }
  }
  return (op) => indices.get(nameFor(op)) ?? -1;
}

/** For the cold tier: one routine for all operands. */
export function importTwins(module: ModuleWriter, handlers: Iterable<WithOps>): TwinIndex {
  return importRoutines(module, handlers, ({ tag }) => tag);
}

/** For regions: routines with TOP, which know what is constant. */
export function importTwinsWithTop(module: ModuleWriter, blocks: Iterable<WithOps>): TwinIndex {
  return importRoutines(module, blocks, nameOf);
}

interface WithOps {
  readonly ops: readonly Op[];
}

/** The index of the routine of an x87 op, or -1. */
export type TwinIndex = (op: Op) => number;
