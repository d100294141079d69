/** The machine as its host drives it: slices, panic, power off. What it consists of is said in boot.ts. */
import { type NativeBody, startKernelThread } from './program/kernel-thread.ts';
import { blocked } from './program/blocked.ts';
import type { NativeCalls, Wait } from './program/native-program.ts';
import type { RunningMachine } from './program/running-machine.ts';
import { INIT_PID } from './program/running-program.ts';
import { SIGKILL, SIGTERM } from './abi/signal.ts';
import type { CpuCounters } from '../emulator/index.ts';
import type { EngineReport, HostConnection, Kernel, KernelStatistics, SliceResult } from './kernel.ts';
import { writeBackShared } from './vfs/shared-pages.ts';
import { connectFromHost } from './net/host-door.ts';
import type { Network } from './net/network.ts';
import type { KernelPorts } from './ports.ts';

/** What programs get between SIGTERM and SIGKILL when the machine goes down. */
const GRACE_NS = 500_000_000;

export class RunningKernel implements Kernel {
  readonly engine: EngineReport;
  readonly #counters: CpuCounters;
  readonly #ports: KernelPorts;
  readonly #machine: RunningMachine;
  readonly #network: Network;
  readonly #makeReady: NativeBody;
  #listener: () => void = () => {};
  #isInSlice = false;
  #isHalted = false;

  constructor(
    ports: KernelPorts,
    machine: RunningMachine,
    cpu: { readonly engine: EngineReport; readonly counters: CpuCounters },
    makeReady: NativeBody,
  ) {
    this.#makeReady = makeReady;
    this.#ports = ports;
    this.#machine = machine;
    this.#network = machine.network;
    this.engine = cpu.engine;
    this.#counters = cpu.counters;
    machine.scheduler.onRunnable = () => {
      if (!this.#isInSlice) this.#listener();
    };
  }

  runSlice(budgetUs: number): SliceResult {
    if (this.#isHalted) return { kind: 'halted' };
    const { scheduler } = this.#machine;
    this.#isInSlice = true;
    this.#counters.enter('kernel');
    try {
      const isBusy = scheduler.run(this.#ports.clock.monotonicNs() + budgetUs * 1_000);
      if (this.#isHalted) return { kind: 'halted' };
      return isBusy ? { kind: 'busy' } : { kind: 'idle', wakeAtNs: scheduler.timers.nextNs };
    } catch (error) {
      this.#panic(error);
      return { kind: 'halted' };
    } finally {
      this.#counters.enter('idle');
      this.#isInSlice = false;
    }
  }

  onRunnable(listener: () => void): void {
    this.#listener = listener;
  }

  connect(port: number): HostConnection | undefined {
    return connectFromHost(this.#network, port);
  }

  listeningPorts(): readonly number[] {
    return this.#network.listeningPorts();
  }

  makeReady(): void {
    this.#thread('make-ready', this.#makeReady);
  }

  statistics(): KernelStatistics {
    const { namespaces } = this.#machine;
    return {
      cpu: this.#counters.snapshot(),
      namespaces: namespaces?.live.size ?? 0,
      usedMemoryBytes: namespaces?.usedBytes ?? 0,
    };
  }

  watchTime(isWatched: boolean): void {
    this.#counters.watch(isWatched ? () => this.#ports.clock.monotonicNs() / 1e6 : null);
  }

  sync(done: (error?: Error) => void): void {
    this.#thread('sync', (sys) => syncAll(this.#machine, sys, done));
  }

  shutDown(reason: 'poweroff' | 'reboot'): void {
    if (this.#machine.isGoingDown) return;
    this.#machine.isGoingDown = true;
    this.#thread('shutdown', (sys) => this.#goDown(sys, reason));
  }

  *#goDown(sys: NativeCalls, reason: 'poweroff' | 'reboot'): Wait<void> {
    const programs = this.#machine
      .programs()
      .filter((each) => each.isRunning && !each.isKernel && each.pid !== INIT_PID);
    for (const program of programs) program.postSignal({ signal: SIGTERM, code: 0 });
    const deadlineNs = sys.nowNs() + GRACE_NS;
    for (const program of programs) yield* sys.waitProgram(program.pid, deadlineNs);
    for (const program of programs) program.kill(SIGKILL);
    let failure = '';
    yield* syncAll(this.#machine, sys, (error) => (failure = error?.message ?? ''));
    this.#isHalted = true;
    this.#ports.power.onHalt(reason, failure);
  }

  #thread(name: string, body: NativeBody): void {
    startKernelThread(this.#machine, name, body);
  }

  /** A broken invariant of ours: stop at once, tell all there is to tell, write nothing more. */
  #panic(error: unknown): void {
    this.#isHalted = true;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const programs = this.#machine.programs().map((each) => `  ${each.pid} ${each.path} ${each.state.kind}`);
    const report = ['Kernel panic', text, 'Programs:', ...programs, 'Log:', this.#machine.log.text()].join('\n');
    this.#machine.log.notice(`Kernel panic: ${text}`);
    this.#ports.power.onHalt('panic', report);
  }
}

/** Makes all filesystems durable; `done` hears of the first failure. */
function* syncAll(machine: RunningMachine, sys: NativeCalls, done: (error?: Error) => void): Wait<void> {
  let failure: Error | undefined;
  for (const { filesystem } of machine.vfs.mounts) {
    try {
      yield* sys.retry(() => writeBackShared(filesystem));
      const finished = yield* sys.retry(() => filesystem.sync());
      if (finished !== undefined) {
        yield blocked(finished, { isUninterruptible: true });
        // The outcome of what was waited for is told by the next call.
        yield* sys.retry(() => filesystem.sync());
      }
    } catch (error) {
      failure ??= new Error(`${filesystem.type}: ${(error as { message?: string }).message ?? String(error)}`);
    }
  }
  if (failure === undefined) done();
  else done(failure);
}
