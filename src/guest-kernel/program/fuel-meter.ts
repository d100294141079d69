/**
 * How many instructions a slice of time is worth: measured over past slices, so that preemption by fuel comes after
 * about the same time on every executor.
 */
import type { ClockPort } from '../ports.ts';

const FIRST_GUESS = 0.005; // instructions per ns: the reference interpreter
const LEAST_FUEL = 2_000;
const MOST_FUEL = 50_000_000;

export class FuelMeter {
  readonly #clock: ClockPort;
  #perNs = FIRST_GUESS;
  #startNs = 0;

  constructor(clock: ClockPort) {
    this.#clock = clock;
  }

  /** When the slice under way began. */
  get startNs(): number {
    return this.#startNs;
  }

  /** Fuel for a slice that starts now. */
  begin(sliceNs: number): number {
    this.#startNs = this.#clock.monotonicNs();
    return Math.min(MOST_FUEL, Math.max(LEAST_FUEL, Math.floor(sliceNs * this.#perNs)));
  }

  /** The slice is over; short ones say little and are left out. */
  end(usedFuel: number): void {
    const elapsedNs = this.#clock.monotonicNs() - this.#startNs;
    if (usedFuel < LEAST_FUEL || elapsedNs <= 0) return;
    this.#perNs += (usedFuel / elapsedNs - this.#perNs) / 8;
  }
}
