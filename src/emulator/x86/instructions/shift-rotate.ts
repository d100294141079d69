/** Shifts and rotates: Intel SDM 1, 5.1.5. Counts are masked to 5 bits, to 6 for 64-bit operands. */
import type { I32 } from '../../ir/block.ts';
import { CF, OF } from '../../ir/lazy-flags.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { type Int, as32, as64 } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import { type Operand, integerWidth } from '../operands.ts';

type Shift = 'shl' | 'shr' | 'sar';
/** A rotated value with the flags that go with it. */
interface Rotated {
  readonly result: Int;
  readonly carry: I32;
  readonly overflow: I32;
}

export const shiftRotate: readonly Instruction[] = [
  shiftRow('rol', '2B, RCL/RCR/ROL/ROR', [0], 'O', (b, dst, src) => rotate(b, dst, src, rotateLeft)),
  shiftRow('ror', '2B, RCL/RCR/ROL/ROR', [1], 'O', (b, dst, src) => rotate(b, dst, src, rotateRight)),
  shiftRow('rcl', '2B, RCL/RCR/ROL/ROR', [2], 'O', (b, dst, src) => rotate(b, dst, src, rotateCarryLeft)),
  shiftRow('rcr', '2B, RCL/RCR/ROL/ROR', [3], 'O', (b, dst, src) => rotate(b, dst, src, rotateCarryRight)),
  shiftRow('shl', '2B, SAL/SAR/SHL/SHR', [4, 6], 'CAO', (b, dst, src) => shift(b, dst, src, 'shl')),
  shiftRow('shr', '2B, SAL/SAR/SHL/SHR', [5], 'CAO', (b, dst, src) => shift(b, dst, src, 'shr')),
  shiftRow('sar', '2B, SAL/SAR/SHL/SHR', [7], 'AO', (b, dst, src) => shift(b, dst, src, 'sar')),
  instruction({
    name: 'shld',
    sdm: '2B, SHLD',
    support: 'full',
    undefinedFlags: 'CAO',
    forms: ['0F A4 /r ib  Ev,Gv,Ib', '0F A5 /r  Ev,Gv,CL'],
    lift: (b, dst, src, count) => doubleShift(b, dst, b.read(src), count, 'left'),
  }),
  instruction({
    name: 'shrd',
    sdm: '2B, SHRD',
    support: 'full',
    undefinedFlags: 'CAO',
    forms: ['0F AC /r ib  Ev,Gv,Ib', '0F AD /r  Ev,Gv,CL'],
    lift: (b, dst, src, count) => doubleShift(b, dst, b.read(src), count, 'right'),
  }),
];

/** `undefinedFlags`: CF for counts beyond the width, AF always, OF for counts other than 1. */
function shiftRow(
  name: string,
  sdm: string,
  digits: readonly number[],
  undefinedFlags: string,
  lift: (b: Lifter, dst: Operand, src: Operand) => void,
): Instruction {
  const forms = digits.flatMap((digit) => [
    `C0 /${digit} ib  Eb,Ib`, `C1 /${digit} ib  Ev,Ib`, `D0 /${digit}  Eb,1`, `D1 /${digit}  Ev,1`,
    `D2 /${digit}  Eb,CL`, `D3 /${digit}  Ev,CL`,
  ]); // oxfmt-ignore
  return instruction({ name, sdm, support: 'full', undefinedFlags, forms, lift });
}

/** A count operand after masking: a number when it is in the encoding. */
function maskedCount(b: Lifter, operand: Operand, width: number): number | I32 {
  const mask = width === 64 ? 63 : 31;
  if (operand.kind === 'immediate') return operand.low & mask;
  return b.ir.and32(as32(b.read(operand)), b.const32(mask));
}

function shift(b: Lifter, dst: Operand, src: Operand, kind: Shift): void {
  const width = integerWidth(dst);
  const count = maskedCount(b, src, width);
  const value = b.read(dst);
  const amount = typeof count === 'number' ? b.const32(count) : count;
  const result = b[kind](value, amount);
  b.write(dst, result);
  if (count === 0) return;
  const second = b.zeroExtend(b.fromI32(32, amount), width);
  if (typeof count === 'number') b.setFlags(kind, result, value, second);
  else b.setFlagsIf(count, kind, result, value, second);
}

type Rotate = (b: Lifter, value: Int, amount: I32) => Rotated;

