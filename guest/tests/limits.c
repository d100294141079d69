/* setrlimit(2): what each limit does. sched(7): classes as values that act. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static void limit(int resource, rlim_t soft) {
  struct rlimit r;
  getrlimit(resource, &r);
  r.rlim_cur = soft;
  if (setrlimit(resource, &r) != 0) printf("setrlimit: %s\n", strerrorname_np(errno));
}

/* Runs a function in a child, so that its limits go with it. */
static void in_child(const char *title, void (*work)(void)) {
  SECTION(title);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    work();
    fflush(stdout);
    _exit(7);
  }
  int status;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
  else printf("signal %d core %d\n", WTERMSIG(status), WCOREDUMP(status) != 0);
}

static volatile sig_atomic_t caught;
static void on_signal(int s) { caught = s; }

static void files(void) {
  limit(RLIMIT_NOFILE, 10);
  int fds[20], count = 0;
  for (int i = 3; i < 10; i++) close(i);
  while (count < 20 && (fds[count] = dup(1)) >= 0) count++;
  printf("descriptors %d %s\n", count, strerrorname_np(errno));
  SHOW(dup2(1, 10));
  SHOW(dup2(1, 9));
  SHOW(fcntl(1, F_DUPFD, 10));
  close(9);
  int p[2];
  SHOW(pipe(p));
  SHOW(open("/dev/null", O_RDONLY));
  SHOW(open("/dev/null", O_RDONLY));
  struct pollfd none[11];
  SHOW(poll(none, 11, 0));
}

static void sizes(void) {
  char path[] = "/tmp/limits-XXXXXX";
  int fd = mkstemp(path);
  unlink(path);
  limit(RLIMIT_FSIZE, 1000);
  signal(SIGXFSZ, on_signal);
  char data[600] = {0};
  SHOW(write(fd, data, 600));
  SHOW(write(fd, data, 600));
  printf("caught %d\n", caught);
  SHOW(write(fd, data, 600));
  printf("caught %d\n", caught == SIGXFSZ);
  caught = 0;
  SHOW(pwrite(fd, data, 10, 2000));
  SHOW(ftruncate(fd, 1001));
  SHOW(ftruncate(fd, 1000));
  SHOW(fallocate(fd, 0, 0, 1001));
  printf("caught %d\n", caught == SIGXFSZ);
  signal(SIGXFSZ, SIG_DFL);
  limit(RLIMIT_CORE, 0);
  write(fd, data, 1);
}

static void cpu_soft(void) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 1);
  for (volatile unsigned long n = 0;; n++);
}

static void cpu_hard(void) {
  signal(SIGXCPU, on_signal);
  struct rlimit r = {1, 2};
  setrlimit(RLIMIT_CPU, &r);
  while (caught == 0);
  printf("caught %d\n", caught == SIGXCPU);
  fflush(stdout);
  for (;;);
}

