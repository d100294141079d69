/** A small guest for tests: code and data pages in an address space, and a core that runs them. */
import { createCpu } from '../create-cpu.ts';
import type { Cpu, CpuState } from '../cpu.ts';
import type { Exit } from '../exit.ts';
import { AddressSpace } from '../memory/address-space.ts';
import { type ExecutorName, EXECUTORS } from './executors.ts';

export const CODE = 0x40_0000;
export const DATA = 0x50_0000;
export const STACK_TOP = 0x70_0000;
const CODE_BYTES = 0x2_0000;
const DATA_BYTES = 0x2_0000;
const STACK_BYTES = 0x1_0000;

export interface Guest {
  readonly space: AddressSpace;
  readonly cpu: Cpu;
  readonly state: CpuState;
  run(fuel?: number): Exit;
}

/** Code at CODE (read, execute), DATA pages (read, write), a stack below STACK_TOP; RIP and RSP set. */
export function createGuest(code: Uint8Array, executor: ExecutorName = 'reference'): Guest {
  const space = new AddressSpace();
  space.protect(CODE, CODE_BYTES, 5);
  space.protect(DATA, DATA_BYTES, 3);
  space.protect(STACK_TOP - STACK_BYTES, STACK_BYTES, 3);
  space.u8.set(code, CODE);
  let cycles = 0;
  const cpu = createCpu(space, {
    ...EXECUTORS[executor],
    ports: { timestamp: () => (cycles += 1000), entropy: (dst) => void dst.fill(0x5a) },
  });
  const state = cpu.createState();
  state.rip = BigInt(CODE);
  state.setNumber(4, STACK_TOP - 64);
  return { space, cpu, state, run: (fuel = 1_000_000) => cpu.run(state, fuel) };
}
