/** Time for the kernel from the browser's own clocks. */
import type { ClockPort } from '../../guest-kernel/index.ts';

/** A clock whose zero is now. Resolution is the browser's: 100 µs where the page is not cross-origin isolated. */
export function createClock(): ClockPort {
  const startMs = performance.now();
  return {
    monotonicNs: () => Math.round((performance.now() - startMs) * 1e6),
    realtimeNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  };
}
