/** The kernels: name, rounds for about 0.4 s of native time, and how each is compiled for Linux and for a bare PC. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Which goal a kernel counts for. */
export type KernelGroup = 'integer' | 'scalar' | 'packed' | 'memory' | 'mode' | 'extended';

export interface Kernel {
  readonly name: string;
  readonly rounds: number;
  readonly group: KernelGroup;
}

export const KERNELS: readonly Kernel[] = [
  { name: 'sha256', rounds: 1700, group: 'integer' },
  { name: 'sieve', rounds: 250, group: 'integer' },
  { name: 'hash64', rounds: 130000, group: 'integer' },
  { name: 'qsort', rounds: 120, group: 'integer' },
  { name: 'fib', rounds: 1000, group: 'integer' },
  { name: 'interp', rounds: 1000, group: 'integer' },
  { name: 'tree', rounds: 280, group: 'integer' },
  { name: 'bytes', rounds: 6200, group: 'integer' },
  { name: 'crc32', rounds: 2800, group: 'integer' },
  { name: 'muldiv', rounds: 6200, group: 'integer' },
  { name: 'mix', rounds: 1800, group: 'integer' },
  { name: 'nbody', rounds: 7800, group: 'scalar' },
  { name: 'dgemm', rounds: 4100, group: 'scalar' },
  { name: 'mandel', rounds: 1600, group: 'scalar' },
  { name: 'spectral', rounds: 9000, group: 'scalar' },
  { name: 'fft', rounds: 25000, group: 'scalar' },
  { name: 'packed-dgemm', rounds: 14800, group: 'packed' },
  { name: 'packed-float', rounds: 350000, group: 'packed' },
  { name: 'packed-bytes', rounds: 120000, group: 'packed' },
  // No goal: long double, which the x87 unit computes.
  { name: 'horner', rounds: 20000, group: 'extended' },
  { name: 'extended', rounds: 8000, group: 'extended' },
  // No goal: MXCSR as -ffast-math and interval arithmetic set it.
  { name: 'flushed', rounds: 50000, group: 'mode' },
  { name: 'rounding', rounds: 50000, group: 'mode' },
  { name: 'memcpy', rounds: 1500, group: 'memory' },
  { name: 'strlen', rounds: 7400, group: 'memory' },
];

const COMMON = ['-O2', '-static', '-nostdlib', '-ffreestanding', '-no-pie', '-fno-pic', '-fno-stack-protector'];
const PLAIN = ['-fno-math-errno', '-ffp-contract=off', '-fcf-protection=none', '-fno-asynchronous-unwind-tables'];

/** What the compiler may use of the processor. */
const GROUP_FLAGS: Readonly<Record<KernelGroup, readonly string[]>> = {
  // Scalar integer code only: the same instructions that DESIGN.md's table was measured on.
  integer: ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns', '-mgeneral-regs-only'],
  scalar: ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'],
  packed: ['-fno-tree-vectorize'],
  memory: ['-fno-tree-loop-distribute-patterns'],
  mode: ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'],
  extended: ['-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'],
};

// The multiboot header must lie in the first 8 KiB of the file; doubles are those of SSE2, as on x86-64.
const PC_FLAGS = ['-m32', '-msse2', '-mfpmath=sse', '-Wl,-Ttext-segment=0x100000,-z,noseparate-code,--build-id=none'];

/** Compiles a kernel with the machine's gcc unless it is fresh; returns the path of the program. */
export function buildKernel(kernel: Kernel, outDir: string): string {
  return build(kernel, join(outDir, kernel.name), [], []);
}

/** The kernel as a multiboot program for a 32-bit PC; needs gcc-multilib. */
export function buildPcKernel(kernel: Kernel, outDir: string): string {
  return build(kernel, join(outDir, `${kernel.name}.pc`), PC_FLAGS, ['-lgcc']);
}

function build(
  { name, group }: Kernel,
  program: string,
  flags: readonly string[],
  libraries: readonly string[],
): string {
  const folder = 'bench/emulator/kernels';
  const sources = [`${name}.c`, 'kernel.h', 'boot-pc.h'].map((file) => join(folder, file));
  const isFresh =
    existsSync(program) && sources.every((source) => statSync(program).mtimeMs > statSync(source).mtimeMs);
  if (!isFresh) {
    mkdirSync(join(program, '..'), { recursive: true });
    const all = [...COMMON, ...PLAIN, ...flags, ...GROUP_FLAGS[group]];
    execFileSync('gcc', [...all, sources[0] ?? '', '-o', program, ...libraries], { stdio: 'inherit' });
  }
  return program;
}
