/**
 * Cases of a form with boundary operands, the same at each call: what random operands meet too seldom, and what recorded
 * vectors hold. They follow from the kinds of the operands; EXTRAS names what a row needs beyond that.
 */
import type { Decoded } from '../../x86/decode/decoded.ts';
import { buildDecodeTable } from '../../x86/decode/decode-table.ts';
import { Decoder } from '../../x86/decode/decoder.ts';
import type { Form } from '../../x86/form.ts';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import type { Operand } from '../../x86/operands.ts';
import { Random } from '../random.ts';
import { CODE, DATA, type Case } from './case.ts';
import { encodeForm, type Encoded } from './encoder.ts';
import { caseAround, DOUBLES, EXTENDED, isUndefined, SINGLES } from './generator.ts';

const USUAL_CASES = 14;
/** Aligned, with room on both sides. */
const OPERAND_ADDR = BigInt(DATA.addr + 4096 - 64);

/** What derivation does not give. */
interface Extra {
  readonly names: RegExp;
  /** Cases instead of USUAL_CASES. */
  readonly count?: number;
  /** Immediates, or CL, of case k. */
  readonly immediate?: (k: number) => number;
  /** RCX, RDX and RAX where the row implies them. */
  readonly registers?: (k: number) => readonly (readonly [register: number, value: bigint])[];
}

const COUNTS = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 255];
const HIGH = 1n << 63n;
/** RDX:RAX around what fits: exact, one more, sign changes. */
const DIVIDENDS: readonly (readonly [bigint, bigint])[] = [
  [0n, 0n], [0n, 1n], [0n, HIGH], [-1n, HIGH], [-1n, -1n], [1n, 0n], [0n, -1n], [HIGH, 0n], [0n, 0x8000_0000n], [0xffff_ffffn, 0x8000_0000n],
  [0x7fn, 0xffn], [0n, 0x8000n], [0n, 0x80n], [0n, 0xff80n], [HIGH - 1n, -1n], [0n, 0x7fffn],
]; // oxfmt-ignore

const EXTRAS: readonly Extra[] = [
  // Counts at 0 and around the widths, which change no flags, some, or undefined ones.
  { names: /^(sh[lr]d?|sar|ro[lr]|rc[lr])$/, count: 16, immediate: (k) => COUNTS[k], registers: (k) => [[1, BigInt(COUNTS[k])]] },
  // Quotients that just fit and just do not.
  { names: /^i?div$/, count: 16, registers: (k) => [[2, DIVIDENDS[k][0]], [0, DIVIDENDS[k][1]]] },
  // Every format, aggregation, polarity and result; lengths through RAX and RDX.
  { names: /^pcmp[ei]str[im]$/, count: 128, immediate: (k) => k, registers: (k) => [[0, BigInt((k * 5) % 19) - 1n], [2, BigInt((k * 3) % 19) - 1n]] },
  // All rounding modes, predicates, selectors.
  { names: /^(round[ps][sd]|cmp[ps][sd]|d?pp[sd]|dpp[sd]|mpsadbw|palignr|pclmulqdq|aeskeygenassist)$/, count: 32, immediate: (k) => (k < 16 ? k : (k * 37) & 255) },
  { names: /^(pshuf|shufp|blendp|pblendw|insertps|pextr|pinsr|extractps|ps[lr]l|psra)/, count: 24, immediate: (k) => (k * 11) & 255 },
  // Each sum of flags that a condition can see.
  { names: /^(j[a-z]+|set[a-z]+|cmov[a-z]+|fcmov[a-z]+|adc|sbb|rcl|rcr|lahf|cmc|pushf.*)$/, count: 32 },
  // Iterations that end, and that are none.
  { names: /^(loop.*|jrcxz|(movs|cmps|stos|lods|scas).*)$/, count: 16, registers: (k) => [[1, BigInt(k % 4)], [6, OPERAND_ADDR + BigInt(k)], [7, OPERAND_ADDR + 16n]] },
  { names: /^enter$/, count: 16, immediate: (k) => [0, 1, 2, 3, 31, 32, 33, 255][k % 8] },
]; // oxfmt-ignore

const INTEGERS = [
  0n,
  1n,
  HIGH - 1n,
  HIGH,
  -1n,
  0x7fff_ffffn,
  0x8000_0000n,
  0x7fffn,
  0x8000n,
  0x7fn,
  0x80n,
  0x0123_4567_89ab_cdefn,
  0xffn,
];

const decodeTable = buildDecodeTable(INSTRUCTIONS);

/** Deterministic cases; at least eight for a form that can be encoded. */
export function boundaryCases(form: Form): readonly Case[] {
  const extra = EXTRAS.find(({ names }) => names.test(form.row.name));
  const random = new Random(seedOf(form.text));
  const cases = Array.from({ length: extra?.count ?? USUAL_CASES }, (_, k) => boundaryCase(form, random, k, extra));
  return cases.filter((one) => !isUndefined(form, one));
}

function seedOf(text: string): number {
  return Array.from(text).reduce((hash, char) => Math.imul(hash, 31) + char.charCodeAt(0), 7) | 0;
}

