/** What the same program runs on: a column of the tables. */

export const COLUMNS = ['native', 'qemu', 'node', 'chromium', 'v86'] as const;
export type ColumnName = (typeof COLUMNS)[number];

/** A program that was compiled or found, and how to start it. */
export interface Job {
  readonly name: string;
  /** Files that a machine needs first: path in the guest → path here. */
  readonly files: Readonly<Record<string, string>>;
  /** Path and arguments: on the host, and in a machine. */
  readonly host: readonly string[];
  readonly guest: readonly string[];
  /** Single system calls are timed: the machine does not read its clock to tell tiers apart meanwhile. */
  readonly isUnwatched?: boolean;
}

export interface Outcome {
  readonly output: string;
  /** CPU time of what runs the program: its process, or the machine's thread. ms */
  readonly cpuMs: number;
  /** From the wish to start it to its end, ms. */
  readonly wallMs: number;
}

/** One column in one round: a fresh process, browser or machine. */
export interface Session {
  run(job: Job): Promise<Outcome>;
  close(): Promise<void>;
}
