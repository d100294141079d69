/* Random system calls with random arguments: fuzzer SEED BATCHES. Each batch runs in a child, which is killed when it
   hangs; arguments are drawn from what is likely to hurt: descriptors of every kind, pages without rights, page ends,
   huge and negative numbers, paths. It leaves out what would end or stop the fuzzer itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;
static uint32_t next(void) { return (state = state * 6364136223846793005UL + 1442695040888963407UL) >> 33; }
#define PICK(list) list[next() % (sizeof list / sizeof *list)]

/* exit, exit_group, kill and its like, pause, rt_sigreturn, setsid of the parent: nothing else. */
static const int left_out[] = {15, 34, 60, 62, 129, 130, 200, 231, 234, 297, 424};
static const long odd[] = {0, 1, 2, 3, -1, -2, -100, 7, 8, 4095, 4096, 4097, 65536, 0x7fffffff, 0x80000000L, 0xffffffffL,
                           0x100000000L, 0x7fffffffffffL, -4096, 1L << 52, 1L << 62, 1L << 63};
static const char *paths[] = {"/dev/null", "/tmp", "/tmp/f", "/tmp/f/x", "/proc/self/maps", "/proc/self/fd", "/dev/tty",
                              "/dev/ptmx", "", ".", "..", "/tmp/l", "/tmp/dir", "/tmp/dir/../f", "/dev/shm/x", "/absent/x",
                              "\xff\xfe", "/tmp/\x01\x02\xc3"};
static char *buffer, *readonly_page, *hole, *edge, *shared, *long_path;
static int fds[24], fd_count;

static void add(int fd) {
  if (fd >= 0 && fd_count < 24) fds[fd_count++] = fd;
}

static void prepare(void) {
  buffer = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  readonly_page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *pair = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pair + 4096, 4096);
  edge = pair + 4096 - 8;
  hole = pair + 4096;
  shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  long_path = malloc(5000);
  memset(long_path, 'a', 4999);
  for (int i = 0; i < 4999; i += 100) long_path[i] = '/';
  long_path[next() % 2 ? 4095 : 4999] = 0;
  int p[2], m, s;
  mkdir("/tmp/dir", 0777);
  symlink("/tmp/l", "/tmp/l");
  add(open("/tmp/f", O_RDWR | O_CREAT, 0666));
  add(open("/tmp", O_RDONLY | O_DIRECTORY));
  add(open("/tmp", O_PATH));
  if (pipe2(p, O_NONBLOCK) == 0) add(p[0]), add(p[1]);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p) == 0) add(p[0]), add(p[1]);
  add(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  add(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  add(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  add(eventfd(1, EFD_NONBLOCK));
  add(epoll_create1(0));
  add(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
  sigset_t set;
  sigemptyset(&set);
  add(signalfd(-1, &set, SFD_NONBLOCK));
  add(inotify_init1(IN_NONBLOCK));
  add(memfd_create("m", MFD_ALLOW_SEALING));
  if (openpty(&m, &s, NULL, NULL, NULL) == 0) add(m), add(s);
  add(syscall(SYS_pidfd_open, getpid(), 0));
}

static void fill(void) {
  for (int i = 0; i < 65536; i += 8) {
    uint64_t word = next() % 3 == 0 ? 0 : next() % 4 == 0 ? (uint64_t)(buffer + next() % 65536) : next() % 64;
    if (next() % 20 == 0) word = (uint64_t)PICK(odd);
    memcpy(buffer + i, &word, 8);
  }
}

static long pointer(void) {
  switch (next() % 12) {
    case 0: return (long)readonly_page + next() % 64;
    case 1: return (long)edge + next() % 8;
    case 2: return (long)hole - next() % 16;
    case 3: return (long)shared + next() % 8192;
    case 4: return (long)PICK(paths);
    case 5: return (long)long_path;
    case 6: return PICK(odd);
    case 7: return (long)&pointer;
    default: return (long)buffer + (next() % 65536 & ~7);
  }
}

static long argument(void) {
  switch (next() % 8) {
    case 0: return PICK(odd);
    case 1: return next() % 70;
    case 2: return fds[next() % fd_count];
    case 3: return (long)PICK(paths);
    case 4: return (uint64_t)next() << (next() % 32);
    case 5: return 1L << (next() % 40);
    default: return pointer();
  }
}

static void tick(int s) { (void)s; }

/* Cuts waits short; random calls may have taken it away. */
static void arm(void) {
  struct sigaction action = {.sa_handler = tick};
  struct itimerval timer = {{0, 3000}, {0, 3000}};
  sigset_t none;
  sigemptyset(&none);
  sigaction(SIGALRM, &action, NULL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void batch(int number) {
  state = state * 31 + number;
  prepare();
  fill();
  for (int i = 0; i < 400; i++) {
    int nr = next() % 470, skip = 0;
    for (unsigned j = 0; j < sizeof left_out / sizeof *left_out; j++) skip |= left_out[j] == nr;
    if (skip) continue;
    if (next() % 16 == 0) fill();
    arm();
    /* What forks goes on in the parent only: a child that also made calls would never end. */
    pid_t self = getpid();
    long a = next() % 2 ? fds[next() % fd_count] : argument();
    if (nr == SYS_clone || nr == SYS_clone3 || nr == SYS_fork || nr == SYS_vfork) {
      if (fork() == 0) _exit(0);
      continue;
    }
    syscall(nr, a, argument(), argument(), argument(), argument(), argument());
    if (getpid() != self) _exit(0);
  }
}

int main(int argc, char **argv) {
  uint64_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
  int batches = argc > 2 ? atoi(argv[2]) : 10;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  int ends[3] = {0};
  for (int i = 0; i < batches; i++) {
    pid_t pid = fork();
    if (pid < 0) continue;
    if (pid == 0) {
      state = seed;
      setpgid(0, 0);
      sigprocmask(SIG_UNBLOCK, &child, NULL);
      batch(i);
      _exit(0);
    }
    struct timespec limit = {2, 0};
    int status = 0, kind = 0;
    if (sigtimedwait(&child, NULL, &limit) < 0) kind = 2;
    kill(pid, SIGKILL);
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (kind == 0 && WIFSIGNALED(status)) kind = 1;
    ends[kind]++;
    while (waitpid(-1, NULL, WNOHANG) > 0);
    struct timespec none = {0, 0};
    while (sigtimedwait(&child, NULL, &none) > 0);
  }
  printf("%d ended, %d died, %d hung\n", ends[0], ends[1], ends[2]);
  return 0;
}
