/**
 * Writes the instructions of one function: opcodes with their immediates, nested blocks by label objects, locals that are
 * given back and used again, branch hints.
 *
 *   const code = new CodeWriter(['i32', 'i64']);        // types of the parameters: locals 0 and 1
 *   const done = code.block();
 *   code.localGet(0);
 *   code.brIf(done);                                    // `done` may be named at any depth below it
 *   code.end();
 *
 * The writer does not check types: every module passes the host's validation, and tests make sure of that.
 */
import type { ValueType } from '../../../ir/op-spec.ts';
import { assert } from '../../../util/assert.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { OPCODE, type Opcode } from './opcodes.ts';

export const TYPE_CODE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const EMPTY_TYPE = 0x40;

/** An open block, loop or if. */
export interface Label {
  /** Blocks open around it, itself included; 0 once it is closed. */
  depth: number;
}

export type Hint = 'likely' | 'unlikely' | 'none';

/** A function as the module writer takes it. */
export interface FunctionBody {
  /** Declarations of locals and instructions, without the size in front. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset in `bytes` of each hinted branch, ascending, and whether it is likely. */
  readonly hints: readonly { readonly offset: number; readonly isLikely: boolean }[];
}

export class CodeWriter {
  readonly #out = new ByteBuffer(1024);
  readonly #parameters: number;
  /** Types of the locals behind the parameters. */
  readonly #locals: ValueType[] = [];
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #open: Label[] = [];
  readonly #hints: { offset: number; isLikely: boolean }[] = [];

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters.length;
  }

  /** Bytes of instructions so far. */
  get length(): number {
    return this.#out.length;
  }

  // Instructions

  /** An instruction without immediates. */
  op(name: Opcode): void {
    const code = OPCODE[name];
    if (code < 0x100) this.#out.u8(code);
    else {
      this.#out.u8(code >> 8);
      this.#out.u32(code & 0xff);
    }
  }

  i32(value: number): void {
    this.#out.u8(OPCODE['i32.const']);
    this.#out.s32(value);
  }

  /** The constant high:low, both int32. */
  i64(low: number, high = low >> 31): void {
    this.#out.u8(OPCODE['i64.const']);
    this.#out.s64(low, high);
  }

  f32(value: number): void {
    this.#out.u8(OPCODE['f32.const']);
    this.#out.f32(value);
  }

  f64(value: number): void {
    this.#out.u8(OPCODE['f64.const']);
    this.#out.f64(value);
  }

  /** The constant of sixteen bytes. */
  v128(bytes: Uint8Array): void {
    assert(bytes.length === 16, 'wasm: a v128 constant has sixteen bytes');
    this.op('v128.const');
    this.#out.append(bytes);
  }

  /** i8x16.shuffle: byte i of the result is byte lanes[i] (0 to 31) of the two operands. */
  shuffle(lanes: readonly number[]): void {
    assert(lanes.length === 16, 'wasm: a shuffle names sixteen lanes');
    this.op('i8x16.shuffle');
    for (const lane of lanes) this.#out.u8(lane);
  }

  /** extract_lane and replace_lane instructions. */
  lane(name: Opcode, lane: number): void {
    this.op(name);
    this.#out.u8(lane);
  }

  /** Loads and stores. `offset` is added to the address without wrapping around; alignment is never promised. */
  memory(name: Opcode, offset = 0): void {
    this.op(name);
    this.#out.u8(0);
    this.#out.u32(offset);
  }

  memoryCopy(): void {
    this.op('memory.copy');
    this.#out.u8(0);
    this.#out.u8(0);
  }

  memoryFill(): void {
    this.op('memory.fill');
    this.#out.u8(0);
  }

  // Locals

  /** A local whose value is undefined (it may be one that was released). */
  newLocal(type: ValueType): number {
    const free = this.#free[type].pop();
    if (free !== undefined) return free;
    this.#locals.push(type);
    return this.#parameters + this.#locals.length - 1;
  }

  /** Gives a local back. */
  release(local: number): void {
    const type = this.#locals[local - this.#parameters];
    assert(type !== undefined, 'wasm: a parameter is not released');
    this.#free[type].push(local);
  }

  localGet(local: number): void {
    this.#out.u8(OPCODE['local.get']);
    this.#out.u32(local);
  }

  localSet(local: number): void {
    this.#out.u8(OPCODE['local.set']);
    this.#out.u32(local);
  }

  localTee(local: number): void {
    this.#out.u8(OPCODE['local.tee']);
    this.#out.u32(local);
  }

  globalGet(index: number): void {
    this.#out.u8(OPCODE['global.get']);
    this.#out.u32(index);
  }

  globalSet(index: number): void {
    this.#out.u8(OPCODE['global.set']);
    this.#out.u32(index);
  }

  // Structure

  /** A block that gives nothing or one value. A branch to its label leaves it. */
  block(result?: ValueType): Label {
    return this.#enter('block', result);
  }

  /** A branch to its label goes on at its start. */
  loop(result?: ValueType): Label {
    return this.#enter('loop', result);
  }

  /** Pops the condition. */
  if(result?: ValueType, hint: Hint = 'none'): Label {
    this.#hint(hint);
    return this.#enter('if', result);
  }

  else(): void {
    this.op('else');
  }

  /** Closes the innermost open block. */
  end(): void {
    const label = this.#open.pop();
    assert(label !== undefined, 'wasm: end without a block');
    label.depth = 0;
    this.op('end');
  }

  br(to: Label): void {
    this.op('br');
    this.#out.u32(this.#distance(to));
  }

  /** Pops the condition. */
  brIf(to: Label, hint: Hint = 'none'): void {
    this.#hint(hint);
    this.op('br_if');
    this.#out.u32(this.#distance(to));
  }

  /** Pops an index: goes to targets[index], or to `otherwise` when it is out of range. */
  brTable(targets: readonly Label[], otherwise: Label): void {
    this.op('br_table');
    this.#out.u32(targets.length);
    for (const target of targets) this.#out.u32(this.#distance(target));
    this.#out.u32(this.#distance(otherwise));
  }

  return(): void {
    this.op('return');
  }

  call(functionIndex: number): void {
    this.op('call');
    this.#out.u32(functionIndex);
  }

  callIndirect(typeIndex: number): void {
    this.op('call_indirect');
    this.#out.u32(typeIndex);
    this.#out.u8(0);
  }

  returnCall(functionIndex: number): void {
    this.op('return_call');
    this.#out.u32(functionIndex);
  }

  returnCallIndirect(typeIndex: number): void {
    this.op('return_call_indirect');
    this.#out.u32(typeIndex);
    this.#out.u8(0);
  }

  /** The whole function; every block must be closed. */
  finish(): FunctionBody {
    assert(this.#open.length === 0, 'wasm: a block is still open');
    const header = new ByteBuffer(16);
    const runs = runsOf(this.#locals);
    header.u32(runs.length);
    for (const { count, type } of runs) {
      header.u32(count);
      header.u8(TYPE_CODE[type]);
    }
    const offset = header.length;
    header.append(this.#out.view());
    header.u8(OPCODE.end);
    const hints = this.#hints.map((hint) => ({ ...hint, offset: hint.offset + offset }));
    return { bytes: header.copy(), hints };
  }

  #enter(name: 'block' | 'loop' | 'if', result: ValueType | undefined): Label {
    this.op(name);
    this.#out.u8(result === undefined ? EMPTY_TYPE : TYPE_CODE[result]);
    const label = { depth: this.#open.length + 1 };
    this.#open.push(label);
    return label;
  }

  #distance(to: Label): number {
    assert(to.depth > 0 && this.#open[to.depth - 1] === to, 'wasm: branch to a label that is not open');
    return this.#open.length - to.depth;
  }

  #hint(hint: Hint): void {
    if (hint !== 'none') this.#hints.push({ offset: this.#out.length, isLikely: hint === 'likely' });
  }
}

function runsOf(types: readonly ValueType[]): { count: number; type: ValueType }[] {
  const runs: { count: number; type: ValueType }[] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ count: 1, type });
  }
  return runs;
}
