/* Thousands of threads at once, all asleep but one; then they all end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "show.h"

#define COUNT 3000
static pthread_barrier_t barrier;
static int values[COUNT];
static void *work(void *p) {
  int *value = p;
  pthread_barrier_wait(&barrier);
  *value += 1;
  return p;
}

int main(void) {
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 32768);
  pthread_barrier_init(&barrier, NULL, COUNT + 1);
  static pthread_t threads[COUNT];
  int made = 0;
  for (int i = 0; i < COUNT; i++) made += pthread_create(&threads[i], &attr, work, &values[i]) == 0;
  printf("made %d\n", made);
  if (made < COUNT) return 1;
  pthread_barrier_wait(&barrier);
  int sum = 0;
  for (int i = 0; i < COUNT; i++) pthread_join(threads[i], NULL), sum += values[i];
  printf("sum %d\n", sum);
  return 0;
}
