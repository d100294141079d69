/**
 * Threads, programs and namespaces as system calls, REST and the CLI see them: the interfaces; the classes that live
 * behind them stand in task.ts, running-program.ts and namespace.ts.
 *
 *   Machine 1 ── n Namespace (one AddressSpace) 1 ── n Program (pid) 1 ── n Thread (tid)
 *
 * A plain program of the default namespace shares its namespace's brk, fd table, cwd, signal actions and environment;
 * an executable or a new program has its own (DESIGN decision 2).
 */
import type { Cpu, CpuState } from '../../emulator/index.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { ClockPort, EntropyPort } from '../ports.ts';
import type { Network } from '../net/network.ts';
import type { Credentials, FsContext } from '../vfs/credentials.ts';
import type { Location } from '../vfs/location.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { Inode } from '../vfs/inode.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import type { Vfs } from '../vfs/vfs.ts';
import type { Verdict } from './confinement.ts';
import type { WaitQueue } from './wait-queue.ts';

/** What every thread reaches of the machine. */
export interface Machine {
  readonly clock: ClockPort;
  readonly entropy: EntropyPort;
  readonly vfs: Vfs;
  readonly network: Network;
  readonly log: KernelLog;
  hostname: string;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
}

/** dmesg and the console: what the kernel itself says. */
export interface KernelLog {
  /** One line to the ring buffer of 50 KiB. */
  info(line: string): void;
  /** One line to the ring buffer and the console: what a user must know. */
  notice(line: string): void;
  text(): string;
}

export interface Namespace {
  readonly id: number;
  readonly cpu: Cpu;
  readonly memory: UserMemory;
  /** In rising order of address, for /proc/self/maps. */
  mappings(): readonly Mapping[];
  /** Bytes of guest memory that hold something (resident set). */
  readonly residentBytes: number;
  /** The most there ever were. */
  readonly peakResidentBytes: number;
}

/** One line of /proc/self/maps. */
export interface Mapping {
  readonly startAddr: number;
  readonly endAddr: number;
  /** PROT_* bits. */
  readonly protection: number;
  readonly isShared: boolean;
  /** mlock(2). */
  readonly isLocked?: boolean;
  /** Offset in the file of startAddr. */
  readonly offset: number;
  readonly inode: Inode | undefined;
  /** Path of the file, or '[heap]', '[stack]', '[vdso]', or ''. */
  readonly name: ByteString;
}

export type ProgramState =
  | { readonly kind: 'running' }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number };

export interface IoCounters {
  readCalls: number;
  readBytes: number;
  writeCalls: number;
  writtenBytes: number;
}

export interface Program {
  readonly pid: number;
  readonly parentPid: number;
  processGroup: number;
  session: number;
  /** Path of the executable or shared object. */
  readonly path: ByteString;
  /** The executable, while it runs. */
  readonly executable?: Location | undefined;
  readonly argv: readonly ByteString[];
  /** Undefined: the program's code is TypeScript. */
  readonly namespace: Namespace | undefined;
  readonly threads: ReadonlyMap<number, Task>;
  readonly state: ProgramState;
  /** Bytes and calls of read(2), write(2) and their like. */
  readonly io: IoCounters;
  /** PR_SET_DUMPABLE. */
  readonly isDumpable?: boolean;
  /** What /proc/PID/oom_score_adj and loginuid keep. */
  oomScoreAdjustment?: number;
  oomScoreMinimum?: number;
  loginUid?: number;
  /** Woken when the program ended. */
  readonly ended: WaitQueue;
}

/** What every thread has, be its code x86 or TypeScript. */
export interface Task {
  readonly id: number;
  name: ByteString;
  readonly program: Program;
  readonly machine: Machine;
  readonly files: FileTable;
  readonly fs: FsContext;
  readonly credentials: Credentials;
  /** CPU time so far, ns. */
  readonly cpuNs: number;
}

/** A thread that runs guest code: what system calls get. */
export interface Thread extends Task {
  readonly cpuState: CpuState;
  readonly memory: UserMemory;
  /** Whether it may make this call (seccomp(2)); what has its answer has it in RAX. */
  judgeCall(nr: number): Verdict;
  /**
   * Blocks exactly `mask` (bit n-1 = signal n) until this system call is over; a signal that ends its wait is
   * delivered under it (ppoll, pselect6, epoll_pwait, rt_sigsuspend). Calling it again on a re-run does nothing.
   */
  setTemporarySignalMask(mask: bigint): void;
}
