/**
 * npm run bench:emulator [-- --engines js,micro-ops] [--rounds 5] [--kernels fib,qsort]
 * Native, qemu-x86_64 and our engines in one run, interleaved; prints medians in ms, ratios to native and
 * million guest instructions per second (Mips; retired instructions as our engines count them).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runBare } from './bare-machine.ts';
import { buildKernel, KERNELS, type Kernel } from './kernels.ts';

const { values: options } = parseArgs({
  options: {
    engines: { type: 'string', default: 'js' },
    rounds: { type: 'string', default: '5' },
    kernels: { type: 'string', default: KERNELS.map((kernel) => kernel.name).join() },
    'warm-up': { type: 'string' },
    scale: { type: 'string', default: '0.15' },
  },
});
const scale = Number(options.scale);
const warmUp = options['warm-up'] === undefined ? undefined : Number(options['warm-up']);

/** Runs the program and gives what it printed and the CPU time it took: other work on the machine does not count. */
type Runner = (program: string, rounds: number) => { output: string; cpuMs: number; retired?: number };

function spawned(command: readonly string[]): Runner {
  return (program, rounds) => {
    const script = `TIMEFORMAT='%U %S'; time ${[...command, program, String(rounds)].join(' ')}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    const [user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
    return { output: stdout, cpuMs: (user + system) * 1000 };
  };
}

function ours(engine: string): Runner {
  return (program, rounds) => {
    const elf = readFileSync(program);
    const start = process.cpuUsage();
    const { output, retired } = runBare(elf, [program, String(rounds)], engine, warmUp);
    const { user, system } = process.cpuUsage(start);
    return { output, cpuMs: (user + system) / 1000, retired };
  };
}

const runners = new Map<string, Runner>([
  ['native', spawned([])],
  ['qemu', spawned(['qemu-x86_64'])],
]);
for (const engine of options.engines.split(',').filter(Boolean)) runners.set(engine, ours(engine));

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

interface Measured {
  /** Median ms per runner, start-up (0 rounds) subtracted. */
  readonly times: Map<string, number>;
  /** Million guest instructions, start-up subtracted. */
  readonly millions: number;
}

/** @throws Error when checksums differ. */
function measure(kernel: Kernel): Measured {
  const program = buildKernel(kernel, '.cache/bench/kernels');
  const rounds = Math.max(1, Math.round(kernel.rounds * scale));
  const times = new Map<string, number[]>();
  const expected = spawned([])(program, rounds).output;
  let millions = NaN;
  for (let i = 0; i < Number(options.rounds); i++) {
    for (const [name, run] of runners) {
      const { output, cpuMs, retired } = run(program, rounds);
      if (output !== expected)
        throw new Error(`${kernel.name}: ${name} printed ${output.trim()}, native ${expected.trim()}`);
      const startUp = run(program, 0);
      times.set(name, [...(times.get(name) ?? []), cpuMs - startUp.cpuMs]);
      if (retired !== undefined) millions = (retired - (startUp.retired ?? 0)) / 1e6;
    }
  }
  return { times: new Map([...times].map(([name, all]) => [name, median(all)])), millions };
}

const names = [...runners.keys()];
const print = (cells: readonly string[]): void => console.log(cells.map((cell) => cell.padStart(15)).join(''));
print(['kernel', 'native ms', ...names.slice(1).map((name) => `${name} ×`), ...names.map((name) => `${name} Mips`)]);
const logs = new Map<string, number>();
const selected = KERNELS.filter((kernel) => options.kernels.split(',').includes(kernel.name));
for (const kernel of selected) {
  const { times, millions } = measure(kernel);
  const native = times.get('native') ?? NaN;
  const ratios = names.slice(1).map((name) => (times.get(name) ?? NaN) / native);
  const mips = names.map((name) => (millions * 1000) / (times.get(name) ?? NaN));
  names.slice(1).forEach((name, i) => logs.set(name, (logs.get(name) ?? 0) + Math.log(ratios[i] ?? NaN)));
  const cells = [native.toFixed(1), ...ratios.map((ratio) => ratio.toFixed(2))];
  print([kernel.name, ...cells, ...mips.map((each) => each.toFixed(each < 10 ? 1 : 0))]);
}
const means = names.slice(1).map((name) => Math.exp((logs.get(name) ?? NaN) / selected.length).toFixed(2));
print(['geomean', '', ...means]);
