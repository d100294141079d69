import { expect, it } from 'vitest';
import { compile } from '../testing/compile.ts';
import { runInTestMachine } from '../testing/test-machine.ts';

it('tells calls with names, arguments and results', () => {
  const source = `#include <fcntl.h>
#include <unistd.h>
int main(void) { open("/no such", O_RDONLY); write(1, "x", 1); close(77); return 4; }`;
  const files = { '/program': compile(source, ['-static']).bytes };
  const { stderr, stdout } = runInTestMachine({ argv: ['/program'], files, strace: true });
  expect(stdout).toBe('x');
  const lines = stderr
    .replaceAll(/\[\d+\]/g, '[n]')
    .replaceAll(/0x[0-9a-f]{5,}/g, '0xaddr')
    .split('\n');
  expect(lines.slice(-5)).toEqual([
    '[n] openat(dirfd: -100, path: "/no such", flags: 0, mode: 0) = -1 ENOENT',
    '[n] write(fd: 1, buf: 0xaddr, count: 1) = 1',
    '[n] close(fd: 77) = -1 EBADF',
    '[n] exit_group(code: 4) = ?',
    '',
  ]);
});
