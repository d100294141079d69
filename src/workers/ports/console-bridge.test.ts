import { afterEach, expect, test } from 'vitest';
import { CONSOLE_WINDOW_BYTES, type ConsoleToPage, type ConsoleToWorker } from '../protocol/console-stream.ts';
import { ConsoleBridge } from './console-bridge.ts';

let closePage: (() => void) | undefined;

afterEach(() => closePage?.());

function open(onRoom: () => void = () => undefined) {
  const { port1, port2 } = new MessageChannel();
  const received: Uint8Array[] = [];
  port1.addEventListener('message', (event: MessageEvent<ConsoleToPage>) => received.push(event.data.bytes));
  port1.start();
  closePage = () => port1.close();
  const bridge = new ConsoleBridge(port2, { rows: 24, columns: 80 }, onRoom);
  const tell = (message: ConsoleToWorker): void => port1.postMessage(message);
  const receivedBytes = (): number => received.reduce((sum, bytes) => sum + bytes.length, 0);
  return { bridge, received, receivedBytes, tell };
}

test('what is written between two flushes goes in one message', async () => {
  const { bridge, received } = open();
  bridge.write(Uint8Array.of(1, 2));
  bridge.write(Uint8Array.of(3));
  bridge.flush();
  await expect.poll(() => received.map((bytes) => [...bytes])).toEqual([[1, 2, 3]]);
});

test('the kernel may reuse the bytes it wrote', async () => {
  const { bridge, received } = open();
  const bytes = Uint8Array.of(7);
  bridge.write(bytes);
  bytes[0] = 9;
  bridge.flush();
  await expect.poll(() => received.map((each) => [...each])).toEqual([[7]]);
});

test('a flood stops at the window, goes on when the page has drawn, and loses nothing', async () => {
  let room = 0;
  const { bridge, receivedBytes, tell } = open(() => room++);
  const flood = new Uint8Array(CONSOLE_WINDOW_BYTES + 5000);
  bridge.write(flood);
  bridge.flush();
  expect(bridge.isFull).toBe(true);
  await expect.poll(receivedBytes).toBe(CONSOLE_WINDOW_BYTES);
  tell({ kind: 'drawn', bytes: 6000 });
  await expect.poll(receivedBytes).toBe(flood.length);
  expect(bridge.isFull).toBe(false);
  expect(room).toBe(1);
});

test('bytes keep their order across messages and partly sent pieces', async () => {
  const { bridge, received, receivedBytes } = open();
  for (let i = 0; i < 5; i++) bridge.write(new Uint8Array(9000).fill(i));
  bridge.flush();
  await expect.poll(receivedBytes).toBe(45_000);
  const joined = received.flatMap((bytes) => [...bytes]);
  expect(joined.every((value, at) => value === Math.floor(at / 9000))).toBe(true);
});

test('keys and sizes reach the kernel, a closed listener hears no more', async () => {
  const { bridge, tell } = open();
  const keys: number[] = [];
  const listening = bridge.onInput((bytes) => keys.push(...bytes));
  const sizes: unknown[] = [];
  bridge.onResize((size) => sizes.push(size));
  tell({ kind: 'input', bytes: Uint8Array.of(3) });
  tell({ kind: 'resize', rows: 50, columns: 132 });
  await expect.poll(() => sizes).toEqual([{ rows: 50, columns: 132 }]);
  expect(bridge.size()).toEqual({ rows: 50, columns: 132 });
  listening.close();
  tell({ kind: 'input', bytes: Uint8Array.of(4) });
  tell({ kind: 'resize', rows: 51, columns: 132 });
  await expect.poll(() => sizes).toHaveLength(2);
  expect(keys).toEqual([3]);
});
