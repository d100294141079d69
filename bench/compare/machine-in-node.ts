/**
 * The whole machine under Node, as a process of its own that is asked over IPC: the worker's host (run loop, console,
 * port door) with a disk that is read from the raw image.
 *
 *   node machine-in-node.cjs IMAGE ENGINE
 */
import { readFileSync } from 'node:fs';
import { boot } from '../../src/guest-kernel/index.ts';
import { ThrowAwayDisk } from '../../src/node/ports/file-disk.ts';
import { readHandlers } from '../../src/node/ports/read-handlers.ts';
import { GuestRest } from '../../src/ui/guest-rest.ts';
import { DoorClient } from '../../src/workers/door/door-client.ts';
import { WorkerMachine } from '../../src/workers/machine-host.ts';
import type { EngineChoice, MachineStatistics } from '../../src/workers/protocol/machine.ts';
import type { Outcome } from './column.ts';
import { runInGuest } from './run-in-guest.ts';

export type MachineRequest =
  | { readonly kind: 'write'; readonly to: string; readonly from: string }
  | { readonly kind: 'run'; readonly command: string; readonly isWatched: boolean }
  | { readonly kind: 'statistics' };

export type MachineReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done' }
  | { readonly kind: 'outcome'; readonly outcome: Omit<Outcome, 'cpuMs'> }
  | { readonly kind: 'statistics'; readonly statistics: MachineStatistics }
  | { readonly kind: 'error'; readonly message: string };

readHandlers();
const [image = '', engine = 'auto'] = process.argv.slice(2);
const machine = new WorkerMachine({
  openDisk: () =>
    Promise.resolve({
      disk: new ThrowAwayDisk(image),
      persistence: { kind: 'memory', reason: 'asked' },
      glibcVersion: undefined,
      close: () => Promise.resolve(),
    }),
  boot,
  prepared: Promise.resolve(),
  describeElf: () => ({ kind: 'other', reason: '' }),
});

function reply(message: MachineReply): void {
  process.send?.(message);
}

async function start(): Promise<GuestRest> {
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener('message', ({ data }: MessageEvent<{ bytes: Uint8Array }>) =>
    port1.postMessage({ kind: 'drawn', bytes: data.bytes.length }),
  );
  port1.start();
  const listening = new Promise<void>((resolve, reject) => {
    const request = {
      imagesUrl: '',
      image: '',
      engine: engine as EngineChoice,
      memoryBytes: 2 ** 31,
      disk: 'memory',
      rows: 25,
      columns: 80,
    } as const;
    void machine.start(
      request,
      (event) => {
        if (event.kind === 'ports' && event.listening.includes(8000)) resolve();
        if (event.kind === 'failed') reject(new Error(event.detail));
      },
      port2,
    );
  });
  await listening;
  const door = new MessageChannel();
  machine.openDoor(8000, door.port2);
  return new GuestRest(new DoorClient(door.port1));
}

async function serve(rest: GuestRest, request: MachineRequest): Promise<MachineReply> {
  switch (request.kind) {
    case 'write':
      await rest.writeFile(request.to, new Blob([readFileSync(request.from)]));
      return { kind: 'done' };
    case 'run':
      machine.watchStatistics(request.isWatched);
      return { kind: 'outcome', outcome: await runInGuest(rest, request.command) };
    case 'statistics':
      return { kind: 'statistics', statistics: machine.statistics() };
  }
}

const ready = start();
process.on('message', (request: MachineRequest) => {
  ready
    .then(async (rest) => reply(await serve(rest, request)))
    .catch((error: unknown) => reply({ kind: 'error', message: String(error) }));
});
ready.then(() => reply({ kind: 'ready' })).catch((error: unknown) => reply({ kind: 'error', message: String(error) }));
