import { describe, expect, it } from 'vitest';
import { fieldOf } from '../ir/field.ts';
import { buildDecodeTable } from './decode/decode-table.ts';
import type { Decoded } from './decode/decoded.ts';
import { Decoder } from './decode/decoder.ts';
import { INSTRUCTIONS } from './instructions/index.ts';
import { fieldNumber, Templates } from './templates.ts';

const table = buildDecodeTable(INSTRUCTIONS);

function decode(hex: string, rip = 0x40_0000): Decoded {
  const u8 = new Uint8Array(rip + 64);
  u8.set(hex.split(' ').map((byte) => parseInt(byte, 16)), rip); // oxfmt-ignore
  const result = new Decoder(table, { u8, isExecutable: () => true }).decode(rip);
  if (result.kind !== 'instruction') throw new Error(`no instruction in ${hex}`);
  return result.decoded;
}

/** How many templates the instructions need. */
function templatesFor(...codes: string[]): number {
  const templates = new Templates();
  return new Set(codes.map((code) => templates.of(decode(code)))).size;
}

/** Ops and attributes of the template, fields by their names. */
function shape(code: string, rip: number): unknown[] {
  const templates = new Templates();
  const decoded = decode(code, rip);
  const ops = templates.opsOf(templates.of(decoded), [decoded]);
  return ops.map(({ name, imm, imm2 }) => [name, ...[imm, imm2].map((value) => fieldOf(value)?.name ?? value)]);
}

describe('templates', () => {
  it.each([
    ['registers', ['48 01 c8', '48 01 d3', '4d 01 ee']],
    ['a base and its displacement', ['48 8b 03', '48 8b 45 f8', '49 8b 87 00 10 00 00']],
    ['base, index and scale', ['8b 04 8b', '42 8b 44 f9 10']],
    ['immediates', ['81 c1 00 10 00 00', '81 c2 ff ff ff ff']],
    ['branch targets', ['74 10', '74 80']],
    ['xmm registers', ['66 0f 6f c1', '66 44 0f 6f f3']],
  ])('%s are fields: one for all', (_what, codes) => {
    expect(templatesFor(...codes)).toBe(1);
  });

  it.each([
    ['operand sizes', ['01 c8', '48 01 c8', '66 01 c8']],
    ['high bytes', ['00 e1', '00 c1']],
    ['one register twice', ['31 c0', '31 c8']],
    ['forms of addresses', ['8b 03', '8b 04 24', '8b 04 8b', '8b 05 00 00 00 00', '64 8b 03', '67 8b 03']],
    ['LOCK', ['01 03', 'f0 01 03']],
    ['REP', ['a4', 'f3 a4']],
    ['numbers that the lift looks at', ['48 c1 e0 01', '48 c1 e0 05', '66 0f 70 c0 1b', '66 0f 70 c0 4e']],
  ])('%s belong to the shape', (_what, codes) => {
    expect(templatesFor(...codes)).toBe(codes.length);
  });

  it('gives each instruction its own numbers', () => {
    const templates = new Templates();
    const add = decode('48 81 43 10 78 56 34 12'); // add qword [rbx+0x10], 0x12345678
    const numbers = templates.of(add).fields.map((field) => [field.part, fieldNumber(field, add)]);
    expect(Object.fromEntries(numbers)).toEqual({
      rip: 0x40_0000,
      base: 3,
      displacement: 0x10,
      immediate: 0x1234_5678,
    });
  });

  it('names no number of the instruction it was made from', () => {
    expect(shape('48 8b 45 f8', 0x40_0000)).toEqual(shape('4c 8b 73 7f', 0x50_0000));
  });

  it('comes back from its record', () => {
    const first = new Templates();
    const second = new Templates();
    const codes = ['48 8b 45 f8', '48 c1 e0 05', 'f3 a4', '66 0f 70 c0 1b', '0f 05'].map((code) => decode(code));
    const pair = [decode('48 39 d0'), decode('75 10')] as const;
    const made = [...codes.map((code) => first.of(code)), first.ofPair(...pair)];
    second.load(first.records());
    expect([...codes.map((code) => second.of(code)), second.ofPair(...pair)]).toEqual(made);
    expect(second.count).toBe(first.count);
    const lengths = (templates: Templates): number[] =>
      codes.map((code) => templates.opsOf(templates.of(code), [code]).length);
    expect(lengths(second)).toEqual(lengths(first));
  });
});
