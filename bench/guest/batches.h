/* What one turn costs: the median over batches, in ns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES 9

struct mode {
  const char *name;
  void (*run)(long count);
};

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static int by_size(const void *a, const void *b) { return *(double *)a < *(double *)b ? -1 : 1; }

/* Runs `count` turns BATCHES times after once unmeasured, prints the median of a turn. */
static void print_median(void (*run)(long), long count) {
  double each[BATCHES];
  run(count);
  for (int batch = 0; batch < BATCHES; batch++) {
    double start = now_ns();
    run(count);
    each[batch] = (now_ns() - start) / count;
  }
  qsort(each, BATCHES, sizeof *each, by_size);
  printf("%.1f\n", each[BATCHES / 2]);
}

/* @returns the program's exit code */
static int run_mode(const struct mode *modes, int length, const char *name, long count) {
  for (int i = 0; i < length; i++) {
    if (strcmp(modes[i].name, name)) continue;
    print_median(modes[i].run, count);
    return 0;
  }
  return 2;
}
