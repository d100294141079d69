/** Bit and byte instructions: Intel SDM 1, 5.1.6. */
import type { I32 } from '../../ir/block.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { type Int, as32, as64 } from '../int-builder.ts';
import { CONDITIONS } from '../flags.ts';
import type { Lifter } from '../lifter.ts';
import { type MemoryOperand, type Operand, type RegisterOperand, type Width, integerWidth } from '../operands.ts';

type BitChange = 'none' | 'set' | 'reset' | 'complement';

const setConditions: readonly Instruction[] = CONDITIONS.map((condition, code) =>
  instruction({
    name: `set${condition}`,
    sdm: '2B, SETcc',
    support: 'full',
    forms: [`0F ${(0x90 + code).toString(16).toUpperCase()} /r  Eb`],
    lift: (b, dst) => b.write(dst, b.fromI32(8, b.condition(condition))),
  }),
);

export const bitByte: readonly Instruction[] = [
  ...setConditions,
  bitRow('bt', '2A, BT', 0xa3, 4, 'none'),
  bitRow('bts', '2A, BTS', 0xab, 5, 'set'),
  bitRow('btr', '2A, BTR', 0xb3, 6, 'reset'),
  bitRow('btc', '2A, BTC', 0xbb, 7, 'complement'),
  // With F3 these are TZCNT and LZCNT on processors that advertise BMI1; here the prefix is ignored.
  instruction({
    name: 'bsf',
    sdm: '2A, BSF',
    support: 'full',
    undefinedFlags: 'CPASO',
    forms: ['0F BC /r  Gv,Ev'],
    lift: (b, dst, src) => scan(b, dst, b.read(src), trailingZeros),
  }),
  instruction({
    name: 'bsr',
    sdm: '2A, BSR',
    support: 'full',
    undefinedFlags: 'CPASO',
    forms: ['0F BD /r  Gv,Ev'],
    lift: (b, dst, src) => scan(b, dst, b.read(src), highestBit),
  }),
  instruction({
    name: 'popcnt',
    sdm: '2B, POPCNT',
    support: 'full',
    feature: 'popcnt',
    forms: ['F3 0F B8 /r  Gv,Ev'],
    lift(b, dst, src) {
      const value = b.read(src);
      const count = value.width === 64 ? b.ir.popcnt64(as64(value)) : b.ir.popcnt32(as32(value));
      b.write(dst, b.zeroExtend(b.fromI32(32, count), value.width));
      // All flags are cleared but ZF.
      b.setFlagBits(b.ir.shl32(b.isZero(value), b.const32(6)));
    },
  }),
];

function bitRow(name: string, sdm: string, opcode: number, digit: number, change: BitChange): Instruction {
  const lock = change === 'none' ? '' : 'lock';
  const hex = opcode.toString(16).toUpperCase();
  return instruction({
    name,
    sdm,
    support: 'full',
    undefinedFlags: 'PASO',
    forms: [`0F ${hex} /r  Ev,Gv  ${lock}`, `0F BA /${digit} ib  Ev,Ib  ${lock}`],
    lift: (b, dst, src) => testBit(b, dst, src, change),
  });
}

/** With a register as bit offset and memory as base, the bit may lie anywhere: ±2^(width-1) bits from the address. */
function testBit(b: Lifter, dst: Operand, src: Operand, change: BitChange): void {
  const width = integerWidth(dst);
  const offset = src.kind === 'immediate' ? b.int(width, src.low) : b.read(src);
  const index = b.ir.and32(b.low32(offset), b.const32(width - 1));
  if (dst.kind === 'memory' && src.kind !== 'immediate') {
    testMemoryBit(b, dst, offset, index, change);
    return;
  }
  const mask = bitMask(b, width, index);
  const old = changeBits(b, dst, mask, change);
  b.setSomeFlags({ cf: bitAt(b, old, index) });
}

function testMemoryBit(b: Lifter, dst: MemoryOperand, offset: Int, index: I32, change: BitChange): void {
  const width = integerWidth(dst);
  const shift = width === 64 ? 6 : width === 32 ? 5 : 4;
  const units = b.ir.sar64(b.signed64(offset), b.const32(shift));
  const bytes = b.ir.shl64(units, b.const32(shift - 3));
  const effective = b.ir.add64(b.effectiveAddress(dst), bytes);
  const wrapped = dst.addressWidth === 64 ? effective : b.ir.zext32(b.ir.low32(effective));
  const address = b.segmented(dst.segment, wrapped);
  const mask = bitMask(b, width, index);
  let old: Int;
  if (b.isLocked) old = lockedChange(b, b.atAddress(dst, address), mask, change);
  else {
    old = b.load(width, address);
    if (change !== 'none') b.store(address, changed(b, old, mask, change));
  }
  b.setSomeFlags({ cf: bitAt(b, old, index) });
}

function bitMask(b: Lifter, width: Width, index: I32): Int {
  return b.shl(b.int(width, 1), index);
}

function bitAt(b: Lifter, value: Int, index: I32): I32 {
  return b.ir.and32(b.low32(b.shr(value, index)), b.const32(1));
}

/** @returns the old value. */
function changeBits(b: Lifter, dst: Operand, mask: Int, change: BitChange): Int {
  if (b.isLocked) return lockedChange(b, dst, mask, change);
  const old = b.read(dst);
  if (change !== 'none') b.write(dst, changed(b, old, mask, change));
  return old;
}

function lockedChange(b: Lifter, dst: Operand, mask: Int, change: BitChange): Int {
  if (change === 'set') return b.atomicUpdate('or', dst, mask);
  if (change === 'reset') return b.atomicUpdate('and', dst, b.not(mask));
  return b.atomicUpdate('xor', dst, mask);
}

function changed(b: Lifter, old: Int, mask: Int, change: BitChange): Int {
  if (change === 'set') return b.or(old, mask);
  return change === 'reset' ? b.and(old, b.not(mask)) : b.xor(old, mask);
}

// Of zero there is no first bit: ZF is set and the destination keeps all 64 bits, as every processor does it.
function scan(b: Lifter, dst: Operand, value: Int, find: (b: Lifter, value: Int) => I32): void {
  const { register } = dst as RegisterOperand;
  const isZero = b.isZero(value);
  const found = b.zeroExtend(b.fromI32(32, find(b, value)), value.width);
  if (value.width === 16) b.write(dst, b.select(isZero, b.read(dst), found));
  else b.ir.set64(b.ir.select64(isZero, b.ir.get64(register), b.unsigned64(found)), register);
  b.setFlags('logic', value);
}

function trailingZeros(b: Lifter, value: Int): I32 {
  return value.width === 64 ? b.ir.ctz64(as64(value)) : b.ir.ctz32(as32(value));
}

function highestBit(b: Lifter, value: Int): I32 {
  if (value.width === 64) return b.ir.sub32(b.const32(63), b.ir.clz64(as64(value)));
  return b.ir.sub32(b.const32(31), b.ir.clz32(as32(value)));
}
