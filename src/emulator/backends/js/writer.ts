/**
 * Writes the statements of one block at a time; what emit.ts speaks to.
 *
 * Values: i32 is an int32 expression; i64 a pair of them, low and high; v128 four, lane 0 first; f32 and f64 doubles.
 * A short value that is used once is not named but written where it is used, so that code reads like code:
 *
 *   rax = (rcx + 8) | 0;        instead of        const v1 = rcx; const v2 = (v1 + 8) | 0; rax = v2;
 *
 * State variables of 32 and 64 bits live in locals of the region (`rax`, `rax_h`). An expression that mentions one is
 * written out ("settled") before the variable changes.
 */
import type { Op } from '../../ir/block.ts';
import { flagParts } from '../../ir/lazy-flags.ts';
import { STATE_OFFSET, STATE_VARIABLES } from '../../ir/state-layout.ts';
import { nearBase } from '../region/check-groups.ts';
import { specOf } from '../../ir/ops.ts';
import { assert } from '../../util/assert.ts';

/** Locals of the lazy flags, in the order kind, result, first, second (low and high each). */
export const FLAG_LOCALS: readonly { readonly name: string; readonly offset: number }[] = [
  { name: 'flags', offset: STATE_OFFSET.flagsKind },
  { name: 'flags_r', offset: STATE_OFFSET.flagsResult },
  { name: 'flags_rh', offset: STATE_OFFSET.flagsResult + 4 },
  { name: 'flags_a', offset: STATE_OFFSET.flagsFirst },
  { name: 'flags_ah', offset: STATE_OFFSET.flagsFirst + 4 },
  { name: 'flags_b', offset: STATE_OFFSET.flagsSecond },
  { name: 'flags_bh', offset: STATE_OFFSET.flagsSecond + 4 },
];

interface Expression {
  /** The op it is the value of. */
  readonly id: number;
  text: string;
  /** Locals of state variables that the text mentions. */
  mentions: readonly string[];
  isBoolean: boolean;
  /** Needs parentheses inside a larger expression. */
  isCompound: boolean;
}

/** What is known of an op's value: one expression per part (low and high, or lanes). */
type Parts = (Expression | null)[];

/** A local and what it becomes: a part of an op's value, or text that mentions no local. */
export type Assignment = readonly [local: string, op: Op, part: number] | readonly [local: string, text: string];

export class Writer {
  readonly #lines: string[] = [];
  #indent = '';
  #parts: Parts[] = [];
  #uses: Int32Array = new Int32Array(0);
  /** Uses that are not written yet. */
  #remaining: Int32Array = new Int32Array(0);
  /** Bit p: part p of the op is wanted by somebody. */
  #wanted: Int32Array = new Int32Array(0);
  #names = 0;
  /** Ids of ops whose value is still an unwritten expression that mentions a local. */
  readonly #pending = new Map<string, Set<Expression>>();
  /** Locals of the region: state variables used so far by name. */
  readonly locals = new Map<string, number>();
  /** Those that are written somewhere. */
  readonly written = new Set<string>();

  get text(): string {
    return this.#lines.join('\n');
  }

  line(text: string): void {
    this.#lines.push(this.#indent + text);
  }

  open(text: string): void {
    this.line(text);
    this.#indent += '  ';
  }

  /** Indents without a line of its own. */
  openSilently(): void {
    this.#indent += '  ';
  }

  close(text = '}'): void {
    this.#indent = this.#indent.slice(2);
    this.line(text);
  }

