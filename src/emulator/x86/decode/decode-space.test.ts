/**
 * Every opcode, prefix, W, vector length and ModRM class against iced-x86: the same length and name whether a row exists
 * or not, and no row where iced knows of no instruction. `DECODE_ALL=1` takes all of them, otherwise every 23rd.
 */
import { Code, Decoder as IcedDecoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { mnemonicOf } from '../disassemble.ts';
import { INSTRUCTIONS } from '../instructions/index.ts';
import { namesAgree } from '../../testing/mnemonics.ts';
import { buildDecodeTable } from './decode-table.ts';
import { Decoder } from './decoder.ts';
import { describeMissing } from './describe-missing.ts';

const STEP = process.env['DECODE_ALL'] === undefined ? 23 : 1;
const WINDOW = 15;
const table = buildDecodeTable(INSTRUCTIONS);
const u8 = new Uint8Array(64);
const decoder = new Decoder(table, { u8, isExecutable: (addr) => addr < 64 });

const BYTES = Array.from({ length: 256 }, (_, i) => i);
const PREFIXES = [[], [0x66], [0xf3], [0xf2]];
const REX = [[], [0x48], [0x41]];
/** Registers, plain memory, with SIB, with displacements, RIP-relative. */
const RM = [0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0x02, 0x44, 0x82, 0x05];
const MODRM = BYTES.filter((byte) => RM.includes(byte & 0xc7));
const NOT_OPCODES = new Set([0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0x62, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3]);

function* legacy(): Generator<number[]> {
  for (const escape of [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]]) {
    for (const opcode of BYTES) {
      if (escape.length === 0 && (NOT_OPCODES.has(opcode) || (opcode & 0xf0) === 0x40)) continue;
      if (escape.length === 1 && (opcode === 0x38 || opcode === 0x3a || opcode === 0x0f)) continue;
      for (const prefix of PREFIXES)
        for (const rex of REX) for (const modrm of MODRM) yield [...prefix, ...rex, ...escape, opcode, modrm];
    }
  }
}

function* vex(): Generator<number[]> {
  for (const map of [1, 2, 3])
    for (const opcode of BYTES)
      for (const w of [0, 0x80])
        for (const pp of [0, 1, 2, 3])
          for (const length of [0, 4])
            for (const modrm of MODRM) {
              // vvvv = 1111 where no third operand is, some other register where one is
              for (const vvvv of [0x78, 0x50]) yield [0xc4, 0xe0 | map, w | vvvv | length | pp, opcode, modrm];
              if (map === 1 && w === 0) yield [0xc5, 0xf8 | length | pp, opcode, modrm];
            }
}

function* evex(): Generator<number[]> {
  for (const map of [1, 2, 3, 5, 6])
    for (const opcode of BYTES)
      for (const w of [0, 0x80])
        for (const pp of [0, 1, 2, 3])
          for (const length of [0, 0x20, 0x40])
            for (const modrm of MODRM)
              for (const [vvvv, mask] of [
                [0x7c, 0],
                [0x54, 1],
              ])
                // oxfmt-ignore
                yield [0x62, 0xf0 | map, w | vvvv | pp, length | 8 | mask, opcode, modrm];
}

function* xop(): Generator<number[]> {
  for (const map of [8, 9, 10])
    for (const opcode of BYTES)
      for (const w of [0, 0x80])
        for (const length of [0, 4])
          for (const modrm of MODRM) yield [0x8f, 0xe0 | map, w | 0x78 | length, opcode, modrm];
}

function* threeDNow(): Generator<number[]> {
  for (const opcode of BYTES) for (const modrm of [0xc1, 0x02]) yield [0x0f, 0x0f, modrm, opcode];
}

/** VIA's instructions, those of no manual, and what iced has for Knights Corner, whose VEX and EVEX maps were others. */
const OUTSIDE = /^(xstore|xcrypt|xsha|ccs_|undoc|reservednop)/;
const KNIGHTS_CORNER =
  /^(k(and|andn|andnr|concat[hl]|merge2l1[hl]|mov|not|or|ortest|xnor|xor)|[jt]k.*|clevict[01]|delay|spflt|popcnt|tzcnti?|lzcnt|vprefetch.*)$/;

/** MOV of segment and control registers that do not exist: the row's lift raises #UD. */
const MAY_EXIST = /^(f2|f3|66)?(4.)?(8[ce]|0f2[02])/;

function disagreement(bytes: readonly number[]): string {
  u8.fill(0x11, 0, WINDOW + 1);
  u8.set(bytes);
  const iced = new IcedDecoder(64, u8.subarray(0, WINDOW), DecoderOptions.None);
  const theirs = iced.decode();
  const [isKnown, length] = [theirs.code !== Code.INVALID, theirs.length];
  const name = Mnemonic[theirs.mnemonic].toLowerCase();
  theirs.free();
  iced.free();
  const result = decoder.decode(0);
  const hex = Buffer.from(bytes).toString('hex');
  if (!isKnown && MAY_EXIST.test(hex)) return '';
  if (!isKnown) return result.kind === 'instruction' ? `ours ${mnemonicOf(result.decoded)}, iced none: ${hex}` : '';
  const isVector = bytes[0] === 0xc4 || bytes[0] === 0xc5 || bytes[0] === 0x62;
  if (OUTSIDE.test(name) || (isVector && KNIGHTS_CORNER.test(name))) return '';
  const ours =
    result.kind === 'instruction'
      ? { mnemonic: mnemonicOf(result.decoded), length: result.decoded.length }
      : describeMissing(u8.subarray(0, WINDOW), table);
  if (ours.length === length && namesAgree(name, ours.mnemonic)) return '';
  return `ours ${ours.mnemonic} of ${ours.length} bytes, iced ${name} of ${length}: ${hex}`;
}

describe('the opcode maps agree with iced-x86', () => {
  it.each([['legacy', legacy], ['VEX', vex], ['EVEX', evex], ['XOP', xop], ['3DNow!', threeDNow]] as const)('%s', { timeout: 600_000 }, (space, all) => {
    const found = new Map<string, string>(); // one example of each pair of names
    let n = 0;
    let checked = 0;
    for (const bytes of all()) {
      if (n++ % (space === '3DNow!' ? 1 : STEP) !== 0) continue;
      checked++;
      const text = disagreement(bytes);
      if (text !== '') found.set(text.replaceAll(/ of \d+|: .*$/g, ''), text);
    }
    expect(checked).toBeGreaterThan(500);
    expect([...found.values()]).toEqual([]);
  }); // oxfmt-ignore
});
