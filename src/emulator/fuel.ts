/**
 * The one fuel rule of every tier (DESIGN decision 7). Fuel is retired guest instructions: 1 each, and 1 for each step of
 * a REP. It is tested after an instruction that
 *
 *   - jumps to itself or back (target ≤ its own RIP; so does a REP that has steps left),
 *   - is a call, a return or an indirect jump, wherever it goes,
 *
 * and nowhere else: when nothing is left then, the run ends with RIP at the target. Straight code and jumps forward run
 * on, below zero if need be. So where a run ends and how much it retired is the same in every tier, however blocks are
 * cut, compiled, cached or linked, and tiers can be run in lock-step.
 *
 * What is left lies in the thread state (STATE_OFFSET.fuel): every tier counts there, or writes its copy back before
 * anything else may look: at exits, before helpers, before the cold tier.
 */
import type { Exit } from './exit.ts';
import type { AddressSpace } from './memory/address-space.ts';
import { STATE_OFFSET } from './ir/state-layout.ts';

const BUDGET: Exit = { kind: 'budget' };
const INTERRUPT: Exit = { kind: 'interrupt' };

/** What one run may use and has used. */
export class FuelGauge {
  readonly #space: AddressSpace;
  #word = 0;
  #given = 0;
  /** Not in the state yet. */
  #reserve = 0;
  /** Taken away unused by an interrupt. */
  #skipped = 0;
  #isInterrupted = false;
  /** Instructions retired by the last run. */
  retired = 0;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** @param slice how much of the fuel is put out at once; refill gives more */
  begin(stateAddr: number, fuel: number, slice = fuel): void {
    this.#word = (stateAddr + STATE_OFFSET.fuel) >> 2;
    this.#given = fuel;
    this.#reserve = fuel - Math.min(fuel, slice);
    this.#skipped = 0;
    this.#isInterrupted = false;
    this.#space.i32[this.#word] = fuel - this.#reserve;
  }

  /** After a fuel test that found nothing left. @returns whether the run goes on where it stopped, with `slice` more. */
  refill(slice: number): boolean {
    const missing = slice - this.left;
    const more = Math.min(this.#reserve, missing);
    this.#reserve -= more;
    this.#space.i32[this.#word] += more;
    return this.left > 0;
  }

  get left(): number {
    return this.#space.i32[this.#word];
  }

  /** Counts `instructions` as retired. */
  use(instructions: number): void {
    this.#space.i32[this.#word] -= instructions;
  }

  /** The next fuel test ends the run. To be called from inside of it: by a helper. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#skipped += Math.max(0, this.left + this.#reserve);
    this.#reserve = 0;
    this.#space.i32[this.#word] = 0;
  }

  /** Closes the account of the run. */
  end(): void {
    this.retired = this.#given - this.#reserve - this.#skipped - this.left;
  }

  /** What a run ends with when a fuel test found nothing left. */
  exit(): Exit {
    return this.#isInterrupted ? INTERRUPT : BUDGET;
  }
}
