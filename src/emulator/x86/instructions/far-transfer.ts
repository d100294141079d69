/**
 * Far transfers: Intel SDM 2A, CALL, INT, IRET, JMP; 2B, RET. User code has one privilege and one 64-bit code segment, so all
 * of them stay in it or are #GP. The 32-bit code segment, which Linux gives to user code too, cannot be entered here.
 */
import { VECTOR } from '../../exit.ts';
import type { I32, I64 } from '../../ir/block.ts';
import { VARIABLE } from '../../ir/state-layout.ts';
import { type Instruction, instruction, partial } from '../instruction.ts';
import type { Int } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import type { Operand } from '../operands.ts';
import { RSP } from '../registers.ts';
import { checkSelector, loadFarPointer, SS, USER_CODE } from '../segments.ts';
import { setArchitecturalFlags } from './stack.ts';

const NT = 0x4000;
/** The requested privilege level of a selector. */
const RPL = 3;

const NO_32_BIT_CODE = partial('the segment of 32-bit code cannot be entered');

export const farTransfer: readonly Instruction[] = [
  instruction({
    name: 'jmp',
    sdm: '2A, JMP',
    support: NO_32_BIT_CODE,
    forms: ['FF /5  Mp'],
    lift(b, pointer) {
      const { offset, selector } = loadFarPointer(b, pointer);
      checkCodeSelector(b, b.ir.and32(selector, b.const32(0xffff & ~RPL)), USER_CODE & ~RPL);
      b.ir.jumpIndirect(checkedOffset(b, offset));
    },
  }),
  instruction({
    name: 'call',
    sdm: '2A, CALL',
    support: NO_32_BIT_CODE,
    forms: ['FF /3  Mp'],
    lift(b, pointer) {
      const { offset, selector } = loadFarPointer(b, pointer);
      checkCodeSelector(b, b.ir.and32(selector, b.const32(0xffff & ~RPL)), USER_CODE & ~RPL);
      const step = b.width / 8;
      const target = checkedOffset(b, offset);
      b.ir.checkWrite(b.ir.add64(b.ir.get64(RSP), b.address(-2 * step)), 2 * step);
      b.storeBelowStack(b.int(b.width, USER_CODE), step);
      b.storeBelowStack(b.zeroExtend(b.fromI64(b.address(b.next)), b.width), 2 * step);
      b.moveStack(-2 * step);
      b.ir.callIndirect(target, b.next);
    },
  }),
  instruction({
    name: 'retf',
    sdm: '2B, RET',
    support: NO_32_BIT_CODE,
    forms: ['CB', 'CA iw  Iw'],
    lift: farReturn,
  }),
  instruction({
    name: 'iret/iretd/iretq',
    sdm: '2A, IRET/IRETD/IRETQ',
    support: NO_32_BIT_CODE,
    forms: ['CF'],
    lift: interruptReturn,
  }),
];

function farReturn(b: Lifter, released?: Operand): void {
  const step = b.width / 8;
  const offset = b.loadStack(b.width);
  checkCodeSelector(b, b.ir.and32(b.low32(b.loadStack(b.width, step)), b.const32(0xffff)), USER_CODE);
  const target = checkedOffset(b, offset);
  b.moveStack(2 * step + (released?.kind === 'immediate' ? released.low & 0xffff : 0));
  b.ir.ret(target);
}

// In 64-bit mode it pops SS and RSP whatever the privilege, and returning from a task (NT) is #GP.
function interruptReturn(b: Lifter): void {
  b.raiseIf(b.ir.and32(b.ir.get32(VARIABLE.systemFlags), b.const32(NT)), VECTOR.GP);
  const [offset, code, flags, stack, stackSegment] = [0, 1, 2, 3, 4].map((i) =>
    b.loadStack(b.width, (i * b.width) / 8),
  );
  checkCodeSelector(b, b.ir.and32(b.low32(code), b.const32(0xffff)), USER_CODE);
  checkSelector(b, SS, b.ir.and32(b.low32(stackSegment), b.const32(0xffff)));
  const target = checkedOffset(b, offset);
  b.ir.interpret(); // TF may come with the flags, and the dispatcher looks at it
  b.ir.set64(b.unsigned64(stack), RSP);
  setArchitecturalFlags(b, b.low32(flags));
  b.ir.jumpIndirect(target);
}

function checkCodeSelector(b: Lifter, selector: I32, expected: number): void {
  b.raiseIf(b.logicalNot(b.ir.eq32(selector, b.const32(expected))), VECTOR.GP);
}

function checkedOffset(b: Lifter, offset: Int): I64 {
  const target = b.unsigned64(offset);
  b.ir.checkTarget(target);
  return target;
}
