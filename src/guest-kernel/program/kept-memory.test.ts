/** What pipes, sockets and files in memory do when the machine's memory is used up. */
import { describe, expect, it } from 'vitest';
import { ENOSPC } from '../abi/errno.ts';
import { S_IFREG } from '../abi/stat.ts';
import { Ramfs } from '../fs/ramfs/ramfs.ts';
import { ByteQueue } from '../net/byte-queue.ts';
import { streamPair } from '../net/loopback/stream-pair.ts';
import { DatagramQueue } from '../net/socket/datagram-queue.ts';
import type { Timestamp } from '../vfs/inode.ts';
import { FlyingFiles } from '../net/socket/flying-files.ts';
import { Pipe } from '../vfs/pipe.ts';
import { type KeptMemory, keptMemory } from './kept-memory.ts';

const MANY = new Uint8Array(1 << 20);
const FROM = { family: 1, path: '' } as const;

function memoryOf(bytes: number): KeptMemory & { readonly takenBytes: number } {
  let taken = 0;
  const memory = keptMemory(
    () => bytes - taken,
    (change) => (taken += change),
  );
  return Object.defineProperty(memory, 'takenBytes', { get: () => taken }) as KeptMemory & { takenBytes: number };
}

describe('a pipe', () => {
  it('takes what it may where there is room, and gives it back with its last end', () => {
    const memory = memoryOf(1 << 20);
    const pipe = new Pipe(memory);
    expect(pipe.put(MANY)).toBe(65_536);
    expect(memory.takenBytes).toBe(65_536);
    pipe.dispose();
    expect(memory.takenBytes).toBe(0);
  });

  it('takes a page where there is none', () => {
    const pipe = new Pipe(memoryOf(1000));
    expect([pipe.room, pipe.put(MANY), pipe.room]).toEqual([4096, 4096, 0]);
    expect(pipe.take(new Uint8Array(100))).toBe(100);
    expect(pipe.put(MANY)).toBe(100);
  });

  it('gives a large ring back when all is read, and works on', () => {
    const memory = memoryOf(1 << 30);
    const pipe = new Pipe(memory);
    pipe.resize(1 << 20, true);
    pipe.put(MANY);
    expect(memory.takenBytes).toBe(1 << 20);
    const back = new Uint8Array(1 << 20);
    expect(pipe.take(back)).toBe(1 << 20);
    expect(memory.takenBytes).toBe(0);
    pipe.put(Uint8Array.of(1, 2, 3));
    expect([pipe.take(back), ...back.subarray(0, 3)]).toEqual([3, 1, 2, 3]);
  });

  it('has a page for each packet, however short it is', () => {
    const pipe = new Pipe(memoryOf(1 << 20));
    pipe.put(new Uint8Array(4096), true);
    let packets = 1;
    while (pipe.put(Uint8Array.of(1), true) === 1) packets++;
    expect(packets).toBe(16);
  });
});

describe('a stream', () => {
  it('takes a page where there is no memory, and more when it was read', () => {
    const memory = memoryOf(2000);
    const [a, b] = streamPair({ bufferBytes: 65_536, kind: 'unix', memory });
    expect([a.send(MANY), a.writableBytes, a.send(MANY)]).toEqual([4096, 0, 0]);
    expect(b.receive(new Uint8Array(96), false)).toBe(96);
    expect(a.send(MANY)).toBe(96);
    b.close();
    expect(memory.takenBytes).toBe(0);
  });

  it('keeps bytes that come one by one together, in order', () => {
    const memory = memoryOf(1 << 20);
    const queue = new ByteQueue(memory);
    const expected: number[] = [];
    const got: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      const bytes = new Uint8Array(i % 997 === 0 ? 1500 : 1).fill(i);
      expected.push(...bytes);
      queue.put(bytes);
      if (i % 7 !== 0) continue;
      const dst = new Uint8Array(i % 13);
      got.push(...dst.subarray(0, queue.take(dst)));
    }
    for (const chunk of queue.takeAll()) got.push(...chunk);
    expect(got).toEqual(expected);
    expect(memory.takenBytes).toBe(0);
  });
});

it('messages wait while there is no memory, but for one', () => {
  const memory = memoryOf(3000);
  const queue = new DatagramQueue(memory);
  let count = 0;
  while (queue.hasRoom(500)) {
    queue.put({ bytes: new Uint8Array(500), from: FROM, files: FlyingFiles.none });
    count++;
  }
  expect(count).toBe(2);
  queue.remove();
  expect(queue.hasRoom(500)).toBe(true);
  queue.clear();
  expect(memory.takenBytes).toBe(0);
  expect(queue.hasRoom(5000)).toBe(true);
});

const now = (): Timestamp => ({ seconds: 0, nanoseconds: 0 });

function mounted(memory: KeptMemory): Ramfs {
  return new Ramfs({ type: 'tmpfs', deviceNumber: 1, capacityBytes: 1 << 30, memory, now });
}

describe('files in memory', () => {
  const FILE = { mode: S_IFREG | 0o644, uid: 0, gid: 0 };

  it('end with the memory: ENOSPC for bytes, names and attributes; unmounting gives all back', () => {
    const memory = memoryOf(40_000);
    const filesystem = mounted(memory);
    const before = memory.takenBytes;
    const file = filesystem.root.create('file', FILE);
    expect(() => file.write(0, MANY)).toThrow(ENOSPC);
    expect(file.write(0, MANY.subarray(0, 20_000))).toBe(20_000);
    expect(() => file.xattrs?.set('user.a', MANY.subarray(0, 60_000))).toThrow(ENOSPC);
    file.xattrs?.set('user.a', MANY.subarray(0, 1000));
    filesystem.root.link('again', file);
    let names = 0;
    expect(() => {
      for (;;) filesystem.root.create(`${names++}`, FILE);
    }).toThrow(ENOSPC);
    expect(names).toBeGreaterThan(5);
    filesystem.unmount(false);
    expect(memory.takenBytes).toBe(before);
  });

  it('keep what is held when they are unmounted', () => {
    const memory = memoryOf(1 << 20);
    const filesystem = mounted(memory);
    const before = memory.takenBytes;
    const file = filesystem.root.create('file', FILE);
    file.retain();
    file.write(0, MANY.subarray(0, 8192));
    filesystem.unmount(false);
    expect(memory.takenBytes - before).toBe(8192 + 1024);
    file.release();
    expect(memory.takenBytes).toBe(before);
  });
});
