/** The executor that compiles nothing: the cold tier alone, block after block. */
import type { ColdTier, Executor, ExecutorServices } from '../executor.ts';
import type { Exit } from '../exit.ts';
import { FuelGauge } from '../fuel.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import type { CpuCounters } from '../statistics.ts';
import { isTraced, stepTraced } from './single-step.ts';

export class ColdExecutor implements Executor {
  readonly #space: AddressSpace;
  readonly #counters: CpuCounters;
  readonly #cold: ColdTier;
  readonly #gauge: FuelGauge;

  constructor({ space, counters }: ExecutorServices, cold: ColdTier) {
    this.#space = space;
    this.#counters = counters;
    this.#cold = cold;
    this.#gauge = new FuelGauge(space);
  }

  get retired(): number {
    return this.#gauge.retired;
  }

  interrupt(): void {
    this.#gauge.interrupt();
  }

  dispose(): void {
    this.#cold.dispose();
  }

  run(stateAddr: number, fuel: number): Exit {
    this.#counters.enter('reference');
    this.#gauge.begin(stateAddr, fuel);
    const exit = fuel > 0 ? this.#execute(stateAddr) : null;
    this.#gauge.end();
    return exit === null || exit.kind === 'budget' ? this.#gauge.exit() : exit;
  }

  #execute(stateAddr: number): Exit {
    for (;;) {
      if (isTraced(this.#space, stateAddr)) return stepTraced(this.#cold, this.#space, stateAddr);
      const exit = this.#cold.runBlock(stateAddr);
      if (exit !== null) return exit;
    }
  }
}
