/** The integer kernels: name, rounds for about 60 ms of native time, and how each is compiled. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Kernel {
  readonly name: string;
  readonly rounds: number;
}

export const KERNELS: readonly Kernel[] = [
  { name: 'sha256', rounds: 200 },
  { name: 'sieve', rounds: 40 },
  { name: 'hash64', rounds: 4000 },
  { name: 'qsort', rounds: 16 },
  { name: 'fib', rounds: 150 },
  { name: 'interp', rounds: 100 },
  { name: 'tree', rounds: 30 },
  { name: 'bytes', rounds: 400 },
  { name: 'crc32', rounds: 300 },
  { name: 'muldiv', rounds: 600 },
];

// Scalar integer code only: the same instructions that DESIGN.md's table was measured on.
const FLAGS = [
  '-O2',
  '-static',
  '-nostdlib',
  '-ffreestanding',
  '-no-pie',
  '-fno-stack-protector',
  '-fno-tree-vectorize',
  '-fno-tree-loop-distribute-patterns',
  '-mgeneral-regs-only',
  '-fcf-protection=none',
];

/** Compiles a kernel with the machine's gcc unless it is fresh; returns the path of the program. */
export function buildKernel(name: string, outDir: string): string {
  const source = join('bench/emulator/kernels', `${name}.c`);
  const program = join(outDir, name);
  const isFresh = existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs;
  if (!isFresh) {
    mkdirSync(outDir, { recursive: true });
    execFileSync('gcc', [...FLAGS, source, '-o', program], { stdio: 'inherit' });
  }
  return program;
}
