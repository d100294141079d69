/**
 * Where indirect jumps look for what runs at a guest address: sets of two pairs (address, place) of 32 bits each, in front
 * of the micro-ops. There are two such tables, one of regions, whose place is a slot of the space's table, and
 * one of micro-ops, whose place is a block's address. Empty pairs are 0, 0: nothing, for the one address that nobody can
 * run.
 *
 *   set   address u32 | place u32 | address u32 | place u32          the address entered last comes first
 *
 * One pair a set was not enough: 28 pairs of hot addresses among sqlite3's 800 regions shared their places, and 2.7 of 3.3
 * million times that regions came back to the dispatcher were for them; micro-ops of javac left 770,000 times for blocks
 * that were there. cc1 came out 825,000 times with 8,192 sets and 155,000 blocks; with 32,768 a quarter of that.
 */
import { type AddressSpace, MICRO_CODE_BASE } from '../../memory/address-space.ts';
import type { CodeWriter } from './encoder/code-writer.ts';

const SETS = 0x8000;
const PAIR_BYTES = 8;
const SET_BYTES = 2 * PAIR_BYTES;
const SET_WORDS = SET_BYTES / 4;
const TABLE_BYTES = SETS * SET_BYTES;
/** Neighbours in a page lie in neighbouring sets; pages are spread. */
const SHIFT = 11;
const EMPTY = 0;

/** Where the tables begin. */
export const JUMPS_TO = { regions: MICRO_CODE_BASE, microOps: MICRO_CODE_BASE + TABLE_BYTES } as const;

/** What follows them. */
export const JUMPS_END = MICRO_CODE_BASE + 2 * TABLE_BYTES;

type Base = (typeof JUMPS_TO)[keyof typeof JUMPS_TO];

export class JumpCache {
  readonly #space: AddressSpace;
  readonly #base: Base;
  /** Where sets lie that were taken since the last `clear`, some of them twice; when there are as many as sets, all. */
  #taken: number[] = [];

  /** The table is empty: memory is new, or was cleared when another space ended. */
  constructor(space: AddressSpace, base: Base) {
    this.#space = space;
    this.#base = base;
    space.ensureSize(JUMPS_END);
  }

  /** Also to be called at the end of the space. Cost: what is in it, not the table's size, which most programs never fill. */
  clear(): void {
    const { u8, i32 } = this.#space;
    if (this.#taken.length === SETS) u8.fill(EMPTY, this.#base, this.#base + TABLE_BYTES);
    else for (const at of this.#taken) i32.fill(EMPTY, at, at + SET_WORDS);
    this.#taken = [];
  }

  remember(rip: number, place: number): void {
    const { i32 } = this.#space;
    const at = this.#setOf(rip) >> 2;
    if (i32[at] !== (rip | 0)) {
      if (i32[at] === EMPTY && this.#taken.length < SETS) this.#taken.push(at);
      i32[at + 2] = i32[at];
      i32[at + 3] = i32[at + 1];
      i32[at] = rip;
    }
    i32[at + 1] = place;
  }

  forget(rip: number): void {
    const { i32 } = this.#space;
    const first = this.#setOf(rip) >> 2;
    for (const at of [first, first + 2]) {
      if (i32[at] === (rip | 0)) i32.fill(EMPTY, at, at + 2);
    }
  }

  #setOf(rip: number): number {
    return this.#base + ((rip ^ (rip >>> SHIFT)) & (SETS - 1)) * SET_BYTES;
  }
}

/** Pushes the place for the local `rip`, 0 when there is none. @param set an i32 local to use */
export function pushPlace(code: CodeWriter, base: Base, rip: number, set: number): void {
  code.localGet(rip);
  code.localGet(rip);
  code.i32(SHIFT);
  code.op('i32.shr_u');
  code.op('i32.xor');
  code.i32(SETS - 1);
  code.op('i32.and');
  code.i32(Math.log2(SET_BYTES));
  code.op('i32.shl');
  code.localTee(set);
  code.memory('i32.load', base + 4);
  code.localGet(set);
  code.memory('i32.load', base + PAIR_BYTES + 4);
  code.i32(0);
  isFor(code, rip, set, base + PAIR_BYTES);
  code.op('select');
  isFor(code, rip, set, base);
  code.op('select');
}

function isFor(code: CodeWriter, rip: number, set: number, offset: number): void {
  code.localGet(set);
  code.memory('i32.load', offset);
  code.localGet(rip);
  code.op('i32.eq');
}
