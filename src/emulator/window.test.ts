/** A space's window: addresses from WINDOW_BASE on are second names of those from 0 on, for every executor. */
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { VECTOR } from './exit.ts';
import { WINDOW_BASE } from './memory/address-space.ts';
import { EXECUTOR_NAMES, type ExecutorName } from './testing/executors.ts';
import { createGuest, DATA, type Guest } from './testing/guest.ts';

const TURNS = 3000; // more than any tier needs to get warm
const DATA_BYTES = 0x2_0000;

/** A guest with `code` and, when it ends, SYSCALL behind it. */
function guestWith(code: string, engine: ExecutorName, registers: Partial<Record<keyof typeof REG, number>>): Guest {
  const guest = createGuest(Uint8Array.from(Buffer.from(`${code} 0f 05`.replaceAll(' ', ''), 'hex')), engine);
  for (const [name, value] of Object.entries(registers)) guest.state.setNumber(REG[name as keyof typeof REG], value);
  return guest;
}

describe.each(EXECUTOR_NAMES)('on the %s executor', (engine) => {
  // inc qword [rbx]; dec rcx; jnz
  const COUNT = '48 ff 03 48 ff c9 75 f8';
  // mov rax, [rbx]; add [rbx+rdx*8], rax; dec rdx; jnz
  const SUMS = '48 8b 03 48 01 04 d3 48 ff ca 75 f4';

  it('a loop through the window changes the bytes below', () => {
    const guest = guestWith(COUNT, engine, { RBX: WINDOW_BASE + DATA, RCX: TURNS });
    guest.space.setWindow(true);
    expect(guest.run()).toEqual({ kind: 'syscall' });
    expect(guest.space.data.getBigUint64(DATA, true)).toBe(BigInt(TURNS));
  });

  it('so does one whose addresses move', () => {
    const guest = guestWith(SUMS, engine, { RBX: WINDOW_BASE + DATA, RDX: TURNS });
    guest.space.setWindow(true);
    guest.space.data.setBigUint64(DATA, 7n, true);
    expect(guest.run()).toEqual({ kind: 'syscall' });
    expect(guest.space.data.getBigUint64(DATA + 8 * TURNS, true)).toBe(7n);
    expect(guest.space.data.getBigUint64(DATA + 8, true)).toBe(7n);
  });

  it('REP MOVSB goes from one name to the other', () => {
    const guest = guestWith('f3 a4', engine, {
      RSI: WINDOW_BASE + DATA,
      RDI: WINDOW_BASE + DATA + 0x1800,
      RCX: 0x1000,
    });
    guest.space.setWindow(true);
    for (let at = 0; at < 0x1000; at++) guest.space.u8[DATA + at] = at * 7;
    expect(guest.run(1_000_000)).toEqual({ kind: 'syscall' });
    expect(guest.space.u8.slice(DATA + 0x1800, DATA + 0x2800)).toEqual(guest.space.u8.slice(DATA, DATA + 0x1000));
    expect(guest.state.get64(REG.RDI)).toBe(BigInt(WINDOW_BASE + DATA + 0x2800));
  });

  it.each([
    ['closed, it faults like any place without memory', false, 0],
    ['a fault behind its data tells the address in the window', true, DATA_BYTES],
  ])('%s', (_name, isOpen, offset) => {
    const address = WINDOW_BASE + DATA + offset;
    const guest = guestWith(COUNT, engine, { RBX: address, RCX: TURNS });
    guest.space.setWindow(isOpen);
    const exit = guest.run();
    expect(exit).toMatchObject({ kind: 'fault', fault: { vector: VECTOR.PF, address: BigInt(address) } });
  });

  it('other high addresses fault while it is open', () => {
    const guest = guestWith(COUNT, engine, { RBX: WINDOW_BASE * 2 + DATA, RCX: 1 });
    guest.space.setWindow(true);
    expect(guest.run()).toMatchObject({ fault: { address: BigInt(WINDOW_BASE * 2 + DATA) } });
  });
});
