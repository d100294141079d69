/**
 * MMX and what SSE, SSE2 and SSSE3 added to it: Intel SDM 1, 5.4, 5.5.2, 5.8. A 64-bit register is the low half of a
 * vector, so every row uses the vector operation of its xmm sibling.
 *
 * MM(n) is the significand of physical x87 register n. Every instruction but EMMS sets TOP to 0 and all tags to valid; a
 * write sets the register's sign and exponent to ones (Intel SDM 1, 9.5 and 9.6).
 */
import type { I64, Value } from '../../ir/block.ts';
import { above } from '../../ir/field.ts';
import { formatLanes } from '../../ir/ops/vector.ts';
import { VARIABLE } from '../../ir/state-layout.ts';
import { assert } from '../../util/assert.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { as64 } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import type { Operand } from '../operands.ts';
import { RDI } from '../registers.ts';
import { type VectorOp, SHIFTS, SSE2_OPS, SSSE3_OPS } from './sse/integer.ts';
import { immediate, lowInt, readVector, setXmm, shiftCount, shuffleLanes, zeroVector } from './sse/vector.ts';
import { checkPending } from './x87/operand-checks.ts';

type Vector = Value<'v128'>;

const TOP = 0x3800 << 16;
const ALL_VALID = 0xff;

function readMmx(b: Lifter, operand: Operand): I64 {
  if (operand.kind === 'mmx') return b.ir.get64(above(VARIABLE.mm0, operand.register));
  return b.unsigned64(b.read(operand));
}

function readLow(b: Lifter, operand: Operand): Vector {
  return b.ir.zext64(readMmx(b, operand));
}

function writeMmx(b: Lifter, operand: Operand, value: I64): void {
  assert(operand.kind === 'mmx', `mmx: ${operand.kind} operand written`);
  b.ir.set64(value, above(VARIABLE.mm0, operand.register));
  b.ir.setLow32(b.const32(0xffff), above(VARIABLE.mmExponent0, operand.register));
}

/** TOP and tags of an MMX instruction; after the last op that may fault. */
function enterMmx(b: Lifter): void {
  b.ir.setLow32(b.ir.and32(b.ir.get32(VARIABLE.x87Control), b.const32(~TOP)), VARIABLE.x87Control);
  b.ir.setLow32(b.ir.or32(b.ir.get32(VARIABLE.x87Tags), b.const32(ALL_VALID)), VARIABLE.x87Tags);
}

function row(
  name: string,
  feature: string,
  forms: readonly string[],
  lift: (b: Lifter, ...operands: Operand[]) => void,
): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature,
    forms,
    support: 'full',
    lift(b, ...operands) {
      checkPending(b);
      lift(b, ...operands);
      enterMmx(b);
    },
  });
}

/** dst = low half of what `operation` makes of the two registers, zero-extended. */
function binary(
  name: string,
  feature: string,
  form: string,
  operation: (b: Lifter, x: Vector, y: Vector) => Vector,
  half: 0 | 1 = 0,
): Instruction {
  return row(name, feature, [form], (b, dst, src) => {
    const y = readLow(b, src);
    writeMmx(b, dst, b.ir.extract64(operation(b, readLow(b, dst), y), half));
  });
}

/** Those of the form src:dst, in which lanes of both operands stand side by side. */
function joined(
  name: string,
  feature: string,
  form: string,
  operation: (b: Lifter, both: Vector) => Vector,
): Instruction {
  return row(name, feature, [form], (b, dst, src) => {
    const y = readMmx(b, src);
    writeMmx(b, dst, b.ir.extract64(operation(b, b.ir.pair128(readMmx(b, dst), y)), 0));
  });
}

const isPack = (name: string): boolean => name.startsWith('pack');
// Only in xmm registers: double-precision logic.
const isMmx = (name: string): boolean => !name.endsWith('pd');

function oneOp(name: string, feature: string, encoding: string, op: VectorOp): Instruction {
  const form = `NP ${encoding} /r  Pq,Qq`;
  if (isPack(name)) return joined(name, feature, form, (b, both) => b.ir[op](both, both));
  return binary(name, feature, form, (b, x, y) => b.ir[op](x, y));
}

/** Interleaves the low or high halves; the low forms read 32 bits of memory. */
function unpack(suffix: string, opcode: string, laneBytes: number, half: 0 | 1): Instruction {
  const lanes = Array.from({ length: 16 / laneBytes }, (_, i) => (i >> 1) + (i & 1) * (16 / laneBytes));
  const source = half === 0 ? 'Qd' : 'Qq';
  const operation = (b: Lifter, x: Vector, y: Vector): Vector => shuffleLanes(b, x, y, laneBytes, lanes);
  return binary(`punpck${half === 0 ? 'l' : 'h'}${suffix}`, 'mmx', `NP 0F ${opcode} /r  Pq,${source}`, operation, half);
}

