import { expect, it } from 'vitest';
import { explainBlock } from './explain.ts';
import { CODE, createGuest } from './testing/guest.ts';

it('a block is explained in every form it takes', () => {
  // add rax, [rbx+8]; jne .
  const { space } = createGuest(Uint8Array.of(0x48, 0x03, 0x43, 0x08, 0x75, 0xfa));
  const { disassembly, ir, optimised, javascript, webAssembly, targets } = explainBlock(space, CODE, 32);
  expect(disassembly.map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    '400000  48 03 43 08  add rax, qword ptr [rbx+0x8]',
    '400004  75 fa  jne 0x400000',
  ]);
  expect(ir).toMatch(/load64[^]*setFlags64[^]*branch/);
  expect(optimised).toMatch(/load64/);
  expect(javascript).toMatch(/^function r/);
  expect(webAssembly).toMatch(/^locals [^]*i64\.load[^]*i64\.add/);
  expect(targets).toEqual([CODE, CODE + 6]);
});
