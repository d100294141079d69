/** Random operands and MXCSR values for tests of floating point: mostly what is hard. */
import type { Random } from './random.ts';

const HARD64: readonly bigint[] = [
  0x0n, 0x8000_0000_0000_0000n, 0x1n, 0x000f_ffff_ffff_ffffn, 0x0010_0000_0000_0000n, 0x0010_0000_0000_0001n,
  0x001f_ffff_ffff_ffffn, 0x0020_0000_0000_0000n, 0x3ff0_0000_0000_0000n, 0xbff0_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn,
  0x7fe0_0000_0000_0000n, 0x7ff0_0000_0000_0000n, 0xfff0_0000_0000_0000n, 0x7ff8_0000_0000_0001n, 0xfff8_0000_0000_0000n,
  0x7ff0_0000_0000_0001n, 0xfff4_1234_5678_9abcn, 0x4008_0000_0000_0000n, 0x3fb9_9999_9999_999an, 0x4330_0000_0000_0000n,
  0x43e0_0000_0000_0000n, 0xc3e0_0000_0000_0000n, 0x41df_ffff_ffc0_0000n, 0xc1e0_0000_0020_0000n, 0x3fe0_0000_0000_0000n,
]; // oxfmt-ignore

const HARD32: readonly number[] = [
  0, 0x8000_0000, 1, 0x007f_ffff, 0x0080_0000, 0x0080_0001, 0x00ff_ffff, 0x0100_0000, 0x3f80_0000, 0xbf80_0000, 0x7f7f_ffff,
  0x7f00_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0xffc0_0000, 0x7f80_0001, 0xffa1_2345, 0x4040_0000, 0x3dcc_cccd,
  0x4b00_0000, 0x4f00_0000, 0xcf00_0000, 0x5f00_0000, 0xdf00_0000, 0x3f00_0000,
]; // oxfmt-ignore

function random64(random: Random): bigint {
  switch (random.below(5)) {
    case 0:
      return random.pick(HARD64);
    case 1: // near the ends of the exponents
      return (random.u64() & 0x800f_ffff_ffff_ffffn) | (BigInt(random.pick([0, 1, 2, 53, 2045, 2046, 2047])) << 52n);
    case 2: // small integers and quarters
      return bitsOf((random.below(4000) - 2000) / random.pick([1, 1, 4]));
    case 3: // near one another
      return (random.u64() & 0x803f_ffff_ffff_ffffn) | 0x3fc0_0000_0000_0000n;
    default:
      return random.u64();
  }
}

function random32(random: Random): number {
  switch (random.below(5)) {
    case 0:
      return random.pick(HARD32);
    case 1:
      return (random.u32() & 0x807f_ffff) | (random.pick([0, 1, 2, 24, 253, 254, 255]) << 23);
    case 2:
      return bitsOfSingle((random.below(4000) - 2000) / random.pick([1, 1, 4]));
    case 3:
      return (random.u32() & 0x81ff_ffff) | 0x3e00_0000;
    default:
      return random.u32();
  }
}

const cell = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): bigint {
  cell.setFloat64(0, value);
  return cell.getBigUint64(0);
}

function bitsOfSingle(value: number): number {
  cell.setFloat32(0, value);
  return cell.getUint32(0);
}

/** Two doubles or four singles. */
export function randomVector(random: Random, isSingle: boolean): Int32Array {
  if (isSingle) return Int32Array.from({ length: 4 }, () => random32(random) | 0);
  return new Int32Array(BigUint64Array.of(random64(random), random64(random)).buffer);
}

/** Mostly round to nearest with everything masked; any flags set before; sometimes anything. */
export function randomMxcsr(random: Random): number {
  if (random.oneIn(5)) return random.u32() & 0xffff;
  const flags = random.pick([0, 0x20, 0x20, 0x3f, random.below(64)]);
  return 0x1f80 | flags | random.pick([0, 0, 0, 0x40, 0x8000, 0x8040, 0x2000, 0x4000, 0x6000]);
}
