/**
 * OSv's tests of namespaces and of its application model, written anew against facts 2.4 and 10: where OSv differs from
 * Linux there is no native run to compare with. guest/tests/osv/rows.ts names them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from './testing/compile.ts';
import { launcherFiles } from './testing/launcher-files.ts';
import { TestMachine } from './testing/test-machine.ts';

const SHARED = ['-shared', '-fPIC', '-pthread'];
const HEADERS = ['errno', 'signal', 'stdio', 'stdlib', 'string', 'unistd', 'pthread', 'spawn', 'sys/wait', 'stdint']
  .concat('sys/eventfd', 'dlfcn')
  .map((name) => `#include <${name}.h>\n`)
  .join('');

function program(source: string, flags: readonly string[] = SHARED): Uint8Array {
  return compile(`#define _GNU_SOURCE\n${HEADERS}${source}`, flags).bytes;
}

const files: Record<string, Uint8Array> = {};

beforeAll(() => {
  Object.assign(files, launcherFiles(), {
    // What it finds, what it changes, what it finds after others had their turn.
    '/payload.so': program(`static int global;
      int main(int argc, char **argv) {
        int before = global++;
        const char *seen = getenv("LEFT"), *given = getenv("GIVEN");
        printf("%s: global %d, LEFT %s, GIVEN %s\\n", argv[1], before, seen ? seen : "none", given ? given : "none");
        setenv("LEFT", argv[1], 1);
        usleep(50000);
        printf("%s: global %d, LEFT %s\\n", argv[1], global, getenv("LEFT"));
        return before;
      }`),
    '/shared-libc.so': program(`int main(int argc, char **argv) {
        if (argc > 2) return chdir(argv[1]) == 0 && dup2(1, 77) == 77 ? 0 : 1;
        char cwd[100];
        printf("cwd %s, 77 %s\\n", getcwd(cwd, 100), write(77, "", 0) == 0 ? "open" : "closed");
        return 0;
      }`),
    '/returns.so': program('int main(int argc, char **argv) { return atoi(argv[1]); }'),
    '/waits.so': program(`static volatile int asked;
      static void ask(int s) { asked++; }
      int main(int argc, char **argv) {
        sigset_t term; sigemptyset(&term); sigaddset(&term, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &term, NULL);
        if (strcmp(argv[1], "early") == 0) { printf("blocked\\n"); sigset_t waiting; do { usleep(1000); sigpending(&waiting); } while (!sigismember(&waiting, SIGTERM)); }
        struct sigaction a = {.sa_handler = ask};
        sigaction(SIGTERM, &a, NULL);
        printf("registered\\n");
        pthread_sigmask(SIG_UNBLOCK, &term, NULL);
        while (!asked) pause();
        printf("asked %d\\n", asked);
        return 9;
      }`),
    '/threads.so': program(`static void *late(void *p) { usleep(20000); printf("late thread\\n"); return p; }
      int main(void) { pthread_t t; pthread_create(&t, NULL, late, NULL); pthread_exit(NULL); }`),
    '/execute.so': program(`int main(void) {
        uint64_t ends = 0;
        int notes = eventfd(0, 0), sum = 0;
        for (int i = 0; i < 5; i++) {
          char number[8], variable[16];
          sprintf(number, "%d", i), sprintf(variable, "N=%d", i);
          char *argv[] = {"/argument", number, NULL}, *envp[] = {variable, NULL};
          pid_t pid;
          if (posix_spawn(&pid, "/argument", NULL, NULL, argv, envp) != 0) return 1;
          int status;
          if (waitpid(pid, &status, 0) != pid) return 2;
          sum += WEXITSTATUS(status);
          uint64_t one = 1;
          write(notes, &one, 8);
        }
        read(notes, &ends, 8);
        char *argv[] = {"/none", NULL};
        pid_t pid;
        printf("sum %d, ends %d, none: %s\\n", sum, (int)ends, strerrorname_np(posix_spawn(&pid, "/none", NULL, NULL, argv, argv)));
        return 0;
      }`),
    '/argument': program('int main(int argc, char **argv) { return atoi(argv[1]) + 10 * atoi(getenv("N")) + 1; }', []),
    '/identity.so': program(`int main(void) {
        printf("%s %s\\n", program_invocation_name, program_invocation_short_name);
        return dlopen(NULL, RTLD_NOW) == NULL;
      }`),
  });
});

const exited = (code: number): unknown => ({ kind: 'exited', code });

describe('namespaces', () => {
  it('tst-namespace: new programs at once see zero globals, and their environment stays theirs', () => {
    const machine = new TestMachine(files);
    const options = { isNewProgram: true, environment: ['GIVEN=yes', 'LEFT=before'] };
    const tids = ['one', 'two'].map((word) => machine.start(`/payload.so ${word}`, options));
    machine.until(() => tids.every((tid) => machine.programs.find(tid)?.state.kind === 'exited'));
    expect(tids.map((tid) => machine.result(tid))).toEqual(
      ['one', 'two'].map((word) => ({
        output: `${word}: global 0, LEFT before, GIVEN yes\n${word}: global 1, LEFT ${word}\n`,
        state: exited(0),
      })),
    );
    expect(machine.programs.environment.has('LEFT')).toBe(false);
  });

  it('tst-without-namespace: plain runs at once share globals and environment, so the second fails', () => {
    const machine = new TestMachine(files);
    machine.programs.environment.set('GIVEN', 'to all');
    const first = machine.start('/payload.so one');
    machine.until(() => machine.result(first).output.includes('\n'));
    machine.settle(); // it sleeps now
    const second = machine.start('/payload.so two');
    machine.until(() => [first, second].every((tid) => machine.programs.find(tid)?.state.kind === 'exited'));
    expect(machine.result(first)).toEqual({
      output: 'one: global 0, LEFT none, GIVEN to all\none: global 2, LEFT two\n',
      state: exited(0),
    });
    expect(machine.result(second)).toEqual({
      output: 'two: global 1, LEFT one, GIVEN to all\ntwo: global 2, LEFT two\n',
      state: exited(1),
    });
    expect(machine.programs.environment.get('LEFT')).toBe('two');
  });

  it('plain runs share working directory and descriptors, a new program has its own', () => {
    const machine = new TestMachine(files);
    expect(machine.run('/shared-libc.so /tmp go').state).toEqual(exited(0));
    expect(machine.run('/shared-libc.so').output).toBe('cwd /tmp, 77 open\n');
    expect(machine.run('/shared-libc.so', { isNewProgram: true }).output).toBe('cwd /, 77 closed\n');
  });
});

describe('applications', () => {
  it('tst-app: the code that main returns is the code of the program', () => {
    const machine = new TestMachine(files);
    for (const code of [0, 1, 42, 255, 256, -1]) {
      expect(machine.run(`/returns.so ${code}`).state).toEqual(exited(code & 0xff));
    }
  });

  it.each([
    ['after', 'late', 'registered\n'],
    ['before', 'early', 'blocked\n'],
  ])('tst-app: a request to end that comes %s its handler is set is heard once', (_when, word, ready) => {
    const machine = new TestMachine(files);
    const tid = machine.start(`/waits.so ${word}`);
    machine.until(() => machine.result(tid).output.includes(ready));
    machine.programs.signal(tid, 15);
    machine.until(() => machine.programs.find(tid)?.state.kind !== 'running');
    expect(machine.result(tid).output).toMatch(/registered\nasked 1\n$/);
    expect(machine.result(tid).state).toEqual(exited(9));
  });

  it('tst-app: a program whose main thread ended lives until its last thread has', () => {
    expect(new TestMachine(files).run('/threads.so')).toEqual({ output: 'late thread\n', state: exited(0) });
  });

  it('tst-run: a missing file, or one that is no program, is refused before anything starts', () => {
    const machine = new TestMachine({ ...files, '/text': new TextEncoder().encode('no program') });
    expect(() => machine.start('/none.so')).toThrow('Failed to load object: /none.so');
    expect(() => machine.start('/text')).toThrow(/elf|object/i);
    expect(machine.run('/returns.so 3').state).toEqual(exited(3));
  });

  it('tst-run: a program is told the name it was started by', () => {
    expect(new TestMachine(files).run('/identity.so').output).toBe('/identity.so identity.so\n');
  });

  it('misc-execve: a plain run starts programs with arguments and environment, and waits for each', () => {
    expect(new TestMachine(files).run('/execute.so')).toEqual({
      output: `sum ${(0 + 1 + 2 + 3 + 4) * 11 + 5}, ends 5, none: ENOENT\n`,
      state: exited(0),
    });
  });
});
