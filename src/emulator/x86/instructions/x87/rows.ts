/** The x87 instructions: Intel SDM 1, 5.2. Each row checks, then calls its operation in ir/x87/. */
import type { I32 } from '../../../ir/block.ts';
import { VARIABLE } from '../../../ir/state-layout.ts';
import type { Condition } from '../../flags.ts';
import { type Instruction, instruction } from '../../instruction.ts';
import type { Lifter } from '../../lifter.ts';
import type { Operand } from '../../operands.ts';
import { RAX } from '../../registers.ts';
import { checkPending, readableAddress, run, writableAddress } from './operand-checks.ts';

type Lift = (b: Lifter, ...operands: Operand[]) => void;

function row(name: string, forms: readonly string[], lift: Lift): Instruction {
  return instruction({ name, sdm: `2A, ${name.toUpperCase()}`, feature: 'fpu', forms, support: 'full', lift });
}

/** A row that waits for pending exceptions first. */
function waiting(name: string, forms: readonly string[], lift: Lift): Instruction {
  return row(name, forms, (b, ...operands) => {
    checkPending(b);
    lift(b, ...operands);
  });
}

/** No operands. */
function plain(name: string, encoding: string, operation: string, first = 0, second = 0): Instruction {
  return waiting(name, [encoding], (b) => run(b, operation, first, second));
}

function stack(operand: Operand | undefined): number {
  return operand?.kind === 'st' ? operand.register : 0;
}

/** Memory forms by operand size: the operation's suffix and the bytes it reads. */
const FORMAT_OF_WIDTH: Readonly<Record<number, readonly [string, number]>> = { 32: ['m32', 4], 64: ['m64', 8] };
const INTEGER_OF_WIDTH: Readonly<Record<number, readonly [string, number]>> = {
  16: ['i16', 2],
  32: ['i32', 4],
  64: ['i64', 8],
};

function widthOf(operand: Operand): number {
  return operand.kind === 'memory' ? operand.width : 0;
}

/** FADD and its kind: memory, ST(0) with ST(i), ST(i) with ST(0), the same with pop, and integers. */
function arithmetic(name: string, digit: number, toTop: string, fromTop: string, fromTopPop: string): Instruction[] {
  const operation = name.slice(1);
  return [
    waiting(
      name,
      [`D8 /${digit}  Md`, `DC /${digit}  Mq`, `D8 ${toTop}+i  ST0,STi`, `DC ${fromTop}+i  STi,ST0`],
      (b, dst, src) => {
        if (dst.kind === 'memory') {
          const [suffix, bytes] = FORMAT_OF_WIDTH[widthOf(dst)];
          run(b, `${operation}.${suffix}`, readableAddress(b, dst, bytes));
        } else run(b, operation, stack(dst) | (stack(src) << 3));
      },
    ),
    waiting(`${name}p`, [`DE ${fromTopPop}+i  STi,ST0`], (b, dst, src) => {
      run(b, operation, stack(dst) | (stack(src) << 3), 1);
    }),
    waiting(`fi${operation}`, [`DA /${digit}  Md`, `DE /${digit}  Mw`], (b, src) => {
      const [suffix, bytes] = INTEGER_OF_WIDTH[widthOf(src)];
      run(b, `${operation}.${suffix}`, readableAddress(b, src, bytes));
    }),
  ];
}

function compareMemory(
  name: string,
  forms: readonly string[],
  formats: typeof FORMAT_OF_WIDTH,
  pops: number,
): Instruction {
  return waiting(name, forms, (b, src) => {
    if (src.kind !== 'memory') run(b, 'com', stack(src), pops);
    else {
      const [suffix, bytes] = formats[widthOf(src)];
      run(b, `com.${suffix}`, readableAddress(b, src, bytes), pops);
    }
  });
}

/** Compares with ST(i) and pops. */
function compareRegister(name: string, encoding: string, operation: string, pops: number): Instruction {
  return waiting(name, [`${encoding}  STi`], (b, src) => run(b, operation, stack(src), pops));
}

function compareToFlags(name: string, encoding: string, operation: string, pops: number): Instruction {
  return waiting(name, [`${encoding}  ST0,STi`], (b, _dst, src) => {
    b.setFlagBits(run(b, operation, stack(src), pops));
  });
}

function conditionalMove(name: string, encoding: string, condition: Condition): Instruction {
  return waiting(name, [`${encoding}  ST0,STi`], (b, _dst, src) => run(b, 'cmov', stack(src), b.condition(condition)));
}

