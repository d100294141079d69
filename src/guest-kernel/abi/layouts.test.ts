/** The struct tables against the C compiler of the machine that builds: every size and every offset. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FLOCK } from './fcntl.ts';
import * as fcntl from './fcntl.ts';
import * as inotify from './inotify.ts';
import * as ioctls from './ioctls.ts';
import * as pollAbi from './poll.ts';
import { EPOLL_EVENT, POLLFD } from './poll.ts';
import * as statAbi from './stat.ts';
import { DIRENT64, STAT, STATFS, STATX } from './stat.ts';

const HEADERS = `#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/limits.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/statvfs.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>
`;

/** Evaluates C expressions. */
function evaluate(expressions: readonly string[]): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'abi-'));
  try {
    const lines = expressions.map((expression) => `  printf("%lld\\n", (long long)(${expression}));`);
    writeFileSync(join(folder, 'a.c'), `${HEADERS}int main(void) {\n${lines.join('\n')}\n}\n`);
    execFileSync('gcc', ['-o', join(folder, 'a'), join(folder, 'a.c')], { stdio: 'pipe' });
    return execFileSync(join(folder, 'a'), { encoding: 'utf8' }).trim().split('\n').map(Number);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['struct stat', STAT],
  ['struct statx', STATX],
  ['struct statfs', STATFS],
  ['struct dirent64', DIRENT64],
  ['struct flock', FLOCK],
  ['struct pollfd', POLLFD],
  ['struct epoll_event', EPOLL_EVENT],
])('%s lies as the C compiler lays it out', (type, layout: Readonly<Record<string, number>>) => {
  const names = Object.keys(layout);
  const values = evaluate(names.map((name) => (name === 'size' ? `sizeof(${type})` : `offsetof(${type}, ${name})`)));
  expect(Object.fromEntries(names.map((name, i) => [name, values[i]]))).toEqual(layout);
});

/** Of the kernel's own headers, of newer ones, or none; O_LARGEFILE is 0 to a 64-bit program. */
const NOT_IN_HEADERS = new Set([
  'O_LARGEFILE',
  'MAX_RW_COUNT',
  'IOV_MAX',
  'DT_UNKNOWN',
  'ST_VALID',
  'STATX_ATTR_KNOWN',
  'STATX_ATTR_OF_EXT4',
  'F_GETOWNER_UIDS',
  'PIDFD_THREAD',
  'STATX_BASIC_STATS',
  'AT_STATX_SYNC_TYPE',
]);

test('constants are those of the headers', () => {
  const all = { ...fcntl, ...inotify, ...ioctls, ...pollAbi, ...statAbi } as Readonly<Record<string, unknown>>;
  const names = Object.keys(all).filter((name) => typeof all[name] === 'number' && !NOT_IN_HEADERS.has(name));
  const values = evaluate(
    names.map((name) =>
      name.startsWith('EPOLL') || name.startsWith('IN_')
        ? `(unsigned)${name}`
        : name.startsWith('DN_')
          ? `(int)${name}`
          : name,
    ),
  );
  expect(Object.fromEntries(names.map((name, i) => [name, values[i]]))).toEqual(
    Object.fromEntries(names.map((name) => [name, all[name]])),
  );
});
