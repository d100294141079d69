/** Flag control, miscellaneous and system instructions: Intel SDM 1, 5.1.11, 5.1.13 and 5.20. */
import { VECTOR } from '../../exit.ts';
import type { I32 } from '../../ir/block.ts';
import { VARIABLE } from '../../ir/state-layout.ts';
import { type Instruction, instruction } from '../instruction.ts';
import { AH_FLAGS, type Lifter } from '../lifter.ts';
import type { Int } from '../int-builder.ts';
import { integerWidth, type Operand } from '../operands.ts';
import { R11, RAX, RCX } from '../registers.ts';
import { architecturalFlags } from './stack.ts';

const DF = 0x400;

const HINTS: readonly (readonly [name: string, sdm: string, forms: readonly string[]])[] = [
  [
    'nop',
    '2B, NOP',
    ['0F 19 /r  Ev', '0F 1A /r  Ev', '0F 1B /r  Ev', '0F 1C /r  Ev', '0F 1D /r  Ev', '0F 1E /r  Ev', '0F 1F /r  Ev'],
  ],
  ['nop', '2B, NOP', ['90  -  b0']],
  ['pause', '2B, PAUSE', ['F3 90  -  b0']],
  ['endbr64', '2A, ENDBR64', ['F3 0F 1E FA']],
  ['prefetch', '2B, PREFETCHh', ['0F 18 /r  Ev']],
  ['prefetchw', '2B, PREFETCHW', ['0F 0D /r  M']],
  ['lfence', '2A, LFENCE', ['NP 0F AE E8+i']],
  ['mfence', '2B, MFENCE', ['NP 0F AE F0+i']],
  ['sfence', '2B, SFENCE', ['NP 0F AE F8+i']],
];

/** Not for user code: #GP(0) at ring 3. */
const PRIVILEGED: readonly (readonly [name: string, sdm: string, forms: readonly string[]])[] = [
  ['hlt', '2A, HLT', ['F4']],
  ['cli', '2A, CLI', ['FA']],
  ['sti', '2B, STI', ['FB']],
  ['in', '2A, IN', ['E4 ib  AL,Ib', 'E5 ib  rAX,Ib', 'EC  AL,DX', 'ED  rAX,DX']],
  ['out', '2B, OUT', ['E6 ib  Ib,AL', 'E7 ib  Ib,rAX', 'EE  DX,AL', 'EF  DX,rAX']],
  ['insb', '2A, INS', ['6C']],
  ['insw/insd', '2A, INS', ['6D']],
  ['outsb', '2B, OUTS', ['6E']],
  ['outsw/outsd', '2B, OUTS', ['6F']],
  ['clts', '2A, CLTS', ['0F 06']],
  ['invd', '2A, INVD', ['0F 08']],
  ['wbinvd', '2D, WBINVD', ['0F 09']],
  ['wrmsr', '2D, WRMSR', ['0F 30']],
  ['rdmsr', '2B, RDMSR', ['0F 32']],
  ['rdpmc', '2B, RDPMC', ['0F 33']],
  ['sysret/sysret/sysretq', '2B, SYSRET', ['0F 07']],
  ['sysexit/sysexit/sysexitq', '2B, SYSEXIT', ['0F 35']],
  ['lldt', '2A, LLDT', ['0F 00 /2  Ew']],
  ['ltr', '2A, LTR', ['0F 00 /3  Ew']],
  ['lmsw', '2A, LMSW', ['0F 01 /6  Ew']],
  ['invlpg', '2A, INVLPG', ['0F 01 /7  M']],
  ['swapgs', '2B, SWAPGS', ['0F 01 F8']],
  ['lgdt', '2A, LGDT/LIDT', ['0F 01 /2  M']],
  ['lidt', '2A, LGDT/LIDT', ['0F 01 /3  M']],
];

/** MOV to and from CR0, 2, 3, 4, 8 and DR0 to 7 is privileged; other numbers are #UD before that. */
const CONTROL_REGISTERS = [0, 2, 3, 4, 8];

const privilegedMoves: readonly Instruction[] = [
  instruction({
    name: 'mov cr',
    sdm: '2B, MOV to/from control registers',
    support: 'full',
    forms: ['0F 20 /r  Rq,Gq  mod3', '0F 22 /r  Gq,Rq  mod3'],
    lift: (b, dst, src) => refuse(b, CONTROL_REGISTERS.includes(specialNumber(b, dst, src))),
  }),
  instruction({
    name: 'mov dr',
    sdm: '2B, MOV to/from debug registers',
    support: 'full',
    forms: ['0F 21 /r  Rq,Gq  mod3', '0F 23 /r  Gq,Rq  mod3'],
    lift: (b, dst, src) => refuse(b, specialNumber(b, dst, src) < 8),
  }),
];

