/** The bound on generated code, and that evicting leaves nothing behind. CODE_CYCLES=1000000 makes it the long run. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Block } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import { STATE_OFFSET } from '../ir/state-layout.ts';
import { CODE, irMachine } from '../testing/ir-machine.ts';
import { CodeCache } from './code-cache.ts';
import type { CodeUnit } from './code-link.ts';

const CYCLES = Number(process.env['CODE_CYCLES'] ?? 1_500);
/** The long run tells how it goes. */
const TOLD_EVERY = CYCLES < 50_000 ? Infinity : 50_000;
const FUNCTIONS = 200;
const STRIDE = 64;
/** Some forty functions, with what the host takes for a module. */
const SIZE_LIMIT = { js: 60_000, wasm: 1_500_000 } as const;

/** A function at every 64 bytes that calls what lies 32 bytes on, which ends the run. */
class EndlessCode extends Map<number, Block> {
  override get(rip: number): Block {
    const b = new IrBuilder();
    b.instruction(rip, 16);
    b.set64(b.add64(b.get64(0), b.const64(rip, 0)), 0);
    if (rip % STRIDE === 0) b.call(rip + 32, rip + 16);
    else b.syscall(rip + 16);
    return { rip, sizeBytes: 16, instructionCount: 1, ops: b.ops };
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe.each(['js', 'wasm'] as const)('generated code of engine %s', (engine) => {
  it(`takes no more room after ${CYCLES} functions were compiled and evicted`, { timeout: 3_600_000 }, () => {
    const { space, executor, counters, S } = irMachine(new EndlessCode(), engine, {
      warmUp: 0,
      sizeLimit: SIZE_LIMIT[engine],
    });
    const run = (i: number): string => {
      space.data.setBigUint64(S + STATE_OFFSET.rip, BigInt(CODE + STRIDE * (i % FUNCTIONS)), true);
      return executor.run(S, 100).kind;
    };
    const heap: number[] = [];
    for (let half = 0; half < 2; half++) {
      for (let i = 0; i < CYCLES; i++) {
        if (run(i) !== 'syscall') throw new Error(`function ${i} did not end`);
        if (i % TOLD_EVERY === 0) process.stderr.write(`${engine} ${half * CYCLES + i}: ${heapBytes()} bytes\n`);
      }
      heap.push(heapBytes());
    }
    expect(heap[1]).toBeLessThan(1.05 * heap[0]);
    const { live, flushes, regionsCompiled } = counters.snapshot();
    expect(regionsCompiled).toBeGreaterThan(CYCLES);
    expect(flushes).toBeGreaterThan(CYCLES / FUNCTIONS);
    expect(live.bytes).toBeLessThan(1.3 * SIZE_LIMIT[engine]);
    expect(live.regions).toBeLessThan(300);
    executor.dispose();
    expect(counters.snapshot().live).toEqual({ regions: 0, modules: 0, bytes: 0 });
  });
});

const unit = (): CodeUnit => ({ entries: [], pieces: [] });

describe('code cache', () => {
  it('names the oldest batches, down to three quarters of the limit', () => {
    const cache = new CodeCache(100);
    const [a, b, c, d] = Array.from({ length: 4 }, unit);
    cache.add([a, b], 40);
    cache.add([c], 40);
    expect(cache.surplus()).toEqual([]);
    cache.add([d], 40);
    expect(cache.surplus()).toEqual([a, b, c]);
    for (const one of cache.surplus()) cache.remove(one);
    expect([cache.size, cache.batchCount]).toEqual([40, 1]);
  });

  it('counts a batch until its last unit is gone', () => {
    const cache = new CodeCache(100);
    const [a, b] = [unit(), unit()];
    cache.add([a, b], 40);
    cache.remove(a);
    cache.remove(a);
    expect(cache.size).toBe(40);
    cache.remove(b);
    expect([cache.size, cache.batchCount]).toEqual([0, 0]);
  });
});
