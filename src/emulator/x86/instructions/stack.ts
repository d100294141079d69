/** The stack: PUSH, POP, ENTER, LEAVE and the flags through it. Intel SDM 1, 5.1.1 and 5.1.8. */
import { VARIABLE } from '../../ir/state-layout.ts';
import type { I32 } from '../../ir/block.ts';
import { STATUS_FLAGS } from '../../ir/lazy-flags.ts';
import { type Instruction, instruction, partial } from '../instruction.ts';
import type { Lifter } from '../lifter.ts';
import { type Operand, integerWidth } from '../operands.ts';
import { RBP, RSP } from '../registers.ts';
import { FS, GS, checkSelector, selector } from '../segments.ts';

/** RFLAGS bits that POPF changes in user mode besides the status flags: TF, DF, NT, AC, ID. */
const POPF_SYSTEM_FLAGS = 0x100 | 0x400 | 0x4000 | 0x4_0000 | 0x20_0000;

export const stack: readonly Instruction[] = [
  instruction({
    name: 'push',
    sdm: '2B, PUSH',
    support: 'full',
    forms: ['50+r  Zv  d64', 'FF /6  Ev  d64', '6A ib  sIb  d64', '68 iz  Iz  d64'],
    lift(b, src) {
      const value = b.read(src);
      b.storeBelowStack(value);
      b.moveStack(-value.width / 8);
    },
  }),
  instruction({
    name: 'pop',
    sdm: '2B, POP',
    support: 'full',
    forms: ['58+r  Zv  d64', '8F /0  Ev  d64'],
    lift: pop,
  }),
  ...(
    [
      ['A0', 'A1', FS],
      ['A8', 'A9', GS],
    ] as const
  ).flatMap(([push, pull, register]) => segmentRows(push, pull, register)),
  instruction({
    name: 'pushf/pushf/pushfq',
    sdm: '2B, PUSHF',
    support: 'full',
    forms: ['9C  -  d64'],
    lift(b) {
      const flags = b.fromI32(32, architecturalFlags(b));
      const value = b.zeroExtend(flags, b.width);
      b.storeBelowStack(value);
      b.moveStack(-value.width / 8);
    },
  }),
  instruction({
    name: 'popf/popf/popfq',
    sdm: '2B, POPF',
    support: 'full',
    forms: ['9D  -  d64'],
    lift(b) {
      const bits = b.low32(b.loadStack(b.width));
      b.moveStack(b.width / 8);
      setArchitecturalFlags(b, bits);
      b.ir.redispatch(b.next);
    },
  }),
  instruction({
    name: 'leave',
    sdm: '2A, LEAVE',
    support: 'full',
    forms: ['C9  -  d64'],
    lift(b) {
      const frame = b.ir.get64(RBP);
      const saved = b.load(b.width, frame);
      b.ir.set64(b.ir.add64(frame, b.address(b.width / 8)), RSP);
      b.setRegister(RBP, saved);
    },
  }),
  instruction({
    name: 'enter',
    sdm: '2A, ENTER',
    support: 'full',
    forms: ['C8 iw ib  Iw,Ib  d64'],
    lift: enter,
  }),
];

function segmentRows(pushOpcode: string, popOpcode: string, register: number): Instruction[] {
  return [
    instruction({
      name: 'push',
      sdm: '2B, PUSH',
      support: partial('pushes the selectors Linux gives to user code'),
      forms: [`0F ${pushOpcode}  -  d64`],
      lift(b) {
        b.storeBelowStack(selector(b, register, b.width));
        b.moveStack(-b.width / 8);
      },
    }),
    instruction({
      name: 'pop',
      sdm: '2B, POP',
      support: partial('checks the selector and does not keep it'),
      forms: [`0F ${popOpcode}  -  d64`],
      lift(b) {
        checkSelector(b, register, b.ir.and32(b.low32(b.loadStack(b.width)), b.const32(0xffff)));
        b.moveStack(b.width / 8);
      },
    }),
  ];
}

// With a nesting level the frame begins with copies of the outer frames' pointers and its own.
function enter(b: Lifter, size: Operand, level: Operand): void {
  const bytes = size.kind === 'immediate' ? size.low & 0xffff : 0;
  const depth = level.kind === 'immediate' ? level.low & 31 : 0;
  const step = b.width / 8;
  const outer = b.ir.get64(RBP);
  const frame = b.ir.add64(b.ir.get64(RSP), b.address(-step));
  b.storeBelowStack(b.getRegister(RBP, b.width));
  for (let i = 1; i < depth; i++) {
    const pointer = b.load(b.width, b.ir.add64(outer, b.address(-i * step)));
    b.storeBelowStack(pointer, (i + 1) * step);
  }
  if (depth > 0) b.storeBelowStack(b.zeroExtend(b.fromI64(frame), b.width), (depth + 1) * step);
  // The processor probes the new top of stack for writing.
  b.ir.checkWrite(b.ir.add64(frame, b.address(-depth * step - bytes)), step);
  b.setRegister(RBP, b.zeroExtend(b.fromI64(frame), b.width));
  b.ir.set64(b.ir.add64(frame, b.address(-depth * step - bytes)), RSP);
}

/** All of RFLAGS that user code sees. */
export function architecturalFlags(b: Lifter): I32 {
  return b.ir.or32(b.ir.get32(VARIABLE.systemFlags), b.flagBits());
}

/** RFLAGS become what POPF and IRET of the operand size take of `bits`; TF may be among them: the dispatcher must see it. */
export function setArchitecturalFlags(b: Lifter, bits: I32): void {
  const mask = b.width === 16 ? POPF_SYSTEM_FLAGS & 0xffff : POPF_SYSTEM_FLAGS;
  const kept = b.ir.and32(b.ir.get32(VARIABLE.systemFlags), b.const32(~mask));
  b.ir.setLow32(b.ir.or32(kept, b.ir.and32(bits, b.const32(mask))), VARIABLE.systemFlags);
  b.setFlagBits(b.ir.and32(bits, b.const32(STATUS_FLAGS)));
}

// An address based on RSP is computed after RSP moved (Intel SDM 2B, POP).
function pop(b: Lifter, dst: Operand): void {
  const width = integerWidth(dst);
  const value = b.loadStack(width);
  if (dst.kind === 'memory') {
    const displacement = dst.base === RSP ? dst.displacement + width / 8 : dst.displacement;
    b.write({ ...dst, displacement }, value);
    b.moveStack(width / 8);
    return;
  }
  b.moveStack(width / 8);
  b.write(dst, value);
}
