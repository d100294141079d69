/** Runs a kernel on Node's event loop until it halts. */
import type { Kernel } from '../guest-kernel/index.ts';

/** Long enough that turning the loop costs nothing, short enough for ^C. */
const SLICE_US = 10_000;

const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Resolves when runSlice answers 'halted'; rejects with what it throws. */
export function driveKernel(kernel: Kernel, monotonicNs: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isScheduled = false;
    let timer: NodeJS.Timeout | undefined;

    function schedule(): void {
      if (isScheduled) return;
      isScheduled = true;
      clearTimeout(timer);
      setImmediate(turn);
    }

    function turn(): void {
      isScheduled = false;
      try {
        const result = kernel.runSlice(SLICE_US);
        if (result.kind === 'halted') resolve();
        else if (result.kind === 'busy') schedule();
        else sleepUntil(result.wakeAtNs);
      } catch (error) {
        reject(error);
      }
    }

    function sleepUntil(wakeAtNs: number | undefined): void {
      // Without a timer an idle machine would let Node end; it waits for input, which keeps its own handle.
      const delayMs = wakeAtNs === undefined ? LONGEST_SLEEP_MS : Math.ceil((wakeAtNs - monotonicNs()) / 1e6);
      if (delayMs <= 0) schedule();
      else timer = setTimeout(schedule, Math.min(delayMs, LONGEST_SLEEP_MS));
    }

    kernel.onRunnable(schedule);
    schedule();
  });
}
