/** What generated code of both tiers imports from the host: helpers, and the soft float for what WebAssembly cannot decide. */
import { FLOAT_OPERATIONS, type FloatOutcome, runFloat } from '../../ir/float-unit.ts';
import type { HelperPorts } from '../../ir/helper-context.ts';
import { HELPERS } from '../../ir/helpers.ts';
import { STATE_OFFSET } from '../../ir/state-layout.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import type { HostFloat } from './float-module.ts';

/** Generated code names helpers by their index. */
export const HELPER_NAMES: readonly string[] = [...HELPERS.keys()];

const HELPER_LIST = [...HELPERS.values()];

/** (S, index in HELPER_NAMES, first, second) → result. */
export type HostHelper = (S: number, index: number, first: number, second: number) => number;

export function hostHelper(space: AddressSpace, ports: HelperPorts): HostHelper {
  return (S, index, first, second) => HELPER_LIST[index]?.({ space, state: S, ports }, first, second) ?? 0;
}

/** Operands and result in the scratch area (ir-writer.ts, callFloat). */
export function hostFloat(space: AddressSpace): HostFloat {
  const outcome: FloatOutcome = { mxcsr: 0, isTrapped: false };
  return (S, operation, mxcsr) => {
    const { i32 } = space;
    const at = (S + STATE_OFFSET.scratch) >> 2;
    const [a, b] = [i32.subarray(at, at + 4), i32.subarray(at + 4, at + 8)];
    i32.set(runFloat(FLOAT_OPERATIONS[operation], mxcsr, a, b, outcome), at);
    return outcome.isTrapped ? -1 : outcome.mxcsr;
  };
}
