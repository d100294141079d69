/** What /proc and /sys need to know of the machine; running-proc-source.ts tells it of the running one. */
import type { SocketFacts } from '../../net/socket/socket-facts.ts';
import type { CpuDescription } from '../../../emulator/index.ts';
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { SystemV } from '../../ipc/system-v.ts';
import type { ProcessImage } from '../../mm/process-image.ts';
import type { Program, Task } from '../../program/thread.ts';
import type { Usage } from '../../program/usage.ts';
import type { Timestamp } from '../../vfs/inode.ts';
import type { UserMemory } from '../../vfs/open-file.ts';
import type { Vfs } from '../../vfs/vfs.ts';

/** Runs or could, waits, is stopped, or has ended and was not waited for. */
export type StateLetter = 'R' | 'S' | 'T' | 'Z';

/** What a thread's lines tell beyond Task. */
export interface TaskFacts {
  readonly state: StateLetter;
  readonly nice: number;
  /** SCHED_*. */
  readonly policy: number;
  readonly realtimePriority: number;
  /** With what those lend it who wait for its locks. */
  readonly effectivePriority: number;
  /** Since boot. */
  readonly startNs: number;
  readonly usage: Usage;
  readonly switches: number;
  readonly stackPointer: number;
  readonly instructionPointer: number;
  /** Sets of signals, bit n-1 for signal n. */
  readonly pending: bigint;
  readonly blocked: bigint;
  readonly hasNoNewPrivileges: boolean;
  /** SECCOMP_MODE_*, and how many filters. */
  readonly seccomp: readonly [mode: number, filters: number];
}

/** What a program's lines tell beyond Program. */
export interface ProgramFacts {
  readonly name: ByteString;
  readonly state: StateLetter;
  /** st_rdev of its controlling terminal and its foreground group; 0 and -1: none. */
  readonly terminal: number;
  readonly foregroundGroup: number;
  readonly startNs: number;
  readonly usage: Usage;
  /** Of children that were waited for. */
  readonly reaped: Usage;
  readonly pending: bigint;
  readonly ignored: bigint;
  readonly caught: bigint;
  readonly exitCode: number;
  readonly memory: ProgramMemory | undefined;
  /** Soft and hard, -1 for infinite, by RLIMIT_* number. */
  limit(resource: number): readonly [soft: bigint, hard: bigint];
}

export interface ProgramMemory {
  readonly user: UserMemory;
  readonly image: ProcessImage | undefined;
  readonly brkStart: number;
  readonly brkEnd: number;
  residentPages(startAddr: number, endAddr: number): number;
}

/** An open socket for /proc/net. */
export interface ProcSource {
  now(): Timestamp;
  readonly uptimeNs: number;
  readonly idleNs: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Bytes that files of memory hold (tmpfs). */
  readonly tmpfsBytes: number;
  hostname: ByteString;
  /** Realtime seconds at boot. */
  readonly bootTimeSeconds: number;
  readonly loadAverages: readonly [number, number, number];
  /** Threads that run or could, and how many there are. */
  readonly runnableThreads: number;
  readonly allThreads: number;
  readonly lastPid: number;
  /** Processor time since boot, ns. */
  readonly processorTime: { readonly userNs: number; readonly niceNs: number; readonly systemNs: number };
  /** Bytes that the disk gave and took since boot. */
  readonly diskTraffic: { readonly readBytes: number; readonly writtenBytes: number };
  /** Turns of threads on the processor since boot. */
  readonly switches: number;
  /** The thread whose call is being served (/proc/self). */
  current(): Task | undefined;
  /** Running programs and zombies, by rising pid. */
  programs(): readonly Program[];
  describe(program: Program): ProgramFacts;
  describeTask(task: Task): TaskFacts;
  sockets(): readonly SocketFacts[];
  /** What went over lo. */
  readonly traffic: { readonly packets: number; readonly bytes: number };
  readonly vfs: Vfs;
  /** Kinds for /proc/filesystems; those without a device are 'nodev'. */
  readonly filesystemTypes: readonly { readonly name: string; readonly isOnDisk: boolean }[];
  readonly devices: readonly { readonly name: string; readonly major: number }[];
  /** Bytes of the disk; 0: there is none. */
  readonly diskBytes: number;
  readonly commandLine: ByteString;
  /** One line for /proc/sys/kernel/random/uuid, new each time, and that of this boot. */
  randomUuid(): ByteString;
  readonly bootId: ByteString;
  /** For /proc/cpuinfo. */
  readonly cpu: CpuDescription;
  readonly systemV: SystemV;
  /** Settings below /proc/sys that act. */
  readonly settings: MachineSettings;
}

/** sysctl(8): what writing to /proc/sys changes. */
export interface MachineSettings {
  corePattern: ByteString;
  domainname: ByteString;
  /** How long the holder of a lease may keep others waiting (fcntl(2)). */
  leaseBreakSeconds: number;
}
