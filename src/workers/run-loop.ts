/**
 * Drives the kernel: slices of a few milliseconds with the event loop between them.
 *
 * Yielding is a MessageChannel hop (27 µs; setTimeout costs 4 ms). A timer is used only to sleep until the kernel's
 * own wake-up time. While `mayRun` says no (the console is full) nothing runs; `wake` resumes.
 */
import type { SliceResult } from '../guest-kernel/index.ts';

/** A quarter of a 60 Hz frame: keys, console and network stay smooth while the guest spins. */
const SLICE_US = 4_000;

/** Beyond this setTimeout wraps around (2^31 ms). */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

export interface RunLoopPorts {
  runSlice(budgetUs: number): SliceResult;
  monotonicNs(): number;
  /** False while the machine must rest. */
  mayRun(): boolean;
  /** After each slice: flush what was gathered. */
  afterSlice(): void;
  /** Nothing is left to do for now. */
  onIdle?(): void;
  /** The kernel broke an invariant or threw; the loop has stopped. */
  onCrash(error: unknown): void;
}

export class RunLoop {
  readonly #ports: RunLoopPorts;
  readonly #hop = new MessageChannel();
  #isScheduled = false;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busyMs = 0;
  #slices = 0;
  #longestSliceMs = 0;

  constructor(ports: RunLoopPorts) {
    this.#ports = ports;
    this.#hop.port1.addEventListener('message', () => this.#turn());
    this.#hop.port1.start();
  }

  /** Something became runnable, or there is room again. */
  wake(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    clearTimeout(this.#timer);
    this.#hop.port2.postMessage(0);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#hop.port1.close();
  }

  statistics(): { readonly busyMs: number; readonly slices: number; readonly longestSliceMs: number } {
    return { busyMs: this.#busyMs, slices: this.#slices, longestSliceMs: this.#longestSliceMs };
  }

  #turn(): void {
    this.#isScheduled = false;
    if (this.#isStopped || !this.#ports.mayRun()) return;
    try {
      const result = this.#runSlice();
      this.#ports.afterSlice();
      this.#follow(result);
    } catch (error) {
      this.stop();
      this.#ports.onCrash(error);
    }
  }

  #runSlice(): SliceResult {
    const start = this.#ports.monotonicNs();
    const result = this.#ports.runSlice(SLICE_US);
    const tookMs = (this.#ports.monotonicNs() - start) / 1e6;
    this.#busyMs += tookMs;
    this.#slices++;
    if (tookMs > this.#longestSliceMs) this.#longestSliceMs = tookMs;
    return result;
  }

  #follow(result: SliceResult): void {
    switch (result.kind) {
      case 'busy':
        this.wake();
        break;
      case 'idle':
        this.#ports.onIdle?.();
        if (!this.#isScheduled && result.wakeAtNs !== undefined) this.#sleepUntil(result.wakeAtNs);
        break;
      case 'halted':
        this.stop();
        break;
    }
  }

  #sleepUntil(wakeAtNs: number): void {
    const waitMs = Math.ceil((wakeAtNs - this.#ports.monotonicNs()) / 1e6);
    if (waitMs <= 0) this.wake();
    else this.#timer = setTimeout(() => this.wake(), Math.min(waitMs, LONGEST_SLEEP_MS));
  }
}
