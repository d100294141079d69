/** Data transfer: Intel SDM 1, 5.1.1. */
import { VECTOR } from '../../exit.ts';
import { type Instruction, instruction, partial } from '../instruction.ts';
import { type Int, as32, as64 } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import {
  type MemoryOperand,
  type Operand,
  type RegisterOperand,
  type SpecialOperand,
  integerWidth,
} from '../operands.ts';
import { RAX, RBX, RCX, RDX } from '../registers.ts';
import { CONDITIONS } from '../flags.ts';
import { CS, GS, checkSelector, selector } from '../segments.ts';

const conditionalMoves: readonly Instruction[] = CONDITIONS.map((condition, code) =>
  instruction({
    name: `cmov${condition}`,
    sdm: '2A, CMOVcc',
    support: 'full',
    forms: [`0F ${(0x40 + code).toString(16).toUpperCase()} /r  Gv,Ev`],
    lift(b, dst, src) {
      const value = b.read(src); // read, and fault, whether the condition holds or not
      b.write(dst, b.select(b.condition(condition), value, b.read(dst)));
    },
  }),
);

export const dataTransfer: readonly Instruction[] = [
  instruction({
    name: 'mov',
    sdm: '2B, MOV',
    support: 'full',
    forms: [
      '88 /r  Eb,Gb',
      '89 /r  Ev,Gv',
      '8A /r  Gb,Eb',
      '8B /r  Gv,Ev',
      'A0  AL,Ob',
      'A1  rAX,Ov',
      'A2  Ob,AL',
      'A3  Ov,rAX',
      'B0+r ib  Zb,Ib',
      'B8+r iv  Zv,Iv',
      'C6 /0 ib  Eb,Ib',
      'C7 /0 iz  Ev,Iz',
    ],
    lift: (b, dst, src) => b.write(dst, b.read(src)),
  }),
  instruction({
    name: 'mov',
    sdm: '2B, MOV',
    support: partial('gives the selectors Linux gives to user code'),
    forms: ['8C /r  Ev,S'],
    lift(b, dst, src) {
      const { register } = src as SpecialOperand;
      if (register > GS) b.raise(VECTOR.UD);
      else b.write(dst, selector(b, register, dst.kind === 'memory' ? 16 : integerWidth(dst)));
    },
  }),
  instruction({
    name: 'mov sreg',
    sdm: '2B, MOV',
    support: partial('checks the selector and does not keep it'),
    forms: ['8E /r  S,Ew'],
    lift: moveToSegment,
  }),
  ...conditionalMoves,
  instruction({
    name: 'movzx',
    sdm: '2B, MOVZX',
    support: 'full',
    forms: ['0F B6 /r  Gv,Eb', '0F B7 /r  Gv,Ew'],
    lift: (b, dst, src) => b.write(dst, b.zeroExtend(b.read(src), integerWidth(dst))),
  }),
  instruction({
    name: 'movsx',
    sdm: '2B, MOVSX',
    support: 'full',
    forms: ['0F BE /r  Gv,Eb', '0F BF /r  Gv,Ew'],
    lift: (b, dst, src) => b.write(dst, b.signExtend(b.read(src), integerWidth(dst))),
  }),
  instruction({
    name: 'movsxd',
    sdm: '2B, MOVSXD',
    support: 'full',
    forms: ['63 /r  Gv,Ez'],
    lift: (b, dst, src) => b.write(dst, b.signExtend(b.read(src), integerWidth(dst))),
  }),
  instruction({
    name: 'movbe',
    sdm: '2B, MOVBE',
    support: 'full',
    feature: 'movbe',
    forms: ['NP 0F 38 F0 /r  Gv,Mv', 'NP 0F 38 F1 /r  Mv,Gv', '66 0F 38 F0 /r  Gv,Mv', '66 0F 38 F1 /r  Mv,Gv'],
    lift: (b, dst, src) => b.write(dst, swapBytes(b, b.read(src))),
  }),
  instruction({
    name: 'bswap',
    sdm: '2A, BSWAP',
    support: partial('of 16-bit registers, which the manual leaves undefined, gives 0'),
    forms: ['0F C8+r  Zv'],
    lift: (b, dst) => b.write(dst, b.width === 16 ? b.int(16, 0) : swapBytes(b, b.read(dst))),
  }),
  instruction({
    name: 'xchg',
    sdm: '2D, XCHG',
    support: 'full',
    forms: ['86 /r  Eb,Gb  lock', '87 /r  Ev,Gv  lock', '90+r  Zv,rAX'],
    lift: exchange,
  }),
  instruction({
    name: 'xadd',
    sdm: '2D, XADD',
    support: 'full',
    forms: ['0F C0 /r  Eb,Gb  lock', '0F C1 /r  Ev,Gv  lock'],
    lift(b, dst, src) {
      const addend = b.read(src);
      const old = b.isLocked ? b.atomicUpdate('add', dst, addend) : b.read(dst);
      const result = b.add(old, addend);
      if (dst.kind === 'memory') {
        if (!b.isLocked) b.write(dst, result);
        b.write(src, old);
      } else {
        b.write(src, old);
        b.write(dst, result); // of one register the sum stays
      }
      b.setFlags('add', result, old, addend);
    },
  }),
  instruction({
    name: 'cmpxchg',
    sdm: '2A, CMPXCHG',
    support: 'full',
    forms: ['0F B0 /r  Eb,Gb  lock', '0F B1 /r  Ev,Gv  lock'],
    lift: compareAndExchange,
  }),
  instruction({
    name: 'cmpxchg8b',
    sdm: '2A, CMPXCHG8B',
    support: 'full',
    forms: ['W0 0F C7 /1  Mq  lock'],
    lift(b, dst) {
      const expected = b.ir.pair64(b.ir.get32(RAX), b.ir.get32(RDX));
      const replacement = b.ir.pair64(b.ir.get32(RBX), b.ir.get32(RCX));
      const old = as64(b.compareExchange(dst, b.fromI64(expected), b.fromI64(replacement)));
      const isEqual = b.ir.eq64(old, expected);
      setUnless(b, isEqual, RAX, b.ir.zext32(b.ir.low32(old)));
      setUnless(b, isEqual, RDX, b.ir.zext32(b.ir.high32(old)));
      b.setSomeFlags({ zf: isEqual });
    },
  }),
  instruction({
    name: 'cmpxchg16b',
    sdm: '2A, CMPXCHG8B/CMPXCHG16B',
    support: partial('is two accesses, indivisible only as long as threads of a program take turns'),
    feature: 'cx16',
    forms: ['REX.W 0F C7 /1  Mdq  lock'],
    lift: compareAndExchange16,
  }),
  ...conversions(),
];

