import type { RuntimeFunction } from '../runtime-functions.ts';
import type { TwinIndex } from '../x87/routines.ts';

/** What a region needs of the module it is written into. */
export interface ModuleScope {
  /** Type of regions. */
  readonly regionType: number;
  /** Index of the imported function that jumps by the jump cache, a region itself. */
  readonly jump: number;
  /** Index of an imported function. */
  runtime(name: RuntimeFunction): number;
  readonly helper: number;
  /** Index of the routine that does an x87 operation in WebAssembly, told TOP and telling what it becomes; or -1. */
  readonly twin: TwinIndex;
  readonly float: number;
  /** The function at a guest address in the same module, or null. */
  regionAt(rip: number): number | null;
  /** Guest addresses to which the region's function returns, as far as the module knows. */
  readonly returnsTo: readonly number[];
  /** The slot in the module's own table of a guest address elsewhere. */
  linkSlot(rip: number): number;
  helperIndex(name: string): number;
  floatIndex(operation: string): number;
}
