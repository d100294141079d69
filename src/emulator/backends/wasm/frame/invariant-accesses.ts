/**
 * Accesses of loops at addresses that stay: tables, what lies at the stack pointer, globals; also where an index of few bits
 * is added. Both ends of all that such an access may touch are tested where the outermost loop is entered in which its
 * registers do not change. What comes of it is a limit: accesses that start below it need no other test. Where only the
 * first page may be touched it is the end of that, since an array on the stack may be shorter than its index can tell.
 */
import type { Block, Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';
import { accessBytes } from './access-groups.ts';
import { type Affine, type AffineState, followAffine, hasSameTerms } from './affine.ts';

/** At Σ factor × register + [least, end). */
export interface SteadyGroup {
  readonly terms: Affine['terms'];
  least: number;
  end: number;
  /** FAST_READ (1), FAST_WRITE (2), which implies it, or both. */
  bit: number;
  /** Of its longest access. */
  mostBytes: number;
}

export interface Loop {
  readonly head: number;
  readonly nodes: readonly number[];
}

export interface SteadyAccesses {
  /** Tests by head of the loop they are made in front of. */
  readonly byHead: ReadonlyMap<number, readonly SteadyGroup[]>;
  readonly groups: ReadonlyMap<Op, SteadyGroup>;
}

/** Each is a local that lives as long as its loop. */
const MOST_GROUPS = 12;
const MOST_SPAN = 4096;
/** Ranges so near are tested together. */
const NEAR_BYTES = 256;

/** @param loops outer ones first; @param tested accesses that need no test at all */
export function steadyAccesses(
  loops: readonly Loop[],
  blocks: readonly Block[],
  tested: ReadonlySet<Op>,
): SteadyAccesses {
  const byHead = new Map<number, SteadyGroup[]>();
  const found = new Map<Op, SteadyGroup>();
  let count = 0;
  for (const { head, nodes } of loops) {
    const groups: SteadyGroup[] = [];
    const start = unsteady(nodes.map((node) => blocks[node]));
    for (const node of nodes) {
      followAffine(blocks[node].ops, start, (op, valueOf) => {
        const { effects } = specOf(op.name);
        if ((effects !== 'load' && effects !== 'store') || tested.has(op) || found.has(op)) return;
        const address = valueOf(op.args[0]);
        if (address === null) return;
        const bytes = accessBytes(op);
        const range = { least: address.constant, end: address.constant + address.span + bytes };
        if (range.end !== (range.end | 0) || range.end - range.least > MOST_SPAN) return;
        const bit = effects === 'store' ? 2 : 1;
        let group = groups.find((each) => isNear(each, address.terms, range));
        if (group === undefined) {
          if (count === MOST_GROUPS) return;
          count++;
          group = { terms: address.terms, ...range, bit, mostBytes: 0 };
          groups.push(group);
        }
        group.least = Math.min(group.least, range.least);
        group.end = Math.max(group.end, range.end);
        group.bit |= bit;
        group.mostBytes = Math.max(group.mostBytes, bytes);
        found.set(op, group);
      });
    }
    if (groups.length > 0) byHead.set(head, groups);
  }
  return { byHead, groups: found };
}

/** Registers that some block writes. */
function unsteady(blocks: readonly Block[]): AffineState {
  const state = new Map<number, null>();
  for (const { ops } of blocks) {
    for (const { name, imm } of ops)
      if (name === 'set64' || name === 'set32' || name === 'setLow32') state.set(imm, null);
  }
  return state;
}

function isNear(
  group: SteadyGroup,
  terms: Affine['terms'],
  { least, end }: Pick<SteadyGroup, 'least' | 'end'>,
): boolean {
  if (!hasSameTerms(group.terms, terms)) return false;
  const isClose = least <= group.end + NEAR_BYTES && group.least <= end + NEAR_BYTES;
  return isClose && Math.max(end, group.end) - Math.min(least, group.least) <= MOST_SPAN;
}
