/** Random bytes as code: whatever they are, a run ends in an Exit. `FUZZ_ROUNDS` makes it long. */
import { describe, expect, it } from 'vitest';
import { STATE_OFFSET } from './ir/state-layout.ts';
import { CODE, createGuest, DATA, type Guest, STACK_TOP } from './testing/guest.ts';
import { Random } from './testing/random.ts';

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 400);
const SEED = Number(process.env['FUZZ_SEED'] ?? 3);
const BYTES = 96;
const FUEL = 400;

/** Biased to what decodes: prefixes, two-byte opcodes and small operands are common. */
function randomCode(random: Random): Uint8Array {
  const common = [0x0f, 0x48, 0x66, 0xf3, 0xf2, 0x41, 0x4c, 0xd8, 0xd9, 0xdb, 0xdd, 0xf0, 0xae, 0xc7, 0x01];
  return Uint8Array.from({ length: BYTES }, () => (random.oneIn(3) ? random.pick(common) : random.below(256)));
}

function prepare(guest: Guest, random: Random): void {
  for (let i = 0; i < 16; i++) {
    const value = [DATA + 0x800 + random.below(0x1000), random.below(40), CODE + random.below(BYTES), -random.below(9)];
    guest.state.setNumber(i, random.pick(value));
  }
  guest.state.setNumber(4, STACK_TOP - 0x800);
}

describe('random bytes', () => {
  it(`end in an exit on the reference executor (seed ${SEED}, ${ROUNDS} rounds)`, () => {
    const random = new Random(SEED);
    const guest = createGuest(new Uint8Array(0));
    const kinds = new Set<string>();
    for (let i = 0; i < ROUNDS; i++) {
      const code = randomCode(random);
      guest.space.noteStore(CODE, BYTES);
      guest.space.u8.set(code, CODE);
      prepare(guest, random);
      guest.state.rip = BigInt(CODE);
      try {
        kinds.add(guest.run(FUEL).kind);
      } catch (error) {
        throw new Error(`round ${i}: ${Buffer.from(code).toString('hex')}`, { cause: error });
      }
    }
    expect([...kinds]).toContain('fault');
    expect(guest.space.data.getUint32(guest.state.addr + STATE_OFFSET.systemFlags, true) & 0x202).toBe(0x202);
  });
});
