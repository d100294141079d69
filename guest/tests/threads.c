/* pthreads: creation, joining, locks, conditions, barriers, thread-local storage, cancellation, once, semaphores. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local int local = 7;
static long total;
static int turn;
static int once_count;

static void count_once(void) { once_count++; }

static void *add(void *argument) {
  long id = (long)argument;
  pthread_once(&once, count_once);
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&mutex);
    total += id;
    pthread_mutex_unlock(&mutex);
    local++;
  }
  return (void *)(id * 100 + (local == 7 + ROUNDS));
}

static void *take_turns(void *argument) {
  int id = (int)(long)argument;
  for (int round = 0; round < 3; round++) {
    pthread_mutex_lock(&mutex);
    while (turn != id) pthread_cond_wait(&changed, &mutex);
    printf("%d ", id);
    turn = (turn + 1) % 3;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static int arrived;

static void *meet(void *argument) {
  __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
  int serial = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
  *(int *)argument = arrived;
  return (void *)(long)serial;
}

static void cleanup(void *argument) { *(int *)argument += 1; }

static void *sleep_for_ever(void *argument) {
  pthread_cleanup_push(cleanup, argument);
  for (;;) pause();
  pthread_cleanup_pop(0);
  return NULL;
}

static void *exit_deep(void *argument) {
  pthread_exit(argument);
}

static pthread_key_t key;
static int destroyed;
static void destroy(void *value) { destroyed += *(int *)value; }

static void *use_key(void *argument) {
  pthread_setspecific(key, argument);
  return NULL;
}

static sem_t semaphore;

static void *post_later(void *argument) {
  struct timespec nap = {0, 2000000};
  nanosleep(&nap, NULL);
  sem_post(&semaphore);
  return argument;
}

static void start_all(pthread_t *threads, int count, void *(*body)(void *)) {
  for (long i = 0; i < count; i++) {
    if (pthread_create(&threads[i], NULL, body, (void *)i) != 0) exit(3);
  }
}

static void timeouts(void) {
  SECTION("timeouts");
  struct timespec now, until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  int error = pthread_cond_timedwait(&changed, &mutex, &until);
  pthread_mutex_unlock(&mutex);
  clock_gettime(CLOCK_REALTIME, &now);
  int is_late = now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec);
  printf("timedwait %s, not early %d\n", strerrorname_np(error), is_late);
  SHOW(sem_timedwait(&semaphore, &until));
}

int main(void) {
  pthread_t threads[THREADS];
  void *result;
  SECTION("join");
  start_all(threads, THREADS, add);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], &result);
    printf("%ld ", (long)result);
  }
  printf("\ntotal %ld once %d local %d\n", total, once_count, local);
  SECTION("turns");
  start_all(threads, 3, take_turns);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  printf("\n");
  SECTION("barrier");
  int seen[THREADS];
  long serials = 0;
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, meet, &seen[i]);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], &result);
    serials += (long)result;
    if (seen[i] != THREADS) printf("thread %d saw %d\n", i, seen[i]);
  }
  printf("serial threads %ld\n", serials);
  SECTION("cancel");
  int cleaned = 0;
  pthread_create(&threads[0], NULL, sleep_for_ever, &cleaned);
  SHOW(pthread_cancel(threads[0]));
  pthread_join(threads[0], &result);
  printf("cancelled %d cleaned %d\n", result == PTHREAD_CANCELED, cleaned);
  pthread_create(&threads[0], NULL, exit_deep, &cleaned);
  pthread_join(threads[0], &result);
  printf("pthread_exit value kept %d\n", result == &cleaned);
  SECTION("keys");
  int five = 5;
  pthread_key_create(&key, destroy);
  pthread_create(&threads[0], NULL, use_key, &five);
  pthread_join(threads[0], NULL);
  printf("destroyed %d\n", destroyed);
  SECTION("semaphore");
  sem_init(&semaphore, 0, 0);
  SHOW(sem_trywait(&semaphore));
  pthread_create(&threads[0], NULL, post_later, NULL);
  SHOW(sem_wait(&semaphore));
  pthread_join(threads[0], NULL);
  timeouts();
  return 0;
}
