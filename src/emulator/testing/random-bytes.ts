/**
 * Random bytes as code, on several engines at once: whatever the bytes are, a run ends in an Exit, and every engine ends
 * in the same one, at the same instruction, with the same state. Nothing may be thrown: that would be the worker's end.
 */
import type { Exit } from '../exit.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import type { ExecutorName } from './executors.ts';
import { CODE, createGuest, DATA, type Guest, STACK_TOP } from './guest.ts';
import type { Random } from './random.ts';

const BYTES = 96;
const PAGE_BYTES = 0x1000;
const DATA_BYTES = 0x2_0000;
/** The last page of CODE's mapping: what follows is not mapped. */
const LAST_PAGE = CODE + 0x1_f000;
const SLICES = 6;

// What decodes to something: prefixes, two-byte opcodes, x87, small operands.
const COMMON = [0x0f, 0x48, 0x66, 0xf3, 0xf2, 0x41, 0x4c, 0xd8, 0xd9, 0xdb, 0xdd, 0xf0, 0xae, 0xc7, 0x01, 0xeb, 0xe8];

export interface RandomBytesReport {
  readonly exits: ReadonlyMap<string, number>;
  readonly retired: number;
}

export class RandomBytes {
  readonly #guests: readonly Guest[];
  readonly #executors: readonly ExecutorName[];
  readonly #exits = new Map<string, number>();
  #retired = 0;

  constructor(executors: readonly ExecutorName[]) {
    this.#executors = executors;
    // INT3 all around: a run through a page of zeros, which are instructions, takes minutes where each is compiled.
    const breakpoints = new Uint8Array(LAST_PAGE + PAGE_BYTES - CODE).fill(0xcc);
    this.#guests = executors.map((executor) => createGuest(breakpoints, executor));
  }

  get report(): RandomBytesReport {
    return { exits: this.#exits, retired: this.#retired };
  }

  /** @returns how the engines differ, with the code; '' if they do not. @throws Error with the code when one throws */
  round(random: Random): string {
    const code = Uint8Array.from({ length: BYTES }, () => (random.oneIn(3) ? random.pick(COMMON) : random.below(256)));
    // Some may rewrite itself, some ends with its page.
    const rights = random.oneIn(3) ? 7 : 5;
    const at = random.oneIn(4) ? LAST_PAGE + PAGE_BYTES - 1 - random.below(BYTES) : CODE + random.below(PAGE_BYTES);
    const told = (what: string): string => `${Buffer.from(code).toString('hex')} at ${at.toString(16)}: ${what}`;
    const state = randomState(random, at);
    for (const guest of this.#guests) prepare(guest, { code, at, rights, state });
    for (let slice = 0; slice < SLICES; slice++) {
      const fuel = 1 + random.below(150);
      const rip = slice === 0 ? at : random.oneIn(2) ? -1 : at + random.below(BYTES);
      const found = this.#guests.map((guest, i) => {
        if (rip >= 0) guest.state.rip = BigInt(rip);
        try {
          return endingOf(guest, guest.run(fuel));
        } catch (error) {
          throw new Error(told(this.#executors[i]), { cause: error });
        }
      });
      const [expected] = found;
      this.#exits.set(expected.kind, (this.#exits.get(expected.kind) ?? 0) + 1);
      this.#retired += this.#guests[0].cpu.lastRetired;
      for (const [i, { text }] of found.entries()) {
        if (text !== expected.text)
          return told(`slice ${slice}\n${this.#executors[0]}\n${expected.text}\n${this.#executors[i]}\n${text}`);
      }
    }
    return '';
  }
}

interface Start {
  readonly code: Uint8Array;
  readonly at: number;
  readonly rights: number;
  /** Registers, flags, x87 and vectors. */
  readonly state: { readonly registers: readonly number[]; readonly fxsave: Uint8Array };
}

function randomState(random: Random, at: number): Start['state'] {
  const value = (): number =>
    random.pick([DATA + 0x800 + random.below(0x1000), random.below(40), at + random.below(BYTES), -random.below(9)]);
  const registers = Array.from({ length: 16 }, value);
  registers[4] = STACK_TOP - 0x800;
  const fxsave = random.bytes(512);
  new DataView(fxsave.buffer).setUint16(0, 0x37f, true);
  new DataView(fxsave.buffer).setUint32(24, random.pick([0x1f80, 0x1f80, 0x7f80, 0x9fc0, 0x1000]), true);
  return { registers, fxsave };
}

function prepare({ space, state }: Guest, { code, at, rights, state: start }: Start): void {
  space.protect(Math.floor(at / PAGE_BYTES) * PAGE_BYTES, PAGE_BYTES, rights);
  if (at < LAST_PAGE) space.protect(Math.floor(at / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES, PAGE_BYTES, rights);
  const bytes = at < LAST_PAGE ? code : code.subarray(0, LAST_PAGE + PAGE_BYTES - at);
  space.noteStore(at, bytes.length);
  space.u8.set(bytes, at);
  space.u8.fill(0, DATA, DATA + DATA_BYTES);
  space.u8.fill(0, STACK_TOP - PAGE_BYTES, STACK_TOP);
  start.registers.forEach((value, i) => state.setNumber(i, value));
  state.rflags = 0x202n;
  state.fsBase = 0n;
  state.gsBase = BigInt(DATA);
  state.loadFpu(start.fxsave);
}

function endingOf({ cpu, state, space }: Guest, exit: Exit): { kind: string; text: string } {
  const kind = exit.kind === 'fault' ? `fault ${exit.fault.vector}` : exit.kind;
  const fault = exit.kind === 'fault' ? `${exit.fault.rip} ${exit.fault.address} ${exit.fault.access}` : '';
  const registers = Array.from({ length: 16 }, (_, i) => state.get64(i).toString(16));
  const at = state.addr + STATE_OFFSET.x87;
  const units = Buffer.from(space.u8.subarray(at, state.addr + STATE_OFFSET.scratch)).toString('hex');
  const memory = [DATA, STACK_TOP - PAGE_BYTES].map((from) => hashOf(space.i32, from, PAGE_BYTES));
  const lines = [
    `${kind} ${fault} after ${cpu.lastRetired} at ${state.rip.toString(16)}`,
    registers.join(' '),
    `flags ${state.rflags.toString(16)} mxcsr ${state.mxcsr.toString(16)} fs ${state.fsBase} gs ${state.gsBase}`,
    units,
    memory.join(' '),
  ];
  return { kind, text: lines.join('\n') };
}

function hashOf(words: Int32Array, addr: number, sizeBytes: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = addr >> 2; i < (addr + sizeBytes) >> 2; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash >>> 0;
}
