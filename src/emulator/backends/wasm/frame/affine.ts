/**
 * Addresses as sums: what a value is in terms of the registers at the head of a loop,
 *
 *   Σ factor × register + constant + [0, span]
 *
 * mod 2^64, where span is how much a part of few bits may add (an index that was a byte).
 */
import type { Op } from '../../../ir/block.ts';
import { STATE_VARIABLES } from '../../../ir/state-layout.ts';
import { isInState } from './variables.ts';
import { possibleBits } from '../../../ir/passes/fold-constants.ts';

export interface Affine {
  /** Factors by variable, none of them 0; an int32 each. */
  readonly terms: ReadonlyMap<number, number>;
  /** An int32. */
  readonly constant: number;
  readonly span: number;
}

/** What registers hold, by variable: null when it is nothing of the kind; one that is not named holds what it held. */
export type AffineState = ReadonlyMap<number, Affine | null>;

const NO_TERMS: ReadonlyMap<number, number> = new Map();
const MOST_TERMS = 3;
const MOST_SPAN = 0xfff;
/** Factors are scales of addresses and products of few of them. */
const MOST_FACTOR = 0x1_0000;

/** Each register as itself. */
const ITSELF = STATE_VARIABLES.map((_, variable): Affine => ({
  terms: new Map([[variable, 1]]),
  constant: 0,
  span: 0,
}));

export function holds(state: AffineState, variable: number): Affine | null {
  const known = state.get(variable);
  return known === undefined ? ITSELF[variable] : known;
}

/** Calls `visit` for each op with what gives its arguments' values. @returns the registers behind the block */
export function followAffine(
  ops: readonly Op[],
  start: AffineState,
  visit: (op: Op, valueOf: (value: Op) => Affine | null) => void,
): AffineState {
  const state = new Map(start);
  const values = new Map<Op, Affine | null>();
  const valueOf = (value: Op): Affine | null => values.get(value) ?? null;
  for (const op of ops) {
    visit(op, valueOf);
    if (op.name === 'set64') state.set(op.imm, valueOf(op.args[0]));
    else if (op.name === 'set32' || op.name === 'setLow32') state.set(op.imm, null);
    else if (op.name === 'get64') values.set(op, isInState(op.imm) ? null : holds(state, op.imm));
    else if (op.type === 'i64') values.set(op, computed(op, valueOf));
  }
  return state;
}

function computed({ name, imm, imm2, args }: Op, valueOf: (value: Op) => Affine | null): Affine | null {
  switch (name) {
    case 'const64':
      return imm2 === imm >> 31 ? { terms: NO_TERMS, constant: imm, span: 0 } : null;
    case 'add64':
      return sum(valueOf(args[0]), valueOf(args[1]));
    case 'sub64':
      return sum(valueOf(args[0]), scaled(valueOf(args[1]), -1));
    case 'shl64':
      return args[1].name === 'const32' && args[1].imm >= 0 && args[1].imm <= 16
        ? scaled(valueOf(args[0]), 1 << args[1].imm)
        : null;
    case 'zext32': {
      const bits = possibleBits(args[0]);
      return bits >= 0 && bits <= MOST_SPAN ? { terms: NO_TERMS, constant: 0, span: bits } : null;
    }
    default:
      return null;
  }
}

function sum(a: Affine | null, b: Affine | null): Affine | null {
  if (a === null || b === null) return null;
  if (b.terms.size === 0) return bounded({ terms: a.terms, constant: a.constant + b.constant, span: a.span + b.span });
  const terms = new Map(a.terms);
  for (const [variable, factor] of b.terms) {
    const both = (terms.get(variable) ?? 0) + factor;
    if (both === 0) terms.delete(variable);
    else terms.set(variable, both);
  }
  return bounded({ terms, constant: a.constant + b.constant, span: a.span + b.span });
}

function scaled(value: Affine | null, by: number): Affine | null {
  if (value === null || (by < 0 && value.span > 0)) return null;
  const terms = new Map([...value.terms].map(([variable, factor]) => [variable, factor * by]));
  return bounded({ terms, constant: value.constant * by, span: value.span * Math.abs(by) });
}

function bounded(value: Affine): Affine | null {
  const { terms, constant, span } = value;
  if (terms.size > MOST_TERMS || constant !== (constant | 0) || span > MOST_SPAN) return null;
  for (const factor of terms.values()) if (Math.abs(factor) > MOST_FACTOR) return null;
  return value;
}

export function isSameAffine(a: Affine | null, b: Affine | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  return a.constant === b.constant && a.span === b.span && hasSameTerms(a.terms, b.terms);
}

export function hasSameTerms(a: Affine['terms'], b: Affine['terms']): boolean {
  return a.size === b.size && [...a].every(([variable, factor]) => b.get(variable) === factor);
}

/** Where ways meet: what they do not agree about is not known. */
export function metStates(a: AffineState, b: AffineState): AffineState {
  const met = new Map<number, Affine | null>();
  for (const variable of new Set([...a.keys(), ...b.keys()])) {
    const value = holds(a, variable);
    met.set(variable, isSameAffine(value, holds(b, variable)) ? value : null);
  }
  return met;
}
