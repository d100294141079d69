/** The same binary on Linux and in the machine, equal output: the programs of guest/tests, and how programs come in. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Compiled, compile, hostFolder, hostLibraries } from './testing/compile.ts';
import { type TestRun, runInTestMachine } from './testing/test-machine.ts';

const TESTS = join(import.meta.dirname, '../../guest/tests');
const C_LIBRARIES = ['libc.so.6', 'libm.so.6', 'libgcc_s.so.1'];
const CXX_LIBRARIES = [...C_LIBRARIES, 'libstdc++.so.6'];

const LOCALE = hostFolder('/usr/lib/locale/C.utf8');

interface Expected {
  readonly stdout: string;
  readonly code: number;
}

function onLinux({ path }: Compiled, args: readonly string[] = [], stdin = ''): Expected {
  const { stdout, status, signal } = spawnSync(path, args, { input: stdin, encoding: 'latin1', cwd: '/tmp', env: {} });
  return { stdout, code: status ?? 128 + (signal === 'SIGSEGV' ? 11 : signal === 'SIGABRT' ? 6 : 0) };
}

function inMachine(program: Compiled, libraries: readonly string[], stdin = ''): TestRun {
  return runInTestMachine({
    argv: ['/program'],
    stdin,
    files: { '/program': program.bytes, ...(libraries.length > 0 ? { ...hostLibraries(libraries), ...LOCALE } : {}) },
  });
}

function source(name: string): string {
  return readFileSync(join(TESTS, name), 'utf8').replaceAll('#include "show.h"', `#include "${TESTS}/show.h"`);
}

const HELLO = `#include <stdio.h>
int main(int argc, char **argv) { printf("hello %d\\n", argc); return 3; }`;

describe('a program answers as on Linux', () => {
  for (const [form, flags] of [
    ['an ordinary dynamic one', []],
    ['-static', ['-static']],
    ['-no-pie', ['-no-pie']],
    ['-static-pie', ['-static-pie']],
  ] as const) {
    it(`hello, ${form}`, () => {
      const program = compile(HELLO, flags);
      const { stdout, code, console } = inMachine(program, form.startsWith('-static') ? [] : C_LIBRARIES);
      expect({ stdout, code, console }).toEqual({ ...onLinux(program), console: '' });
    });
  }

  for (const name of ['hello.c', 'memory.c', 'files.c', 'pipes.c', 'process.c', 'signals.c', 'threads.c']) {
    it(`of guest/tests: ${name}`, () => {
      const program = compile(source(name), ['-pthread']);
      const { stdout, code, console } = inMachine(program, C_LIBRARIES);
      expect(console).toBe('');
      expect({ stdout, code }).toEqual(onLinux(program));
    });
  }

  it('cxx.cc', () => {
    const program = compile(source('cxx.cc'), ['-pthread'], 'c++');
    const { stdout, code, console } = inMachine(program, CXX_LIBRARIES);
    expect(console).toBe('');
    expect({ stdout, code }).toEqual(onLinux(program));
  });
});
