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
  const cache = new CodeCache('v1', { store });
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
    ['uses', { middle: 20, stale: 60 }],
    ['young', { version: 'v2', bytes, usedMs: 30 }],
    ['middle', { version: 'v2', bytes, usedMs: 5 }],
    ['stale', { version: 'v1', bytes, usedMs: 40 }],
    ['old', { version: 'v2', bytes, usedMs: 10 }],
    ['damaged', { version: 'v2', bytes: 'x', usedMs: 20 }],
  ]);
  const cache = new CodeCache('v2', { store: fakeStore(kept), nowMs: () => 50 });
  const loaded = await new Promise<readonly KeptModule[]>((resolve) => cache.load(resolve));
  expect(loaded.map(({ key }) => key)).toEqual(['old', 'middle', 'young']);
  cache.use('old');
  cache.keep(MODULE);
  await cache.flush();
  expect([...kept.keys()].toSorted()).toEqual([MODULE.key, 'middle', 'old', 'uses', 'young']);
  expect(kept.get('uses')).toEqual({ old: 50, middle: 20, young: 30 });
  expect(kept.get(MODULE.key)).toEqual({ version: 'v2', bytes: MODULE.bytes, usedMs: 50 });
});

it('reads nothing before its time', async () => {
  let come: (() => void) | undefined;
  const when = new Promise<void>((resolve) => (come = resolve));
  const store = vi.fn<ReturnType<typeof fakeStore>>(fakeStore(new Map()));
  const done = vi.fn<() => void>();
  new CodeCache('v2', { when, store: store as ReturnType<typeof fakeStore> }).load(done);
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(store).not.toHaveBeenCalled();
  come?.();
  await vi.waitFor(() => expect(done).toHaveBeenCalledOnce());
});