// Rotates change CF and OF only, and those only when the masked count is not 0.
function rotate(b: Lifter, dst: Operand, src: Operand, rotateBy: Rotate): void {
  const count = maskedCount(b, src, integerWidth(dst));
  const value = b.read(dst);
  const amount = typeof count === 'number' ? b.const32(count) : count;
  const { result, carry, overflow } = rotateBy(b, value, amount);
  b.write(dst, result);
  if (count === 0) return;
  const kept = b.ir.and32(b.flagBits(), b.const32(~(CF | OF)));
  const bits = b.ir.or32(kept, b.ir.or32(carry, b.ir.shl32(overflow, b.const32(11))));
  if (typeof count === 'number') b.setFlagBits(bits);
  else {
    const second = b.fromI32(32, bits);
    b.setFlagsIf(count, 'bits', second, second, second);
  }
}

function rotateLeft(b: Lifter, value: Int, amount: I32): Rotated {
  const result = rotatedLeft(b, value, amount);
  const carry = b.ir.and32(b.low32(result), b.const32(1));
  return { result, carry, overflow: b.ir.xor32(b.signBit(result), carry) };
}

function rotateRight(b: Lifter, value: Int, amount: I32): Rotated {
  const result = rotatedLeft(b, value, b.ir.sub32(b.const32(value.width), amount));
  const carry = b.signBit(result);
  return { result, carry, overflow: b.ir.xor32(carry, bitBelowSign(b, result)) };
}

function rotatedLeft(b: Lifter, value: Int, amount: I32): Int {
  const { width } = value;
  if (width === 64) return b.fromI64(b.ir.rotl64(as64(value), amount));
  if (width === 32) return b.fromI32(32, b.ir.rotl32(as32(value), amount));
  const turn = b.ir.and32(amount, b.const32(width - 1));
  return b.or(b.shl(value, turn), b.shr(value, b.ir.sub32(b.const32(width), turn)));
}

function bitBelowSign(b: Lifter, value: Int): I32 {
  return b.signBit(b.shl(value, b.const32(1)));
}

// Rotates through CF are rotates of width + 1 bits.
function rotateCarryLeft(b: Lifter, value: Int, amount: I32): Rotated {
  const carryIn = b.flag('cf');
  const { result, carry } =
    value.width === 64 ? carryLeft64(b, value, carryIn, amount) : rotateWide(b, value, carryIn, amount);
  return { result, carry, overflow: b.ir.xor32(b.signBit(result), carry) };
}

function rotateCarryRight(b: Lifter, value: Int, amount: I32): Rotated {
  const carryIn = b.flag('cf');
  const { width } = value;
  const { result, carry } =
    width === 64
      ? carryRight64(b, value, carryIn, amount)
      : rotateWide(b, value, carryIn, b.ir.sub32(b.const32(width + 1), modulo(b, amount, width + 1)));
  return { result, carry, overflow: b.ir.xor32(b.signBit(result), bitBelowSign(b, result)) };
}

/** Rotates CF:value, of width + 1 ≤ 33 bits, left by `amount`. */
function rotateWide(b: Lifter, value: Int, carryIn: I32, amount: I32): { result: Int; carry: I32 } {
  const size = value.width + 1;
  const turn = modulo(b, amount, size);
  const wide = b.or(b.zeroExtend(value, 64), b.shl(b.zeroExtend(b.fromI32(32, carryIn), 64), b.const32(value.width)));
  const turned = b.or(b.shl(wide, turn), b.shr(wide, b.ir.sub32(b.const32(size), turn)));
  const carry = b.ir.and32(b.low32(b.shr(turned, b.const32(value.width))), b.const32(1));
  return { result: b.zeroExtend(turned, value.width), carry };
}

/** amount mod size for amounts up to 63 and sizes 9, 17, 33: by conditional subtraction. */
function modulo(b: Lifter, amount: I32, size: number): I32 {
  let rest = amount;
  for (let multiple = size * Math.floor(33 / size); multiple >= size; multiple -= size) {
    const isTooMuch = b.ir.leU32(b.const32(multiple), rest);
    rest = b.ir.select32(isTooMuch, b.ir.sub32(rest, b.const32(multiple)), rest);
  }
  return rest;
}

