/** The type of a function of the runtime module, as WebAssembly has it. */
import type { ValueType } from '../../ir/op-spec.ts';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}
