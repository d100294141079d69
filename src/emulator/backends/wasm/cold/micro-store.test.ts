import { describe, expect, it } from 'vitest';
import { MicroStore } from './micro-store.ts';

const BLOCK_AT = 0x20_0000;

/** Puts a block of these words, decoded from these bytes at `rip`. */
function put(store: MicroStore, rip: number, bytes: readonly number[], words: ArrayLike<number>): void {
  const buffer = new ArrayBuffer(BLOCK_AT + 4 * words.length);
  const [u8, i32] = [new Uint8Array(buffer), new Int32Array(buffer)];
  u8.set(bytes, rip);
  i32.set(words, BLOCK_AT >> 2);
  store.put({ u8, i32 }, rip, bytes.length, BLOCK_AT, words.length);
}

describe('store of micro-ops', () => {
  it('keeps the latest block of an address, whatever sizes others have', () => {
    const store = new MicroStore();
    const shared = { u8: new Uint8Array(BLOCK_AT + 64), i32: new Int32Array(0) };
    shared.i32 = new Int32Array(shared.u8.buffer);
    for (let i = 0; i < 40_000; i++) {
      for (let k = 0; k < 1 + (i % 7); k++) shared.u8[i * 3 + k] = i + k;
      for (let k = 0; k < 4 + (i % 5); k++) shared.i32[(BLOCK_AT >> 2) + k] = i * k;
      store.put(shared, i * 3, 1 + (i % 7), BLOCK_AT, 4 + (i % 5));
    }
    put(store, 9, [1], [7, 8]);
    expect(store.find(9)).toEqual({ code: { rip: 9, bytes: Uint8Array.of(1) }, words: Int32Array.of(7, 8) });
    expect(store.find(30_000)?.code.bytes).toEqual(Uint8Array.from({ length: 1 + (10_000 % 7) }, (_, k) => 10_000 + k));
    expect(store.find(30_000)?.words).toEqual(Int32Array.from({ length: 4 }, (_, k) => 10_000 * k));
    expect(store.find(1)).toBeNull();
    expect(store.count).toBe(40_000);
  });

  it('forgets everything when it is full', () => {
    const store = new MicroStore();
    const words = new Int32Array(1 << 20);
    for (let rip = 0; rip < 6; rip++) put(store, rip, [rip], words);
    expect(store.count).toBeLessThan(6);
    expect(store.find(5)?.words.length).toBe(1 << 20);
  });
});