/** A load or store with a memory operand of one size. */
function memory(
  name: string,
  form: string,
  operation: string,
  bytes: number,
  access: 'read' | 'write',
  pops = 0,
): Instruction {
  const addressOf = access === 'read' ? readableAddress : writableAddress;
  return waiting(name, [form], (b, operand) => run(b, operation, addressOf(b, operand, bytes), pops));
}

/** FNSTCW, FNSTSW: the low or high half of the variable FSW:FCW, without waiting. */
function storeWord(name: string, form: string, half: 0 | 1): Instruction {
  return row(name, [form], (b, dst) => b.write(dst, b.fromI32(16, controlHalf(b, half))));
}

function controlHalf(b: Lifter, half: 0 | 1): I32 {
  const both = b.ir.get32(VARIABLE.x87Control);
  return half === 1 ? b.ir.shr32(both, b.const32(16)) : b.ir.and32(both, b.const32(0xffff));
}

/** FNSTENV and its kind: 28 bytes, 14 with 66h, and 80 more for the registers. */
function environment(
  name: string,
  form: string,
  operation: string,
  isStore: boolean,
  hasRegisters: boolean,
  waits: boolean,
): Instruction {
  return (waits ? waiting : row)(name, [form], (b, operand) => {
    const isShort = b.instruction.operandWidth === 16;
    const bytes = (isShort ? 14 : 28) + (hasRegisters ? 80 : 0);
    const address = (isStore ? writableAddress : readableAddress)(b, operand, bytes);
    run(b, operation, address, isShort ? 1 : 0);
  });
}

const CONSTANT_NAMES = ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'];