function conversions(): Instruction[] {
  return [
    instruction({
      name: 'cbw/cwde/cdqe',
      sdm: '2A, CBW/CWDE/CDQE',
      support: 'full',
      forms: ['98'],
      lift(b) {
        const half = b.width === 64 ? 32 : b.width === 32 ? 16 : 8;
        b.setRegister(RAX, b.signExtend(b.getRegister(RAX, half), b.width));
      },
    }),
    instruction({
      name: 'cwd/cdq/cqo',
      sdm: '2A, CWD/CDQ/CQO',
      support: 'full',
      forms: ['99'],
      lift: (b) => b.setRegister(RDX, b.sar(b.getRegister(RAX, b.width), b.const32(b.width - 1))),
    }),
    instruction({
      name: 'lea',
      sdm: '2A, LEA',
      support: 'full',
      forms: ['8D /r  Gv,M'],
      lift: (b, dst, src) =>
        b.write(dst, b.zeroExtend(b.fromI64(b.effectiveAddress(src as MemoryOperand)), integerWidth(dst))),
    }),
    instruction({
      name: 'xlat',
      sdm: '2D, XLAT',
      support: 'full',
      forms: ['D7'],
      lift(b) {
        const { segment, addressWidth } = b.instruction;
        const sum = b.ir.add64(b.ir.get64(RBX), b.unsigned64(b.getRegister(RAX, 8)));
        const offset = addressWidth === 64 ? sum : b.ir.zext32(b.ir.low32(sum));
        b.setRegister(RAX, b.load(8, b.segmented(segment, offset)));
      },
    }),
  ];
}

