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
  readonly stderr: string;
  readonly code: number;
}

function onLinux({ path }: Compiled, args: readonly string[] = [], stdin = ''): Expected {
  const { stdout, stderr, status, signal } = spawnSync(path, args, {
    input: stdin,
    encoding: 'latin1',
    cwd: '/tmp',
    env: {},
  });
  return { stdout, stderr, code: status ?? 128 + (signal === 'SIGSEGV' ? 11 : signal === 'SIGABRT' ? 6 : 0) };
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
      const { stdout, stderr, code } = inMachine(program, form.startsWith('-static') ? [] : C_LIBRARIES);
      expect({ stdout, stderr, code }).toEqual(onLinux(program));
    });
  }

  for (const name of [
    'hello.c',
    'memory.c',
    'files.c',
    'pipes.c',
    'waiting.c',
    'process.c',
    'signals.c',
    'threads.c',
    'fork.c',
  ]) {
    it(`of guest/tests: ${name}`, () => {
      const program = compile(source(name), ['-pthread']);
      const { stdout, stderr, code } = inMachine(program, C_LIBRARIES);
      expect({ stdout, stderr, code }).toEqual(onLinux(program));
    });
  }

  it('cxx.cc', () => {
    const program = compile(source('cxx.cc'), ['-pthread'], 'c++');
    const { stdout, stderr, code } = inMachine(program, CXX_LIBRARIES);
    expect({ stdout, stderr, code }).toEqual(onLinux(program));
  });
});

const CLOCKS = `#define _GNU_SOURCE
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <sched.h>
static double seconds(struct timespec t) { return t.tv_sec + t.tv_nsec / 1e9; }
int main(void) {
  int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID};
  printf("vdso %d\\n", getauxval(AT_SYSINFO_EHDR) != 0);
  for (int i = 0; i < 6; i++) {
    struct timespec a, b, c;
    syscall(SYS_clock_gettime, clocks[i], &a);
    clock_gettime(clocks[i], &b);
    syscall(SYS_clock_gettime, clocks[i], &c);
    printf("clock %d between %d\\n", clocks[i], i == 3 || (seconds(a) <= seconds(b) && seconds(b) <= seconds(c)));
  }
  struct timeval day;
  gettimeofday(&day, NULL);
  printf("day %d micro %d\\n", day.tv_sec - time(NULL) <= 0, day.tv_usec < 1000000);
  printf("cpu ok %d\\n", sched_getcpu() >= 0);
  return 0;
}`;

describe('the vDSO', () => {
  it('tells the same time as the system calls', () => {
    const program = compile(CLOCKS);
    const { stdout, stderr, code } = inMachine(program, C_LIBRARIES);
    expect({ stdout, stderr, code }).toEqual(onLinux(program));
  });
});

const NULL_CALL = 'int main(int argc, char **argv) { void (*f)(void) = (void *)(long)(argc - 1); f(); return 0; }';
const DIVIDE = 'int main(int argc, char **argv) { volatile int n = 100, zero = argc - 1; return n / zero; }';
const WILD = 'int main(int argc, char **argv) { *(volatile long *)0x7fff12345678 = 1; return 0; }';

describe('a fault that nobody handles', () => {
  const rows: readonly (readonly [string, string, RegExp, number])[] = [
    ['a call of a null pointer', NULL_CALL, /^Segmentation fault: \/program .*executing 0x0 at 0x0/, 139],
    [
      'a wild write above 4 GiB',
      WILD,
      /^Segmentation fault: .*writing 0x7fff12345678 at 0x[0-9a-f]+ \(program\+0x/,
      139,
    ],
    ['a division by zero', DIVIDE, /^Floating point exception: /, 136],
  ];
  it.each(rows)('%s is reported with registers', (_name, text, head, code) => {
    const run = inMachine(compile(text, ['-static']), []);
    expect(run.stderr).toMatch(head);
    expect(run.stderr).toMatch(/ {2}RAX [0-9a-f]{16} {2}RBX/);
    expect(run.code).toBe(code);
  });
});

function hello(): Uint8Array {
  return compile(HELLO).bytes;
}

function patched(at: number, value: number): Uint8Array {
  const copy = hello().slice();
  copy[at] = value;
  return copy;
}

describe('what cannot run is refused before anything starts', () => {
  const rows: readonly (readonly [string, () => Record<string, Uint8Array>, string])[] = [
    ['a missing file', () => ({}), 'Failed to load object: /program'],
    ['a text', () => ({ '/program': new TextEncoder().encode('echo hello\n') }), 'bad elf header'],
    ['a 32-bit program', () => ({ '/program': patched(4, 1) }), 'bad elf class'],
    ['another machine', () => ({ '/program': patched(18, 183) }), 'bad elf machine'],
    ['a truncated file', () => ({ '/program': hello().slice(0, 5000) }), 'bad elf: the file is truncated'],
    ['a missing interpreter', () => ({ '/program': hello() }), 'Failed to load object: /lib64/ld-linux-x86-64.so.2'],
  ];
  it.each(rows)('%s', (_name, files, message) => {
    const { stderr, stdout, code } = runInTestMachine({ argv: ['/program'], files: files() });
    expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: `${message}\n`, code: 127 });
  });

  it("a missing library is ld.so's own message", () => {
    const files = { '/program': hello(), ...hostLibraries([]) };
    const { stderr, code } = runInTestMachine({ argv: ['/program'], files });
    expect(stderr).toContain('error while loading shared libraries: libc.so.6: cannot open shared object file');
    expect(code).toBe(127);
  });
});
