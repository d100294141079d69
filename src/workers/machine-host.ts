/**
 * One machine in a worker: powers the kernel on, runs it, and serves the page's calls.
 *
 * What differs between the shipped worker and the tests (which kernel boots, what the disk is) comes in as
 * MachineParts; everything else is here.
 */
import {
  HostError,
  type BlockPort,
  type CodeStorePort,
  type BootOptions,
  type Kernel,
  type KernelPorts,
} from '../guest-kernel/index.ts';
import { GuestDoor } from './door/guest-door.ts';
import { createClock } from './ports/clock.ts';
import { ConsoleBridge } from './ports/console-bridge.ts';
import { entropy } from './ports/entropy.ts';
import type {
  ElfDescription,
  HaltReason,
  MachineEvent,
  MachineHost,
  MachineStatistics,
  Persistence,
  StartRequest,
} from './protocol/machine.ts';
import { RunLoop } from './run-loop.ts';

export interface OpenedDisk {
  readonly disk: BlockPort;
  readonly persistence: Persistence;
  /** glibc's version on the image, '2.36'; undefined if the image does not say. */
  readonly glibcVersion: string | undefined;
  /** Brings near what the machine needs to be ready for programs. */
  prefetchReady?(): Promise<void>;
  /** After this nothing is written any more. */
  close(): Promise<void>;
}

export interface MachineParts {
  /**
   * Progress is bytes of the image fetched before boot; `onTrouble` gets a sentence when changes can be kept no longer.
   * @throws HostError
   */
  openDisk(
    request: StartRequest,
    onProgress: (doneBytes: number, totalBytes: number) => void,
    onTrouble: (message: string) => void,
  ): Promise<OpenedDisk>;
  boot(ports: KernelPorts, options: BootOptions): Kernel;
  /** Resolves when what starts programs sooner has come, or will not come. */
  readonly prepared?: Promise<void>;
  /**
   * Keeps compiled code between the lives of machines; absent: nothing is kept. What was kept, up to 32 MB, is read
   * after `when`: nothing of it is needed for the prompt.
   */
  openCodeCache?(when: Promise<void>): CodeStorePort | undefined;
  describeElf(file: Uint8Array, glibcPresent: string | undefined): ElfDescription;
}

/** What REST reports under /hardware. */
const HYPERVISOR = 'browser';
const FIRMWARE_VENDOR = 'OSv in a tab';

/** The prompt comes in steps with waits between them; a person needs longer to do anything. */
const QUIET_MS = 150;
/** A machine without a prompt runs its program at once, and longer than this if what was kept matters. */
const AT_LATEST_MS = 500;

const NOTHING_YET: MachineStatistics = {
  uptimeMs: 0,
  busyMs: 0,
  slices: 0,
  longestSliceMs: 0,
  consoleBytes: 0,
  engine: undefined,
  namespaces: 0,
  usedMemoryBytes: 0,
  cpu: undefined,
};

interface Running {
  readonly kernel: Kernel;
  readonly loop: RunLoop;
  readonly console: ConsoleBridge;
  readonly disk: OpenedDisk;
  readonly startedMs: number;
}

