/** A machine without a disk that runs one program over files given as bytes: for kernel tests. */
import { byteStringFrom, bytesOf } from '../../emulator/util/bytes.ts';
import type { Engine } from '../../emulator/index.ts';
import { boot } from '../boot.ts';
import type { Kernel, RunRequest } from '../kernel.ts';
import type { HostStdio } from '../ports.ts';
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
