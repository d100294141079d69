/** A whole machine of the worker around the kernel without a processor. */
import { afterEach, expect, test } from 'vitest';
import { HostError } from '../guest-kernel/index.ts';
import { DoorClient } from './door/door-client.ts';
import { WorkerMachine, type MachineParts } from './machine-host.ts';
import type { ConsoleToPage, ConsoleToWorker } from './protocol/console-stream.ts';
import type { MachineEvent, StartRequest } from './protocol/machine.ts';
import { machineParts } from './testing/fake-machine-parts.ts';

const REQUEST: StartRequest = {
  imagesUrl: 'http://localhost/images/',
  image: 'default',
  engine: 'auto',
  memoryBytes: 2 ** 28,
  disk: 'memory',
  rows: 24,
  columns: 80,
};

let close: (() => void) | undefined;

afterEach(() => close?.());

/** Starts a machine and gathers what it says. */
async function start(change: Partial<MachineParts> = {}) {
  const events: MachineEvent[] = [];
  let text = '';
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener('message', (event: MessageEvent<ConsoleToPage>) => {
    text += new TextDecoder().decode(event.data.bytes);
    port1.postMessage({ kind: 'drawn', bytes: event.data.bytes.length } satisfies ConsoleToWorker);
  });
  port1.start();
  const machine = new WorkerMachine({ ...machineParts, ...change });
  close = () => {
    machine.shutDown('poweroff');
    port1.close();
  };
  await machine.start(REQUEST, (event) => events.push(event), port2);
  const type = (keys: string): void => {
    port1.postMessage({ kind: 'input', bytes: new TextEncoder().encode(keys) } satisfies ConsoleToWorker);
  };
  const kinds = (): string[] => events.map((event) => event.kind);
  return { machine, events, kinds, text: () => text, type };
}

test('a start tells its stages in order, then the ports that listen', async () => {
  const { kinds, text } = await start();
  await expect.poll(kinds).toEqual(['boot', 'boot', 'running', 'ports']);
  await expect.poll(text).toContain('/# ');
});

test('when the prompt stands and nothing is left to do, the kernel gets ready for programs, once', async () => {
  const steps: string[] = [];
  const boot: MachineParts['boot'] = (ports, options) => {
    const kernel = machineParts.boot(ports, options);
    kernel.makeReady = () => void steps.push('ready');
    return kernel;
  };
  const prefetchReady = async (): Promise<void> => {
    steps.push('blocks');
    await Promise.reject(new HostError('The network is gone: they are fetched when they are missed.'));
  };
  const openDisk: MachineParts['openDisk'] = async (...request) => ({
    ...(await machineParts.openDisk(...request)),
    prefetchReady,
  });
  let arrive: (() => void) | undefined;
  const prepared = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const { text, type } = await start({ boot, openDisk, prepared });
  await expect.poll(text).toContain('/# ');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(steps).toEqual(['blocks']);
  arrive?.();
  await expect.poll(() => steps).toEqual(['blocks', 'ready']);
  type('x');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(steps).toEqual(['blocks', 'ready']);
});

test('a disk that can not be opened is told in the words of its error', async () => {
  const { events } = await start({ openDisk: () => Promise.reject(new HostError('The image is gone.')) });
  expect(events.at(-1)).toMatchObject({ kind: 'failed', message: 'The image is gone.' });
});

test('an error of ours while starting is told as one, with its place', async () => {
  const { events } = await start({
    boot: () => {
      throw new TypeError('undefined is not a kernel');
    },
  });
  expect(events.at(-1)).toMatchObject({ kind: 'failed', message: expect.stringContaining('of its own') as string });
  expect((events.at(-1) as { detail: string }).detail).toContain('undefined is not a kernel');
});

test('keys reach the guest, and what it writes comes back', async () => {
  const { text, type } = await start();
  type('hello\r');
  await expect.poll(text).toContain('hello: echoed');
});

test('a flood is stopped by ^C, and what was typed after it is answered', async () => {
  const { machine, text, type } = await start();
  type('yes\r');
  await expect.poll(() => machine.statistics().consoleBytes).toBeGreaterThan(500_000);
  type('\u0003');
  await expect.poll(text, { timeout: 5_000 }).toContain('^C');
  type('still here\r');
  await expect.poll(text).toContain('still here: echoed');
});

test('a door and sync are served while the machine idles', async () => {
  const { machine } = await start();
  const { port1, port2 } = new MessageChannel();
  machine.openDoor(8000, port2);
  const response = await new DoorClient(port1).fetch(new Request('http://localhost:8000/app/'));
  expect(await response.json()).toEqual([]);
  await machine.sync();
  port1.close();
});

test('power off closes the doors, gives the disk back, and is told last', async () => {
  let isClosed = false;
  const openDisk: MachineParts['openDisk'] = async (request, onProgress, onTrouble) => ({
    ...(await machineParts.openDisk(request, onProgress, onTrouble)),
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  });
  const { machine, events } = await start({ openDisk });
  machine.shutDown('poweroff');
  await expect.poll(() => events.at(-1)).toMatchObject({ kind: 'halted', reason: 'poweroff' });
  expect(isClosed).toBe(true);
  expect(machine.statistics().uptimeMs).toBe(0);
});

test('a kernel that throws is a panic with its report', async () => {
  const { events } = await start({
    boot: (ports, options) => {
      const kernel = machineParts.boot(ports, options);
      kernel.runSlice = () => {
        throw new Error('ext4: block 7 released twice');
      };
      return kernel;
    },
  });
  await expect.poll(() => events.at(-1)).toMatchObject({ kind: 'halted', reason: 'panic' });
  expect((events.at(-1) as { report: string }).report).toContain('block 7 released twice');
});
