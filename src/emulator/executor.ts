/**
 * Between cpu.ts and what runs blocks. Executors know the IR; x86 reaches them only as lifted blocks.
 */
import type { HandOver } from './backends/wasm/runtime/hand-over.ts';
import type { Access, Exit, Fault } from './exit.ts';
import type { Block } from './ir/block.ts';
import type { MicroBlock } from './ir/template.ts';
import type { AddressSpace } from './memory/address-space.ts';
import type { CodePages } from './memory/code-pages.ts';
import type { HelperPorts } from './ir/helper-context.ts';
import type { CpuCounters } from './statistics.ts';
import type { CodeBudget } from './translate/code-budget.ts';
import type { CodeStore } from './translate/code-store.ts';

/** What an executor gets from the core. */
export interface ExecutorServices {
  readonly space: AddressSpace;
  readonly codePages: CodePages;
  readonly ports: HelperPorts;
  readonly counters: CpuCounters;
  /** Absent: nothing is shared with other spaces. */
  readonly codeStore?: CodeStore | undefined;
  /** Absent: what others have compiled does not count. */
  readonly codeBudget?: CodeBudget | undefined;
  /**
   * The block at `rip`, a guest address below 4 GiB, of at most `maxInstructions`. Never fails: bytes that cannot be
   * fetched or decoded become a block that faults. A block whose instructionCount is 0 must not be cached. Whoever keeps
   * the block calls codePages.add(block.rip, block.sizeBytes), but for blocks with volatileBytes (see there).
   */
  lift(rip: number, maxInstructions: number): Block;
  /** The same as micro-ops; null when nothing can be fetched or decoded there. */
  microBlock(rip: number, maxInstructions: number): MicroBlock | null;
  /** Host time in ms for statistics; 0 where nobody gives it. */
  nowMs(): number;
  /** Whether that access of the instruction at `rip` goes through SS, so that an address that is not canonical is #SS. */
  usesStackSegment(rip: number, access: Access): boolean;
  /** For the report of a #UD at `rip`. */
  describeUndefined(rip: number): Pick<Fault, 'bytes' | 'mnemonic' | 'missingFeature'>;
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

/**
 * What runs cold code, and alone raises faults. It takes fuel and RIP from the thread state, writes them back, and ends
 * a run with 'budget' where the fuel rule says so (fuel.ts). It does not look at TF.
 */
export interface ColdTier {
  /** There when `runBlock` goes on from block to block by itself, so that others cannot count what it runs. */
  readonly chain?: ColdChain;
  /** Runs the block at RIP to its end, or more. @returns null to go on at RIP. */
  runBlock(stateAddr: number): Exit | null;
  /** Runs the instruction at RIP; a REP makes at most `repeatLimit` steps at once, without it as many as fuel allows. */
  step(stateAddr: number, repeatLimit?: number): Exit | null;
  dispose(): void;
}

/** Who compiles what a chaining cold tier runs. */
export interface ChainWatcher {
  /** Executions after which a block is warm, and again after so many more. */
  readonly warmUp: number;
  /** The block at `rip` is warm. */
  onWarm(rip: number): void;
  /** Whether the dispatcher has better code for `rip`, so that the chain must leave there. */
  isCompiled(rip: number): boolean;
  /** The chain went on to generated code, which came out with this STOP. @returns null to go on at RIP */
  onStop(stateAddr: number, stop: number): Exit | null;
}

export interface ColdChain {
  watch(watcher: ChainWatcher): void;
  /** The chain leaves before `rip` from now on. */
  leaveAt(rip: number): void;
  /** How often the block at `rip` was executed, as far as is known. */
  executions(rip: number): number;
  /** Where the indirect jump at `rip`, the jump itself, was seen to go. */
  targetsOf(rip: number): readonly number[];
  /** The chain goes on to generated code by itself from now on, and it to the chain. */
  join(handOver: HandOver): void;
  /** Generated code went on to the chain, which came out for this reason. @returns null to go on at RIP */
  serve(stateAddr: number, reason: number): Exit | null;
}
