/* OSv's tests of threads and of what synchronises them. The kernel's own C++ (queues, RCU, merger) is written anew on
   atomics here: what of it a program can see is that loads, stores and futexes of two threads meet as they must. */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../show.h"

#define NAME(error) ((error) == 0 ? "0" : strerrorname_np(error))
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms * 1000000, t.tv_sec += t.tv_nsec / 1000000000, t.tv_nsec %= 1000000000;
  return t;
}
static pthread_t start(void *(*body)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, argument) != 0) exit(3);
  return thread;
}
static long join(pthread_t thread) {
  void *result;
  pthread_join(thread, &result);
  return (long)result;
}

static void *twice(void *p) { return (void *)((long)p * 2); }
static void *own_self(void *p) { return (void *)(long)pthread_equal(*(pthread_t *)p, pthread_self()); }
static atomic_int gone;
static void *detached(void *p) {
  gone++;
  return p;
}
static void basics(void) {
  SECTION("tst-pthread");
  pthread_attr_t attr;
  size_t size;
  int state;
  SHOW(join(start(twice, (void *)21)));
  pthread_attr_init(&attr);
  pthread_attr_getstacksize(&attr, &size);
  SHOW(pthread_attr_setstacksize(&attr, 1 << 20));
  pthread_attr_getstacksize(&attr, &size);
  printf("stack %zu\n", size);
  printf("%s\n", NAME(pthread_attr_setstacksize(&attr, 1)));
  SHOW(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
  pthread_attr_getdetachstate(&attr, &state);
  pthread_t thread;
  SHOW(pthread_create(&thread, &attr, detached, NULL));
  while (!gone) sched_yield();
  printf("%s\n", NAME(pthread_join(pthread_self(), NULL)));
  pthread_t self = pthread_self();
  SHOW(own_self(&self));
  char name[16];
  SHOW(pthread_setname_np(self, "fifteen letters"));
  printf("%s\n", NAME(pthread_setname_np(self, "sixteen letters!")));
  SHOW(pthread_getname_np(self, name, sizeof name));
  puts(name);
  SECTION("tst-pthread-affinity, tst-pin");
  cpu_set_t set, got;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  SHOW(pthread_setaffinity_np(self, sizeof set, &set));
  SHOW(pthread_getaffinity_np(self, sizeof got, &got));
  printf("one processor %d, on it %d\n", CPU_COUNT(&got), sched_getcpu());
  CPU_ZERO(&set);
  printf("%s\n", NAME(pthread_setaffinity_np(self, sizeof set, &set)));
  CPU_SET(1000, &set);
  printf("%s\n", NAME(pthread_setaffinity_np(self, sizeof set, &set)));
  SECTION("tst-pthread-affinity-inherit");
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  pthread_attr_init(&attr);
  SHOW(pthread_attr_setaffinity_np(&attr, sizeof set, &set));
  SHOW(pthread_create(&thread, &attr, twice, NULL));
  SHOW(pthread_getaffinity_np(thread, sizeof got, &got));
  printf("inherited %d\n", CPU_EQUAL(&set, &got));
  join(thread);
}

static pthread_barrier_t barrier;
static atomic_int rounds_wrong, arrivals;
static void *meet(void *p) {
  long serial = 0;
  for (int i = 1; i <= 20; i++) {
    arrivals++;
    serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    if (arrivals < 4 * i) rounds_wrong++;
    pthread_barrier_wait(&barrier);
  }
  (void)p;
  return (void *)serial;
}
static pthread_key_t keys[3];
static atomic_int destroyed, again;
static void destroy(void *p) {
  destroyed += (int)(long)p;
  if (again++ == 0) pthread_setspecific(keys[0], (void *)100L);
}
static void *use_keys(void *p) {
  for (long i = 0; i < 3; i++) printf("%ld ", (long)pthread_getspecific(keys[i])), pthread_setspecific(keys[i], (void *)(i + 1));
  return p;
}
static sem_t is_disabled;
static void *until_cancelled(void *p) {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
  printf("state was enabled %d\n", old == PTHREAD_CANCEL_ENABLE);
  sem_post(&is_disabled);
  sem_wait(p);
  pthread_testcancel();
  printf("went on while it was disabled\n");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
  pthread_testcancel();
  printf("not reached\n");
  return NULL;
}
static void *spins(void *p) {
  int old;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
  for (;;) ++*(volatile long *)p;
  return NULL;
}
static void barriers_keys_cancel(void) {
  SECTION("tst-pthread-barrier");
  pthread_t t[4];
  long serials = 0;
  printf("%s\n", NAME(pthread_barrier_init(&barrier, NULL, 0)));
  pthread_barrier_init(&barrier, NULL, 4);
  for (int i = 0; i < 4; i++) t[i] = start(meet, NULL);
  for (int i = 0; i < 4; i++) serials += join(t[i]);
  printf("serial %ld wrong %d\n", serials, rounds_wrong);
  SHOW(pthread_barrier_destroy(&barrier));
  SECTION("tst-pthread-tsd");
  for (int i = 0; i < 3; i++) pthread_key_create(&keys[i], i == 2 ? NULL : destroy);
  join(start(use_keys, NULL)), join(start(use_keys, NULL));
  printf("destroyed %d\n", destroyed);
  SHOW(pthread_key_delete(keys[1]));
  printf("%s\n", NAME(pthread_setspecific(keys[1], NULL)));
  int many = 0;
  pthread_key_t key;
  while (pthread_key_create(&key, NULL) == 0) many++;
  printf("keys %d\n", many > 1000);
  SECTION("tst-pthread-setcancelstate");
  sem_t sem;
  sem_init(&sem, 0, 0);
  t[0] = start(until_cancelled, &sem);
  sem_wait(&is_disabled);
  SHOW(pthread_cancel(t[0]));
  sem_post(&sem);
  printf("cancelled %d\n", join(t[0]) == (long)PTHREAD_CANCELED);
  static long count;
  t[0] = start(spins, &count);
  while (*(volatile long *)&count == 0) sched_yield();
  pthread_cancel(t[0]);
  printf("a loop is cancelled %d\n", join(t[0]) == (long)PTHREAD_CANCELED);
  printf("%s\n", NAME(pthread_setcancelstate(77, NULL)));
}

static int flag, waiting_now, woken;
static void *wait_flag(void *p) {
  pthread_mutex_lock(&lock);
  waiting_now++;
  while (!flag) pthread_cond_wait(&changed, &lock);
  woken++;
  pthread_mutex_unlock(&lock);
  return p;
}
static pthread_cond_t ping = PTHREAD_COND_INITIALIZER;
static int ball;
static void *play(void *p) {
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&lock);
    while (ball != (int)(long)p) pthread_cond_wait(&ping, &lock);
    ball = !ball;
    pthread_cond_signal(&ping);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}