function carryLeft64(b: Lifter, value: Int, carryIn: I32, amount: I32): { result: Int; carry: I32 } {
  const isMoved = b.ir.ne32(amount, b.const32(0));
  const carryBit = b.zeroExtend(b.fromI32(32, carryIn), 64);
  const fromCarry = b.shl(carryBit, b.ir.sub32(amount, b.const32(1)));
  const wrapped = b.shr(b.shr(value, b.const32(1)), b.ir.sub32(b.const32(64), amount));
  const moved = b.or(b.or(b.shl(value, amount), fromCarry), wrapped);
  const out = b.ir.and32(b.low32(b.shr(value, b.ir.sub32(b.const32(64), amount))), b.const32(1));
  return { result: b.select(isMoved, moved, value), carry: b.ir.select32(isMoved, out, carryIn) };
}

function carryRight64(b: Lifter, value: Int, carryIn: I32, amount: I32): { result: Int; carry: I32 } {
  const isMoved = b.ir.ne32(amount, b.const32(0));
  const carryBit = b.zeroExtend(b.fromI32(32, carryIn), 64);
  const fromCarry = b.shl(carryBit, b.ir.sub32(b.const32(64), amount));
  const wrapped = b.shl(b.shl(value, b.const32(1)), b.ir.sub32(b.const32(64), amount));
  const moved = b.or(b.or(b.shr(value, amount), fromCarry), wrapped);
  const out = b.ir.and32(b.low32(b.shr(value, b.ir.sub32(amount, b.const32(1)))), b.const32(1));
  return { result: b.select(isMoved, moved, value), carry: b.ir.select32(isMoved, out, carryIn) };
}

// CF is the last bit shifted out of the destination; OF tells whether the sign changed.
function doubleShift(b: Lifter, dst: Operand, filler: Int, countOperand: Operand, side: 'left' | 'right'): void {
  const count = maskedCount(b, countOperand, integerWidth(dst));
  const value = b.read(dst);
  const amount = typeof count === 'number' ? b.const32(count) : count;
  const shiftBy = value.width === 16 ? doubleShift16 : side === 'left' ? doubleShiftLeft : doubleShiftRight;
  const { result, carry } = shiftBy(b, value, filler, amount, side);
  b.write(dst, result);
  if (count === 0) return;
  const overflow = b.ir.xor32(b.signBit(result), b.signBit(value));
  const bits = b.fromI32(32, b.statusBits(result, carry, overflow));
  if (typeof count === 'number') b.setFlagBits(as32(bits));
  else b.setFlagsIf(count, 'bits', bits, bits, bits);
}

interface Shifted {
  readonly result: Int;
  readonly carry: I32;
}

function lowBit(b: Lifter, value: Int): I32 {
  return b.ir.and32(b.low32(value), b.const32(1));
}

function doubleShiftLeft(b: Lifter, value: Int, filler: Int, amount: I32): Shifted {
  const { width } = value;
  // In two steps, since a shift by the whole width is none.
  const rest = b.shr(b.shr(filler, b.const32(1)), b.ir.sub32(b.const32(width - 1), amount));
  const carry = lowBit(b, b.shr(value, b.ir.sub32(b.const32(width), amount)));
  return { result: b.or(b.shl(value, amount), rest), carry };
}

function doubleShiftRight(b: Lifter, value: Int, filler: Int, amount: I32): Shifted {
  const { width } = value;
  const rest = b.shl(b.shl(filler, b.const32(1)), b.ir.sub32(b.const32(width - 1), amount));
  const carry = lowBit(b, b.shr(value, b.ir.sub32(amount, b.const32(1))));
  return { result: b.or(b.shr(value, amount), rest), carry };
}

// Counts above 16 leave the result undefined; AMD processors then shift in the filler a second time, and so do we.
function doubleShift16(b: Lifter, value: Int, filler: Int, amount: I32, side: 'left' | 'right'): Shifted {
  const at = (part: Int, position: number): Int => b.shl(b.zeroExtend(part, 64), b.const32(position));
  const [high, low] = side === 'left' ? [value, filler] : [filler, value];
  const wide = b.or(b.or(at(high, 32), at(filler, 16)), at(low, 0));
  if (side === 'left') {
    const carry = lowBit(b, b.shr(wide, b.ir.sub32(b.const32(48), amount)));
    return { result: b.zeroExtend(b.shr(b.shl(wide, amount), b.const32(32)), 16), carry };
  }
  const carry = lowBit(b, b.shr(wide, b.ir.sub32(amount, b.const32(1))));
  return { result: b.zeroExtend(b.shr(wide, amount), 16), carry };
}
