/** SSE4.1 beyond the one-op rows of integer.ts, SSE4.2, AES and PCLMULQDQ: Intel SDM 1, 5.10 to 5.12. */
import type { I32 } from '../../../ir/block.ts';
import { IMMEDIATE_SHIFT, SOURCE_IN_MEMORY, SOURCE_SHIFT, WIDE_LENGTHS } from '../../../ir/vector-operands.ts';
import { formatLanes } from '../../../ir/ops/vector.ts';
import { as32 } from '../../int-builder.ts';
import { type Instruction, instruction } from '../../instruction.ts';
import type { Lifter } from '../../lifter.ts';
import type { Operand, Width } from '../../operands.ts';
import {
  checkAlignment,
  fromInt,
  getXmm,
  immediate,
  readVector,
  setXmm,
  shuffleLanes,
  zeroVector,
  ZERO_BYTE,
  type Vector,
} from './vector.ts';

type Lift = (b: Lifter, ...operands: Operand[]) => void;

function row(name: string, form: string, lift: Lift): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature: 'sse4.1',
    forms: [form],
    support: 'full',
    lift,
  });
}

/** PMOVSXBW and its kind: `from` bytes of source lanes become `to` bytes; the source is as long as it must be. */
function extend(suffix: string, low: number, from: number, to: number): Instruction[] {
  const size = ['w', 'd', 'q'][Math.log2(16 / (to / from)) - 1];
  const signs = from === 1 ? 'sarS16x8' : 'sarS32x4';
  // Zero extension puts zeros above each lane; sign extension puts the lane at the top of its place and shifts it down.
  const zeroLanes = Array.from({ length: 16 }, (_, i) => {
    const [lane, byte] = [Math.floor(i / to), i % to];
    return byte < from ? lane * from + byte : ZERO_BYTE;
  });
  const hex = (base: number): string => (base + low).toString(16).toUpperCase();
  return [
    row(`pmovzx${suffix}`, `66 0F 38 ${hex(0x30)} /r  Vdq,W${size}`, (b, dst, src) => {
      const y = readVector(b, src);
      setXmm(b, dst, b.ir.shuffle8x16(y, y, formatLanes(zeroLanes)));
    }),
    row(`pmovsx${suffix}`, `66 0F 38 ${hex(0x20)} /r  Vdq,W${size}`, (b, dst, src) => {
      const y = readVector(b, src);
      // Each byte of the result is a byte of the source or a byte of its lane's sign.
      const sign = from === 4 ? b.ir.sarS32x4(y, b.const32(31)) : b.ir[signs](bytesToTop(b, y, from), b.const32(31));
      setXmm(b, dst, b.ir.shuffle8x16(y, sign, formatLanes(signLanes(from, to))));
    }),
  ];
}

// The source's lanes of 1 or 2 bytes in the top of 2 or 4 byte lanes: sign bits for up to eight of them.
function bytesToTop(b: Lifter, y: Vector, from: number): Vector {
  const lanes = Array.from({ length: 16 }, (_, i) => {
    const [lane, byte] = [Math.floor(i / (2 * from)), i % (2 * from)];
    return byte < from ? ZERO_BYTE : lane * from + byte - from;
  });
  return b.ir.shuffle8x16(y, y, formatLanes(lanes));
}

function signLanes(from: number, to: number): number[] {
  const signBytes = from === 4 ? 4 : 2 * from;
  return Array.from({ length: 16 }, (_, i) => {
    const [lane, byte] = [Math.floor(i / to), i % to];
    return byte < from ? lane * from + byte : 16 + lane * signBytes;
  });
}

/** dst where the mask is clear, src where it is set; the mask is the sign of each lane of XMM0. */
function variableBlend(
  name: string,
  opcode: string,
  operands: string,
  signs: (b: Lifter, mask: Vector) => Vector,
): Instruction {
  return row(name, `66 0F 38 ${opcode} /r  ${operands}`, (b, dst, src) => {
    const y = readVector(b, src);
    const mask = signs(b, getXmm(b, 0));
    setXmm(b, dst, b.ir.or128(b.ir.andNot128(mask, readVector(b, dst)), b.ir.and128(mask, y)));
  });
}

function blend(name: string, opcode: string, operands: string, laneBytes: number): Instruction {
  const count = 16 / laneBytes;
  return row(name, `66 0F 3A ${opcode} /r ib  ${operands},Ib`, (b, dst, src, select) => {
    const y = readVector(b, src);
    const lanes = Array.from({ length: count }, (_, i) => i + (((immediate(select) >> i) & 1) !== 0 ? count : 0));
    setXmm(b, dst, shuffleLanes(b, readVector(b, dst), y, laneBytes, lanes));
  });
}

/** ROUNDPS and its kind; DPPS, DPPD: what counts of the immediate is part of the operation's name. */
function floatImmediate(
  name: string,
  opcode: string,
  operands: string,
  verb: string,
  lanes: string,
  mask: number,
): Instruction {
  return row(name, `66 0F 3A ${opcode} /r ib  ${operands},Ib`, (b, dst, src, control) => {
    const y = readVector(b, src);
    setXmm(b, dst, b.ir.float(readVector(b, dst), y, `${verb}.${(immediate(control) & mask).toString(16)}${lanes}`));
  });
}

