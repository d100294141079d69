/** Random and boundary start states around an encoded instruction. */
import type { Form } from '../../x86/form.ts';
import type { Random } from '../random.ts';
import { CODE, CONSTANT, DATA, EDGE, GS_BASE, type Case, type Patch } from './case.ts';
import { encodeForm, type Encoded, isFarPointer, isFarReturn } from './encoder.ts';

const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const MIDDLE = DATA.addr + 4096;
const END = DATA.addr + DATA.sizeBytes;

/** A case of one instruction of this form. */
export function makeCase(form: Form, random: Random): Case {
  for (;;) {
    const encoded = encodeForm(form, random);
    if (encoded.code.length > 15) continue;
    const target = randomAddress(random);
    const one = withSelectors(form, encoded, caseAround(encoded, random, target), target, random);
    if (!isUndefined(form, one)) return one;
  }
}

/** Of Linux' table, with any privilege bits: user code, user data, the kernel's, none; not the 32-bit code segment. */
const SELECTORS = [
  0x33, 0x33, 0x33, 0x33, 0x30, 0x32, 0x2b, 0x2b, 0x2b, 0x28, 0, 3, 0x10, 0x1b, 0x43, 0x37, 0x73, 0x3f,
];
const ASKS = /^(lar|lsl|verr|verw)$/;

/** The case with selectors that are worth trying, and offsets that lead back into the code, where the instruction takes some. */
function withSelectors(form: Form, encoded: Encoded, one: Case, target: bigint, random: Random): Case {
  const selector = (): number => random.pick(SELECTORS);
  if (ASKS.test(form.row.name)) {
    if (encoded.memory === null) one.gpr.forEach((value, i) => (one.gpr[i] = (value & ~0xffffn) | BigInt(selector())));
    return withPatch(one, target, 16, [selector()]);
  }
  const bits = one.code.includes(0x66) ? 16 : 32;
  const offset = CODE.addr + random.below(CODE.sizeBytes);
  if (isFarPointer(form)) return withPatch(one, target, bits, [offset, selector()]);
  if (!isFarReturn(form)) return one;
  const isWide = [...one.code.subarray(0, -1)].some((byte) => byte >= 0x48 && byte <= 0x4f);
  const flags = random.below(0x1000) & ~0x100; // a trap would come at the INT3 that ends the case
  return withPatch(one, one.gpr[4], isWide ? 64 : bits, [offset, selector(), flags, MIDDLE, selector()]);
}

/** Words of so many bits at the address, where that can be. */
function withPatch(one: Case, addr: bigint, bits: number, words: readonly number[]): Case {
  const bytes = new Uint8Array((words.length * bits) / 8);
  if (addr < BigInt(DATA.addr) || addr + BigInt(bytes.length) > BigInt(END)) return one;
  const data = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    if (bits === 16) data.setUint16(2 * i, word, true);
    else data.setUint32((i * bits) / 8, word, true);
  });
  return { ...one, memory: [...one.memory, { addr: Number(addr), bytes }] };
}

/** Where a memory operand of so many bytes is put to see its faults. */
export const FAULT_PLACES = {
  'near null': () => 0x10n,
  'in a hole': () => BigInt(CONSTANT.addr + CONSTANT.sizeBytes + 0x80),
  'on a read-only page': () => BigInt(CONSTANT.addr + 0x40),
  'misaligned on a read-only page': () => BigInt(CONSTANT.addr + 0x41),
  'last byte before a hole': () => BigInt(END - 1),
  'half before a hole': (bytes) => BigInt(END - (bytes >> 1)),
  'half behind a hole': (bytes) => BigInt(DATA.addr - Math.max(1, bytes >> 1)),
  'last byte before a read-only page': () => BigInt(EDGE.readOnlyAddr - 1),
  'half before a read-only page': (bytes) => BigInt(EDGE.readOnlyAddr - (bytes >> 1)),
  'across two good pages': (bytes) => BigInt(MIDDLE - Math.max(1, bytes >> 1)),
  'misaligned by one': () => BigInt(MIDDLE + 1),
  'beyond 4 GiB': () => 0x1_2345_0000n,
  'across 4 GiB': (bytes) => 0x1_0000_0000n - BigInt(Math.max(1, bytes >> 1)),
  'not canonical': () => 0x8000_0000_0012_3450n,
  'not canonical and misaligned': () => 0x0001_0000_0012_3451n,
  'in the other half': () => 0xffff_9000_0000_1230n,
} as const satisfies Readonly<Record<string, (bytes: number) => bigint>>;

