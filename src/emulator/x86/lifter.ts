/**
 * What a row's lift speaks to: integer arithmetic (int-builder.ts), operands, guest memory, flags and ways out.
 *
 * Order inside one instruction: reads, loads, stores and raiseIf first, then write, setFlags and an exit; so a fault
 * finds the state of the instruction's start (the verifier checks it).
 */
import type { I32, I64 } from '../ir/block.ts';
import { fieldOf } from '../ir/field.ts';
import { AF, CF, type FlagsKind, PF, SF, ZF } from '../ir/lazy-flags.ts';
import { VARIABLE } from '../ir/state-layout.ts';
import { assert } from '../util/assert.ts';
import type { Decoded } from './decode/decoded.ts';
import { type Condition, type Flag, FLAG_BIT, type KnownFlags, conditionValue, flagValue } from './flags.ts';
import { type Int, IntBuilder, as32, as64 } from './int-builder.ts';
import { type MemoryOperand, type Operand, type RegisterOperand, type Width, integerWidth } from './operands.ts';
import { RSP } from './registers.ts';

export type AtomicOperation = 'add' | 'and' | 'or' | 'xor' | 'exchange' | 'negate';

/** The number of a register that an address does not have. */
const NONE = -1;

export class Lifter extends IntBuilder {
  /** The instruction that is being lifted. */
  instruction!: Decoded;
  #known: KnownFlags | null = null;
  #addressed: MemoryOperand | null = null;
  #address: I64 | null = null;

  /** Opens an instruction: its boundary op. */
  begin(decoded: Decoded): void {
    this.instruction = decoded;
    this.#addressed = null;
    this.ir.instruction(decoded.rip, decoded.length);
  }

  /** Operand size of the instruction. */
  get width(): Width {
    return this.instruction.operandWidth;
  }

  /** Address of the next instruction. */
  get next(): number {
    return this.instruction.next;
  }

  /** Whether LOCK was given, or the row locks by itself when its destination is memory. */
  get isLocked(): boolean {
    return this.instruction.hasLock;
  }

  // Registers

  /** A general-purpose register's low `width` bits. */
  getRegister(register: number, width: Width): Int {
    if (width === 64) return this.fromI64(this.ir.get64(register));
    const low = this.ir.get32(register);
    if (width === 32) return this.fromI32(32, low);
    return this.fromI32(width, this.ir.and32(low, this.const32(width === 8 ? 0xff : 0xffff)));
  }

  /** 32 bits clear the high half, 8 and 16 keep the rest (Intel SDM 1, 3.4.1.1). */
  setRegister(register: number, value: Int): void {
    if (value.width === 64) this.ir.set64(as64(value), register);
    else if (value.width === 32) this.ir.set32(as32(value), register);
    else this.#merge(register, as32(value), value.width === 8 ? 0xff : 0xffff);
  }

