import { describe, expect, it } from 'vitest';
import { createCpu } from './create-cpu.ts';
import type { Cpu, CpuState } from './cpu.ts';
import { AddressSpace, MICRO_CODE_BASE, MICRO_CODE_END } from './memory/address-space.ts';
import { CODE, createGuest } from './testing/guest.ts';
import type { TranslationOptions } from './translate/translating-executor.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(text.split(' ').map((byte) => parseInt(byte, 16)));
// mov ecx, 1000; loop: add rax, rcx; dec ecx; jnz loop; syscall
const SUM = hex('b9 e8 03 00 00 48 01 c8 ff c9 75 f9 0f 05');

function coreFor(code: Uint8Array, translation?: TranslationOptions): { cpu: Cpu; state: CpuState } {
  const space = new AddressSpace();
  space.protect(CODE, code.length, 5);
  space.u8.set(code, CODE);
  const ports = { timestamp: () => 0, entropy: () => {} };
  const options = translation === undefined ? {} : { translation };
  const cpu = createCpu(space, { engine: 'reference', coldTier: 'micro-ops', ports, ...options });
  const state = cpu.createState();
  state.rip = BigInt(CODE);
  return { cpu, state };
}

describe('micro-ops', () => {
  it('a loop runs to its end without the dispatcher', () => {
    const guest = createGuest(SUM, 'micro-ops');
    expect(guest.run().kind).toBe('syscall');
    expect(guest.state.low(0)).toBe(500_500);
    expect(guest.cpu.lastRetired).toBe(3002);
    expect(guest.cpu.statistics.blocksDecoded).toBe(3);
  });

  it('instructions whose handler is not compiled yet are executed all the same', () => {
    const { cpu, state } = coreFor(SUM);
    expect(cpu.run(state, 1e6).kind).toBe('syscall');
    expect(state.low(0)).toBe(500_500);
    expect(cpu.lastRetired).toBe(3002);
  });

  it('lie where the guest has no rights', () => {
    const guest = createGuest(hex('48 89 03'), 'micro-ops'); // mov [rbx], rax
    guest.state.setNumber(3, MICRO_CODE_BASE);
    expect(guest.run()).toMatchObject({ kind: 'fault', fault: { address: BigInt(MICRO_CODE_BASE), access: 'write' } });
    expect(guest.space.allows(MICRO_CODE_BASE, MICRO_CODE_END - MICRO_CODE_BASE, 0x11)).toBe(false);
  });

  it('a slow store in the middle of a block goes on behind it with the right fuel', () => {
    // mov [rip], al on a page of code, then add rdx, 1 and back: each turn has a store whose check fails.
    const guest = createGuest(hex('b9 0a 00 00 00 88 05 80 00 00 00 48 83 c2 01 ff c9 75 f2 0f 05'), 'micro-ops');
    guest.space.protect(CODE, 0x1000, 7);
    expect(guest.run().kind).toBe('syscall');
    expect([guest.state.low(2), guest.cpu.lastRetired]).toEqual([10, 42]);
  });

  it('all blocks are dropped when there are too many, and come back', () => {
    const code = new Uint8Array(0x1_0000);
    for (let at = 0; at + 4 < code.length; at += 4) code.set([0xff, 0xc0, 0xeb, 0x00], at); // inc eax; jmp +0
    code.set([0x0f, 0x05], code.length - 4);
    const { cpu, state } = coreFor(code, { warmUp: 0, sizeLimit: 0x8000 });
    for (let turn = 1; turn <= 2; turn++) {
      state.rip = BigInt(CODE);
      expect(cpu.run(state, 1e6).kind).toBe('syscall');
      expect(state.low(0)).toBe(turn * (code.length / 4 - 1));
    }
    expect(cpu.statistics.flushes).toBeGreaterThan(10);
  });

  it('what another program left behind the last micro-op is not run', () => {
    const space = new AddressSpace();
    space.protect(CODE, 0x2000, 7);
    const ports = { timestamp: () => 0, entropy: () => {} };
    const run = (code: Uint8Array): string => {
      space.noteStore(CODE, code.length);
      space.u8.set(code, CODE);
      const translation = { warmUp: 0 };
      const cpu = createCpu(space, { engine: 'reference', coldTier: 'micro-ops', ports, translation });
      const state = cpu.createState();
      state.rip = BigInt(CODE);
      const exit = cpu.run(state, 1e6);
      state.dispose();
      cpu.dispose();
      return exit.kind === 'fault' ? `vector ${exit.fault.vector}` : exit.kind;
    };
    // mov al, 5 and rep stosb have micro-ops of one size; behind the second lies the nop of the first program.
    expect(run(hex('b0 05 90 0f 05'))).toBe('syscall');
    expect(run(hex('f3 aa 0f 0b'))).toBe('vector 6');
  });

  it('a jump to address 0 is not found in an empty jump cache', () => {
    const guest = createGuest(hex('31 c0 ff e0'), 'micro-ops');
    expect(guest.run()).toMatchObject({ kind: 'fault', fault: { address: 0n, access: 'fetch' } });
  });
});
