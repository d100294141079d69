/** What every executor must get right at the edges of an instruction stream: faults, rewritten code, fuel. */
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { EXECUTOR_NAMES, type ExecutorName } from './testing/executors.ts';
import { type Exit, type Fault, VECTOR } from './exit.ts';
import { Random } from './testing/random.ts';
import { CODE, createGuest, DATA, type Guest, STACK_TOP } from './testing/guest.ts';

const PAGE_BYTES = 0x1000;
const CODE_END = CODE + 0x2_0000;
const DATA_END = DATA + 0x2_0000;

/** Machine code from its hex text; spaces are for the reader. */
function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function faultOf(exit: Exit): Fault {
  if (exit.kind !== 'fault') throw new Error(`expected a fault, got ${exit.kind}`);
  return exit.fault;
}

/** Where the trap that ends the run reports to be, from CODE on. */
function trapAt(guest: Guest): bigint {
  const { vector, rip } = faultOf(guest.run());
  expect([vector, guest.state.rip]).toEqual([VECTOR.DB, rip]);
  return rip - BigInt(CODE);
}

function guestWith(
  code: string,
  engine: ExecutorName,
  registers: Partial<Record<keyof typeof REG, number>> = {},
): Guest {
  const guest = createGuest(hex(code), engine);
  for (const [name, value] of Object.entries(registers)) guest.state.setNumber(REG[name as keyof typeof REG], value);
  return guest;
}

