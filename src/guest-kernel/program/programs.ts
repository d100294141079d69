/** Starting, listing and signalling programs: what REST /app, the boot line and the CLI stand on. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { ProgramState, Task } from './thread.ts';

export interface StartOptions {
  /** Shared objects only: a fresh namespace instead of the default one. Executables always get their own. */
  readonly isNewProgram: boolean;
  /** 'K=V'; absent: a copy of the default environment. Plain shared objects have the very default one, whatever is given. */
  readonly environment?: readonly ByteString[];
  readonly cwd?: ByteString;
  /** The program's descriptors, taken over; absent: 0, 1 and 2 on the console. A shared object gets a fresh namespace with them. */
  readonly files?: FileTable;
}

/** A start that failed before guest code ran; `message` is OSv's text (facts 1.3), answered as status 500. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

export interface ProgramInfo {
  /** Id of the main thread: what PUT /app answers. */
  readonly tid: number;
  readonly pid: number;
  readonly command: ByteString;
  readonly argv: readonly ByteString[];
  readonly namespaceId: number;
  readonly isNative: boolean;
  readonly state: ProgramState;
  /** Realtime ms since 1970. */
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  readonly cpuMs: number;
  readonly threads: readonly ThreadInfo[];
}

/** OSv's Thread model (facts 1.2). */
export interface ThreadInfo {
  readonly id: number;
  readonly name: ByteString;
  readonly status: 'waiting' | 'running' | 'queued' | 'terminated';
  readonly cpuMs: number;
  readonly switches: number;
  readonly preemptions: number;
  readonly priority: number;
  readonly stackSizeBytes: number;
}

export interface Programs {
  /**
   * Checks the file, its ELF header and `main`, makes namespace and thread, and returns before guest code runs.
   * @returns the main thread's id
   * @throws LaunchError, or NotResident when a block must be fetched first (nothing was done; call again)
   */
  start(argv: readonly ByteString[], options: StartOptions): number;
  /** Running and ended programs (history is bounded), oldest first. */
  list(): readonly ProgramInfo[];
  find(tid: number): ProgramInfo | undefined;
  /** stdout and stderr kept of a program, at most 64 KiB from its end; `droppedBytes` came before. */
  output(tid: number): { readonly bytes: Uint8Array; readonly droppedBytes: number } | undefined;
  /** @returns false when no such program runs. */
  signal(tid: number, signal: number): boolean;
  /** Every thread of the machine, kernel and idle threads included (OSv's /os/threads). */
  threads(): readonly ThreadInfo[];
  thread(id: number): Task | undefined;
  /** Environment of the default namespace ('K=V'), which /env/* reads and writes. */
  readonly environment: Map<ByteString, ByteString>;
}
