/* futex(2): wake-op, requeue, bitsets, priority-inheriting and robust locks; futex_waitv and its like. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static uint32_t a, b;
static long futex(void *u, int op, uint32_t v, void *t, void *u2, uint32_t v3) { return syscall(SYS_futex, u, op, v, t, u2, v3); }
static const struct timespec soon = {0, 20000000}, never = {0, -1};

struct waiter { pthread_t thread; uint32_t *word, bits; long result; int error; volatile int started; };
static void *wait_thread(void *p) {
  struct waiter *w = p;
  w->started = 1;
  w->result = futex(w->word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, w->bits);
  w->error = errno;
  return NULL;
}
static void start(struct waiter *w, uint32_t *word, uint32_t bits) {
  w->word = word, w->bits = bits, w->started = 0;
  pthread_create(&w->thread, NULL, wait_thread, w);
  while (!w->started) sched_yield();
  usleep(20000);
}

static void plain(void) {
  SECTION("errors");
  SHOW(futex(&a, FUTEX_WAIT, 1, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_WAIT, 0, (void *)&soon, NULL, 0));
  SHOW(futex(&a, FUTEX_WAIT, 0, (void *)&never, NULL, 0));
  SHOW(futex((char *)&a + 1, FUTEX_WAIT, 0, NULL, NULL, 0));
  SHOW(futex((void *)16, FUTEX_WAIT, 0, NULL, NULL, 0));
  SHOW(futex((void *)16, FUTEX_WAKE, 1, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
  SHOW(futex(&a, 99, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_CMP_REQUEUE, 1, (void *)1, &b, 7));
  SHOW(futex(&a, FUTEX_REQUEUE, -1, (void *)1, &b, 0));
  SHOW(futex(&a, FUTEX_WAKE, 1, NULL, NULL, 0));
  SECTION("bitsets");
  struct waiter w[3];
  start(&w[0], &a, 1);
  start(&w[1], &a, 2);
  start(&w[2], &a, 4);
  SHOW(futex(&a, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 8));
  SHOW(futex(&a, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 6));
  SHOW(futex(&a, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) pthread_join(w[i].thread, NULL), printf("%ld\n", w[i].result);
  SECTION("requeue");
  for (int i = 0; i < 3; i++) start(&w[i], &a, -1);
  SHOW(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &b, 0));
  SHOW(futex(&b, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) pthread_join(w[i].thread, NULL);
  SECTION("wake-op");
  start(&w[0], &a, -1);
  start(&w[1], &b, -1);
  b = 0;
  SHOW(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)));
  printf("b %u\n", b);
  for (int i = 0; i < 2; i++) pthread_join(w[i].thread, NULL);
  SHOW(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, FUTEX_OP(FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 3, FUTEX_OP_CMP_GT, 9)));
  printf("b %u\n", b);
  SHOW(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, FUTEX_OP(FUTEX_OP_ANDN, 4, FUTEX_OP_CMP_LE, 9)));
  printf("b %u\n", b);
  b = 0;
}

static pthread_mutex_t pi, robust;
static volatile int order[4], filled;
static void *locker(void *p) {
  pthread_mutex_lock(&pi);
  order[filled++] = (int)(intptr_t)p;
  pthread_mutex_unlock(&pi);
  return NULL;
}
static void *dies_with_lock(void *p) {
  pthread_mutex_lock(p);
  return NULL;
}
static volatile int inside;
static void *counts(void *p) {
  for (int i = 0; i < 300; i++) {
    pthread_mutex_lock(&pi);
    int v = inside;
    if (i % 7 == 0) sched_yield();
    inside = v + 1;
    pthread_mutex_unlock(&pi);
  }
  return p;
}

static void locks(void) {
  SECTION("priority inheritance");
  uint32_t self = gettid();
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  printf("owner: %d\n", a == self);
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  printf("free: %u\n", a);
  a = 0x3ffffff0;
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  a = 0;
  pthread_mutexattr_t t;
  pthread_mutexattr_init(&t);
  pthread_mutexattr_setprotocol(&t, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&pi, &t);
  pthread_mutex_lock(&pi);
  pthread_t threads[4];
  for (intptr_t i = 0; i < 3; i++) pthread_create(&threads[i], NULL, locker, (void *)i), usleep(20000);
  pthread_mutex_unlock(&pi);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  printf("order %d %d %d\n", order[0], order[1], order[2]);
  pthread_mutex_lock(&pi);
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  pthread_mutex_unlock(&pi);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, counts, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("counted %d\n", inside);
  SECTION("robust");
  for (int inherit = 0; inherit < 2; inherit++) {
    pthread_mutexattr_setrobust(&t, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&t, inherit ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
    pthread_mutex_init(&robust, &t);
    pthread_create(&threads[0], NULL, dies_with_lock, &robust);
    pthread_join(threads[0], NULL);
    printf("lock: %s\n", strerrorname_np(pthread_mutex_lock(&robust)));
    SHOW(pthread_mutex_consistent(&robust));
    SHOW(pthread_mutex_unlock(&robust));
    SHOW(pthread_mutex_trylock(&robust));
    SHOW(pthread_mutex_unlock(&robust));
  }
}

struct waitv { uint64_t val, uaddr; uint32_t flags, reserved; };
static void *wakes_b(void *p) {
  usleep(30000);
  b = 1;
  syscall(SYS_futex, &b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return p;
}

static void newer(void) {
  SECTION("futex_waitv");
  a = b = 0;
  struct waitv v[2] = {{0, (uintptr_t)&a, 2 | FUTEX_PRIVATE_FLAG, 0}, {0, (uintptr_t)&b, 2 | FUTEX_PRIVATE_FLAG, 0}};
  SHOW(syscall(449, v, 0, 0, NULL, 0));
  SHOW(syscall(449, v, 129, 0, NULL, 0));
  SHOW(syscall(449, v, 2, 1, NULL, 0));
  SHOW(syscall(449, NULL, 2, 0, NULL, 0));
  v[0].val = 1;
  SHOW(syscall(449, v, 2, 0, NULL, 0));
  v[0].val = 0;
  v[1].flags = 1;
  SHOW(syscall(449, v, 2, 0, NULL, 0));
  v[1].flags = 2 | FUTEX_PRIVATE_FLAG;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 10000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  SHOW(syscall(449, v, 2, 0, &until, CLOCK_MONOTONIC));
  pthread_t t;
  pthread_create(&t, NULL, wakes_b, NULL);
  SHOW(syscall(449, v, 2, 0, NULL, 0));
  pthread_join(t, NULL);
}

static volatile int interruptions;
static void on_signal(int s) { interruptions += s == SIGUSR1; }
static void *disturbs(void *p) {
  usleep(20000);
  pthread_kill(*(pthread_t *)p, SIGUSR1);
  usleep(20000);
  b = 1;
  futex(&b, FUTEX_WAKE, 1, NULL, NULL, 0);
  return NULL;
}
static void interrupted(void) {
  SECTION("signals");
  struct timespec second = {1, 0}, until;
  pthread_t self = pthread_self(), other;
  for (int restarts = 0; restarts < 2; restarts++)
    for (int timed = 0; timed < 2; timed++) {
      sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = restarts ? SA_RESTART : 0}, NULL);
      interruptions = 0, b = 0;
      pthread_create(&other, NULL, disturbs, &self);
      SHOW(futex(&b, FUTEX_WAIT, 0, timed ? &second : NULL, NULL, 0));
      pthread_join(other, NULL);
      printf("handled %d\n", interruptions), b = 0;
      clock_gettime(CLOCK_MONOTONIC, &until), until.tv_sec++;
      pthread_create(&other, NULL, disturbs, &self);
      SHOW(futex(&b, FUTEX_WAIT_BITSET, 0, timed ? &until : NULL, NULL, -1));
      pthread_join(other, NULL);
    }
}

static void *waits_on_a(void *p) {
  *(long *)p = syscall(455, &a, 0ul, ~0u, 2 | FUTEX_PRIVATE_FLAG, NULL, CLOCK_MONOTONIC);
  return NULL;
}
static void futex2(void) {
  SECTION("futex_wait, futex_wake, futex_requeue");
  struct timespec late;
  a = b = 0;
  clock_gettime(CLOCK_MONOTONIC, &late), late.tv_nsec += late.tv_nsec < 990000000 ? 5000000 : 0;
  SHOW(syscall(455, &a, 1ul, ~0u, 2 | FUTEX_PRIVATE_FLAG, NULL, CLOCK_MONOTONIC));
  SHOW(syscall(455, &a, 0ul, ~0u, 2 | FUTEX_PRIVATE_FLAG, &late, CLOCK_MONOTONIC));
  SHOW(syscall(455, &a, 0ul, ~0u, 2, &late, CLOCK_BOOTTIME));
  SHOW(syscall(455, &a, 0ul, 0u, 2, NULL, CLOCK_MONOTONIC));
  SHOW(syscall(455, &a, 0ul, ~0u, 1, NULL, CLOCK_MONOTONIC));
  SHOW(syscall(455, &a, 1ul << 33, ~0u, 2, NULL, CLOCK_MONOTONIC));
  SHOW(syscall(455, (char *)&a + 2, 0ul, ~0u, 2, NULL, CLOCK_MONOTONIC));
  SHOW(syscall(454, &a, ~0u, 1, 2 | FUTEX_PRIVATE_FLAG));
  SHOW(syscall(454, &a, 0u, 1, 2));
  SHOW(syscall(454, &a, ~0u, 1, 64));
  SHOW(syscall(454, (void *)16, ~0u, 1, 2));
  pthread_t threads[3];
  long results[3] = {-1, -1, -1};
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, waits_on_a, &results[i]), usleep(20000);
  struct waitv v[2] = {{1, (uintptr_t)&a, 2 | FUTEX_PRIVATE_FLAG, 0}, {0, (uintptr_t)&b, 2 | FUTEX_PRIVATE_FLAG, 0}};
  SHOW(syscall(456, v, 0, 1, 1));
  v[0].val = 0;
  SHOW(syscall(456, v, 1, 1, 1));
  SHOW(syscall(456, NULL, 0, 1, 1));
  SHOW(syscall(456, v, 0, -1, 1));
  SHOW(syscall(456, v, 0, 1, 1));
  SHOW(syscall(454, &b, ~0u, 9, 2 | FUTEX_PRIVATE_FLAG));
  SHOW(syscall(454, &a, ~0u, 9, 2 | FUTEX_PRIVATE_FLAG));
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL), printf("%ld ", results[i]);
  puts("");
}

static struct {
  struct robust_list entry;
  volatile int word;
} held;
static void *forgets_to_wake(void *p) {
  struct robust_list_head head = {{&head.list}, sizeof(struct robust_list), &held.entry};
  syscall(SYS_set_robust_list, &head, sizeof head);
  while (held.word != 2) usleep(1000);
  usleep(20000);
  held.word = 0;
  syscall(SYS_exit, 0);
  return NULL;
}

static volatile int *lock;
static int told[2];
static void *wants_lock(void *p) {
  _exit(syscall(SYS_futex, lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0 ? 4 : 5);
}
static void unmaps_what_a_thread_wants(void) {
  pthread_t t;
  pthread_create(&t, NULL, wants_lock, NULL);
  while (*lock >= 0) usleep(1000);
  usleep(20000);
  munmap((void *)lock, 4096);
  if (write(told[1], "", 1) == 1) pause();
}

static void abandoned(void) {
  SECTION("abandoned");
  pthread_t t;
  pthread_create(&t, NULL, forgets_to_wake, NULL);
  held.word = 2;
  SHOW(futex((int *)&held.word, FUTEX_WAIT, 2, &(struct timespec){5, 0}, NULL, 0));
  pthread_join(t, NULL);

  char byte;
  int status;
  lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SHOW(pipe(told));
  SHOW(syscall(SYS_futex, lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) unmaps_what_a_thread_wants();
  SHOW(read(told[0], &byte, 1));
  SHOW(syscall(SYS_futex, lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  SHOW((*lock & FUTEX_TID_MASK) > child);
  SHOW(waitpid(child, &status, 0) == child);
  SHOW(WEXITSTATUS(status));
}

/* With an argument: what Linux has since 6.7. */
int main(int argc, char **argv) {
  (void)argv;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1) return futex2(), 0;
  interrupted();
  plain();
  locks();
  newer();
  abandoned();
  return 0;
}