describe.each(EXECUTOR_NAMES)('on the %s executor', (engine) => {
  describe('a page fault tells address, access and instruction, and changes nothing', () => {
    // code, registers, address, access
    // oxfmt-ignore
    const rows: readonly (readonly [string, string, Partial<Record<keyof typeof REG, number>>, bigint, string])[] = [
      ['load from null', '48 8b 03', { RBX: 0 }, 0n, 'read'],
      ['load beyond 4 GiB', '48 8b 03', { RBX: 0x1_0000_0010 }, 0x1_0000_0010n, 'read'],
      ['store to code', '48 89 03', { RBX: CODE }, BigInt(CODE), 'write'],
      ['load across the end of data', '48 8b 03', { RBX: DATA_END - 3 }, BigInt(DATA_END), 'read'],
      ['store across the end of data', '48 89 03', { RBX: DATA_END - 7 }, BigInt(DATA_END), 'write'],
      ['read-modify-write of nothing', '48 01 03', { RBX: 0x1000 }, 0x1000n, 'write'],
      ['read-modify-write from code to nothing', '48 01 03', { RBX: CODE_END - 4 }, BigInt(CODE_END - 4), 'write'],
      ['locked read-modify-write', 'f0 48 01 03', { RBX: 0x1000 }, 0x1000n, 'write'],
      ['push on a full stack', '50', { RSP: STACK_TOP - 0x1_0000 }, BigInt(STACK_TOP - 0x1_0000 - 8), 'write'],
      ['pop into nothing', '8f 03', { RBX: 0x1000 }, 0x1000n, 'write'],
      ['machine area', '8b 03', { RBX: 0x10_0000 }, 0x10_0000n, 'read'],
    ];
    it.each(rows)('%s', (_name, code, registers, address, access) => {
      const guest = guestWith(code, engine, registers);
      const before = guest.space.u8.slice(guest.state.addr, guest.state.addr + 128);
      const fault = faultOf(guest.run());
      expect({ ...fault, bytes: fault.bytes.length }).toEqual({
        vector: VECTOR.PF, rip: BigInt(CODE), address, access, bytes: 0, mnemonic: '', missingFeature: '',
      }); // oxfmt-ignore
      expect(guest.space.u8.slice(guest.state.addr, guest.state.addr + 128)).toEqual(before);
      expect([guest.state.rip, guest.cpu.lastRetired]).toEqual([BigInt(CODE), 0]);
    });
  });

  it('an address that is not canonical is #GP', () => {
    const guest = guestWith('48 8b 03', engine);
    guest.state.set64(REG.RBX, 0x8000_0000_0000_0000n);
    expect(faultOf(guest.run())).toMatchObject({ vector: VECTOR.GP, rip: BigInt(CODE) });
  });

  describe('other exceptions', () => {
    // oxfmt-ignore
    const rows: readonly (readonly [string, string, Partial<Record<keyof typeof REG, number>>, number, number])[] = [
      ['divide by zero', '90 f7 f1', { RCX: 0 }, VECTOR.DE, 1],
      ['quotient too large', '48 f7 f1', { RDX: 5, RCX: 5 }, VECTOR.DE, 0],
      ['int3 reports the next instruction', 'cc', {}, VECTOR.BP, 1],
      ['int1', 'f1', {}, VECTOR.DB, 1],
      ['ud2', '0f 0b', {}, VECTOR.UD, 0],
      ['hlt', 'f4', {}, VECTOR.GP, 0],
      ['int 80h', 'cd 80', {}, VECTOR.GP, 0],
      ['16 bytes', '66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90', {}, VECTOR.GP, 0],
      ['LOCK on a register', 'f0 01 c0', {}, VECTOR.UD, 0],
      ['LOCK on MOV', 'f0 89 03', { RBX: DATA }, VECTOR.UD, 0],
    ];
    it.each(rows)('%s', (_name, code, registers, vector, at) => {
      const guest = guestWith(code, engine, registers);
      expect(faultOf(guest.run())).toMatchObject({ vector, rip: BigInt(CODE + at) });
    });
  });

  describe('#UD tells bytes, name and what the CPU lacks', () => {
    // oxfmt-ignore
    const rows: readonly (readonly [code: string, bytes: number, mnemonic: string, missingFeature: string])[] = [
      ['c5 f9 6f c1', 4, 'vmovdqa', 'AVX'], ['62 f1 7d 48 6f c1', 6, 'vmovdqa32', 'AVX-512'], ['c4 e2 e9 98 43 08', 6, 'vfmadd132pd', 'FMA'],
      ['c4 e2 60 f2 c1', 5, 'andn', 'BMI'], ['0f 0f c1 9e', 4, 'pfadd', '3DNow!'], ['8f e8 78 a2 c1 20', 6, 'vpcmov', 'XOP'],
      ['f3 48 0f ae c0', 5, 'rdfsbase', 'FSGSBASE'], ['0f 38 c8 c1', 4, 'sha1nexte', 'SHA'], ['0f ae 23', 3, 'xsave', 'XSAVE'],
      ['0f 0b', 2, 'ud2', ''], ['f0 01 c0', 3, 'lock add', ''], ['f0 ad', 2, 'lock lodsd', ''], ['06', 15, '', ''],
    ];
    it.each(rows)('%s', (code, bytes, mnemonic, missingFeature) => {
      const fault = faultOf(guestWith(code, engine).run());
      const seen = [fault.vector, fault.rip, fault.bytes.length, fault.mnemonic, fault.missingFeature];
      expect(seen).toEqual([VECTOR.UD, BigInt(CODE), bytes, mnemonic, missingFeature]);
      expect([...fault.bytes.subarray(0, code.split(' ').length)]).toEqual([...hex(code)]);
    });
  });

  describe('fetching', () => {
    it('faults at the first byte of an unmapped page that an instruction goes on into', () => {
      const guest = guestWith('', engine);
      guest.space.u8.set(hex('90 48 b8 01'), CODE_END - 4);
      guest.state.rip = BigInt(CODE_END - 4);
      expect(faultOf(guest.run())).toMatchObject({
        access: 'fetch',
        address: BigInt(CODE_END),
        rip: BigInt(CODE_END - 3),
      });
      expect(guest.cpu.lastRetired).toBe(1);
    });

    it('goes on where the missing page appears', () => {
      const guest = guestWith('', engine);
      guest.space.u8.set(hex('b8 01'), CODE_END - 2);
      guest.state.rip = BigInt(CODE_END - 2);
      expect(faultOf(guest.run()).access).toBe('fetch');
      guest.space.protect(CODE_END, PAGE_BYTES, 5);
      guest.space.u8.set(hex('02 03 04 0f 05'), CODE_END);
      expect(guest.run()).toEqual({ kind: 'syscall' });
      expect(guest.state.low(REG.RAX)).toBe(0x04030201);
    });

    it('of data is a fault', () => {
      const guest = guestWith('', engine);
      guest.state.rip = BigInt(DATA);
      expect(faultOf(guest.run())).toMatchObject({ access: 'fetch', address: BigInt(DATA), rip: BigInt(DATA) });
    });

    it('beyond 4 GiB is a fault there', () => {
      const guest = guestWith('ff e3', engine, { RBX: 0x7000_0000_0000 });
      expect(faultOf(guest.run())).toMatchObject({
        access: 'fetch', address: 0x7000_0000_0000n, rip: 0x7000_0000_0000n,
      }); // oxfmt-ignore
    });

    it('to an address that is not canonical faults at the jump', () => {
      const guest = guestWith('c3', engine);
      guest.space.data.setBigUint64(STACK_TOP - 64, 0x1234_5678_9abc_def0n, true);
      expect(faultOf(guest.run())).toMatchObject({ vector: VECTOR.GP, rip: BigInt(CODE) });
      expect(guest.state.low(REG.RSP)).toBe(STACK_TOP - 64);
    });
  });

  describe('code that changes', () => {
    it('inside its own block is seen by the next instruction', () => {
      // mov byte [rip+2], 7; mov al, 1 (becomes 7); syscall
      const guest = guestWith('c6 05 01 00 00 00 07 b0 01 0f 05', engine);
      guest.space.protect(CODE, PAGE_BYTES, 7);
      expect(guest.run()).toEqual({ kind: 'syscall' });
      expect(guest.state.low(REG.RAX)).toBe(7);
    });

    it('in each turn of a hot loop is seen in each turn', () => {
      // mov ecx, 3000; again: mov [rip+imm of next], cl; mov al, 0; add rdx, rax(zx); dec ecx; jnz; syscall
      const guest = guestWith('b9 b8 0b 00 00 88 0d 01 00 00 00 b0 00 0f b6 c0 48 01 c2 ff c9 75 ee 0f 05', engine);
      guest.space.protect(CODE, PAGE_BYTES, 7);
      expect(guest.run()).toEqual({ kind: 'syscall' });
      let sum = 0;
      for (let i = 3000; i > 0; i--) sum += i & 0xff;
      expect(guest.state.low(REG.RDX)).toBe(sum);
    });

    it('by the kernel is seen, and so is mprotect', () => {
      const guest = guestWith('b0 01 0f 05', engine);
      for (let i = 0; i < 50; i++) {
        guest.state.rip = BigInt(CODE);
        expect(guest.run()).toEqual({ kind: 'syscall' });
      }
      guest.space.noteStore(CODE + 1, 1);
      guest.space.u8[CODE + 1] = 9;
      guest.state.rip = BigInt(CODE);
      expect(guest.run()).toEqual({ kind: 'syscall' });
      expect(guest.state.low(REG.RAX)).toBe(9);
      guest.space.protect(CODE, PAGE_BYTES, 3);
      guest.state.rip = BigInt(CODE);
      expect(faultOf(guest.run())).toMatchObject({ access: 'fetch', address: BigInt(CODE) });
    });

    it('a store beside code on its page keeps the translation', () => {
      // mov ecx, 1000; again: mov [rip+0x200], ecx; dec ecx; jnz; syscall
      const guest = guestWith('b9 e8 03 00 00 89 0d 00 02 00 00 ff c9 75 f6 0f 05', engine);
      guest.space.protect(CODE, PAGE_BYTES, 7);
      expect(guest.run()).toEqual({ kind: 'syscall' });
      expect(guest.cpu.statistics.blocksDecoded).toBeLessThan(60);
    });
  });

  describe('REP', () => {
    it('movs shows its progress at a fault', () => {
      const guest = guestWith('f3 a4', engine, { RSI: DATA, RDI: DATA_END - 10, RCX: 100 });
      expect(faultOf(guest.run())).toMatchObject({ access: 'write', address: BigInt(DATA_END), rip: BigInt(CODE) });
      const { state } = guest;
      expect([state.low(REG.RCX), state.low(REG.RSI), state.low(REG.RDI)]).toEqual([90, DATA + 10, DATA_END]);
    });

    it('movs with overlap repeats the pattern', () => {
      const guest = guestWith('f3 a4 0f 05', engine, { RSI: DATA, RDI: DATA + 3, RCX: 10 });
      guest.space.u8.set([1, 2, 3], DATA);
      guest.run();
      expect([...guest.space.u8.subarray(DATA, DATA + 13)]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    });

    it('stos stops where the fuel ends and goes on from there', () => {
      const guest = guestWith('f3 ab 0f 05', engine, { RDI: DATA, RCX: 5000, RAX: 0x11223344 });
      let runs = 0;
      while (guest.run(700).kind === 'budget') runs++;
      expect(runs).toBeGreaterThan(5);
      expect(guest.state.low(REG.RDI)).toBe(DATA + 20000);
      expect(guest.space.i32[(DATA + 19996) >> 2]).toBe(0x11223344);
    });

    it('scas finds and tells by the flags', () => {
      const guest = guestWith('f2 ae 0f 05', engine, { RDI: DATA, RCX: -1, RAX: 0 });
      guest.space.u8.fill(1, DATA, DATA + 5000);
      guest.run();
      expect(guest.state.low(REG.RDI)).toBe(DATA + 5001);
      expect(Number(guest.state.get64(REG.R11)) & 0x40).toBe(0x40);
    });
  });

  it('fuel ends an endless loop, soon after it is used up', () => {
    const guest = guestWith('eb fe', engine);
    expect(guest.run(10_000)).toEqual({ kind: 'budget' });
    expect(guest.cpu.lastRetired).toBe(10_000);
    expect(guest.state.rip).toBe(BigInt(CODE));
  });

  describe('fuel', () => {
    it('is not tested in straight code and on jumps forward', () => {
      // 5 nops; jmp +1; (int3); nop; syscall
      const guest = guestWith('90 90 90 90 90 eb 01 cc 90 0f 05', engine);
      expect(guest.run(1).kind).toBe('syscall');
      expect(guest.cpu.lastRetired).toBe(8);
    });

    it('is tested on calls, returns and indirect jumps, after they were done', () => {
      // call 1f; jmp rax; (int3); 1: ret; 2: nop; syscall
      const guest = guestWith('e8 03 00 00 00 ff e0 cc c3 90 0f 05', engine, { RAX: CODE + 9 });
      const stops = Array.from({ length: 3 }, () => [guest.run(1).kind, Number(guest.state.rip) - CODE]);
      expect(stops).toEqual([['budget', 8], ['budget', 5], ['budget', 9]]); // oxfmt-ignore
      expect([guest.run(1).kind, guest.cpu.lastRetired]).toEqual(['syscall', 2]);
    });

    it('counts the steps of a REP, and is tested while some are left', () => {
      // nop; nop; rep stosb; syscall
      const guest = guestWith('90 90 f3 aa 0f 05', engine, { RDI: DATA, RCX: 10 });
      expect([guest.run(6).kind, guest.cpu.lastRetired, guest.state.low(REG.RCX)]).toEqual(['budget', 6, 6]);
      expect([guest.run(6).kind, guest.cpu.lastRetired]).toEqual(['syscall', 7]);
    });

    it('is not tested by an instruction that faults', () => {
      const guest = guestWith('90 c3', engine, { RSP: 0x1000 });
      expect([faultOf(guest.run(1)).vector, guest.cpu.lastRetired]).toEqual([VECTOR.PF, 1]);
    });
  });

  describe('TF', () => {
    const TRAPS = 0x300n;

    it('traps behind each instruction, jumps and steps of a REP too, until SYSCALL', () => {
      // mov cl, 2; rep stosb; jmp over an int3; nop; syscall
      const guest = guestWith('b1 02 f3 aa eb 01 cc 90 0f 05', engine, { RDI: DATA });
      guest.state.rflags |= TRAPS;
      expect(Array.from({ length: 5 }, () => trapAt(guest))).toEqual([2n, 2n, 4n, 7n, 8n]);
      expect(guest.run().kind).toBe('syscall');
    });

    it('set by POPF counts from the instruction behind it, cleared by POPF to its end', () => {
      // again: push rax; popf; nop; push rbx; popf; nop; dec ecx; jnz again; syscall
      const guest = guestWith('50 9d 90 53 9d 90 ff c9 75 f6 0f 05', engine, { RAX: 0x302, RBX: 2, RCX: 3 });
      for (let i = 0; i < 3; i++) expect(Array.from({ length: 3 }, () => trapAt(guest))).toEqual([3n, 4n, 5n]);
      expect(guest.run().kind).toBe('syscall');
    });

    it('set by IRETQ counts from the instruction it returns to', () => {
      // again: mov rdx, rsp; push 0x2b; push rdx; push rax; push 0x33; lea rsi, 1f; push rsi; iretq; 1: nop; push rbx; popf; nop
      // dec ecx; jnz again; syscall
      const code = '48 89 e2 6a 2b 52 50 6a 33 48 8d 35 03 00 00 00 56 48 cf 90 53 9d 90 ff c9 75 e5 0f 05';
      const guest = guestWith(code, engine, { RAX: 0x302, RBX: 2, RCX: 3 });
      const stack = guest.state.get64(REG.RSP);
      for (let i = 0; i < 3; i++) expect(Array.from({ length: 3 }, () => trapAt(guest))).toEqual([20n, 21n, 22n]);
      expect(guest.run().kind).toBe('syscall');
      expect(guest.state.get64(REG.RSP)).toBe(stack);
    });

    it('gives way to the fault of the instruction', () => {
      const guest = guestWith('f7 f1', engine, { RCX: 0 });
      guest.state.rflags |= TRAPS;
      expect(faultOf(guest.run())).toMatchObject({ vector: VECTOR.DE, rip: BigInt(CODE) });
    });
  });

  it('a syscall leaves RIP behind it, RCX and R11 as the manual says', () => {
    const guest = guestWith('31 c0 0f 05', engine);
    expect(guest.run()).toEqual({ kind: 'syscall' });
    expect([guest.state.rip, guest.state.get64(REG.RCX)]).toEqual([BigInt(CODE + 4), BigInt(CODE + 4)]);
    expect(guest.state.get64(REG.R11)).toBe(0x246n);
    expect(guest.state.rflags).toBe(0x246n);
  });
});

it('a fault behind ADC shows its flags on both executors, though they are made of older ones', () => {
  // jl; add bl, bh; jge; pmaxsw; adc dil, r13b; cvtsi2ss xmm9, rbx (#XM where inexact is unmasked); syscall
  const guests = EXECUTOR_NAMES.map((engine) =>
    guestWith('7c 02 02 df 7d 04 66 0f ee f1 4c 10 ef f3 4c 0f 2a cb 0f 05', engine),
  );
  const random = new Random(9);
  for (let i = 0; i < 900; i++) {
    const word = (): bigint => (BigInt(random.u32()) << 32n) | BigInt(random.u32());
    const [rbx, rdi, r13] = [word(), word(), word()];
    const flags = BigInt(random.u32() & 0x8d5);
    const endings = guests.map(({ cpu, state }) => {
      state.set64(REG.RBX, rbx);
      state.set64(REG.RDI, rdi);
      state.set64(REG.R13, r13);
      state.rflags = flags;
      state.mxcsr = 0xf80;
      state.rip = BigInt(CODE);
      const { kind } = cpu.run(state, 1000);
      return { i, kind, flags: state.rflags, rdi: state.get64(REG.RDI) };
    });
    expect(endings[1]).toEqual(endings[0]);
  }
});
