/** Whole programs on two engines, compared every few thousand instructions (src/node/lock-step). */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cpu } from '../../src/emulator/index.ts';
import type { EngineSpec } from '../../src/node/lock-step/deterministic-machine.ts';
import { lockStep, type LockStepResult } from '../../src/node/lock-step/lock-step.ts';
import { environment, programOfImage } from '../../src/node/run-command.ts';
import { prepareVm } from './testing/vm.ts';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(prepareVm, 300_000);

const REFERENCE: EngineSpec = { engine: 'reference' };

function compare(engine: EngineSpec, command: string, every = 5_000): LockStepResult {
  return lockStep({
    engines: [engine, REFERENCE],
    every,
    cpu: 'v2',
    program: programOfImage(command),
    environment: environment([]),
    image: '.cache/images/default.img',
    memoryBytes: 2 ** 30,
  });
}

const ENGINES: Readonly<Record<string, EngineSpec>> = {
  js: { engine: 'js', translation: { warmUp: 10 } },
  'wasm over micro-ops': { engine: 'wasm', coldTier: 'micro-ops', translation: { warmUp: 10 } },
  'micro-ops': { engine: 'reference', coldTier: 'micro-ops' },
};

describe.each(Object.entries(ENGINES))('%s and the reference', (_name, engine) => {
  // oxfmt-ignore
  it.each([
    ['/bin/busybox seq 3', '1\n2\n3\n'],
    ['/usr/bin/lua5.4 /examples/fib.lua 14', 'fib(14) = 377\n'],
  ])('agree at every instruction of %s', (command, output) => {
    const result = compare(engine, command);
    expect(result).toMatchObject({ difference: '', output, ending: 'exit 0' });
    expect(result.comparisons).toBeGreaterThan(30);
  });
});

/** Flips a bit of R12 behind the 40th run of each core. */
function erring(cpu: Cpu): Cpu {
  let runs = 0;
  const run: Cpu['run'] = (state, fuel) => {
    const exit = cpu.run(state, fuel);
    if (runs++ === 40) state.set64(12, state.get64(12) ^ 1n);
    return exit;
  };
  return new Proxy(cpu, {
    get: (target, key) => {
      if (key === 'run') return run;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

it('an engine that errs once is caught where it does, with the code', () => {
  const { difference } = compare({ engine: 'js', wrap: erring }, '/bin/busybox seq 3', 30);
  expect(difference).toMatch(/^chunk 40 \n/);
  expect(difference).toMatch(/^r12: /m);
  expect(difference).toMatch(/^Equal after 0 instructions of chunk 40/m);
  // Disassembly, IR and the code of every tier follow.
  expect(difference).toMatch(
    /^[0-9a-f]+  ([0-9a-f]{2} )+.*\n[^]*^after the passes\n[^]*^as JavaScript\nfunction r[^]*^as WebAssembly\nlocals /m,
  );
});
