/** OSv's own tests, written anew: each program prints the same on Linux and in the VM; rows.ts lists them all. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, build, execute, osv, prepareVm } from '../testing/vm.ts';
import { OSV_TESTS } from './rows.ts';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(prepareVm, 300_000);

const LIBRARIES = resolve('.cache/tests/osv');

function buildOwn(source: string, flags: readonly string[], name: string): string {
  return build(`osv/${source}`, flags, `osv/${name}`);
}

/** On Linux, then in the VM, which sees the folder of the libraries at the same place. */
async function both(command: readonly [string, ...string[]]): Promise<[Outcome, Outcome]> {
  const [file, ...args] = command;
  const words = file.startsWith('/lib64/') ? ['-e', command.join(' ')] : [file, ...args];
  return Promise.all([execute(file, args), osv(['run', '--mount', `${LIBRARIES}:${LIBRARIES}`, ...words])]);
}

describe("OSv's tests answer as on Linux", () => {
  it.each(['threads.c', 'signals.c'])('%s', async (source) => {
    const [native, guest] = await both([buildOwn(source, ['-lm'], source.slice(0, -2))]);
    expect(guest).toEqual(native);
  });

  // In the guest /tmp is kept in memory and /var/tmp lies on the disk.
  it.each(
    ['paths.c', 'contents.c'].flatMap(
      (source) =>
        [
          [source, '/tmp'],
          [source, '/var/tmp'],
        ] as const,
    ),
  )('%s in %s', async (source, folder) => {
    const [native, guest] = await both([buildOwn(source, [], source.slice(0, -2)), folder]);
    expect(guest).toEqual(native);
  });
});

describe('elf.cc and its libraries answer as on Linux', () => {
  const flags = ['-shared', '-fPIC'];
  const rpath = `-Wl,-rpath,${LIBRARIES}`;

  function buildElf(name: string, mode: readonly string[]): string {
    const needed = ['a', 'b', 'text'].map((each) => `-losv-${each}`);
    const link = [`-L${LIBRARIES}`, ...needed, rpath, '-Wl,-z,relro,-z,now', '-rdynamic'];
    return resolve(buildOwn('elf.cc', [...mode, ...link], name));
  }

  beforeAll(() => {
    mkdirSync(LIBRARIES, { recursive: true });
    const library = (name: string, more: readonly string[]): string =>
      buildOwn('elf-library.cc', [...flags, rpath, `-Wl,-soname,libosv-${name}.so`, ...more], `libosv-${name}.so`);
    // They need each other: a is linked with a b that leaves its symbols open.
    const open = [...flags, '-Wl,-soname,libosv-b.so', '-DB'];
    const a = library('a', [build('osv/elf-library.cc', open, 'osv/open/libosv-b.so')]);
    const b = library('b', ['-DB', a]);
    library('late', ['-DLATE', b]);
    buildOwn('elf-text.c', ['-shared', '-fno-pic', '-mcmodel=large', '-Wl,-z,notext'], 'libosv-text.so');
  }, 300_000);

  it.each([
    ['as PIE', 'elf-pie', ['-fPIE', '-pie'], []],
    ['at a fixed address (tst-non-pie)', 'elf-fixed', ['-fno-pie', '-no-pie'], []],
    ['as PIE, by ld.so (tests-with-linux-ld)', 'elf-pie', ['-fPIE', '-pie'], ['/lib64/ld-linux-x86-64.so.2']],
    [
      'at a fixed address, by ld.so (tests-with-linux-ld)',
      'elf-fixed',
      ['-fno-pie', '-no-pie'],
      ['/lib64/ld-linux-x86-64.so.2'],
    ],
  ] as const)('%s', async (_how, name, mode, loader) => {
    const [native, guest] = await both([...loader, buildElf(name, mode), 'one'] as unknown as [string, ...string[]]);
    expect(guest).toEqual(native);
    expect(native.code).toBe(6);
  });
});

describe("the list of OSv's tests", () => {
  it('names for each test a file and what stands in it, or says why there is none', () => {
    const astray = OSV_TESTS.flatMap(({ tests }) => tests).filter(({ by, reason }) =>
      by === undefined ? reason === undefined : !readFileSync(by[0], 'utf8').includes(by[1]),
    );
    expect(astray).toEqual([]);
  });

  it('is docs/compat/osv-tests.md', async () => {
    const lines = OSV_TESTS.flatMap(({ title, tests }) => [
      `## ${title}`,
      '',
      '| OSv | what is tested | here |',
      '|---|---|---|',
      ...tests.map(
        ({ name, checks, by, reason }) => `| ${name} | ${checks} | ${by === undefined ? reason : `\`${by[0]}\``} |`,
      ),
      '',
    ]);
    const text = [
      "# OSv's tests",
      '',
      'Generated from `guest/tests/osv/rows.ts`. Programs in `guest/tests` print the same on Linux and in the VM; where OSv',
      'differs from Linux, unit tests hold the facts.',
      '',
      ...lines,
    ].join('\n');
    await expect(text).toMatchFileSnapshot(join('../../../docs/compat/osv-tests.md'));
  });
});
