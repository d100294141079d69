/**
 * What the cores of a machine do: one set of counters for all of its address spaces and whatever engine runs them.
 *
 * Counting costs an addition where something happens anyway. Time by tier is only taken while somebody watches: then
 * each change of tier reads the clock once, and the times of all tiers add up to the time watched. Regions and micro-ops
 * that go on to each other by themselves count as what the dispatcher entered.
 */

/** Who the host's time goes to. */
export type Tier = 'idle' | 'kernel' | 'translating' | 'reference' | 'cold' | 'regions';

export const TIERS: readonly Tier[] = ['idle', 'kernel', 'translating', 'reference', 'cold', 'regions'];

/** Why generated code came back to the dispatcher. */
export type ExitCause = 'syscall' | 'budget' | 'unlinked' | 'failed check';

export interface CpuStatistics {
  /** Guest instructions. */
  readonly retired: number;
  /** Decoded and lifted, by whatever tier. */
  readonly blocksDecoded: number;
  /** Blocks in compiled regions; one that lies in two counts twice. */
  readonly blocksCompiled: number;
  readonly regionsCompiled: number;
  /** WebAssembly modules, or batches of regions made from one text. */
  readonly modulesCompiled: number;
  /** Of the binary, or characters of source. */
  readonly bytesGenerated: number;
  readonly translateMs: number;
  /** What is there now of all that was compiled. */
  readonly live: { readonly regions: number; readonly modules: number; readonly bytes: number };
  /** Regions forgotten because their code changed or went away. */
  readonly regionsDropped: number;
  /** Times code of a space was dropped because it was too much. */
  readonly flushes: number;
  /** Modules that came from the code store instead of being translated. */
  readonly modulesReused: number;
  /** Modules that the host had no room for, or did not take. */
  readonly modulesRefused: number;
  /** Times the dispatcher entered a region, and ran a block on the cold tier. */
  readonly entries: number;
  readonly coldBlocks: number;
  readonly exits: Readonly<Record<ExitCause, number>>;
  /** Host time by tier, ms, while it was watched. */
  readonly tierMs: Readonly<Record<Tier, number>>;
}

/** Index of a tier's time. */
const INDEX = Object.fromEntries(TIERS.map((tier, i) => [tier, i])) as Readonly<Record<Tier, number>>;

export class CpuCounters {
  retired = 0;
  blocksDecoded = 0;
  blocksCompiled = 0;
  regionsCompiled = 0;
  modulesCompiled = 0;
  bytesGenerated = 0;
  translateMs = 0;
  liveRegions = 0;
  liveModules = 0;
  liveBytes = 0;
  regionsDropped = 0;
  flushes = 0;
  modulesReused = 0;
  modulesRefused = 0;
  entries = 0;
  coldBlocks = 0;
  readonly exits: Record<ExitCause, number> = { syscall: 0, budget: 0, unlinked: 0, 'failed check': 0 };
  readonly #ms = new Float64Array(TIERS.length);
  #tier: Tier = 'idle';
  #now: (() => number) | null = null;
  #sinceMs = 0;

  /** The host's time from now on belongs to `tier`. Cost: a compare unless somebody watches. */
  enter(tier: Tier): void {
    if (this.#now !== null) this.#settle(this.#now());
    this.#tier = tier;
  }

  get tier(): Tier {
    return this.#tier;
  }

  /** Takes time by tier with this clock of ms; null: no longer. */
  watch(now: (() => number) | null): void {
    if (this.#now !== null) this.#settle(this.#now());
    this.#now = now;
    if (now !== null) this.#sinceMs = now();
  }

  /** A copy that does not change any more. */
  snapshot(): CpuStatistics {
    if (this.#now !== null) this.#settle(this.#now());
    const { liveRegions, liveModules, liveBytes, exits, ...counts } = this;
    return {
      ...counts,
      live: { regions: liveRegions, modules: liveModules, bytes: liveBytes },
      exits: { ...exits },
      tierMs: Object.fromEntries(TIERS.map((tier, i) => [tier, this.#ms[i]])) as Record<Tier, number>,
    };
  }

  #settle(nowMs: number): void {
    this.#ms[INDEX[this.#tier]] += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
  }
}
