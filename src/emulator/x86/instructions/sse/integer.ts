/** Packed integer arithmetic, logic, shifts and shuffles in xmm registers: Intel SDM 1, 5.5.2, 5.6.3, 5.8 to 5.10. */
import { type Instruction, instruction } from '../../instruction.ts';
import type { Lifter } from '../../lifter.ts';
import { immediate, readVector, setXmm, shiftCount, shuffleLanes, ZERO_BYTE, type Vector } from './vector.ts';

type Binary = (b: Lifter, x: Vector, y: Vector) => Vector;

/** dst = operation(dst, src). */
function binary(name: string, feature: string, form: string, operation: Binary): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift: (b, dst, src) => {
      const y = readVector(b, src);
      setXmm(b, dst, operation(b, readVector(b, dst), y));
    },
  });
}

export type VectorOp =
  | 'and128' | 'or128' | 'xor128' | 'andNot128' | 'addI8x16' | 'addI16x8' | 'addI32x4' | 'addI64x2' | 'subI8x16' | 'subI16x8'
  | 'subI32x4' | 'subI64x2' | 'addSatS8x16' | 'addSatS16x8' | 'addSatU8x16' | 'addSatU16x8' | 'subSatS8x16' | 'subSatS16x8'
  | 'subSatU8x16' | 'subSatU16x8' | 'eqI8x16' | 'eqI16x8' | 'eqI32x4' | 'eqI64x2' | 'gtS8x16' | 'gtS16x8' | 'gtS32x4' | 'gtS64x2'
  | 'minU8x16' | 'minS8x16' | 'minU16x8' | 'minS16x8' | 'minS32x4' | 'minU32x4' | 'maxU8x16' | 'maxS8x16' | 'maxU16x8'
  | 'maxS16x8' | 'maxS32x4' | 'maxU32x4' | 'avgU8x16' | 'avgU16x8' | 'mulI16x8' | 'mulHighS16x8' | 'mulHighU16x8' | 'mulI32x4'
  | 'mulRoundS16x8' | 'dotS16x8' | 'dotU8S8x16' | 'signS8x16' | 'signS16x8' | 'signS32x4' | 'mulWideU32x2' | 'mulWideS32x2'
  | 'sadU8x16' | 'packS16ToS8' | 'packS16ToU8' | 'packS32ToS16' | 'packS32ToU16' | 'swizzle8x16'; // oxfmt-ignore

/** Rows whose meaning is one op: mnemonic, opcode behind 66 0F, op. */
export const SSE2_OPS: readonly (readonly [string, string, VectorOp])[] = [
  ['paddb', 'FC', 'addI8x16'], ['paddw', 'FD', 'addI16x8'], ['paddd', 'FE', 'addI32x4'], ['paddq', 'D4', 'addI64x2'],
  ['psubb', 'F8', 'subI8x16'], ['psubw', 'F9', 'subI16x8'], ['psubd', 'FA', 'subI32x4'], ['psubq', 'FB', 'subI64x2'],
  ['paddsb', 'EC', 'addSatS8x16'], ['paddsw', 'ED', 'addSatS16x8'], ['paddusb', 'DC', 'addSatU8x16'], ['paddusw', 'DD', 'addSatU16x8'],
  ['psubsb', 'E8', 'subSatS8x16'], ['psubsw', 'E9', 'subSatS16x8'], ['psubusb', 'D8', 'subSatU8x16'], ['psubusw', 'D9', 'subSatU16x8'],
  ['pmullw', 'D5', 'mulI16x8'], ['pmulhw', 'E5', 'mulHighS16x8'], ['pmulhuw', 'E4', 'mulHighU16x8'], ['pmuludq', 'F4', 'mulWideU32x2'],
  ['pmaddwd', 'F5', 'dotS16x8'], ['psadbw', 'F6', 'sadU8x16'], ['pavgb', 'E0', 'avgU8x16'], ['pavgw', 'E3', 'avgU16x8'],
  ['pminub', 'DA', 'minU8x16'], ['pminsw', 'EA', 'minS16x8'], ['pmaxub', 'DE', 'maxU8x16'], ['pmaxsw', 'EE', 'maxS16x8'],
  ['pcmpeqb', '74', 'eqI8x16'], ['pcmpeqw', '75', 'eqI16x8'], ['pcmpeqd', '76', 'eqI32x4'],
  ['pcmpgtb', '64', 'gtS8x16'], ['pcmpgtw', '65', 'gtS16x8'], ['pcmpgtd', '66', 'gtS32x4'],
  ['pand', 'DB', 'and128'], ['pandn', 'DF', 'andNot128'], ['por', 'EB', 'or128'], ['pxor', 'EF', 'xor128'],
  ['packsswb', '63', 'packS16ToS8'], ['packuswb', '67', 'packS16ToU8'], ['packssdw', '6B', 'packS32ToS16'],
  ['andpd', '54', 'and128'], ['andnpd', '55', 'andNot128'], ['orpd', '56', 'or128'], ['xorpd', '57', 'xor128'],
]; // oxfmt-ignore

