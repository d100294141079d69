/**
 * Every system call is made to begin anew, at each point where it may have to (src/guest-kernel/syscalls/call-restarts.ts);
 * what the programs print must be what Linux answers. `npm run test:restarts` takes all of them, `npm test` a few.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { build, execute, osv, prepareVm, type Outcome } from './testing/vm.ts';

vi.setConfig({ testTimeout: 180_000 });
beforeAll(prepareVm, 300_000);

const isRoot = process.getuid?.() === 0;
const isWhole = process.env['RESTARTS'] !== undefined;
/** What a call does twice may look right where it is done an odd number of times: then only one point lets it begin anew. */
const ONE_POINT = ['0', '1', '2', '3', '5', '8'];

const parent = mkdtempSync('/var/tmp/osv-restarts-');
afterAll(() => {
  rmSync(parent, { recursive: true, force: true });
  for (const name of readdirSync('/var/tmp'))
    if (/^(names|inotify|transfers|extremes|xattrs|restarts|rarely|raw|io)-\w{6}$/.test(name))
      rmSync(join('/var/tmp', name), { recursive: true, force: true });
});

type Answer = Pick<Outcome, 'stdout' | 'code'>;

/** What Linux says, and what the VM says. */
async function both(source: string, points: string, args: readonly string[]): Promise<[Answer, Answer]> {
  const isOfErrors = source.startsWith('errors/');
  const name = source.replace('errors/', 'errors-').replace('.c', '');
  const binary = build(source, isOfErrors ? [] : ['-lm', '-lutil', '-rdynamic'], name);
  // restarts.c wants a filesystem that knows whiteouts, as a container's root may not.
  const places = source === 'restarts.c' && existsSync('/dev/shm') ? ['/dev/shm'] : args;
  const native = await execute(binary, places);
  const guest = await osv(['run', '--restart-calls', points, '--env', 'TEST_VARIABLE=set', binary, ...args]);
  return [
    { stdout: native.stdout, code: native.code },
    { stdout: guest.stdout, code: guest.code },
  ];
}

/** Programs that take a folder, which is on the disk here. */
const OF_FILES = [
  'names.c',
  'extremes.c',
  'io-signals.c',
  'shared-memory.c',
  'rarely-used.c',
  'raw-calls.c',
  'looking.c',
];
const OTHERS = [
  'core-dumps.c',
  'destinations.c',
  'dynamic.c',
  'fork.c',
  'futexes.c',
  'many-threads.c',
  'memory.c',
  'moved-ranges.c',
  'pipes.c',
  'posix-queues.c',
  'rseq.c',
  'signals.c',
  'socket-ends.c',
  'sockets.c',
  'spawn.c',
  'stopped-calls.c',
  'system-v.c',
  'terminals.c',
  'threads.c',
  'timers.c',
  'unix-messages.c',
  'waiting.c',
];
const ERRORS = [
  'attributes.c',
  'exec.c',
  'futexes.c',
  'io.c',
  'memory.c',
  'messages.c',
  'names.c',
  'open-close.c',
  'paths.c',
  'posix-queues.c',
  'processes.c',
  'signals.c',
  'sockets.c',
  'system-v.c',
  'waiting.c',
];

describe('a call that begins anew has done nothing yet', () => {
  it.each(['all', '1', '2'])('restarts.c, points: %s', async (points) => {
    const [native, guest] = await both('restarts.c', points, ['/var/tmp']);
    expect(guest).toEqual(native);
  });

  it.each(['inotify.c', 'transfers.c', ...(isRoot ? ['xattrs.c'] : [])])('%s', async (source) => {
    const [native, guest] = await both(source, 'all', ['/var/tmp']);
    expect(guest).toEqual(native);
  });
});

describe.runIf(isWhole)('in every program', () => {
  it.each(OF_FILES)('%s', async (source) => {
    const [native, guest] = await both(source, 'all', ['/var/tmp']);
    expect(guest).toEqual(native);
  });

  it('files.c', async () => {
    const folder = join(parent, 'files');
    const [native, guest] = await both('files.c', 'all', [folder]);
    expect(guest).toEqual(native);
  });

  it.each(OTHERS)('%s', async (source) => {
    const [native, guest] = await both(source, 'all', []);
    expect(guest).toEqual(native);
  });

  it.runIf(isRoot).each(['limits.c', 'users.c'])('%s', async (source) => {
    const [native, guest] = await both(source, 'all', []);
    expect(guest).toEqual(native);
  });

  it.each(ERRORS)('errors/%s', async (source) => {
    const [native, guest] = await both(`errors/${source}`, 'all', ['/var/tmp']);
    expect(guest).toEqual(native);
  });

  it.each(ONE_POINT.flatMap((points) => ['restarts.c', 'names.c', 'inotify.c'].map((source) => [source, points])))(
    '%s, point %s only',
    async (source = '', points = '') => {
      const [native, guest] = await both(source, points, ['/var/tmp']);
      expect(guest).toEqual(native);
    },
  );
});
