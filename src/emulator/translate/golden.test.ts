/**
 * Representative code through every stage: assembler, IR as lifted, IR after the passes, JavaScript, with sizes. A change
 * of quality is a diff in golden/; it is read, never blessed blindly.
 */
import { describe, expect, it } from 'vitest';
import { batchSource } from '../backends/js/compile.ts';
import { compileRegions, regionBodies } from '../backends/wasm/compile.ts';
import { functionText } from '../backends/wasm/encoder/wat.ts';
import { optimise } from '../ir/passes/index.ts';
import { parseBlock } from '../ir/parse.ts';
import { printBlock } from '../ir/print.ts';
import { verifyBlock } from '../ir/verify.ts';
import { ASSEMBLED_AT, liftAssembly } from '../testing/assemble.ts';
import { formRegion } from './region-former.ts';

// oxfmt-ignore
const PROGRAMS: readonly (readonly [name: string, assembly: string])[] = [
  ['add-and-store', 'add rax, [rdi+8]; mov [rsi+rcx*4], eax; ret'],
  ['byte-loop', '1: movzx eax, byte ptr [rdi]; inc rdi; test al, al; jne 1b; ret'],
  ['compare-twice', 'cmp rdi, rsi; jg 1f; je 2f; ret; 1: mov eax, 1; ret; 2: mov eax, 2; ret'],
  ['function-frame', 'push rbp; push rbx; sub rsp, 24; mov [rsp+8], rdi; call 1f; add rsp, 24; pop rbx; pop rbp; ret; 1: ret'],
  ['multiply-64', 'imul rax, rcx; rol rax, 31; imul rax, rdx; add rax, rbx; ret'],
  ['divide', 'xor edx, edx; div rcx; mov [rdi], rdx; ret'],
  ['rotates-keep-flags', 'ror eax, 7; ror ecx, 18; xor eax, ecx; shr edx, 3; xor eax, edx; ret'],
  ['nested-loops', 'xor eax, eax; 1: mov ecx, 8; 2: add rax, rcx; dec ecx; jne 2b; dec edi; jne 1b; ret'],
  ['jump-table', 'and eax, 3; jmp [rbx+rax*8]'],
  ['byte-registers', 'mov ah, bl; add al, ah; adc cl, 5; setc dl; ret'],
  ['vector-copy', 'movdqu xmm0, [rsi]; pxor xmm0, xmm1; movdqu [rdi], xmm0; ret'],
  ['float-loop', '1: movsd xmm0, [rdi]; mulsd xmm0, [rsi]; addsd xmm1, xmm0; movsd [rdx], xmm0; subsd xmm2, [rdi+8]; add rdi, 16; dec ecx; jne 1b; ret'],
  ['float-branch', '1: mulsd xmm0, xmm1; addsd xmm0, xmm2; comisd xmm0, xmm3; ja 1b; ret'],
  ['long-double-loop', '1: fld st(0); fmul st, st(2); fld tbyte ptr [rdi]; add rdi, 16; faddp st(1), st; fstp st(1); dec ecx; jne 1b; ret'],
  ['locked', 'lock add [rdi], eax; lock cmpxchg [rsi], rdx; jne 1f; ret; 1: pause; ret'],
  ['variable-shift', 'shl rax, cl; sar rdx, cl; ret'],
  ['system-call', 'mov eax, 39; syscall; ret'],
];

const LIMITS = { maxBlocks: 12, maxInstructions: 120 };

const count = (blocks: readonly { ops: readonly unknown[] }[]): number =>
  blocks.reduce((sum, block) => sum + block.ops.length, 0);

describe('code through every stage', () => {
  it.each(PROGRAMS)('%s', async (name, assembly) => {
    const lift = liftAssembly(assembly);
    const survey = { lift, isWanted: () => true, targetsOf: () => [] };
    const lifted = formRegion(lift(ASSEMBLED_AT), survey, { ...LIMITS, joins: 'calls' });
    const region = { ...lifted, blocks: lifted.blocks.map(optimise) };
    for (const block of [...lifted.blocks, ...region.blocks]) {
      expect(verifyBlock(block)).toEqual([]);
      const printed = printBlock(block);
      expect(printBlock(parseBlock(printed))).toBe(printed);
    }
    const source = batchSource([region]).text;
    const body = source.slice(source.indexOf('function r'));
    const sections = [
      assembly.split('; ').join('\n'),
      `lifted: ${count(lifted.blocks)} ops\n${lifted.blocks.map(printBlock).join('')}`,
      `after the passes: ${count(region.blocks)} ops\n${region.blocks.map(printBlock).join('')}`,
      `JavaScript: ${body.length} characters\n${body}\n`,
    ];
    await expect(sections.join('\n\n')).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it.each(PROGRAMS)('%s as WebAssembly', async (name, assembly) => {
    const lift = liftAssembly(assembly);
    const survey = {
      lift: (rip: number, maxInstructions?: number) => optimise(lift(rip, maxInstructions)),
      isWanted: () => true,
      targetsOf: () => [],
    };
    const region = formRegion(survey.lift(ASSEMBLED_AT), survey, { ...LIMITS, joins: 'strings' });
    expect(WebAssembly.validate(compileRegions([region]).bytes)).toBe(true);
    const [{ bytes }] = regionBodies([region]);
    const text = `${assembly.split('; ').join('\n')}\n\n${bytes.length} bytes\n${functionText(bytes)}`;
    await expect(text).toMatchFileSnapshot(`golden/${name}.wat`);
  });
});
