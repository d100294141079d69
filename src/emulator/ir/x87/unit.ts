/**
 * The x87 unit of a thread state (Intel SDM 1, chapter 8): eight registers as a stack, control, status and tag words.
 *
 * An operation runs between `begin` and `commit`: it computes under the control word's rounding and precision, gathers
 * exceptions in `context.flags`, and `commit` moves them to the status word. An unmasked exception becomes pending (ES);
 * the next waiting instruction raises #MF.
 *
 *   FSW   15  14  13..11  10  9   8   7   6   5..0          FCW   11..10  9..8  5..0
 *         B   C3  TOP     C2  C1  C0  ES  SF  PE..IE               RC      PC    masks
 */
import { F80, packIndefinite } from '../../util/soft-float/format.ts';
import { FP_FLAG, type FloatContext } from '../../util/soft-float/round.ts';
import { STATE_OFFSET } from '../state-layout.ts';

export const FSW = {
  STACK_FAULT: 0x40,
  ERROR: 0x80,
  C0: 0x100,
  C1: 0x200,
  C2: 0x400,
  C3: 0x4000,
  BUSY: 0x8000,
} as const;
const CONDITION_CODES = FSW.C0 | FSW.C2 | FSW.C3;

/** Exceptions found before a result is computed: unmasked ones leave the destination as it is (SDM 1, 8.6). */
const OPERAND_FLAGS: number = FP_FLAG.INVALID | FP_FLAG.DENORMAL | FP_FLAG.DIVIDE;

/** Significand bits by FCW.PC; 1 is reserved and means 64 on processors. */
const PRECISION = [24, 64, 53, 64] as const;

export class X87 {
  /** What soft float reads and writes during an operation. */
  readonly context: FloatContext = {
    rounding: 0,
    masks: 0,
    flags: 0,
    denormalsAreZero: false,
    flushToZero: false,
    rules: 'x87',
    roundedUp: false,
  };
  data!: DataView;
  u8!: Uint8Array;
  #state = 0;
  /** A stack fault in the operation that runs. */
  #hasStackFault = false;
  /** C1 of a stack fault: 1 overflow, 0 underflow. */
  #isOverflow = false;

  /** Points the unit at a thread state. */
  attach(u8: Uint8Array, data: DataView, state: number): this {
    this.u8 = u8;
    this.data = data;
    this.#state = state;
    return this;
  }

