import type { RuntimeFunction } from '../runtime-functions.ts';

/** What a region needs of the module it is written into. */
export interface ModuleScope {
  /** Type of regions. */
  readonly regionType: number;
  /** The imported global with the module's first table slot. */
  readonly baseGlobal: number;
  /** Index of an imported function. */
  runtime(name: RuntimeFunction): number;
  readonly helper: number;
  readonly float: number;
  /** The function at a guest address in the same module, or null. */
  regionAt(rip: number): number | null;
  /** Guest addresses to which the region's function returns, as far as the module knows. */
  readonly returnsTo: readonly number[];
  /** The slot, counted from the module's base, of a guest address elsewhere. */
  linkSlot(rip: number): number;
  helperIndex(name: string): number;
  floatIndex(operation: string): number;
}
