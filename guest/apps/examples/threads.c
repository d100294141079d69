/* Four threads add to one sum under a mutex; the last line says whether nothing was lost. */
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, ADDITIONS = 100000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *add(void *argument) {
  long *sum = argument;
  for (int i = 0; i < ADDITIONS; i++) {
    pthread_mutex_lock(&lock);
    ++*sum;
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

int main(void) {
  long sum = 0;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    if (pthread_create(&threads[i], NULL, add, &sum) != 0) {
      perror("pthread_create");
      return 1;
    }
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  printf("%d threads, sum %ld, expected %d\n", THREADS, sum, THREADS * ADDITIONS);
  return sum == (long)THREADS * ADDITIONS ? 0 : 1;
}