// Other descriptors do not exist, so any other selector is #GP; SS must not be null at ring 3.
function moveToSegment(b: Lifter, dst: Operand, src: Operand): void {
  const { register } = dst as SpecialOperand;
  if (register === CS || register > GS) b.raise(VECTOR.UD);
  else checkSelector(b, register, as32(b.read(src)));
}

function swapBytes(b: Lifter, value: Int): Int {
  if (value.width === 64) return b.fromI64(b.ir.bswap64(as64(value)));
  const swapped = b.ir.bswap32(as32(value));
  return b.fromI32(value.width === 16 ? 16 : 32, value.width === 16 ? b.ir.shr32(swapped, b.const32(16)) : swapped);
}

// With memory XCHG locks by itself. 90h is NOP: XCHG EAX,EAX does not even clear the high half.
function exchange(b: Lifter, dst: Operand, src: Operand): void {
  if (dst.kind === 'memory') {
    b.write(src, b.atomicUpdate('exchange', dst, b.read(src)));
    return;
  }
  if (b.instruction.form.hasOpcodeRegister && (dst as RegisterOperand).register === RAX) return;
  const [first, second] = [b.read(dst), b.read(src)];
  b.write(dst, second);
  b.write(src, first);
}

/**
 * Of registers, the one that does not change keeps all 64 bits: a failing compare does not touch the destination, a
 * succeeding one does not touch the accumulator, not even to clear its high half.
 */
function compareAndExchange(b: Lifter, dst: Operand, src: Operand): void {
  const width = integerWidth(dst);
  const expected = b.getRegister(RAX, width);
  const replacement = b.read(src);
  if (dst.kind === 'memory') {
    const old = b.isLocked ? b.compareExchange(dst, expected, replacement) : b.read(dst);
    const isEqual = b.equal(expected, old);
    if (!b.isLocked) b.write(dst, b.select(isEqual, replacement, old));
    const difference = b.sub(expected, old);
    if (width === 32) setUnless(b, isEqual, RAX, b.unsigned64(old));
    else b.setRegister(RAX, b.select(isEqual, expected, old));
    b.setFlags('sub', difference, expected, old);
    return;
  }
  const old = b.read(dst);
  const isEqual = b.equal(expected, old);
  const difference = b.sub(expected, old);
  if (width === 32) {
    const { register } = dst as RegisterOperand;
    const kept = b.ir.select64(isEqual, b.unsigned64(replacement), b.ir.get64(register));
    setUnless(b, isEqual, RAX, b.unsigned64(old));
    // Compared with itself EAX always equals.
    b.ir.set64(kept, register);
  } else {
    b.setRegister(RAX, b.select(isEqual, expected, old));
    b.write(dst, b.select(isEqual, replacement, old));
  }
  b.setFlags('sub', difference, expected, old);
}

/** register = value unless the condition holds; all 64 bits. */
function setUnless(
  b: Lifter,
  condition: ReturnType<Lifter['const32']>,
  register: number,
  value: ReturnType<Lifter['address']>,
): void {
  b.ir.set64(b.ir.select64(condition, b.ir.get64(register), value), register);
}

function compareAndExchange16(b: Lifter, dst: Operand): void {
  const address = b.addressOf(dst);
  // Intel SDM 2A: #GP(0) when the operand is not aligned on 16 bytes.
  b.raiseIf(b.ir.and32(b.ir.low32(address), b.const32(15)), VECTOR.GP);
  b.ir.checkWrite(address, 16);
  const highAddress = b.ir.add64(address, b.address(8));
  const [low, high] = [b.ir.load64(address), b.ir.load64(highAddress)];
  const isLowEqual = b.ir.eq64(low, b.ir.get64(RAX));
  const isEqual = b.ir.and32(isLowEqual, b.ir.eq64(high, b.ir.get64(RDX)));
  b.ir.store64(address, b.ir.select64(isEqual, b.ir.get64(RBX), low));
  b.ir.store64(highAddress, b.ir.select64(isEqual, b.ir.get64(RCX), high));
  b.ir.set64(low, RAX);
  b.ir.set64(high, RDX);
  b.setSomeFlags({ zf: isEqual });
}
