/**
 * The frame of a micro-op's handler: state variables lie in memory at S, and where a template has a field the handler
 * reads the number from the micro-op. One function for each template:
 *
 *   (S, fuel, uop) → LEAVE        ends in a tail call of the next micro-op's handler, or leaves to the dispatcher
 *
 * Values used once and without effects are written where they are used; all others go to a local at once, so that a later
 * write of the state does not change them.
 */
import type { Op } from '../../../ir/block.ts';
import { type Field, fieldOf } from '../../../ir/field.ts';
import { FLAG_KINDS, flagsCode } from '../../../ir/lazy-flags.ts';
import type { ValueType } from '../../../ir/op-spec.ts';
import { specOf } from '../../../ir/ops.ts';
import { STATE_OFFSET, STATE_VARIABLES } from '../../../ir/state-layout.ts';
import { FLAGS_UNKNOWN } from '../../../ir/template.ts';
import { PERMISSIONS_BASE } from '../../../memory/address-space.ts';
import { PAGE, PAGE_SHIFT } from '../../../memory/page-permissions.ts';
import { assert } from '../../../util/assert.ts';
import { emitterOf } from '../emit/emit-table.ts';
import { FloatNotes } from '../emit/float-notes.ts';
import { CodeWriter, type FunctionBody, type Label } from '../encoder/code-writer.ts';
import type { Opcode } from '../encoder/opcodes.ts';
import { pushFreshBar } from '../float-module.ts';
import { pushIsFar } from '../far-address.ts';
import type { IrWriter } from '../ir-writer.ts';
import type { RuntimeFunction } from '../runtime-functions.ts';
import { conditionFromFlags, type KnownFlags, pushKnownCondition } from '../frame/flag-code.ts';
import { FUEL, HandlerExits, reloadFuel, S, storeFuel, UOP } from './handler-exits.ts';
import type { Handler } from './handler.ts';
import { STRING_OUTCOME, stringCall } from '../string-runtime.ts';
import type { HandlerImports } from './handler-imports.ts';
import { MICRO_OP, SLOT } from './layout.ts';

export class HandlerFrame implements IrWriter {
  readonly code = new CodeWriter(['i32', 'i32', 'i32']);
  readonly floats = new FloatNotes(this.code);
  #floatBar = -1;
  readonly #ops: readonly Op[];
  readonly #known: number;
  readonly #imports: HandlerImports;
  readonly #exits: HandlerExits;
  readonly #offsets = new Map<string, number>();
  readonly #uses = new Map<Op, number>();
  readonly #locals = new Map<Op, number>();
  readonly #addresses = new Map<string, number>();
  #slow!: Label;
  #isSlow = false;

  constructor({ ops, layout, isBack, findsFlags, isFlagless }: Handler, imports: HandlerImports) {
    this.#known = findsFlags;
    this.#imports = imports;
    for (const { field, offset } of layout.places) this.#offsets.set(field.name, offset);
    this.#ops = this.#neededOps(ops, isFlagless);
    this.#exits = new HandlerExits(this, layout, imports.handlerType, isBack);
  }

  write(): FunctionBody {
    const { code } = this;
    this.#slow = code.block();
    let effects = '';
    for (const op of this.#ops) {
      this.#writeOp(op);
      ({ effects } = specOf(op.name));
    }
    if (effects !== 'exit') this.#exits.next();
    code.end();
    this.#leaveSlowly();
    return code.finish();
  }

  /** Without the flags that nobody sees, and without what is for them alone; counts uses. */
  #neededOps(ops: readonly Op[], isFlagless: boolean): Op[] {
    const needed: Op[] = [];
    for (const op of ops.toReversed()) {
      const { effects } = specOf(op.name);
      const isPure = effects === 'none' || effects === 'read';
      if (isPure && !this.#uses.has(op)) continue;
      if (isFlagless && op.name.startsWith('setFlags')) continue;
      for (const arg of op.args) this.#uses.set(arg, (this.#uses.get(arg) ?? 0) + 1);
      needed.push(op);
    }
    return needed.toReversed();
  }

  #writeOp(op: Op): void {
    const { effects } = specOf(op.name);
    const uses = this.#uses.get(op) ?? 0;
    if (op.name === 'const32' || op.name === 'const64' || (effects === 'none' && uses === 1)) return;
    this.#emit(op);
    if (op.type === 'none') return;
    if (uses === 0) this.code.op('drop');
    else this.code.localSet(this.#newLocal(op));
  }