/** An integer of `width` bits, lane `lane`, zero-extended to 32 (64 for 64). */
function extract(b: Lifter, value: Vector, width: 8 | 16 | 32 | 64, lane: number): ReturnType<Lifter['fromI64']> {
  if (width === 64) return b.fromI64(b.ir.extract64(value, lane & 1));
  const perWord = 32 / width;
  const index = lane & (4 * perWord - 1);
  const word = b.ir.extract32(value, Math.floor(index / perWord));
  if (width === 32) return b.fromI32(32, word);
  const shifted = b.ir.shr32(word, b.const32(width * (index % perWord)));
  return b.fromI32(32, b.ir.and32(shifted, b.const32(2 ** width - 1)));
}

/** PEXTRB, PEXTRW: to memory only so many bits, to a register with zeros above. */
function extractRow(name: string, opcode: string, width: 8 | 16, memory: string): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature: 'sse4.1',
    forms: [`66 0F 3A ${opcode} /r ib  ${memory},Vdq,Ib`, `66 0F 3A ${opcode} /r ib  Rd,Vdq,Ib`],
    support: 'full',
    lift(b, dst, src, lane) {
      const value = extract(b, readVector(b, src), width, immediate(lane));
      b.write(dst, dst.kind === 'memory' ? b.zeroExtend(value, width) : value);
    },
  });
}

/** Calls the helper `name` of ir/vector-operands.ts on both operands. */
function callHelper(b: Lifter, name: string, [dst, src, control]: readonly Operand[], isAligned: boolean): I32 {
  let first = (dst.kind === 'xmm' ? dst.register : 0) | (isWide(b) ? WIDE_LENGTHS : 0);
  if (control !== undefined) first |= immediate(control) << IMMEDIATE_SHIFT;
  if (src.kind === 'xmm') return b.ir.helper(b.const32(first | (src.register << SOURCE_SHIFT)), b.const32(0), name);
  const address = isAligned ? checkAlignment(b, b.addressOf(src)) : b.addressOf(src);
  b.ir.checkRead(address, 16);
  return b.ir.helper(b.const32(first | SOURCE_IN_MEMORY), b.ir.low32(address), name);
}

/** PCMPESTRI and its kind. */
function stringCompare(name: string, opcode: string): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature: 'sse4.2',
    forms: [`66 0F 3A ${opcode} /r ib  Vdq,Wdq,Ib`],
    support: 'full',
    lift: (b, ...operands) => b.setFlagBits(callHelper(b, name, operands, false)),
  });
}

/** AES-NI and PCLMULQDQ. */
function cipher(name: string, feature: string, form: string): Instruction {
  return instruction({
    name,
    sdm: `2, ${name.toUpperCase()}`,
    feature,
    forms: [form],
    support: 'full',
    lift: (b, ...operands) => void callHelper(b, name, operands, true),
  });
}

const isWide = (b: Lifter): boolean => b.instruction.operandWidth === 64;

/** CRC32 with the Castagnoli polynomial, bit-reflected, one step a bit. */
function crc32(b: Lifter, dst: Operand, src: Operand): void {
  const data = b.read(src);
  let crc = as32(b.zeroExtend(b.read(dst), 32));
  const words = data.width === 64 ? [b.ir.low32(b.unsigned64(data)), b.ir.high32(b.unsigned64(data))] : [b.low32(data)];
  for (const word of words) crc = b.ir.helper(b.ir.xor32(crc, word), b.const32(Math.min(data.width, 32)), 'crc32c');
  b.write(dst, b.zeroExtend(b.fromI32(32, crc), (dst as { width: Width }).width));
}

