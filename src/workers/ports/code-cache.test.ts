import { expect, it, vi } from 'vitest';
import { CodeCache } from './code-cache.ts';

const MODULE = { key: '0123456789abcdef', bytes: Uint8Array.of(1, 2, 3) };

it.each([
  ['no storage', () => Promise.reject(new DOMException('no', 'InvalidStateError'))],
  [
    'no IndexedDB',
    () => {
      throw new ReferenceError('indexedDB');
    },
  ],
  ['no room', () => Promise.reject(new DOMException('full', 'QuotaExceededError'))],
] as const)('a browser that gives %s keeps nothing, and nothing fails', async (_, store) => {
  const done = vi.fn<() => void>();
  const cache = new CodeCache('v1', store);
  cache.load(done);
  cache.keep(MODULE);
  cache.use('another');
  cache.drop('a third');
  await cache.flush();
  cache.keep(MODULE);
  await cache.flush();
  expect(done).not.toHaveBeenCalled();
});
