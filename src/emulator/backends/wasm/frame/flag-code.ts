/**
 * Flags that are known as the operation that set them: how they are stored, and conditions as plain compares of its
 * operands. The lifter does the latter inside a block (x86/flags.ts); this is for flags of the block before.
 */
import { flagsCode, OF } from '../../../ir/lazy-flags.ts';
import { STATE_OFFSET } from '../../../ir/state-layout.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import { PARAMETER } from '../convention.ts';

/** Pushes an operand: i64 when the width is 64, else i32 (8 and 16 bits zero-extended). */
type Push = () => void;

export interface KnownFlags {
  readonly kind: string;
  /** 8, 16, 32 or 64. */
  readonly width: number;
  /** Null where the kind does not keep it. */
  readonly result: Push | null;
  readonly first: Push | null;
  readonly second: Push | null;
}

/** Puts the flags into their slots of the thread state. */
export function storeFlags(code: CodeWriter, { kind, width, result, first, second }: KnownFlags): void {
  code.localGet(PARAMETER.state);
  code.i32(flagsCode(kind, width));
  code.memory('i32.store', STATE_OFFSET.flagsKind);
  const store = width === 64 ? 'i64.store' : 'i32.store';
  for (const [push, offset] of [
    [result, STATE_OFFSET.flagsResult],
    [first, STATE_OFFSET.flagsFirst],
    [second, STATE_OFFSET.flagsSecond],
  ] as const) {
    if (push === null) continue;
    code.localGet(PARAMETER.state);
    push();
    code.memory(store, offset);
  }
}

/** In encoding order; odd codes are the negations of the even ones (Intel SDM 1, appendix B). */
const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

/** Pushes 1 when the condition holds, else 0. @returns false, and pushes nothing, where the flags must be computed. */
export function pushKnownCondition(code: CodeWriter, flags: KnownFlags, condition: string): boolean {
  const index = CONDITIONS.indexOf(condition);
  if (!new ConditionCode(code, flags).push(CONDITIONS[index & ~1])) return false;
  if ((index & 1) === 1) code.op('i32.eqz');
  return true;
}

/** Bits of RFLAGS that a positive condition looks at; l and le compare SF with OF besides. */
const MASKS: Readonly<Record<string, number>> = { o: OF, b: 1, e: 0x40, be: 0x41, s: 0x80, p: 4 };

/** Pops the six status flags; pushes whether the condition holds, 0 or 1. */
export function conditionFromFlags(code: CodeWriter, condition: string): void {
  const index = CONDITIONS.indexOf(condition);
  const positive = CONDITIONS[index & ~1];
  const mask = MASKS[positive];
  if (mask === undefined) {
    const flags = code.newLocal('i32');
    code.localTee(flags);
    // SF is bit 7, OF bit 11: their difference at bit 7; ZF is bit 6.
    code.i32(4);
    code.op('i32.shr_u');
    code.localGet(flags);
    code.op('i32.xor');
    code.i32(0x80);
    code.op('i32.and');
    if (positive === 'le') {
      code.localGet(flags);
      code.i32(0x40);
      code.op('i32.and');
      code.op('i32.or');
    }
    code.release(flags);
  } else {
    code.i32(mask);
    code.op('i32.and');
  }
  code.op('i32.eqz');
  if ((index & 1) === 0) code.op('i32.eqz');
}

class ConditionCode {
  readonly #code: CodeWriter;
  readonly #flags: KnownFlags;

  constructor(code: CodeWriter, flags: KnownFlags) {
    this.#code = code;
    this.#flags = flags;
  }

  push(condition: string): boolean {
    const { kind } = this.#flags;
    if (kind === 'bits') return false;
    if (condition === 'e') return this.#isZero();
    if (condition === 's') return this.#isNegative();
    if (condition === 'p') return this.#hasEvenParity();
    if (kind === 'sub') return this.#subtraction(condition);
    if (kind === 'logic') return this.#logic(condition);
    if (kind === 'add' && condition === 'b') return this.#compare('result', 'first', 'lt_u');
    if ((kind === 'inc' || kind === 'dec') && condition === 'b') return this.#carryBefore();
    return false;
  }

  #subtraction(condition: string): boolean {
    switch (condition) {
      case 'b':
        return this.#compare('first', 'second', 'lt_u');
      case 'be':
        return this.#compare('first', 'second', 'le_u');
      case 'l':
        return this.#compare('first', 'second', 'lt_s');
      case 'le':
        return this.#compare('first', 'second', 'le_s');
      default:
        return false;
    }
  }

  // CF and OF are 0.
  #logic(condition: string): boolean {
    switch (condition) {
      case 'be':
        return this.#isZero();
      case 'l':
        return this.#isNegative();
      case 'le':
        this.#signed('result');
        if (this.#flags.width === 64) this.#code.i64(0);
        else this.#code.i32(0);
        this.#code.op(`${this.#type}.le_s`);
        return true;
      default:
        this.#code.i32(0);
        return true;
    }
  }

  get #type(): 'i32' | 'i64' {
    return this.#flags.width === 64 ? 'i64' : 'i32';
  }

  #operand(name: 'result' | 'first' | 'second'): void {
    this.#flags[name]?.();
  }

  /** With the sign in the top bit; the order of values stays. */
  #signed(name: 'result' | 'first' | 'second'): void {
    this.#operand(name);
    const { width } = this.#flags;
    if (width >= 32) return;
    this.#code.i32(32 - width);
    this.#code.op('i32.shl');
  }

  #isZero(): boolean {
    this.#operand('result');
    this.#code.op(`${this.#type}.eqz`);
    return true;
  }

  #isNegative(): boolean {
    this.#signed('result');
    if (this.#type === 'i64') this.#code.i64(0);
    else this.#code.i32(0);
    this.#code.op(`${this.#type}.lt_s`);
    return true;
  }

  #hasEvenParity(): boolean {
    const code = this.#code;
    this.#operand('result');
    if (this.#type === 'i64') code.op('i32.wrap_i64');
    code.i32(0xff);
    code.op('i32.and');
    code.op('i32.popcnt');
    code.i32(1);
    code.op('i32.and');
    code.op('i32.eqz');
    return true;
  }

  #carryBefore(): boolean {
    this.#operand('second');
    if (this.#type === 'i64') this.#code.op('i32.wrap_i64');
    this.#code.i32(1);
    this.#code.op('i32.and');
    return true;
  }

  #compare(a: 'result' | 'first', b: 'first' | 'second', relation: 'lt_u' | 'le_u' | 'lt_s' | 'le_s'): boolean {
    const isSigned = relation.endsWith('s');
    for (const name of [a, b]) {
      if (isSigned) this.#signed(name);
      else this.#operand(name);
    }
    this.#code.op(`${this.#type}.${relation}`);
    return true;
  }
}
