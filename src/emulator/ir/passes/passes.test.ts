/**
 * Each pass alone on code that shows its reason: golden/PASS.txt holds assembler, IR before and IR after. After every
 * pass the verifier finds nothing wrong, and the block does to random states what it did before.
 */
import { describe, expect, it } from 'vitest';
import { checkGroups } from '../../backends/region/check-groups.ts';
import { ASSEMBLED_AT, liftAssembly } from '../../testing/assemble.ts';
import { comparable, DATA, irMachine, runIr } from '../../testing/ir-machine.ts';
import { Random } from '../../testing/random.ts';
import type { Block } from '../block.ts';
import { parseBlock } from '../parse.ts';
import { printBlock, printOp } from '../print.ts';
import { STATE_OFFSET, STATE_SIZE } from '../state-layout.ts';
import { verifyBlock } from '../verify.ts';
import { foldConstants } from './fold-constants.ts';
import { forwardState } from './forward-state.ts';
import { optimise } from './index.ts';
import { removeDead } from './remove-dead.ts';

type Pass = (block: Block) => Block;

/** What each pass is for, in code. A pass sees what those before it leave. */
// oxfmt-ignore
const CASES: Readonly<Record<string, { readonly pass: Pass; readonly after: Pass; readonly codes: readonly string[] }>> = {
  'forward-state': {
    pass: forwardState,
    after: (block) => block,
    codes: [
      'mov rax, rbx; add rax, rcx; mov rdx, rax',           // a register that was written is not read again
      'mov eax, ecx; mov rdx, rax; add eax, 1',             // 32 bits written, 64 read, 32 read
      'add al, bl; mov rcx, rax',                           // a part written: the whole is read anew
      'push rbp; mov rbp, rsp; sub rsp, 24',                // addresses become "RSP at entry + constant"
      'mov rax, rdi; cpuid; mov rdx, rax',                  // a helper may have changed everything
      'mov eax, ecx; mov al, 1; mov rdx, rax; mov ecx, eax', // a part written where the high half is zero
    ],
  },
  'fold-constants': {
    pass: foldConstants,
    after: forwardState,
    codes: [
      'push rbx; push rcx; pop rdx',                        // sums of sums
      'mov eax, 40; add eax, 2; shl eax, 4',                // values known now
      'inc rcx; inc rcx; adc rdx, 0',                       // masks that keep one flag of another
      'mov rax, rcx; add rax, 0; mov edx, eax',             // what changes nothing, the low half of a sum
      'movzx eax, byte ptr [rdi]; and eax, 255; ror eax, 0',
      'xor ax, 0x1234; or al, cl; and dx, 0xff0f; and bl, cl', // a part that bits are changed in
    ],
  },
  'remove-dead': {
    pass: removeDead,
    after: (block) => foldConstants(forwardState(block)),
    codes: [
      'add rax, rbx; add rax, rcx; add rax, rdx',           // flags that are overwritten unseen
      'add rax, rbx; mov rcx, [rdi]; sub rcx, rdx',         // flags that a fault between would show
      'cmp rax, rbx; mov ecx, 1; cmovb ecx, edx; test ecx, ecx', // flags that are read
      'mov rax, rbx; lea rcx, [rax+8]; mov rax, rcx',       // values nobody wants any more
    ],
  },
};

/** HLT ends the block: an exit that sees everything. */
const block = (assembly: string): Block => liftAssembly(`${assembly}; hlt`)(ASSEMBLED_AT);

describe.each(Object.entries(CASES))('%s', (name, { pass, after, codes }) => {
  it('makes of its cases what golden text says', async () => {
    const sections = codes.map((assembly) => {
      const input = after(block(assembly));
      return `${assembly}\n\n${printBlock(input)}\n${printBlock(pass(input))}`;
    });
    await expect(sections.join('\n')).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it.each(codes)('leaves a sound block with the same meaning: %s', (assembly) => {
    const input = after(block(assembly));
    const output = pass(input);
    expect(verifyBlock(output)).toEqual([]);
    expect(printBlock(parseBlock(printBlock(output)))).toBe(printBlock(output));
    expect(effectOf(output)).toEqual(effectOf(input));
  });

  it('changes nothing the second time', () => {
    for (const assembly of codes) {
      const once = pass(after(block(assembly)));
      expect(printBlock(pass(once))).toBe(printBlock(once));
    }
  });
});

/** What the block does to states and memory, on the reference. */
function effectOf(code: Block): unknown {
  const random = new Random(11);
  return Array.from({ length: 20 }, () => {
    const state = new Uint8Array(STATE_SIZE);
    const words = new Int32Array(state.buffer);
    for (let i = 0; i < 32; i++) words[i] = random.u32() | 0;
    // Most accesses hit: pointers into the data, and some that do not.
    for (const register of [4, 5, 6, 7]) {
      words[2 * register] = random.oneIn(8) ? 64 : DATA + 512 + 8 * random.below(64);
      words[2 * register + 1] = 0;
    }
    words[STATE_OFFSET.mxcsr / 4] = 0x1f80;
    words[STATE_OFFSET.flagsKind / 4] = 32;
    words[STATE_OFFSET.flagsSecond / 4] = random.u32() & 0x8d5;
    const machine = irMachine(new Map([[ASSEMBLED_AT, code]]), 'reference');
    for (let i = 0; i < 0x400; i++) machine.space.i32[(DATA >> 2) + i] = random.u32() | 0;
    const { exit, state: ended, data } = runIr(machine, state, ASSEMBLED_AT);
    return { exit: exit.kind, state: comparable(ended), data: Buffer.from(data.subarray(0, 0x1000)).toString('hex') };
  });
}

describe('redundant permission checks (backends/region/check-groups.ts)', () => {
  // oxfmt-ignore
  const CODES = [
    'mov rax, [rdi]; mov rbx, [rdi+8]; mov [rdi+16], rax',                 // one base: one check, for writing
    'push rbx; push rbp; push r12; mov [rsp+8], rdi',                      // a frame
    'mov rax, [rdi]; mov rbx, [rdi+5000]',                                 // further apart than a page: two
    'mov rax, [rdi]; mov rdi, [rdi+8]; mov rbx, [rdi]',                    // another base of the same name
    'movups xmm0, [rsi+rcx]; movups [rsi+rcx+16], xmm0',                   // an index is part of the base
  ];

  it('fall into the groups that golden text says', async () => {
    const sections = CODES.map((assembly) => {
      const { ops } = optimise(block(assembly));
      const groups = checkGroups(ops);
      const lines = ops.map((op) => {
        const group = groups.get(op);
        const check =
          group?.first === op
            ? `    checks [${group.least}, ${group.end}) for ${group.bit & 2 ? 'writing' : 'reading'}`
            : '';
        const text = printOp(op, (value) => `%${value.id}`);
        return `  ${text}${group === undefined || check !== '' ? check : '    is checked already'}`;
      });
      return `${assembly}\n\n${lines.join('\n')}\n`;
    });
    await expect(sections.join('\n')).toMatchFileSnapshot('golden/check-groups.txt');
  });
});
