/** What a helper is given and gives; the helpers themselves are listed in helpers.ts. */
import type { AddressSpace } from '../memory/address-space.ts';

/** What helpers may ask of the outside; cpu.ts provides it. */
export interface HelperPorts {
  /** Cycles since boot, below 2^53. */
  timestamp(): number;
  entropy(dst: Uint8Array): void;
  /** EAX, EBX, ECX, EDX of a CPUID leaf. */
  cpuid(leaf: number, subleaf: number): readonly [number, number, number, number];
}

export interface HelperContext {
  readonly space: AddressSpace;
  /** Offset of the thread state. */
  readonly state: number;
  readonly ports: HelperPorts;
}

/** Takes the two arguments of the `helper` op and gives its result. Lazy flags may be read but are set through ops. */
export type Helper = (context: HelperContext, first: number, second: number) => number;
