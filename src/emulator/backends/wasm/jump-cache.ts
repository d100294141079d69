/**
 * Where indirect jumps look for what runs at a guest address: sets of two pairs (address, place) of 32 bits each, in the
 * machine's area of the memory. There are two such tables, one of regions, whose place is a slot of the space's table, and
 * one of micro-ops, whose place is a block's address. Empty pairs are 0, 0: nothing, for the one address that nobody can
 * run.
 *
 *   set   address u32 | place u32 | address u32 | place u32          the address entered last comes first
 *
 * One pair a set was not enough: 28 pairs of hot addresses among sqlite3's 800 regions shared their places, and 2.7 of 3.3
 * million times that regions came back to the dispatcher were for them; micro-ops of javac left 770,000 times for blocks
 * that were there.
 */
import { STATES_END } from '../../ir/state-layout.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import type { CodeWriter } from './encoder/code-writer.ts';

const SETS = 0x2000;
const PAIR_BYTES = 8;
const SET_BYTES = 2 * PAIR_BYTES;
const TABLE_BYTES = SETS * SET_BYTES;
/** Neighbours in a page lie in neighbouring sets; pages are spread. */
const SHIFT = 11;
const EMPTY = 0;

/** Where the tables begin. */
export const JUMPS_TO = { regions: STATES_END, microOps: STATES_END + TABLE_BYTES } as const;

type Base = (typeof JUMPS_TO)[keyof typeof JUMPS_TO];

export class JumpCache {
  readonly #space: AddressSpace;
  readonly #base: Base;

  /** To be cleared before its first use: memory may have been another space's. */
  constructor(space: AddressSpace, base: Base) {
    this.#space = space;
    this.#base = base;
  }

  clear(): void {
    this.#space.u8.fill(EMPTY, this.#base, this.#base + TABLE_BYTES);
  }

  remember(rip: number, place: number): void {
    const { i32 } = this.#space;
    const at = this.#setOf(rip) >> 2;
    if (i32[at] !== (rip | 0)) {
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
