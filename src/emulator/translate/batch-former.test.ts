import { describe, expect, it } from 'vitest';
import { ASSEMBLED_AT, liftAssembly } from '../testing/assemble.ts';
import { CODE, createGuest } from '../testing/guest.ts';
import { formBatch } from './batch-former.ts';

/** `count` functions one behind the other, each `inc eax; dec ecx; jnz` onto itself and a jump on; then SYSCALL. */
function loops(count: number): Uint8Array {
  const one = [0xff, 0xc0, 0xff, 0xc9, 0x75, 0xfa, 0xb9, 9, 0, 0, 0, 0xeb, 0x00];
  return Uint8Array.of(0xb9, 9, 0, 0, 0, ...Array.from({ length: count }, () => one).flat(), 0x0f, 0x05);
}

describe('a batch of regions', () => {
  it('ends when it has its blocks, and what found no room comes with the next', () => {
    const guest = createGuest(loops(400), 'wasm');
    for (let i = 0; i < 8; i++) {
      guest.state.rip = BigInt(CODE);
      guest.state.setNumber(0, 0);
      expect(guest.run().kind).toBe('syscall');
      expect(guest.state.low(0)).toBe(3_600);
    }
    const { blocksCompiled, modulesCompiled } = guest.cpu.statistics;
    expect(blocksCompiled).toBeGreaterThan(400);
    // A region more than 64 blocks at most.
    expect(blocksCompiled / modulesCompiled).toBeLessThan(128);
    expect(modulesCompiled).toBeGreaterThan(3);
  });

  // 0 goes on at 1 and 2, which lead to each other: entered at 0 they have two ways in, entered at 1 or 2 one.
  const lift = liftAssembly('dec edx; je 2f; 1: inc eax; 2: dec ecx; je 1b; jmp _start');
  const first = ASSEMBLED_AT + 4;
  const limits = { maxBlocks: 64, maxInstructions: 600, joins: 'strings', batchBlocks: 64 } as const;

  it.each([
    ['starts at the head of a loop instead of its middle', [], [first]],
    ['makes the region that was asked for when that head has code already', [first], [ASSEMBLED_AT]],
  ])('%s', (_, compiled: readonly number[], entries) => {
    const { regions } = formBatch(
      [ASSEMBLED_AT],
      { lift },
      {
        limits,
        isCompiled: (rip) => compiled.includes(rip),
        isSeen: () => true,
        targetsOf: () => [],
      },
    );
    expect(regions.map(({ blocks }) => blocks[0].rip)).toEqual(entries);
  });

  it('has the loop of a switch whole, whichever case is asked for', () => {
    const code = liftAssembly('1: jmp rax; inc ecx; jmp 1b; dec edx; jmp 1b');
    const [one, other] = [ASSEMBLED_AT + 2, ASSEMBLED_AT + 6];
    const { regions } = formBatch(
      [one],
      { lift: code },
      {
        limits,
        isCompiled: (rip) => rip === ASSEMBLED_AT,
        isSeen: () => true,
        targetsOf: () => [one, other],
      },
    );
    expect(regions.map(({ blocks }) => blocks.map(({ rip }) => rip))).toEqual([[one, ASSEMBLED_AT, other]]);
  });
});
