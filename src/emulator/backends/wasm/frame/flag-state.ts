/**
 * Where the status flags are while a region is written: in the state's slots, or known as the operation that set them.
 *
 * Known flags cost nothing until a path is left: then the operation's operands are stored. Where paths meet, flags that are
 * still looked at, and that every path knows as the same kind of operation, travel in two locals (x, y) and, if some path
 * has them in the slots, a third that tells (FlagShape). All other flags go to the slots there.
 */
import type { Op } from '../../../ir/block.ts';
import { flagParts } from '../../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import { assert } from '../../../util/assert.ts';
import { PARAMETER } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import type { RuntimeFunction } from '../runtime-functions.ts';
import { type BlockValues, usedArgs } from './block-values.ts';
import { conditionFromFlags, type KnownFlags, pushKnownCondition, storeFlags } from './flag-code.ts';
import type { FlagShape } from './flag-shapes.ts';

/** What FlagState needs of the frame. */
export interface FlagHost {
  readonly code: CodeWriter;
  /** Those of the block that is being written. */
  readonly values: BlockValues;
  push(value: Op): void;
  /** Pushes a value of the block that `values` belongs to, on a path that is left. */
  pushAside(value: Op, values: BlockValues): void;
  /** Makes pushAside possible until the end of the function. */
  retain(value: Op): void;
  /** The value in a local that holds until the block ends; gives what pushes it. */
  fixed(value: Op): () => void;
  callRuntime(name: RuntimeFunction): void;
}

export interface BlockFlags {
  readonly flags: KnownFlags;
  /** The op of the current block that set them; null when that was another block. */
  readonly op: Op | null;
  /** Local that is 0 when the flags are in the slots after all; -1: they never are. */
  readonly guard: number;
  /** They lie in x and y. */
  readonly isJoined: boolean;
}

type Pair = readonly [x: number, y: number];

export class FlagState {
  readonly #host: FlagHost;
  readonly #code: CodeWriter;
  #pairs: Partial<Record<'i32' | 'i64', Pair>> = {};
  #guard = -1;
  /** Null: in the slots. */
  known: BlockFlags | null = null;

  constructor(host: FlagHost) {
    this.#host = host;
    this.#code = host.code;
  }

  // Ops

