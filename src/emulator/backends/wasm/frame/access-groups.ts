/**
 * Accesses of one block off the same base, whose permissions are tested together: at the first of them, both ends of the
 * range that all of them touch, with the strongest right any needs. A test that fails is not a fault (DESIGN decision 6),
 * so it may be coarser than the access. The range is at most one page long, so its ends cover it.
 */
import type { Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';

export interface AccessGroup {
  readonly base: Op;
  /** Addresses are taken relative to base + anchor, which is tested to lie below 4 GiB. */
  readonly anchor: number;
  /** The range off the anchor: [least, end). */
  least: number;
  end: number;
  /** FAST_READ (1) or FAST_WRITE (2), which implies it. */
  bit: number;
  /** The op that does the test. */
  readonly first: Op;
}

const MAX_SPAN = 4096;
/**
 * Nothing is ever mapped in the first and last 2 MiB: so near a base below 4 GiB a sum that wraps around fails the test,
 * and one that passed did not wrap.
 */
const NEAR_BYTES = 0x20_0000;

/** An address as base + offset, an int32; the address itself is the base where it is nothing of that kind. */
export function addressParts(address: Op): { readonly base: Op; readonly offset: number } {
  if (address.name === 'add64') {
    const [base, offset] = address.args;
    if (offset.name === 'const64' && offset.imm2 === offset.imm >> 31) return { base, offset: offset.imm };
  }
  return { base: address, offset: 0 };
}

/** Bytes that a load or store op touches. */
function accessBytes({ name, imm }: Op): number {
  switch (name) {
    case 'checkRead':
    case 'checkWrite':
      return imm;
    case 'atomicUpdate32':
    case 'compareExchange32':
      return imm / 8;
    case 'atomicUpdate64':
    case 'compareExchange64':
      return 8;
    default:
      return Number(/\d+$/.exec(name)?.[0]) / 8; // load8 … store128
  }
}

/** Access op → its group; every load and store has one. */
export function accessGroups(ops: readonly Op[]): ReadonlyMap<Op, AccessGroup> {
  const open = new Map<Op, AccessGroup[]>();
  const groups = new Map<Op, AccessGroup>();
  for (const op of ops) {
    const { effects } = specOf(op.name);
    if (effects !== 'load' && effects !== 'store') continue;
    const { base, offset } = addressParts(op.args[0]);
    const size = accessBytes(op);
    const known = open.get(base) ?? [];
    open.set(base, known);
    let group = known.find((candidate) => isNear(candidate, offset, size));
    if (group === undefined) {
      const anchor = Math.abs(offset) < NEAR_BYTES ? 0 : offset;
      group = { base, anchor, least: offset - anchor, end: offset - anchor + size, bit: 0, first: op };
      known.push(group);
    }
    group.least = Math.min(group.least, offset - group.anchor);
    group.end = Math.max(group.end, offset - group.anchor + size);
    group.bit |= effects === 'store' ? 2 : 1;
    groups.set(op, group);
  }
  return groups;
}

function isNear({ least, end, anchor }: AccessGroup, offset: number, size: number): boolean {
  return Math.max(end, offset - anchor + size) - Math.min(least, offset - anchor) <= MAX_SPAN;
}
