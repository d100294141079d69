/** Moves of SSE, SSE2 and SSE3: Intel SDM 1, 5.5.1.1, 5.6.1.1, 5.6.3, 5.7. */
import { type Instruction, instruction } from '../../instruction.ts';
import type { Lifter } from '../../lifter.ts';
import type { Operand } from '../../operands.ts';
import { RDI } from '../../registers.ts';
import {
  checkAlignment,
  fromInt,
  immediate,
  lowInt,
  readUnaligned,
  readVector,
  setXmm,
  shuffleLanes,
  withLow,
  type Vector,
} from './vector.ts';

/** Writes all 128 bits to a register or to memory at a multiple of 16. */
function writeAligned(b: Lifter, dst: Operand, value: Vector): void {
  if (dst.kind === 'xmm') setXmm(b, dst, value);
  else b.ir.store128(checkAlignment(b, b.addressOf(dst)), value);
}

function writeUnaligned(b: Lifter, dst: Operand, value: Vector): void {
  if (dst.kind === 'xmm') setXmm(b, dst, value);
  else b.ir.store128(b.addressOf(dst), value);
}

function aligned(name: string, sdm: string, feature: string, ...forms: string[]): Instruction {
  return instruction({
    name,
    sdm,
    feature,
    forms,
    support: 'full',
    lift: (b, dst, src) => writeAligned(b, dst, readVector(b, src)),
  });
}

function unaligned(name: string, sdm: string, feature: string, ...forms: string[]): Instruction {
  return instruction({
    name,
    sdm,
    feature,
    forms,
    support: 'full',
    lift: (b, dst, src) => writeUnaligned(b, dst, readUnaligned(b, src)),
  });
}

/** Stores the low or high 64 bits, or replaces them by 64 bits of memory: MOVLPS, MOVHPD, … */
function half(name: string, sdm: string, feature: string, prefix: string, opcode: number, lane: 0 | 1): Instruction {
  return instruction({
    name,
    sdm,
    feature,
    forms: [`${prefix} 0F ${hexByte(opcode)} /r  Vdq,Mq`, `${prefix} 0F ${hexByte(opcode + 1)} /r  Mq,Vdq`],
    support: 'full',
    lift(b, dst, src) {
      if (dst.kind === 'memory') b.write(dst, b.fromI64(b.ir.extract64(readVector(b, src), lane)));
      else setXmm(b, dst, b.ir.replace64(readVector(b, dst), b.ir.extract64(readVector(b, src), 0), lane));
    },
  });
}

/** MOVSS, MOVSD: a load clears the rest of the register, a move between registers keeps it. */
function scalar(name: string, sdm: string, feature: string, prefix: string, width: 32 | 64): Instruction {
  const size = width === 32 ? 'ss' : 'sd';
  return instruction({
    name,
    sdm,
    feature,
    forms: [`${prefix} 0F 10 /r  V${size},W${size}`, `${prefix} 0F 11 /r  W${size},V${size}`],
    support: 'full',
    lift(b, dst, src) {
      const value = readVector(b, src);
      if (dst.kind === 'memory') b.write(dst, lowInt(b, value, width));
      else if (src.kind === 'memory') setXmm(b, dst, value);
      else setXmm(b, dst, withLow(b, readVector(b, dst), lowInt(b, value, width)));
    },
  });
}

function duplicate(name: string, form: string, laneBytes: number, lanes: readonly number[]): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    feature: 'sse3',
    forms: [form],
    support: 'full',
    lift(b, dst, src) {
      const value = readVector(b, src);
      setXmm(b, dst, shuffleLanes(b, value, value, laneBytes, lanes));
    },
  });
}

