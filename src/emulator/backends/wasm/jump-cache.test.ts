import { expect, it } from 'vitest';
import { REG } from '../../cpu.ts';
import { CODE, createGuest } from '../../testing/guest.ts';
import { JUMPS_END, JUMPS_TO } from './jump-cache.ts';

/** Addresses that share a set of the jump cache: low bits and page number cancel out. */
const SHARED = [CODE + 0x10, CODE + 0x8000, CODE + 0x1_0030];

/** loop: call rbx; call rbp; call r8; dec ecx; jnz loop; syscall. RET at each of the addresses. */
const CALLS = 'ff d3 ff d5 41 ff d0 ff c9 75 f5 0f 05';

it.each<[string, number[], [number, number]]>([
  ['two addresses of one set are both found', [0, 1, 1], [0, 100]],
  ['three push each other out', [0, 1, 2], [1_000, Infinity]],
])('%s', (_name, [first, second, third], [least, most]) => {
  const guest = createGuest(Uint8Array.from(Buffer.from(CALLS.replaceAll(' ', ''), 'hex')), 'wasm');
  for (const addr of SHARED) guest.space.u8[addr] = 0xc3;
  const targets = [REG.RBX, REG.RBP, REG.R8];
  [first, second, third].forEach((index, i) => guest.state.setNumber(targets[i], SHARED[index]));
  guest.state.setNumber(REG.RCX, 5000);
  expect(guest.run().kind).toBe('syscall');
  const { unlinked } = guest.cpu.statistics.exits;
  expect(unlinked).toBeGreaterThanOrEqual(least);
  expect(unlinked).toBeLessThanOrEqual(most);
});

it('nothing is left in either table when a space ends', () => {
  const guest = createGuest(Uint8Array.from(Buffer.from(CALLS.replaceAll(' ', ''), 'hex')), 'mixed');
  const tables = (): Uint8Array => guest.space.u8.subarray(JUMPS_TO.regions, JUMPS_END);
  for (const addr of SHARED) guest.space.u8[addr] = 0xc3;
  [REG.RBX, REG.RBP, REG.R8].forEach((register, i) => guest.state.setNumber(register, SHARED[i]));
  guest.state.setNumber(REG.RCX, 5000);
  expect(guest.run().kind).toBe('syscall');
  expect(tables().some((byte) => byte !== 0)).toBe(true);
  guest.cpu.dispose();
  expect(tables().every((byte) => byte === 0)).toBe(true);
});