export const x87: readonly Instruction[] = [
  ...arithmetic('fadd', 0, 'C0', 'C0', 'C0'),
  ...arithmetic('fmul', 1, 'C8', 'C8', 'C8'),
  ...arithmetic('fsub', 4, 'E0', 'E8', 'E8'),
  ...arithmetic('fsubr', 5, 'E8', 'E0', 'E0'),
  ...arithmetic('fdiv', 6, 'F0', 'F8', 'F8'),
  ...arithmetic('fdivr', 7, 'F8', 'F0', 'F0'),
  compareMemory('fcom', ['D8 /2  Md', 'DC /2  Mq', 'D8 D0+i  STi', 'DC D0+i  STi'], FORMAT_OF_WIDTH, 0),
  compareMemory(
    'fcomp',
    ['D8 /3  Md', 'DC /3  Mq', 'D8 D8+i  STi', 'DC D8+i  STi', 'DE D0+i  STi'],
    FORMAT_OF_WIDTH,
    1,
  ),
  compareMemory('ficom', ['DA /2  Md', 'DE /2  Mw'], INTEGER_OF_WIDTH, 0),
  compareMemory('ficomp', ['DA /3  Md', 'DE /3  Mw'], INTEGER_OF_WIDTH, 1),
  plain('fcompp', 'DE D9', 'com', 1, 2),
  plain('fucompp', 'DA E9', 'ucom', 1, 2),
  compareRegister('fucom', 'DD E0+i', 'ucom', 0),
  compareRegister('fucomp', 'DD E8+i', 'ucom', 1),
  compareToFlags('fcomi', 'DB F0+i', 'comi', 0),
  compareToFlags('fcomip', 'DF F0+i', 'comi', 1),
  compareToFlags('fucomi', 'DB E8+i', 'ucomi', 0),
  compareToFlags('fucomip', 'DF E8+i', 'ucomi', 1),
  plain('ftst', 'D9 E4', 'tst'),
  row('fxam', ['D9 E5'], (b) => {
    checkPending(b);
    run(b, 'xam');
  }),
  conditionalMove('fcmovb', 'DA C0+i', 'b'),
  conditionalMove('fcmove', 'DA C8+i', 'e'),
  conditionalMove('fcmovbe', 'DA D0+i', 'be'),
  conditionalMove('fcmovu', 'DA D8+i', 'p'),
  conditionalMove('fcmovnb', 'DB C0+i', 'ae'),
  conditionalMove('fcmovne', 'DB C8+i', 'ne'),
  conditionalMove('fcmovnbe', 'DB D0+i', 'a'),
  conditionalMove('fcmovnu', 'DB D8+i', 'np'),
  memory('fld', 'D9 /0  Md', 'ld.m32', 4, 'read'),
  memory('fld', 'DD /0  Mq', 'ld.m64', 8, 'read'),
  memory('fld', 'DB /5  Mt', 'ld.m80', 10, 'read'),
  waiting('fld', ['D9 C0+i  STi'], (b, src) => run(b, 'ld', stack(src))),
  memory('fst', 'D9 /2  Md', 'st.m32', 4, 'write'),
  memory('fst', 'DD /2  Mq', 'st.m64', 8, 'write'),
  waiting('fst', ['DD D0+i  STi'], (b, dst) => run(b, 'st', stack(dst))),
  memory('fstp', 'D9 /3  Md', 'st.m32', 4, 'write', 1),
  memory('fstp', 'DD /3  Mq', 'st.m64', 8, 'write', 1),
  memory('fstp', 'DB /7  Mt', 'st.m80', 10, 'write', 1),
  waiting('fstp', ['DD D8+i  STi', 'DF D0+i  STi', 'DF D8+i  STi'], (b, dst) => run(b, 'st', stack(dst), 1)),
  memory('fild', 'DF /0  Mw', 'ild.i16', 2, 'read'),
  memory('fild', 'DB /0  Md', 'ild.i32', 4, 'read'),
  memory('fild', 'DF /5  Mq', 'ild.i64', 8, 'read'),
  memory('fist', 'DF /2  Mw', 'ist.i16', 2, 'write'),
  memory('fist', 'DB /2  Md', 'ist.i32', 4, 'write'),
  memory('fistp', 'DF /3  Mw', 'ist.i16', 2, 'write', 1),
  memory('fistp', 'DB /3  Md', 'ist.i32', 4, 'write', 1),
  memory('fistp', 'DF /7  Mq', 'ist.i64', 8, 'write', 1),
  memory('fisttp', 'DF /1  Mw', 'istt.i16', 2, 'write', 1),
  memory('fisttp', 'DB /1  Md', 'istt.i32', 4, 'write', 1),
  memory('fisttp', 'DD /1  Mq', 'istt.i64', 8, 'write', 1),
  memory('fbld', 'DF /4  Mt', 'bld', 10, 'read'),
  memory('fbstp', 'DF /6  Mt', 'bstp', 10, 'write', 1),
  waiting('fxch', ['D9 C8+i  STi', 'DD C8+i  STi', 'DF C8+i  STi'], (b, src) => run(b, 'xch', stack(src))),
  plain('fchs', 'D9 E0', 'chs'),
  plain('fabs', 'D9 E1', 'abs'),
  ...CONSTANT_NAMES.map((name, i) => plain(name, `D9 E${(8 + i).toString(16).toUpperCase()}`, 'constant', i)),
  plain('f2xm1', 'D9 F0', '2xm1'),
  plain('fyl2x', 'D9 F1', 'yl2x'),
  plain('fptan', 'D9 F2', 'ptan'),
  plain('fpatan', 'D9 F3', 'patan'),
  plain('fxtract', 'D9 F4', 'xtract'),
  plain('fprem1', 'D9 F5', 'prem1'),
  plain('fprem', 'D9 F8', 'prem'),
  plain('fyl2xp1', 'D9 F9', 'yl2xp1'),
  plain('fsincos', 'D9 FB', 'sincos'),
  plain('fsin', 'D9 FE', 'sin'),
  plain('fcos', 'D9 FF', 'cos'),
  plain('fsqrt', 'D9 FA', 'sqrt'),
  plain('frndint', 'D9 FC', 'rndint'),
  plain('fscale', 'D9 FD', 'scale'),
  plain('fdecstp', 'D9 F6', 'decstp'),
  plain('fincstp', 'D9 F7', 'incstp'),
  waiting('ffree', ['DD C0+i  STi'], (b, register) => run(b, 'free', stack(register))),
  waiting('ffreep', ['DF C0+i  STi'], (b, register) => {
    run(b, 'free', stack(register));
    run(b, 'free', 0);
    run(b, 'incstp');
  }),
  waiting('fnop', ['D9 D0'], () => {}),
  // What was of use to the 8087 and the 287 does nothing since.
  row('fneni', ['DB E0'], () => {}),
  row('fndisi', ['DB E1'], () => {}),
  row('fnsetpm', ['DB E4'], () => {}),
  waiting('fwait', ['9B'], () => {}),
  memory('fldcw', 'D9 /5  Mw', 'ldcw', 2, 'read'),
  storeWord('fnstcw', 'D9 /7  Mw', 0),
  storeWord('fnstsw', 'DD /7  Mw', 1),
  row('fnstsw', ['DF E0'], (b) => b.setRegister(RAX, b.fromI32(16, controlHalf(b, 1)))),
  row('fnclex', ['DB E2'], (b) => run(b, 'nclex')),
  row('fninit', ['DB E3'], (b) => run(b, 'ninit')),
  environment('fldenv', 'D9 /4  M', 'ldenv', false, false, true),
  environment('fnstenv', 'D9 /6  M', 'nstenv', true, false, false),
  environment('frstor', 'DD /4  M', 'rstor', false, true, true),
  environment('fnsave', 'DD /6  M', 'nsave', true, true, false),
];
