/**
 * THE op table: every IR operation, one row each, by kind. To add one, add its row; `tsc` then names the emit lines
 * that backends must have.
 */
import type { OpSpec } from './op-spec.ts';
import { control } from './ops/control.ts';
import { float } from './ops/float.ts';
import { integer32 } from './ops/integer32.ts';
import { integer64 } from './ops/integer64.ts';
import { memory } from './ops/memory.ts';
import { state } from './ops/state.ts';
import { vector } from './ops/vector.ts';

export const OPS = {
  ...integer32,
  ...integer64,
  ...state,
  ...memory,
  ...control,
  ...vector,
  ...float,
} as const satisfies Record<string, OpSpec>;

export type OpTable = typeof OPS;
export type OpName = keyof OpTable;
/** Names of the pure operations: those with a meaning. */
export type PureOpName = { [K in OpName]: OpTable[K]['effects'] extends 'none' ? K : never }[OpName];
/** Names of the operations each executor must know by itself. */
export type EffectOpName = Exclude<OpName, PureOpName>;

export const OP_NAMES: readonly OpName[] = Object.keys(OPS) as OpName[];

// A map is twice as fast here as an object of so many properties.
const SPECS: ReadonlyMap<OpName, OpSpec> = new Map(Object.entries(OPS) as [OpName, OpSpec][]);

/** The row of an op, without its literal types. */
export function specOf(name: OpName): OpSpec {
  return SPECS.get(name) as OpSpec;
}

/** Whether executing the op may raise a fault (the instruction is then resumed in the cold tier). */
export function mayFault(name: OpName): boolean {
  const { effects } = OPS[name];
  return effects === 'load' || effects === 'store' || effects === 'raise';
}
