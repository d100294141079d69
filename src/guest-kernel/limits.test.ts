/** What a guest may not take from the machine, and what the machine says of it. */
import { describe, expect, it } from 'vitest';
import { compile } from './testing/compile.ts';
import { TestMachine } from './testing/test-machine.ts';

const HEADERS = ['errno', 'fcntl', 'pthread', 'signal', 'stdio', 'stdlib', 'string', 'unistd']
  .concat(
    'sys/inotify',
    'sys/ipc',
    'sys/mman',
    'sys/msg',
    'sys/stat',
    'sys/socket',
    'sys/wait',
    'sys/epoll',
    'termios',
    'time',
  )
  .map((name) => `#include <${name}.h>\n`)
  .join('');

function program(source: string): Uint8Array {
  return compile(`#define _GNU_SOURCE\n${HEADERS}${source}`, ['-static', '-pthread', '-w']).bytes;
}

const hello = program('int main(void) { puts("well"); return 0; }');
const WELL = { output: 'well\n', state: { kind: 'exited', code: 0 } };

function machineWith(source: string): TestMachine {
  return new TestMachine({ '/program': program(source), '/hello': hello });
}

describe('memory', () => {
  it('the largest program ends with one line when memory runs out, and smaller ones live on', () => {
    const machine = machineWith(`int main(int argc, char **argv) {
      if (argc > 1) { puts("waiting"); fflush(stdout); pause(); }
      for (;;) { char *p = mmap(0, 16 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); if (p != MAP_FAILED) memset(p, 1, 16 << 20); }
    }`);
    const bystander = machine.start('/program wait');
    machine.until(() => machine.result(bystander).output !== '');
    const free = machine.freeMemoryBytes;
    expect(machine.run('/program', {}, 120_000).state).toEqual({ kind: 'killed', signal: 9 });
    expect(machine.console.match(/Out of memory: .*/g)).toEqual([
      expect.stringMatching(/^Out of memory: \/program \(program \d+, \d{3,4} MB\) is ended\r?$/),
    ]);
    expect(machine.programs.find(bystander)?.state.kind).toBe('running');
    expect(machine.freeMemoryBytes).toBe(free);
    expect(machine.run('/hello')).toEqual(WELL);
  });

  it('messages of System V queues count, and go with their queues', () => {
    const machine = machineWith(`static struct { long type; char text[8000]; } m = {1};
      int main(int argc, char **argv) {
        if (argc > 1) { for (int id = 0; id < 100000; id++) msgctl(id, IPC_RMID, 0); return 0; }
        int queues = 0, sent = 0;
        for (int q; queues < 500 && (q = msgget(IPC_PRIVATE, 0600)) >= 0; queues++) for (int i = 0; i < 2; i++) sent += msgsnd(q, &m, 8000, IPC_NOWAIT) == 0;
        printf("%d %d\\n", queues, sent);
        return 0;
      }`);
    const free = machine.freeMemoryBytes;
    expect(machine.run('/program').output).toBe('500 1000\n');
    expect(free - machine.freeMemoryBytes).toBeGreaterThan(8_000_000);
    machine.run('/program remove');
    expect(machine.freeMemoryBytes).toBe(free);
  });

  it('what lies in pipes, sockets and files in memory counts, and is free when they close', () => {
    const machine = machineWith(`static char text[65536];
      static void fill(int fd) { fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK); while (write(fd, text, sizeof text) > 0); }
      int main(void) {
        int p[2], s[2], d[2];
        for (int i = 0; i < 8; i++) {
          pipe(p); fcntl(p[1], F_SETPIPE_SZ, 1 << 20); fill(p[1]);
          int size = 1 << 20;
          socketpair(AF_UNIX, SOCK_STREAM, 0, s); setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, 4); fill(s[0]);
          socketpair(AF_UNIX, SOCK_DGRAM, 0, d); setsockopt(d[0], SOL_SOCKET, SO_SNDBUF, &size, 4); fill(d[0]);
          int m = memfd_create("m", 0);
          for (int j = 0; j < 16; j++) write(m, text, sizeof text);
        }
        puts("full"); fflush(stdout);
        pause();
      }`);
    const free = machine.freeMemoryBytes;
    const tid = machine.start('/program');
    machine.until(() => machine.result(tid).output !== '');
    expect(free - machine.freeMemoryBytes).toBeGreaterThan(8 * (4 << 20));
    machine.ports.console.type('\x03');
    machine.until(() => machine.programs.find(tid)?.state.kind !== 'running');
    expect(machine.freeMemoryBytes).toBe(free);
  });

  it('endless recursion is SIGSEGV', () => {
    const machine = machineWith(
      'int deep(volatile int n) { return deep(n + 1) + n; } int main(void) { return deep(0); }',
    );
    expect(machine.run('/program').state).toEqual({ kind: 'killed', signal: 11 });
    expect(machine.run('/hello')).toEqual(WELL);
  });
});

