/** Shared objects with a main: plain runs share the default namespace, new programs have their own (DESIGN decision 2). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from './testing/compile.ts';
import { launcherFiles } from './testing/launcher-files.ts';
import { TestMachine } from './testing/test-machine.ts';

const APPS = join(import.meta.dirname, '../../guest/apps');
const SHARED = ['-shared', '-fPIC', '-pthread'];

function example(name: string): Uint8Array {
  return compile(readFileSync(join(APPS, 'examples', `${name}.c`), 'utf8'), SHARED).bytes;
}

function shared(source: string): Uint8Array {
  return compile(`#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n${source}`, SHARED).bytes;
}

const files: Record<string, Uint8Array> = {};

beforeAll(() => {
  Object.assign(files, launcherFiles(), {
    '/counter.so': example('counter'),
    '/environment.so': example('environment'),
    '/crash.so': example('crash'),
    '/exits.so': shared('static int n; int main(void) { printf("n %d", ++n); exit(5); }'),
    '/aborts.so': shared('int main(void) { abort(); }'),
    '/loops.so': shared(
      '__attribute__((constructor)) static void spin(void) { for (;;); } int main(void) { return 0; }',
    ),
    '/misses.so': shared('extern int nowhere(void); int main(void) { return nowhere(); }'),
    '/nomain.so': shared('int other(void) { return 1; }'),
  });
});

const EXITED = { kind: 'exited', code: 0 } as const;

describe('shared objects', () => {
  it('a second plain run sees the globals of the first, a new program does not', () => {
    const machine = new TestMachine(files);
    expect(machine.run('/counter.so a')).toEqual({
      output: 'run 1 of this copy of /counter.so\n  argument 1: a\n',
      state: EXITED,
    });
    expect(machine.run('/counter.so').output).toBe('run 2 of this copy of /counter.so\n');
    expect(machine.run('/counter.so', { isNewProgram: true }).output).toBe('run 1 of this copy of /counter.so\n');
    expect(machine.run('/counter.so').output).toBe('run 3 of this copy of /counter.so\n');
  });

  it('exit() ends the program with its code, and its globals stay', () => {
    const machine = new TestMachine(files);
    expect(machine.run('/exits.so')).toEqual({ output: 'n 1', state: { kind: 'exited', code: 5 } });
    expect(machine.run('/exits.so').output).toBe('n 2');
    expect(machine.console).not.toContain('retired');
  });

  it('environment changes reach later plain runs and /env, and nobody from a new program', () => {
    const machine = new TestMachine(files);
    machine.programs.environment.set('SHELL', '/none');
    expect(machine.run('/environment.so A=1').output).toContain('A=1');
    expect(machine.programs.environment.get('A')).toBe('1');
    machine.run('/environment.so B=2', { isNewProgram: true });
    const { output } = machine.run('/environment.so');
    expect(output).toContain('A=1');
    expect(output).toContain('SHELL=/none');
    expect(output).not.toContain('B=2');
  });

  it('a launcher that was started ahead serves the first plain run, and no list shows it', () => {
    const machine = new TestMachine(files);
    const free = machine.freeMemoryBytes;
    machine.makeReady();
    expect(machine.freeMemoryBytes).toBeLessThan(free);
    expect(machine.programs.list().map(({ command }) => command)).not.toContain('/usr/lib/osv/launcher');
    const ready = machine.freeMemoryBytes;
    expect(machine.run('/counter.so').output).toContain('run 1 of');
    expect(machine.run('/counter.so').output).toContain('run 2 of');
    // Nobody loaded libc a second time.
    expect(ready - machine.freeMemoryBytes).toBeLessThan(free - ready);
  });

  it('a launcher that was started ahead of a change of the environment makes way, without a word', () => {
    const machine = new TestMachine(files);
    machine.makeReady();
    const ready = machine.freeMemoryBytes;
    machine.programs.environment.set('LD_BIND_NOW', '1');
    expect(machine.run('/environment.so').output).toContain('LD_BIND_NOW=1');
    expect(machine.freeMemoryBytes).toBeGreaterThan(ready - 1_000_000);
    expect(machine.console).not.toContain('retired');
  });

  it('a disk without a launcher gets ready without one', () => {
    const machine = new TestMachine({});
    machine.makeReady();
    expect(machine.console).toBe('');
    expect(() => machine.run('/counter.so')).toThrow('Failed to load object');
  });

  it('a crash is reported, ends only that program and retires the namespace', () => {
    const machine = new TestMachine(files);
    machine.run('/counter.so');
    expect(machine.run('/crash.so').state).toEqual({ kind: 'killed', signal: 11 });
    expect(machine.console).toMatch(
      /Segmentation fault: \/crash\.so \(program \d+, thread \d+\), writing 0x10 at 0x[0-9a-f]+ \(crash\.so\+0x/,
    );
    expect(machine.console).toContain('=> ');
    expect(machine.console).toContain('retired');
    expect(machine.run('/counter.so').output).toBe('run 1 of this copy of /counter.so\n');
  });

  it('new programs at once have globals of their own', () => {
    const machine = new TestMachine(files);
    const tids = ['a', 'b', 'c'].map((word) => machine.start(`/counter.so ${word}`, { isNewProgram: true }));
    machine.until(() => tids.every((tid) => machine.programs.find(tid)?.state.kind === 'exited'));
    for (const tid of tids) expect(machine.result(tid).output).toContain('run 1 of');
  });

  it('a namespace gives all its memory back, and the next one starts clean', () => {
    const machine = new TestMachine({
      '/hello': compile(
        '#include <stdio.h>\nstatic int zero[5000]; int main(void) { int sum = 0; for (int i = 0; i < 5000; i++) sum += zero[i]++; printf("%d", sum); return 0; }',
        ['-static'],
      ).bytes,
    });
    const before = machine.freeMemoryBytes;
    for (let i = 0; i < 20; i++) expect(machine.run('/hello')).toEqual({ output: '0', state: EXITED });
    expect(machine.freeMemoryBytes).toBe(before);
  });

  it('abort() is death by SIGABRT', () => {
    expect(new TestMachine(files).run('/aborts.so').state).toEqual({ kind: 'killed', signal: 6 });
  });

  it('an endless constructor can be killed', () => {
    const machine = new TestMachine(files);
    const tid = machine.start('/loops.so');
    machine.until(() => (machine.programs.find(tid)?.cpuMs ?? 0) > 20);
    machine.programs.signal(tid, 9);
    machine.until(() => machine.programs.find(tid)?.state.kind === 'killed');
    expect(machine.run('/counter.so').output).toContain('run 1');
  });

  it("a missing symbol is ld.so's own message and code 127", () => {
    const { output, state } = new TestMachine(files).run('/misses.so');
    expect(output).toContain('undefined symbol: nowhere');
    expect(state).toEqual({ kind: 'exited', code: 127 });
  });

  it('no main is refused before anything starts', () => {
    expect(() => new TestMachine(files).start('/nomain.so')).toThrow('Failed looking up main');
  });
});
