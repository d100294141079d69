/** REP strings of all kinds on fast executors against the reference interpreter: overlaps, page ends, directions, fuel. */
import { describe, expect, it } from 'vitest';
import { REG } from './cpu.ts';
import { STATE_OFFSET } from './ir/state-layout.ts';
import { EXECUTOR_NAMES, type ExecutorName } from './testing/executors.ts';
import { CODE, createGuest, DATA, type Guest } from './testing/guest.ts';
import { Random } from './testing/random.ts';

const PAGE_BYTES = 0x1000;
const DATA_PAGES = 32;
const DATA_BYTES = DATA_PAGES * PAGE_BYTES;
const FORM_BYTES = 16;
const CASES = 3_000;
const DF = 0x400n;

/** Two NOPs, REP or REPNE of a string instruction and width, without and with 67h and FS, a system call. */
const FORMS = ['', '67', '64', '67 64'].flatMap((prefix) =>
  ['a4', 'a6', 'aa', 'ac', 'ae'].flatMap((opcode) =>
    ['', '66 ', '32', '48 '].flatMap((width) =>
      ['f3', 'f2'].map((repeat) => {
        const isByte = width === '';
        const wide = (parseInt(opcode, 16) + (isByte ? 0 : 1)).toString(16);
        return `90 90 ${prefix} ${width === '66 ' ? width : ''}${repeat} ${width === '48 ' ? width : ''}${wide} 0f 05`;
      }),
    ),
  ),
);

const PROGRAM = new Uint8Array(FORMS.length * FORM_BYTES);
FORMS.forEach((form, i) => PROGRAM.set(Buffer.from(form.replaceAll(' ', ''), 'hex'), i * FORM_BYTES));

interface Case {
  readonly form: number;
  readonly registers: Readonly<Record<'RAX' | 'RCX' | 'RSI' | 'RDI', bigint>>;
  readonly isBackward: boolean;
  readonly fuel: number;
  /** Of each data page, as mmap numbers it. */
  readonly protections: readonly number[];
}

function randomCase(random: Random): Case {
  const near = (place: number): bigint => BigInt(place + random.below(41) - 20);
  const place = (): number =>
    random.oneIn(4) ? random.below(DATA_BYTES) : PAGE_BYTES * random.below(DATA_PAGES + 1) + random.below(41) - 20;
  const rsi = DATA + place();
  const rdi = random.oneIn(2) ? near(rsi) : BigInt(DATA + place());
  const isHigh = random.oneIn(20);
  const accumulator = random.oneIn(2) ? BigInt(random.below(3)) * 0x0101_0101_0101_0101n : random.u64();
  return {
    form: random.below(FORMS.length),
    registers: {
      RAX: accumulator,
      RCX: random.pick([0n, 1n, BigInt(random.below(12)), BigInt(random.below(9000)), 0x7_0000_0005n, random.u64()]),
      RSI: isHigh ? BigInt(rsi) | 0x3_0000_0000n : BigInt(rsi),
      RDI: random.oneIn(20) ? rdi | 0x5_0000_0000n : rdi,
    },
    isBackward: random.oneIn(3),
    fuel: random.pick([1, 2, random.below(300) + 1, 100_000]),
    protections: Array.from({ length: DATA_PAGES }, () => random.pick([3, 3, 3, 3, 3, 3, 3, 1, 0, 7])),
  };
}

/** Few distinct bytes in long runs, so that comparisons go on for a while. */
function fill(guest: Guest, random: Random): void {
  for (let at = 0; at < DATA_BYTES;) {
    const length = Math.min(DATA_BYTES - at, 1 + random.below(random.oneIn(3) ? 600 : 20));
    guest.space.u8.fill(random.below(3), DATA + at, DATA + at + length);
    at += length;
  }
}

/** Everything that a run may change. */
function outcome(guest: Guest, { form, registers, isBackward, fuel, protections }: Case): unknown[] {
  const { state, space, cpu } = guest;
  protections.forEach((protection, i) => space.protect(DATA + i * PAGE_BYTES, PAGE_BYTES, protection));
  state.rip = BigInt(CODE + form * FORM_BYTES);
  state.rflags = 0x202n | (isBackward ? DF : 0n);
  for (const [name, value] of Object.entries(registers)) state.set64(REG[name as keyof typeof registers], value);
  const steps: unknown[] = [];
  for (let run = 0; run < 4; run++) {
    const exit = cpu.run(state, fuel);
    const names = ['RAX', 'RCX', 'RSI', 'RDI', 'R11'] as const;
    steps.push([exit, cpu.lastRetired, state.rip, state.rflags, ...names.map((name) => state.get64(REG[name]))]);
    if (exit.kind !== 'budget') break;
  }
  return steps;
}

function guestOf(executor: ExecutorName, seed: number): Guest {
  const guest = createGuest(PROGRAM, executor);
  guest.state.set64(REG.R11, 0n);
  guest.space.data.setBigUint64(guest.state.addr + STATE_OFFSET.fsBase, 0x1003n, true);
  fill(guest, new Random(seed));
  return guest;
}

describe.each(EXECUTOR_NAMES.filter((name) => name !== 'reference'))('on the %s executor', (executor) => {
  it('REP strings do what the reference interpreter does, step for step', { timeout: 120_000 }, () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? 7);
    const [expected, guest] = [guestOf('reference', seed), guestOf(executor, seed)];
    const random = new Random(seed + 1);
    for (let i = 0; i < Number(process.env['FUZZ_ROUNDS'] ?? 1) * CASES; i++) {
      const one = randomCase(random);
      const what = `case ${i}: ${FORMS[one.form]}`;
      const right = outcome(expected, one);
      expect([what, ...outcome(guest, one)]).toEqual([what, ...right]);
      const data = guest.space.u8.subarray(DATA, DATA + DATA_BYTES);
      const isSame = Buffer.compare(data, expected.space.u8.subarray(DATA, DATA + DATA_BYTES)) === 0;
      expect([what, isSame]).toEqual([what, true]);
      if (i % 50 === 0) for (const each of [expected, guest]) fill(each, new Random(seed + i));
    }
  });

  it.runIf(executor === 'wasm')('copies and fills without asking the reference interpreter', () => {
    // rep movsb; rep stosq; syscall
    const guest = createGuest(Uint8Array.from([0xf3, 0xa4, 0xf3, 0x48, 0xab, 0x0f, 0x05]), executor);
    for (let run = 0; run < 8; run++) {
      guest.state.rip = BigInt(CODE);
      guest.state.set64(REG.RCX, 5000n);
      guest.state.set64(REG.RSI, BigInt(DATA));
      guest.state.set64(REG.RDI, BigInt(DATA + 0x8000));
      guest.run();
    }
    const { exits } = guest.cpu.statistics;
    expect(exits['failed check'] ?? 0).toBe(0);
  });
});
