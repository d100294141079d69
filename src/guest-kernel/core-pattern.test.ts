/** Core dumps that go to a program, and the machine while one is written (core(5)). */
import { describe, expect, it } from 'vitest';
import { compile } from './testing/compile.ts';
import { TestMachine } from './testing/test-machine.ts';

const HEADERS = [
  'elf',
  'fcntl',
  'signal',
  'stdio',
  'stdlib',
  'string',
  'unistd',
  'sys/mman',
  'sys/prctl',
  'sys/resource',
  'sys/wait',
]
  .map((name) => `#include <${name}.h>\n`)
  .join('');

function program(source: string): Uint8Array {
  return compile(`#define _GNU_SOURCE\n${HEADERS}${source}`, ['-static', '-pthread']).bytes;
}

const files = {
  // Sets core_pattern to its first argument; a child dies, undumpable with a second one; tells of it and of what the helper left.
  '/dies': program(`static volatile char marker[20000] = "marker";
    int main(int argc, char **argv) {
      int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY), status;
      write(fd, argv[1], strlen(argv[1]));
      if (fork() == 0) { setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); if (argc > 2) prctl(PR_SET_DUMPABLE, 0); marker[19000] = '!'; raise(SIGQUIT); }
      wait(&status);
      printf("signal %d, core %d\\n", WTERMSIG(status), WCOREDUMP(status) != 0);
      char text[500] = {0};
      if ((fd = open("/tmp/told", O_RDONLY)) >= 0) { read(fd, text, 499); printf("%s", text); }
      return 0;
    }`),
  '/helper': program(`int main(int argc, char **argv) {
      FILE *told = fopen("/tmp/told", "w");
      Elf64_Ehdr head;
      long bytes = fread(&head, 1, sizeof head, stdin), marks = 0, extra;
      char stat[64], state = '?';
      sprintf(stat, "/proc/%s/stat", argv[1]);
      FILE *file = fopen(stat, "r");
      if (file) { fscanf(file, "%*d (%*[^)]) %c", &state); fclose(file); }
      static char piece[65536];
      while ((extra = fread(piece, 1, sizeof piece, stdin)) > 0) {
        for (long i = 0; i < extra - 7; i++) marks += memcmp(piece + i, "marker", 7) == 0;
        bytes += extra;
      }
      fprintf(told, "%s %s %s, uid %d, type %d, whole %d, marker %d, alive %d, environment %d\\n", argv[0], argv[2], argv[3],
              getuid(), head.e_type, bytes > 20000, marks > 0, state != '?' && state != 'Z', environ[0] != NULL);
      return 0;
    }`),
  '/early': program('int main(void) { char c; read(0, &c, 1); return 0; }'),
  '/dies-too': program(`int main(void) {
      FILE *told = fopen("/tmp/told", "a");
      static char piece[65536];
      while (read(0, piece, sizeof piece) > 0);
      fprintf(told, "fed\\n"), fclose(told);
      abort();
    }`),
  '/sleeps': program('int main(void) { pause(); return 0; }'),
  '/big': program(`int main(void) {
      int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
      write(fd, "|/sleeps", 8);
      char *p = malloc(20 << 20);
      memset(p, 1, 20 << 20);
      printf("filled\\n"), fflush(stdout);
      abort();
    }`),
  '/hello': program('int main(void) { puts("well"); return 0; }'),
};

function spaced(machine: TestMachine, argv: readonly string[]): string {
  const tid = machine.programs.start(argv, { isNewProgram: false });
  machine.until(() => machine.programs.find(tid)?.state.kind !== 'running');
  return machine.result(tid).output;
}

describe('core_pattern', () => {
  it('feeds a core to a program, which runs as root without limits, while the dying one waits for it', () => {
    expect(spaced(new TestMachine(files), ['/dies', '|/helper %p %e %s'])).toBe(
      'signal 3, core 1\n/helper dies 3, uid 0, type 4, whole 1, marker 1, alive 1, environment 0\n',
    );
  });

  it('a program that reads too little, or is not there, makes no core, and the program still dies', () => {
    expect(spaced(new TestMachine(files), ['/dies', '|/early'])).toBe('signal 3, core 0\n');
    const machine = new TestMachine(files);
    expect(spaced(machine, ['/dies', '|/none %p'])).toBe('signal 3, core 0\n');
  });
});

describe('a core that nobody is fed', () => {
  it('is that of a helper', () => {
    expect(spaced(new TestMachine(files), ['/dies', '|/dies-too'])).toBe('signal 3, core 1\nfed\n');
  });

  it('is that of a program that may not be dumped (PR_SET_DUMPABLE)', () => {
    expect(spaced(new TestMachine(files), ['/dies', '|/helper %p %e %s', 'undumpable'])).toBe('signal 3, core 0\n');
  });
});

describe('a core that takes long', () => {
  it('lets other programs run while it is written, and SIGKILL ends it', () => {
    const machine = new TestMachine(files);
    const tid = machine.start('/big');
    machine.until(() => machine.result(tid).output.includes('filled'));
    for (let i = 0; i < 3; i++) expect(machine.run('/hello').output).toBe('well\n');
    expect(machine.programs.find(tid)?.state.kind).toBe('running');
    machine.programs.signal(tid, 9);
    machine.until(() => machine.programs.find(tid)?.state.kind !== 'running');
    expect(machine.result(tid).state).toEqual({ kind: 'killed', signal: 9 });
  });
});
