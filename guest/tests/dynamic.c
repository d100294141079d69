/* dlopen(3) and its like, and thread-local variables (OSv's tst-dlfcn, tst-tls, tst-thread-local). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

#include "show.h"

int exported = 7;
static __thread int counted = 5;
static __thread char filled[3000];

int own_function(void) { return 42; }

static void *thread(void *expected) {
  int before = counted;
  counted += (int)(long)expected;
  filled[2999] = 'x';
  return (void *)(long)(before * 100 + counted + (filled[0] == 0 ? 0 : 10000));
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  if (info->dlpi_phnum > 0) ++*(int *)data;
  return 0;
}

int main(void) {
  SECTION("dlopen");
  void *self = dlopen(NULL, RTLD_NOW), *empty = dlopen("", RTLD_NOW);
  printf("self %d, the same as '' %d\n", self != NULL, self == empty);
  int *variable = dlsym(self, "exported");
  printf("exported %d\n", variable == NULL ? -1 : *variable);
  printf("own_function %d\n", ((int (*)(void))dlsym(RTLD_DEFAULT, "own_function"))());
  printf("none: %s\n", dlsym(self, "no_such_symbol") == NULL ? strstr(dlerror(), "undefined") : "found");
  printf("twice: %d\n", dlerror() == NULL);
  void *math = dlopen("libm.so.6", RTLD_LAZY | RTLD_LOCAL);
  double (*cosine)(double) = (double (*)(double))dlsym(math, "cos");
  printf("cos(0) = %.1f\n", cosine(0));
  printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW | RTLD_NOLOAD) == math);
  printf("missing: %s\n", dlopen("/no/such.so", RTLD_NOW) == NULL ? dlerror() : "opened");
  Dl_info info;
  printf("dladdr %d: %s\n", dladdr((void *)own_function, &info) != 0, info.dli_sname);
  printf("dladdr of a function of libc: %s\n", dladdr((void *)dlsym(RTLD_DEFAULT, "qsort"), &info) ? strrchr(info.dli_fname, '/') : "?");
  printf("dladdr of nothing: %d\n", dladdr((void *)16, &info));
  int before = 0, after = 0;
  dl_iterate_phdr(count_objects, &before);
  printf("dlclose: %d %d\n", dlclose(math), dlclose(math));
  dl_iterate_phdr(count_objects, &after);
  printf("objects left: %d\n", before - after);

  SECTION("thread-local variables");
  pthread_t threads[4];
  counted = 50;
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, thread, (void *)i);
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    printf("thread %d: %ld\n", i, (long)result);
  }
  printf("mine: %d, %d\n", counted, filled[2999]);
  return 0;
}
