/**
 * A machine that runs one program and whose every port is deterministic: time is instructions retired, entropy is
 * counted, the disk answers between slices. Two of them differ only in what their engines do differently.
 */
import { type Cpu, createCpu, type CpuOptions } from '../../emulator/index.ts';
import { boot, type CpuLevel, type Kernel, type RunRequest } from '../../guest-kernel/index.ts';
import type { Program } from '../run-command.ts';
import { quietConsole } from '../ports/console.ts';
import { ThrowAwayDisk } from '../ports/file-disk.ts';
import { Recorder, type RecordPlan } from './recorded-cpu.ts';

/** 'js', 'reference', 'reference+micro-ops': an engine and, where it is not the usual one, its cold tier. */
export type EngineSpec = Pick<CpuOptions, 'engine' | 'coldTier' | 'translation'> & {
  /** Stands between core and kernel: what a test lets go wrong. */
  readonly wrap?: (cpu: Cpu) => Cpu;
};

export interface MachineOptions {
  readonly engine: EngineSpec;
  readonly program: Program;
  readonly environment: readonly string[];
  /** Path of the raw image. */
  readonly image: string;
  readonly memoryBytes: number;
  readonly cpu?: CpuLevel;
  readonly plan: RecordPlan;
}

const SLICE_US = 4_000;
/** Guest time that passes with each slice even if nothing runs. */
const SLICE_NS = 10_000;

export class DeterministicMachine {
  readonly recorder: Recorder;
  readonly #kernel: Kernel;
  readonly #disk: ThrowAwayDisk;
  /** What a host's event loop would do between two slices. */
  #events: (() => void)[] = [];
  #skippedNs = 0;
  output = '';
  /** How the program ended; '' while it runs. */
  ending = '';

  constructor(options: MachineOptions) {
    this.recorder = new Recorder(options.plan);
    const later = (event: () => void): void => void this.#events.push(event);
    this.#disk = new ThrowAwayDisk(options.image, later);
    let pulse = 0;
    this.#kernel = boot(
      {
        clock: {
          monotonicNs: () => this.#nowNs,
          realtimeNs: () => 1_700_000_000_000_000_000n + BigInt(Math.floor(this.#nowNs)),
        },
        entropy: { fill: (dst) => dst.forEach((_, i) => (dst[i] = (pulse = (pulse * 69_069 + 1) >>> 0) >>> 24)) },
        console: quietConsole,
        disk: this.#disk,
        power: { onHalt: (reason, report) => void (this.ending ||= `${reason} ${report}`) },
      },
      {
        memoryBytes: options.memoryBytes,
        engine: options.engine.engine,
        ...(options.cpu === undefined ? {} : { cpu: options.cpu }),
        hypervisor: 'lock-step',
        firmwareVendor: 'lock-step',
        run: this.#request(options, later),
        makeCpu: (space, usual) => {
          const { wrap = (cpu: Cpu): Cpu => cpu, ...engine } = options.engine;
          return this.recorder.record(wrap(createCpu(space, { ...usual, ...engine })));
        },
      },
    );
  }

  get #nowNs(): number {
    return this.recorder.retired + this.#skippedNs;
  }

  #request({ program, environment }: MachineOptions, later: (event: () => void) => void): RunRequest {
    return {
      ...program,
      environment,
      cwd: '/',
      mounts: [],
      stdio: {
        readInput: (_maxBytes, done) => later(() => done(new Uint8Array(0))),
        writeOutput: (stream, bytes) => {
          this.output += `${stream === 'stderr' ? '2>' : ''}${Buffer.from(bytes).toString('latin1')}`;
          return true;
        },
      },
      onStart: () => {},
      onEnd: (state) => void (this.ending = state.kind === 'exited' ? `exit ${state.code}` : `signal ${state.signal}`),
    };
  }

  /** @returns whether there is more to do */
  slice(): boolean {
    const result = this.#kernel.runSlice(SLICE_US);
    this.#skippedNs += SLICE_NS;
    const events = this.#events;
    this.#events = [];
    for (const event of events) event();
    if (result.kind === 'halted') return false;
    if (result.kind === 'busy' || events.length > 0) return true;
    if (result.wakeAtNs === undefined) return false;
    this.#skippedNs += Math.max(0, result.wakeAtNs - this.#nowNs);
    return true;
  }

  close(): void {
    this.#disk.close();
  }
}
