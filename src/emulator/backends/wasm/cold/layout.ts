/**
 * Micro-ops as they lie in memory, in an area of the space that is the machine's own (memory/address-space.ts).
 *
 *   block     rip u32 | instructions i32 | executions left i32 | countdowns over i32 | micro-op, micro-op, …
 *   micro-op  slot u16 | retired u8 | size u8 | rip u32 | u16 fields | u8 fields | 32- and 64-bit fields, links
 *
 * `slot` is the handler's place in the table; `retired` what the block has left to retire, this micro-op included; `size`
 * counts words, with bit LAST in the last one of a block. Links are addresses of blocks, 0 until the first way through. Micro-ops of one handler have one size.
 */
import { STATE_OFFSET } from '../../../ir/state-layout.ts';

export const BLOCK = { rip: 0, cost: 4, countdown: 8, turns: 12, code: 16 } as const;
export const MICRO_OP = { slot: 0, retired: 2, words: 3, rip: 4, fields: 8 } as const;

/** Nothing follows the micro-op: what lies behind it may be the rest of another block, even of another program's. */
export const LAST = 0x80;

/** Slots of the table that are no templates'. */
export const SLOT = {
  /** Leaves for the reference interpreter to execute this instruction. */
  slow: 0,
  /** First micro-op of a block that must not be run (any more): gives the fuel back, goes on to a region or leaves. */
  gone: 1,
  firstHandler: 2,
} as const;

/** Where handlers leave words for the dispatcher. */
export const WORD = {
  /** Micro-op that left, 0 for a call or return to what is not cached; or the address of the link that is missing. */
  from: STATE_OFFSET.scratch + 120,
} as const;

/** Why the interpreter came back. RIP in the state tells where to go on. No number is a STOP's (region.ts). */
export const LEAVE = {
  slow: 8,
  syscall: 9,
  budget: 10,
  /** The dispatcher must look at the state anew. */
  redispatch: 12,
  /** No block there yet; a link waits for it. */
  link: 13,
  /** Not in the jump cache. */
  uncached: 14,
  /** The block's countdown is at 0. */
  warm: 15,
} as const;
