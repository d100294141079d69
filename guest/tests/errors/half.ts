/** The shapes of the two tables beside the programs of this folder: files.ts and calls.ts, one for each half of the calls. */

/** Documented errors that no program can provoke on Linux and in the machine, and why. */
export interface Unreachable {
  /** Names of system calls, or `*`: all calls, where no program shows the error. */
  readonly calls: string;
  /** Names of errors. */
  readonly errors: string;
  readonly reason: string;
}

export interface Half {
  readonly unreachable: readonly Unreachable[];
  /** Errors by call that no program shows yet. It only shrinks. */
  readonly open: Readonly<Record<string, string>>;
}