static atomic_int completed;
static void *complete(void *p) {
  completed++;
  return p;
}
static atomic_int yields;
static void *yielder(void *p) {
  for (int i = 0; i < 200; i++) sched_yield(), yields++;
  return p;
}
static volatile int stop_spinning;
static void *spin(void *p) {
  while (!stop_spinning) ++*(volatile long *)p;
  return NULL;
}
static void *floats(void *p) {
  double seed = 1.0 + (long)p, x = seed;
  for (int i = 0; i < 20000; i++) {
    x = x * 1.0000001 + 0.5 / x;
    if (i % 1000 == 0) sched_yield();
  }
  double y = seed;
  for (int i = 0; i < 20000; i++) y = y * 1.0000001 + 0.5 / y;
  return (void *)(long)(x == y);
}
static void *formats(void *p) {
  char text[64], name[32];
  sprintf(name, "/tmp/osv-libc-%d-%ld", getpid(), (long)p);
  for (int i = 0; i < 100; i++) {
    void *m = malloc(1000 + i);
    FILE *f = fopen("/dev/null", "w");
    fprintf(f, "%d %s\n", i, name), fclose(f), free(m);
    snprintf(text, sizeof text, "%ld-%d", (long)p, i);
    if (atol(text) != (long)p) return (void *)1;
  }
  return NULL;
}
static void switching(void) {
  SECTION("tst-condvar");
  pthread_t t[16];
  for (int i = 0; i < 4; i++) t[i] = start(wait_flag, NULL);
  for (int all = 0; !all; sched_yield()) pthread_mutex_lock(&lock), all = waiting_now == 4, pthread_mutex_unlock(&lock);
  pthread_mutex_lock(&lock), flag = 1, pthread_cond_broadcast(&changed), pthread_mutex_unlock(&lock);
  for (int i = 0; i < 4; i++) join(t[i]);
  printf("woken %d\n", woken);
  t[0] = start(play, (void *)0), t[1] = start(play, (void *)1);
  join(t[0]), join(t[1]);
  printf("ball %d\n", ball);
  pthread_mutex_lock(&lock);
  struct timespec past = in_ms(CLOCK_REALTIME, -5), soon = in_ms(CLOCK_REALTIME, 4);
  printf("%s %s\n", NAME(pthread_cond_timedwait(&changed, &lock, &past)), NAME(pthread_cond_timedwait(&changed, &lock, &soon)));
  pthread_mutex_unlock(&lock);
  SECTION("tst-threadcomplete");
  for (int i = 0; i < 300; i++) join(start(complete, NULL));
  printf("completed %d\n", completed);
  SECTION("tst-yield");
  for (int i = 0; i < 4; i++) t[i] = start(yielder, NULL);
  for (int i = 0; i < 4; i++) join(t[i]);
  printf("yields %d\n", yields);
  SECTION("tst-preempt");
  static long counts[2];
  t[0] = start(spin, &counts[0]), t[1] = start(spin, &counts[1]);
  while (*(volatile long *)&counts[0] == 0 || *(volatile long *)&counts[1] == 0) usleep(500);
  stop_spinning = 1;
  join(t[0]), join(t[1]);
  printf("both loops and this thread had a turn\n");
  SECTION("tst-fpu");
  for (long i = 0; i < 8; i++) t[i] = start(floats, (void *)i);
  long right = 0;
  for (int i = 0; i < 8; i++) right += join(t[i]);
  printf("right %ld\n", right);
  SECTION("tst-libc-locking");
  for (long i = 0; i < 8; i++) t[i] = start(formats, (void *)i);
  for (int i = 0; i < 8; i++) right += join(t[i]);
  printf("wrong %ld\n", right - 8);
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static int shared_a, shared_b;
static atomic_int torn;
static void *reader(void *p) {
  for (int i = 0; i < 300; i++) {
    pthread_rwlock_rdlock(&rw);
    if (shared_a != shared_b) torn++;
    pthread_rwlock_unlock(&rw);
  }
  return p;
}
static void *writer(void *p) {
  for (int i = 0; i < 300; i++) {
    pthread_rwlock_wrlock(&rw);
    shared_a++;
    if (i % 50 == 0) sched_yield();
    shared_b++;
    pthread_rwlock_unlock(&rw);
  }
  return p;
}
static void *try_locks(void *p) {
  struct timespec t = in_ms(CLOCK_REALTIME, 3), m = in_ms(CLOCK_MONOTONIC, 3);
  printf("%s %s %s %s\n", NAME(pthread_mutex_trylock(p)), NAME(pthread_mutex_timedlock(p, &t)),
         NAME(pthread_mutex_clocklock(p, CLOCK_MONOTONIC, &m)), NAME(pthread_rwlock_tryrdlock(&rw)));
  t = in_ms(CLOCK_REALTIME, 3);
  printf("%s", NAME(pthread_rwlock_timedrdlock(&rw, &t)));
  t = in_ms(CLOCK_REALTIME, 3);
  printf(" %s\n", NAME(pthread_rwlock_timedwrlock(&rw, &t)));
  return NULL;
}
static void *post_soon(void *p) {
  usleep(2000);
  sem_post(p);
  return NULL;
}
static void *set_soon(void *p) {
  usleep(2000);
  pthread_mutex_lock(&lock), *(int *)p = 1, pthread_cond_broadcast(&changed), pthread_mutex_unlock(&lock);
  return NULL;
}
static void locks(void) {
  SECTION("tst-pthread-timedlock");
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&m), pthread_rwlock_wrlock(&rw);
  join(start(try_locks, &m));
  pthread_mutex_unlock(&m), pthread_rwlock_unlock(&rw);
  pthread_mutexattr_t attr;
  pthread_mutexattr_init(&attr), pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&m, &attr);
  printf("%s ", NAME(pthread_mutex_lock(&m)));
  printf("%s %s ", NAME(pthread_mutex_lock(&m)), NAME(pthread_mutex_unlock(&m)));
  printf("%s\n", NAME(pthread_mutex_unlock(&m)));
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&m, &attr);
  printf("%s ", NAME(pthread_mutex_lock(&m)));
  printf("%s\n", NAME(pthread_mutex_lock(&m)));
  SECTION("tst-rwlock");
  pthread_t t[4];
  for (int i = 0; i < 4; i++) t[i] = start(i < 2 ? reader : writer, NULL);
  for (int i = 0; i < 4; i++) join(t[i]);
  printf("torn %d, %d %d\n", torn, shared_a, shared_b);
  pthread_rwlock_rdlock(&rw);
  printf("%s ", NAME(pthread_rwlock_tryrdlock(&rw)));
  printf("%s\n", NAME(pthread_rwlock_trywrlock(&rw)));
  pthread_rwlock_unlock(&rw), pthread_rwlock_unlock(&rw);
  SECTION("tst-sem-timed-wait");
  sem_t sem;
  sem_init(&sem, 0, 1);
  struct timespec soon = in_ms(CLOCK_REALTIME, 3), bad = {0, -1}, far = in_ms(CLOCK_REALTIME, 60000);
  SHOW(sem_timedwait(&sem, &soon));
  SHOW(sem_timedwait(&sem, &soon));
  SHOW(sem_timedwait(&sem, &bad));
  t[0] = start(post_soon, &sem);
  SHOW(sem_timedwait(&sem, &far));
  join(t[0]);
  SECTION("tst-wait-for, tst-async, tst-promise");
  int done = 0;
  t[0] = start(set_soon, &done);
  pthread_mutex_lock(&lock);
  int error = 0;
  while (!done && error == 0) error = pthread_cond_timedwait(&changed, &lock, &far);
  printf("done %d %s\n", done, NAME(error));
  pthread_mutex_unlock(&lock);
  join(t[0]);
}

