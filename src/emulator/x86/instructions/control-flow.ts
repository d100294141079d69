/** Control transfer: Intel SDM 1, 5.1.7. */
import { VECTOR } from '../../exit.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { type Int, as64 } from '../int-builder.ts';
import { CONDITIONS } from '../flags.ts';
import type { Lifter } from '../lifter.ts';
import type { I32, I64 } from '../../ir/block.ts';
import type { ImmediateOperand, Operand } from '../operands.ts';
import { RCX } from '../registers.ts';

const conditionalJumps: readonly Instruction[] = CONDITIONS.map((condition, code) =>
  instruction({
    name: `j${condition}`,
    sdm: '2A, Jcc',
    support: 'full',
    forms: [`${hex(0x70 + code)} cb  Jb`, `0F ${hex(0x80 + code)} cz  Jz`],
    lift: (b, target) => b.ir.branch(b.condition(condition), addressOf(target), b.next),
  }),
);

export const controlFlow: readonly Instruction[] = [
  instruction({
    name: 'jmp',
    sdm: '2A, JMP',
    support: 'full',
    forms: ['EB cb  Jb', 'E9 cz  Jz', 'FF /4  Ev  f64'],
    lift(b, target) {
      if (target.kind === 'target') b.ir.jump(target.address);
      else b.ir.jumpIndirect(checkedTarget(b, b.read(target)));
    },
  }),
  ...conditionalJumps,
  instruction({
    name: 'jrcxz',
    sdm: '2A, Jcc',
    support: 'full',
    forms: ['E3 cb  Jb'],
    lift: (b, target) =>
      b.ir.branch(b.isZero(b.getRegister(RCX, b.instruction.addressWidth)), addressOf(target), b.next),
  }),
  instruction({
    name: 'loop',
    sdm: '2A, LOOP/LOOPcc',
    support: 'full',
    forms: ['E2 cb  Jb'],
    lift: (b, target) => loop(b, target, null),
  }),
  instruction({
    name: 'loope',
    sdm: '2A, LOOP/LOOPcc',
    support: 'full',
    forms: ['E1 cb  Jb'],
    lift: (b, target) => loop(b, target, b.flag('zf')),
  }),
  instruction({
    name: 'loopne',
    sdm: '2A, LOOP/LOOPcc',
    support: 'full',
    forms: ['E0 cb  Jb'],
    lift: (b, target) => loop(b, target, b.logicalNot(b.flag('zf'))),
  }),
  instruction({
    name: 'call',
    sdm: '2A, CALL',
    support: 'full',
    forms: ['E8 cz  Jz', 'FF /2  Ev  f64'],
    lift(b, target) {
      const destination = target.kind === 'target' ? null : checkedTarget(b, b.read(target));
      b.storeBelowStack(b.fromI64(b.address(b.next)));
      b.moveStack(-8);
      if (destination === null) b.ir.call(addressOf(target), b.next);
      else b.ir.callIndirect(destination, b.next);
    },
  }),
  instruction({
    name: 'ret',
    sdm: '2B, RET',
    support: 'full',
    forms: ['C3', 'C2 iw  Iw'],
    lift(b, released) {
      const target = checkedTarget(b, b.loadStack(64));
      b.moveStack(8 + (released?.kind === 'immediate' ? released.low & 0xffff : 0));
      b.ir.ret(target);
    },
  }),
  instruction({
    name: 'int3',
    sdm: '2A, INT n/INTO/INT3/INT1',
    support: 'full',
    forms: ['CC'],
    lift: (b) => b.ir.raise(VECTOR.BP, b.next),
  }),
  instruction({
    name: 'int1',
    sdm: '2A, INT n/INTO/INT3/INT1',
    support: 'full',
    forms: ['F1'],
    lift: (b) => b.ir.raise(VECTOR.DB, b.next),
  }),
  instruction({
    name: 'int',
    sdm: '2A, INT n/INTO/INT3/INT1',
    support: 'full',
    forms: ['CD ib  Ib'],
    // Linux opens these two gates to user code (arch/x86/kernel/idt.c); 32-bit system calls (80h) do not exist here.
    lift(b, immediate) {
      const { low } = immediate as ImmediateOperand;
      if (low === VECTOR.BP || low === VECTOR.OF) b.ir.raise(low, b.next);
      else b.raise(VECTOR.GP);
    },
  }),
  instruction({
    name: 'ud2',
    sdm: '2D, UD',
    support: 'full',
    forms: ['0F 0B'],
    lift: (b) => b.raise(VECTOR.UD),
  }),
  instruction({
    name: 'ud1',
    sdm: '2D, UD',
    support: 'full',
    forms: ['0F B9 /r  Gv,Ev'],
    lift: (b) => b.raise(VECTOR.UD),
  }),
  instruction({
    name: 'ud0',
    sdm: '2D, UD',
    support: 'full',
    forms: ['0F FF /r  Gv,Ev'],
    lift: (b) => b.raise(VECTOR.UD),
  }),
];

function hex(opcode: number): string {
  return opcode.toString(16).toUpperCase();
}

// Intel SDM 2A CALL, JMP, 2B RET: #GP(0) when the target is not canonical, before anything changes.
function checkedTarget(b: Lifter, target: Int): I64 {
  b.ir.checkTarget(as64(target));
  return as64(target);
}

function addressOf(target: Operand): number {
  return target.kind === 'target' ? target.address : 0;
}

/** Flags stay; with 67h the counter is ECX. */
function loop(b: Lifter, target: Operand, also: I32 | null): void {
  const width = b.instruction.addressWidth;
  const count = b.sub(b.getRegister(RCX, width), b.int(width, 1));
  b.setRegister(RCX, count);
  const goesOn = b.logicalNot(b.isZero(count));
  b.ir.branch(also === null ? goesOn : b.ir.and32(goesOn, also), addressOf(target), b.next);
}
