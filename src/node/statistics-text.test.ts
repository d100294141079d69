import { expect, it } from 'vitest';
import { CpuCounters } from '../emulator/index.ts';
import { statisticsText } from './statistics-text.ts';

it('the table tells instructions a second of guest time, and shares of the time that was not idle', () => {
  const counters = new CpuCounters();
  let nowMs = 0;
  counters.watch(() => nowMs);
  counters.enter('regions');
  nowMs = 60;
  counters.enter('kernel');
  nowMs = 80;
  counters.enter('idle');
  nowMs = 1_000;
  counters.retired = 6_000_000;
  counters.exits['failed check'] = 12;
  const text = statisticsText(
    { asked: 'auto', used: 'wasm', description: 'WebAssembly (auto)' },
    { cpu: counters.snapshot(), namespaces: 1, usedMemoryBytes: 0 },
  );
  expect(text).toMatch(/^engine +WebAssembly \(auto\)$/m);
  expect(text).toMatch(/^instructions +6,000,000 {2}\(100\.0 Mips\)$/m);
  expect(text).toMatch(/^exits: failed check +12$/m);
  expect(text).toMatch(/^time: compiled regions +60\.0 ms {2}\(75\.0 %\)$/m);
  expect(text).toMatch(/^time: kernel +20\.0 ms {2}\(25\.0 %\)$/m);
});