function boundaryCase(form: Form, random: Random, k: number, extra: Extra | undefined): Case {
  const encoded = shortEncoding(form, random);
  setImmediate8(form, encoded.code, k, extra);
  const one = caseAround(encoded, random, OPERAND_ADDR);
  const gpr = one.gpr.slice();
  const fxsave = one.fxsave.slice();
  const memory = new Uint8Array(64);
  const decoded = decode(one.code, one.codeAddr);
  const bases =
    decoded === null ? [] : decoded.operands.flatMap((it) => (it.kind === 'memory' ? [it.base, it.index] : []));
  const setRegister = (register: number, value: bigint): void => {
    if (!bases.includes(register)) gpr[register] = BigInt.asUintN(64, value);
  };
  for (const register of [0, 1, 2]) setRegister(register, INTEGERS[(k * 5 + register * 3) % INTEGERS.length]);
  for (const [i, operand] of (decoded?.operands ?? []).entries()) {
    const bytes = operandBytes(form.operands[i]?.size ?? '', k, i);
    if (operand.kind === 'register' && operand.register !== 4)
      setRegister(operand.register, new DataView(bytes.buffer).getBigUint64(0, true));
    else place(operand, bytes, fxsave, memory);
  }
  if (form.row.feature === 'fpu') setStack(fxsave, k);
  for (const [register, value] of extra?.registers?.(k) ?? []) setRegister(register, value);
  // All 32 sums of CF, PF, ZF, SF and OF, AF and DF by turns.
  const flags =
    (k & 1) |
    ((k & 2) << 1) |
    ((k & 4) << 4) |
    ((k & 8) << 4) |
    ((k & 16) << 7) |
    (k % 3 === 0 ? 0x10 : 0) |
    (k % 5 === 4 ? 0x400 : 0);
  // Masked, nearest, no flags: the modes are for the random cases; every fourth keeps its own.
  if (k % 4 !== 3) new DataView(fxsave.buffer).setUint32(24, 0x1f80, true);
  const data = [{ addr: Number(OPERAND_ADDR), bytes: memory }];
  return { ...one, gpr, fxsave, rflags: 0x202n | BigInt(flags), memory: data };
}

function shortEncoding(form: Form, random: Random): Encoded {
  for (;;) {
    const encoded = encodeForm(form, random);
    if (encoded.code.length <= 15) return encoded;
  }
}

// An immediate byte is the last of an instruction.
function setImmediate8({ operands }: Form, code: Uint8Array, k: number, extra: Extra | undefined): void {
  const last = operands.at(-1);
  if (last === undefined || last.size !== 'b' || (last.letter !== 'I' && last.letter !== 'sI')) return;
  code[code.length - 1] = extra?.immediate?.(k) ?? [0, 1, 0x7f, 0x80, 0xff, 2, 3, 4, 8, 15, 16, 31, 32, 63][k % 14];
}

function decode(code: Uint8Array, codeAddr: number): Decoded | null {
  const u8 = new Uint8Array(CODE.sizeBytes);
  u8.set(code, codeAddr - CODE.addr);
  const result = new Decoder(decodeTable, { u8, isExecutable: () => true }).decode(codeAddr - CODE.addr);
  return result.kind === 'instruction' ? result.decoded : null;
}

/** Sixteen bytes that are on the edge for an operand of this size code; operands walk through the values at own paces. */
function operandBytes(size: string, k: number, operand: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const data = new DataView(bytes.buffer);
  const turn = k * (operand === 0 ? 1 : 3) + operand * 5;
  if (size === 'ps' || size === 'ss' || size === 'd')
    for (const lane of [0, 1, 2, 3]) data.setUint32(4 * lane, SINGLES[(turn + lane * 7) % SINGLES.length], true);
  else if (size === 'pd' || size === 'sd')
    for (const lane of [0, 1]) data.setBigUint64(8 * lane, DOUBLES[(turn + lane * 7) % DOUBLES.length], true);
  else if (size === 't' || size === '') {
    const [exponent, significand] = EXTENDED[turn % EXTENDED.length];
    data.setBigUint64(0, significand, true);
    data.setUint16(8, exponent, true);
  } else
    for (const lane of [0, 1])
      data.setBigUint64(8 * lane, BigInt.asUintN(64, INTEGERS[(turn + lane * 5) % INTEGERS.length]), true);
  return bytes;
}

/** A full x87 stack with edges on top, default modes; every fourth case keeps what chance gave. */
function setStack(fxsave: Uint8Array, k: number): void {
  if (k % 4 === 3) return;
  const data = new DataView(fxsave.buffer);
  data.setUint16(0, 0x37f, true);
  fxsave[4] = 0xff;
  fxsave.set(operandBytes('t', k, 0).subarray(0, 10), 32);
  fxsave.set(operandBytes('t', k, 1).subarray(0, 10), 48);
}

function place(operand: Operand, bytes: Uint8Array, fxsave: Uint8Array, memory: Uint8Array): void {
  if (operand.kind === 'memory') memory.set(bytes);
  else if (operand.kind === 'xmm') fxsave.set(bytes, 160 + 16 * operand.register);
  else if (operand.kind === 'st' || operand.kind === 'mmx')
    fxsave.set(bytes.subarray(0, 10), 32 + 16 * operand.register);
}
