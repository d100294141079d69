/**
 * Segment selectors and descriptors as Linux shows them to user code: far pointer loads (Intel SDM 1, 5.1.10), LAR, LSL, VERR,
 * VERW on its descriptor table, and SLDT, STR, SGDT, SIDT, SMSW as its UMIP emulation answers them (arch/x86/kernel/umip.c).
 */
import type { I32 } from '../../ir/block.ts';
import { type Instruction, instruction, partial } from '../instruction.ts';
import type { Int } from '../int-builder.ts';
import type { Lifter } from '../lifter.ts';
import { integerWidth, type Operand } from '../operands.ts';
import { checkSelector, FS, GS, loadFarPointer, SS } from '../segments.ts';

/** What user code may ask of, by selector without its privilege bits. Linux arch/x86/kernel/cpu/common.c. */
const DESCRIPTORS = [
  { selector: 0x20, rights: 0xcf_fb00, limit: -1, isWritable: false }, // 32-bit code
  { selector: 0x28, rights: 0xcf_f300, limit: -1, isWritable: true }, // data
  { selector: 0x30, rights: 0xaf_fb00, limit: -1, isWritable: false }, // 64-bit code
  { selector: 0x78, rights: 0x40_f500, limit: 0, isWritable: false }, // its limit is the processor's number: 0
] as const;

type Descriptor = (typeof DESCRIPTORS)[number];

const TABLES = {
  sgdt: { form: '0F 01 /0  M', base: -0x2_0000 },
  sidt: { form: '0F 01 /1  M', base: -0x1_0000 },
} as const;

const WORDS = {
  sldt: { form: '0F 00 /0  Ev', value: 0 },
  str: { form: '0F 00 /1  Ev', value: 0x40 },
  smsw: { form: '0F 01 /4  Ev', value: 0x8005_0033 | 0 },
} as const;

export const segment: readonly Instruction[] = [
  farLoad('lss', '0F B2', SS),
  farLoad('lfs', '0F B4', FS),
  farLoad('lgs', '0F B5', GS),
  ask('lar', '0F 02', ({ rights }) => rights),
  ask('lsl', '0F 03', ({ limit }) => limit),
  verify('verr', '0F 00 /4', () => true),
  verify('verw', '0F 00 /5', ({ isWritable }) => isWritable),
  ...Object.entries(WORDS).map(([name, { form, value }]) =>
    instruction({
      name,
      sdm: `2B, ${name.toUpperCase()}`,
      support: 'full',
      forms: [form],
      lift: (b, dst) => storeWord(b, dst, value),
    }),
  ),
  ...Object.entries(TABLES).map(([name, { form, base }]) =>
    instruction({
      name,
      sdm: `2B, ${name.toUpperCase()}`,
      support: 'full',
      forms: [form],
      lift(b, dst) {
        const address = b.addressOf(dst);
        b.ir.checkWrite(address, 10);
        b.store(address, b.int(16, 0));
        b.store(b.ir.add64(address, b.address(2)), b.fromI64(b.ir.const64(base, -1)));
      },
    }),
  ),
];

function farLoad(name: string, opcode: string, register: number): Instruction {
  return instruction({
    name,
    sdm: '2A, LDS/LES/LFS/LGS/LSS',
    support: partial('checks the selector and does not keep it'),
    forms: [`${opcode} /r  Gv,Mp`],
    lift(b, dst, pointer) {
      const { offset, selector } = loadFarPointer(b, pointer);
      checkSelector(b, register, selector);
      b.write(dst, offset);
    },
  });
}

/** ZF, and a number of the descriptor in the destination, where user code may ask of the selector. */
function ask(name: string, opcode: string, answer: (descriptor: Descriptor) => number): Instruction {
  return instruction({
    name,
    sdm: `2A, ${name.toUpperCase()}`,
    support: 'full',
    forms: [`${opcode} /r  Gv,Ew`],
    lift(b, dst, src) {
      const selector = withoutPrivilege(b, src);
      let value: I32 = b.const32(0);
      for (const descriptor of DESCRIPTORS) {
        value = b.ir.select32(isSelector(b, selector, descriptor), b.const32(answer(descriptor)), value);
      }
      const isThere = oneOf(b, selector, DESCRIPTORS);
      const width = integerWidth(dst);
      // A destination that keeps its value keeps all of it.
      const full = b.zeroExtend(b.fromI32(32, value), width === 16 ? 16 : 64);
      const target: Operand = width === 16 || dst.kind !== 'register' ? dst : { ...dst, width: 64 };
      b.write(target, b.select(isThere, full, b.read(target)));
      b.setSomeFlags({ zf: isThere });
    },
  });
}

function verify(name: string, opcode: string, isAllowed: (descriptor: Descriptor) => boolean): Instruction {
  return instruction({
    name,
    sdm: '2D, VERR/VERW',
    support: 'full',
    forms: [`${opcode}  Ew`],
    lift: (b, src) => b.setSomeFlags({ zf: oneOf(b, withoutPrivilege(b, src), DESCRIPTORS.filter(isAllowed)) }),
  });
}

function withoutPrivilege(b: Lifter, src: Operand): I32 {
  return b.ir.and32(b.low32(b.read(src)), b.const32(0xfffc));
}

function isSelector(b: Lifter, selector: I32, descriptor: Descriptor): I32 {
  return b.ir.eq32(selector, b.const32(descriptor.selector));
}

function oneOf(b: Lifter, selector: I32, descriptors: readonly Descriptor[]): I32 {
  return descriptors
    .map((descriptor) => isSelector(b, selector, descriptor))
    .reduce((found, one) => b.ir.or32(found, one));
}

// The kernel writes what the operand size says and leaves the rest of a register; into memory always 16 bits.
function storeWord(b: Lifter, dst: Operand, value: number): void {
  if (dst.kind === 'memory') return b.store(b.addressOf(dst), b.int(16, value & 0xffff));
  if (dst.kind !== 'register') return;
  const word: Int = b.int(32, value);
  if (dst.width !== 32) b.write(dst, b.zeroExtend(word, dst.width));
  else b.ir.setLow32(b.low32(word), dst.register);
}