  /** Starts a block: counts uses and finds which halves anybody wants. */
  beginBlock(ops: readonly Op[]): void {
    this.#parts = ops.map(() => []);
    this.#uses = new Int32Array(ops.length);
    this.#remaining = new Int32Array(ops.length);
    this.#wanted = new Int32Array(ops.length);
    this.#pending.clear();
    for (let i = ops.length - 1; i >= 0; i--) {
      const op = ops[i];
      assert(op.id === i, `js: op ${op.name} has id ${op.id} at ${i}`);
      const { effects } = specOf(op.name);
      if (effects !== 'none' && effects !== 'read') this.#wanted[i] |= 15;
      if (this.#wanted[i] !== 0) this.#want(op);
    }
  }

  #want(op: Op): void {
    const wanted = this.#wanted[op.id];
    const isFlags = op.name === 'setFlags32' || op.name === 'setFlags64';
    for (let i = 0; i < op.args.length; i++) {
      const arg = op.args[i];
      const mask = wantedOf(op, i, wanted);
      this.#wanted[arg.id] |= mask;
      if (mask === 0) continue;
      this.#remaining[arg.id]++;
      // Flags are rarely written out: their operands are not named for them.
      if (!isFlags) this.#uses[arg.id]++;
    }
    const base = guardedBase(op);
    if (base === null) return;
    this.#wanted[base.id] |= 3;
    this.#remaining[base.id]++;
    this.#uses[base.id]++;
  }

  /** Whether nobody needs the op: it is pure and its value is not used. */
  isDead(op: Op): boolean {
    return this.#wanted[op.id] === 0;
  }

  wantsLow(op: Op): boolean {
    return (this.#wanted[op.id] & 1) !== 0;
  }

  wantsHigh(op: Op): boolean {
    return (this.#wanted[op.id] & 2) !== 0;
  }

  // Reading values. An operand that a template writes more than once is asked for by `atom`.

  /** An i32 or float operand as an expression that binds tighter than any operator. */
  i32(op: Op): string {
    return this.#use(op, 0);
  }

  low(op: Op): string {
    return this.#use(op, 0);
  }

  high(op: Op): string {
    return this.#use(op, 1);
  }

  lane(op: Op, lane: number): string {
    return this.#use(op, lane);
  }

  /** A name or a number: part `index` of the operand, written out first if it is longer. */
  atom(op: Op, index = 0): string {
    const part = this.#part(op, index);
    if (part.isCompound && !/^-\d+$/.test(part.text)) this.#writeOut(part);
    return this.#use(op, index);
  }

  /** A name or a number that holds beyond the block: no local of a state variable. */
  fixed(op: Op, index: number): string {
    const part = this.#part(op, index);
    if (part.mentions.length > 0 || (part.isCompound && !/^-\d+$/.test(part.text))) this.#writeOut(part);
    return part.text;
  }

  /** The text being made reads these locals. */
  mention(locals: readonly string[]): void {
    this.#mentioned.push(...locals);
  }

  /** An i32 operand as the condition of an if or a ternary. */
  condition(op: Op): string {
    const part = this.#part(op, 0);
    if (!part.isBoolean) return `${this.#use(op, 0)} !== 0`;
    this.#mentioned.push(...part.mentions);
    return part.text;
  }

  /** Whether the operand is a condition, written as such. */
  isBoolean(op: Op): boolean {
    return this.#part(op, 0).isBoolean;
  }

  /** The number, when the op is a constant; else null. For i64: only when the high half is the sign of the low one. */
  constant(op: Op): number | null {
    if (op.name === 'const32') return op.imm;
    if (op.name === 'const64' && op.imm2 === op.imm >> 31) return op.imm;
    return null;
  }

  #part(op: Op, index: number): Expression {
    const part = this.#parts[op.id][index];
    assert(part !== null && part !== undefined, `js: part ${index} of ${op.name} was not written`);
    return part;
  }

  #use(op: Op, index: number): string {
    const part = this.#part(op, index);
    this.#mentioned.push(...part.mentions);
    return textOf(part);
  }

  #mentioned: string[] = [];

  // Giving values

  /** The op's value is `text`; named unless it is short or used once. */
  define(op: Op, text: string): void {
    this.#give(op, 0, text, false, this.#uses[op.id] > 1);
    this.#mentioned = [];
  }

  /** The same for a condition: 1 when it holds, else 0. */
  defineBoolean(op: Op, text: string): void {
    this.#give(op, 0, text, true, this.#uses[op.id] > 1);
    this.#mentioned = [];
  }

