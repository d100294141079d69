/* What a program is given and what it leaves: arguments, environment, streams, auxiliary vector, exit. Reads stdin. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static void at_exit(void) { puts("exit handler"); }

__attribute__((constructor)) static void constructor(void) { puts("constructor"); }
__attribute__((destructor)) static void destructor(void) { puts("destructor"); }

static void clocks(void) {
  SECTION("clocks");
  struct timespec a, b, nap = {0, 3000000};
  clock_gettime(CLOCK_MONOTONIC, &a);
  SHOW(nanosleep(&nap, NULL));
  clock_gettime(CLOCK_MONOTONIC, &b);
  long ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
  printf("slept long enough %d\n", ns >= 3000000);
  printf("time is now %d\n", time(NULL) > 1700000000);
  SHOW(clock_gettime(999, &a));
  nap.tv_nsec = 1000000000;
  SHOW(nanosleep(&nap, NULL));
  struct tm tm = {.tm_year = 126, .tm_mon = 1, .tm_mday = 29, .tm_hour = 12};
  printf("%ld\n", (long)timegm(&tm));
}

static void numbers(void) {
  SECTION("numbers");
  printf("%.17g %.17g %.17g\n", sqrt(2), exp(1), atan2(-1, -1));
  printf("%a %g %g %g\n", 0.1, 1.0 / 0.0, -0.0, strtod("1e-320", NULL));
  printf("%Lg %.20Lg\n", strtold("1e4000", NULL), 1.0L / 3);
  printf("%d %ld %llu\n", abs(-5), labs(-(1L << 40)), ~0ull / 7);
  char text[64];
  snprintf(text, sizeof text, "%+08.3f|%-6d|%#x|%5s|%.2s", 3.14159, 42, 255, "ab", "xyz");
  puts(text);
  printf("%ld %lu %.3f\n", strtol("-0x1f", NULL, 16), strtoul("777", NULL, 8), fmod(10.5, 3));
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void library(void) {
  SECTION("library");
  int numbers[1000];
  unsigned seed = 1;
  for (int i = 0; i < 1000; i++) numbers[i] = (int)((seed = seed * 1103515245 + 12345) >> 16) & 0x7fff;
  qsort(numbers, 1000, sizeof *numbers, compare);
  printf("%d %d %d\n", numbers[0], numbers[500], numbers[999]);
  printf("%s\n", strstr("a needle in a haystack", "needle"));
  printf("locale %s\n", setlocale(LC_ALL, "C.UTF-8"));
  wchar_t wide[16];
  printf("wide %zu\n", mbstowcs(wide, "gr\xc3\xbc\xc3\x9f", 16));
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("argument %d '%s'\n", i, argv[i]);
  printf("TEST_VARIABLE=%s\n", getenv("TEST_VARIABLE"));
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) printf("line: %s", line);
  printf("\nend of input %d\n", feof(stdin));
  printf("stdin is a terminal %d\n", isatty(0));
  SHOW(getppid() != getpid());
  printf("page %ld uid %ld random %d\n", (long)getauxval(AT_PAGESZ), (long)getauxval(AT_UID),
         getauxval(AT_RANDOM) != 0);
  struct rlimit limit;
  SHOW(getrlimit(RLIMIT_STACK, &limit));
  struct utsname name;
  SHOW(uname(&name));
  printf("%s %s\n", name.sysname, name.machine);
  clocks();
  numbers();
  library();
  atexit(at_exit);
  fprintf(stderr, "this is stderr\n");
  fflush(stdout);
  return 77;
}
