/**
 * Code that changes under way: by itself, by another thread, by the kernel. The oracle of the random programs is the
 * reference tier that decodes each instruction anew: traced (TF), with every translation dropped before each step.
 */
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { EXECUTOR_NAMES, type ExecutorName } from './testing/executors.ts';
import type { Exit } from './exit.ts';
import { CODE, createGuest, DATA, type Guest } from './testing/guest.ts';
import { Random } from './testing/random.ts';

const PAGE_BYTES = 0x1000;
const TF = 0x100n;
const READ_EXECUTE = 5;
const ALL_RIGHTS = 7;

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function writableGuest(code: string | Uint8Array, engine: ExecutorName): Guest {
  const guest = createGuest(typeof code === 'string' ? hex(code) : code, engine);
  guest.space.protect(CODE, 2 * PAGE_BYTES, ALL_RIGHTS);
  return guest;
}

/** What the kernel does when it copies to guest memory. */
function kernelStore({ space }: Guest, addr: number, bytes: Uint8Array): void {
  space.noteStore(addr, bytes.length);
  space.u8.set(bytes, addr);
}

function runFrom(guest: Guest, addr: number, fuel?: number): Exit {
  guest.state.rip = BigInt(addr);
  return guest.run(fuel);
}

// mov [rip-4], ecx (the immediate of the next one); add eax, imm32; dec ecx; jne to the start; syscall
const SUMS = '89 0d 01 00 00 00 05 00 00 00 00 ff c9 75 f1 0f 05';

describe.each(EXECUTOR_NAMES)('on the %s executor', (engine) => {
  it('code that changes at every turn is retranslated a bounded number of times, and seen each time', () => {
    const guest = writableGuest(SUMS, engine);
    guest.state.setNumber(REG.RCX, 20_000);
    expect(guest.run().kind).toBe('syscall');
    expect(guest.state.low(REG.RAX)).toBe((20_000 * 20_001) / 2);
    expect(guest.cpu.statistics.regionsCompiled).toBeLessThan(40);
    expect(guest.cpu.statistics.exits['failed check']).toBeLessThan(100);
  });

  it('a page that stopped changing is compiled again, and a page that changes again falls back again', () => {
    const guest = writableGuest(SUMS, engine);
    // again: add rdx, 3; dec ecx; jne again; syscall
    guest.space.u8.set(hex('48 83 c2 03 ff c9 75 f8 0f 05'), CODE + 0x100);
    for (let round = 0; round < 3; round++) {
      guest.state.setNumber(REG.RCX, 200);
      guest.state.setNumber(REG.RAX, 0);
      expect(runFrom(guest, CODE).kind).toBe('syscall');
      expect(guest.state.low(REG.RAX)).toBe((200 * 201) / 2);
      const { entries, coldBlocks } = guest.cpu.statistics;
      guest.state.setNumber(REG.RDX, 0);
      guest.state.setNumber(REG.RCX, 100_000);
      expect(runFrom(guest, CODE + 0x100).kind).toBe('syscall');
      expect(guest.state.low(REG.RDX)).toBe(300_000);
      if (engine !== 'js') continue;
      expect(guest.cpu.statistics.entries).toBeGreaterThan(entries);
      expect(guest.cpu.statistics.coldBlocks - coldBlocks).toBeLessThan(40_000);
    }
  });

  it('a volatile page that may not be executed any more faults', () => {
    const guest = writableGuest(SUMS, engine);
    guest.state.setNumber(REG.RCX, 200);
    guest.run();
    guest.space.protect(CODE, PAGE_BYTES, 3);
    expect(runFrom(guest, CODE)).toMatchObject({ kind: 'fault', fault: { access: 'fetch', address: BigInt(CODE) } });
    guest.space.protect(CODE, PAGE_BYTES, READ_EXECUTE);
    guest.state.setNumber(REG.RCX, 1);
    expect(runFrom(guest, CODE)).toMatchObject({
      kind: 'fault',
      fault: { access: 'write', address: BigInt(CODE + 7) },
    });
  });

  it('another thread sees what one thread rewrote, at its next instruction there', () => {
    // again: add rax, 1; jmp again        writer: mov byte [rip to the 1], cl; syscall
    const guest = writableGuest('48 83 c0 01 eb fa', engine);
    guest.space.u8.set(hex('88 0d fd fe ff ff 0f 05'), CODE + 0x100);
    const writer = guest.cpu.createState();
    let sum = 0;
    for (let turn = 1; turn < 100; turn++) {
      writer.rip = BigInt(CODE + 0x100);
      writer.setNumber(REG.RCX, turn);
      expect(guest.cpu.run(writer, 1000).kind).toBe('syscall');
      expect(guest.run(40).kind).toBe('budget');
      sum += 20 * turn;
      expect(guest.state.low(REG.RAX)).toBe(sum);
    }
  });

  it('mprotect there and back, and the same bytes again, cost no retranslation', () => {
    // again: add rax, rcx; dec ecx; jne again; syscall
    const code = hex('48 01 c8 ff c9 75 f9 0f 05');
    const guest = writableGuest(code, engine);
    const turn = (count: number): number => {
      guest.state.setNumber(REG.RAX, 0);
      guest.state.setNumber(REG.RCX, count);
      expect(runFrom(guest, CODE).kind).toBe('syscall');
      return guest.state.low(REG.RAX);
    };
    turn(5000);
    const before = guest.cpu.statistics.regionsCompiled;
    for (let i = 0; i < 100; i++) {
      guest.space.protect(CODE, PAGE_BYTES, 3);
      kernelStore(guest, CODE, code);
      guest.space.protect(CODE, PAGE_BYTES, READ_EXECUTE);
      expect(turn(10)).toBe(55);
    }
    // Where cold code runs first, the block before the loop becomes warm meanwhile.
    expect(guest.cpu.statistics.regionsCompiled).toBeLessThanOrEqual(before + (engine === 'mixed' ? 1 : 0));
    kernelStore(guest, CODE + 1, hex('29'));
    expect(turn(10)).toBe(-55);
  });

  it('a page that is unmapped while it runs faults at the next fetch', () => {
    const guest = writableGuest('90 eb fd', engine);
    expect(guest.run(1000).kind).toBe('budget');
    guest.space.protect(CODE, PAGE_BYTES, 0);
    expect(guest.run(1000)).toMatchObject({ kind: 'fault', fault: { access: 'fetch', address: BigInt(CODE) } });
    expect(guest.cpu.lastRetired).toBe(0);
  });

  it('a jump into the middle of an instruction runs what the bytes say from there', () => {
    // mov eax, imm32 whose bytes are: inc ecx (ff c1); jmp +2 (eb 02); (int3; int3); syscall
    const guest = writableGuest('b8 ff c1 eb 02 cc cc 0f 05', engine);
    for (let i = 1; i <= 3; i++) {
      expect(runFrom(guest, CODE + 1).kind).toBe('syscall');
      guest.state.setNumber(REG.RCX, 0);
      expect(runFrom(guest, CODE)).toMatchObject({ kind: 'fault', fault: { rip: BigInt(CODE + 6) } });
      expect(guest.state.low(REG.RAX) >>> 0).toBe(0x02ebc1ff);
    }
  });

  it('random programs that rewrite themselves do what they do one instruction at a time', { timeout: 120_000 }, () => {
    const counted = { changes: 0, retired: 0 };
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = new Random(seed);
      const code = randomProgram(random);
      const [guest, oracle] = [engine, 'reference' as const].map((one) => programGuest(code, one));
      for (let slice = 0; slice < 20; slice++) {
        const exit = guest.run(1 + random.below(60));
        for (let i = guest.cpu.lastRetired; i > 0; i--) stepAnew(oracle);
        expect(stateOf(guest), `seed ${seed}, slice ${slice}`).toEqual(stateOf(oracle));
        counted.retired += guest.cpu.lastRetired;
        if (exit.kind !== 'budget') break;
      }
      if (Buffer.compare(guest.space.u8.subarray(PROGRAM, PROGRAM + code.length), code) !== 0) counted.changes++;
    }
    expect(counted.changes).toBeGreaterThan(ROUNDS / 3);
    expect(counted.retired).toBeGreaterThan(ROUNDS * 100);
  });
});

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 120);