/** Rows whose memory operand is implied: by RSP, RBP, RSI, RDI or RBX. */
const IMPLIED = /^(push|pop|call|ret|enter|leave|movs|cmps|stos|lods|scas|xlat|mask)/;

export function hasMemoryOperand({ row, rm, hasModrm, modrmMask, operands }: Form): boolean {
  const isModrm = hasModrm && rm !== 'register' && modrmMask === 0 && row.name !== 'lea' && row.name !== 'nop';
  return isModrm || operands.some(({ letter }) => letter === 'O') || IMPLIED.test(row.name);
}

/** A case of the form with its memory operand at `address`; null when `random` chose a register operand. */
export function makeFaultCase(form: Form, random: Random, address: bigint): Case | null {
  const encoded = encodeForm(form, random);
  const hasOperand = encoded.memory !== null || encoded.absoluteAt >= 0;
  if (encoded.code.length > 15 || !(hasOperand || IMPLIED.test(form.row.name))) return null;
  // 32-bit addresses cannot reach the places above.
  if (encoded.memory?.isAddress32 === true && address > 0xffff_ffffn) return null;
  if (encoded.memory?.isRipRelative === true && address > 0x7fff_ffffn) return null;
  const one = caseAround(encoded, random, address);
  if (IMPLIED.test(form.row.name) && !hasOperand) {
    for (const register of [3, 4, 5, 6, 7]) if (!random.oneIn(4)) one.gpr[register] = address;
    one.gpr[1] = BigInt(random.below(4));
  }
  return isUndefined(form, one) ? null : one;
}

/** A random state around an encoded instruction whose memory operand lies at `target`. */
export function caseAround(encoded: Encoded, random: Random, target: bigint): Case {
  const code = encoded.code.slice();
  // Everywhere, also across the page boundary: code that is rewritten in one place again and again is not compiled.
  const codeAddr = CODE.addr + 64 + random.below(CODE.sizeBytes - 128);
  const gpr = randomRegisters(random);
  placeMemory(encoded, code, codeAddr, gpr, target);
  return {
    codeAddr,
    code,
    gpr,
    rflags: 0x202n | BigInt((random.below(64) * 0x9e3779b1) & 0x8d5) | (random.oneIn(3) ? 0x400n : 0n),
    fxsave: randomFxsave(random),
    memory: randomMemory(random),
    operandAddr: encoded.memory === null ? 0n : target,
  };
}

// SHLD and SHRD of 16 bits by more than 16 are undefined; so are F2XM1 and FYL2XP1 outside of their domains.
export function isUndefined({ row, opcode }: Form, { code, gpr, fxsave }: Case): boolean {
  const exponent = (fxsave[40] | (fxsave[41] << 8)) & 0x7fff;
  if (row.name === 'f2xm1') return exponent >= 0x3fff && exponent < 0x7fff;
  if (row.name === 'fyl2xp1') return exponent >= 0x3ffd && exponent < 0x7fff;

  if (!/^sh[lr]d$/.test(row.name) || !code.subarray(0, 4).includes(0x66)) return false;
  const count = (opcode & 1) === 0 ? code[code.length - 1] : Number(gpr[1] & 0xffn);
  return (count & 31) > 16;
}

/** A case of any code: its memory operands are chosen already. */
export function makeState(random: Random): Omit<Case, 'code' | 'codeAddr'> {
  return {
    gpr: randomRegisters(random),
    rflags: 0x202n,
    fxsave: randomFxsave(random),
    memory: randomMemory(random),
    operandAddr: 0n,
  };
}

