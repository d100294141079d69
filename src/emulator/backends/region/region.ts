/** A region: blocks with direct jumps between them that become one function, entered at the first block. */
import { exitOf, type Block, type Op } from '../../ir/block.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import type { Graph } from './structure.ts';

/**
 * What a region goes on behind: calls, where generated code calls generated code and is returned to (JavaScript); or REP
 * strings, where generated code executes them (WebAssembly).
 */
export type Joins = 'calls' | 'strings';

export interface Region {
  /** The first is the entry. */
  readonly blocks: readonly Block[];
  readonly joins: Joins;
  /** Where indirect jumps were seen to go, and RETs of functions in `calls`, by the address of their block. */
  readonly indirect?: ReadonlyMap<number, readonly number[]>;
  /** Calls that go on inside of the region, by the address they return to. */
  readonly calls?: ReadonlySet<number>;
}

/** Slots of the scratch area that regions and their caller share. */
export const REGION_SLOT = {
  /** i32: fuel left. */
  fuel: STATE_OFFSET.fuel,
  /** i32: why a region gave 0 (STOP). */
  reason: STATE_OFFSET.scratch + 116,
} as const;

/** Why a region returned 0. RIP in the state tells where to go on. */
export const STOP = {
  /** The instruction at RIP must be executed by the reference interpreter. */
  slow: 0,
  /** SYSCALL was executed. */
  syscall: 1,
  /** Fuel is used up. */
  budget: 2,
  /** RIP is outside of the 4 GiB. */
  far: 3,
  /** The dispatcher must look at the system flags (op `redispatch`). */
  redispatch: 4,
  /** There is no region at RIP that generated code knows of. */
  unlinked: 5,
} as const;

/** Whether a number is a STOP: what a region's run came to may be a cold tier's reason to come out, which is more. */
export function isStop(reason: number): boolean {
  return reason <= STOP.unlinked;
}

/** Whether the block goes on at the address, and that lies right behind it: mostly because a limit cut it there. */
export function fallsInto(block: Block, rip: number): boolean {
  const exit = exitOf(block);
  return exit.name === 'jump' && exit.imm === rip && rip === block.rip + block.sizeBytes;
}

/** Addresses a block may go on at without leaving the function, in the order in which they are written. */
export function directTargets(block: Block, joins: Joins): number[] {
  const exit = exitOf(block);
  switch (exit.name) {
    case 'jump':
      return [exit.imm];
    case 'branch':
      return [exit.imm, exit.imm2];
    case 'call':
    case 'callIndirect':
      return joins === 'calls' ? [continuationOf(exit)] : [];
    case 'repeatString':
      return joins === 'strings' ? [exit.imm2] : [];
    default:
      return [];
  }
}

/** Where the function that a call or callIndirect goes to returns to. */
export function continuationOf(exit: Op): number {
  return exit.name === 'call' ? exit.imm2 : exit.imm;
}

/** The region's control flow: block number → numbers of the blocks it goes on at inside of the region. */
export function graphOf(region: Region): Graph {
  const { blocks, joins, indirect } = region;
  const numbers = new Map(blocks.map((block, i) => [block.rip, i]));
  return {
    successors: blocks.map((block) => {
      const exit = exitOf(block);
      const called = isInlined(region, exit) ? [exit.imm] : [];
      const addresses = [...directTargets(block, joins), ...called, ...(indirect?.get(block.rip) ?? [])];
      const targets = addresses.map((rip) => numbers.get(rip));
      return [...new Set(targets.filter((target) => target !== undefined))];
    }),
  };
}

/** Whether the exit is a call that goes on inside of the region. */
export function isInlined({ calls }: Region, exit: Op): boolean {
  return exit.name === 'call' && calls?.has(exit.imm2) === true;
}

/** Whether a code address lies in the 4 GiB that an address space has. */
export function isGuestAddress(address: number): boolean {
  return address >= 0 && address < 0x1_0000_0000;
}