  /** Both halves; each is written only if wanted. `high` may be a thunk when it uses the low half by `low(op)`. */
  define64(op: Op, low: string, high: string | (() => string)): void {
    const mentioned = this.#mentioned;
    const usesLow = typeof high === 'function';
    this.#give(op, 0, low, false, this.#uses[op.id] > 1 || (usesLow && this.wantsHigh(op)));
    if (this.wantsHigh(op)) {
      this.#mentioned = [...mentioned];
      this.#give(op, 1, typeof high === 'function' ? high() : high, false, this.#uses[op.id] > 1);
    }
    this.#mentioned = [];
  }

  defineLanes(op: Op, lanes: readonly string[]): void {
    lanes.forEach((text, i) => this.#give(op, i, text, false, true));
    this.#mentioned = [];
  }

  /** The value is what `local` (a state variable's part) holds now. */
  alias(op: Op, index: number, local: string): void {
    const expression = { id: op.id, text: local, mentions: [local], isBoolean: false, isCompound: false };
    this.#parts[op.id][index] = this.#track(expression);
  }

  #give(op: Op, index: number, text: string, isBoolean: boolean, mustName: boolean): void {
    const isAtom = /^\w+$/.test(text);
    const mentions = [...new Set(this.#mentioned)];
    const expression: Expression = { id: op.id, text, mentions, isBoolean, isCompound: !isAtom };
    if (mustName && !(isAtom && mentions.length === 0) && !/^-?\d+$/.test(text)) this.#writeOut(expression);
    this.#parts[op.id][index] = this.#track(expression);
  }

  #writeOut(expression: Expression): void {
    const name = this.newName();
    this.line(`const ${name} = ${expression.isBoolean ? `${expression.text} ? 1 : 0` : expression.text};`);
    expression.text = name;
    expression.mentions = [];
    expression.isBoolean = false;
    expression.isCompound = false;
  }

  newName(): string {
    return `v${++this.#names}`;
  }

  /** Computes a part of the op's value here and now: for loads and calls, whose order counts. */
  bind(op: Op, text: string, index = 0): string {
    const name = this.newName();
    this.line(`const ${name} = ${text};`);
    this.#parts[op.id][index] = { id: op.id, text: name, mentions: [], isBoolean: false, isCompound: false };
    this.#mentioned = [];
    return name;
  }

  /** Ends a statement made with operands: nothing of it is remembered. */
  statement(text: string): void {
    this.line(text);
    this.#mentioned = [];
  }

  /** Forgets the operands read so far: they went into lines, not into a value. */
  endStatement(): void {
    this.#mentioned = [];
  }

  // State variables

  /** The local of (the low half of) variable `index`; `part` 1 is its high half. */
  local(index: number, part: 0 | 1 = 0): string {
    const { name, offset } = STATE_VARIABLES[index];
    const local = part === 0 ? name : `${name}_h`;
    this.locals.set(local, offset + 4 * part);
    return local;
  }

  /** Assigns locals at once: every value is that of before. Values of other ops that mention them are settled first. */
  assign(op: Op, assignments: readonly Assignment[]): void {
    this.release(op);
    const waiting = assignments.map((assignment) => this.#taken(assignment)).filter(({ name, text }) => name !== text);
    for (const { name } of waiting) this.settle(name);
    // Written in an order in which nobody needs a local that is already changed; a cycle is broken by a copy.
    while (waiting.length > 0) {
      const free = waiting.findIndex(
        ({ name }) => !waiting.some((other) => other.name !== name && other.mentions.includes(name)),
      );
      if (free >= 0) {
        const [{ name, text }] = waiting.splice(free, 1);
        this.written.add(name);
        this.line(`${name} = ${text};`);
        continue;
      }
      const copy = this.newName();
      this.line(`const ${copy} = ${waiting[0].text};`);
      waiting[0] = { name: waiting[0].name, text: copy, mentions: [] };
    }
    this.#mentioned = [];
  }

  #taken(assignment: Assignment): { name: string; text: string; mentions: readonly string[] } {
    if (assignment.length === 2) return { name: assignment[0], text: assignment[1], mentions: [] };
    const part = this.#part(assignment[1], assignment[2]);
    return { name: assignment[0], text: part.isBoolean ? `${part.text} ? 1 : 0` : part.text, mentions: part.mentions };
  }

  /** The operands of `op` are in its text now: values that nobody else needs are never written out. */
  release(op: Op): void {
    if (this.#released === op) return;
    this.#released = op;
    if (this.isDead(op)) return;
    for (let i = 0; i < op.args.length; i++) {
      if (wantedOf(op, i, this.#wanted[op.id]) !== 0) this.#remaining[op.args[i].id]--;
    }
    const base = guardedBase(op);
    if (base !== null) this.#remaining[base.id]--;
  }

  #released: Op | null = null;

  /**
   * Before a local changes: what is not written yet and mentions it reads a copy instead. The expression itself stays
   * unwritten, since most of them (flags) are never needed.
   */
  settle(local: string): void {
    const pending = this.#pending.get(local);
    if (pending === undefined) return;
    this.#pending.delete(local);
    let copy = '';
    for (const expression of pending) {
      if (this.#remaining[expression.id] <= 0 || !expression.mentions.includes(local)) continue;
      if (copy === '') {
        copy = this.newName();
        this.line(`const ${copy} = ${local};`);
      }
      expression.mentions = expression.mentions.filter((name) => name !== local);
      expression.text = expression.text === local ? copy : expression.text.replaceAll(wordOf(local), copy);
    }
  }

  /** Before code that may change every local (a helper). */
  settleAll(): void {
    for (const local of this.#pending.keys()) this.settle(local);
  }

  #track(expression: Expression): Expression {
    for (const local of expression.mentions) {
      const known = this.#pending.get(local);
      if (known === undefined) this.#pending.set(local, new Set([expression]));
      else known.add(expression);
    }
    return expression;
  }
}

const words = new Map<string, RegExp>();

/** Matches the local's name where it stands alone: 'rax' not in 'rax_h'. */
function wordOf(local: string): RegExp {
  let word = words.get(local);
  if (word === undefined) words.set(local, (word = new RegExp(`\\b${local}\\b`, 'g')));
  return word;
}

function textOf(part: Expression): string {
  if (part.isBoolean) return `(${part.text} ? 1 : 0)`;
  return part.isCompound ? `(${part.text})` : part.text;
}

/** The base whose high half a memory op tests instead of its address's. */
function guardedBase(op: Op): Op | null {
  const { effects } = specOf(op.name);
  return effects === 'load' || effects === 'store' ? nearBase(op.args[0]) : null;
}

// Which parts of argument `index` an op needs to give the parts `wanted` of its own value.
function wantedOf(op: Op, index: number, wanted: number): number {
  if (op.name.startsWith('setFlags')) return wantedFlagPart(op, index);
  const argType = op.args[index].type;
  if (argType === 'v128') return 15;
  if (argType !== 'i64') return 1;
  if (index === 0 && guardedBase(op) !== null) return 1;
  switch (op.name) {
    case 'low32':
      return 1;
    case 'high32':
      return 2;
    case 'add64':
    case 'sub64':
    case 'mul64':
      return (wanted & 2) === 0 ? 1 : 3;
    case 'and64':
    case 'or64':
    case 'xor64':
    case 'select64':
      return wanted & 3;
    case 'shl64':
      return (wanted & 2) === 0 && op.args[1].name === 'const32' && (op.args[1].imm & 63) < 32 ? 1 : 3;
    default:
      return 3;
  }
}

function wantedFlagPart(op: Op, index: number): number {
  const part = op.args.length === 3 ? index : index - 1; // setFlagsIf has the condition first
  if (part < 0) return 1;
  return flagParts(op.tag)[part] ? 3 : 0;
}