const SLOTS = 24;
const SLOT_BYTES = 12;
/** The slots lie across the end of a page, so that instructions do. */
const PROGRAM = CODE + PAGE_BYTES - 100;

function programGuest(code: Uint8Array, engine: ExecutorName): Guest {
  const guest = writableGuest('', engine);
  guest.space.u8.set(code, PROGRAM);
  guest.state.rip = BigInt(PROGRAM);
  for (let i = 0; i < 16; i++) if (i !== REG.RSP) guest.state.setNumber(i, DATA + 64 * i);
  return guest;
}

function stepAnew(guest: Guest): void {
  guest.space.noteStore(CODE, 2 * PAGE_BYTES);
  guest.state.rflags |= TF;
  guest.run(1);
  guest.state.rflags &= ~TF;
}

function stateOf({ state, space }: Guest): unknown {
  return {
    rip: (state.rip - BigInt(PROGRAM)).toString(16),
    registers: Array.from({ length: 16 }, (_, i) => state.get64(i).toString(16)),
    flags: state.rflags,
    code: Buffer.from(space.u8.subarray(PROGRAM, PROGRAM + SLOTS * SLOT_BYTES)).toString('hex'),
  };
}

// A program is slots of 12 bytes. Stores go to bytes of slots: to an opcode what is an opcode of the same length, else
// anything.
const SAME_LENGTH = [0x05, 0x0d, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d];

function randomProgram(random: Random): Uint8Array {
  const code = new Uint8Array(SLOTS * SLOT_BYTES).fill(0x90);
  for (let i = 0; i < SLOTS - 1; i++) code.set(randomSlot(random, i * SLOT_BYTES), i * SLOT_BYTES);
  // back to the start: jmp rel32
  const last = (SLOTS - 1) * SLOT_BYTES;
  code.set([0xe9, ...int32(-(last + 5))], last);
  return code;
}

function int32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
}

function randomSlot(random: Random, at: number): number[] {
  const slot = (): number => random.below(SLOTS - 1) * SLOT_BYTES;
  const to = (target: number, end: number): number[] => int32(target - (at + end));
  switch (random.below(9)) {
    case 0: // mov byte [rip+d], imm8: the opcode of a slot
      return [0xc6, 0x05, ...to(slot(), 7), random.pick(SAME_LENGTH)];
    case 1: // mov byte [rip+d], imm8: some byte of an operand
      return [0xc6, 0x05, ...to(slot() + 1 + random.below(4), 7), random.below(256)];
    case 2: // mov [rip+d], eax: an immediate
      return [0x89, 0x05, ...to(slot() + 1, 6)];
    case 3: // jcc to a slot
      return [0x0f, 0x80 + random.below(16), ...to(slot(), 6)];
    case 4: // call over a pop: the return address is dropped
      return [0xe8, ...int32(1), 0x90, 0x59];
    case 5: // lea rdi, [slot]; stosb of al, which may be no opcode at all
      return random.oneIn(3)
        ? [0x48, 0x8d, 0x3d, ...to(slot(), 7), 0xb0, random.pick(SAME_LENGTH), 0xaa]
        : [0xff, 0xc0];
    default:
      return [random.pick(SAME_LENGTH), ...int32(random.u32() | 0)];
  }
}
