/**
 * The machine as its page sees it: one worker is one power-on life of one machine. A reboot is a new worker.
 *
 * Everything here is plain data that the structured clone carries; neither side's types pass through.
 */

/** What the page asks for at power on. */
export interface StartRequest {
  /** Absolute address of the folder that holds index.json and the images. */
  readonly imagesUrl: string;
  /** Name of an image in index.json; empty: the first. */
  readonly image: string;
  readonly engine: EngineChoice;
  /** What CPUID advertises; absent: what the command line says, else the usual. */
  readonly cpu?: CpuChoice;
  readonly memoryBytes: number;
  /** Absent: the image's own command line. */
  readonly commandLine?: string;
  /** 'keep': the disk as it was left. 'reset': the pristine image. 'memory': pristine, and nothing is kept. */
  readonly disk: DiskChoice;
  /** Overrides the browser's storage quota; for tests of a full disk. */
  readonly quotaBytes?: number;
  readonly rows: number;
  readonly columns: number;
}

/** A level of the x86-64 psABI. */
export type CpuChoice = 'v1' | 'v2';

export type EngineChoice = 'auto' | 'reference' | 'js' | 'wasm';

/** What guest code runs on, and why on that. */
export interface EngineReport {
  readonly asked: EngineChoice;
  readonly used: Exclude<EngineChoice, 'auto'>;
  /** 'WebAssembly (auto)'. */
  readonly description: string;
  /** A sentence where something is lost: what was asked for, or speed. */
  readonly notice?: string;
}

export type DiskChoice = 'keep' | 'reset' | 'memory';

export type BootStage = 'disk' | 'kernel' | 'prompt';

/** How changes to the disk are kept, and why not if they are not. */
export type Persistence =
  | { readonly kind: 'kept' }
  | { readonly kind: 'memory'; readonly reason: 'asked' | 'busy' | 'unavailable' };

export type HaltReason = 'poweroff' | 'reboot' | 'panic';

/** What the worker tells without being asked, in order. */
export type MachineEvent =
  | { readonly kind: 'boot'; readonly stage: BootStage; readonly doneBytes?: number; readonly totalBytes?: number }
  | {
      readonly kind: 'running';
      readonly bootMs: number;
      readonly persistence: Persistence;
      readonly engine: EngineReport;
    }
  | { readonly kind: 'ports'; readonly listening: readonly number[] }
  | { readonly kind: 'disk-trouble'; readonly message: string }
  | { readonly kind: 'halted'; readonly reason: HaltReason; readonly report: string }
  /** The machine could not start or go on; `message` is a sentence for the user. */
  | { readonly kind: 'failed'; readonly message: string; readonly detail: string };

/** What the machine did since power on. */
export interface MachineStatistics {
  readonly uptimeMs: number;
  /** Time inside runSlice. */
  readonly busyMs: number;
  readonly slices: number;
  readonly longestSliceMs: number;
  readonly consoleBytes: number;
  readonly engine: EngineReport | undefined;
  /** Address spaces with programs in them. */
  readonly namespaces: number;
  /** Guest memory that programs use. */
  readonly usedMemoryBytes: number;
  readonly cpu: CpuStatistics | undefined;
}

/** What the host's time goes to. */
export type Tier = 'idle' | 'kernel' | 'translating' | 'reference' | 'cold' | 'regions';

/** Counters of all cores together; the emulator's own, as plain data. */
export interface CpuStatistics {
  /** Guest instructions. */
  readonly retired: number;
  readonly blocksDecoded: number;
  readonly blocksCompiled: number;
  readonly regionsCompiled: number;
  readonly modulesCompiled: number;
  readonly bytesGenerated: number;
  readonly translateMs: number;
  readonly live: { readonly regions: number; readonly modules: number; readonly bytes: number };
  readonly regionsDropped: number;
  readonly flushes: number;
  readonly modulesReused: number;
  readonly modulesRefused: number;
  readonly entries: number;
  readonly coldBlocks: number;
  /** Why generated code came back, with how often. */
  readonly exits: Readonly<Record<string, number>>;
  /** Host time by tier while statistics were watched, ms. */
  readonly tierMs: Readonly<Record<Tier, number>>;
}

/** A shared library that an ELF file needs, and the symbol versions it needs of it. */
export interface NeededLibrary {
  readonly name: string;
  readonly versions: readonly string[];
}

/** What was found in a dropped file. */
export type ElfDescription =
  | {
      readonly kind: 'elf';
      readonly type:
        | 'executable'
        | 'position-independent executable'
        | 'static executable'
        | 'static PIE'
        | 'shared object';
      readonly interpreter: string | undefined;
      readonly needed: readonly NeededLibrary[];
      /** A shared object without `main` can be copied but not run. */
      readonly isRunnable: boolean;
      /** Highest GLIBC_ version it asks for, '2.38', and what the image's libc has. */
      readonly glibcNeeded: string | undefined;
      readonly glibcPresent: string | undefined;
    }
  /** Not something that runs here; `reason` is a sentence. */
  | { readonly kind: 'other'; readonly reason: string };

/** The worker's side, called through Comlink. */
export interface MachineHost {
  /** Powers on; resolves when the kernel runs. Trouble comes as a 'failed' event, never as a rejection. */
  start(request: StartRequest, onEvent: (event: MachineEvent) => void, console: MessagePort): Promise<void>;
  /** Opens the port door for one guest port: HTTP over `door` by the messages of protocol/door.ts. */
  openDoor(port: number, door: MessagePort): void;
  shutDown(reason: 'poweroff' | 'reboot'): void;
  /** Everything written so far is durable when this resolves. */
  sync(): Promise<void>;
  describeElf(file: Uint8Array): Promise<ElfDescription>;
  statistics(): MachineStatistics;
  /** Whether time by tier is taken. */
  watchStatistics(isWatched: boolean): void;
}
