/** What is run: kernels, latencies and whole programs as jobs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { buildKernel, type Kernel } from '../emulator/kernels.ts';
import type { Job } from './column.ts';

const BUILT = '.cache/bench/kernels';

export function kernelJob(kernel: Kernel, rounds: number): Job {
  const program = buildKernel(kernel, BUILT);
  const inGuest = `/bench-${kernel.name}`;
  return {
    name: kernel.name,
    files: { [inGuest]: program },
    host: [program, String(rounds)],
    guest: [inGuest, String(rounds)],
  };
}

export interface Latency {
  readonly name: string;
  readonly mode: string;
  /** Turns in each of its batches. */
  readonly count: number;
}

export const LATENCIES: readonly Latency[] = [
  { name: 'system call (getpid)', mode: 'getpid', count: 20_000 },
  { name: 'clock_gettime by the vDSO', mode: 'clock', count: 20_000 },
  { name: 'pread of 4 KiB', mode: 'read', count: 5_000 },
  { name: 'pipe ping-pong of two threads', mode: 'pipe', count: 1_000 },
  { name: 'futex ping-pong of two threads', mode: 'futex', count: 1_000 },
  { name: 'thread created and joined', mode: 'thread', count: 200 },
];

/** Its output is the figure, in ns. */
export function latencyJob({ name, mode, count }: Latency): Job {
  const program = compiled('latency', ['-O2', '-pthread']);
  const words = [mode, String(count)];
  const files = { '/bench-latency': program };
  return { name, files, host: [program, ...words], guest: ['/bench-latency', ...words], isUnwatched: true };
}

/** A program of bench/guest, as gcc makes one: a PIE that ld.so starts. */
export function compiled(name: string, flags: readonly string[]): string {
  const [source, program] = [`bench/guest/${name}.c`, `${BUILT}/${name}`];
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(BUILT, { recursive: true });
    execFileSync('gcc', [...flags, source, '-o', program], { stdio: 'inherit' });
  }
  return program;
}
