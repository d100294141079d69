import { expect, test } from 'vitest';
import { formatBytes } from './launches.ts';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [23_400, '23 kB'],
  [268_435_456, '268 MB'],
  [9_999_999, '10.0 MB'],
  [5e12, '5000 GB'],
])('%i bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