  set(op: Op): void {
    this.#drop();
    const { values } = this.#host;
    const width = op.name === 'setFlags64' ? 64 : op.imm;
    const kept = flagParts(op.tag);
    const part = (i: number): (() => void) | null => (kept[i] ? () => this.#host.pushAside(op.args[i], values) : null);
    const flags = { kind: op.tag, width, result: part(0), first: part(1), second: part(2) };
    this.known = { op, flags: withoutFirst(this.#code, flags), guard: -1, isJoined: false };
  }

  setIf(op: Op): void {
    const code = this.#code;
    this.materialise();
    const [condition, ...args] = op.args;
    const kept = flagParts(op.tag);
    const width = op.name === 'setFlagsIf64' ? 64 : op.imm;
    const parts = args.map((arg, i) => (kept[i] ? this.#host.fixed(arg) : null));
    this.#host.push(condition);
    code.if();
    storeFlags(code, { kind: op.tag, width, result: parts[0], first: parts[1], second: parts[2] });
    code.end();
  }

  /** Pushes the six status flags at their RFLAGS positions. */
  push(): void {
    const code = this.#code;
    this.materialise();
    code.localGet(PARAMETER.state);
    code.memory('i32.load', STATE_OFFSET.flagsKind);
    for (const offset of [STATE_OFFSET.flagsResult, STATE_OFFSET.flagsFirst, STATE_OFFSET.flagsSecond]) {
      code.localGet(PARAMETER.state);
      code.memory('i64.load', offset);
    }
    this.#host.callRuntime('statusFlags');
  }

  /** Pushes 1 when the condition holds, else 0. */
  pushCondition(condition: string): void {
    const { known } = this;
    if (known !== null && known.guard < 0 && pushKnownCondition(this.#code, known.flags, condition)) return;
    this.push();
    conditionFromFlags(this.#code, condition);
  }

  #drop(): void {
    const { known } = this;
    this.known = null;
    if (known?.op != null) for (const arg of usedArgs(known.op)) this.#host.values.abandon(arg);
  }

  // To the slots

  /** Stores the flags on a path that is left; they stay known. */
  storeAside(): void {
    const { known } = this;
    if (known === null) return;
    const code = this.#code;
    if (known.guard >= 0) {
      code.localGet(known.guard);
      code.if();
    }
    storeFlags(code, known.flags);
    if (known.guard >= 0) code.end();
  }

  materialise(): void {
    this.storeAside();
    this.#drop();
  }

  // Beyond the block

  /** To be called at the exit: the flags stay known although the block's values go. */
  freeze(): void {
    const { known } = this;
    if (known === null || known.op === null) return;
    for (const arg of usedArgs(known.op)) this.#host.retain(arg);
    this.known = { ...known, op: null };
  }

  /** On an edge to a block where paths meet, whose flags have that shape (null: they are in the slots, or nobody looks). */
  join(shape: FlagShape | null): void {
    if (shape === null) return this.materialise();
    const { known } = this;
    if (known === null || known.flags.kind !== shape.kind || known.flags.width !== shape.width) {
      assert(shape.mayBeStored, 'wasm: flags are in the slots where a path says they are not');
      this.materialise();
      this.#setGuard(0);
    } else if (!known.isJoined) this.#fillPair(known, shape);
    else if (known.guard < 0 && shape.mayBeStored) this.#setGuard(1);
  }

  #fillPair({ flags }: BlockFlags, shape: FlagShape): void {
    const [x, y] = this.#pairFor(shape);
    const [first, second] = shape.kind === 'sub' ? [flags.first, flags.second] : [flags.result, flags.second];
    first?.();
    if (first !== null) this.#code.localSet(x);
    second?.();
    if (second !== null) this.#code.localSet(y);
    if (shape.mayBeStored) this.#setGuard(1);
  }

  #setGuard(value: 0 | 1): void {
    this.#code.i32(value);
    this.#code.localSet(this.#guardLocal());
  }

  #guardLocal(): number {
    if (this.#guard < 0) this.#guard = this.#code.newLocal('i32');
    return this.#guard;
  }

  #pairFor({ width }: FlagShape): Pair {
    const type = width === 64 ? 'i64' : 'i32';
    const pair = this.#pairs[type] ?? ([this.#code.newLocal(type), this.#code.newLocal(type)] as const);
    this.#pairs[type] = pair;
    return pair;
  }

  /** At the start of a block where paths meet. */
  enterJoin(shape: FlagShape | null): void {
    this.known = null;
    if (shape === null) return;
    const code = this.#code;
    const [xLocal, yLocal] = this.#pairFor(shape);
    const x = (): void => code.localGet(xLocal);
    const y = (): void => code.localGet(yLocal);
    const { kind, width } = shape;
    const subtract = (): void => {
      x();
      y();
      code.op(width === 64 ? 'i64.sub' : 'i32.sub');
    };
    const masked = (): void => {
      subtract();
      if (width >= 32) return;
      code.i32(width === 8 ? 0xff : 0xffff);
      code.op('i32.and');
    };
    const kept = flagParts(kind);
    const flags: KnownFlags =
      kind === 'sub'
        ? { kind, width, result: masked, first: x, second: y }
        : { kind, width, result: kept[0] ? x : null, first: kept[1] ? subtract : null, second: kept[2] ? y : null };
    this.known = { flags, op: null, guard: shape.mayBeStored ? this.#guardLocal() : -1, isJoined: true };
  }
}

/** The first operand of a sum is the difference of the others, so that nobody needs to keep it. */
function withoutFirst(code: CodeWriter, flags: KnownFlags): KnownFlags {
  if (flags.kind !== 'add') return flags;
  const first = (): void => {
    flags.result?.();
    flags.second?.();
    code.op(flags.width === 64 ? 'i64.sub' : 'i32.sub');
  };
  return { ...flags, first };
}