static void space(void) {
  limit(RLIMIT_AS, 64 << 20);
  SHOW(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  SHOW_OK((long)mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  printf("malloc: %d\n", malloc(100 << 20) == NULL);
  printf("sbrk: %d\n", sbrk(100 << 20) == (void *)-1);
}

static void data(void) {
  limit(RLIMIT_DATA, 16 << 20);
  SHOW(mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  SHOW(mmap(NULL, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  SHOW(mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void processes(void) {
  limit(RLIMIT_NPROC, 0);
  SHOW(setresuid(54321, 54321, 54321));
  SHOW(fork());
  pthread_t t;
  printf("thread: %s\n", strerrorname_np(pthread_create(&t, NULL, (void *)on_signal, NULL)));
  struct rlimit r;
  getrlimit(RLIMIT_NOFILE, &r);
  r.rlim_max++;
  SHOW(setrlimit(RLIMIT_NOFILE, &r));
  SHOW(prlimit(getppid(), RLIMIT_NOFILE, NULL, &r));
  struct sched_param p = {.sched_priority = 1};
  SHOW(sched_setscheduler(0, SCHED_FIFO, &p));
}

static void core(void) {
  struct rlimit r = {0, 0};
  setrlimit(RLIMIT_CORE, &r);
  abort();
}

static void errors(void) {
  struct rlimit r = {5, 4};
  SHOW(setrlimit(RLIMIT_CORE, &r));
  SHOW(setrlimit(16, &r));
  SHOW(getrlimit(-1, &r));
  SHOW(getrlimit(RLIMIT_CPU, (void *)8));
  r.rlim_cur = r.rlim_max = 1 << 21;
  SHOW(setrlimit(RLIMIT_NOFILE, &r));
  SHOW(prlimit(0, RLIMIT_FSIZE, NULL, &r));
  printf("unlimited: %d\n", r.rlim_cur == RLIM_INFINITY);
  r.rlim_cur = 12345;
  SHOW(prlimit(getpid(), RLIMIT_FSIZE, &r, NULL));
  struct rlimit old;
  SHOW(prlimit(0, RLIMIT_FSIZE, &r, &old));
  printf("old %lu\n", old.rlim_cur);
  SHOW(prlimit(999999, RLIMIT_FSIZE, NULL, &old));
}

static volatile int filled, who[8], go;
static void *notes(void *p) {
  while (!go) sched_yield();
  who[filled++] = (int)(long)p;
  return NULL;
}

static void scheduling(void) {
  struct sched_param p = {.sched_priority = 10};
  SHOW(sched_getscheduler(0));
  SHOW(sched_setscheduler(0, 9, &p));
  SHOW(sched_setscheduler(0, SCHED_OTHER, &p));
  SHOW(sched_setscheduler(-1, SCHED_FIFO, &p));
  SHOW(sched_setscheduler(0, SCHED_FIFO, NULL));
  cpu_set_t cpus;
  struct timespec interval;
  SHOW(sched_getscheduler(-1));
  SHOW(sched_rr_get_interval(-1, &interval));
  SHOW(sched_getaffinity(-1, sizeof cpus, &cpus));
  SHOW(sched_getaffinity(-1, 1, &cpus));
  SHOW(sched_getaffinity(0, sizeof cpus, &cpus));
  SHOW(sched_setaffinity(-1, sizeof cpus, &cpus));
  SHOW(getpriority(PRIO_PROCESS, -1));
  SHOW(setpriority(PRIO_PROCESS, -1, 0));
  SHOW(sched_setscheduler(0, SCHED_FIFO, &p));
  SHOW(sched_getscheduler(0));
  SHOW(sched_getparam(0, &p));
  printf("priority %d\n", p.sched_priority);
  p.sched_priority = 100;
  SHOW(sched_setparam(0, &p));
  p.sched_priority = 20;
  SHOW(sched_setparam(0, &p));
  SHOW(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p));
  SHOW(sched_getscheduler(0));
  struct timespec t;
  SHOW(sched_rr_get_interval(0, &t));
  printf("%ld\n", t.tv_nsec);
  fflush(stdout);
  if (fork() == 0) {
    SHOW(sched_getscheduler(0));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  struct { unsigned size, policy; unsigned long flags; int nice; unsigned priority; unsigned long r[3]; } a = {0};
  SHOW(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0));
  printf("policy %u priority %u flags %lu\n", a.policy, a.priority, a.flags);
  a.policy = SCHED_BATCH, a.priority = 0, a.nice = 5, a.flags = 0;
  SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
  SHOW(getpriority(PRIO_PROCESS, 0));
  SHOW(sched_getscheduler(0));
  SHOW(syscall(SYS_sched_getattr, 0, &a, 8, 0));
  p.sched_priority = 50;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  sched_setaffinity(0, sizeof one, &one);
  SHOW(sched_setscheduler(0, SCHED_FIFO, &p));
  pthread_t threads[3];
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
  for (long i = 0; i < 3; i++) {
    p.sched_priority = 10 * (i + 1);
    pthread_attr_setschedparam(&attr, &p);
    SHOW(pthread_create(&threads[i], &attr, notes, (void *)i));
  }
  go = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  printf("order %d %d %d\n", who[0], who[1], who[2]);
}

static void queued(void) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGRTMIN), sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  SHOW(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, 0}));
  SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){1}));
  SHOW(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN));
  SHOW(syscall(SYS_tkill, getpid(), SIGUSR1));
  SHOW(kill(getpid(), SIGRTMIN));
  SHOW(sigpending(&set));
  printf("%d %d\n", sigismember(&set, SIGRTMIN), sigismember(&set, SIGUSR1));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  in_child("NOFILE", files);
  in_child("FSIZE", sizes);
  in_child("CPU, soft", cpu_soft);
  in_child("CPU, hard", cpu_hard);
  in_child("AS", space);
  in_child("DATA", data);
  in_child("NPROC, another user", processes);
  in_child("CORE", core);
  in_child("SIGPENDING", queued);
  in_child("errors", errors);
  in_child("scheduling", scheduling);
  return 0;
}
