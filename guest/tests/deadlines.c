/* SCHED_DEADLINE (sched(7)): what is kept of its parameters, who is admitted, and what its threads may not do. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

struct attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};
#define MS 1000000ULL

static long set(int policy, uint64_t flags, uint32_t priority, uint64_t runtime, uint64_t deadline, uint64_t period) {
  struct attributes wanted = {sizeof wanted, policy, flags, 0, priority, runtime, deadline, period};
  return syscall(SYS_sched_setattr, 0, &wanted, 0);
}
static void kept(void) {
  struct attributes got = {0};
  long result = syscall(SYS_sched_getattr, 0, &got, sizeof got, 0);
  printf("  %ld: policy %u flags %llx nice %d priority %u", result, got.policy, (unsigned long long)got.flags, got.nice,
         got.priority);
  if (got.policy == 6) /* newer kernels tell a slice of others there */
    printf(", %llu of %llu each %llu", (unsigned long long)got.runtime, (unsigned long long)got.deadline,
           (unsigned long long)got.period);
  puts("");
}

static void parameters(void) {
  struct sched_param none = {0};
  struct timespec interval = {7, 7};
  SHOW(set(6, 0, 0, 0, 10 * MS, 10 * MS));
  SHOW(set(6, 0, 0, 1023, 10 * MS, 10 * MS));
  SHOW(set(6, 0, 0, MS, 0, 10 * MS));
  SHOW(set(6, 0, 0, 11 * MS, 10 * MS, 10 * MS));
  SHOW(set(6, 0, 0, MS, 10 * MS, 9 * MS));
  SHOW(set(6, 0, 0, 2000, 50000, 50000));
  SHOW(set(6, 0, 0, MS, 5000 * MS, 5000 * MS));
  SHOW(set(6, 0, 0, MS, 1ULL << 63, 1ULL << 63));
  SHOW(set(6, 0, 1, MS, 10 * MS, 10 * MS));
  SHOW(set(6, 0x1000, 0, MS, 10 * MS, 10 * MS));
  SHOW(sched_setscheduler(0, 6, &none));
  kept();
  SHOW(set(6, 0, 0, MS, 10 * MS, 20 * MS)), kept();
  SHOW(sched_getscheduler(0)), SHOW(sched_getparam(0, &none)), SHOW(none.sched_priority);
  SHOW(sched_rr_get_interval(0, &interval)), SHOW(interval.tv_nsec);
  SHOW(set(6, 0, 0, 2 * MS, 10 * MS, 0)), kept();
  SHOW(sched_setparam(0, &none));
  SHOW(fork());
  SHOW(set(6, 1, 0, 2 * MS, 10 * MS, 0)), kept(), fflush(stdout);
  pid_t child = fork();
  if (child == 0) kept(), fflush(stdout), _exit(0);
  waitpid(child, NULL, 0);
  SHOW(set(0, 0, 0, 0, 0, 0)), kept();
  SHOW(sched_get_priority_max(6)), SHOW(sched_get_priority_min(6));
}

/* However many processors there are: they are full some time, and there is room again when others leave. */
static void admission(void) {
  enum { MOST = 1024 };
  static pid_t children[MOST];
  int count = 0, full = 0;
  while (count < MOST && !full) {
    int told[2];
    char answer = 0;
    pipe(told);
    pid_t child = fork();
    if (child == 0) {
      answer = set(6, 0, 0, 50 * MS, 100 * MS, 100 * MS) == 0 ? 1 : errno == EBUSY ? 2 : 3;
      write(told[1], &answer, 1);
      for (;;) pause();
    }
    read(told[0], &answer, 1), close(told[0]), close(told[1]);
    if (answer != 1) full = answer;
    children[count++] = child;
  }
  if (full) printf("%s\n", full == 2 ? "EBUSY in the end" : "something else");
  for (int i = 0; i < count; i++) signal_child(children[i], SIGKILL), waitpid(children[i], NULL, 0);
  if (!full) exit(77); /* a host without a limit */
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (set(6, 0, 0, MS, 100 * MS, 100 * MS) != 0) return 77; /* a container that may not, or a part of the processors */
  if (set(0, 0, 0, 0, 0, 0) != 0) return 1;
  parameters();
  admission();
  if (setresuid(1000, 1000, 1000) == 0) SHOW(set(6, 0, 0, MS, 10 * MS, 10 * MS));
  return 0;
}
