import { describe, expect, it } from 'vitest';
import { CODE, createGuest } from '../testing/guest.ts';

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
});
