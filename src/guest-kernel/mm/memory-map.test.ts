import { describe, expect, it } from 'vitest';
import { AddressSpace, MICRO_CODE_BASE, MICRO_CODE_END, PAGE, PAGE_SIZE } from '../../emulator/index.ts';
import { EEXIST, EFAULT, ENOMEM } from '../abi/errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import type { Inode } from '../vfs/inode.ts';
import { MMAP_BASE, MemoryMap } from './memory-map.ts';
import { SpaceMemory } from './space-memory.ts';

const RW = PROT_READ | PROT_WRITE;

function fresh(limitPages = 10_000) {
  const budget = { usedPages: 0, limitPages };
  const map = new MemoryMap(new AddressSpace(), budget);
  return { map, budget, memory: new SpaceMemory(map) };
}

/** A file whose byte at offset o is o / 4096 + 1. */
function fakeFile(sizeBytes: number) {
  const counts = { references: 0, written: 0 };
  const inode = {
    filesystem: {},
    attributes: () => ({ sizeBytes, mode: 0o100644 }),
    read(offset: number, dst: Uint8Array): number {
      const count = Math.max(0, Math.min(dst.length, sizeBytes - offset));
      for (let i = 0; i < count; i++) dst[i] = Math.floor((offset + i) / PAGE_SIZE) + 1;
      return count;
    },
    write(_offset: number, src: Uint8Array): number {
      counts.written += src.length;
      return src.length;
    },
    retain: () => void counts.references++,
    release: () => void counts.references--,
  } as unknown as Inode;
  return { inode, counts };
}

