/** Looks at the machine again and again and keeps what the charts draw. Knows nothing of React. */
import { lookAtMachine, type MachineLook, type ThreadModel } from './batch.ts';
import { assignColors } from './program-colors.ts';

const PERIOD_MS = 1_000;
/** A machine that does not answer in so long is asked again. */
const PATIENCE_MS = 10_000;
/** Points that a chart shows, as OSv's dashboard did. */
const MOST_SAMPLES = 80;

export interface Sample {
  /** Milliseconds since 1970, by the machine's clock. */
  readonly timeMs: number;
  /** Shares of one processor in percent; by program (its tid) and of all. */
  readonly cpuPercent: number;
  readonly programPercent: ReadonlyMap<number, number>;
  readonly threadPercent: ReadonlyMap<number, number>;
  readonly memoryUsed: number;
}

export interface FeedState {
  readonly look: MachineLook | undefined;
  readonly samples: readonly Sample[];
  /** Colours of the busiest programs, by tid. */
  readonly colors: ReadonlyMap<number, string>;
  readonly isPaused: boolean;
  /** Why the last look failed. */
  readonly problem: string | undefined;
}

export class MachineFeed {
  #state: FeedState = { look: undefined, samples: [], colors: new Map(), isPaused: false, problem: undefined };
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): FeedState => this.#state;

  start(): void {
    void this.#lookAgain();
    // A page that nobody sees asks nothing.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.#lookAgain();
    });
  }

  setPaused(isPaused: boolean): void {
    this.#set({ isPaused });
    if (!isPaused) void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#state.isPaused || document.hidden) return;
    try {
      this.#take(await lookAtMachine(AbortSignal.timeout(PATIENCE_MS)));
    } catch (error) {
      this.#set({ problem: error instanceof Error ? error.message : String(error) });
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookAgain(), PERIOD_MS);
  }

  #take(look: MachineLook): void {
    const before = this.#state.look;
    // A machine that was started again counts from zero.
    const isSame = before !== undefined && look.uptimeSeconds >= before.uptimeSeconds;
    const samples = isSame ? [...this.#state.samples, sampleOf(before, look)].slice(-MOST_SAMPLES) : [];
    const colors = assignColors(
      samples.map(({ programPercent }) => programPercent),
      this.#state.colors,
    );
    this.#set({ look, samples, colors, problem: undefined });
  }

  #set(changes: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

/** What happened between two looks. */
export function sampleOf(before: MachineLook, now: MachineLook): Sample {
  const elapsedMs = Math.max(now.threads.time_ms - before.threads.time_ms, 1);
  const threadPercent = shares(before.threads.list, now.threads.list, ({ id }) => id, elapsedMs);
  const programPercent = shares(before.programs, now.programs, ({ tid }) => tid, elapsedMs);
  let idle = 0;
  let busy = 0;
  for (const thread of now.threads.list) {
    if (isIdle(thread)) idle += threadPercent.get(thread.id) ?? 0;
    else busy += threadPercent.get(thread.id) ?? 0;
  }
  const hasIdle = now.threads.list.some(isIdle);
  return {
    timeMs: now.threads.time_ms,
    cpuPercent: clamp(hasIdle ? now.processors * 100 - idle : busy, now.processors * 100),
    programPercent,
    threadPercent,
    memoryUsed: now.memoryTotal - now.memoryFree,
  };
}

function isIdle({ name }: ThreadModel): boolean {
  return /^idle\d+$/.test(name);
}

function shares<T extends { readonly cpu_ms: number }>(
  before: readonly T[],
  now: readonly T[],
  idOf: (each: T) => number,
  elapsedMs: number,
): ReadonlyMap<number, number> {
  const earlier = new Map(before.map((each) => [idOf(each), each.cpu_ms]));
  // What is new since then began at zero.
  return new Map(
    now.map((each) => [idOf(each), clamp(((each.cpu_ms - (earlier.get(idOf(each)) ?? 0)) / elapsedMs) * 100, 100)]),
  );
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
