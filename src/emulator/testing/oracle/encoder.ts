/** Machine code for instruction forms with operands chosen at random: the inverse of the decoder, for tests only. */
import type { Form, OperandCode } from '../../x86/form.ts';
import type { Random } from '../random.ts';

/** Where a memory operand's address comes from; values are those the registers must have. */
export interface MemoryPlan {
  /** Register number or -1. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly displacement: number;
  readonly isRipRelative: boolean;
  readonly hasGs: boolean;
  readonly isAddress32: boolean;
}

export interface Encoded {
  readonly code: Uint8Array;
  /** The ModRM memory operand; null when there is none. */
  readonly memory: MemoryPlan | null;
  /** Where the 32-bit displacement of a RIP-relative operand lies in the code; -1 without. */
  readonly displacementAt: number;
  /** Bytes of an absolute address operand (MOV moffs) at this place; -1 without. */
  readonly absoluteAt: number;
}

const MANDATORY: Readonly<Record<string, number>> = { '66': 0x66, F2: 0xf2, F3: 0xf3 };

/** A random encoding of `form`; `isPlaced`: memory operands are RIP-relative, without GS or 67h. */
export function encodeForm(form: Form, random: Random, isPlaced = false): Encoded {
  const bytes: number[] = [];
  const isAddress32 = !isPlaced && random.oneIn(24);
  const hasGs = !isPlaced && random.oneIn(24);
  if (hasGs) bytes.push(0x65);
  if (isAddress32) bytes.push(0x67);
  if (form.isLockable && random.oneIn(6)) bytes.push(0xf0);
  if (hasFreeSize(form) && random.oneIn(4)) bytes.push(0x66);
  if (form.prefix in MANDATORY) bytes.push(MANDATORY[form.prefix]);
  else if (isString(form) && random.oneIn(2)) bytes.push(random.pick([0xf2, 0xf3]));
  // 90h with REX.B is XCHG.
  const rex =
    (form.w < 0 && !isFarPointer(form) ? random.below(2) << 3 : Math.max(form.w, 0) << 3) |
    (random.below(8) & (form.forbidsRexB ? 6 : 7));
  const hasRex = form.w === 1 || random.oneIn(2);
  if (hasRex) bytes.push(0x40 | rex);
  pushOpcode(form, bytes, random);
  return finish(form, bytes, random, { rex: hasRex ? rex : 0, isAddress32, hasGs, isPlaced });
}

function hasFreeSize(form: Form): boolean {
  // Near branches: Intel ignores 66h, AMD cuts the target to 16 bits.
  const isBranch = form.defaultSize === 'f64' || form.operands.some(({ letter }) => letter === 'J');
  // MOVSXD of a word: Intel reads 16 bits, AMD 32.
  if (form.row.name === 'movsxd') return false;
  if (isFarReturn(form)) return true;
  return (
    form.prefix === 'any' &&
    !isBranch &&
    form.operands.some(({ size }) => size === 'v' || size === 'z' || size === 'y' || size === 'p')
  );
}

// With REX.W Intel takes an offset of 64 bits, AMD one of 32.
export function isFarPointer({ operands }: Form): boolean {
  return operands.some(({ size }) => size === 'p');
}

export function isFarReturn({ row }: Form): boolean {
  return /^(retf|iret)/.test(row.name);
}

// One-byte MOVS, CMPS, STOS, LODS, SCAS: only these look at REP.
function isString(form: Form): boolean {
  return (
    form.map === 0 && ((form.opcode >= 0xa4 && form.opcode <= 0xa7) || (form.opcode >= 0xaa && form.opcode <= 0xaf))
  );
}

function pushOpcode(form: Form, bytes: number[], random: Random): void {
  if (form.map > 0) bytes.push(0x0f);
  if (form.map === 2) bytes.push(0x38);
  if (form.map === 3) bytes.push(0x3a);
  bytes.push(form.opcode + (form.hasOpcodeRegister ? random.below(8) : 0));
}

interface Prefixes {
  readonly rex: number;
  readonly isAddress32: boolean;
  readonly hasGs: boolean;
  readonly isPlaced: boolean;
}