  #merge(register: number, bits: I32, mask: number): void {
    const rest = this.ir.and32(this.ir.get32(register), this.const32(~mask));
    this.ir.setLow32(this.ir.or32(rest, bits), register);
  }

  // Operands

  /** The integer in a register, memory or immediate; `width` defaults to the operand's own. */
  read(operand: Operand): Int {
    switch (operand.kind) {
      case 'register':
        return this.#readRegister(operand);
      case 'memory':
        return this.load(integerWidth(operand), this.addressOf(operand));
      case 'immediate':
        if (operand.width === 64) return this.fromI64(this.ir.const64(operand.low, operand.high));
        return this.int(operand.width, operand.low);
      default:
        return assert(false, `x86: ${operand.kind} operand read as an integer`) as never;
    }
  }

  write(operand: Operand, value: Int): void {
    if (operand.kind === 'memory') this.store(this.addressOf(operand), value);
    else if (operand.kind !== 'register') assert(false, `x86: ${operand.kind} operand written as an integer`);
    else if (operand.isHighByte) {
      this.#merge(operand.register, this.ir.shl32(as32(value), this.const32(8)), 0xff00);
    } else this.setRegister(operand.register, value);
  }

  #readRegister({ register, width, isHighByte }: RegisterOperand): Int {
    if (!isHighByte) return this.getRegister(register, width);
    const shifted = this.ir.shr32(this.ir.get32(register), this.const32(8));
    return this.fromI32(8, this.ir.and32(shifted, this.const32(0xff)));
  }

  // Memory

  /** The operand at an address that the row computed itself, for `atomicUpdate` and the like. */
  atAddress(operand: MemoryOperand, address: I64): MemoryOperand {
    this.#addressed = operand;
    this.#address = address;
    return operand;
  }

  /** Linear address of a memory operand; computed once per instruction. */
  addressOf(operand: Operand): I64 {
    assert(operand.kind === 'memory', `x86: address of a ${operand.kind} operand`);
    if (this.#addressed === operand && this.#address !== null) return this.#address;
    this.#addressed = operand;
    this.#address = this.segmented(operand.segment, this.effectiveAddress(operand));
    return this.#address;
  }

  /** The address without its segment base, as LEA computes it. */
  effectiveAddress(operand: MemoryOperand): I64 {
    return operand.addressWidth === 64 ? this.#address64(operand) : this.#address32(operand);
  }

  segmented(segment: MemoryOperand['segment'], offset: I64): I64 {
    if (segment === 'none') return offset;
    return this.ir.add64(this.ir.get64(segment === 'fs' ? VARIABLE.fsBase : VARIABLE.gsBase), offset);
  }

  #address64({ base, index, scale, displacement }: MemoryOperand): I64 {
    let sum = base === NONE ? null : this.ir.get64(base);
    if (index !== NONE) {
      const counted = this.ir.get64(index);
      const scaled = scale === 0 ? counted : this.ir.shl64(counted, this.const32(scale));
      sum = sum === null ? scaled : this.ir.add64(sum, scaled);
    }
    if (sum === null) return this.address(displacement);
    return displacement === 0 ? sum : this.ir.add64(sum, this.address(displacement));
  }

  #address32({ base, index, scale, displacement }: MemoryOperand): I64 {
    let sum: I32 = this.const32(displacement);
    if (base !== NONE) sum = this.ir.add32(this.ir.get32(base), sum);
    if (index !== NONE) sum = this.ir.add32(sum, this.ir.shl32(this.ir.get32(index), this.const32(scale)));
    return this.ir.zext32(sum);
  }

  /** A constant address or displacement: a whole number, sign-extended. */
  address(value: number): I64 {
    if (fieldOf(value) !== null) return this.ir.const64(value, value);
    return this.ir.const64(value | 0, Math.floor(value / 0x1_0000_0000) | 0);
  }

  load(width: Width, address: I64): Int {
    switch (width) {
      case 8:
        return this.fromI32(8, this.ir.load8(address));
      case 16:
        return this.fromI32(16, this.ir.load16(address));
      case 32:
        return this.fromI32(32, this.ir.load32(address));
      default:
        return this.fromI64(this.ir.load64(address));
    }
  }

  store(address: I64, value: Int): void {
    if (value.width === 64) this.ir.store64(address, as64(value));
    else if (value.width === 32) this.ir.store32(address, as32(value));
    else if (value.width === 16) this.ir.store16(address, as32(value));
    else this.ir.store8(address, as32(value));
  }

  /** One indivisible read-modify-write of memory; gives the old value. */
  atomicUpdate(operation: AtomicOperation, operand: Operand, value: Int): Int {
    const address = this.addressOf(operand);
    if (value.width === 64) return this.fromI64(this.ir.atomicUpdate64(address, as64(value), operation));
    return this.fromI32(value.width, this.ir.atomicUpdate32(address, as32(value), operation, value.width));
  }

  /** One indivisible compare-and-store; gives the old value. */
  compareExchange(operand: Operand, expected: Int, replacement: Int): Int {
    const address = this.addressOf(operand);
    if (expected.width === 64) {
      return this.fromI64(this.ir.compareExchange64(address, as64(expected), as64(replacement)));
    }
    const old = this.ir.compareExchange32(address, as32(expected), as32(replacement), expected.width);
    return this.fromI32(expected.width, old);
  }

  /**
   * dst = dst operation src; indivisible when LOCK says so.
   * @returns both values for the flags, which must be set afterwards.
   */
  update(operation: 'add' | 'sub' | 'and' | 'or' | 'xor', dst: Operand, src: Int): { old: Int; result: Int } {
    if (this.isLocked) {
      const old =
        operation === 'sub' ? this.atomicUpdate('add', dst, this.neg(src)) : this.atomicUpdate(operation, dst, src);
      return { old, result: this[operation](old, src) };
    }
    const old = this.read(dst);
    const result = this[operation](old, src);
    this.write(dst, result);
    return { old, result };
  }

  // Stack (Intel SDM 1, 6.2): the store comes before RSP changes.

  /** Stores below RSP; call `moveStack(-bytes)` after the last op that may fault. */
  storeBelowStack(value: Int, bytesBelow = value.width / 8): void {
    this.store(this.ir.add64(this.ir.get64(RSP), this.address(-bytesBelow)), value);
  }

  loadStack(width: Width, bytesAbove = 0): Int {
    const top = this.ir.get64(RSP);
    return this.load(width, bytesAbove === 0 ? top : this.ir.add64(top, this.address(bytesAbove)));
  }

  moveStack(bytes: number): void {
    this.ir.set64(this.ir.add64(this.ir.get64(RSP), this.address(bytes)), RSP);
  }

  // Flags

  /** Flags become those of the operation (lazy-flags.ts tells the operands of each kind). */
  setFlags(kind: FlagsKind, result: Int, first: Int = result, second: Int = result): void {
    const { width } = result;
    if (width === 64) this.ir.setFlags64(as64(result), as64(first), as64(second), kind);
    else this.ir.setFlags32(as32(result), as32(first), as32(second), kind, width);
    this.#known = { kind, result, first, second };
  }

  /** The same when `condition` is not 0; else flags stay. */
  setFlagsIf(condition: I32, kind: FlagsKind, result: Int, first: Int = result, second: Int = result): void {
    const { width } = result;
    if (width === 64) this.ir.setFlagsIf64(condition, as64(result), as64(first), as64(second), kind);
    else this.ir.setFlagsIf32(condition, as32(result), as32(first), as32(second), kind, width);
    this.#known = null;
  }

  /** All six status flags from their RFLAGS positions; other bits are ignored. */
  setFlagBits(bits: I32): void {
    const second = this.fromI32(32, bits);
    this.setFlags('bits', second, second, second);
  }

  /** Sets some flags, each 0 or 1, and keeps the others. */
  setSomeFlags(values: Partial<Record<Flag, I32>>): void {
    let mask = 0;
    let bits: I32 | null = null;
    for (const [name, value] of Object.entries(values)) {
      const flagBit = FLAG_BIT[name as Flag];
      mask |= flagBit;
      const moved = flagBit === CF ? value : this.ir.shl32(value, this.const32(31 - Math.clz32(flagBit)));
      bits = bits === null ? moved : this.ir.or32(bits, moved);
    }
    if (bits === null) return;
    this.setFlagBits(this.ir.or32(this.ir.and32(this.flagBits(), this.const32(~mask)), bits));
  }

  /** Status flags at their RFLAGS positions. */
  flagBits(): I32 {
    if (this.#known?.kind === 'bits') return this.ir.and32(as32(this.#known.second), this.const32(0x8d5));
    return this.ir.getFlags();
  }

  /** One flag, 0 or 1. */
  flag(flag: Flag): I32 {
    return flagValue(this, this.#known, flag);
  }

  condition(condition: Condition): I32 {
    return conditionValue(this, this.#known, condition);
  }

  /** Status bits from a result and the two flags that depend on the operation; AF is 0. */
  statusBits(result: Int, carry: I32, overflow: I32): I32 {
    const place = (flag: I32, position: number): I32 => this.ir.shl32(flag, this.const32(position));
    const parity = place(this.ir.parity8(this.low32(result)), 2);
    const signAndZero = this.ir.or32(place(this.isZero(result), 6), place(this.signBit(result), 7));
    return this.ir.or32(this.ir.or32(carry, place(overflow, 11)), this.ir.or32(parity, signAndZero));
  }

  /** To be called after a helper changed flags behind the builder's back. */
  forgetFlags(): void {
    this.#known = null;
  }

  // Faults

  /** Raises the exception vector when `condition` is not 0. */
  raiseIf(condition: I32, vector: number): void {
    this.ir.raiseIf(condition, vector);
  }

  /** Ends the block with an exception that reports this instruction. */
  raise(vector: number): void {
    this.ir.raise(vector, this.instruction.rip);
  }
}

/** SF, ZF, AF, PF and CF: what LAHF and SAHF move. */
export const AH_FLAGS = SF | ZF | AF | PF | CF;
