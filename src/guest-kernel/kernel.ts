/** A running machine as its host drives it. */
import type { AddressSpace, Cpu, CpuLevel, CpuOptions, CpuStatistics, Engine, EngineName } from '../emulator/index.ts';
import type { ByteString } from '../emulator/util/bytes.ts';
import type { HostStdio } from './ports.ts';
import type { CallRestarts } from './syscalls/call-restarts.ts';
import type { CallFilter } from './trace/call-trace.ts';
import type { ProgramState } from './program/thread.ts';
import type { Filesystem } from './vfs/inode.ts';

export interface BootOptions {
  readonly memoryBytes: number;
  readonly engine: Engine;
  /** What CPUID advertises; absent: --cpu of the command line, else the emulator's default. */
  readonly cpu?: CpuLevel;
  /** Loader command line (facts 2.1), e.g. '/cli/cli.so'; absent: the image's own. */
  readonly commandLine?: string;
  readonly hypervisor: string;
  readonly firmwareVendor: string;
  /** System calls of guest programs are told on the console (stderr in a `run`), as OSv's --strace does. */
  readonly strace?: CallFilter;
  /** One program instead of /init and a command line: the machine halts when it has ended. */
  readonly run?: RunRequest;
  /** For tests: every call is made to run again and again. */
  readonly restarts?: CallRestarts;
  /** Makes the cores instead of createCpu: for hosts that watch them. */
  readonly makeCpu?: (space: AddressSpace, options: CpuOptions) => Cpu;
}

/** What `osv run` asks for. */
export interface RunRequest {
  readonly argv: readonly ByteString[];
  /** 'K=V', the program's whole environment. */
  readonly environment: readonly ByteString[];
  readonly cwd: ByteString;
  /** Files to be written first (folders are made): the program itself and what else the host brings. */
  readonly files: readonly { readonly path: ByteString; readonly mode: number; readonly bytes: Uint8Array }[];
  /** Mounted before that; the folders are made. */
  readonly mounts: readonly { readonly path: ByteString; readonly filesystem: Filesystem }[];
  /** The program's descriptors 0, 1 and 2; absent: the console. */
  readonly stdio?: HostStdio;
  /** Called once, before ports.power.onHalt. A program that could not be started ends with 127 after a line on stderr. */
  /** The program runs; `signal` is kill(2) on it. */
  onStart(control: { signal(signal: number): void }): void;
  onEnd(state: Exclude<ProgramState, { kind: 'running' }>): void;
}

/** What `runSlice` leaves behind. */
export type SliceResult =
  | { readonly kind: 'busy' }
  /** Nothing to run until an input comes or the monotonic clock reaches `wakeAtNs`. */
  | { readonly kind: 'idle'; readonly wakeAtNs: number | undefined }
  | { readonly kind: 'halted' };

/** One TCP connection from the host into the guest (the port door of DESIGN decision 11). */
export interface HostConnection {
  /** Takes the bytes over; more than `window` unread bytes may wait inside. */
  send(bytes: Uint8Array): void;
  /** No more to send. */
  end(): void;
  /** Resets. */
  close(): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Stops onData until `resume`: the guest's socket fills and its writer waits. */
  pause(): void;
  resume(): void;
  /** The guest closed its side, or reset. */
  onEnd(listener: (reason: 'closed' | 'reset') => void): void;
}

/** Which executor runs guest code, and why that one. */
export interface EngineReport {
  readonly asked: Engine;
  readonly used: EngineName;
  /** 'WebAssembly (auto)'. */
  readonly description: string;
  /** A sentence where something is lost: what was asked for, or speed. */
  readonly notice?: string;
}

export interface KernelStatistics {
  /** Of all programs since boot, whatever namespace they ran in. */
  readonly cpu: CpuStatistics;
  readonly namespaces: number;
  readonly usedMemoryBytes: number;
}

export interface Kernel {
  readonly engine: EngineReport;
  /** Cost: a copy of some counters. */
  statistics(): KernelStatistics;
  /** Times each tier from now on, at a clock reading per change of tier; or no longer. */
  watchTime(isWatched: boolean): void;
  /** Runs ready threads for about `budgetUs` of host time by the clock port. */
  runSlice(budgetUs: number): SliceResult;
  /** Called by the kernel whenever an input made it runnable; the host then calls runSlice soon. */
  onRunnable(listener: () => void): void;
  /** @returns undefined when nothing listens on that port. */
  connect(port: number): HostConnection | undefined;
  /** For a host with nothing else to do: starts what programs will share, so that the first of them starts sooner. */
  makeReady(): void;
  /** Ports that guest programs listen on, rising. */
  listeningPorts(): readonly number[];
  /** Everything written so far becomes durable; `done` when it is. */
  sync(done: (error?: Error) => void): void;
  /** Ends programs in order, syncs and calls ports.power.onHalt. */
  shutDown(reason: 'poweroff' | 'reboot'): void;
}
