/**
 * Compares what libm-proof (guest/apps/proof/libm.c) prints on two processors. All is equal to the bit but results of the
 * x87's transcendental instructions, which no two makers round alike: Intel's manual promises them to within one unit in
 * the last place (SDM 1, 8.3.10), and libm's functions for long double are made of several.
 */

/** In units of 2^-63 of the larger of 1 and the result: what such an error becomes in the functions made of it. */
const TOLERANCE = 64;

/** What cpow's logarithm is off by is multiplied by the exponent, without bound. */
const AMPLIFIED = new Set(['cpowl']);

/** Lines that differ by more than they may, as 'native | machine'. */
export function differencesOfLibm(native: string, machine: string): readonly string[] {
  const [ours, theirs] = [machine.split('\n'), native.split('\n')];
  const count = Math.max(ours.length, theirs.length);
  return Array.from({ length: count }, (_, i) => [theirs[i] ?? '', ours[i] ?? ''] as const)
    .filter(([their, our]) => their !== our && !isNear(their, our))
    .map(([their, our]) => `${their} | ${our}`);
}

function isNear(native: string, machine: string): boolean {
  const [call = '', expected] = native.split(' = ');
  const [sameCall, actual] = machine.split(' = ');
  if (expected === undefined || actual === undefined || call !== sameCall) return false;
  if (AMPLIFIED.has(call.split(' ', 1)[0] ?? '')) return true;
  return [0, 16].every((offset) => areNear(extendedAt(expected, offset), extendedAt(actual, offset)));
}

/** The ten bytes at `offset` of bytes that are written most significant first. */
function extendedAt(hex: string, offset: number): string {
  return hex.slice(hex.length - 2 * (offset + 10), hex.length - 2 * offset);
}

const EXPONENT_BIAS = 16383;
const SPECIAL = 0x7fff;

function areNear(expected: string, actual: string): boolean {
  if (expected === actual) return true;
  const [a, b] = [scaled(expected), scaled(actual)];
  if (a === undefined || b === undefined) return false;
  const difference = a > b ? a - b : b - a;
  const size = a < 0n ? -a : a;
  const unit = size > ONE ? size >> 63n : ONE >> 63n;
  return difference <= unit * BigInt(TOLERANCE);
}

/** What lies further below 1 counts as equal. */
const FRACTION_BITS = 80n;
const ONE = 1n << FRACTION_BITS;

/** The value times 2^80; none for infinities and NaNs. */
function scaled(hex: string): bigint | undefined {
  const head = Number.parseInt(hex.slice(0, 4), 16);
  const exponent = head & SPECIAL;
  if (exponent === SPECIAL) return undefined;
  const shift = BigInt(exponent - EXPONENT_BIAS - 63) + FRACTION_BITS;
  const mantissa = BigInt(`0x${hex.slice(4)}`);
  const value = shift < 0n ? mantissa >> -shift : mantissa << shift;
  return (head & 0x8000) === 0 ? value : -value;
}
