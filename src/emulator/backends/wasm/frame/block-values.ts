/**
 * Where the values of one block's ops are: nowhere yet, in a local, or in the local of a state variable.
 *
 * A pure value that is used once is not computed where it stands but where it is pushed, so that expressions come out as
 * trees. What it reads of the state is kept meanwhile: before a variable changes, everything that still needs its old
 * value gets a copy (`readersOf`).
 */
import type { Op } from '../../../ir/block.ts';
import { flagParts } from '../../../ir/lazy-flags.ts';
import { specOf } from '../../../ir/ops.ts';
import { assert } from '../../../util/assert.ts';
import { addressParts } from './access-groups.ts';

const NOWHERE = -1;

export interface ValuesMark {
  readonly remaining: Int32Array;
  readonly homes: Int32Array;
  readonly readers: ReadonlyMap<number, readonly Op[]>;
}

export class BlockValues {
  readonly ops: readonly Op[];
  readonly #uses: Int32Array;
  /** Uses that are still to come. */
  readonly #remaining: Int32Array;
  readonly #homes: Int32Array;
  /** Reads of state variables that were not copied yet, by variable. */
  readonly #readers = new Map<number, Op[]>();

  /** Counts who uses what in a block. */
  constructor(ops: readonly Op[]) {
    this.ops = ops;
    this.#uses = new Int32Array(ops.length);
    this.#homes = new Int32Array(ops.length).fill(NOWHERE);
    for (let i = ops.length - 1; i >= 0; i--) {
      const op = ops[i];
      assert(op.id === i, `wasm: op ${op.name} has id ${op.id} at ${i}`);
      if (!isValue(op) || this.#uses[i] > 0) for (const arg of usedArgs(op)) this.#uses[arg.id]++;
    }
    this.#remaining = this.#uses.slice();
  }

  /** All of it, to come back to. */
  mark(): ValuesMark {
    return {
      remaining: this.#remaining.slice(),
      homes: this.#homes.slice(),
      readers: new Map([...this.#readers].map(([variable, ops]) => [variable, [...ops]])),
    };
  }

  /** Everything is as it was at the mark. */
  reset({ remaining, homes, readers }: ValuesMark): void {
    this.#remaining.set(remaining);
    this.#homes.set(homes);
    this.#readers.clear();
    for (const [variable, ops] of readers) this.#readers.set(variable, [...ops]);
  }

  /** Nobody wants its value, and it does nothing else. */
  isDead(op: Op): boolean {
    return isValue(op) && this.#uses[op.id] === 0;
  }

  isUsedOnce(op: Op): boolean {
    return this.#uses[op.id] === 1;
  }

  isWanted(op: Op): boolean {
    return this.#remaining[op.id] > 0;
  }

  /** The local that holds the value, or -1. */
  homeOf(op: Op): number {
    return this.#homes[op.id];
  }

  settle(op: Op, local: number): void {
    this.#homes[op.id] = local;
  }

  /** One use less to come. */
  consume(op: Op): void {
    this.#remaining[op.id]--;
  }

  /** The same for a value that will not be computed any more. */
  abandon(op: Op): void {
    if (--this.#remaining[op.id] > 0 || !isValue(op) || this.#homes[op.id] !== NOWHERE) return;
    for (const arg of op.args) this.abandon(arg);
  }

  noteReader(op: Op): void {
    const known = this.#readers.get(op.imm);
    if (known === undefined) this.#readers.set(op.imm, [op]);
    else known.push(op);
  }

  /** Reads of the variable that are still needed and have no copy; they are forgotten here. */
  takeReaders(variable: number): readonly Op[] {
    const readers = this.#readers.get(variable);
    if (readers === undefined) return [];
    this.#readers.delete(variable);
    return readers.filter((op) => this.#remaining[op.id] > 0 && this.#homes[op.id] === NOWHERE);
  }

  /** Before code that may change every variable. */
  takeAllReaders(): readonly Op[] {
    return [...this.#readers.keys()].flatMap((variable) => this.takeReaders(variable));
  }
}

/** Whether the op does nothing but give a value. */
export function isValue({ name }: Op): boolean {
  const { effects } = specOf(name);
  return effects === 'none' || effects === 'read';
}

/**
 * The values an op takes: flags keep only the operands that their kind needs, and memory ops compute their address from a
 * base (access-groups.ts).
 */
export function usedArgs(op: Op): readonly Op[] {
  const { name, args, tag } = op;
  if (name === 'setFlags32' || name === 'setFlags64') {
    if (tag === 'add') return [args[0], args[2]]; // flag-state.ts makes the first of the others
    return args.filter((_, i) => flagParts(tag)[i]);
  }
  if (name === 'setFlagsIf32' || name === 'setFlagsIf64') {
    return args.filter((_, i) => i === 0 || flagParts(tag)[i - 1]);
  }
  const { effects } = specOf(name);
  return effects === 'load' || effects === 'store' ? [addressParts(args[0]).base, ...args.slice(1)] : args;
}
