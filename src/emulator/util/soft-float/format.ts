/**
 * The three IEEE 754 formats of x86 and their values, taken apart.
 *
 * Bits travel as one BigInt: 32 bits, 64 bits, or 80 bits with sign and exponent above the 64-bit significand. BigInt
 * makes every step exact at any width; these functions serve the cases in which native arithmetic is not exact, so
 * they may cost a microsecond.
 */

export interface FloatFormat {
  readonly name: 'f32' | 'f64' | 'f80';
  /** Bits of the significand, the leading one included. */
  readonly precision: number;
  /** Bits of the significand field: precision, less one where the leading bit is implied. */
  readonly fractionBits: number;
  readonly exponentBits: number;
  /** Exponent of the largest and the smallest normal number: 2^minExponent ≤ |x| < 2^(maxExponent + 1). */
  readonly maxExponent: number;
  readonly minExponent: number;
}

export const F32: FloatFormat = {
  name: 'f32',
  precision: 24,
  fractionBits: 23,
  exponentBits: 8,
  maxExponent: 127,
  minExponent: -126,
};
export const F64: FloatFormat = {
  name: 'f64',
  precision: 53,
  fractionBits: 52,
  exponentBits: 11,
  maxExponent: 1023,
  minExponent: -1022,
};
/** Double extended: its leading bit is stored. */
export const F80: FloatFormat = {
  name: 'f80',
  precision: 64,
  fractionBits: 64,
  exponentBits: 15,
  maxExponent: 16383,
  minExponent: -16382,
};

/**
 * A value taken apart.
 * - finite: (-1)^sign × significand × 2^exponent, exactly; `significand` is 0 for zeros and need not be normalised.
 * - nan: `significand` holds the precision - 1 bits below the leading one, so its top bit is the quiet bit.
 * - unsupported: an x87 encoding without meaning (Intel SDM 1, table 8-3): every use of it is invalid.
 */
export interface Unpacked {
  readonly kind: 'finite' | 'infinity' | 'nan' | 'unsupported';
  readonly sign: 0 | 1;
  readonly exponent: number;
  readonly significand: bigint;
  /** The exponent field is zero and the value is not. */
  readonly isDenormal: boolean;
  /** A NaN whose quiet bit is clear. */
  readonly isSignaling: boolean;
}

const mask = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

export function unpack(format: FloatFormat, bits: bigint): Unpacked {
  const fractionBits = BigInt(format.fractionBits);
  const field = Number((bits >> fractionBits) & mask(format.exponentBits));
  const sign = ((bits >> (fractionBits + BigInt(format.exponentBits))) & 1n) === 0n ? 0 : 1;
  const fraction = bits & mask(format.fractionBits);
  return field === (1 << format.exponentBits) - 1
    ? unpackSpecial(format, sign, fraction)
    : unpackFinite(format, sign, field, fraction);
}

function unpackFinite(format: FloatFormat, sign: 0 | 1, field: number, fraction: bigint): Unpacked {
  const lead = 1n << BigInt(format.precision - 1);
  const isExplicit = format.fractionBits === format.precision;
  const significand = isExplicit || field === 0 ? fraction : fraction | lead;
  const exponent = Math.max(field, 1) - 1 + format.minExponent - (format.precision - 1);
  const isDenormal = field === 0 && fraction !== 0n; // pseudo-denormals, which have the leading bit, too
  const kind = isExplicit && field !== 0 && (fraction & lead) === 0n ? 'unsupported' : 'finite';
  return { kind, sign, exponent, significand, isDenormal, isSignaling: false };
}

function unpackSpecial(format: FloatFormat, sign: 0 | 1, fraction: bigint): Unpacked {
  const lead = 1n << BigInt(format.precision - 1);
  const payload = fraction & (lead - 1n);
  const isUnsupported = format.fractionBits === format.precision && (fraction & lead) === 0n;
  const kind = isUnsupported ? 'unsupported' : payload === 0n ? 'infinity' : 'nan';
  const isSignaling = kind === 'nan' && (payload & quietBit(format)) === 0n;
  return { kind, sign, exponent: 0, significand: payload, isDenormal: false, isSignaling };
}

/** The bit of a NaN's payload that tells quiet ones. */
function quietBit(format: FloatFormat): bigint {
  return 1n << BigInt(format.precision - 2);
}

/** Puts the fields together; `fraction` as it is stored, with the leading bit in f80. */
export function packFields(format: FloatFormat, sign: 0 | 1, exponentField: number, fraction: bigint): bigint {
  const signAndExponent = (BigInt(sign) << BigInt(format.exponentBits)) | BigInt(exponentField);
  return (signAndExponent << BigInt(format.fractionBits)) | fraction;
}

export function packZero(format: FloatFormat, sign: 0 | 1): bigint {
  return packFields(format, sign, 0, 0n);
}

export function packInfinity(format: FloatFormat, sign: 0 | 1): bigint {
  return packSpecial(format, sign, 0n);
}

/** A quiet NaN with the payload of `nan`, which came from the format `from`: cut or filled at its low end. */
export function packNan(format: FloatFormat, nan: Unpacked, from: FloatFormat = format): bigint {
  const shift = BigInt(format.precision - from.precision);
  const payload = shift >= 0n ? nan.significand << shift : nan.significand >> -shift;
  return packSpecial(format, nan.sign, payload | quietBit(format));
}

/** The NaN that invalid operations give: negative, quiet, payload zero (Intel SDM 1, 4.8.3.7). */
export function packIndefinite(format: FloatFormat): bigint {
  return packSpecial(format, 1, quietBit(format));
}

function packSpecial(format: FloatFormat, sign: 0 | 1, payload: bigint): bigint {
  const lead = format.fractionBits === format.precision ? 1n << BigInt(format.precision - 1) : 0n;
  return packFields(format, sign, (1 << format.exponentBits) - 1, lead | payload);
}

/** A value taken apart in the format `from`, as one of the wider format `to`: the payload of a NaN moves up. */
export function widen(value: Unpacked, from: FloatFormat, to: FloatFormat): Unpacked {
  if (value.kind !== 'nan') return value;
  return { ...value, significand: value.significand << BigInt(to.precision - from.precision) };
}
