/** The runtime's functions in TypeScript, until the runtime module is there. */
import { statusFlags } from '../../../ir/lazy-flags.ts';
import { OPS } from '../../../ir/ops.ts';

type Meaning = (...values: bigint[]) => bigint | number;

const unsigned = (a: bigint): bigint => BigInt.asUintN(64, a);
const low = (a: bigint): number => Number(BigInt.asIntN(32, a));
const high = (a: bigint): number => Number(BigInt.asIntN(32, a >> 32n));
const byMeaning =
  (meaning: Meaning): Meaning =>
  (...values) =>
    meaning(...values.map(unsigned));

const FUNCTIONS: Readonly<Record<string, unknown>> = {
  mulHighU64: byMeaning(OPS.mulHighU64.meaning),
  mulHighS64: byMeaning(OPS.mulHighS64.meaning),
  divU128: byMeaning(OPS.divU128.meaning),
  remU128: byMeaning(OPS.remU128.meaning),
  divS128: byMeaning(OPS.divS128.meaning),
  remS128: byMeaning(OPS.remS128.meaning),
  divOverflowsS128: byMeaning(OPS.divOverflowsS128.meaning),
  statusFlags: (code: number, r: bigint, a: bigint, b: bigint) =>
    statusFlags(code, low(r), high(r), low(a), high(a), low(b), high(b)),
};

export function hostFunctions(): Record<string, WebAssembly.ImportValue> {
  return FUNCTIONS as Record<string, WebAssembly.ImportValue>;
}
