/**
 * Redundant permission checks inside a block: accesses off one base register are checked together, at the first of them.
 *
 * A failing check is not a fault (DESIGN decision 6), so it may be coarser than the access: both ends of the range that
 * the block will touch are tested, with the strongest right any of them needs. The range is at most one page long, so
 * its ends cover it.
 */
import type { Op } from '../../ir/block.ts';

export interface CheckGroup {
  /** The range off the base: [least, end). */
  least: number;
  end: number;
  /** FAST_READ (1) or FAST_WRITE (2), which implies it. */
  bit: number;
  /** The op that does the check. */
  readonly first: Op;
  count: number;
}

const MAX_SPAN = 4096;

const SIZE: Readonly<Record<string, number>> = {
  load8: 1,
  load16: 2,
  load32: 4,
  load64: 8,
  load128: 16,
  loadLow32: 4,
  loadLow64: 8,
  store8: 1,
  store16: 2,
  store32: 4,
  store64: 8,
  store128: 16,
};

/** The base of an address and the distance from it. */
export function baseOf(address: Op): { readonly base: Op; readonly offset: number } {
  const base = nearBase(address);
  return base === null ? { base: address, offset: 0 } : { base, offset: address.args[1].imm };
}

/** Access op → its group, for groups of two accesses or more. */
export function checkGroups(ops: readonly Op[]): ReadonlyMap<Op, CheckGroup> {
  const groups = new Map<Op, CheckGroup>();
  const members = new Map<Op, CheckGroup>();
  for (const op of ops) {
    const size = SIZE[op.name];
    if (size === undefined) continue;
    const { base, offset } = baseOf(op.args[0]);
    const bit = op.name.startsWith('store') ? 2 : 1;
    let group = groups.get(base);
    if (group === undefined || !isNear(group, offset, size)) {
      group = { least: offset, end: offset + size, bit, first: op, count: 0 };
      groups.set(base, group);
    }
    group.least = Math.min(group.least, offset);
    group.end = Math.max(group.end, offset + size);
    group.bit |= bit;
    group.count++;
    members.set(op, group);
  }
  for (const [op, group] of members) if (group.count === 1) members.delete(op);
  return members;
}

function isNear({ least, end }: CheckGroup, offset: number, size: number): boolean {
  return Math.max(end, offset + size) - Math.min(least, offset) <= MAX_SPAN;
}

/**
 * Where an address is base + c with |c| < 2 MiB, it is enough that the base lies below 4 GiB: nothing is ever mapped in
 * the first and last 2 MiB, so a sum that wraps around fails the permission test.
 */
const NEAR_BYTES = 0x20_0000;

export function nearBase(address: Op): Op | null {
  if (address.name !== 'add64') return null;
  const [base, offset] = address.args;
  if (offset.name !== 'const64' || offset.imm2 !== offset.imm >> 31) return null;
  return Math.abs(offset.imm) < NEAR_BYTES ? base : null;
}
