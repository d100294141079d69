import { describe, expect, it } from 'vitest';
import { CodeStore, type CodeStorePort, type KeptModule, type StoredModule } from './code-store.ts';
import { decodeModule, encodeModule, moduleKey } from './stored-module.ts';

function stored(rip: number, code: readonly number[], sizeBytes = 8): StoredModule {
  return {
    compiled: { entries: [rip, rip + 16], links: [rip + 100], bytes: new Uint8Array(sizeBytes).fill(rip & 0xff) },
    pieces: [
      { rip, bytes: Uint8Array.from(code) },
      { rip: rip + 16, bytes: Uint8Array.of(0xc3) },
    ],
    module: null,
  };
}

/** Everything is in memory as `code` says. */
const memoryOf =
  (code: readonly number[]) =>
  ({ bytes }: { bytes: Uint8Array }): boolean =>
    bytes.length === 1 || bytes.every((byte, i) => byte === code[i]);

class FakePort implements CodeStorePort {
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly dropped: string[] = [];
  readonly #before: readonly KeptModule[];

  constructor(before: readonly KeptModule[] = []) {
    this.#before = before;
  }

  load(done: (kept: readonly KeptModule[]) => void): void {
    done(this.#before);
  }

  keep({ key, bytes }: KeptModule): void {
    this.kept.set(key, bytes);
  }

  drop(key: string): void {
    this.dropped.push(key);
  }
}

describe('code store', () => {
  it('a module is found at each of its entries while the code there is what it was made from', () => {
    const store = new CodeStore();
    const module = stored(0x40_0000, [1, 2, 3]);
    store.add(module);
    expect(store.find(0x40_0000, memoryOf([1, 2, 3]))).toBe(module);
    expect(store.find(0x40_0010, memoryOf([1, 2, 3]))).toBe(module);
    expect(store.find(0x40_0000, memoryOf([1, 2, 4]))).toBeNull();
    expect(store.find(0x40_0001, memoryOf([1, 2, 3]))).toBeNull();
  });

  it('two programs with different code at one address each find their own', () => {
    const store = new CodeStore();
    const [first, second] = [stored(0x40_0000, [1, 1]), stored(0x40_0000, [2, 2])];
    store.add(first);
    store.add(second);
    expect(store.find(0x40_0000, memoryOf([2, 2]))).toBe(second);
  });

  it('what was used least lately goes when it is too much', () => {
    const port = new FakePort();
    const store = new CodeStore({ port, limitBytes: 250 });
    const [a, b, c] = [1, 2, 3].map((n) => stored(n << 20, [n, n], 100));
    store.add(a);
    store.add(b);
    store.find(1 << 20, () => true);
    store.add(c);
    expect(store.find(2 << 20, () => true)).toBeNull();
    expect(store.find(1 << 20, () => true)).toBe(a);
    expect(port.dropped).toEqual([moduleKey(b)]);
    expect([store.count, store.bytes]).toEqual([2, 200]);
  });

  it('what was kept is found by the next machine', () => {
    const port = new FakePort();
    new CodeStore({ port }).add(stored(0x40_0000, [7, 8, 9]));
    const kept = [...port.kept].map(([key, bytes]) => ({ key, bytes }));
    const found = new CodeStore({ port: new FakePort(kept) }).find(0x40_0010, memoryOf([7, 8, 9]));
    expect(found?.compiled).toEqual(stored(0x40_0000, [7, 8, 9]).compiled);
  });

  it('a damaged module, or one under another name, is dropped', () => {
    const bytes = encodeModule(stored(0x40_0000, [7, 8, 9]));
    const key = moduleKey(stored(0x40_0000, [7, 8, 9]));
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i] ^= 0x10;
      expect(decodeModule(damaged)).toBeNull();
    }
    expect(decodeModule(bytes.subarray(0, 11))).toBeNull();
    const port = new FakePort([
      { key, bytes: bytes.slice(1) },
      { key: 'another', bytes },
    ]);
    expect(new CodeStore({ port }).count).toBe(0);
    expect(port.dropped).toEqual([key, 'another']);
  });
});
