import { describe, expect, it } from 'vitest';
import { REG, type Cpu, type CpuState } from '../../../cpu.ts';
import { createCpu } from '../../../create-cpu.ts';
import { AddressSpace } from '../../../memory/address-space.ts';

const CODE = 0x40_0000;
const WARM = CODE + 0x100;
const COLD = CODE + 0x200;
const DIRECT = CODE + 0x300;
/** On a page of its own. */
const FAR = CODE + 0x1000;

/**
 * loop: call rbx; dec ecx; jnz loop; syscall. WARM: ret. COLD: inc eax; ret.
 * DIRECT: call FAR; dec ecx; jnz DIRECT; syscall. FAR: inc eax; ret.
 */
const PARTS: readonly (readonly [number, string])[] = [
  [CODE, 'ff d3 ff c9 75 fa 0f 05'],
  [WARM, 'c3'],
  [COLD, 'ff c0 c3'],
  [DIRECT, 'e8 fb 0c 00 00 ff c9 75 f7 0f 05'],
  [FAR, 'ff c0 c3'],
];

function machine(): { cpu: Cpu; state: CpuState; space: AddressSpace } {
  const space = new AddressSpace();
  space.protect(CODE, 0x4000, 7);
  for (const [addr, text] of PARTS) space.u8.set(Buffer.from(text.replaceAll(' ', ''), 'hex'), addr);
  const ports = { timestamp: () => 0, entropy: () => {} };
  const cpu = createCpu(space, { engine: 'wasm', coldTier: 'micro-ops', ports });
  const state = cpu.createState();
  state.setNumber(REG.RSP, CODE + 0x3000);
  return { cpu, state, space };
}

/** The loop calls `target` so often. @returns times that the dispatcher entered a tier */
function dispatches(
  { cpu, state }: ReturnType<typeof machine>,
  target: number,
  turns: number,
  start: number = CODE,
): number {
  const before = cpu.statistics;
  state.rip = BigInt(start);
  state.setNumber(REG.RBX, target);
  state.setNumber(REG.RCX, turns);
  expect(cpu.run(state, 10_000_000).kind).toBe('syscall');
  const { entries, coldBlocks } = cpu.statistics;
  return entries - before.entries + coldBlocks - before.coldBlocks;
}

describe('hand-over', () => {
  it('a region that calls cold code, and is returned to, does so without the dispatcher', () => {
    const guest = machine();
    dispatches(guest, WARM, 400_000);
    expect(guest.cpu.statistics.regionsCompiled).toBeGreaterThan(0);
    expect(dispatches(guest, COLD, 900)).toBeLessThan(60);
    expect(guest.state.low(REG.RAX)).toBe(900);
  });

  it('what regions call often is compiled before it is warm by itself', () => {
    const guest = machine();
    dispatches(guest, WARM, 400_000);
    const { regionsCompiled } = guest.cpu.statistics;
    dispatches(guest, COLD, 8_000);
    expect(guest.cpu.statistics.regionsCompiled).toBeGreaterThan(regionsCompiled);
  });

  it('cold code that was dropped with its page is reached by the links to it again, once it was decoded anew', () => {
    const guest = machine();
    dispatches(guest, 0, 1000, DIRECT);
    guest.space.noteStore(FAR, 1);
    expect(dispatches(guest, 0, 900, DIRECT)).toBeLessThan(10);
    expect(guest.state.low(REG.RAX)).toBe(1900);
  });

  it('a region that was dropped with its page is on hand again as soon as cold code calls it', () => {
    const guest = machine();
    dispatches(guest, WARM, 1000);
    // Indirect calls: a short function that is called directly would be part of its caller.
    dispatches(guest, FAR, 400_000);
    const { regions } = guest.cpu.statistics.live;
    guest.space.noteStore(FAR, 1);
    expect([regions > 0, guest.cpu.statistics.live.regions]).toEqual([true, 0]);
    dispatches(guest, FAR, 100);
    // The very module: none was compiled or instantiated for it.
    expect(guest.cpu.statistics).toMatchObject({ live: { regions, modules: 1 }, modulesReused: 0 });
  });

  it('fuel ends a run at the same instruction as without', () => {
    const guest = machine();
    dispatches(guest, WARM, 400_000);
    const { cpu, state } = guest;
    state.rip = BigInt(CODE);
    state.setNumber(REG.RBX, COLD);
    state.setNumber(REG.RCX, 100);
    // A turn is call, inc, ret, dec and jnz; fuel is tested behind call, ret and jnz.
    expect([cpu.run(state, 52).kind, cpu.lastRetired, Number(state.rip) - CODE]).toEqual(['budget', 53, 2]);
    expect([cpu.run(state, 1).kind, cpu.lastRetired, Number(state.rip) - CODE]).toEqual(['budget', 2, 0]);
  });
});
