import { describe, expect, it, test } from 'vitest';
import { verifyBlock } from '../../ir/verify.ts';
import { Random } from '../../testing/random.ts';
import { encodeForm } from '../../testing/oracle/encoder.ts';
import { buildDecodeTable } from '../decode/decode-table.ts';
import { Decoder } from '../decode/decoder.ts';
import { type Form, parseForm } from '../form.ts';
import { liftBlock } from '../lift-block.ts';
import { INSTRUCTIONS } from './index.ts';

const AT = 0x1000;
const ROUNDS = 24;
const table = buildDecodeTable(INSTRUCTIONS);

function decoderOf(bytes: Uint8Array): Decoder {
  const u8 = new Uint8Array(0x2000).fill(0xcc);
  u8.set(bytes, AT);
  return new Decoder(table, { u8, isExecutable: () => true });
}

const forms = INSTRUCTIONS.flatMap((row) => row.forms.map((text) => ({ row, text })));

/** Encodings of a form; those with LOCK are left to the differential tests, since not every destination takes it. */
function encodingsOf(form: Form): Uint8Array[] {
  const random = new Random(11);
  return Array.from({ length: ROUNDS }, () => encodeForm(form, random).code).filter((code) => code[0] !== 0xf0);
}

describe('every form', () => {
  it.each(forms)('$row.name $text decodes to its row and lifts to a valid block', ({ row, text }) => {
    const form = parseForm(row, text);
    for (const code of encodingsOf(form)) {
      const hex = Buffer.from(code).toString('hex');
      const block = liftBlock(decoderOf(code), AT, 1);
      const result = decoderOf(code).decode(AT);
      // 90h is NOP, XCHG or PAUSE by its prefixes.
      const found = result.kind === 'instruction' && form.opcode !== 0x90 ? result.decoded.form.text : text;
      const actual = { hex, found, length: block.sizeBytes, problems: verifyBlock(block) };
      expect(actual).toEqual({ hex, found: text, length: code.length, problems: [] });
    }
  });
});

test('a row names the manual entry it follows', () => {
  expect(INSTRUCTIONS.filter(({ sdm }) => !/^\d[A-D]?(-\d[A-D])?, /.test(sdm)).map(({ name }) => name)).toEqual([]);
});
