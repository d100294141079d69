/**
 * Two engines run the same program in lock-step: after every chunk of instructions their registers must be equal, from
 * time to time their memories too. The first chunk that differs is looked for again ever more closely, by running both
 * machines, which are deterministic, anew:
 *
 *   1. registers after every chunk, memory after every 256th         → the chunk, or 256 chunks
 *   2. memory after every chunk of those                             → the chunk
 *   3. the chunk with other fuel, by halves                          → the instructions between two fuel tests
 *
 * A chunk is not run in smaller pieces instead, since what was compiled would be entered at other places then.
 */
import { DeterministicMachine, type EngineSpec, type MachineOptions } from './deterministic-machine.ts';
import type { RecordPlan, RunRecord, Snapshot } from './recorded-cpu.ts';

export interface LockStepOptions extends Omit<MachineOptions, 'engine' | 'plan'> {
  readonly engines: readonly [EngineSpec, EngineSpec];
  /** Instructions between two comparisons. */
  readonly every: number;
}

export interface LockStepResult {
  /** '' when the engines agree. */
  readonly difference: string;
  readonly retired: number;
  readonly comparisons: number;
  /** What the program wrote and how it ended, on the first engine. */
  readonly output: string;
  readonly ending: string;
}

const MEMORY_EVERY = 256;
const ALL_CHUNKS = { lastChunk: Infinity, lastFuel: Infinity };

export function lockStep(options: LockStepOptions): LockStepResult {
  const pair = new Pair(options, { hashesMemory: (chunk) => chunk % MEMORY_EVERY === 0, ...ALL_CHUNKS });
  const parting = pair.run();
  const [{ recorder, output, ending }] = pair.machines;
  pair.close();
  const difference = parting === null ? '' : pinpoint(options, parting);
  return { retired: recorder.retired, comparisons: recorder.chunk, output, ending, difference };
}

function pinpoint(options: LockStepOptions, first: Parting): string {
  const isNear = (chunk: number): boolean => chunk >= first.chunk - MEMORY_EVERY && chunk <= first.chunk;
  const near = attempt(options, { hashesMemory: isNear, ...ALL_CHUNKS });
  if (near.parting === null || near.record === undefined) return near.report;
  const { chunk, startRip } = near.record;
  let [equalAt, equalFuel, differentFuel, { report }] = [startRip, 0, options.every, near];
  // With no fuel at all: where the chunk begins.
  let { code } = attempt(options, { hashesMemory: () => false, lastChunk: chunk, lastFuel: 0 });
  while (differentFuel - equalFuel > 1) {
    const lastFuel = (equalFuel + differentFuel) >> 1;
    const found = attempt(options, { hashesMemory: (one) => one === chunk, lastChunk: chunk, lastFuel });
    if (found.parting !== null) [differentFuel, report] = [lastFuel, found.report];
    else {
      equalFuel = Math.max(lastFuel, found.record?.retired ?? 0);
      equalAt = found.record?.rip ?? equalAt;
      code = found.code;
    }
  }
  const where = `Equal after ${equalFuel} instructions of chunk ${chunk}, at ${equalAt.toString(16)}. From there:`;
  return [report, '', where, '', ...code].join('\n');
}

interface Attempt {
  readonly parting: Parting | null;
  /** Of the first machine, at the parting or else after the last chunk. */
  readonly record: RunRecord | undefined;
  readonly report: string;
  /** At the first machine's RIP after the last chunk. */
  readonly code: readonly string[];
}

function attempt(options: LockStepOptions, plan: Omit<RecordPlan, 'every'>): Attempt {
  const pair = new Pair(options, plan);
  const parting = pair.run();
  pair.close();
  const record = parting === null ? pair.lastRecord : parting.records[0];
  const code = pair.machines[0].recorder.snapshot?.code ?? [];
  return { parting, record, report: parting === null ? '' : pair.report(parting), code };
}

/** Where the machines parted: the chunk, and what each recorded, if it did. */
interface Parting {
  readonly chunk: number;
  readonly records: readonly [RunRecord | undefined, RunRecord | undefined];
  /** What differs beyond records: outputs or ends. */
  readonly remark: string;
}

class Pair {
  readonly machines: readonly [DeterministicMachine, DeterministicMachine];
  readonly #lastChunk: number;
  lastRecord: RunRecord | undefined;

  constructor(options: LockStepOptions, plan: Omit<RecordPlan, 'every'>) {
    const make = (engine: EngineSpec): DeterministicMachine =>
      new DeterministicMachine({ ...options, engine, plan: { every: options.every, ...plan } });
    this.machines = [make(options.engines[0]), make(options.engines[1])];
    this.#lastChunk = plan.lastChunk;
  }

  close(): void {
    for (const machine of this.machines) machine.close();
  }

  /** Runs both to the first difference, the last chunk or the end. */
  run(): Parting | null {
    const [a, b] = this.machines;
    for (;;) {
      const goOn = [a.slice(), b.slice()];
      const parting = this.#compareRecords();
      if (parting !== null || a.recorder.chunk > this.#lastChunk) return parting;
      const ends = this.#compareEnds(goOn);
      if (ends !== null || !goOn[0]) return ends;
    }
  }

  #compareRecords(): Parting | null {
    const [a, b] = this.machines;
    const [left, right] = [a.recorder.records.splice(0), b.recorder.records.splice(0)];
    this.lastRecord = left.at(-1) ?? this.lastRecord;
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const records = [left.at(i), right.at(i)] as const;
      if (JSON.stringify(records[0]) === JSON.stringify(records[1])) continue;
      return { chunk: (records[0] ?? records[1])?.chunk ?? 0, records, remark: '' };
    }
    return null;
  }

  #compareEnds([left, right]: readonly boolean[]): Parting | null {
    const [a, b] = this.machines;
    if (left === right && a.output === b.output && a.ending === b.ending) return null;
    const remark = `ends '${a.ending}' and '${b.ending}'; outputs of ${a.output.length} and ${b.output.length} characters`;
    return { chunk: a.recorder.chunk, records: [undefined, undefined], remark };
  }

  report({ chunk, records, remark }: Parting): string {
    const lines = [`chunk ${chunk} ${remark}`, ...records.map((record) => JSON.stringify(record))];
    const [a, b] = [this.machines[0].recorder.snapshot, this.machines[1].recorder.snapshot];
    if (a !== null && b !== null) lines.push(...differences(a, b));
    return lines.join('\n');
  }
}

const MOST_DIFFERENCES = 16;

function differences(a: Snapshot, b: Snapshot): string[] {
  const lines = [...a.registers]
    .filter(([name, value]) => b.registers.get(name) !== value)
    .map(([name, value]) => `${name}: ${value} and ${b.registers.get(name)}`);
  for (const [page, words] of a.pages) {
    const others = b.pages.get(page);
    if (others === undefined) {
      lines.push(`page ${page.toString(16)} can be written on one alone`);
      continue;
    }
    for (let i = 0; i < words.length && lines.length < MOST_DIFFERENCES; i++) {
      const [left, right] = [words[i] ?? 0, others[i] ?? 0];
      if (left === right) continue;
      lines.push(`[${(page + 4 * i).toString(16)}]: ${(left >>> 0).toString(16)} and ${(right >>> 0).toString(16)}`);
    }
  }
  return lines;
}