/** The operand that the G letter names. */
function specialNumber(b: Lifter, dst: Operand, src: Operand): number {
  const operand = b.instruction.form.operands[0].letter === 'G' ? dst : src;
  return operand.kind === 'register' ? operand.register : -1;
}

function refuse(b: Lifter, exists: boolean): void {
  b.raise(exists ? VECTOR.GP : VECTOR.UD);
}

export const system: readonly Instruction[] = [
  carryRow('clc', '2A, CLC', 'F8', (b) => b.setSomeFlags({ cf: b.const32(0) })),
  carryRow('stc', '2B, STC', 'F9', (b) => b.setSomeFlags({ cf: b.const32(1) })),
  carryRow('cmc', '2A, CMC', 'F5', (b) => b.setSomeFlags({ cf: b.logicalNot(b.flag('cf')) })),
  carryRow('cld', '2A, CLD', 'FC', (b) =>
    b.ir.setLow32(b.ir.and32(b.ir.get32(VARIABLE.systemFlags), b.const32(~DF)), VARIABLE.systemFlags),
  ),
  carryRow('std', '2B, STD', 'FD', (b) =>
    b.ir.setLow32(b.ir.or32(b.ir.get32(VARIABLE.systemFlags), b.const32(DF)), VARIABLE.systemFlags),
  ),
  instruction({
    name: 'lahf',
    sdm: '2A, LAHF',
    support: 'full',
    forms: ['9F'],
    lift(b) {
      const flags = b.ir.or32(b.ir.and32(b.flagBits(), b.const32(AH_FLAGS)), b.const32(2));
      b.write({ kind: 'register', register: RAX, width: 8, isHighByte: true }, b.fromI32(8, flags));
    },
  }),
  instruction({
    name: 'sahf',
    sdm: '2B, SAHF',
    support: 'full',
    forms: ['9E'],
    lift(b) {
      const ah = b.ir.shr32(b.ir.get32(RAX), b.const32(8));
      const kept = b.ir.and32(b.flagBits(), b.const32(~AH_FLAGS));
      b.setFlagBits(b.ir.or32(kept, b.ir.and32(ah, b.const32(AH_FLAGS))));
    },
  }),
  instruction({
    name: 'syscall',
    sdm: '2B, SYSCALL',
    support: 'full',
    forms: ['0F 05'],
    lift(b) {
      const flags = b.ir.zext32(architecturalFlags(b));
      b.ir.set64(b.address(b.next), RCX);
      b.ir.set64(flags, R11);
      b.ir.syscall(b.next);
    },
  }),
  instruction({
    name: 'cpuid',
    sdm: '2A, CPUID',
    support: 'full',
    forms: ['0F A2'],
    lift: (b) => callHelper(b, 'cpuid'),
  }),
  instruction({
    name: 'rdtsc',
    sdm: '2B, RDTSC',
    support: 'full',
    forms: ['0F 31'],
    lift: (b) => callHelper(b, 'rdtsc'),
  }),
  instruction({
    name: 'rdtscp',
    sdm: '2B, RDTSCP',
    support: 'full',
    feature: 'rdtscp',
    forms: ['0F 01 F9'],
    lift(b) {
      callHelper(b, 'rdtsc');
      b.setRegister(RCX, b.int(32, 0)); // TSC_AUX: the processor's number
    },
  }),
  randomRow('rdrand', 6),
  randomRow('rdseed', 7),
  ...HINTS.map(([name, sdm, forms]) => instruction({ name, sdm, support: 'full', forms, lift: () => {} })),
  ...privilegedMoves,
  ...PRIVILEGED.map(([name, sdm, forms]) =>
    instruction({ name, sdm, support: 'full', forms, lift: (b) => b.raise(VECTOR.GP) }),
  ),
];

function carryRow(name: string, sdm: string, form: string, lift: (b: Lifter) => void): Instruction {
  return instruction({ name, sdm, support: 'full', forms: [form], lift });
}

/** CF is 1, the other status flags 0: there always is a number. */
function randomRow(name: string, digit: number): Instruction {
  return instruction({
    name,
    sdm: `2B, ${name.toUpperCase()}`,
    support: 'full',
    feature: name,
    forms: [`NP 0F C7 /${digit}  Rv`, `66 0F C7 /${digit}  Rv`],
    lift(b, dst) {
      const word = (): I32 => b.ir.helper(b.const32(0), b.const32(0), 'random');
      const width = integerWidth(dst);
      b.write(dst, width === 64 ? b.fromI64(b.ir.pair64(word(), word())) : truncated(b, word(), width));
      b.setFlagBits(b.const32(1));
    },
  });
}

function truncated(b: Lifter, word: I32, width: 8 | 16 | 32): Int {
  return b.fromI32(width, width === 16 ? b.ir.and32(word, b.const32(0xffff)) : word);
}

/** A helper without arguments, for its effect on the state. */
function callHelper(b: Lifter, name: string): void {
  const zero = b.const32(0);
  b.ir.helper(zero, zero, name);
}
