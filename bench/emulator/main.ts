/**
 * npm run bench:emulator [-- --engines js,reference] [--rounds 5] [--kernels fib,qsort]
 * Native, qemu-x86_64 and our engines in one run, interleaved; prints medians in ms and ratios to native.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runBare } from './bare-machine.ts';
import { buildKernel, KERNELS, type Kernel } from './kernels.ts';
import type { Engine } from '../../src/emulator/index.ts';

const { values: options } = parseArgs({
  options: {
    engines: { type: 'string', default: 'js' },
    rounds: { type: 'string', default: '5' },
    kernels: { type: 'string', default: KERNELS.map((kernel) => kernel.name).join() },
    scale: { type: 'string', default: '1' },
  },
});
const scale = Number(options.scale);

type Runner = (program: string, rounds: number) => string;

function spawned(command: readonly string[]): Runner {
  return (program, rounds) => {
    const [file, ...rest] = [...command, program];
    return spawnSync(file, [...rest, String(rounds)], { encoding: 'utf8' }).stdout ?? '';
  };
}

const runners = new Map<string, Runner>([
  ['native', spawned([])],
  ['qemu', spawned(['qemu-x86_64'])],
]);
for (const engine of options.engines.split(',').filter(Boolean)) {
  runners.set(
    engine,
    (program, rounds) => runBare(readFileSync(program), [program, String(rounds)], engine as Engine).output,
  );
}

const timeMs = (run: () => void): number => {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Median ms of the kernel per runner, start-up (0 rounds) subtracted. @throws Error when checksums differ. */
function measure(kernel: Kernel): Map<string, number> {
  const program = buildKernel(kernel.name, '.cache/bench/kernels');
  const rounds = Math.max(1, Math.round(kernel.rounds * scale));
  const times = new Map<string, number[]>();
  const expected = spawned([])(program, rounds);
  for (let i = 0; i < Number(options.rounds); i++) {
    for (const [name, run] of runners) {
      const start = timeMs(() => run(program, 0));
      let output = '';
      const whole = timeMs(() => (output = run(program, rounds)));
      if (output !== expected)
        throw new Error(`${kernel.name}: ${name} printed ${output.trim()}, native ${expected.trim()}`);
      times.set(name, [...(times.get(name) ?? []), whole - start]);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

const names = [...runners.keys()];
console.log(
  ['kernel', 'native ms', ...names.slice(1).map((name) => `${name} ×`)].map((cell) => cell.padStart(10)).join(''),
);
const logs = new Map<string, number>();
const selected = KERNELS.filter((kernel) => options.kernels.split(',').includes(kernel.name));
for (const kernel of selected) {
  const result = measure(kernel);
  const native = result.get('native') ?? NaN;
  const ratios = names.slice(1).map((name) => (result.get(name) ?? NaN) / native);
  names.slice(1).forEach((name, i) => logs.set(name, (logs.get(name) ?? 0) + Math.log(ratios[i] ?? NaN)));
  const cells = [native.toFixed(1), ...ratios.map((ratio) => ratio.toFixed(2))];
  console.log([kernel.name, ...cells].map((cell) => cell.padStart(10)).join(''));
}
const means = names.slice(1).map((name) => Math.exp((logs.get(name) ?? NaN) / selected.length).toFixed(2));
console.log(['geomean', '', ...means].map((cell) => cell.padStart(10)).join(''));
