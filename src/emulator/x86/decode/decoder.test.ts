import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Code, Decoder as IcedDecoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { describe, expect, it, test } from 'vitest';
import { namesAgree } from '../../testing/mnemonics.ts';
import { mnemonicOf } from '../disassemble.ts';
import type { Instruction } from '../instruction.ts';
import { instruction } from '../instruction.ts';
import { INSTRUCTIONS } from '../instructions/index.ts';
import { buildDecodeTable, checkTable } from './decode-table.ts';
import { Decoder } from './decoder.ts';

const table = buildDecodeTable(INSTRUCTIONS);
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6'].map((name) => `/lib/x86_64-linux-gnu/${name}`);
const MOST = Number(process.env['DECODE_MOST'] ?? 60_000);

function decoderOf(u8: Uint8Array): Decoder {
  return new Decoder(table, { u8, isExecutable: (addr) => addr < u8.length });
}

/** File offset and size of .text. */
function textSection(file: string): { offset: number; size: number } {
  const lines = execFileSync('objdump', ['-h', file], { encoding: 'utf8' }).split('\n');
  const fields =
    lines
      .find((line) => / \.text /.test(line))
      ?.trim()
      .split(/\s+/) ?? [];
  return { offset: parseInt(fields[5], 16), size: parseInt(fields[2], 16) };
}

/** Mnemonic → how often and an example, of instructions where we and iced differ. */
function disagreements(file: string): Map<string, string> {
  const { offset, size } = textSection(file);
  const u8 = new Uint8Array(readFileSync(file));
  const ours = decoderOf(u8.subarray(0, offset + size));
  const iced = new IcedDecoder(64, u8.subarray(offset, offset + size), DecoderOptions.None);
  iced.ip = BigInt(offset);
  const found = new Map<string, string>();
  for (let n = 0; n < MOST && iced.canDecode; n++) {
    const at = Number(iced.ip);
    const theirs = iced.decode();
    const name = Mnemonic[theirs.mnemonic].toLowerCase();
    const hex = Buffer.from(u8.subarray(at, at + theirs.length)).toString('hex');
    const isLater = /^(c4|c5|62)/.test(hex) || OUT_OF_SET.has(name);
    if (!isLater && theirs.code !== Code.INVALID) {
      const result = ours.decode(at);
      if (result.kind !== 'instruction') found.set(name, `${hex}: ${result.kind}`);
      else if (result.decoded.length !== theirs.length) found.set(name, `${hex}: length ${result.decoded.length}`);
      else if (!namesAgree(name, mnemonicOf(result.decoded))) found.set(name, `${hex}: ${mnemonicOf(result.decoded)}`);
    }
    theirs.free();
  }
  iced.free();
  return found;
}

/** What libraries of the distribution hold beyond the advertised sets, behind CPUID checks. */
const OUT_OF_SET = new Set([
  'xbegin', 'xend', 'xabort', 'xtest', 'xgetbv', 'xsave', 'xsavec', 'xrstor', 'tzcnt', 'lzcnt', 'rdpkru', 'wrpkru',
  'rdsspq', 'incsspq', 'rstorssp', 'saveprevssp', 'endbr32', 'rdfsbase', 'movdir64b', 'clwb',
]); // oxfmt-ignore

describe('decodes the code of the distribution as iced-x86 does', () => {
  it.each(LIBRARIES.filter((file) => existsSync(file)))('%s', (file) => {
    expect(Object.fromEntries(disagreements(file))).toEqual({});
  });
});

function row(name: string, ...forms: string[]): Instruction {
  return instruction({ name, sdm: '2A, X', support: 'full', forms, lift: () => {} });
}

describe('the decode table', () => {
  it('of all rows is without clashes', () => {
    expect(() => checkTable(table)).not.toThrow();
  });

  // oxfmt-ignore
  const clashes: readonly (readonly [string, string])[] = [
    ['0F 10 /r  Vps,Wps', '0F 10 /r  Wps,Vps'], ['D8 /0  Md', 'D8 /0  Mq'], ['90', '90'], ['F3 0F 10 /r  Vss,Wss', 'F3 0F 10 /r  Wss,Vss'],
  ];
  it.each(clashes)('refuses %s beside %s', (one, other) => {
    expect(() => checkTable(buildDecodeTable([row('one', one), row('other', other)]))).toThrow('decode alike');
  });

  // oxfmt-ignore
  const distinct: readonly (readonly [string, string])[] = [
    ['NP 0F 10 /r  Vps,Wps', '66 0F 10 /r  Vpd,Wpd'], ['D8 /0  Md', 'D8 C0+i  ST0,STi'], ['90  -  b0', '90+r  Zv,rAX'],
    ['W0 0F C7 /1  Mq', 'REX.W 0F C7 /1  Mdq'],
  ];
  it.each(distinct)('takes %s beside %s', (one, other) => {
    expect(() => checkTable(buildDecodeTable([row('one', one), row('other', other)]))).not.toThrow();
  });
});

/** The length, or why there is none. */
function lengthOf(hex: string): string {
  const code = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const u8 = new Uint8Array(64).fill(0x90);
  u8.set(code, 16);
  const result = decoderOf(u8).decode(16);
  return result.kind === 'instruction' ? `${result.decoded.length}` : result.kind;
}

describe('lengths', () => {
  // oxfmt-ignore
  const rows: readonly (readonly [string, string, string])[] = [
    ['fifteen bytes are the most', '66 66 66 66 66 66 66 66 66 66 66 66 66 66 90', '15'],
    ['sixteen are too many', '66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90', 'too-long'],
    ['a REX before another prefix does not count', '48 66 b8 11 22', '5'],
    ['the last REX counts', '40 48 b8 1 2 3 4 5 6 7 8'.replaceAll(/ (\d)\b/g, ' 0$1'), '11'],
    ['66 makes an immediate short', '66 81 c0 11 22', '5'],
    ['REX.W beats 66', '66 48 81 c0 11 22 33 44', '8'],
    ['an absolute address has eight bytes', 'a1 11 22 33 44 55 66 77 88', '9'],
    ['and four with 67', '67 a1 11 22 33 44', '6'],
    ['SIB without base has a displacement', '8b 04 25 11 22 33 44', '7'],
    ['VEX is known and missing', 'c5 f9 6f c1', 'undefined'],
    ['EVEX too', '62 f1 7d 48 6f c1', 'undefined'],
    ['what 64-bit mode dropped', '06', 'undefined'],
  ];
  it.each(rows)('%s', (_name, hex, expected) => {
    expect(lengthOf(hex)).toBe(expected);
  });
});

test('RIP-relative addresses count from behind the immediate', () => {
  const u8 = new Uint8Array(64);
  u8.set(Buffer.from('c705000100000a000000', 'hex'), 16);
  const result = decoderOf(u8).decode(16);
  expect(result.kind === 'instruction' && result.decoded.operands[0]).toMatchObject({
    displacement: 26 + 0x100,
    base: -1,
  });
});
