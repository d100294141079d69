/** Logical instructions: Intel SDM 1, 5.1.4, and TEST. */
import { type Instruction, instruction } from '../instruction.ts';
import type { Lifter } from '../lifter.ts';
import { type Operand, integerWidth } from '../operands.ts';
import { groupOneForms } from './arithmetic.ts';

export const logic: readonly Instruction[] = [
  instruction({
    name: 'and',
    sdm: '2A, AND',
    support: 'full',
    undefinedFlags: 'A',
    forms: groupOneForms(0x20, 4, 'lock'),
    lift: (b, dst, src) => combine(b, 'and', dst, src),
  }),
  instruction({
    name: 'or',
    sdm: '2B, OR',
    support: 'full',
    undefinedFlags: 'A',
    forms: groupOneForms(0x08, 1, 'lock'),
    lift: (b, dst, src) => combine(b, 'or', dst, src),
  }),
  instruction({
    name: 'xor',
    sdm: '2D, XOR',
    support: 'full',
    undefinedFlags: 'A',
    forms: groupOneForms(0x30, 6, 'lock'),
    lift(b, dst, src) {
      if (isSameRegister(dst, src)) {
        // The idiom for zero does not depend on the register.
        const zero = b.int(integerWidth(dst), 0);
        b.write(dst, zero);
        b.setFlags('logic', zero);
      } else combine(b, 'xor', dst, src);
    },
  }),
  instruction({
    name: 'test',
    sdm: '2D, TEST',
    support: 'full',
    undefinedFlags: 'A',
    forms: [
      '84 /r  Eb,Gb',
      '85 /r  Ev,Gv',
      'A8 ib  AL,Ib',
      'A9 iz  rAX,Iz',
      'F6 /0 ib  Eb,Ib',
      'F6 /1 ib  Eb,Ib',
      'F7 /0 iz  Ev,Iz',
      'F7 /1 iz  Ev,Iz',
    ],
    lift(b, first, second) {
      const left = b.read(first);
      b.setFlags('logic', isSameRegister(first, second) ? left : b.and(left, b.read(second)));
    },
  }),
  instruction({
    name: 'not',
    sdm: '2B, NOT',
    support: 'full',
    forms: ['F6 /2  Eb  lock', 'F7 /2  Ev  lock'],
    lift(b, dst) {
      b.update('xor', dst, b.int(integerWidth(dst), -1));
    },
  }),
];

function combine(b: Lifter, operation: 'and' | 'or' | 'xor', dst: Operand, src: Operand): void {
  const { result } = b.update(operation, dst, b.read(src));
  b.setFlags('logic', result);
}

function isSameRegister(x: Operand, y: Operand): boolean {
  return x.kind === 'register' && y.kind === 'register' && x.register === y.register && x.isHighByte === y.isHighByte;
}
