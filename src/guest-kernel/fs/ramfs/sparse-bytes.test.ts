import { expect, test } from 'vitest';
import { SparseBytes } from './sparse-bytes.ts';

const CHUNK = 4096;

/** Chunks 2 and 5 are there, 3 is promised. */
function some(): SparseBytes {
  const bytes = new SparseBytes();
  for (const index of [2, 5]) bytes.write(index * CHUNK, Uint8Array.of(1));
  bytes.promise(3 * CHUNK, 1);
  return bytes;
}

test.each([
  ['a part of one that is there', 2 * CHUNK + 10, 20, 0],
  ['ends of two that are missing', 7 * CHUNK - 1, 2, 2],
  ['a few', 2 * CHUNK, 2 * CHUNK, 0],
  ['more than there are', 0, 6 * CHUNK, 3],
  ['up to the middle of one', 4 * CHUNK + 1, 10 * CHUNK, 10],
  // Asking chunk by chunk took ten seconds.
  ['half a terabyte', 0, 2 ** 39, 2 ** 27 - 3],
])('chunks that are missing for %s', (_range, offset, count, chunks) => {
  expect(some().missingBytes(offset, count)).toBe(chunks * CHUNK);
});