export const sseMoves: readonly Instruction[] = [
  aligned('movaps', '2B, MOVAPS', 'sse', 'NP 0F 28 /r  Vps,Wps', 'NP 0F 29 /r  Wps,Vps'),
  aligned('movapd', '2B, MOVAPD', 'sse2', '66 0F 28 /r  Vpd,Wpd', '66 0F 29 /r  Wpd,Vpd'),
  aligned('movdqa', '2B, MOVDQA', 'sse2', '66 0F 6F /r  Vdq,Wdq', '66 0F 7F /r  Wdq,Vdq'),
  aligned('movntps', '2B, MOVNTPS', 'sse', 'NP 0F 2B /r  Mps,Vps'),
  aligned('movntpd', '2B, MOVNTPD', 'sse2', '66 0F 2B /r  Mpd,Vpd'),
  aligned('movntdq', '2B, MOVNTDQ', 'sse2', '66 0F E7 /r  Mdq,Vdq'),
  aligned('movntdqa', '2B, MOVNTDQA', 'sse4.1', '66 0F 38 2A /r  Vdq,Mdq'),
  unaligned('movups', '2B, MOVUPS', 'sse', 'NP 0F 10 /r  Vps,Wps', 'NP 0F 11 /r  Wps,Vps'),
  unaligned('movupd', '2B, MOVUPD', 'sse2', '66 0F 10 /r  Vpd,Wpd', '66 0F 11 /r  Wpd,Vpd'),
  unaligned('movdqu', '2B, MOVDQU', 'sse2', 'F3 0F 6F /r  Vdq,Wdq', 'F3 0F 7F /r  Wdq,Vdq'),
  unaligned('lddqu', '2A, LDDQU', 'sse3', 'F2 0F F0 /r  Vdq,Mdq'),
  scalar('movss', '2B, MOVSS', 'sse', 'F3', 32),
  scalar('movsd', '2B, MOVSD', 'sse2', 'F2', 64),
  half('movlps', '2B, MOVLPS', 'sse', 'NP', 0x12, 0),
  half('movlpd', '2B, MOVLPD', 'sse2', '66', 0x12, 0),
  half('movhps', '2B, MOVHPS', 'sse', 'NP', 0x16, 1),
  half('movhpd', '2B, MOVHPD', 'sse2', '66', 0x16, 1),
  instruction({
    name: 'movhlps',
    sdm: '2B, MOVHLPS',
    feature: 'sse',
    forms: ['NP 0F 12 /r  Vdq,Udq'],
    support: 'full',
    lift: (b, dst, src) => setXmm(b, dst, shuffleLanes(b, readVector(b, dst), readVector(b, src), 8, [3, 1])),
  }),
  instruction({
    name: 'movlhps',
    sdm: '2B, MOVLHPS',
    feature: 'sse',
    forms: ['NP 0F 16 /r  Vdq,Udq'],
    support: 'full',
    lift: (b, dst, src) => setXmm(b, dst, shuffleLanes(b, readVector(b, dst), readVector(b, src), 8, [0, 2])),
  }),
  instruction({
    name: 'movd/movd/movq',
    sdm: '2B, MOVD/MOVQ',
    feature: 'sse2',
    forms: ['66 0F 6E /r  Vdq,Ey', '66 0F 7E /r  Ey,Vdq'],
    support: 'full',
    lift(b, dst, src) {
      if (dst.kind === 'xmm') setXmm(b, dst, fromInt(b, b.read(src)));
      else b.write(dst, lowInt(b, readVector(b, src), b.instruction.operandWidth === 64 ? 64 : 32));
    },
  }),
  instruction({
    name: 'movq',
    sdm: '2B, MOVQ',
    feature: 'sse2',
    forms: ['F3 0F 7E /r  Vq,Wq', '66 0F D6 /r  Wq,Vq'],
    support: 'full',
    lift(b, dst, src) {
      const low = lowInt(b, readVector(b, src), 64);
      if (dst.kind === 'xmm') setXmm(b, dst, fromInt(b, low));
      else b.write(dst, low);
    },
  }),
  instruction({
    name: 'movnti',
    sdm: '2B, MOVNTI',
    feature: 'sse2',
    forms: ['NP 0F C3 /r  My,Gy'],
    support: 'full',
    lift: (b, dst, src) => b.write(dst, b.read(src)),
  }),
  duplicate('movddup', 'F2 0F 12 /r  Vdq,Wq', 8, [0, 0]),
  duplicate('movsldup', 'F3 0F 12 /r  Vdq,Wdq', 4, [0, 0, 2, 2]),
  duplicate('movshdup', 'F3 0F 16 /r  Vdq,Wdq', 4, [1, 1, 3, 3]),
  instruction({
    name: 'maskmovdqu',
    sdm: '2B, MASKMOVDQU',
    feature: 'sse2',
    forms: ['66 0F F7 /r  Vdq,Udq'],
    support: 'full',
    lift(b, src, mask) {
      const offset = b.getRegister(RDI, b.instruction.addressWidth);
      const address = b.segmented(b.instruction.segment, b.unsigned64(offset));
      const selected = b.ir.gtS8x16(b.ir.splat32(b.const32(0)), readVector(b, mask));
      const kept = b.ir.andNot128(selected, b.ir.load128(address));
      b.ir.store128(address, b.ir.or128(kept, b.ir.and128(selected, readVector(b, src))));
    },
  }),
  instruction({
    name: 'movmskps',
    sdm: '2B, MOVMSKPS',
    feature: 'sse',
    forms: ['NP 0F 50 /r  Gd,Ups'],
    support: 'full',
    lift: (b, dst, src) => b.write(dst, b.fromI32(32, b.ir.signs32x4(readVector(b, src)))),
  }),
  instruction({
    name: 'movmskpd',
    sdm: '2B, MOVMSKPD',
    feature: 'sse2',
    forms: ['66 0F 50 /r  Gd,Upd'],
    support: 'full',
    lift: (b, dst, src) => b.write(dst, b.fromI32(32, b.ir.signs64x2(readVector(b, src)))),
  }),
  instruction({
    name: 'pmovmskb',
    sdm: '2B, PMOVMSKB',
    feature: 'sse2',
    forms: ['66 0F D7 /r  Gd,Udq'],
    support: 'full',
    lift: (b, dst, src) => b.write(dst, b.fromI32(32, b.ir.signs8x16(readVector(b, src)))),
  }),
  instruction({
    name: 'pextrw',
    sdm: '2B, PEXTRW',
    feature: 'sse2',
    forms: ['66 0F C5 /r ib  Gd,Udq,Ib'],
    support: 'full',
    lift(b, dst, src, lane) {
      const index = immediate(lane) & 7;
      const word = b.ir.extract32(readVector(b, src), index >> 1);
      b.write(dst, b.fromI32(32, b.ir.and32(b.ir.shr32(word, b.const32(16 * (index & 1))), b.const32(0xffff))));
    },
  }),
  instruction({
    name: 'pinsrw',
    sdm: '2B, PINSRW',
    feature: 'sse2',
    forms: ['66 0F C4 /r ib  Vdq,Ew,Ib'],
    support: 'full',
    lift(b, dst, src, lane) {
      const inserted = fromInt(b, b.read(src));
      const lanes = [0, 1, 2, 3, 4, 5, 6, 7].with(immediate(lane) & 7, 8);
      setXmm(b, dst, shuffleLanes(b, readVector(b, dst), inserted, 2, lanes));
    },
  }),
];

function hexByte(value: number): string {
  return value.toString(16).toUpperCase();
}
