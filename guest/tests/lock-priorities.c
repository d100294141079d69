/* Priority-inheriting locks: who is lent which priority, who gets the lock next, what an owner that ends leaves, and
   waiting for a lock through another word (FUTEX_WAIT_REQUEUE_PI). Needs the right to real-time priorities. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static uint32_t a, b, word;
static long futex(void *u, int op, uint32_t v, void *t, void *u2, uint32_t v3) { return syscall(SYS_futex, u, op, v, t, u2, v3); }

static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms * 1000000, t.tv_sec += t.tv_nsec / 1000000000, t.tv_nsec %= 1000000000;
  return t;
}

/* Fields of /proc/self/task/TID/stat. */
static void stat_of(int tid, char *state, long *priority, long *realtime) {
  char path[64], line[1024] = {0};
  sprintf(path, "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fgets(line, sizeof line, file) == NULL) exit(4);
  fclose(file);
  char *at = strrchr(line, ')') + 2;
  *state = *at;
  for (int field = 3; field < 40; field++) {
    if (field == 18) *priority = atol(at);
    at = strchr(at, ' ') + 1;
  }
  *realtime = atol(at);
}
static void await_sleep(int tid) {
  char state;
  long p, r;
  do usleep(500), stat_of(tid, &state, &p, &r); while (state != 'S');
}
static void show_priority(const char *who, int tid) {
  char state;
  long p, r;
  struct sched_param own;
  stat_of(tid, &state, &p, &r);
  sched_getparam(tid, &own);
  printf("%s: runs with %ld, own %ld %d\n", who, p, r, own.sched_priority);
}

/* A thread that takes locks in turn, tells, and lets go in turn when told. */
struct thread {
  pthread_t id;
  volatile int tid, step, told, result;
  int priority;
  uint32_t *locks[2];
  struct timespec *until;
};
static void *run(void *p) {
  struct thread *t = p;
  struct sched_param param = {t->priority};
  if (sched_setscheduler(0, t->priority > 0 ? SCHED_FIFO : SCHED_OTHER, &param) != 0) exit(5);
  t->tid = gettid();
  for (int i = 0; i < 2 && t->locks[i] != NULL; i++) {
    if (futex(t->locks[i], FUTEX_LOCK_PI, 0, t->until, NULL, 0) != 0) t->result = errno;
    t->step = i + 1;
  }
  for (int i = 0; i < 2 && t->locks[i] != NULL; i++) {
    while (t->told <= i) usleep(500);
    if (t->result == 0) futex(t->locks[i], FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
  }
  return NULL;
}
static void start(struct thread *t, int waits_at) {
  pthread_create(&t->id, NULL, run, t);
  while (t->tid == 0) usleep(200);
  if (waits_at >= 0) await_sleep(t->tid);
  else while (t->step == 0) usleep(200);
}
static void finish(struct thread *t) {
  t->told = 2;
  pthread_join(t->id, NULL);
}
static void until_step(struct thread *t, int step) {
  while (t->step < step) usleep(200);
}

static void lending(void) {
  SECTION("what is lent");
  int self = gettid();
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  struct thread low = {.priority = 3, .locks = {&a}}, high = {.priority = 9, .locks = {&a}}, plain = {.locks = {&a}};
  start(&plain, 0);
  show_priority("with a plain waiter", self);
  start(&low, 0), start(&high, 0);
  show_priority("with two more", self);
  printf("waiters %d, owner %d\n", (a & FUTEX_WAITERS) != 0, (int)(a & FUTEX_TID_MASK) == self);
  struct sched_param param = {20};
  SHOW(sched_setparam(low.tid, &param));
  show_priority("after one rose", self);
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  show_priority("after letting go", self);
  until_step(&low, 1);
  printf("the one that rose has it %d\n", (int)(a & FUTEX_TID_MASK) == low.tid);
  show_priority("and has its own", low.tid);
  finish(&low), until_step(&high, 1), finish(&high), until_step(&plain, 1);
  printf("the plain one is last %d\n", (int)(a & FUTEX_TID_MASK) == plain.tid);
  finish(&plain);
  printf("free %u\n", a);

  SECTION("chains");
  struct thread first = {.priority = 1, .locks = {&a}}, second = {.locks = {&b, &a}}, third = {.priority = 30, .locks = {&b}};
  start(&first, -1);
  start(&second, 0);
  show_priority("first", first.tid);
  start(&third, 0);
  show_priority("first", first.tid), show_priority("second", second.tid);
  SHOW(futex(&b, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  finish(&first), until_step(&second, 2);
  show_priority("second", second.tid);
  second.told = 1;
  until_step(&third, 1);
  show_priority("second", second.tid), show_priority("third", third.tid);
  finish(&second), finish(&third);

  SECTION("a waiter that gives up");
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  struct timespec until = in_ms(CLOCK_REALTIME, 60);
  struct thread late = {.priority = 7, .locks = {&a}, .until = &until};
  start(&late, 0);
  show_priority("while it waits", self);
  until_step(&late, 1);
  printf("%s\n", strerrorname_np(late.result));
  show_priority("then", self);
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  finish(&late);

  SECTION("circles");
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  struct thread other = {.locks = {&b, &a}};
  start(&other, 0);
  SHOW(futex(&b, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  finish(&other);
}

static void *ends_with_it(void *p) {
  futex(p, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
  usleep(30000);
  return NULL;
}
static volatile int handled;
static void handler(int s) { handled = s; }

static void ends(void) {
  SECTION("an owner that ends");
  pthread_t owner;
  a = 0;
  pthread_create(&owner, NULL, ends_with_it, &a);
  while (a == 0) usleep(200);
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  printf("mine %d, owner died %d\n", (int)(a & FUTEX_TID_MASK) == gettid(), (a & FUTEX_OWNER_DIED) != 0);
  pthread_join(owner, NULL);
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  printf("free %u\n", a);
  a = 0x3ffffff0;
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  a = 0;
  SECTION("signals while it waits");
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler}, NULL);
  SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  struct thread waiter = {.locks = {&a}};
  start(&waiter, 0);
  pthread_kill(waiter.id, SIGUSR1);
  while (!handled) usleep(200);
  await_sleep(waiter.tid);
  printf("waits on %d\n", waiter.step == 0);
  SHOW(futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  until_step(&waiter, 1);
  printf("has it %d\n", waiter.result == 0);
  finish(&waiter);
}

struct sleeper {
  pthread_t id;
  volatile int tid, is_over;
  long result;
  int error, priority;
  struct timespec *until;
};
static void *sleeps(void *p) {
  struct sleeper *s = p;
  struct sched_param param = {s->priority};
  sched_setscheduler(0, s->priority > 0 ? SCHED_FIFO : SCHED_OTHER, &param);
  s->tid = gettid();
  s->result = futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, s->until, &a, 0);
  s->error = s->result == 0 ? 0 : errno;
  s->is_over = 1;
  if (s->result == 0) futex(&a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
  return NULL;
}
static void fall_asleep(struct sleeper *s) {
  s->is_over = s->tid = 0;
  pthread_create(&s->id, NULL, sleeps, s);
  while (s->tid == 0) usleep(200);
  await_sleep(s->tid);
}
static void wake_up(const char *name, struct sleeper *s) {
  pthread_join(s->id, NULL);
  printf("%s: %s\n", name, s->error == 0 ? "got it" : strerrorname_np(s->error));
}

static void requeueing(void) {
  SECTION("FUTEX_WAIT_REQUEUE_PI, errors");
  a = b = word = 0;
  SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, NULL, &a, 0));
  SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &word, 0));
  SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, (char *)&a + 1, 0));
  struct timespec until = in_ms(CLOCK_MONOTONIC, 5);
  SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &until, &a, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, NULL, &a, 1));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, NULL, &a, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)-1, &a, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, NULL, &word, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)5, &a, 0));
  SECTION("to a free lock");
  struct sleeper s[3] = {{.priority = 2}, {.priority = 5}, {.priority = 0}};
  for (int i = 0; i < 3; i++) fall_asleep(&s[i]);
  SHOW(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)5, &b, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)5, &a, 0));
  for (int i = 0; i < 3; i++) wake_up("sleeper", &s[i]);
  printf("free %u\n", a);
  SECTION("to a lock that is taken");
  SHOW(futex(&a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) fall_asleep(&s[i]);
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)0, &a, 0));
  show_priority("with one of them", gettid());
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &a, 0));
  printf("over %d %d %d\n", s[0].is_over, s[1].is_over, s[2].is_over);
  SHOW(futex(&a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) wake_up("sleeper", &s[i]);
  show_priority("without", gettid());
  SECTION("interrupted and late");
  signal(SIGUSR1, handler);
  handled = 0;
  fall_asleep(&s[0]);
  pthread_kill(s[0].id, SIGUSR1);
  while (!handled) usleep(200);
  await_sleep(s[0].tid);
  printf("sleeps on %d\n", !s[0].is_over);
  SHOW(futex(&a, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)0, &a, 0));
  pthread_kill(s[0].id, SIGUSR1);
  wake_up("moved and interrupted", &s[0]);
  until = in_ms(CLOCK_MONOTONIC, 40);
  s[1].until = &until;
  fall_asleep(&s[1]);
  SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)0, &a, 0));
  wake_up("moved and late", &s[1]);
  SHOW(futex(&a, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
  printf("free %u\n", a);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  setpriority(PRIO_PROCESS, 0, 0); /* whoever started it may have been niced */
  lending();
  ends();
  requeueing();
  return 0;
}
