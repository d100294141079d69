/** Time for the kernel from the browser's own clocks. */
import type { ClockPort } from '../../guest-kernel/index.ts';

/** A clock whose zero is now. Resolution is the browser's: 100 µs where the page is not cross-origin isolated. */
export function createClock(): ClockPort {
  // Chromium's `performance` is an accessor of the global object: asking it each time doubles the cost of a clock read.
  const host = performance;
  const startMs = host.now();
  return {
    monotonicNs: () => Math.round((host.now() - startMs) * 1e6),
    realtimeNs: () => BigInt(Math.round((host.timeOrigin + host.now()) * 1000)) * 1000n,
  };
}
