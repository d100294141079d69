import { expect, it } from 'vitest';
import { LoadAverage } from './load-average.ts';

const rounded = (load: LoadAverage): readonly string[] => load.values.map((value) => value.toFixed(2));

it('two busy threads come near 2, the shortest average first, and an idle hour brings all near 0', () => {
  const load = new LoadAverage();
  for (let second = 1; second <= 60; second++) load.advance(second * 1e9, 2);
  expect(rounded(load)).toEqual(['1.26', '0.36', '0.13']); // 2 · (1 − e^(−minutes))
  load.advance(60e9 + 600e9, 2);
  expect(rounded(load)).toEqual(['2.00', '1.78', '1.04']);
  load.advance(660e9 + 3600e9, 0);
  expect(rounded(load)).toEqual(['0.00', '0.00', '0.02']);
});

it('nothing changes before a period is over', () => {
  const load = new LoadAverage();
  load.advance(4.9e9, 7);
  expect(rounded(load)).toEqual(['0.00', '0.00', '0.00']);
});
