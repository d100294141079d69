import { describe, expect, it } from 'vitest';
import { MicroStore } from './micro-store.ts';

describe('store of micro-ops', () => {
  it('keeps the latest block of an address, whatever sizes others have', () => {
    const store = new MicroStore();
    for (let i = 0; i < 40_000; i++) {
      const code = { rip: i * 3, bytes: Uint8Array.from({ length: 1 + (i % 7) }, (_, k) => i + k) };
      store.put({ code, words: Int32Array.from({ length: 4 + (i % 5) }, (_, k) => i * k) });
    }
    store.put({ code: { rip: 9, bytes: Uint8Array.of(1) }, words: Int32Array.of(7, 8) });
    expect(store.find(9)).toEqual({ code: { rip: 9, bytes: Uint8Array.of(1) }, words: Int32Array.of(7, 8) });
    expect(store.find(30_000)?.code.bytes).toEqual(Uint8Array.from({ length: 1 + (10_000 % 7) }, (_, k) => 10_000 + k));
    expect(store.find(1)).toBeNull();
    expect(store.count).toBe(40_000);
  });

  it('forgets everything when it is full', () => {
    const store = new MicroStore();
    const words = new Int32Array(1 << 20);
    for (let rip = 0; rip < 6; rip++) store.put({ code: { rip, bytes: Uint8Array.of(rip) }, words });
    expect(store.count).toBeLessThan(6);
    expect(store.find(5)?.words.length).toBe(1 << 20);
  });
});