/** Chooses registers and displacements so that the memory operand lies somewhere interesting. */
function placeMemory(encoded: Encoded, code: Uint8Array, codeAddr: number, gpr: BigUint64Array, target: bigint): void {
  const data = new DataView(code.buffer);
  if (encoded.absoluteAt >= 0) {
    const isShort = code.length - encoded.absoluteAt === 4;
    if (isShort) data.setUint32(encoded.absoluteAt, Number(BigInt.asUintN(32, target)), true);
    else data.setBigUint64(encoded.absoluteAt, target, true);
    return;
  }
  const { memory } = encoded;
  if (memory === null) return;
  const offset = U64(memory.hasGs ? target - GS_BASE : target);
  if (memory.isRipRelative) {
    const distance = Number(BigInt.asIntN(32, offset)) - (codeAddr + code.length);
    data.setInt32(encoded.displacementAt, distance, true);
    return;
  }
  const index = memory.index < 0 ? 0n : gpr[memory.index] << BigInt(memory.scale);
  if (memory.base >= 0) gpr[memory.base] = U64(offset - index - BigInt(memory.displacement));
  else if (memory.index >= 0) gpr[memory.index] = U64(offset - BigInt(memory.displacement)) >> BigInt(memory.scale);
}

/** Mostly inside of DATA, often where an access straddles or leaves a page. */
export function randomAddress(random: Random): bigint {
  switch (random.below(16)) {
    case 0:
      return random.u64();
    case 1:
      return BigInt(CONSTANT.addr + 16 * random.below(8));
    case 2:
      return BigInt(END - random.below(20));
    case 3:
      return BigInt(END - 16);
    case 4:
      return BigInt(DATA.addr - 16 + random.below(32));
    case 5:
    case 6:
      return BigInt(MIDDLE - 16 + random.below(20));
    case 7:
    case 8:
      return BigInt(DATA.addr + 64 + random.below(64));
    default:
      return BigInt(MIDDLE - 128 + 16 * random.below(16));
  }
}

const BOUNDARIES = [
  0n, 1n, 2n, 7n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn,
  0x1_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_ff80n, 0x0102_0304_0506_0708n,
]; // oxfmt-ignore

function randomRegisters(random: Random): BigUint64Array {
  const gpr = BigUint64Array.from({ length: 16 }, () => randomInteger(random));
  gpr[4] = BigInt(MIDDLE - 64 + 8 * random.below(16)); // a stack that mostly works
  if (!random.oneIn(8)) gpr[6] = randomAddress(random);
  if (!random.oneIn(8)) gpr[7] = randomAddress(random);
  if (!random.oneIn(4)) gpr[1] = BigInt(random.below(40)); // rcx: shift and repeat counts
  return gpr;
}

function randomInteger(random: Random): bigint {
  switch (random.below(4)) {
    case 0:
      return random.u64();
    case 1:
      return random.u64() >> BigInt(random.below(64));
    default:
      return random.pick(BOUNDARIES);
  }
}

function randomMemory(random: Random): Patch[] {
  const window = (addr: number, sizeBytes: number): Patch => ({ addr, bytes: randomVectorBytes(random, sizeBytes) });
  return [window(DATA.addr, 160), window(MIDDLE - 192, 384), window(END - 96, 96), window(CONSTANT.addr, 160)];
}

// Doubles and floats at the edges of their classes, as bits.
export const SINGLES = [
  0, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x4000_0000, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x7f7f_ffff, 0x7f80_0000,
  0xff80_0000, 0x7fc0_0000, 0xffc0_1234, 0x7f80_0001, 0xffa0_0000, 0x4f00_0000, 0xcf00_0000, 0x4eff_ffff, 0x5f00_0000, 0x3f00_0000,
  0x3fc0_0000, 0x4b00_0001,
]; // oxfmt-ignore

export const DOUBLES = [
  0n, 0x8000_0000_0000_0000n, 0x3ff0_0000_0000_0000n, 0xbff0_0000_0000_0000n, 1n, 0x8000_0000_0000_0001n, 0x000f_ffff_ffff_ffffn,
  0x0010_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn, 0x7ff0_0000_0000_0000n, 0xfff0_0000_0000_0000n, 0x7ff8_0000_0000_0000n,
  0xfff8_0000_0000_1234n, 0x7ff0_0000_0000_0001n, 0xfff4_0000_0000_0000n, 0x41df_ffff_ffc0_0000n, 0x41e0_0000_0000_0000n,
  0xc1e0_0000_0020_0000n, 0x43e0_0000_0000_0000n, 0xc3e0_0000_0000_0000n, 0x3fe0_0000_0000_0000n, 0x3ff8_0000_0000_0000n,
  0x47ef_ffff_f000_0000n, 0x3690_0000_0000_0000n, 0x380f_ffff_ffff_ffffn,
]; // oxfmt-ignore

