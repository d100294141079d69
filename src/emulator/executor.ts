/**
 * Between cpu.ts and what runs blocks. Executors know the IR; x86 reaches them only as lifted blocks.
 */
import type { Exit } from './exit.ts';
import type { Block } from './ir/block.ts';
import type { AddressSpace } from './memory/address-space.ts';
import type { CodePages } from './memory/code-pages.ts';
import type { HelperPorts } from './ir/helpers.ts';
import type { CpuCounters } from './statistics.ts';

/** What an executor gets from the core. */
export interface ExecutorServices {
  readonly space: AddressSpace;
  readonly codePages: CodePages;
  readonly ports: HelperPorts;
  readonly counters: CpuCounters;
  /**
   * The block at `rip`, a guest address below 4 GiB, of at most `maxInstructions`. Never fails: bytes that cannot be
   * fetched or decoded become a block that faults. A block whose instructionCount is 0 must not be cached. Whoever keeps
   * the block calls codePages.add(block.rip, block.sizeBytes).
   */
  lift(rip: number, maxInstructions: number): Block;
  /** Host time in ms for statistics; 0 where nobody gives it. */
  nowMs(): number;
  /** Whether the instruction at `rip` addresses memory through SS, so that an address that is not canonical is #SS. */
  usesStackSegment(rip: number): boolean;
  /** For #UD: up to 15 bytes at `rip` and the mnemonic where the map is known. */
  describeUndefined(rip: number): { readonly bytes: Uint8Array; readonly mnemonic: string };
}

/** Runs guest code of one address space on thread states in its memory. */
export interface Executor {
  /**
   * Runs the thread whose state lies at `stateAddr` from its RIP until an Exit. At every exit the state in memory is
   * architectural, but for status flags, which may be lazy (lazy-flags.ts).
   */
  run(stateAddr: number, fuel: number): Exit;
  /** Instructions retired by the last run. */
  readonly retired: number;
  /** Makes a run that is under way return 'interrupt' soon. */
  interrupt(): void;
  dispose(): void;
}

/** The cold tier as the fast tiers see it: an executor that stops after exactly so many instructions. */
export interface ColdTier extends Executor {
  /** Runs the block at RIP to its end; a REP may make up to `fuel` steps. @returns null to go on. */
  runBlock(stateAddr: number, fuel: number): Exit | null;
  /**
   * Runs exactly up to `count` instructions; 'budget' when all of them retired. A REP instruction may make up to
   * `repeatLimit` steps at once, each of which counts in `retired`.
   */
  step(stateAddr: number, count: number, repeatLimit?: number): Exit;
}
