/* RLIMIT_MEMLOCK, RLIMIT_SIGPENDING and RLIMIT_RTTIME: what they stop, and whom. Runs as root, its children mostly not. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096
#define NOBODY 65534

static void in_child(const char *name, void (*run)(void), int uid) {
  SECTION(name);
  pid_t child = fork();
  if (child == 0) {
    if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid)) abort();
    run();
    exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("dies of signal %d\n", WTERMSIG(status));
}

static long kilobytes(const char *name) {
  char line[256];
  long value = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name), ": %ld", &value);
  if (status) fclose(status);
  return value;
}

static void *pages(int count, int flags) {
  return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void no_locks(void) {
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0});
  char *p = pages(4, 0);
  SHOW(mlock(p, PAGE));
  SHOW(mlock(p, 0));
  SHOW(syscall(SYS_mlock2, p, PAGE, MLOCK_ONFAULT));
  SHOW(mlockall(MCL_CURRENT));
  SHOW(mlockall(MCL_FUTURE));
  SHOW(munlock(p, PAGE));
  SHOW(munlockall());
  SHOW_OK((long)pages(1, MAP_LOCKED));
  int id = shmget(IPC_PRIVATE, PAGE, 0600);
  SHOW(shmctl(id, SHM_LOCK, NULL));
  SHOW(shmctl(id, SHM_UNLOCK, NULL));
  SHOW(shmctl(id, IPC_RMID, NULL));
}

static void some_locks(void) {
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){4 * PAGE, 4 * PAGE});
  char *p = pages(8, 0);
  SHOW(mlock(p, 3 * PAGE));
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW(mlock(p + 2 * PAGE, 2 * PAGE));
  SHOW(mlock(p, 4 * PAGE));
  SHOW(mlock(p + 4 * PAGE, PAGE));
  SHOW(mlock(p, 5 * PAGE));
  SHOW_OK((long)pages(1, MAP_LOCKED));
  SHOW(mlockall(MCL_CURRENT));
  SHOW(madvise(p, PAGE, MADV_DONTNEED));
  SHOW(msync(p, PAGE, MS_INVALIDATE));
  SHOW(munlock(p + 1, 1));
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW(madvise(p, PAGE, MADV_DONTNEED));
  SHOW(mlock(p + 4 * PAGE, PAGE));
  pid_t child = fork();
  if (child == 0) {
    printf("child: VmLck %ld\n", kilobytes("VmLck"));
    exit(0);
  }
  waitpid(child, NULL, 0);
  munmap(p, 2 * PAGE);
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW(munlockall());
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW_OK((long)pages(2, MAP_LOCKED));
  printf("VmLck %ld\n", kilobytes("VmLck"));
  char *hole = pages(3, 0);
  munmap(hole + PAGE, PAGE);
  SHOW(mlock(hole, 2 * PAGE));
  SHOW(munlock(hole, 3 * PAGE));
  SHOW(munlockall());
  SHOW(mlockall(MCL_FUTURE));
  SHOW_OK((long)pages(4, 0));
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW_OK((long)pages(1, 0));
  char *end = sbrk(0);
  SHOW(sbrk(64 * PAGE) == (void *)-1);
  printf("brk stays %d\n", sbrk(0) == end);
}

static void of_root(void) {
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){PAGE, PAGE});
  SHOW(mlock(pages(8, 0), 8 * PAGE));
  printf("VmLck %ld\n", kilobytes("VmLck"));
  SHOW_OK((long)pages(8, MAP_LOCKED));
  SHOW(munlockall());
}

static volatile int seen;
static void on_signal(int signal) { seen++; }

static int queue(pid_t to) { return sigqueue(to, SIGRTMIN, (union sigval){.sival_int = 1}); }

static void of_one_user(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  pid_t other = fork();
  if (other == 0) {
    pause();
    exit(0);
  }
  setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){4, 4});
  for (int i = 0; i < 3; i++) SHOW(queue(other));
  SHOW(queue(getpid()));
  SHOW(queue(getpid()));
  timer_t timer;
  SHOW(timer_create(CLOCK_MONOTONIC, NULL, &timer));
  signal_child(other, SIGKILL);
  waitpid(other, NULL, 0);
  SHOW(timer_create(CLOCK_MONOTONIC, NULL, &timer));
  SHOW(queue(getpid()));
  SHOW(queue(getpid()));
  SHOW(queue(getpid()));
  SHOW(timer_delete(timer));
  SHOW(queue(getpid()));
  struct timespec none = {0, 0};
  int count = 0;
  while (sigtimedwait(&set, NULL, &none) > 0) count++;
  printf("%d were kept\n", count);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void real_time(void) {
  signal(SIGXCPU, on_signal);
  SHOW(setrlimit(RLIMIT_RTTIME, &(struct rlimit){500000, 2500000}));
  double start = seconds();
  while (seconds() < start + 0.7) continue;
  printf("an ordinary thread: %d\n", seen);
  SHOW(sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1}));
  for (int i = 0; i < 10; i++) {
    start = seconds();
    while (seconds() < start + 0.06) continue;
    usleep(1000);
  }
  printf("one that sleeps: %d\n", seen);
  start = seconds();
  while (!seen && seconds() < start + 3) continue;
  printf("one that does not: %d\n", seen);
  struct rlimit now;
  getrlimit(RLIMIT_RTTIME, &now);
  printf("soft limit %lu\n", now.rlim_cur);
  for (;;) continue;
}

static void without_effect(void) {
  SHOW(setrlimit(RLIMIT_RSS, &(struct rlimit){PAGE, PAGE}));
  SHOW(setrlimit(RLIMIT_LOCKS, &(struct rlimit){0, 0}));
  char *p = pages(64, 0);
  memset(p, 1, 64 * PAGE);
  FILE *file = tmpfile();
  SHOW(lockf(fileno(file), F_LOCK, 1));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  in_child("MEMLOCK 0", no_locks, NOBODY);
  in_child("MEMLOCK", some_locks, NOBODY);
  in_child("MEMLOCK of root", of_root, 0);
  in_child("SIGPENDING", of_one_user, NOBODY);
  in_child("RTTIME", real_time, 0);
  in_child("RSS and LOCKS", without_effect, NOBODY);
  return 0;
}