  get control(): number {
    return this.data.getUint16(this.#state + STATE_OFFSET.fcw, true);
  }

  /** Sets FCW; ES and B follow the masks. Bit 6 always reads as 1. */
  set control(value: number) {
    this.data.setUint16(this.#state + STATE_OFFSET.fcw, (value & 0x1f3f) | 0x40, true);
    const { status } = this;
    this.status = status; // ES and B
  }

  get status(): number {
    return this.data.getUint16(this.#state + STATE_OFFSET.fsw, true);
  }

  /** Sets FSW; ES and B are made from the exceptions and masks. */
  set status(value: number) {
    const isPending = (value & ~this.control & 0x3f) !== 0;
    const rest = value & ~(FSW.ERROR | FSW.BUSY);
    this.data.setUint16(this.#state + STATE_OFFSET.fsw, isPending ? rest | FSW.ERROR | FSW.BUSY : rest, true);
  }

  get top(): number {
    return (this.status >> 11) & 7;
  }

  set top(value: number) {
    this.status = (this.status & ~0x3800) | ((value & 7) << 11);
  }

  /** One bit per physical register: 1 when it is not empty. */
  get tags(): number {
    return this.u8[this.#state + STATE_OFFSET.ftw];
  }

  set tags(value: number) {
    this.u8[this.#state + STATE_OFFSET.ftw] = value;
  }

  get precision(): number {
    return PRECISION[(this.control >> 8) & 3];
  }

  // Registers

  #at(i: number): number {
    return this.#state + STATE_OFFSET.x87Registers + 16 * ((this.top + i) & 7);
  }

  isEmpty(i: number): boolean {
    return ((this.tags >> ((this.top + i) & 7)) & 1) === 0;
  }

  /** ST(i) as 80 bits, whatever its tag. */
  get(i: number): bigint {
    const at = this.#at(i);
    return (BigInt(this.data.getUint16(at + 8, true)) << 64n) | this.data.getBigUint64(at, true);
  }

  /** Sets ST(i) and its tag. */
  set(i: number, value: bigint): void {
    const at = this.#at(i);
    this.data.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.data.setUint16(at + 8, Number(value >> 64n), true);
    this.tags |= 1 << ((this.top + i) & 7);
  }

  free(i: number): void {
    this.tags &= ~(1 << ((this.top + i) & 7));
  }

  pop(): void {
    this.free(0);
    this.top += 1;
  }

  // One operation

  /** C1 is cleared; flags are gathered from here on. */
  begin(): this {
    const { context, control } = this;
    context.rounding = (control >> 10) & 3;
    context.masks = control & 0x3f;
    context.flags = 0;
    context.roundedUp = false;
    this.#hasStackFault = false;
    this.#isOverflow = false;
    return this;
  }

  /** Tells a stack fault: overflow (a push onto a full register) or underflow (an empty operand). */
  noteStackFault(isOverflow: boolean): void {
    this.#hasStackFault = true;
    this.#isOverflow = isOverflow;
    this.context.flags |= FP_FLAG.INVALID;
  }

  /** Whether any of the registers is empty, which is noted. */
  misses(...registers: readonly number[]): boolean {
    if (!registers.some((i) => this.isEmpty(i))) return false;
    this.noteStackFault(false);
    return true;
  }

  /** Whether the result may be stored: no operand exception is unmasked. */
  get isDelivered(): boolean {
    return (this.context.flags & ~this.context.masks & OPERAND_FLAGS) === 0;
  }

  /** Moves the exceptions into FSW. C1 tells rounding up, or which stack fault; `conditions` sets C0, C2 and C3 when given. */
  commit(conditions = -1): void {
    const { flags, roundedUp } = this.context;
    const isUnmaskedOperand = !this.isDelivered;
    const told = isUnmaskedOperand ? flags & OPERAND_FLAGS : flags;
    const c1 = this.#hasStackFault ? this.#isOverflow : roundedUp && (told & FP_FLAG.PRECISION) !== 0;
    let status = (this.status & ~FSW.C1) | told;
    if (this.#hasStackFault) status |= FSW.STACK_FAULT;
    if (c1) status |= FSW.C1;
    if (conditions >= 0) status = (status & ~CONDITION_CODES) | conditions;
    this.status = status;
  }

  /**
   * Pushes what `make` computes. An empty operand (told first) or a full register is a stack fault and gives the
   * indefinite. Of the unmasked exceptions only those in `blocking` keep the value from being pushed.
   */
  push(make: () => bigint, { isOperandEmpty = false, blocking = OPERAND_FLAGS } = {}): void {
    this.begin();
    const isFull = !this.isEmpty(7);
    if (isOperandEmpty || isFull) this.noteStackFault(!isOperandEmpty);
    const value = isOperandEmpty || isFull ? packIndefinite(F80) : make();
    if ((this.context.flags & ~this.context.masks & blocking) === 0) {
      this.top -= 1;
      this.set(0, value);
    }
    this.commit();
  }

  /** Replaces ST(dst) by what `make` computes from the operand registers, which must not be empty. */
  replace(dst: number, operands: readonly number[], make: () => bigint): boolean {
    this.begin();
    const value = this.misses(...operands) ? packIndefinite(F80) : make();
    const isDelivered = this.isDelivered;
    if (isDelivered) this.set(dst, value);
    this.commit();
    return isDelivered;
  }

  /** ST(0) and the register that a second result goes to become indefinite: a stack fault of FSINCOS, FPTAN, FXTRACT. */
  #replaceBoth(isOverflow: boolean): void {
    this.begin();
    this.noteStackFault(isOverflow);
    if (this.isDelivered) {
      this.set(0, packIndefinite(F80));
      this.top -= 1;
      this.set(0, packIndefinite(F80));
    }
    this.commit();
  }

  replaceOverflowing(): void {
    this.#replaceBoth(true);
  }

  replaceUnderflowing(): void {
    this.#replaceBoth(false);
  }

  /** Sets C0, C2 and C3, and C1 when it is among them. */
  setConditions(conditions: number): void {
    this.status = (this.status & ~CONDITION_CODES) | conditions;
  }

  /** FNINIT (SDM 2A, FINIT). */
  initialize(): void {
    this.data.setUint16(this.#state + STATE_OFFSET.fcw, 0x37f, true);
    this.data.setUint16(this.#state + STATE_OFFSET.fsw, 0, true);
    this.tags = 0;
    this.data.setUint16(this.#state + STATE_OFFSET.fop, 0, true);
    this.data.setBigUint64(this.#state + STATE_OFFSET.fip, 0n, true);
    this.data.setBigUint64(this.#state + STATE_OFFSET.fdp, 0n, true);
  }
}
