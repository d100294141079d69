import type { Link, RegionFunction } from '../backends/js/compile.ts';
import type { CodeBytes } from '../memory/code-pages.ts';

/** A region that is compiled, and the code it was made from. */
export interface CompiledCode {
  readonly run: RegionFunction;
  readonly pieces: readonly CodeBytes[];
}

/** A switch of more cases costs more than the look-up it saves. */
const MAX_TARGETS = 64;

/**
 * What is known of a guest address that a block starts at: how often the cold tier ran it, and the region there once
 * it is compiled. Generated code holds links, so replacing `run` links and unlinks blocks everywhere at once.
 */
export class CodeLink implements Link {
  /** Guest address as int32: the form in which regions pass addresses. */
  readonly rip: number;
  /** The region, or a stub that gives the address back to the dispatcher. */
  run: RegionFunction;
  isCompiled = false;
  isQueued = false;
  /** Times the cold tier ran the block since it was last cold. */
  executions = 0;
  /** What was compiled here before its page was dropped; right again if the bytes are what they were. */
  parked: CompiledCode | null = null;
  #code: CompiledCode | null = null;
  /** Where the block went on, in the order first seen; only what an indirect jump may need. */
  readonly targets: number[] = [];
  readonly #stub: RegionFunction;

  constructor(rip: number) {
    this.rip = rip | 0;
    this.#stub = () => rip | 0;
    this.run = this.#stub;
  }

  /** The cold tier went on at `rip` after this block. Cost: a compare when it is the same as ever. */
  noteTarget(rip: number): void {
    if (this.targets[0] === rip || this.targets.length >= MAX_TARGETS || this.targets.includes(rip)) return;
    this.targets.push(rip);
  }

  install(code: CompiledCode): void {
    this.#code = code;
    this.parked = null;
    this.run = code.run;
    this.isCompiled = true;
  }

  /** Back to cold: whoever holds the link comes out at the dispatcher. What was compiled is kept for a while. */
  park(): void {
    this.parked = this.#code ?? this.parked;
    this.#code = null;
    this.run = this.#stub;
    this.isCompiled = false;
    this.isQueued = false;
    this.executions = 0;
  }

  /** Back to cold, for good. */
  forget(): void {
    this.park();
    this.parked = null;
  }
}
