/**
 * Accesses of one block off the same base, whose permissions are tested together: at the first of them, both ends of the
 * range that all of them touch, with the strongest right any needs. A test that fails is not a fault (DESIGN decision 6),
 * so it may be coarser than the access. The range is at most one page long, so its ends cover it.
 */
import type { Op } from '../../../ir/block.ts';
import { specOf } from '../../../ir/ops.ts';
import { isOfX87, STATE_VARIABLES } from '../../../ir/state-layout.ts';

export interface AccessGroup {
  /** The base of the first access; those of the others have the same value. */
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
  /** What was tested where the loop was entered. */
  readonly proof: Proof;
}

/** An access needs a test, none (loop-windows.ts), or none below a limit (invariant-accesses.ts). */
export type Proof = 'none' | 'whole' | SteadyLimit;

/** Of which the frame has a local. */
export interface SteadyLimit {
  readonly mostBytes: number;
}

export interface AccessProofs {
  readonly tested: ReadonlySet<Op>;
  readonly steady: { readonly groups: ReadonlyMap<Op, SteadyLimit> };
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
export function accessBytes({ name, imm }: Op): number {
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

/** Where the op's bytes lie: offsets from the address at which the group's range starts. */
export function accessRange(op: Op, { anchor, least }: AccessGroup): { readonly least: number; readonly end: number } {
  const start = addressParts(op.args[0]).offset - anchor - least;
  return { least: start, end: start + accessBytes(op) };
}

/** Access op → its group; every load and store has one. */
export function accessGroups(ops: readonly Op[], { tested, steady }: AccessProofs): ReadonlyMap<Op, AccessGroup> {
  const open = new Map<string, AccessGroup[]>();
  const groups = new Map<Op, AccessGroup>();
  const names = new ValueNames();
  for (const op of ops) {
    const { effects } = specOf(op.name);
    if (effects !== 'load' && effects !== 'store') {
      names.note(op);
      continue;
    }
    const { base, offset } = addressParts(op.args[0]);
    const size = accessBytes(op);
    const name = names.of(base);
    const known = open.get(name) ?? [];
    open.set(name, known);
    const proof = tested.has(op) ? 'whole' : (steady.groups.get(op) ?? 'none');
    let group = known.find((candidate) => candidate.proof === proof && isNear(candidate, offset, size));
    if (group === undefined) {
      const anchor = Math.abs(offset) < NEAR_BYTES ? 0 : offset;
      group = { base, anchor, least: offset - anchor, end: offset - anchor + size, bit: 0, first: op, proof };
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

/** How deep an address is looked into: base + index × scale, and where those come from. */
const MOST_DEPTH = 4;

/** Names of values such that equal names mean equal values: each instruction makes its address anew. */
class ValueNames {
  /** How often each variable was written, at the ops that read it. */
  readonly #versions = new Map<Op, number>();
  readonly #written = new Map<number, number>();

  /** To be called for each op in order. */
  note(op: Op): void {
    const { name, imm } = op;
    if (name === 'get64' || name === 'get32') this.#versions.set(op, this.#version(imm));
    else if (name === 'set64' || name === 'set32' || name === 'setLow32')
      this.#written.set(imm, this.#version(imm) + 1);
    // A helper may change every variable.
    else if (name === 'helper' || name === 'x87')
      for (const variable of STATE_VARIABLES.keys())
        if (name === 'helper' || isOfX87(variable)) this.#written.set(variable, this.#version(variable) + 1);
  }

  #version(variable: number): number {
    return this.#written.get(variable) ?? 0;
  }

  of(op: Op, depth = 0): string {
    const { name, imm, imm2, tag, args, id } = op;
    const version = this.#versions.get(op);
    if (version !== undefined) return `${name} ${imm} ${version}`;
    if (depth === MOST_DEPTH || specOf(name).effects !== 'none') return `${id}`;
    return `${name} ${imm} ${imm2} ${tag}(${args.map((arg) => this.of(arg, depth + 1)).join()})`;
  }
}