enum { ITEMS = 4000, RING = 64, PRODUCERS = 4 };
static _Atomic uint32_t head, tail;
static uint32_t ring[RING];
static void *produce(void *p) {
  for (uint32_t i = 1; i <= ITEMS; i++) {
    uint32_t at = atomic_load_explicit(&tail, memory_order_relaxed);
    while (at - atomic_load_explicit(&head, memory_order_acquire) == RING) sched_yield();
    ring[at % RING] = i;
    atomic_store_explicit(&tail, at + 1, memory_order_release);
  }
  return p;
}
struct node { struct node *_Atomic next; long value; };
static struct node *_Atomic list;
static void *push(void *p) {
  for (long i = 1; i <= 500; i++) {
    struct node *n = malloc(sizeof *n), *first = atomic_load(&list);
    n->value = i;
    do n->next = first; while (!atomic_compare_exchange_weak(&list, &first, n));
    if (i % 100 == 0) sched_yield();
  }
  return p;
}
static _Atomic uint64_t cells[RING];
static void *produce_unordered(void *p) {
  for (uint64_t i = 1; i <= 500; i++)
    for (unsigned at = (unsigned)i;; at++) {
      uint64_t empty = 0;
      if (atomic_compare_exchange_strong(&cells[at % RING], &empty, i)) break;
      if (at % RING == 0) sched_yield();
    }
  return p;
}
static struct node *_Atomic table[16];
static atomic_int rcu_over, rcu_wrong;
static _Atomic long readers_in[2];
static void *rcu_reader(void *p) {
  long me = (long)p, seen = 0;
  do {
    atomic_store_explicit(&readers_in[me], 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    for (int i = 0; i < 16; i++)
      for (struct node *n = atomic_load_explicit(&table[i], memory_order_acquire); n != NULL; n = n->next)
        if (n->value % 16 != i) rcu_wrong++;
        else seen++;
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&readers_in[me], 0, memory_order_relaxed);
    sched_yield();
  } while (!rcu_over);
  return (void *)(long)(seen > 0);
}
static void synchronize(void) {
  syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  for (int i = 0; i < 2; i++) while (atomic_load(&readers_in[i])) sched_yield();
}
static void queues(void) {
  SECTION("tst-ring-spsc-wraparound");
  head = tail = UINT32_MAX - 100; /* the counters wrap */
  pthread_t t[PRODUCERS] = {start(produce, NULL)};
  uint32_t expected = 1, wrong = 0;
  while (expected <= ITEMS) {
    uint32_t at = atomic_load_explicit(&head, memory_order_relaxed);
    while (atomic_load_explicit(&tail, memory_order_acquire) == at) sched_yield();
    wrong += ring[at % RING] != expected++;
    atomic_store_explicit(&head, at + 1, memory_order_release);
  }
  join(t[0]);
  printf("wrong %u\n", wrong);
  SECTION("tst-queue-mpsc, tst-nway-merger");
  long sum = 0, count = 0;
  for (int i = 0; i < PRODUCERS; i++) t[i] = start(push, NULL);
  while (count < PRODUCERS * 500) {
    struct node *all = atomic_exchange(&list, NULL);
    if (all == NULL) sched_yield();
    for (struct node *next; all != NULL; all = next) sum += all->value, count++, next = all->next, free(all);
  }
  for (int i = 0; i < PRODUCERS; i++) join(t[i]);
  printf("%ld items, sum %ld\n", count, sum);
  SECTION("tst-unordered-ring-mpsc");
  for (int i = 0; i < PRODUCERS; i++) t[i] = start(produce_unordered, NULL);
  sum = count = 0;
  while (count < PRODUCERS * 500) {
    for (int i = 0; i < RING; i++) {
      uint64_t value = atomic_exchange(&cells[i], 0);
      if (value != 0) sum += (long)value, count++;
    }
    sched_yield();
  }
  for (int i = 0; i < PRODUCERS; i++) join(t[i]);
  printf("%ld items, sum %ld\n", count, sum);
  SECTION("tst-rcu-list, tst-rcu-hashtable");
  SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
  for (long i = 0; i < 16; i++) {
    struct node *n = malloc(sizeof *n);
    n->value = i, n->next = NULL;
    table[i] = n;
  }
  for (long i = 0; i < 2; i++) t[i] = start(rcu_reader, (void *)i);
  for (long i = 0; i < 300; i++) {
    struct node *n = malloc(sizeof *n), *old = table[i % 16];
    n->value = i % 16, n->next = NULL;
    atomic_store_explicit(&table[i % 16], n, memory_order_release);
    synchronize();
    old->value = 99, free(old);
  }
  rcu_over = 1;
  printf("read %ld", join(t[0]) + join(t[1]));
  printf(" wrong %d\n", rcu_wrong);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  basics();
  barriers_keys_cancel();
  switching();
  locks();
  queues();
  return 0;
}