/** Mnemonic, opcode behind 66 0F 38, feature, op. */
export const SSSE3_OPS: readonly (readonly [string, string, string, VectorOp])[] = [
  ['pshufb', '00', 'ssse3', 'swizzle8x16'], ['pmaddubsw', '04', 'ssse3', 'dotU8S8x16'], ['pmulhrsw', '0B', 'ssse3', 'mulRoundS16x8'],
  ['psignb', '08', 'ssse3', 'signS8x16'], ['psignw', '09', 'ssse3', 'signS16x8'], ['psignd', '0A', 'ssse3', 'signS32x4'],
]; // oxfmt-ignore

const LATER_OPS: readonly (readonly [string, string, string, VectorOp])[] = [
  ...SSSE3_OPS,
  ['pmuldq', '28', 'sse4.1', 'mulWideS32x2'], ['pcmpeqq', '29', 'sse4.1', 'eqI64x2'], ['packusdw', '2B', 'sse4.1', 'packS32ToU16'],
  ['pcmpgtq', '37', 'sse4.2', 'gtS64x2'], ['pmulld', '40', 'sse4.1', 'mulI32x4'], ['pminsb', '38', 'sse4.1', 'minS8x16'],
  ['pminsd', '39', 'sse4.1', 'minS32x4'], ['pminuw', '3A', 'sse4.1', 'minU16x8'], ['pminud', '3B', 'sse4.1', 'minU32x4'],
  ['pmaxsb', '3C', 'sse4.1', 'maxS8x16'], ['pmaxsd', '3D', 'sse4.1', 'maxS32x4'], ['pmaxuw', '3E', 'sse4.1', 'maxU16x8'],
  ['pmaxud', '3F', 'sse4.1', 'maxU32x4'],
]; // oxfmt-ignore

const logic: readonly (readonly [string, string, VectorOp])[] = [
  ['andps', '54', 'and128'], ['andnps', '55', 'andNot128'], ['orps', '56', 'or128'], ['xorps', '57', 'xor128'],
]; // oxfmt-ignore

function oneOp(name: string, feature: string, encoding: string, op: VectorOp): Instruction {
  return binary(name, feature, `${encoding} /r  Vdq,Wdq`, (b, x, y) => b.ir[op](x, y));
}

/** Interleaves lanes of the low (0) or high (1) halves of x and y. */
function unpack(name: string, feature: string, encoding: string, laneBytes: number, half: 0 | 1): Instruction {
  const count = 16 / laneBytes;
  const lanes = Array.from({ length: count }, (_, i) => (i >> 1) + (half * count) / 2 + (i & 1) * count);
  return binary(name, feature, `${encoding} /r  Vdq,Wdq`, (b, x, y) => shuffleLanes(b, x, y, laneBytes, lanes));
}