export class WorkerMachine implements MachineHost {
  readonly #parts: MachineParts;
  readonly #doors = new Set<GuestDoor>();
  #running: Running | undefined;
  #onEvent: (event: MachineEvent) => void = () => undefined;
  #listening = '';
  #isReady = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #onDrawn: () => void = () => undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
  }

  async start(request: StartRequest, onEvent: (event: MachineEvent) => void, console: MessagePort): Promise<void> {
    this.#onEvent = onEvent;
    const startedMs = performance.now();
    try {
      this.#onEvent({ kind: 'boot', stage: 'disk' });
      const disk = await this.#parts.openDisk(
        request,
        (doneBytes, totalBytes) => this.#onEvent({ kind: 'boot', stage: 'disk', doneBytes, totalBytes }),
        (message) => this.#onEvent({ kind: 'disk-trouble', message }),
      );
      this.#onEvent({ kind: 'boot', stage: 'kernel' });
      const { engine } = this.#powerOn(request, disk, console, startedMs);
      const bootMs = performance.now() - startedMs;
      this.#onEvent({ kind: 'running', bootMs, persistence: disk.persistence, engine });
    } catch (error) {
      this.#fail(error);
    }
  }

  openDoor(port: number, door: MessagePort): void {
    const kernel = { connect: (guestPort: number) => this.#running?.kernel.connect(guestPort) };
    this.#doors.add(new GuestDoor(kernel, port, door));
  }

  shutDown(reason: 'poweroff' | 'reboot'): void {
    this.#running?.kernel.shutDown(reason);
    this.#running?.loop.wake();
  }

  async sync(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await new Promise<void>((resolve, reject) => {
      running.kernel.sync((error) => (error === undefined ? resolve() : reject(error)));
      running.loop.wake();
    });
  }

  describeElf(file: Uint8Array): Promise<ElfDescription> {
    return Promise.resolve(this.#parts.describeElf(file, this.#running?.disk.glibcVersion));
  }

  statistics(): MachineStatistics {
    const running = this.#running;
    if (running === undefined) return NOTHING_YET;
    return {
      uptimeMs: performance.now() - running.startedMs,
      ...running.loop.statistics(),
      consoleBytes: running.console.totalBytes,
      engine: running.kernel.engine,
      ...running.kernel.statistics(),
    };
  }

  watchStatistics(isWatched: boolean): void {
    this.#running?.kernel.watchTime(isWatched);
  }

  #powerOn(request: StartRequest, disk: OpenedDisk, consolePort: MessagePort, startedMs: number): Kernel {
    const clock = createClock();
    // The console wakes the loop, the loop asks the console: one of them must be named before it is made.
    const wake = (): void => this.#running?.loop.wake();
    const bridge = new ConsoleBridge(consolePort, { rows: request.rows, columns: request.columns }, wake);
    const code = this.#parts.openCodeCache?.(this.#untilDrawn());
    const ports: KernelPorts = {
      ...(code === undefined ? {} : { code }),
      clock,
      entropy,
      console: bridge,
      disk: disk.disk,
      power: { onHalt: (reason, report) => this.#halt(reason, report) },
    };
    const kernel = this.#parts.boot(ports, bootOptions(request));
    const loop = new RunLoop({
      runSlice: (budgetUs) => kernel.runSlice(budgetUs),
      monotonicNs: () => clock.monotonicNs(),
      mayRun: () => !bridge.isFull,
      afterSlice: () => this.#afterSlice(),
      onIdle: () => this.#onIdle(),
      onCrash: (error) => this.#crash(error),
    });
    this.#running = { kernel, loop, console: bridge, disk, startedMs };
    kernel.onRunnable(wake);
    loop.wake();
    return kernel;
  }

  #afterSlice(): void {
    const running = this.#running;
    if (running === undefined) return;
    running.console.flush();
    const listening = running.kernel.listeningPorts();
    const key = listening.join(' ');
    if (key === this.#listening) return;
    this.#listening = key;
    this.#onEvent({ kind: 'ports', listening });
  }

  /** Resolves when the prompt stands, or has had time enough for it. */
  #untilDrawn(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrawn = resolve;
      setTimeout(resolve, AT_LATEST_MS);
    });
  }

  /** When there was nothing to do for a while after the prompt was drawn, the time is used for the first program. */
  #onIdle(): void {
    clearTimeout(this.#quiet);
    if (this.#isReady || this.#listening === '' || this.#running?.console.isDrawn !== true) return;
    this.#onDrawn();
    this.#quiet = setTimeout(() => {
      this.#isReady = true;
      void this.#makeReady();
    }, QUIET_MS);
  }

  async #makeReady(): Promise<void> {
    if (this.#parts.prepared === undefined) return;
    // Blocks that do not come are fetched again, and missed, by whoever needs them.
    const blocks = this.#running?.disk.prefetchReady?.().catch(() => undefined);
    await Promise.all([this.#parts.prepared, blocks]);
    this.#running?.kernel.makeReady();
  }

  #halt(reason: HaltReason, report: string): void {
    const running = this.#running;
    if (running === undefined) return;
    running.console.flush();
    running.loop.stop();
    clearTimeout(this.#quiet);
    for (const door of this.#doors) door.close();
    this.#running = undefined;
    const say = (): void => this.#onEvent({ kind: 'halted', reason, report });
    running.disk.close().then(say, say);
  }

  #crash(error: unknown): void {
    const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#halt('panic', report);
  }

  #fail(error: unknown): void {
    const message =
      error instanceof HostError ? error.message : 'The machine could not start because of an error of its own.';
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#onEvent({ kind: 'failed', message, detail });
  }
}

function bootOptions(request: StartRequest): BootOptions {
  return {
    memoryBytes: request.memoryBytes,
    engine: request.engine,
    hypervisor: HYPERVISOR,
    firmwareVendor: FIRMWARE_VENDOR,
    ...(request.cpu === undefined ? {} : { cpu: request.cpu }),
    ...(request.commandLine === undefined ? {} : { commandLine: request.commandLine }),
  };
}
