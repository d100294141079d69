/** What rows lift to, as text: a change of quality is a diff of golden/lift.txt, to be read before it is blessed. */
import { expect, it, test } from 'vitest';
import { printBlock } from '../ir/print.ts';
import { buildDecodeTable } from './decode/decode-table.ts';
import { Decoder } from './decode/decoder.ts';
import { formatInstruction } from './disassemble.ts';
import { INSTRUCTIONS } from './instructions/index.ts';
import { liftBlock } from './lift-block.ts';

const AT = 0x401000;
const table = buildDecodeTable(INSTRUCTIONS);

function decoderOf(hex: string): Decoder {
  const u8 = new Uint8Array(AT + 64).fill(0xcc);
  u8.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'), AT);
  return new Decoder(table, { u8, isExecutable: () => true });
}

function textOf(hex: string): string {
  const result = decoderOf(hex).decode(AT);
  return result.kind === 'instruction' ? formatInstruction(result.decoded) : result.kind;
}

// oxfmt-ignore
const SAMPLES: readonly (readonly [code: string, count: number])[] = [
  ['48 01 43 08', 1], ['00 e0', 1], ['48 11 d8', 1], ['39 d8 7c 10', 2], ['85 c0 74 10', 2], ['ff c9 75 f0', 2], ['48 d3 e0', 1],
  ['c1 c0 05', 1], ['48 0f af c3', 1], ['f7 f1', 1], ['48 f7 f9', 1], ['50', 1], ['5c', 1], ['e8 10 00 00 00', 1], ['c3', 1],
  ['f0 48 0f c1 03', 1], ['87 03', 1], ['f0 0f b1 0b', 1], ['f3 a4', 1], ['ab', 1], ['0f b6 04 11', 1], ['0f 4c c3', 1],
  ['48 0f a3 03', 1], ['48 0f bc c3', 1], ['64 48 8b 04 25 28 00 00 00', 1], ['0f 05', 1], ['66 b8 34 12', 1], ['31 c0', 1], ['0f 0b', 1],
];

test('lifted blocks', async () => {
  const text = SAMPLES.map(
    ([code, count]) => `; ${code}  ${textOf(code)}\n${printBlock(liftBlock(decoderOf(code), AT, count))}`,
  );
  await expect(text.join('\n')).toMatchFileSnapshot('golden/lift.txt');
});

// oxfmt-ignore
const DISASSEMBLY: readonly (readonly [code: string, text: string])[] = [
  ['48 01 43 08', 'add qword ptr [rbx+0x8], rax'],
  ['00 e0', 'add al, ah'],
  ['40 00 e0', 'add al, spl'],
  ['f0 64 ff 0c 8d f0 ff ff ff', 'lock dec dword ptr fs:[rcx*4-0x10]'],
  ['8b 05 10 00 00 00', 'mov eax, dword ptr [0x401016]'],
  ['67 8b 44 45 00', 'mov eax, dword ptr [ebp+eax*2]'],
  ['eb fe', 'jmp 0x401000'],
  ['f3 48 a5', 'rep movsq'],
  ['66 98', 'cbw'],
  ['48 98', 'cdqe'],
  ['48 b8 88 77 66 55 44 33 22 11', 'mov rax, 0x1122334455667788'],
  ['41 80 f8 ff', 'cmp r8b, 0xff'],
  ['f2 0f 58 ca', 'addsd xmm1, xmm2'],
  ['d8 c1', 'fadd st(0), st(1)'],
];

it.each(DISASSEMBLY)('%s is %s', (code, text) => {
  expect(textOf(code)).toBe(text);
});
