/** The files of /proc have the lines, names, widths and units of Linux: the host's own are read beside the machine's. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compile } from '../../testing/compile.ts';
import { runInTestMachine } from '../../testing/test-machine.ts';

const CAT = `#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv) {
  static char buffer[65536];
  int fd = open(argv[1], O_RDONLY), n;
  if (fd < 0) return 1;
  while ((n = read(fd, buffer, sizeof buffer)) > 0) write(1, buffer, n);
}`;
const files = { '/bin/cat': compile(CAT, ['-static']).bytes };

function guest(path: string): string {
  const { stdout, code } = runInTestMachine({ argv: ['/bin/cat', path], files });
  expect(code).toBe(0);
  return stdout;
}

/** Numbers and addresses do not count, their columns do. */
function shape(line: string): string {
  return line
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'H')
    .replaceAll(/ *-?\d+(\.\d+)?/g, '#')
    .trimEnd();
}

/** Lines by the word they begin with. */
function byName(text: string): ReadonlyMap<string, string> {
  return new Map(text.split('\n').map((line) => [/^\S+/.exec(line)?.[0] ?? '', shape(line)]));
}

test.each(['/proc/self/status', '/proc/meminfo', '/proc/self/io', '/proc/self/limits', '/proc/net/sockstat'])(
  'every line of %s is one of Linux with the same columns, and in its order',
  (path) => {
    const ours = guest(path);
    const host = byName(readFileSync(path, 'utf8'));
    const free = new Set([
      'Groups:',
      'Speculation_Store_Bypass:',
      'SpeculationIndirectBranch:',
      'Mems_allowed:',
      'Cpus_allowed_list:',
      'State:',
      'Name:',
      'Max',
    ]);
    // These left Linux after 5.15.
    const gone = new Set(['NFS_Unstable:', 'FileHugePages:', 'WritebackTmp:', 'Bounce:']);
    const names = [...byName(ours).keys()].filter((name) => !gone.has(name));
    expect(names.filter((name) => !host.has(name))).toEqual([]);
    expect(names).toEqual([...host.keys()].filter((name) => names.includes(name)));
    const compared = names.filter((name) => !free.has(name));
    const shapes = byName(ours);
    expect(compared.map((name) => shapes.get(name))).toEqual(compared.map((name) => host.get(name)));
  },
);

const normal = (text: string): readonly string[] =>
  text.split('\n').map((line) => line.replace(/(unlimited|\d+) +(unlimited|\d+) +/, (all) => '.'.repeat(all.length)));

test('limits have the titles, units and columns of Linux', () => {
  expect(normal(guest('/proc/self/limits'))).toEqual(normal(readFileSync('/proc/self/limits', 'utf8')));
});

test.each([
  ['/proc/self/stat', 1],
  ['/proc/self/statm', 1],
  ['/proc/loadavg', 1],
  ['/proc/uptime', 1],
])('%s has as many fields as on Linux', (path, lines) => {
  const count = (text: string): readonly number[] =>
    text
      .trimEnd()
      .split('\n')
      .slice(0, lines)
      .map((line) => line.split(' ').length);
  expect(count(guest(path))).toEqual(count(readFileSync(path, 'utf8')));
});

const head = (text: string): string => text.split('\n')[0] ?? '';

test.each([
  '/proc/sysvipc/sem',
  '/proc/sysvipc/msg',
  '/proc/sysvipc/shm',
  '/proc/net/tcp',
  '/proc/net/udp',
  '/proc/net/unix',
  '/proc/net/dev',
  '/proc/net/route',
  '/proc/net/arp',
  '/proc/net/raw',
  ...(existsSync('/proc/net/if_inet6') ? ['/proc/net/tcp6', '/proc/net/udp6', '/proc/net/raw6'] : []),
])('the head of %s is that of Linux', (path) => {
  expect(head(guest(path))).toBe(head(readFileSync(path, 'utf8')));
});

const names = (text: string): readonly string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => /^[A-Z]\w+:/.exec(line)?.[0] ?? '')
      .filter(Boolean),
  ),
];

test('smaps tells the same of a mapping as Linux, in the same order', () => {
  const host = names(readFileSync('/proc/self/smaps', 'utf8'));
  expect(names(guest('/proc/self/smaps'))).toEqual(host.filter((name) => name !== 'ProtectionKey:'));
});

test('maps has the columns of Linux', () => {
  const line = /^[0-9a-f]{8,}-[0-9a-f]{8,} [r-][w-][x-][ps] [0-9a-f]{8} [0-9a-f]{2}:[0-9a-f]{2,} \d+ ( *\S.*)?$/;
  for (const text of [guest('/proc/self/maps'), readFileSync('/proc/self/maps', 'utf8')]) {
    expect(
      text
        .trimEnd()
        .split('\n')
        .filter((each) => !line.test(each)),
    ).toEqual([]);
  }
});