function finish(form: Form, bytes: number[], random: Random, prefixes: Prefixes): Encoded {
  let memory: MemoryPlan | null = null;
  let displacementAt = -1;
  if (form.hasModrm) {
    const any = modrmOf(form, random);
    const modrm = prefixes.isPlaced && any < 0xc0 ? (any & 0x38) | 5 : any;
    bytes.push(modrm);
    if (modrm < 0xc0) {
      memory = pushMemory(modrm, bytes, random, prefixes);
      if (memory.isRipRelative) displacementAt = bytes.length - 4;
    }
  }
  let absoluteAt = -1;
  for (const operand of form.operands) {
    if (operand.letter === 'O') absoluteAt = bytes.length;
    for (let left = immediateSize(operand, form, bytes, prefixes); left > 0; left--) bytes.push(immediateByte(random));
  }
  return { code: Uint8Array.from(bytes), memory, displacementAt, absoluteAt };
}

function modrmOf(form: Form, random: Random): number {
  if (form.modrmMask !== 0) return form.modrmByte | (random.below(256) & ~form.modrmMask);
  // A load of SS, FS or GS would reach the host's own: ES, DS, and those that are #UD remain.
  const isSegmentLoad = form.operands[0]?.letter === 'S';
  const reg = form.reg >= 0 ? form.reg : isSegmentLoad ? random.pick([0, 1, 3, 6, 7]) : random.below(8);
  const isRegister = form.rm === 'register' || (form.rm === 'any' && random.oneIn(2));
  return ((isRegister ? 3 : random.below(3)) << 6) | (reg << 3) | random.below(8);
}

function pushMemory(modrm: number, bytes: number[], random: Random, { rex, isAddress32, hasGs }: Prefixes): MemoryPlan {
  const mod = modrm >> 6;
  let base = (modrm & 7) | ((rex & 1) << 3);
  let index = -1;
  let scale = 0;
  const isRipRelative = mod === 0 && (modrm & 7) === 5;
  if ((modrm & 7) === 4) {
    const sib = sibFor(rex, random);
    bytes.push(sib);
    scale = sib >> 6;
    index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (index === 4) index = -1;
    base = (sib & 7) | ((rex & 1) << 3);
    if ((sib & 7) === 5 && mod === 0) base = -1;
  } else if (isRipRelative) base = -1;
  let displacement = 0;
  if (mod === 1) {
    displacement = (random.below(256) << 24) >> 24;
    bytes.push(displacement & 0xff);
  } else if (mod === 2 || base < 0) {
    displacement = random.pick([0, 16, -16, 0x1000]);
    for (let i = 0; i < 4; i++) bytes.push((displacement >> (8 * i)) & 0xff);
  }
  return { base, index, scale, displacement, isRipRelative, hasGs, isAddress32 };
}

/** A SIB byte whose base and index are different registers. */
function sibFor(rex: number, random: Random): number {
  for (;;) {
    const sib = random.below(256);
    const base = (sib & 7) | ((rex & 1) << 3);
    const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (base !== index) return sib;
  }
}

function immediateSize(
  { letter, size }: OperandCode,
  form: Form,
  bytes: readonly number[],
  prefixes: Prefixes,
): number {
  if (letter === 'O') return prefixes.isAddress32 ? 4 : 8;
  if (letter === 'J') return size === 'b' ? 1 : 4;
  if (letter !== 'I' && letter !== 'sI') return 0;
  if (size === 'b') return 1;
  if (size === 'w') return 2;
  const isWide = (prefixes.rex & 8) !== 0 || form.defaultSize === 'f64';
  if (isWide) return size === 'v' ? 8 : 4;
  const hasOperandSize = bytes.slice(0, 4).includes(0x66) && form.prefix === 'any' && hasFreeSize(form);
  return hasOperandSize ? 2 : 4;
}

function immediateByte(random: Random): number {
  return random.oneIn(2) ? random.pick([0, 1, 0x7f, 0x80, 0xff, 8, 31, 32]) : random.below(256);
}
