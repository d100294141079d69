/**
 * How a thread's processor time divides into its own and the kernel's. A thread goes back and forth:
 *
 *   code ──userEnds──► the kernel works for it ──kernelEnds──► code …
 *
 * Two looks at the clock for each call would cost as much as a short call. So not every turn (a stretch of the kernel's
 * work and the code behind it) is timed: those behind a long one always, of the others one in 64 by lot, standing for
 * 64, since the calls of a loop come in patterns. Only the proportion of what was timed lately counts, as in Linux
 * (kernel/sched/cputime.c: cputime_adjust); so it does not matter that the host's other work makes some stretches long.
 */
import type { ClockPort } from '../ports.ts';

/** Instructions that take some µs at least: such a stretch of code is never left out. */
const MANY_INSTRUCTIONS = 5_000;
/** Long stretches come in rows (a file that is copied), and looks at the clock are nothing to them. */
const LONG_NS = 5_000;
const ONE_IN = 64;
/** So long a stretch was most likely cut in two by the host's other work: it stands for itself alone. */
const HOST_NS = 1_000_000;
/** What was timed longer ago counts half: a program computes for a while and then writes a file. */
const MEMORY_NS = 4_000_000;

export class TimeShares {
  readonly #clock: ClockPort;
  /** How many turns the one under way stands for; 0: it is not timed. */
  #weight = 0;
  /** When the stretch under way began; means nothing without a weight. */
  #sinceNs = 0;
  #wasLong = true;
  #untilTimed = ONE_IN;
  #lot = 1;
  #nsPerInstruction = 1;
  #timedUserNs = 0;
  #timedSystemNs = 0;
  #userNs = 0;
  #systemNs = 0;

  constructor(clock: ClockPort) {
    this.#clock = clock;
  }

  /** The thread is on the processor from `nowNs` on; the kernel has to say first. */
  begin(nowNs: number): void {
    this.#weight = this.#drawWeight();
    this.#sinceNs = nowNs;
  }

  /** Code has run, and the kernel's turn comes. */
  userEnds(instructions: number): void {
    const isMuch = instructions >= MANY_INSTRUCTIONS;
    let nowNs = -1;
    if (this.#weight > 0) {
      nowNs = this.#clock.monotonicNs();
      const elapsedNs = nowNs - this.#sinceNs;
      this.#timedUserNs += elapsedNs * (isMuch || elapsedNs >= HOST_NS ? 1 : this.#weight);
      this.#wasLong ||= elapsedNs >= LONG_NS;
      if (isMuch) this.#nsPerInstruction += (elapsedNs / instructions - this.#nsPerInstruction) / 8;
    } else if (isMuch) {
      this.#timedUserNs += instructions * this.#nsPerInstruction;
      this.#wasLong = true;
    }
    this.#weight = this.#drawWeight();
    if (this.#weight > 0) this.#sinceNs = nowNs < 0 ? this.#clock.monotonicNs() : nowNs;
  }

  /** The kernel has done its work. @returns the time, where it was looked at; else -1 */
  kernelEnds(): number {
    if (this.#weight === 0) return -1;
    const nowNs = this.#clock.monotonicNs();
    const elapsedNs = nowNs - this.#sinceNs;
    this.#timedSystemNs += elapsedNs * (elapsedNs >= HOST_NS ? 1 : this.#weight);
    this.#wasLong = elapsedNs >= LONG_NS;
    this.#sinceNs = nowNs;
    return nowNs;
  }

  /** Divides all time so far; neither part ever gets less. */
  split(totalNs: number): readonly [userNs: number, systemNs: number] {
    const timedNs = this.#timedUserNs + this.#timedSystemNs;
    const freshNs = Math.max(0, totalNs - this.#userNs - this.#systemNs);
    const systemNs = timedNs === 0 ? 0 : (freshNs * this.#timedSystemNs) / timedNs;
    this.#systemNs += systemNs;
    this.#userNs += freshNs - systemNs;
    if (timedNs > MEMORY_NS) {
      this.#timedUserNs /= 2;
      this.#timedSystemNs /= 2;
    }
    return [this.#userNs, this.#systemNs];
  }

  #drawWeight(): number {
    if (this.#wasLong) return 1;
    if (--this.#untilTimed > 0) return 0;
    // Linear congruence (C11 7.22.2.2); 1 to 127 follow, 64 on the average.
    this.#lot = (Math.imul(this.#lot, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    this.#untilTimed = 1 + ((this.#lot >>> 8) % (2 * ONE_IN - 1));
    return ONE_IN;
  }
}
