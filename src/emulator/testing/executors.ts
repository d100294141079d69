/** Every way to run guest code, forced from the first execution on: rows, fuzz and programs run on each. */
import type { CpuOptions } from '../create-cpu.ts';

export type ExecutorName = 'reference' | 'js' | 'wasm' | 'micro-ops' | 'mixed';

export const EXECUTORS: Readonly<Record<ExecutorName, Pick<CpuOptions, 'engine' | 'coldTier' | 'translation'>>> = {
  reference: { engine: 'reference' },
  js: { engine: 'js', translation: { warmUp: 0 } },
  wasm: { engine: 'wasm', coldTier: 'reference', translation: { warmUp: 0 } },
  'micro-ops': { engine: 'reference', coldTier: 'micro-ops', translation: { warmUp: 0 } },
  // Micro-ops that become regions while they run.
  mixed: { engine: 'wasm', coldTier: 'micro-ops', translation: { warmUp: 3 } },
};

export const EXECUTOR_NAMES = Object.keys(EXECUTORS) as readonly ExecutorName[];