function horizontal(name: string, opcode: string, laneBytes: number, op: VectorOp): Instruction {
  const even = Array.from({ length: 16 / laneBytes }, (_, i) => (2 * i) % (16 / laneBytes));
  const odd = even.map((lane) => lane + 1);
  return joined(name, 'ssse3', `NP 0F 38 ${opcode} /r  Pq,Qq`, (b, both) =>
    b.ir[op](shuffleLanes(b, both, both, laneBytes, even), shuffleLanes(b, both, both, laneBytes, odd)),
  );
}

/** CVTPS2PI and its kind: two lanes of an xmm register or memory become integers. */
function toMmx(name: string, feature: string, form: string, operation: string): Instruction {
  return row(name, feature, [form], (b, dst, src) => {
    writeMmx(b, dst, b.ir.extract64(b.ir.float(zeroVector(b), readVector(b, src), operation), 0));
  });
}

/** CVTPI2PS and CVTPI2PD: from memory they leave the x87 state alone. */
function fromMmx(name: string, feature: string, form: string, operation: string): Instruction {
  return instruction({
    name,
    sdm: `2A, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift(b, dst, src) {
      if (src.kind === 'mmx') checkPending(b);
      const y = readLow(b, src);
      setXmm(b, dst, b.ir.float(readVector(b, dst), y, operation));
      if (src.kind === 'mmx') enterMmx(b);
    },
  });
}

const shifts = SHIFTS.map(([name, opcode, immediateEncoding, op]) =>
  row(name, 'mmx', [`NP 0F ${opcode} /r  Pq,Qq`, `NP 0F ${immediateEncoding} ib  Nq,Ib`], (b, dst, src) => {
    const count = src.kind === 'immediate' ? b.const32(immediate(src)) : shiftCount(b, readLow(b, src));
    writeMmx(b, dst, b.ir.extract64(b.ir[op](readLow(b, dst), count), 0));
  }),
);

const moves: readonly Instruction[] = [
  row('movd/movd/movq', 'mmx', ['NP 0F 6E /r  Pq,Ey', 'NP 0F 7E /r  Ey,Pq'], (b, dst, src) => {
    if (dst.kind === 'mmx') writeMmx(b, dst, b.unsigned64(b.read(src)));
    else b.write(dst, lowInt(b, readLow(b, src), b.instruction.operandWidth === 64 ? 64 : 32));
  }),
  row('movq', 'mmx', ['NP 0F 6F /r  Pq,Qq', 'NP 0F 7F /r  Qq,Pq'], (b, dst, src) => {
    if (dst.kind === 'mmx') writeMmx(b, dst, readMmx(b, src));
    else b.write(dst, b.fromI64(readMmx(b, src)));
  }),
  row('movntq', 'sse', ['NP 0F E7 /r  Mq,Pq'], (b, dst, src) => b.write(dst, b.fromI64(readMmx(b, src)))),
  row('movq2dq', 'sse2', ['F3 0F D6 /r  Vdq,Nq'], (b, dst, src) => setXmm(b, dst, readLow(b, src))),
  row('movdq2q', 'sse2', ['F2 0F D6 /r  Pq,Udq'], (b, dst, src) => {
    writeMmx(b, dst, b.ir.extract64(readVector(b, src), 0));
  }),
  row('maskmovq', 'sse', ['NP 0F F7 /r  Pq,Nq'], (b, src, mask) => {
    const offset = b.getRegister(RDI, b.instruction.addressWidth);
    const address = b.segmented(b.instruction.segment, b.unsigned64(offset));
    const selected = b.ir.gtS8x16(zeroVector(b), readLow(b, mask));
    const old = b.ir.zext64(as64(b.load(64, address)));
    const merged = b.ir.or128(b.ir.andNot128(selected, old), b.ir.and128(selected, readLow(b, src)));
    b.store(address, b.fromI64(b.ir.extract64(merged, 0)));
  }),
  row('pmovmskb', 'sse', ['NP 0F D7 /r  Gd,Nq'], (b, dst, src) => {
    b.write(dst, b.fromI32(32, b.ir.signs8x16(readLow(b, src))));
  }),
  row('pextrw', 'sse', ['NP 0F C5 /r ib  Gd,Nq,Ib'], (b, dst, src, lane) => {
    const shifted = b.ir.shr64(readMmx(b, src), b.const32(16 * (immediate(lane) & 3)));
    b.write(dst, b.fromI32(32, b.ir.and32(b.ir.low32(shifted), b.const32(0xffff))));
  }),
  row('pinsrw', 'sse', ['NP 0F C4 /r ib  Pq,Ew,Ib'], (b, dst, src, lane) => {
    const inserted = b.ir.zext64(b.unsigned64(b.read(src)));
    const lanes = [0, 1, 2, 3, 4, 5, 6, 7].with(immediate(lane) & 3, 8);
    writeMmx(b, dst, b.ir.extract64(shuffleLanes(b, readLow(b, dst), inserted, 2, lanes), 0));
  }),
  row('pshufw', 'sse', ['NP 0F 70 /r ib  Pq,Qq,Ib'], (b, dst, src, order) => {
    const lanes = [0, 1, 2, 3].map((i) => (immediate(order) >> (2 * i)) & 3);
    const y = readLow(b, src);
    writeMmx(b, dst, b.ir.extract64(shuffleLanes(b, y, y, 2, [...lanes, 4, 5, 6, 7]), 0));
  }),
];

export const mmx: readonly Instruction[] = [
  ...SSE2_OPS.filter(([name]) => isMmx(name)).map(([name, opcode, op]) => oneOp(name, 'mmx', `0F ${opcode}`, op)),
  ...SSSE3_OPS.filter(([name]) => name !== 'pshufb').map(([name, opcode, , op]) =>
    oneOp(name, 'ssse3', `0F 38 ${opcode}`, op),
  ),
  unpack('bw', '60', 1, 0),
  unpack('wd', '61', 2, 0),
  unpack('dq', '62', 4, 0),
  unpack('bw', '68', 1, 1),
  unpack('wd', '69', 2, 1),
  unpack('dq', '6A', 4, 1),
  ...shifts,
  ...moves,
  toMmx('cvtps2pi', 'sse', 'NP 0F 2D /r  Pq,Wsd', 'singlesPairToI32'),
  toMmx('cvttps2pi', 'sse', 'NP 0F 2C /r  Pq,Wsd', 'truncateSinglesPairToI32'),
  toMmx('cvtpd2pi', 'sse2', '66 0F 2D /r  Pq,Wpd', 'doublesToI32'),
  toMmx('cvttpd2pi', 'sse2', '66 0F 2C /r  Pq,Wpd', 'truncateDoublesToI32'),
  fromMmx('cvtpi2ps', 'sse', 'NP 0F 2A /r  Vps,Qq', 'singlesPairFromI32'),
  fromMmx('cvtpi2pd', 'sse2', '66 0F 2A /r  Vpd,Qq', 'doublesFromI32'),
  binary('pshufb', 'ssse3', 'NP 0F 38 00 /r  Pq,Qq', (b, x, y) => {
    const within = b.ir.and128(y, b.ir.splat32(b.const32(0x8787_8787)));
    return b.ir.swizzle8x16(x, within);
  }),
  joinedAlign(),
  horizontal('phaddw', '01', 2, 'addI16x8'),
  horizontal('phaddd', '02', 4, 'addI32x4'),
  horizontal('phaddsw', '03', 2, 'addSatS16x8'),
  horizontal('phsubw', '05', 2, 'subI16x8'),
  horizontal('phsubd', '06', 4, 'subI32x4'),
  horizontal('phsubsw', '07', 2, 'subSatS16x8'),
  binary('pabsb', 'ssse3', 'NP 0F 38 1C /r  Pq,Qq', (b, _x, y) => b.ir.signS8x16(y, y)),
  binary('pabsw', 'ssse3', 'NP 0F 38 1D /r  Pq,Qq', (b, _x, y) => b.ir.signS16x8(y, y)),
  binary('pabsd', 'ssse3', 'NP 0F 38 1E /r  Pq,Qq', (b, _x, y) => b.ir.signS32x4(y, y)),
  instruction({
    name: 'emms',
    sdm: '2A, EMMS',
    feature: 'mmx',
    forms: ['NP 0F 77'],
    support: 'full',
    lift(b) {
      checkPending(b);
      enterMmx(b); // TOP becomes 0 here, too
      b.ir.setLow32(b.ir.and32(b.ir.get32(VARIABLE.x87Tags), b.const32(~ALL_VALID)), VARIABLE.x87Tags);
    },
  }),
];

/** PALIGNR: bytes imm to imm + 7 of dst:src. */
function joinedAlign(): Instruction {
  return row('palignr', 'ssse3', ['NP 0F 3A 0F /r ib  Pq,Qq,Ib'], (b, dst, src, count) => {
    const both = b.ir.pair128(readMmx(b, src), readMmx(b, dst));
    const lanes = Array.from({ length: 16 }, (_, i) => (i + immediate(count) < 16 ? i + immediate(count) : 32));
    writeMmx(b, dst, b.ir.extract64(b.ir.shuffle8x16(both, both, formatLanes(lanes)), 0));
  });
}