describe('MemoryMap', () => {
  it('places mappings bottom-up from MMAP_BASE and uses gaps again', () => {
    const { map } = fresh();
    const a = map.map({ addr: 0, sizeBytes: 3 * PAGE_SIZE, protection: RW });
    const b = map.map({ addr: 0, sizeBytes: PAGE_SIZE, protection: PROT_READ });
    expect([a, b]).toEqual([MMAP_BASE, MMAP_BASE + 3 * PAGE_SIZE]);
    map.unmap(a, 2 * PAGE_SIZE);
    expect(map.map({ addr: 0, sizeBytes: 2 * PAGE_SIZE, protection: PROT_READ })).toBe(a);
  });

  it('never maps where the machine keeps micro-ops, and system calls do not reach there', () => {
    const { map, memory } = fresh();
    const page = { sizeBytes: PAGE_SIZE, protection: RW };
    expect(() => map.map({ ...page, addr: MICRO_CODE_BASE, isFixed: true })).toThrow(ENOMEM);
    expect(() => map.map({ ...page, addr: MICRO_CODE_END - PAGE_SIZE, isFixed: true })).toThrow(ENOMEM);
    expect(map.map({ ...page, addr: MICRO_CODE_BASE + PAGE_SIZE })).toBe(MMAP_BASE);
    const below = map.map({ ...page, addr: MICRO_CODE_BASE - PAGE_SIZE, isFixed: true });
    const [area] = map.areas.within(below, below + PAGE_SIZE);
    expect(area !== undefined && map.extend(area, 2 * PAGE_SIZE)).toBe(false);
    expect(() => memory.writable(MICRO_CODE_BASE, 8)).toThrow(EFAULT);
    expect(() => memory.readable(MICRO_CODE_BASE - 4, 8)).toThrow(EFAULT);
  });

  it('big reservations go to the top and cost no memory', () => {
    const { map } = fresh();
    const addr = map.map({ addr: 0, sizeBytes: 2 ** 30, protection: 0 });
    expect(addr).toBeGreaterThan(2 ** 31);
    expect(map.space.sizeBytes).toBeLessThan(2 ** 24);
  });

  it('pages come at their first touch, as zeros, and count then', () => {
    const { map, budget, memory } = fresh();
    const addr = map.map({ addr: 0, sizeBytes: 64 * PAGE_SIZE, protection: RW });
    expect(budget.usedPages).toBe(0);
    memory.storeU32(addr + 5000, 7);
    expect(memory.loadU32(addr + 5000)).toBe(7);
    expect(budget.usedPages).toBe(16);
    map.unmap(addr, 64 * PAGE_SIZE);
    expect(budget.usedPages).toBe(0);
    expect(map.map({ addr: 0, sizeBytes: PAGE_SIZE, protection: RW })).toBe(addr);
    expect(memory.loadU32(addr + 1000)).toBe(0);
  });

  it('rights are what mprotect says, and EFAULT for system calls', () => {
    const { map, memory } = fresh();
    const addr = map.map({ addr: 0, sizeBytes: 2 * PAGE_SIZE, protection: RW });
    memory.storeU32(addr, 1);
    map.protect(addr, PAGE_SIZE, PROT_READ | PROT_EXEC);
    expect(map.space.permissionsAt(addr) & (PAGE.READ | PAGE.WRITE | PAGE.EXEC)).toBe(PAGE.READ | PAGE.EXEC);
    expect(() => memory.storeU32(addr, 1)).toThrow(EFAULT);
    expect(memory.loadU32(addr)).toBe(1);
    map.protect(addr, PAGE_SIZE, 0);
    expect(() => memory.loadU32(addr)).toThrow(EFAULT);
    expect(() => memory.loadU32(addr - 4)).toThrow(EFAULT);
    expect(() => map.protect(addr, 10 * PAGE_SIZE, PROT_READ)).toThrow(ENOMEM);
  });

  it('a private file mapping shows the file and keeps stores to itself', () => {
    const { map, memory } = fresh();
    const { inode, counts } = fakeFile(3 * PAGE_SIZE + 10);
    const addr = map.map({ addr: 0, sizeBytes: 4 * PAGE_SIZE, protection: RW, inode, offset: PAGE_SIZE });
    expect(memory.readable(addr, 1)[0]).toBe(2);
    expect([...memory.readable(addr + 2 * PAGE_SIZE + 9, 2)]).toEqual([4, 0]);
    expect(map.touch(addr + 3 * PAGE_SIZE, PROT_READ)).toBe('beyond-file');
    memory.storeU32(addr, 9);
    map.forget(addr, addr + PAGE_SIZE);
    expect(memory.readable(addr, 1)[0]).toBe(2);
    map.clear();
    expect(counts).toEqual({ references: 0, written: 0 });
  });

  it('a shared file mapping is written back', () => {
    const { map, memory } = fresh();
    const { inode, counts } = fakeFile(PAGE_SIZE + 100);
    const addr = map.map({ addr: 0, sizeBytes: 2 * PAGE_SIZE, protection: RW, inode, isShared: true });
    memory.storeU32(addr, 1);
    map.writeBack(addr, addr + 2 * PAGE_SIZE);
    expect(counts.written).toBe(PAGE_SIZE); // the second page was not stored to
  });

  it('a shared page has one owner: the other mapping takes it at its next touch', () => {
    const [a, b] = [fresh(), fresh()];
    const { inode } = fakeFile(2 * PAGE_SIZE);
    const request = { addr: 0, sizeBytes: PAGE_SIZE, protection: RW, inode, isShared: true };
    const [here, there] = [a.map.map(request), b.map.map(request)];
    a.memory.storeU32(here, 7);
    expect(a.map.space.permissionsAt(here) & PAGE.FAST_WRITE).not.toBe(0);
    expect(b.memory.loadU32(there)).toBe(7);
    expect(a.map.space.permissionsAt(here)).toBe(0);
    expect([a.budget.usedPages, b.budget.usedPages]).toEqual([0, 1]);
    b.memory.storeU32(there, 8);
    expect(a.memory.loadU32(here)).toBe(8);
    expect(a.map.map({ ...request, addr: here + PAGE_SIZE })).toBe(here + PAGE_SIZE);
    expect(a.memory.loadU32(here + PAGE_SIZE)).toBe(8);
    expect(a.map.isResident(here)).toBe(false);
  });

  it('cutting and joining keeps one reference for each piece', () => {
    const { map } = fresh();
    const { inode, counts } = fakeFile(100 * PAGE_SIZE);
    const addr = map.map({ addr: 0, sizeBytes: 10 * PAGE_SIZE, protection: RW, inode });
    map.protect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    expect([map.areas.all.length, counts.references]).toEqual([3, 3]);
    map.protect(addr + PAGE_SIZE, PAGE_SIZE, RW);
    expect([map.areas.all.length, counts.references]).toEqual([1, 1]);
    map.unmap(addr + 2 * PAGE_SIZE, 3 * PAGE_SIZE);
    expect([map.areas.all.length, counts.references]).toEqual([2, 2]);
  });

  it('MAP_FIXED replaces, MAP_FIXED_NOREPLACE does not', () => {
    const { map, memory } = fresh();
    const addr = map.map({ addr: 0, sizeBytes: PAGE_SIZE, protection: RW });
    memory.storeU32(addr, 1);
    const request = { addr, sizeBytes: PAGE_SIZE, protection: RW, isFixed: true };
    expect(() => map.map({ ...request, isNoReplace: true })).toThrow(EEXIST);
    map.map(request);
    expect(memory.loadU32(addr)).toBe(0);
  });

  it('brk grows and shrinks, and gives clean memory again', () => {
    const { map, memory } = fresh();
    map.brkStart = map.brkEnd = 0x50_0000;
    expect(map.setBreak(0x50_1234, 0x60_0000)).toBe(0x50_1234);
    memory.storeU32(0x50_1000, 5);
    expect(map.setBreak(0x50_0010, 0x60_0000)).toBe(0x50_0010);
    expect(map.setBreak(0x50_2000, 0x60_0000)).toBe(0x50_2000);
    expect(memory.loadU32(0x50_1000)).toBe(0);
    expect(map.setBreak(0x70_0000, 0x60_0000)).toBe(0x50_2000);
  });

  it('memory of the machine runs out with ENOMEM', () => {
    const { map, memory } = fresh(20);
    const addr = map.map({ addr: 0, sizeBytes: 64 * PAGE_SIZE, protection: RW });
    memory.storeU32(addr, 1);
    expect(() => memory.storeU32(addr + 32 * PAGE_SIZE, 1)).toThrow(ENOMEM);
  });

  it('moving a mapping takes its bytes along', () => {
    const { map, memory } = fresh();
    const addr = map.map({ addr: 0, sizeBytes: PAGE_SIZE, protection: RW });
    map.map({ addr: 0, sizeBytes: PAGE_SIZE, protection: PROT_READ });
    memory.storeU32(addr + 8, 42);
    const [area] = map.areas.within(addr, addr + PAGE_SIZE);
    if (area === undefined) throw new Error('no area');
    const moved = map.move(area, 4 * PAGE_SIZE, 0);
    expect(memory.loadU32(moved + 8)).toBe(42);
    expect(map.touch(addr, PROT_READ)).toBe('unmapped');
  });
});
