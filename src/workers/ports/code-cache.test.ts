import { expect, it, vi } from 'vitest';
import type { KeptModule } from '../../guest-kernel/index.ts';
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

function request(result?: unknown) {
  const asked: { result: unknown; onsuccess?: () => void } = { result };
  queueMicrotask(() => asked.onsuccess?.());
  return asked;
}

/** The part of an object store that idb-keyval uses, over a map. */
function fakeStore(kept: Map<string, unknown>) {
  const store = () => ({
    getAllKeys: () => request([...kept.keys()]),
    getAll: () => request([...kept.values()]),
    put: (value: unknown, key: string) => void kept.set(key, value),
    delete: (key: string) => void kept.delete(key),
    transaction: request(),
  });
  return async <T>(_mode: IDBTransactionMode, work: (store: IDBObjectStore) => T | PromiseLike<T>): Promise<T> =>
    await work(store() as unknown as IDBObjectStore);
}

it('gives what the same translator kept, least lately used first; what is stale or damaged goes', async () => {
  const bytes = Uint8Array.of(7);
  const kept = new Map<string, unknown>([
    ['young', { version: 'v2', bytes, usedMs: 30 }],
    ['stale', { version: 'v1', bytes, usedMs: 40 }],
    ['old', { version: 'v2', bytes, usedMs: 10 }],
    ['damaged', { version: 'v2', bytes: 'x', usedMs: 20 }],
  ]);
  const cache = new CodeCache('v2', fakeStore(kept), () => 50);
  const loaded = await new Promise<readonly KeptModule[]>((resolve) => cache.load(resolve));
  expect(loaded.map(({ key }) => key)).toEqual(['old', 'young']);
  cache.use('old');
  cache.keep(MODULE);
  await cache.flush();
  expect([...kept.keys()].toSorted()).toEqual([MODULE.key, 'old', 'young']);
  expect(kept.get('old')).toEqual({ version: 'v2', bytes, usedMs: 50 });
  expect(kept.get(MODULE.key)).toEqual({ version: 'v2', bytes: MODULE.bytes, usedMs: 50 });
});
