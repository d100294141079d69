/** A machine without a disk that runs one program over files given as bytes: for kernel tests. */
import { byteStringFrom, bytesOf } from '../../emulator/util/bytes.ts';
import type { Engine } from '../../emulator/index.ts';
import { type ComposedMachine, boot, composeMachine } from '../boot.ts';
import type { Kernel, RunRequest } from '../kernel.ts';
import { O_CREAT, O_WRONLY } from '../abi/fcntl.ts';
import type { HostStdio } from '../ports.ts';
import { rootContext } from '../program/program-table.ts';
import type { StartOptions } from '../program/programs.ts';
import type { ProgramState } from '../program/thread.ts';
import type { CallFilter } from '../trace/call-trace.ts';
import { rootCredentials } from '../vfs/credentials.ts';
import type { Call } from '../vfs/open-file.ts';
import { type FakePorts, fakePorts } from './fake-ports.ts';

export interface TestRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly console: string;
  /** Exit code, or 128 + n for signal n. */
  readonly code: number;
}

export interface TestMachineOptions {
  readonly argv: readonly string[];
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly environment?: readonly string[];
  readonly stdin?: string;
  readonly engine?: Engine;
  readonly strace?: CallFilter;
  /** Guest time at which a run is given up, ns. */
  readonly limitNs?: number;
}

const LIMIT_NS = 60e9;

/** Runs the program to its end. @throws Error when it does not end, or the kernel panics */
export function runInTestMachine(options: TestMachineOptions): TestRun {
  const ports = fakePorts();
  // Real time, so that fuel is calibrated; sleeps are skipped below.
  let skippedNs = 0;
  const start = performance.now();
  ports.clock.monotonicNs = () => (performance.now() - start) * 1e6 + skippedNs;
  const events: (() => void)[] = [];
  ports.clock.realtimeNs = () => BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1e6 + skippedNs));
  const streams = { stdout: '', stderr: '' };
  let input = bytesOf(options.stdin ?? '');
  const stdio: HostStdio = {
    // Answered between two slices, as a host's event loop would.
    readInput(maxBytes, done) {
      events.push(() => {
        done(input.slice(0, maxBytes));
        input = input.slice(maxBytes);
      });
    },
    writeOutput(stream, bytes) {
      streams[stream] += byteStringFrom(bytes);
      return true;
    },
  };
  let code: number | undefined;
  const run: RunRequest = {
    argv: options.argv,
    environment: options.environment ?? [],
    cwd: '/',
    files: Object.entries(options.files).map(([path, bytes]) => ({ path, mode: 0o755, bytes })),
    mounts: [],
    stdio,
    onStart: () => {},
    onEnd: (state) => (code = state.kind === 'exited' ? state.code : 128 + state.signal),
  };
  const kernel = boot(ports, {
    memoryBytes: 1 << 30,
    engine: options.engine ?? 'auto',
    hypervisor: 'test',
    firmwareVendor: 'test',
    ...(options.strace === undefined ? {} : { strace: options.strace }),
    run,
  });
  drive(kernel, ports, { limitNs: options.limitNs ?? LIMIT_NS, skip: (ns) => (skippedNs += ns), events });
  if (code === undefined) throw new Error(`the program did not end\n${ports.console.text}\n${streams.stderr}`);
  return { ...streams, console: ports.console.text, code };
}

interface Host {
  readonly limitNs: number;
  /** Lets the guest's clock jump. */
  readonly skip: (ns: number) => void;
  /** What the host's event loop has to do. */
  readonly events: (() => void)[];
}

function drive(kernel: Kernel, ports: FakePorts, { limitNs, skip, events }: Host): void {
  while (ports.clock.monotonicNs() < limitNs) {
    const result = kernel.runSlice(4_000);
    if (result.kind === 'halted') {
      const panic = ports.halts.find((halt) => halt.startsWith('panic'));
      if (panic !== undefined) throw new Error(panic);
      return;
    }
    const pending = events.splice(0);
    for (const event of pending) event();
    if (result.kind !== 'idle' || pending.length > 0) continue;
    if (result.wakeAtNs === undefined) return;
    skip(Math.max(0, result.wakeAtNs - ports.clock.monotonicNs()));
  }
}

