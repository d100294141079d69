/** The host's clocks. */
import type { ClockPort } from '../../guest-kernel/index.ts';

export function hostClock(): ClockPort {
  const startNs = process.hrtime.bigint();
  const realtimeAtStartNs = BigInt(Date.now()) * 1_000_000n;
  // The difference fits a double for 104 days with full precision.
  const monotonicNs = (): number => Number(process.hrtime.bigint() - startNs);
  return { monotonicNs, realtimeNs: () => realtimeAtStartNs + BigInt(monotonicNs()) };
}
