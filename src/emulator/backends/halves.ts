/** i64 as int32 halves and as BigInt. */
export function joinHalves(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function lowHalf(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

export function highHalf(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}