/** A shuffle whose lanes an immediate tells; `pick` gives lane numbers into y:x. */
function immediateShuffle(
  name: string,
  feature: string,
  encoding: string,
  laneBytes: number,
  pick: (imm: number) => number[],
): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature,
    forms: [`${encoding} /r ib  Vdq,Wdq,Ib`],
    support: 'full',
    lift(b, dst, src, order) {
      const y = readVector(b, src);
      setXmm(b, dst, shuffleLanes(b, readVector(b, dst), y, laneBytes, pick(immediate(order))));
    },
  });
}

const quarter = (imm: number, i: number): number => (imm >> (2 * i)) & 3;

type ShiftOp =
  'shlI16x8' | 'shlI32x4' | 'shlI64x2' | 'shrU16x8' | 'shrU32x4' | 'shrU64x2' | 'sarS16x8' | 'sarS32x4'; // oxfmt-ignore

/** Mnemonic, opcode, group of the immediate form, op. */
export const SHIFTS: readonly (readonly [string, string, string, ShiftOp])[] = [
  ['psllw', 'F1', '71 /6', 'shlI16x8'], ['pslld', 'F2', '72 /6', 'shlI32x4'], ['psllq', 'F3', '73 /6', 'shlI64x2'],
  ['psrlw', 'D1', '71 /2', 'shrU16x8'], ['psrld', 'D2', '72 /2', 'shrU32x4'], ['psrlq', 'D3', '73 /2', 'shrU64x2'],
  ['psraw', 'E1', '71 /4', 'sarS16x8'], ['psrad', 'E2', '72 /4', 'sarS32x4'],
]; // oxfmt-ignore

/** PSLLW and its family: the count in an immediate or in the low 64 bits of the source. */
function shift(name: string, opcode: string, immediateEncoding: string, op: ShiftOp): Instruction {
  return instruction({
    name,
    sdm: '2B, PSLLW/PSLLD/PSLLQ, PSRAW/PSRAD, PSRLW/PSRLD/PSRLQ',
    feature: 'sse2',
    forms: [`66 0F ${opcode} /r  Vdq,Wdq`, `66 0F ${immediateEncoding} ib  Udq,Ib`],
    support: 'full',
    lift(b, dst, src) {
      const count = src.kind === 'immediate' ? b.const32(immediate(src)) : shiftCount(b, readVector(b, src));
      setXmm(b, dst, b.ir[op](readVector(b, dst), count));
    },
  });
}

/** PSLLDQ (left) and PSRLDQ: by bytes. */
function byteShift(name: string, digit: number, isLeft: boolean): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature: 'sse2',
    forms: [`66 0F 73 /${digit} ib  Udq,Ib`],
    support: 'full',
    lift(b, dst, src) {
      const count = Math.min(immediate(src), 16);
      const lanes = Array.from({ length: 16 }, (_, i) => (isLeft ? i - count : i + count));
      const x = readVector(b, dst);
      setXmm(
        b,
        dst,
        shuffleLanes(
          b,
          x,
          x,
          1,
          lanes.map((lane) => (lane < 0 || lane > 15 ? ZERO_BYTE : lane)),
        ),
      );
    },
  });
}

/** PHADDW and its family: operation of even and odd lanes of y:x. */
function horizontal(name: string, opcode: string, laneBytes: number, op: VectorOp): Instruction {
  const count = 16 / laneBytes;
  const even = Array.from({ length: count }, (_, i) => 2 * i);
  const odd = even.map((lane) => lane + 1);
  return binary(name, 'ssse3', `66 0F 38 ${opcode} /r  Vdq,Wdq`, (b, x, y) =>
    b.ir[op](shuffleLanes(b, x, y, laneBytes, even), shuffleLanes(b, x, y, laneBytes, odd)),
  );
}

