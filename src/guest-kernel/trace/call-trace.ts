/**
 * Observes the system calls of guest programs: for --strace, `GET /trace/syscalls`, the CLI's strace and the page.
 *
 *   off ──start(filter)──▶ on ──▶ a ring of the last records, and a line for each where `onRecord` asks for it
 *
 * While it is off the dispatcher knows no observer, and a call costs nothing more. Formatting happens when a call is
 * over, while guest memory is as it left it.
 */
import { utf8FromBytes } from '../../emulator/util/bytes.ts';
import type { ClockPort } from '../ports.ts';
import type { Thread } from '../program/thread.ts';
import type { CallObserver, RunningCall } from '../syscalls/dispatch.ts';
import { type CallRecord, formatArguments, formatResult, resultOf } from './strace.ts';

/** Which calls count; an absent field takes all. */
export interface CallFilter {
  /** A pid: that program and those it starts; or a part of a program's path. */
  readonly program?: string;
  /** A thread's id. */
  readonly thread?: number;
  /** Names of calls; one with a leading '!' is left out. */
  readonly names?: readonly string[];
  readonly onlyErrors?: boolean;
}

export interface TraceState {
  readonly isEnabled: boolean;
  readonly filter: CallFilter;
  /** Most records that are kept. */
  readonly capacity: number;
}

export interface RecordPage {
  readonly records: readonly CallRecord[];
  /** Where the next look begins. */
  readonly next: number;
  /** Records after `after` that the ring no longer held. */
  readonly dropped: number;
}

export const DEFAULT_CAPACITY = 4_096;
/** A record is some 300 bytes. */
export const MAX_CAPACITY = 65_536;
/** Programs whose parents are known; the oldest are forgotten. */
const MOST_PARENTS = 16_384;

/** A call under way: when it entered, and what of its arguments will not be there when it is over. */
interface EntryNote {
  readonly startNs: number;
  readonly args: string | undefined;
}

export class CallTrace implements CallObserver {
  readonly #clock: ClockPort;
  readonly #attach: (observer: CallObserver | undefined) => void;
  #state: TraceState = { isEnabled: false, filter: {}, capacity: DEFAULT_CAPACITY };
  #records: CallRecord[] = [];
  #next = 0;
  /** Parents of programs that were seen, so that what a program started is found after the program has ended. */
  readonly #parents = new Map<number, number>();
  /** Hears of every record too (--strace). */
  onRecord: ((record: CallRecord) => void) | undefined;

  /** `attach` hands an observer to the dispatcher. */
  constructor(clock: ClockPort, attach: (observer: CallObserver | undefined) => void) {
    this.#clock = clock;
    this.#attach = attach;
  }

  get state(): TraceState {
    return this.#state;
  }

  start(filter: CallFilter = {}, capacity = DEFAULT_CAPACITY): void {
    this.#state = { isEnabled: true, filter, capacity: Math.min(Math.max(1, capacity), MAX_CAPACITY) };
    this.#trim();
    this.#attach(this);
  }

  /** The newest `capacity` records stay: a large ring, some 20 MB, is for the time of recording. */
  stop(capacity = DEFAULT_CAPACITY): void {
    this.#state = { ...this.#state, isEnabled: false, capacity };
    this.#trim();
    this.#attach(undefined);
  }

  clear(): void {
    this.#records = [];
    this.#parents.clear();
  }

  /** Records from number `after` on that the filter takes, oldest first, at most `most`. */
  read(after: number, most: number, filter: CallFilter = {}): RecordPage {
    const oldest = this.#records[0]?.sequence ?? this.#next;
    const from = Math.min(Math.max(after, oldest), this.#next);
    const records: CallRecord[] = [];
    let next = from;
    while (next < this.#next && records.length < most) {
      const record = this.#records[next++ - oldest];
      if (record !== undefined && this.#takes(filter, record)) records.push(record);
    }
    return { records, next, dropped: after < oldest ? oldest - after : 0 };
  }

  enter(thread: Thread, call: RunningCall): EntryNote {
    const startNs = this.#clock.monotonicNs();
    // execve leaves the memory its arguments lie in.
    const args = call.row.name.startsWith('execve') ? formatArguments(call, thread.memory, 0) : undefined;
    return { startNs, args };
  }

  leave(thread: Thread, call: RunningCall, note: unknown, hasResult: boolean): void {
    const entry = note as EntryNote;
    const { program } = thread;
    this.#noteParent(program.pid, program.parentPid);
    const result = hasResult ? resultOf(thread.cpuState) : undefined;
    const seen = {
      pid: program.pid,
      tid: thread.id,
      program: utf8FromBytes(program.path),
      name: call.row.name,
      ...formatResult(result),
    };
    if (!this.#takes(this.#state.filter, seen)) return;
    const memory = hasResult ? thread.memory : undefined;
    this.#keep({
      ...seen,
      sequence: this.#next++,
      startNs: entry.startNs,
      durationNs: this.#clock.monotonicNs() - entry.startNs,
      args: entry.args ?? formatArguments(call, memory, result ?? 0),
    });
  }

  /** The first parent counts: who outlives it belongs to init, but was started by it all the same. */
  #noteParent(pid: number, parentPid: number): void {
    if (this.#parents.has(pid)) return;
    this.#parents.set(pid, parentPid);
    if (this.#parents.size <= MOST_PARENTS) return;
    for (const oldest of this.#parents.keys()) {
      this.#parents.delete(oldest);
      return;
    }
  }

  #keep(record: CallRecord): void {
    this.#records.push(record);
    // Half again as much before it is cut, so that a record costs no shift.
    if (this.#records.length > this.#state.capacity * 1.5) this.#trim();
    this.onRecord?.(record);
  }

  #trim(): void {
    if (this.#records.length > this.#state.capacity) this.#records = this.#records.slice(-this.#state.capacity);
  }

  #takes(filter: CallFilter, seen: Pick<CallRecord, 'pid' | 'tid' | 'program' | 'name' | 'error'>): boolean {
    if (filter.onlyErrors === true && seen.error === undefined) return false;
    if (filter.thread !== undefined && filter.thread !== seen.tid) return false;
    if (filter.names !== undefined && !takesName(filter.names, seen.name)) return false;
    const { program = '' } = filter;
    if (program === '') return true;
    return /^\d+$/.test(program) ? this.#isOf(seen.pid, Number(program)) : seen.program.includes(program);
  }

  /** Whether a program is `pid` or was started by it, directly or not. */
  #isOf(pid: number, wanted: number): boolean {
    for (let each: number | undefined = pid; each !== undefined && each > 0; each = this.#parents.get(each)) {
      if (each === wanted) return true;
    }
    return false;
  }
}

function takesName(names: readonly string[], name: string): boolean {
  const wanted = names.filter((each) => !each.startsWith('!'));
  return !names.includes(`!${name}`) && (wanted.length === 0 || wanted.includes(name));
}