  #emit(op: Op): void {
    const emitter = emitterOf(op.name);
    assert(emitter !== undefined, `wasm: no emitter for ${op.name}`);
    emitter(this, op);
  }

  #newLocal(op: Op): number {
    const local = this.code.newLocal(op.type as ValueType);
    this.#locals.set(op, local);
    return local;
  }

  // The handler of slot 0 knows how to leave.
  #leaveSlowly(): void {
    const { code } = this;
    if (!this.#isSlow) {
      code.op('unreachable');
      return;
    }
    code.localGet(S);
    code.localGet(FUEL);
    code.localGet(UOP);
    code.i32(SLOT.slow);
    code.returnCallIndirect(this.#imports.handlerType);
  }

  // Values

  push(value: Op): void {
    const local = this.#locals.get(value);
    if (local === undefined) this.#emit(value);
    else this.code.localGet(local);
  }

  local(value: Op): number {
    const known = this.#locals.get(value);
    if (known !== undefined) return known;
    this.#emit(value);
    const local = this.#newLocal(value);
    this.code.localSet(local);
    return local;
  }

  constant(value: Op): number | null {
    if (fieldOf(value.imm) !== null) return null;
    if (value.name === 'const32') return value.imm;
    return value.name === 'const64' && value.imm2 === value.imm >> 31 ? value.imm : null;
  }

  pushConstant(op: Op): void {
    const field = fieldOf(op.imm);
    if (field !== null) this.pushField(field, op.type as 'i32' | 'i64');
    else if (op.type === 'i64') this.code.i64(op.imm, op.imm2);
    else this.code.i32(op.imm);
  }

  /** Pushes the number that the micro-op has for the field. */
  pushField(field: Field, type: 'i32' | 'i64'): void {
    const { code } = this;
    code.localGet(UOP);
    if (field.part === 'rip') code.memory(type === 'i64' ? 'i64.load32_u' : 'i32.load', MICRO_OP.rip);
    else code.memory(FIELD_LOAD[type][field.format], this.#offset(field));
  }

  #offset(field: Field): number {
    const offset = this.#offsets.get(field.name);
    assert(offset !== undefined, `wasm: field ${field.name} has no place`);
    return offset;
  }

  // State

  pushState(): void {
    this.code.localGet(S);
  }

  readVariable(variable: number, type: ValueType): void {
    const offset = this.#pushVariable(variable);
    this.code.memory(LOAD[type], offset);
  }

  writeVariable(variable: number, type: ValueType, value: () => void): void {
    const offset = this.#pushVariable(variable);
    value();
    this.code.memory(STORE[type], offset);
  }

  writeLow32(variable: number, value: () => void): void {
    this.writeVariable(variable, 'i32', value);
  }

  /** Pushes the address of the variable but for the offset it gives. */
  #pushVariable(variable: number): number {
    const { code } = this;
    const field = fieldOf(variable);
    if (field === null) {
      code.localGet(S);
      return STATE_VARIABLES[variable].offset;
    }
    const known = this.#addresses.get(field.name);
    if (known !== undefined) {
      code.localGet(known);
      return 0;
    }
    const address = code.newLocal('i32');
    code.localGet(S);
    this.pushField(field, 'i32');
    code.op('i32.add');
    code.localTee(address);
    this.#addresses.set(field.name, address);
    return 0;
  }

  setFlags(op: Op): void {
    this.#storeFlags(op, op.args);
  }

  setFlagsIf(op: Op): void {
    const [condition, ...values] = op.args;
    this.push(condition);
    this.code.if();
    this.#storeFlags(op, values);
    this.code.end();
  }

  // Only what the kind reads (ir/lazy-flags.ts).
  #storeFlags(op: Op, [result, first, second]: readonly Op[]): void {
    const { code } = this;
    const isWide = result.type === 'i64';
    const name: Opcode = isWide ? 'i64.store' : 'i32.store';
    const store = (value: Op, offset: number): void => {
      code.localGet(S);
      this.push(value);
      code.memory(name, offset);
    };
    code.localGet(S);
    code.i32(flagsCode(op.tag, isWide ? 64 : op.imm));
    code.memory('i32.store', STATE_OFFSET.flagsKind);
    if (op.tag !== 'bits') store(result, STATE_OFFSET.flagsResult);
    if (!WITHOUT_FIRST.has(op.tag)) store(first, STATE_OFFSET.flagsFirst);
    if (op.tag !== 'logic') store(second, STATE_OFFSET.flagsSecond);
  }

  pushFlags(): void {
    const { code } = this;
    code.localGet(S);
    code.memory('i32.load', STATE_OFFSET.flagsKind);
    for (const offset of [STATE_OFFSET.flagsResult, STATE_OFFSET.flagsFirst, STATE_OFFSET.flagsSecond]) {
      code.localGet(S);
      code.memory('i64.load', offset);
    }
    this.callRuntime('statusFlags');
  }

  pushCondition(op: Op): void {
    if (this.#known !== FLAGS_UNKNOWN && pushKnownCondition(this.code, this.#knownFlags(), op.tag)) return;
    this.pushFlags();
    conditionFromFlags(this.code, op.tag);
  }

  /** The flags of the state, of which decoding the block told the kind. */
  #knownFlags(): KnownFlags {
    const kind = FLAG_KINDS[this.#known >> 8];
    const width = this.#known & 0xff;
    const slot = (offset: number) => (): void => {
      this.code.localGet(S);
      this.code.memory(width === 64 ? 'i64.load' : 'i32.load', offset);
    };
    return {
      kind,
      width,
      result: slot(STATE_OFFSET.flagsResult),
      first: slot(STATE_OFFSET.flagsFirst),
      second: slot(STATE_OFFSET.flagsSecond),
    };
  }

  // Memory

  address(op: Op, sizeBytes: number): number {
    const { code } = this;
    const bit = specOf(op.name).effects === 'store' ? PAGE.FAST_WRITE : PAGE.FAST_READ;
    const wide = this.local(op.args[0]);
    const at = code.newLocal('i32');
    pushIsFar(code, wide);
    this.slowExitIf();
    code.localGet(wide);
    code.op('i32.wrap_i64');
    code.localTee(at);
    this.#pushPermission();
    if (sizeBytes > 1) {
      code.localGet(at);
      code.i32(sizeBytes - 1);
      code.op('i32.add');
      this.#pushPermission();
      code.op('i32.and');
    }
    code.i32(bit);
    code.op('i32.and');
    code.op('i32.eqz');
    this.slowExitIf();
    code.localGet(at);
    return 0;
  }

  // Pops an address.
  #pushPermission(): void {
    const { code } = this;
    code.i32(PAGE_SHIFT);
    code.op('i32.shr_u');
    code.memory('i32.load8_u', PERMISSIONS_BASE);
  }

  // Ways out

  slowExitIf(): void {
    this.#isSlow = true;
    this.code.brIf(this.#slow, 'unlikely');
  }

  slowExit(): void {
    this.#isSlow = true;
    this.code.br(this.#slow);
  }

  callRuntime(name: RuntimeFunction): void {
    this.code.call(this.#imports.runtime(name));
  }

  callHelper(op: Op): void {
    storeFuel(this.code);
    this.#callWithArguments(op, this.#imports.helper, this.#imports.helperNumber(op.tag));
    reloadFuel(this.code);
  }

  callX87(op: Op): void {
    const twin = this.#imports.twin(op);
    if (twin >= 0) this.#callWithArguments(op, twin);
    else this.#callWithArguments(op, this.#imports.helper, this.#imports.helperNumber(op.tag));
  }

  #callWithArguments(op: Op, callee: number, ...number: readonly number[]): void {
    this.code.localGet(S);
    for (const index of number) this.code.i32(index);
    for (const arg of op.args) this.push(arg);
    this.code.call(callee);
  }

  callFloat(op: Op): void {
    const { code } = this;
    const control = code.newLocal('i32');
    code.localSet(control);
    code.localGet(S);
    code.i32(this.#imports.floatNumber(op.tag));
    code.localGet(control);
    code.call(this.#imports.float);
    code.release(control);
  }

  lowLane(): number {
    return -1;
  }

  floatBar(): number {
    if (this.#floatBar < 0) {
      this.#floatBar = this.code.newLocal('i32');
      pushFreshBar(this.code, S);
      this.code.localSet(this.#floatBar);
    }
    return this.#floatBar;
  }

  // Boundaries and exits

  beginInstruction(): void {}

  jump(op: Op): void {
    this.#exits.jump(op);
  }

  branch(op: Op): void {
    this.#exits.branch(op);
  }

  jumpIndirect(op: Op): void {
    this.#exits.indirect(op);
  }

  call(op: Op): void {
    this.#exits.call(op);
  }

  callIndirect(op: Op): void {
    this.#exits.indirect(op);
  }

  ret(op: Op): void {
    this.#exits.indirect(op);
  }

  syscall(op: Op): void {
    this.#exits.syscall(op);
  }

  redispatch(op: Op): void {
    this.#exits.redispatch(op);
  }

  repeatString(op: Op): void {
    const call = stringCall(op);
    if (call === null) return this.slowExit();
    const { code } = this;
    const outcome = code.newLocal('i32');
    storeFuel(code);
    code.localGet(S);
    this.push(op.args[0]);
    code.i32(call.how);
    this.callRuntime(call.name);
    code.localSet(outcome);
    reloadFuel(code);
    code.localGet(outcome);
    code.i32(STRING_OUTCOME.slow);
    code.op('i32.eq');
    this.slowExitIf();
    this.#exits.behindString(op, outcome);
    code.release(outcome);
  }
}

/** Kinds that do not look at the first operand. */
const WITHOUT_FIRST: ReadonlySet<string> = new Set(['bits', 'logic', 'inc', 'dec', 'mul']);

const LOAD: Readonly<Record<ValueType, Opcode>> = {
  i32: 'i32.load', i64: 'i64.load', f32: 'f32.load', f64: 'f64.load', v128: 'v128.load',
}; // oxfmt-ignore
const STORE: Readonly<Record<ValueType, Opcode>> = {
  i32: 'i32.store', i64: 'i64.store', f32: 'f32.store', f64: 'f64.store', v128: 'v128.store',
}; // oxfmt-ignore

const FIELD_LOAD: Readonly<Record<'i32' | 'i64', Readonly<Record<Field['format'], Opcode>>>> = {
  i32: {
    variable: 'i32.load16_u', u8: 'i32.load8_u', u16: 'i32.load16_u', i32: 'i32.load', u32: 'i32.load', i64: 'i32.load',
  },
  i64: {
    variable: 'i64.load16_u', u8: 'i64.load8_u', u16: 'i64.load16_u', i32: 'i64.load32_s', u32: 'i64.load32_u', i64: 'i64.load',
  },
}; // oxfmt-ignore
