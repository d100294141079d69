/** Calls inside of regions: what lies in one region, and that programs end as on the reference interpreter. */
import { describe, expect, it } from 'vitest';
import { exitOf } from '../ir/block.ts';
import { graphOf, type Region } from '../backends/region/region.ts';
import { ASSEMBLED_AT, liftAssembly } from '../testing/assemble.ts';
import { CODE, createGuest } from '../testing/guest.ts';
import type { ExecutorName } from '../testing/executors.ts';
import { compileFlat } from '../testing/compile.ts';
import { formBatch } from './batch-former.ts';

const LIMITS = { maxBlocks: 64, maxInstructions: 600, joins: 'strings', batchBlocks: 64 } as const;

function batchOf(assembly: string): readonly Region[] {
  const lift = liftAssembly(assembly);
  const questions = { limits: LIMITS, isCompiled: () => false, isSeen: () => true, targetsOf: () => [] };
  return formBatch([ASSEMBLED_AT], { lift }, questions).regions;
}

describe('the region of a caller', () => {
  it.each<[string, string, readonly number[]]>([
    ['has a short function and what is behind the call', 'call 1f; inc eax; ret; 1: inc ecx; ret', [3]],
    ['has a short function once for two calls', 'call 1f; call 1f; ret; 1: test ecx, ecx; je 2f; inc ecx; 2: ret', [6]],
    ['has a short function that calls one', 'call 1f; inc eax; ret; 1: call 2f; inc ecx; ret; 2: ret', [5]],
    ['has the call of itself', 'test eax, eax; je 1f; dec eax; call _start; 1: ret', [3]],
    ['has no function that never returns', 'call 1f; inc eax; ret; 1: jmp 1b', [1, 1]],
    ['has no long function', `call 1f; ret; 1: ${'cld; '.repeat(41)}ret`, [1, 1]],
  ])('%s', (_, assembly, blocks) => {
    const regions = batchOf(assembly);
    expect(regions.map((region) => region.blocks.length)).toEqual(blocks);
    const [region] = regions;
    const calls = region.blocks.flatMap((block, i) => (exitOf(block).name === 'call' ? [i] : []));
    const { successors } = graphOf(region);
    for (const call of calls) expect(successors[call].length).toBe(blocks.length === 1 ? 1 : 0);
  });
});

const assembled = (text: string): Uint8Array =>
  compileFlat(
    `__asm__(".section .text.start\\n.globl _start\\n_start:\\n.intel_syntax noprefix\\n${text.split('; ').join('\\n')}\\n.att_syntax\\n");`,
    CODE,
  );

describe('a program whose calls are inside of regions', () => {
  it.each<[string, string]>([
    [
      'calls from a loop',
      'mov ecx, 9; 1: call 2f; add rdx, rax; dec ecx; jne 1b; syscall; 2: lea rax, [rcx+rcx*2]; ret',
    ],
    [
      'calls from two places, flags come back',
      'mov ecx, 9; 1: call 2f; jc 3f; call 2f; adc rdx, rax; 3: dec ecx; jne 1b; syscall; 2: imul eax, ecx, 0x9e3779b9; add eax, eax; ret',
    ],
    [
      'returns to elsewhere',
      'mov ecx, 9; 1: call 2f; inc rbx; 3: dec ecx; jne 1b; syscall; 2: test ecx, 1; je 4f; lea rax, [rip+3b]; mov [rsp], rax; 4: ret',
    ],
    [
      'drops its return address',
      'mov ecx, 9; 1: call 2f; inc rbx; 3: dec ecx; jne 1b; syscall; 2: test ecx, 1; je 4f; add rsp, 8; jmp 3b; 4: ret',
    ],
    [
      'returns without a call',
      'mov ecx, 9; 1: lea rax, [rip+3f]; push rax; jmp 2f; 3: call 2f; dec ecx; jne 1b; syscall; 2: inc rdx; ret',
    ],
    [
      'goes through a table of jumps',
      'mov ecx, 9; lea rax, [rip+4f]; push rax; 1: call 2f; dec ecx; jne 1b; syscall; 2: jmp [rsp+8]; 4: inc rdx; ret',
    ],
    [
      'calls what calls',
      'mov ecx, 9; 1: call 2f; dec ecx; jne 1b; syscall; 2: push rcx; call 3f; call 3f; pop rcx; ret; 3: add rdx, rcx; shr ecx, 1; ret',
    ],
    [
      'calls itself',
      'mov ecx, 9; 1: mov eax, 5; call 2f; dec ecx; jne 1b; syscall; 2: add rdx, rax; dec eax; je 3f; call 2b; 3: ret',
    ],
  ])('%s', (_, text) => {
    const code = assembled(text);
    const ends = (executor: ExecutorName, fuel: number): string[] => {
      const guest = createGuest(code, executor);
      const states: string[] = [];
      for (let exit = guest.run(fuel); states.length < 400; exit = guest.run(fuel)) {
        const registers = Array.from({ length: 16 }, (__, i) => `${guest.state.high(i)}:${guest.state.low(i)}`);
        states.push([exit.kind, guest.state.rip.toString(16), guest.state.rflags.toString(16), ...registers].join(' '));
        if (exit.kind !== 'budget') break;
      }
      return states;
    };
    for (const fuel of [1, 2, 3, 7, 20, 1_000]) {
      const expected = ends('reference', fuel);
      expect(expected.at(-1)).toMatch(/^syscall/);
      for (let start = 0; start < 2; start++) expect(ends('wasm', fuel)).toEqual(expected);
    }
  });
});
