/** Binary integer arithmetic: Intel SDM 1, 5.1.2. */
import type { I32 } from '../../ir/block.ts';
import { type Instruction, instruction } from '../instruction.ts';
import type { Int } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import { type Operand, integerWidth } from '../operands.ts';

/** The eight encodings of the classic two-operand group; `base` is the first opcode, `digit` the /n of group 1. */
export function groupOneForms(base: number, digit: number, lock: string): string[] {
  const op = (n: number): string => (base + n).toString(16).toUpperCase().padStart(2, '0');
  return [
    `${op(0)} /r  Eb,Gb  ${lock}`, `${op(1)} /r  Ev,Gv  ${lock}`, `${op(2)} /r  Gb,Eb`, `${op(3)} /r  Gv,Ev`,
    `${op(4)} ib  AL,Ib`, `${op(5)} iz  rAX,Iz`,
    `80 /${digit} ib  Eb,Ib  ${lock}`, `81 /${digit} iz  Ev,Iz  ${lock}`, `83 /${digit} ib  Ev,sIb  ${lock}`,
  ]; // oxfmt-ignore
}

export const arithmetic: readonly Instruction[] = [
  instruction({
    name: 'add',
    sdm: '2A, ADD',
    support: 'full',
    forms: groupOneForms(0x00, 0, 'lock'),
    lift(b, dst, src) {
      const addend = b.read(src);
      const { old, result } = b.update('add', dst, addend);
      b.setFlags('add', result, old, addend);
    },
  }),
  instruction({
    name: 'adc',
    sdm: '2A, ADC',
    support: 'full',
    forms: groupOneForms(0x10, 2, 'lock'),
    lift(b, dst, src) {
      const addend = b.read(src);
      const { old, result } = b.update('add', dst, b.add(addend, carryIn(b, addend)));
      b.setFlags('adc', result, old, addend);
    },
  }),
  instruction({
    name: 'sub',
    sdm: '2B, SUB',
    support: 'full',
    forms: groupOneForms(0x28, 5, 'lock'),
    lift(b, dst, src) {
      const subtrahend = b.read(src);
      const { old, result } = b.update('sub', dst, subtrahend);
      b.setFlags('sub', result, old, subtrahend);
    },
  }),
  instruction({
    name: 'sbb',
    sdm: '2B, SBB',
    support: 'full',
    forms: groupOneForms(0x18, 3, 'lock'),
    lift(b, dst, src) {
      const subtrahend = b.read(src);
      const { old, result } = b.update('sub', dst, b.add(subtrahend, carryIn(b, subtrahend)));
      b.setFlags('sbb', result, old, subtrahend);
    },
  }),
  instruction({
    name: 'cmp',
    sdm: '2A, CMP',
    support: 'full',
    forms: groupOneForms(0x38, 7, ''),
    lift(b, dst, src) {
      const first = b.read(dst);
      const second = b.read(src);
      b.setFlags('sub', b.sub(first, second), first, second);
    },
  }),
  instruction({
    name: 'inc',
    sdm: '2A, INC',
    support: 'full',
    forms: ['FE /0  Eb  lock', 'FF /0  Ev  lock'],
    lift: (b, dst) => step(b, dst, 'inc'),
  }),
  instruction({
    name: 'dec',
    sdm: '2A, DEC',
    support: 'full',
    forms: ['FE /1  Eb  lock', 'FF /1  Ev  lock'],
    lift: (b, dst) => step(b, dst, 'dec'),
  }),
  instruction({
    name: 'neg',
    sdm: '2B, NEG',
    support: 'full',
    forms: ['F6 /3  Eb  lock', 'F7 /3  Ev  lock'],
    lift(b, dst) {
      const zero = b.int(integerWidth(dst), 0);
      const old = b.isLocked ? b.atomicUpdate('negate', dst, zero) : b.read(dst);
      const result = b.sub(zero, old);
      if (!b.isLocked) b.write(dst, result);
      b.setFlags('sub', result, zero, old);
    },
  }),
];

function carryIn(b: Lifter, like: Int): Int {
  return b.zeroExtend(b.fromI32(32, b.flag('cf')), like.width);
}

// INC and DEC keep CF.
function step(b: Lifter, dst: Operand, kind: 'inc' | 'dec'): void {
  const carry: I32 = b.flag('cf');
  const width = integerWidth(dst);
  const { result } = b.update(kind === 'inc' ? 'add' : 'sub', dst, b.int(width, 1));
  b.setFlags(kind, result, result, b.zeroExtend(b.fromI32(32, carry), width));
}
