/** Functions of the runtime module that generated code may call: too long to be written out where they are used. */
import { FLOAT_FUNCTIONS } from './float-runtime.ts';
import type { FunctionType } from './function-type.ts';
import { STRING_FUNCTIONS } from './string-runtime.ts';

const two: FunctionType = { parameters: ['i64', 'i64'], results: ['i64'] };
const three: FunctionType = { parameters: ['i64', 'i64', 'i64'], results: ['i64'] };

/** By name and type; each means what the op of its name means (ir/ops/integer64.ts). */
export const INTEGER_FUNCTIONS = {
  mulHighU64: two,
  mulHighS64: two,
  divU128: three,
  remU128: three,
  divS128: three,
  remS128: three,
  divOverflowsS128: { parameters: ['i64', 'i64', 'i64'], results: ['i32'] },
  /** (kind and width, result, first, second) → the six status flags (lazy-flags.ts). */
  statusFlags: { parameters: ['i32', 'i64', 'i64', 'i64'], results: ['i32'] },
} as const satisfies Record<string, FunctionType>;

export type IntegerFunction = keyof typeof INTEGER_FUNCTIONS;

export const RUNTIME_FUNCTIONS = {
  ...INTEGER_FUNCTIONS,
  ...FLOAT_FUNCTIONS,
  ...STRING_FUNCTIONS,
} as const satisfies Record<string, FunctionType>;

export type RuntimeFunction = keyof typeof RUNTIME_FUNCTIONS;
