/** The same binary runs on Linux and in the VM (through the command `osv run`); what it prints must be equal. */
import { rmSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { build, execute, osv, prepareVm, removeLeftovers, type Outcome } from './testing/vm.ts';

/** What a program ends with that this host does not let work. */
const CANNOT_RUN = 77;

// Compiling and a busy machine take their time; what must be quick is measured in bench/.
vi.setConfig({ testTimeout: 120_000 });
beforeAll(prepareVm, 300_000);
afterAll(() =>
  removeLeftovers(
    ['/tmp', '/var/tmp'],
    /\/(core|names|proc-files|inotify|transfers|extremes|xattrs|users|raw|rarely|many|io|binds|capabilities|flags)-\w{6}$/,
  ),
);

/** What Linux says of a program, and what the VM says. @param options of `osv run` */
async function both(
  binary: string,
  args: readonly string[] = [],
  input = '',
  options: readonly string[] = [],
): Promise<[Outcome, Outcome]> {
  return Promise.all([
    execute(binary, args, input),
    osv(['run', '--env', 'TEST_VARIABLE=set', ...options, binary, ...args], input),
  ]);
}

describe('a program answers in the VM as on Linux', () => {
  it.each([
    ['PIE', ['-fPIE', '-pie']],
    ['at a fixed address', ['-no-pie']],
    ['static', ['-static']],
    ['static PIE', ['-static-pie']],
    ['without optimisation', ['-O0']],
  ])('hello, %s', async (kind, flags) => {
    const [native, guest] = await both(build('hello.c', flags, `hello-${kind.replaceAll(' ', '-')}`), [
      'one',
      'two words',
    ]);
    expect(guest).toEqual(native);
  });

  // They look at times: a host that was busy at the wrong moment, natively or below the machine, is asked again.
  it.each(['timers.c', 'usage.c', 'stopped-calls.c'])('%s', { retry: 2 }, async (source) => {
    const [native, guest] = await both(build(source, ['-lm', '-lutil', '-rdynamic']));
    expect(guest).toEqual(native);
  });

  it.each([
    'rseq.c',
    'netlink.c',
    'unshare.c',
    'futexes.c',
    'many-threads.c',
    'spawn.c',
    'system-v.c',
    'dynamic.c',
    'moved-ranges.c',
    'posix-queues.c',
    'terminals.c',
    'memory.c',
    'high-heap.c',
    'segments.c',
    'threads.c',
    'signals.c',
    'changing-code.c',
    'float-faults.c',
    'prctl.c',
    'long-doubles.c',
    'pipes.c',
    'sockets.c',
    'socket-ends.c',
    'stream-buffers.c',
    'unix-messages.c',
    'vdso.c',
    'waiting.c',
    'destinations.c',
    'cxx.cc',
  ])('%s', async (source) => {
    const [native, guest] = await both(build(source, ['-lm', '-lutil', '-rdynamic']));
    expect(guest).toEqual(native);
  });

  // They become other users or take real-time priorities, which needs root on this machine too.
  it
    .runIf(process.getuid?.() === 0)
    .each(['limits.c', 'limits-of-users.c', 'users.c', 'lock-priorities.c', 'packet-filters.c', 'process-one.c'])(
    '%s',
    { retry: 2 }, // RLIMIT_RTTIME and priorities look at times
    async (source) => {
      const [native, guest] = await both(build(source, ['-lm']));
      expect(guest).toEqual(native);
    },
  );

  it.runIf(process.getuid?.() === 0).for(['/tmp', '/var/tmp'])('capabilities.c in %s', async (folder, { skip }) => {
    const [native, guest] = await both(build('capabilities.c', ['-lpthread']), [folder]);
    if (native.code === CANNOT_RUN) skip('the host withholds capabilities from root');
    expect(guest).toEqual(native);
  });

  it.runIf(process.getuid?.() === 0)('inspection.c', async ({ skip }) => {
    const [native, guest] = await both(build('inspection.c'));
    if (native.code === CANNOT_RUN) skip('the host does not let root become another user');
    expect(guest).toEqual(native);
  });

  it('proc-files.c, where a score may rise', async ({ skip }) => {
    const [native, guest] = await both(build('proc-files.c'));
    if (native.code === CANNOT_RUN) skip('programs of this host have the highest score already');
    expect(guest).toEqual(native);
  });

  it.runIf(process.getuid?.() === 0).for([
    ['binds.c', '/tmp'],
    ['binds.c', '/var/tmp'],
    ['full-tmpfs.c', '/tmp'],
  ])('%s in %s', async ([source = '', folder = ''], { skip }) => {
    const [native, guest] = await both(build(source), [folder]);
    if (native.code === CANNOT_RUN) skip('the host does not let root mount');
    expect(guest).toEqual(native);
  });

  // Their children die of signals, of which the machine's kernel gives a report on stderr.
  it.each(['frames.c', 'faults.c', 'core-dumps.c'])('%s', async (source) => {
    const [native, guest] = await both(build(source, ['-lm']));
    expect(guest.stdout).toBe(native.stdout);
    expect(guest.code).toBe(native.code);
  });

  // In the guest /tmp is kept in memory and /var/tmp lies on the disk.
  it.each(['/tmp', '/var/tmp'])('files.c in %s', async (parent) => {
    const folder = join(parent, 'osv-files-test');
    rmSync(folder, { recursive: true, force: true });
    const [native, guest] = await both(build('files.c'), [folder]);
    rmSync(folder, { recursive: true, force: true });
    expect(guest).toEqual(native);
  });

  it.each(
    [
      'io-signals.c',
      'shared-memory.c',
      'names.c',
      'inotify.c',
      'transfers.c',
      'extremes.c',
      'raw-calls.c',
      'rarely-used.c',
      'looking.c',
      ...(process.getuid?.() === 0 ? ['xattrs.c'] : []),
    ].flatMap((source) => [
      [source, '/tmp'],
      [source, '/var/tmp'],
    ]),
  )('%s in %s', async (source, folder) => {
    const [native, guest] = await both(build(source), [folder]);
    expect(guest).toEqual(native);
  });

  // A call that needs such a block runs again when it has come.
  it.each([
    ['destinations.c', []],
    ['pipes.c', []],
    ['fork.c', []],
    ['memory.c', []],
    ['files.c', ['/var/tmp/osv-far-files-test']],
    ['names.c', ['/var/tmp']],
    ['transfers.c', ['/var/tmp']],
    ['shared-memory.c', ['/var/tmp']],
    ['extremes.c', ['/var/tmp']],
  ])('%s, with a disk whose blocks have to be fetched', async (source, args) => {
    const folder = '/var/tmp/osv-far-files-test';
    rmSync(folder, { recursive: true, force: true });
    const [native, guest] = await both(build(source, ['-lm', '-lutil', '-rdynamic']), args, '', ['--far-disk']);
    rmSync(folder, { recursive: true, force: true });
    expect(guest).toEqual(native);
  });

  // On Linux they make a network of their own, since what answers there must be lo alone. Where that is not granted (a
  // container without the right, a kernel without IPv6) the text they printed once on Linux stands in for it.
  it.each(['inet6.c', 'inet-messages.c', 'icmp.c', 'multicast.c'])(
    '%s, in a network that has lo only',
    async (source) => {
      const binary = build(source);
      const [native, guest] = await Promise.all([execute(binary, ['alone']), osv(['run', binary])]);
      await expect(guest.stdout).toMatchFileSnapshot(`expected/${source.replace('.c', '.txt')}`);
      expect(guest.code).toBe(0);
      const isGranted = native.code !== CANNOT_RUN;
      if (!isGranted) process.stderr.write(`${source}: no network of its own here, compared with the kept text\n`);
      expect(isGranted ? native.stdout : guest.stdout).toBe(guest.stdout);
    },
  );

  const [major = 0, minor = 0] = release().split('.').map(Number);
  it.runIf(major > 6 || (major === 6 && minor >= 15))('siblings.c, with the pidfds of Linux 6.15', async () => {
    const [native, guest] = await both(build('siblings.c'));
    expect(guest).toEqual(native);
  });

  it.runIf(major > 6 || (major === 6 && minor >= 7))('futexes.c, with the calls of Linux 6.7', async () => {
    const [native, guest] = await both(build('futexes.c'), ['newer']);
    expect(guest).toEqual(native);
  });

  it.each(['priorities', 'log'])('io-priorities.c, %s, where the host answers', async (part) => {
    const [native, guest] = await both(build('io-priorities.c'), part === 'log' ? [part] : []);
    expect(guest).toEqual(native.code === CANNOT_RUN ? guest : native);
    expect(guest.code).toBe(0);
  });

  it('netlink.c diag, where Linux has the modules for it', async ({ skip }) => {
    const [native, guest] = await both(build('netlink.c', ['-lm', '-lutil', '-rdynamic']), ['diag']);
    expect(guest.code).toBe(0);
    if (native.code === CANNOT_RUN) skip('the host does not list its sockets');
    expect(guest).toEqual(native);
  });

  it('seccomp.c, where no other filter is at work', async ({ skip }) => {
    const [native, guest] = await both(build('seccomp.c', ['-lpthread']));
    if (native.code === CANNOT_RUN) skip('the host filters system calls itself');
    expect(guest).toEqual(native);
  });

  // Linux may be built without these, or not let root do so; then the text stands that the manual promises.
  it.each([
    ['names', 'mapping-names'],
    ['tid-address', 'tid-address'],
    ['io-flusher', 'io-flusher'],
  ])('prctl.c %s', async (part, text) => {
    const [native, guest] = await both(build('prctl.c', ['-lpthread']), [part]);
    await expect(guest.stdout).toMatchFileSnapshot(`expected/${text}.txt`);
    expect(native.code === CANNOT_RUN ? guest : native).toEqual(guest);
    expect(guest.code).toBe(0);
  });

  it('memory-policy.c, where the host answers', async ({ skip }) => {
    const [native, guest] = await both(build('memory-policy.c'));
    if (native.code === CANNOT_RUN) skip('the host forbids what memory policies need');
    expect(guest).toEqual(native);
  });

  it.runIf(process.getuid?.() === 0)('deadlines.c', async ({ skip }) => {
    const [native, guest] = await both(build('deadlines.c'));
    if (native.code === CANNOT_RUN) skip('the host does not let root ask for SCHED_DEADLINE');
    expect(guest).toEqual(native);
  });

  it('file-flags.c on the disk', async ({ skip }) => {
    const [native, guest] = await both(build('file-flags.c'), ['/var/tmp']);
    if (native.code === CANNOT_RUN) skip('the host does not let root make files immutable');
    expect(guest).toEqual(native);
  });

  it('many-files.c on the disk', async () => {
    const [native, guest] = await both(build('many-files.c'), ['/var/tmp']);
    expect(guest).toEqual(native);
  });

  it('process.c, which reads its stdin', async () => {
    const [native, guest] = await both(
      build('process.c', ['-lm']),
      ['one', 'two words', ''],
      'first line\nlast line without end',
    );
    expect(guest).toEqual(native);
  });
});
