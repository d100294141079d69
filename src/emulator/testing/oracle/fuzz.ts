/**
 * `npm run fuzz` (scripts/fuzz.mjs): for so many seconds, from a seed on, forms and sequences on every executor against the
 * host, and random bytes on all executors against each other. Every difference is told once, shrunk, with its seed; so is
 * everything thrown, and every WebAssembly module that the host finds invalid. A line of counts each minute, and at the end,
 * which SIGTERM and SIGINT bring on early.
 */
import { setImmediate } from 'node:timers/promises';
import { sharedLibrary } from '../../backends/wasm/cold/handlers.ts';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES, type ExecutorName } from '../executors.ts';
import { Random } from '../random.ts';
import { RandomBytes } from '../random-bytes.ts';
import { describeMismatch, Differential, type Mismatch } from './differential.ts';
import { type Subject, subjectsOf } from './subject.ts';
import { whyNoOracle } from './native.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Mnemonics; with any but all there are no sequences. */
  readonly only: RegExp;
  readonly kind: 'all' | 'forms' | 'bytes';
  readonly executors: readonly ExecutorName[];
}

/** Cases of a form, and sequences, in a turn of an executor. */
const CASES = 5;
const SEQUENCES = 300;
/** Rounds of random bytes in a turn: about as long as the rest. */
const ROUNDS = 300;
const MINUTE_MS = 60_000;

type Subjects = readonly Subject[];

export class Fuzzer {
  readonly #options: FuzzOptions;
  readonly #print: (line: string) => void;
  readonly #differentials = new Map<ExecutorName, Differential>();
  #bytes: RandomBytes;
  /** What was told already: form and executor. */
  readonly #told = new Set<string>();
  readonly #counted = { turns: 0, cases: 0, sequences: 0, rounds: 0, modules: 0, mismatches: 0, invalid: 0, thrown: 0 };
  readonly #startMs = performance.now();
  #nextLineMs = MINUTE_MS;
  #isStopped = false;

  constructor(options: FuzzOptions, print: (line: string) => void) {
    this.#options = options;
    this.#print = print;
    for (const name of options.executors) this.#differentials.set(name, new Differential(name));
    this.#bytes = new RandomBytes(options.executors);
    this.#watchModules();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** @returns whether nothing was found */
  async run(): Promise<boolean> {
    const { seed, seconds, only, kind, executors } = this.#options;
    const subjects = subjectsOf(INSTRUCTIONS.filter(({ name }) => only.test(name)));
    this.#print(`fuzz: seed ${seed}, ${seconds} s, ${subjects.length} forms, executors ${executors.join(', ')}`);
    for (let turn = seed; this.#goesOn(); turn++) {
      if (kind !== 'bytes') await this.#turnOfForms(subjects, turn);
      if (kind !== 'forms') await this.#turnOfBytes(turn);
      this.#counted.turns++;
    }
    this.#print(`fuzz: ${this.#isStopped ? 'stopped' : 'done'}, ${this.#line()}`);
    this.#print(`fuzz: random bytes ended in ${JSON.stringify(Object.fromEntries(this.#bytes.report.exits))}`);
    return this.#counted.mismatches + this.#counted.invalid + this.#counted.thrown === 0;
  }

  #goesOn(): boolean {
    const elapsedMs = performance.now() - this.#startMs;
    if (elapsedMs >= this.#nextLineMs) {
      this.#print(this.#line());
      this.#nextLineMs = (Math.floor(elapsedMs / MINUTE_MS) + 1) * MINUTE_MS;
    }
    return !this.#isStopped && elapsedMs < this.#options.seconds * 1000;
  }

