/** Between the translating executor, which decides what is compiled when, and what makes code of regions and runs it. */
import type { HandOver } from '../backends/wasm/runtime/hand-over.ts';
import type { Joins, Region } from '../backends/region/region.ts';
import type { CodeLink, CodeUnit } from './code-link.ts';

/** How large regions become, and what is part of them. */
export interface RegionLimits {
  readonly maxBlocks: number;
  readonly maxInstructions: number;
  /** Without 'calls' the block behind a call is a region of its own. */
  readonly joins: Joins;
  /** Blocks after which a batch takes in no further region: while it is made nobody else runs. */
  readonly batchBlocks: number;
}

/** The links of a space by address. */
export interface LinkSource<L extends CodeLink> {
  linkTo(rip: number): L;
  /** The same for an address as int32, faster. */
  find(rip: number): L;
}

export interface CompiledUnits {
  readonly units: readonly CodeUnit[];
  /** Bytes of the binary, or characters of source. */
  readonly size: number;
  /** Bytes that the host takes beside, whatever the size. */
  readonly overhead: number;
}

export interface RegionBackend<L extends CodeLink> {
  readonly limits: RegionLimits;
  createLink(rip: number): L;
  /** @returns null when the host refuses: the regions stay cold */
  compile(regions: readonly Region[]): CompiledUnits | null;
  /** Code for the block there that was compiled elsewhere from the same bytes. @returns null when there is none */
  reuse(rip: number, isUsable: (unit: CodeUnit) => boolean): CompiledUnits | null;
  /** Generated code reaches the unit's entries from now on. */
  link(unit: CodeUnit): void;
  /** Generated code comes out at the dispatcher instead. Never while generated code is on the host's stack. */
  unlink(unit: CodeUnit): void;
  /** The unit, which is not linked, will not be linked again. */
  discard(unit: CodeUnit): void;
  /** To be called before `enter`, when memory may have grown. */
  refresh(): void;
  /** How generated code and a chaining cold tier find each other; absent: by the dispatcher alone. */
  readonly handOver?: HandOver;
  /**
   * Runs the region at the link until it has to come out. @returns STOP, or with hand-over why the cold tier came out
   * (ColdChain.serve); everything else is in the state
   */
  enter(link: L, stateAddr: number): number;
  /** Whether generated code that is not discarded holds the link. */
  isReferenced(link: L): boolean;
}