export const sse4: readonly Instruction[] = [
  ...extend('bw', 0, 1, 2),
  ...extend('bd', 1, 1, 4),
  ...extend('bq', 2, 1, 8),
  ...extend('wd', 3, 2, 4),
  ...extend('wq', 4, 2, 8),
  ...extend('dq', 5, 4, 8),
  variableBlend('pblendvb', '10', 'Vdq,Wdq', (b, mask) => b.ir.gtS8x16(zeroVector(b), mask)),
  variableBlend('blendvps', '14', 'Vps,Wps', (b, mask) => b.ir.sarS32x4(mask, b.const32(31))),
  variableBlend('blendvpd', '15', 'Vpd,Wpd', (b, mask) => {
    const signs = b.ir.sarS32x4(mask, b.const32(31));
    return shuffleLanes(b, signs, signs, 4, [1, 1, 3, 3]);
  }),
  blend('blendps', '0C', 'Vps,Wps', 4),
  blend('blendpd', '0D', 'Vpd,Wpd', 8),
  blend('pblendw', '0E', 'Vdq,Wdq', 2),
  floatImmediate('roundps', '08', 'Vps,Wps', 'round', 'F32x4', 0xf),
  floatImmediate('roundpd', '09', 'Vpd,Wpd', 'round', 'F64x2', 0xf),
  floatImmediate('roundss', '0A', 'Vss,Wss', 'round', 'F32', 0xf),
  floatImmediate('roundsd', '0B', 'Vsd,Wsd', 'round', 'F64', 0xf),
  floatImmediate('dpps', '40', 'Vps,Wps', 'dot', 'F32x4', 0xff),
  floatImmediate('dppd', '41', 'Vpd,Wpd', 'dot', 'F64x2', 0x33),
  extractRow('pextrb', '14', 8, 'Mb'),
  extractRow('pextrw', '15', 16, 'Mw'),
  row('pextrd/pextrq', '66 0F 3A 16 /r ib  Ey,Vdq,Ib', (b, dst, src, lane) => {
    b.write(dst, extract(b, readVector(b, src), isWide(b) ? 64 : 32, immediate(lane)));
  }),
  row('extractps', '66 0F 3A 17 /r ib  Ed,Vdq,Ib', (b, dst, src, lane) => {
    b.write(dst, extract(b, readVector(b, src), 32, immediate(lane)));
  }),
  instruction({
    name: 'pinsrb',
    sdm: '2B, PINSRB',
    feature: 'sse4.1',
    forms: ['66 0F 3A 20 /r ib  Vdq,Mb,Ib', '66 0F 3A 20 /r ib  Vdq,Rd,Ib'],
    support: 'full',
    lift(b, dst, src, lane) {
      const inserted = fromInt(b, b.read(src));
      const lanes = Array.from({ length: 16 }, (_, i) => (i === (immediate(lane) & 15) ? 16 : i));
      setXmm(b, dst, shuffleLanes(b, readVector(b, dst), inserted, 1, lanes));
    },
  }),
  row('pinsrd/pinsrq', '66 0F 3A 22 /r ib  Vdq,Ey,Ib', (b, dst, src, lane) => {
    const value = b.read(src);
    const x = readVector(b, dst);
    const isLow = immediate(lane) & (isWide(b) ? 1 : 3);
    setXmm(b, dst, isWide(b) ? b.ir.replace64(x, b.unsigned64(value), isLow) : b.ir.replace32(x, as32(value), isLow));
  }),
  row('insertps', '66 0F 3A 21 /r ib  Vps,Wss,Ib', (b, dst, src, control) => {
    const imm = immediate(control);
    const from = src.kind === 'memory' ? 0 : imm >> 6;
    const y = readVector(b, src);
    const words = [0, 1, 2, 3].with((imm >> 4) & 3, 4 + from);
    const lanes = words.flatMap((word, i) =>
      [0, 1, 2, 3].map((byte) => (((imm >> i) & 1) !== 0 ? ZERO_BYTE : 4 * word + byte)),
    );
    setXmm(b, dst, b.ir.shuffle8x16(readVector(b, dst), y, formatLanes(lanes)));
  }),
  row('ptest', '66 0F 38 17 /r  Vdq,Wdq', (b, dst, src) => {
    const y = readVector(b, src);
    const x = readVector(b, dst);
    const isZero = (value: Vector): I32 => b.ir.xor32(b.ir.anyTrue128(value), b.const32(1));
    const [zf, cf] = [isZero(b.ir.and128(x, y)), isZero(b.ir.andNot128(x, y))];
    b.setFlagBits(b.ir.or32(b.ir.shl32(zf, b.const32(6)), cf));
  }),
  row('mpsadbw', '66 0F 3A 42 /r ib  Vdq,Wdq,Ib', (b, ...operands) => callHelper(b, 'mpsadbw', operands, true)),
  row('phminposuw', '66 0F 38 41 /r  Vdq,Wdq', (b, ...operands) => callHelper(b, 'phminposuw', operands, true)),
  cipher('aesimc', 'aes', '66 0F 38 DB /r  Vdq,Wdq'),
  cipher('aesenc', 'aes', '66 0F 38 DC /r  Vdq,Wdq'),
  cipher('aesenclast', 'aes', '66 0F 38 DD /r  Vdq,Wdq'),
  cipher('aesdec', 'aes', '66 0F 38 DE /r  Vdq,Wdq'),
  cipher('aesdeclast', 'aes', '66 0F 38 DF /r  Vdq,Wdq'),
  cipher('aeskeygenassist', 'aes', '66 0F 3A DF /r ib  Vdq,Wdq,Ib'),
  cipher('pclmulqdq', 'pclmulqdq', '66 0F 3A 44 /r ib  Vdq,Wdq,Ib'),
  stringCompare('pcmpestrm', '60'),
  stringCompare('pcmpestri', '61'),
  stringCompare('pcmpistrm', '62'),
  stringCompare('pcmpistri', '63'),
  instruction({
    name: 'crc32',
    sdm: '2A, CRC32',
    feature: 'sse4.2',
    forms: ['F2 0F 38 F0 /r  Gy,Eb', 'F2 0F 38 F1 /r  Gy,Ev'],
    support: 'full',
    lift: crc32,
  }),
];
