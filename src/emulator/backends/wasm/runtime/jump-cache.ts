/**
 * Where indirect jumps of regions look: sets of two pairs (guest address, slot of the space's table) of 32 bits each. Empty
 * pairs are 0, 0: the stub, for the one address that nobody can run.
 *
 *   set   address u32 | slot u32 | address u32 | slot u32          the address entered last comes first
 *
 * One pair a set was not enough: 28 pairs of hot addresses among sqlite3's 800 regions shared their places, and 2.7 of 3.3
 * million times that regions came back to the dispatcher were for them.
 */
import { STATES_END } from '../../../ir/state-layout.ts';
import type { AddressSpace } from '../../../memory/address-space.ts';
import { PARAMETER, PASSED_REGISTERS } from '../convention.ts';
import type { CodeWriter } from '../encoder/code-writer.ts';
import { type HashedTable, pushHashedPlace } from '../hashed-place.ts';

const BASE = STATES_END;
const SETS = 0x2000;
const PAIR_BYTES = 8;
const SET_BYTES = 2 * PAIR_BYTES;
/** Neighbours in a page lie in neighbouring sets; pages are spread. */
const SHIFT = 11;
const EMPTY = 0;
const TABLE: HashedTable = { shift: SHIFT, entries: SETS, entryBytes: SET_BYTES };

export class JumpCache {
  readonly #space: AddressSpace;

  constructor(space: AddressSpace) {
    this.#space = space;
    space.u8.fill(EMPTY, BASE, BASE + SETS * SET_BYTES);
  }

  remember(rip: number, slot: number): void {
    const { i32 } = this.#space;
    const at = setOf(rip) >> 2;
    if (i32[at] !== (rip | 0)) {
      i32[at + 2] = i32[at];
      i32[at + 3] = i32[at + 1];
      i32[at] = rip;
    }
    i32[at + 1] = slot;
  }

  forget(rip: number): void {
    const { i32 } = this.#space;
    const first = setOf(rip) >> 2;
    for (const at of [first, first + 2]) {
      if (i32[at] === (rip | 0)) i32.fill(EMPTY, at, at + 2);
    }
  }
}

function setOf(rip: number): number {
  return BASE + ((rip ^ (rip >>> SHIFT)) & (SETS - 1)) * SET_BYTES;
}

/** A region's body: the tail call of what the cache has for the local PARAMETER.rip, or of the stub. */
export function writeJump(code: CodeWriter, regionType: number): void {
  const set = code.newLocal('i32');
  code.localGet(PARAMETER.state);
  code.localGet(PARAMETER.fuel);
  code.localGet(PARAMETER.rip);
  PASSED_REGISTERS.forEach((_, i) => code.localGet(PARAMETER.registers + i));
  pushSlot(code, PARAMETER.rip, set);
  code.returnCallIndirect(regionType);
}

/** Pushes the slot for the local `rip`, 0 when there is none. @param set an i32 local to use */
export function pushSlot(code: CodeWriter, rip: number, set: number): void {
  pushHashedPlace(code, rip, TABLE, set);
  code.memory('i32.load', BASE + 4);
  code.localGet(set);
  code.memory('i32.load', BASE + PAIR_BYTES + 4);
  code.i32(0);
  isFor(code, rip, set, PAIR_BYTES);
  code.op('select');
  isFor(code, rip, set, 0);
  code.op('select');
}

function isFor(code: CodeWriter, rip: number, set: number, offset: number): void {
  code.localGet(set);
  code.memory('i32.load', BASE + offset);
  code.localGet(rip);
  code.op('i32.eq');
}
