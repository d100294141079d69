import { describe, expect, it } from 'vitest';
import { REG } from '../cpu.ts';
import { createCpu } from '../create-cpu.ts';
import { AddressSpace } from '../memory/address-space.ts';
import type { CpuStatistics } from '../statistics.ts';
import type { CodeUnit } from './code-link.ts';
import { CodeStore, type CodeStorePort, type KeptModule } from './code-store.ts';
import type { StoredModule } from './stored-module.ts';
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
  ({ pieces: [first] }: CodeUnit): boolean =>
    first.bytes.length === code.length && first.bytes.every((byte, i) => byte === code[i]);

class FakePort implements CodeStorePort {
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly used: string[] = [];
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

  use(key: string): void {
    this.used.push(key);
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
    const limitBytes = 2.5 * encodeModule(stored(1 << 20, [1, 1], 100)).length;
    const store = new CodeStore({ port, limitBytes });
    const [a, b, c] = [1, 2, 3].map((n) => stored(n << 20, [n, n], 100));
    store.add(a);
    store.add(b);
    store.find(1 << 20, () => true);
    store.add(c);
    expect(store.find(2 << 20, () => true)).toBeNull();
    expect(store.find(1 << 20, () => true)).toBe(a);
    expect(port.dropped).toEqual([moduleKey(b)]);
    expect(store.count).toBe(2);
    expect(store.bytes).toBeLessThan(limitBytes);
  });

  it('what was kept is found by the next machine', () => {
    const port = new FakePort();
    new CodeStore({ port }).add(stored(0x40_0000, [7, 8, 9]));
    const kept = [...port.kept].map(([key, bytes]) => ({ key, bytes }));
    const next = new FakePort(kept);
    const store = new CodeStore({ port: next });
    expect(store.find(0x40_0010, memoryOf([7, 8, 9]))?.compiled).toEqual(stored(0x40_0000, [7, 8, 9]).compiled);
    expect(store.find(0x40_0000, memoryOf([7, 8, 9]))).not.toBeNull();
    expect([next.used, next.dropped]).toEqual([[kept[0].key], []]);
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
    const damaged = bytes.slice();
    damaged[60] ^= 1;
    const port = new FakePort([
      { key: 'cut', bytes: bytes.slice(1) },
      { key: 'another', bytes },
      { key, bytes: damaged },
    ]);
    const store = new CodeStore({ port });
    expect(store.find(0x40_0000, () => true)).toBeNull();
    expect(port.dropped).toEqual(['cut', 'another', key]);
    expect([store.count, store.bytes]).toEqual([0, 0]);
  });
});

