/** FLD1, FLDL2T, …: the unit keeps more digits than a register and rounds as RC says (Intel SDM 1, 8.3.8). */
import { F80 } from '../../util/soft-float/format.ts';
import { FP_FLAG, roundAndPack, type FloatContext } from '../../util/soft-float/round.ts';

/** A constant under a rounding mode. */
type Constant = (rounding: number) => bigint;

/** `digits` is a 128-bit significand whose top bit counts 2^exponent. Loading a constant raises nothing. */
function constant(exponent: number, digits: bigint): Constant {
  return (rounding) => {
    const quiet: FloatContext = {
      rounding,
      masks: 0x3f,
      flags: FP_FLAG.PRECISION,
      denormalsAreZero: false,
      flushToZero: false,
      rules: 'x87',
      roundedUp: false,
    };
    return roundAndPack(quiet, F80, { sign: 0, significand: digits, exponent: exponent - 127 });
  };
}

/** π to 256 bits, as floor(π × 2^254). */
const PI_254 = 0xc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22n;

/** In the order of their opcodes, D9 E8 to D9 EE. */
export const CONSTANTS: readonly Constant[] = [
  constant(0, 1n << 127n),
  constant(1, 0xd49a784bcd1b8afe492bf6ff4dafdb4dn), // log2 10
  constant(0, 0xb8aa3b295c17f0bbbe87fed0691d3e89n), // log2 e
  constant(1, PI_254 >> 128n),
  constant(-2, 0x9a209a84fbcff7988f8959ac0b7c9178n), // log10 2
  constant(-1, 0xb17217f7d1cf79abc9e3b39803f2f6afn), // ln 2
  () => 0n,
];