  async #turnOfForms(subjects: Subjects, turn: number): Promise<void> {
    for (const [executor, differential] of this.#differentials) {
      // A slice at a time, so that signals and lines come through.
      for (let from = 0; from < subjects.length && this.#goesOn(); from += 200) {
        const slice = subjects.slice(from, from + 200);
        this.#guard(`${executor}, forms from ${from}`, turn, () => {
          for (const one of differential.compare(slice, turn, CASES)) this.#note(executor, one, differential, turn);
        });
        this.#counted.cases += CASES * slice.length;
        await setImmediate();
      }
      if (this.#options.only.source !== '(?:)' || !this.#goesOn()) continue;
      this.#guard(`${executor}, sequences`, turn, () => {
        const found = differential.compareSequences(subjects, turn, SEQUENCES);
        if (found !== null) this.#note(executor, found, null, turn);
      });
      this.#counted.sequences += SEQUENCES;
      await setImmediate();
    }
  }

  async #turnOfBytes(turn: number): Promise<void> {
    for (let i = 0; i < ROUNDS && this.#goesOn(); i++) {
      const seed = turn * ROUNDS + i;
      const isWhole = this.#guard('random bytes', seed, () => {
        const found = this.#bytes.round(new Random(seed));
        if (found === '') return;
        this.#counted.mismatches++;
        this.#print(`mismatch of random bytes, FUZZ_KIND=bytes, Random(${seed}): ${found}`);
      });
      if (!isWhole) this.#bytes = new RandomBytes(this.#options.executors);
      this.#counted.rounds++;
      await setImmediate();
    }
  }

  /** @param differential shrinks it; null: it is as small as it gets */
  #note(executor: ExecutorName, mismatch: Mismatch, differential: Differential | null, seed: number): void {
    this.#counted.mismatches++;
    const key = `${executor} ${mismatch.subject.form.text}`;
    if (this.#told.has(key) && differential !== null) return;
    this.#told.add(key);
    this.#print(`mismatch on ${executor}: ${describeMismatch(differential?.shrink(mismatch) ?? mismatch, seed)}`);
  }

  /** @returns whether `work` threw nothing */
  #guard(what: string, seed: number, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#counted.thrown++;
      const { stack = '', cause = '' } = error instanceof Error ? error : new Error(String(error));
      this.#print(`thrown by ${what}, seed ${seed}: ${stack} ${cause instanceof Error ? cause.stack : String(cause)}`);
      return false;
    }
  }

  // The engine goes on in its lower tier when a module is refused; here that must be seen.
  #watchModules(): void {
    const construct = (target: typeof WebAssembly.Module, args: [BufferSource]): WebAssembly.Module => {
      this.#counted.modules++;
      try {
        return new target(...args);
      } catch (error) {
        this.#counted.invalid++;
        this.#print(`invalid module: ${String(error)} ${Buffer.from(args[0] as Uint8Array).toString('hex')}`);
        throw error;
      }
    };
    Object.assign(WebAssembly, { Module: new Proxy(WebAssembly.Module, { construct }) });
  }

  #line(): string {
    const { turns, cases, sequences, rounds, modules, mismatches, invalid, thrown } = this.#counted;
    const { heapUsed, rss } = process.memoryUsage();
    const minutes = ((performance.now() - this.#startMs) / MINUTE_MS).toFixed(1);
    return (
      `${minutes} min: turns ${turns}, cases ${cases}, sequences ${sequences}, rounds of bytes ${rounds}, ` +
      `modules ${modules}, handlers ${handlerCount()}; mismatches ${mismatches}, invalid modules ${invalid}, thrown ${thrown}; ` +
      `heap ${Math.round(heapUsed / 1e6)} MB, process ${Math.round(rss / 1e6)} MB`
    );
  }
}

/** Handlers of the cold tier: when they are as many as there are slots, new shapes run on the reference interpreter. */
function handlerCount(): number {
  const { firstSlot = 0, count = 0 } = sharedLibrary().modules.at(-1) ?? {};
  return firstSlot + count;
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Fuzzes as the environment says: FUZZ_SECONDS (60), FUZZ_SEED (the clock's), FUZZ_ONLY, FUZZ_KIND, FUZZ_EXECUTORS. */
export async function fuzz({ env }: NodeJS.Process): Promise<void> {
  const why = whyNoOracle();
  if (why !== '') return printLine(`fuzz: not possible: ${why}`);
  const kind = env['FUZZ_KIND'] ?? 'all';
  if (kind !== 'all' && kind !== 'forms' && kind !== 'bytes') throw new Error(`FUZZ_KIND: forms or bytes, not ${kind}`);
  const fuzzer = new Fuzzer(
    {
      seconds: Number(env['FUZZ_SECONDS'] ?? 60),
      seed: Number(env['FUZZ_SEED'] ?? (performance.timeOrigin % 2 ** 31) | 0),
      only: new RegExp(env['FUZZ_ONLY'] ?? ''),
      kind,
      executors: EXECUTOR_NAMES.filter((name) => (env['FUZZ_EXECUTORS'] ?? name).split(',').includes(name)),
    },
    printLine,
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => fuzzer.stop());
  process.exitCode = (await fuzzer.run()) ? 0 : 1;
}