describe('descriptors, timers and watches', () => {
  // Each takes what it can get; all of it is free again when it ends.
  it.each([
    ['files', 'while (open("/hello", O_RDONLY) >= 0) n++;', 'EMFILE'],
    [
      'pipes filled to the brim',
      'for (int p[2]; pipe2(p, O_NONBLOCK) == 0; n++) if (n < 64) while (write(p[1], text, 4096) > 0);',
      'EMFILE',
    ],
    ['sockets', 'while (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) n++;', 'EMFILE'],
    ['inotify instances', 'while (inotify_init() >= 0) n++;', 'EMFILE'],
    ['timers', 'timer_t t; while (timer_create(CLOCK_MONOTONIC, 0, &t) == 0 && n < 200000) n++;', 'EAGAIN'],
    [
      'queued signals',
      'sigset_t s; sigfillset(&s); sigprocmask(SIG_BLOCK, &s, 0); while (n < 200000 && sigqueue(getpid(), SIGRTMIN, (union sigval){0}) == 0) n++;',
      'EAGAIN',
    ],
  ])('%s without end', (_what, body, error) => {
    const machine = machineWith(`static char text[4096];
      int main(void) { int n = 0; ${body} printf("%s after %s\\n", strerrorname_np(errno), n > 100 ? "many" : "few"); return 0; }`);
    expect(machine.run('/program', {}, 60_000).output).toBe(`${error} after many\n`);
    expect(machine.run('/hello')).toEqual(WELL);
  });
});

describe('terminals and pipes', () => {
  it('a flood of typed bytes that nobody reads leaves the machine alive', () => {
    const machine = machineWith('int main(void) { pause(); return 0; }');
    const tid = machine.start('/program');
    for (let i = 0; i < 200; i++) machine.ports.console.type('x'.repeat(5_000));
    machine.settle();
    machine.ports.console.type('\x03');
    machine.until(() => machine.programs.find(tid)?.state.kind !== 'running');
    expect(machine.result(tid).state).toEqual({ kind: 'killed', signal: 2 });
    expect(machine.run('/hello')).toEqual(WELL);
  });

  it('a pseudo-terminal takes a part of what is too much for it, and single bytes cost little', () => {
    const machine = machineWith(`int main(void) {
      int m = posix_openpt(O_RDWR), count = 0;
      unlockpt(m);
      int s = open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
      char *much = mmap(0, 32 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      int typed = write(m, much, 32 << 20) <= 65536;
      tcflush(s, TCIOFLUSH);
      int lines = 0;
      memset(much, 10, 4096);
      fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK);
      while (write(m, much, 4096) > 0) { lines++; tcflush(s, TCOFLUSH); }
      tcflush(s, TCIOFLUSH);
      while (write(s, "x", 1) == 1) count++;
      tcflush(s, TCIOFLUSH);
      int taken = write(s, much, 32 << 20) <= 65536;
      printf("lines %d typed %d written %d much %d\\n", lines, typed, count, taken);
      return 0;
    }`);
    // What it writes to any terminal is output of it, too.
    const { output } = machine.run('/program');
    expect(output.slice(output.indexOf('lines'))).toBe('lines 16 typed 1 written 65536 much 1\n');
  });

  it('a pipeline of endless writers ends when its reader goes', () => {
    const machine = machineWith(`static char text[65536];
      int main(void) {
        int p[2]; pipe(p);
        for (int i = 0; i < 8; i++) if (fork() == 0) { close(p[0]); for (;;) if (write(p[1], text, sizeof text) < 0) _exit(0); }
        close(p[1]);
        long total = 0;
        while (total < 8 << 20) total += read(p[0], text, sizeof text);
        close(p[0]);
        int deaths = 0, status;
        while (wait(&status) > 0) deaths += WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
        printf("%d\\n", deaths);
        return 0;
      }`);
    expect(machine.run('/program', {}, 60_000).output).toBe('8\n');
  });
});

describe('set-id programs', () => {
  it('run as who started them, and dmesg tells', () => {
    const machine = machineWith(`int main(int argc, char **argv) {
        if (argc > 1) { printf("%d %d\\n", geteuid(), getegid()); return 0; }
        chown("/program", 500, 600); chmod("/program", 06755);
        execl("/program", "/program", "again", NULL);
        return 1;
      }`);
    expect(machine.run('/program').output).toBe('0 0\n');
    expect(machine.log).toContain('/program: set-id bits are ignored; it runs as user 0');
    expect(machine.console).not.toContain('set-id');
  });
});