/** Bytes that make interesting lanes of some type; `sizeBytes` is a multiple of 8. */
function randomVectorBytes(random: Random, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  const data = new DataView(bytes.buffer);
  const kind = random.below(4);
  for (let at = 0; at < sizeBytes; at += 8) {
    if (kind === 0) data.setBigUint64(at, randomDouble(random), true);
    else if (kind === 1) for (const half of [0, 4]) data.setUint32(at + half, randomSingle(random), true);
    else if (kind === 2) data.setBigUint64(at, random.u64(), true);
    else for (let i = 0; i < 8; i++) bytes[at + i] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  return bytes;
}

function randomSingle(random: Random): number {
  if (random.oneIn(2)) return random.pick(SINGLES);
  return random.oneIn(3)
    ? random.u32()
    : (random.u32() & 0x83ff_ffff) | (((0x7c + random.below(8) * 0x80) << 19) >>> 0);
}

function randomDouble(random: Random): bigint {
  if (random.oneIn(2)) return random.pick(DOUBLES);
  if (random.oneIn(3)) return random.u64();
  return (random.u64() & 0x800f_ffff_ffff_ffffn) | (BigInt(0x3ff - 70 + random.below(140)) << 52n);
}

export const EXTENDED = [
  [0, 0n], [0x8000, 0n], [0x3fff, 1n << 63n], [0xbfff, 1n << 63n], [0x7fff, 1n << 63n], [0xffff, 1n << 63n], [0x7fff, 3n << 62n],
  [0xffff, 3n << 62n], [0x7fff, (1n << 63n) | 5n], [0, 1n], [0x8000, 0x7fff_ffff_ffff_ffffn], [0, 1n << 63n], [1, 1n << 63n],
  [0x7ffe, 0xffff_ffff_ffff_ffffn], [0x7fff, 0n], [0x4000, 1n], [0x403e, 0x8000_0000_0000_0000n], [0x3ffe, 1n << 63n],
  [0x4000, 0xc90f_daa2_2168_c235n], [0x3ffd, 0x9a20_9a84_fbcf_f799n],
] as const; // oxfmt-ignore

/** An FXSAVE image with interesting x87 registers, XMM registers and modes. */
function randomFxsave(random: Random): Uint8Array {
  const bytes = new Uint8Array(512);
  const data = new DataView(bytes.buffer);
  data.setUint16(0, randomControl(random), true);
  data.setUint16(2, (random.below(8) << 11) | ((random.below(16) << 8) & 0x4700), true);
  bytes[4] = random.pick([0xff, 0xff, 0, random.below(256)]);
  data.setUint32(24, randomMxcsr(random), true);
  for (let i = 0; i < 8; i++) {
    const [exponent, significand] = random.oneIn(2) ? random.pick(EXTENDED) : usualExtended(random);
    data.setBigUint64(32 + 16 * i, significand, true);
    data.setUint16(40 + 16 * i, exponent, true);
  }
  for (let at = 160; at < 416; at += 16) bytes.set(randomVectorBytes(random, 16), at);
  return bytes;
}

function usualExtended(random: Random): readonly [number, bigint] {
  if (random.oneIn(6)) return [random.below(0x10000), random.u64()];
  return [(random.below(2) << 15) | (0x3fff - 70 + random.below(140)), random.u64() | (1n << 63n)];
}

// Masks all set, mostly; any rounding and precision.
function randomControl(random: Random): number {
  if (random.oneIn(2)) return 0x37f;
  const masks = random.oneIn(3) ? random.below(64) : 0x3f;
  return 0x40 | masks | (random.pick([0, 2, 3]) << 8) | (random.below(4) << 10);
}

function randomMxcsr(random: Random): number {
  switch (random.below(4)) {
    case 0:
      return 0x1f80;
    case 1:
      return 0x1fa0;
    case 2:
      return 0x1f80 | (random.below(4) << 13) | random.pick([0, 0x40, 0x8000, 0x8040]) | random.below(64);
    default:
      return random.below(0x10000);
  }
}
