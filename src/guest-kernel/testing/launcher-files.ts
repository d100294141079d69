/** What a disk needs for shared objects to run: the launcher, compiled here, and the machine's own C library. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, hostLibraries } from './compile.ts';

const LAUNCHER = join(import.meta.dirname, '../../../guest/apps/launcher');

export function launcherFiles(): Record<string, Uint8Array> {
  const source = readFileSync(join(LAUNCHER, 'launcher.c'), 'utf8').replaceAll(
    '#include "osv.h"',
    `#include "${LAUNCHER}/osv.h"`,
  );
  const flags = ['-std=gnu11', '-fPIE', '-pie', '-pthread', `-Wl,--dynamic-list=${LAUNCHER}/interposed.list`];
  return {
    ...hostLibraries(['libc.so.6', 'libgcc_s.so.1']),
    '/usr/lib/osv/launcher': compile(source, flags).bytes,
  };
}
