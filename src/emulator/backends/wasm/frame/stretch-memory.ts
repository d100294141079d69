/**
 * Stores in a stretch of floats (float-stretch.ts) wait until its numbers have been looked at. A load behind one must not
 * read what that has not written yet: off the same base that is told by the offsets, off another one by a test of both
 * ranges when the stretch runs.
 */
import type { Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { type AccessGroup, accessRange } from './access-groups.ts';
import type { StretchHost } from './stretch-host.ts';

/** Offsets from a group's start: [least, end). */
interface Span {
  readonly least: number;
  readonly end: number;
}

type Groups = ReadonlyMap<Op, AccessGroup>;

/** What a store waits for is forgotten if its tests cost more than the float test that they save. */
const MOST_PAIRS = 6;

export function isPlainStore({ name }: Op): boolean {
  return specOf(name).effects === 'store' && name.startsWith('store');
}

function isLoad({ name }: Op): boolean {
  return specOf(name).effects === 'load';
}

/** Stores that wait while a stretch is planned. */
export class WaitingStores {
  readonly #groups: Groups;
  readonly #spans = new Map<AccessGroup, Span[]>();
  readonly #pairs = new Map<AccessGroup, Set<AccessGroup>>();
  #pairCount = 0;

  constructor(groups: Groups) {
    this.#groups = groups;
  }

  add(store: Op): void {
    const group = this.#groups.get(store);
    if (group !== undefined) this.#spans.set(group, [...(this.#spans.get(group) ?? []), accessRange(store, group)]);
  }

  /** Whether what the load reads is there, or a test can tell. */
  mayLoad(load: Op): boolean {
    const group = this.#groups.get(load);
    if (group === undefined) return this.#spans.size === 0;
    const span = accessRange(load, group);
    if (this.#spans.get(group)?.some((stored) => stored.least < span.end && span.least < stored.end)) return false;
    const tested = this.#pairs.get(group) ?? new Set();
    this.#pairs.set(group, tested);
    for (const stored of this.#spans.keys()) {
      if (stored === group || tested.has(stored)) continue;
      if (this.#pairCount === MOST_PAIRS) return false;
      tested.add(stored);
      this.#pairCount++;
    }
    return true;
  }
}

interface Pair {
  readonly stored: AccessGroup;
  readonly loaded: AccessGroup;
  storedSpan: Span;
  loadedSpan: Span;
}

/** Which loads of a stretch are the first to need a test, and of what. */
export function overlapTests(ops: readonly Op[], groups: Groups): ReadonlyMap<Op, readonly Pair[]> {
  const stored = new Map<AccessGroup, Span>();
  const pairs = new Map<AccessGroup, Pair[]>();
  const tests = new Map<Op, Pair[]>();
  for (const op of ops) {
    const group = groups.get(op);
    if (group === undefined) continue;
    const span = accessRange(op, group);
    if (isPlainStore(op)) stored.set(group, union(stored.get(group), span));
    else if (isLoad(op)) {
      const known = pairs.get(group) ?? [];
      pairs.set(group, known);
      for (const [other, storedSpan] of stored) {
        if (other === group) continue;
        const pair = known.find((each) => each.stored === other);
        if (pair !== undefined) {
          pair.storedSpan = union(pair.storedSpan, storedSpan);
          pair.loadedSpan = union(pair.loadedSpan, span);
        } else {
          const fresh = { stored: other, loaded: group, storedSpan, loadedSpan: span };
          known.push(fresh);
          tests.set(op, [...(tests.get(op) ?? []), fresh]);
        }
      }
    }
  }
  return tests;
}

/** Loads of a stretch that give what an earlier one gave: stores wait, and overlap is tested. */
export function repeatedLoads(ops: readonly Op[], groups: Groups): ReadonlyMap<Op, Op> {
  const first = new Map<AccessGroup, Map<string, Op>>();
  const repeated = new Map<Op, Op>();
  for (const op of ops) {
    const group = groups.get(op);
    if (group === undefined || !isLoad(op)) continue;
    const known = first.get(group) ?? new Map<string, Op>();
    first.set(group, known);
    const what = `${op.name} ${accessRange(op, group).least}`;
    const earlier = known.get(what);
    if (earlier === undefined) known.set(what, op);
    else repeated.set(op, earlier);
  }
  return repeated;
}

function union(a: Span | undefined, b: Span): Span {
  return a === undefined ? b : { least: Math.min(a.least, b.least), end: Math.max(a.end, b.end) };
}

function sizeOf({ least, end }: Span): number {
  return end - least;
}

/** Pushes whether the ranges overlap: 0 < b - a + its size < both sizes. */
export function pushOverlap({ code, check }: StretchHost, { stored, loaded, storedSpan, loadedSpan }: Pair): void {
  const add = (value: number, opcode: Opcode): void => {
    code.i32(value);
    code.op(opcode);
  };
  code.localGet(check.startOf(loaded));
  code.localGet(check.startOf(stored));
  code.op('i32.sub');
  add(loadedSpan.least - storedSpan.least + sizeOf(loadedSpan) - 1, 'i32.add');
  add(sizeOf(loadedSpan) + sizeOf(storedSpan) - 1, 'i32.lt_u');
}