const NO_CALL: Call = { progress: undefined, isInterrupted: false, nowNs: 0, threadId: 0, raise: () => {} };

/** A machine that stays up: programs are started, watched and typed at one after the other. */
export class TestMachine {
  readonly ports = fakePorts();
  readonly #machine: ComposedMachine;
  #skippedNs = 0;

  constructor(files: Readonly<Record<string, Uint8Array>>, engine: Engine = 'auto') {
    const start = performance.now();
    this.ports.clock.monotonicNs = () => (performance.now() - start) * 1e6 + this.#skippedNs;
    this.#machine = composeMachine(this.ports, {
      memoryBytes: 1 << 30,
      engine,
      commandLine: '--noinit --noshutdown',
      hypervisor: 'test',
      firmwareVendor: 'test',
    });
    this.settle();
    this.ports.console.text = '';
    for (const [path, bytes] of Object.entries(files)) this.#write(path, bytes);
  }

  get programs(): ComposedMachine['programs'] {
    return this.#machine.programs;
  }

  get freeMemoryBytes(): number {
    return this.#machine.machine.freeMemoryBytes;
  }

  get console(): string {
    return this.ports.console.text;
  }

  /** dmesg. */
  get log(): string {
    return this.#machine.machine.log.text();
  }

  /** Starts a program in the foreground. @throws LaunchError */
  start(command: string, options: Partial<StartOptions> = {}): number {
    const tid = this.programs.start(command.split(' '), { isNewProgram: false, ...options });
    this.#machine.machine.tty.foreground = tid;
    return tid;
  }

  /** Starts a program and lets it end. @returns what it wrote and how it ended */
  run(
    command: string,
    options: Partial<StartOptions> = {},
    limitMs?: number,
  ): { readonly output: string; readonly state: ProgramState } {
    const tid = this.start(command, options);
    this.until(() => this.programs.find(tid)?.state.kind !== 'running', limitMs);
    return this.result(tid);
  }

  result(tid: number): { readonly output: string; readonly state: ProgramState } {
    const state = this.programs.find(tid)?.state;
    if (state === undefined) throw new Error(`no program ${tid}`);
    return { output: byteStringFrom(this.programs.output(tid)?.bytes ?? new Uint8Array(0)), state };
  }

  /** As a host does that has nothing else to do. */
  makeReady(): void {
    this.#machine.kernel.makeReady();
    this.settle();
  }

  /** Runs the machine until nothing is left to do now; timers do not fire. */
  settle(): void {
    while (this.#slice().kind === 'busy');
  }

  /** Runs the machine, letting time jump where it only waits. @throws Error when `isDone` cannot come any more */
  until(isDone: () => boolean, limitMs = 20_000): void {
    const end = performance.now() + limitMs;
    while (!isDone()) {
      if (performance.now() > end) throw new Error(`gave up after ${limitMs} ms\n${this.console}`);
      const result = this.#slice();
      if (result.kind === 'busy' || isDone()) continue;
      if (result.kind === 'halted' || result.wakeAtNs === undefined) throw new Error(`nothing to do\n${this.console}`);
      this.#skippedNs += Math.max(0, result.wakeAtNs - this.ports.clock.monotonicNs());
    }
  }

  #slice(): ReturnType<Kernel['runSlice']> {
    const result = this.#machine.kernel.runSlice(4_000);
    const panic = this.ports.halts.find((halt) => halt.startsWith('panic'));
    if (panic !== undefined) throw new Error(panic);
    return result;
  }

  #write(path: string, bytes: Uint8Array): void {
    const { vfs } = this.#machine.machine;
    const viewer = { fs: rootContext(this.#machine.machine), credentials: rootCredentials() };
    const folders = path.split('/').slice(1, -1);
    folders.forEach((_name, i) => {
      try {
        vfs.mkdir(viewer, { path: `/${folders.slice(0, i + 1).join('/')}` }, 0o755);
      } catch {
        // is there already
      }
    });
    const file = vfs.open(viewer, path, O_WRONLY | O_CREAT, 0o755);
    for (let done = 0; done < bytes.length;) done += file.write(NO_CALL, bytes.subarray(done)) as number;
    file.release();
  }
}
