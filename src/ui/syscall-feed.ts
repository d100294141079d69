/**
 * The machine's system calls as a growing list for the trace panel, read from `GET /trace/syscalls`. While nobody looks,
 * or it is paused, nothing is asked; while recording is off, nothing is recorded.
 */
import type { CallFilter, CallRecord, GuestRest } from './guest-rest.ts';

export interface SyscallView {
  /** The machine answers; without one there is nothing to record. */
  readonly isAvailable: boolean;
  readonly isRecording: boolean;
  readonly isPaused: boolean;
  readonly filter: CallFilter;
  /** Oldest first. */
  readonly records: readonly CallRecord[];
  /** Records that came and went between two looks. */
  readonly dropped: number;
  /** What is wrong with the filter, as the machine says it. */
  readonly problem: string | undefined;
}

const PERIOD_MS = 400;
/** More than these nobody reads; the machine's own ring holds more. */
const KEPT = 1_000;
const NOTHING: SyscallView = {
  isAvailable: false,
  isRecording: false,
  isPaused: false,
  filter: { program: '', thread: '', names: '', onlyErrors: false },
  records: [],
  dropped: 0,
  problem: undefined,
};

export class SyscallFeed {
  readonly #rest: () => GuestRest | undefined;
  readonly #listeners = new Set<() => void>();
  #view = NOTHING;
  #watched: GuestRest | undefined;
  #next = 0;
  /** Rises when what is being read no longer counts. */
  #era = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rest: () => GuestRest | undefined) {
    this.#rest = rest;
  }

  readonly snapshot = (): SyscallView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#turn();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  };

  async record(isRecording: boolean): Promise<void> {
    this.#set({ isRecording, problem: undefined });
    await this.#tell();
  }

  /** The machine records only what the filter takes, and of what it has only that shows. */
  async filter(change: Partial<CallFilter>): Promise<void> {
    this.#set({ filter: { ...this.#view.filter, ...change }, problem: undefined });
    this.#startOver();
    if (this.#view.isRecording) await this.#tell();
  }

  pause(isPaused: boolean): void {
    this.#set({ isPaused });
  }

  async clear(): Promise<void> {
    await this.#rest()?.clearSyscalls();
    this.#startOver();
  }

  async #tell(): Promise<void> {
    const { isRecording, filter } = this.#view;
    try {
      await this.#rest()?.recordSyscalls(isRecording, filter);
    } catch (error) {
      this.#set({ problem: (error as Error).message });
    }
  }

  async #turn(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#read().catch(() => undefined); // the machine is going, or not there yet
    clearTimeout(this.#timer);
    if (this.#listeners.size > 0) this.#timer = setTimeout(() => void this.#turn(), PERIOD_MS);
  }

  async #read(): Promise<void> {
    const rest = this.#rest();
    if (rest !== this.#watched) {
      this.#watched = rest;
      this.#startOver();
      this.#set({ isAvailable: false, isRecording: false });
    }
    if (rest === undefined || this.#view.isPaused) return;
    const era = this.#era;
    const page = await rest.syscalls(this.#next, this.#view.filter);
    if (era !== this.#era || this.#view.isPaused) return;
    const { isAvailable, isRecording, records, dropped } = this.#view;
    const isNews = !isAvailable || isRecording !== page.isRecording || page.records.length > 0;
    this.#next = page.next;
    if (!isNews) return;
    this.#set({
      isAvailable: true,
      isRecording: page.isRecording,
      records: [...records, ...page.records].slice(-KEPT),
      // Before the first record nothing was missed.
      dropped: records.length === 0 ? 0 : dropped + page.dropped,
    });
  }

  #startOver(): void {
    this.#era++;
    this.#next = 0;
    this.#set({ records: [], dropped: 0 });
  }

  #set(change: Partial<SyscallView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** A record as strace prints it. */
export function lineOf({ tid, name, args, result, durationUs }: CallRecord): string {
  return `[${tid}] ${name}(${args}) = ${result} <${durationUs} us>`;
}