/** PABSB and its family: y times its own sign. */
function absolute(name: string, opcode: string, op: VectorOp): Instruction {
  return binary(name, 'ssse3', `66 0F 38 ${opcode} /r  Vdq,Wdq`, (b, _x, y) => b.ir[op](y, y));
}

export const sseInteger: readonly Instruction[] = [
  ...SSE2_OPS.map(([name, opcode, op]) => oneOp(name, 'sse2', `66 0F ${opcode}`, op)),
  ...LATER_OPS.map(([name, opcode, feature, op]) => oneOp(name, feature, `66 0F 38 ${opcode}`, op)),
  ...logic.map(([name, opcode, op]) => oneOp(name, 'sse', `NP 0F ${opcode}`, op)),
  unpack('punpcklbw', 'sse2', '66 0F 60', 1, 0),
  unpack('punpcklwd', 'sse2', '66 0F 61', 2, 0),
  unpack('punpckldq', 'sse2', '66 0F 62', 4, 0),
  unpack('punpcklqdq', 'sse2', '66 0F 6C', 8, 0),
  unpack('punpckhbw', 'sse2', '66 0F 68', 1, 1),
  unpack('punpckhwd', 'sse2', '66 0F 69', 2, 1),
  unpack('punpckhdq', 'sse2', '66 0F 6A', 4, 1),
  unpack('punpckhqdq', 'sse2', '66 0F 6D', 8, 1),
  unpack('unpcklps', 'sse', 'NP 0F 14', 4, 0),
  unpack('unpckhps', 'sse', 'NP 0F 15', 4, 1),
  unpack('unpcklpd', 'sse2', '66 0F 14', 8, 0),
  unpack('unpckhpd', 'sse2', '66 0F 15', 8, 1),
  immediateShuffle('pshufd', 'sse2', '66 0F 70', 4, (imm) => [0, 1, 2, 3].map((i) => 4 + quarter(imm, i))),
  immediateShuffle('pshuflw', 'sse2', 'F2 0F 70', 2, (imm) => [
    ...[0, 1, 2, 3].map((i) => 8 + quarter(imm, i)),
    12,
    13,
    14,
    15,
  ]),
  immediateShuffle('pshufhw', 'sse2', 'F3 0F 70', 2, (imm) => [
    8,
    9,
    10,
    11,
    ...[0, 1, 2, 3].map((i) => 12 + quarter(imm, i)),
  ]),
  immediateShuffle('shufps', 'sse', 'NP 0F C6', 4, (imm) => [0, 1, 2, 3].map((i) => quarter(imm, i) + (i < 2 ? 0 : 4))),
  immediateShuffle('shufpd', 'sse2', '66 0F C6', 8, (imm) => [imm & 1, 2 + ((imm >> 1) & 1)]),
  // Bytes imm to imm + 15 of x:y, x above.
  immediateShuffle('palignr', 'ssse3', '66 0F 3A 0F', 1, (imm) =>
    Array.from({ length: 16 }, (_, i) => (i + imm < 16 ? 16 + i + imm : i + imm < 32 ? i + imm - 16 : ZERO_BYTE)),
  ),
  ...SHIFTS.map((row) => shift(...row)),
  byteShift('pslldq', 7, true),
  byteShift('psrldq', 3, false),
  horizontal('phaddw', '01', 2, 'addI16x8'),
  horizontal('phaddd', '02', 4, 'addI32x4'),
  horizontal('phaddsw', '03', 2, 'addSatS16x8'),
  horizontal('phsubw', '05', 2, 'subI16x8'),
  horizontal('phsubd', '06', 4, 'subI32x4'),
  horizontal('phsubsw', '07', 2, 'subSatS16x8'),
  absolute('pabsb', '1C', 'signS8x16'),
  absolute('pabsw', '1D', 'signS16x8'),
  absolute('pabsd', '1E', 'signS32x4'),
];