describe('code shared between spaces', () => {
  // mov eax, 0; loop: add eax, edi; dec edi; jne loop; syscall
  const SUM = Uint8Array.of(0xb8, 0, 0, 0, 0, 0x01, 0xf8, 0xff, 0xcf, 0x75, 0xfa, 0x0f, 0x05);
  const CODE = 0x40_0000;

  /** A fresh space with the program, run to its system call. */
  function runSum(codeStore: CodeStore, program = SUM): { sum: number; statistics: CpuStatistics } {
    const space = new AddressSpace();
    space.protect(CODE, 0x1000, 7);
    space.u8.set(program, CODE);
    const ports = { timestamp: () => 0, entropy: (dst: Uint8Array): void => void dst.fill(1) };
    const cpu = createCpu(space, { engine: 'wasm', ports, codeStore, translation: { warmUp: 3 } });
    const state = cpu.createState();
    state.rip = BigInt(CODE);
    state.setNumber(REG.RDI, 1_000);
    while (cpu.run(state, 100_000).kind === 'budget');
    return { sum: state.low(REG.RAX), statistics: cpu.statistics };
  }

  it('the second space takes what the first compiled, and compiles nothing', () => {
    const store = new CodeStore();
    const first = runSum(store);
    expect(first).toMatchObject({ sum: 500_500, statistics: { modulesReused: 0 } });
    expect(first.statistics.modulesCompiled).toBeGreaterThan(0);
    expect(runSum(store)).toMatchObject({ sum: 500_500, statistics: { modulesReused: 1, modulesCompiled: 0 } });
  });

  it('other code at the same address is compiled for itself', () => {
    const store = new CodeStore();
    runSum(store);
    const subtract = Uint8Array.from(SUM, (byte, i) => (i === 5 ? 0x29 : byte));
    expect(runSum(store, subtract)).toMatchObject({ sum: -500_500, statistics: { modulesReused: 0 } });
    expect(runSum(store)).toMatchObject({ sum: 500_500, statistics: { modulesReused: 1 } });
  });

  it('code that another machine kept runs here', () => {
    const port = new FakePort();
    runSum(new CodeStore({ port }));
    const kept = [...port.kept].map(([key, bytes]) => ({ key, bytes }));
    const next = new CodeStore({ port: new FakePort(kept) });
    expect(runSum(next)).toMatchObject({ sum: 500_500, statistics: { modulesReused: 1, modulesCompiled: 0 } });
  });

  it('code that is written over after it was taken runs as it is then', () => {
    const store = new CodeStore();
    runSum(store);
    const space = new AddressSpace();
    space.protect(CODE, 0x1000, 7);
    space.u8.set(SUM, CODE);
    const ports = { timestamp: () => 0, entropy: (dst: Uint8Array): void => void dst.fill(1) };
    const cpu = createCpu(space, { engine: 'wasm', ports, codeStore: store, translation: { warmUp: 3 } });
    const state = cpu.createState();
    for (const [opcode, sum] of [
      [0x01, 500_500],
      [0x29, -500_500],
    ] as const) {
      space.u8[CODE + 5] = opcode;
      space.noteStore(CODE + 5, 1);
      state.rip = BigInt(CODE);
      state.setNumber(REG.RDI, 1_000);
      while (cpu.run(state, 100_000).kind === 'budget');
      expect(state.low(REG.RAX)).toBe(sum);
    }
  });
});

describe('micro-ops shared between spaces', () => {
  const CODE = 0x40_0000;
  // mov eax, 0; loop: add eax, edi; dec edi; jne loop; call next; next: pop rdx; syscall
  const SUM = [0xb8, 0, 0, 0, 0, 0x01, 0xf8, 0xff, 0xcf, 0x75, 0xfa, 0xe8, 0, 0, 0, 0, 0x5a, 0x0f, 0x05];

  function run(codeStore: CodeStore, code = SUM, at = CODE): { sum: number; rdx: number; decoded: number } {
    const space = new AddressSpace();
    space.protect(CODE, 0x2000, 7);
    space.protect(0x50_0000, 0x1000, 3);
    space.u8.set(code, at);
    const ports = { timestamp: () => 0, entropy: (dst: Uint8Array): void => void dst.fill(1) };
    const cpu = createCpu(space, { engine: 'wasm', ports, codeStore });
    const state = cpu.createState();
    state.rip = BigInt(at);
    state.setNumber(REG.RDI, 100);
    state.setNumber(REG.RSP, 0x50_0800);
    while (cpu.run(state, 100_000).kind === 'budget');
    return { sum: state.low(REG.RAX), rdx: state.low(REG.RDX), decoded: cpu.statistics.blocksDecoded };
  }

  it('the second space decodes nothing that the first one did', () => {
    const store = new CodeStore();
    // Handlers that nobody had yet are compiled in the first runs.
    for (let i = 0; i < 3; i++) run(store);
    const again = run(store);
    expect(again).toMatchObject({ sum: 5_050, rdx: CODE + 16 });
    expect(again.decoded).toBeLessThan(run(new CodeStore()).decoded);
  });

  it('other code at the address, or the same at another, is decoded for itself', () => {
    const store = new CodeStore();
    for (let i = 0; i < 3; i++) run(store);
    const subtract = SUM.with(5, 0x29);
    expect(run(store, subtract)).toMatchObject({ sum: -5_050, rdx: CODE + 16 });
    expect(run(store)).toMatchObject({ sum: 5_050, rdx: CODE + 16 });
    expect(run(store, SUM, CODE + 0x1000 - 4)).toMatchObject({ sum: 5_050, rdx: CODE + 0x1000 + 12 });
  });
});
