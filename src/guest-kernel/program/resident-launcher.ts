/**
 * The kernel's side of the resident launcher (guest/apps/README.md has the contract): runs wait here until the
 * launcher of the namespace fetches them by osv_next_run; the thread it makes next is the run's main thread.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { GuestTask } from './guest-task.ts';
import type { RunningProgram } from './running-program.ts';
import { WaitQueue } from './wait-queue.ts';

/** ld.so's own exit code for what cannot be loaded. */
const EXIT_NOT_STARTED = 127;

export interface PendingRun {
  readonly program: RunningProgram;
  /** Absolute path of the shared object. */
  readonly path: ByteString;
  /** 'K=V' of a new program that was given its own; absent: that of /env. */
  readonly environment?: readonly ByteString[];
}

export class ResidentLauncher {
  /** The launcher's own program, which no list shows. */
  readonly program: RunningProgram;
  /** Gets one run only and goes when it ended (new_program). */
  readonly isSingle: boolean;
  readonly arrivals = new WaitQueue();
  readonly #queue: PendingRun[] = [];
  readonly #runs = new Set<RunningProgram>();
  readonly #onRetired: (reason: string) => void;
  #handedOut: PendingRun | undefined;
  #isRetired = false;

  constructor(program: RunningProgram, isSingle: boolean, onRetired: (reason: string) => void) {
    this.program = program;
    this.isSingle = isSingle;
    this.#onRetired = onRetired;
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Whether the program was started here, and is not what one of those forked. */
  isRun(program: RunningProgram): boolean {
    return this.#runs.has(program);
  }

  /** Queues a run; its program counts among the namespace's until it ends. */
  add(run: PendingRun): void {
    this.#queue.push(run);
    this.#runs.add(run.program);
    this.arrivals.wake();
  }

  /** The next run that was not killed while it waited. It stays first in line until `handOut`. */
  peek(): PendingRun | undefined {
    while (this.#queue[0]?.program.isRunning === false) this.#queue.shift();
    return this.#queue[0];
  }

  handOut(): void {
    this.#handedOut = this.#queue.shift();
  }

  /** The run whose main thread a clone of the launcher makes now, if it still runs. */
  takeHandedOut(): PendingRun | undefined {
    const run = this.#handedOut;
    this.#handedOut = undefined;
    return run;
  }

  /** The launcher could not make a thread for the run handed out last. */
  failHandedOut(code: number): void {
    this.takeHandedOut()?.program.end({ kind: 'exited', code });
  }

  /** osv_end_run by a thread of a run. */
  endRun(task: GuestTask, code: number): void {
    const run = task.program;
    const isMain = task.id === run.pid;
    const others = run.threads.size - 1;
    if (isMain) task.moveTo(this.program);
    if (!isMain || others > 0) this.retire(`${run.path} ended while other threads of it ran`);
    run.end({ kind: 'exited', code: code & 0xff });
  }

  /** A program of the namespace ended, whatever way. */
  runEnded(program: RunningProgram): void {
    this.#runs.delete(program);
    if (program.state.kind === 'killed') this.retire(`${program.path} was killed`);
    if (program.isRunning) this.retire(`${program.path} became another program`);
    if (this.#runs.size === 0 && (this.#isRetired || this.isSingle)) this.program.end({ kind: 'exited', code: 0 });
  }

  /** No further runs: libc's locks may be taken for ever. What runs, runs on. */
  retire(reason: string): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (!this.isSingle) this.#onRetired(reason);
  }

  /** The launcher itself died: nobody is left to start what waits. */
  launcherEnded(): void {
    this.retire('its launcher ended');
    for (const { program } of this.#queue.splice(0)) program.end({ kind: 'exited', code: EXIT_NOT_STARTED });
    this.failHandedOut(EXIT_NOT_STARTED);
  }
}
