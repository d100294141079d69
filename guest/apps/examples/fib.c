/* fib.so [N]: the Nth Fibonacci number the slow way, to keep the processor busy for a while. */
#include <stdio.h>
#include <stdlib.h>

static unsigned long fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char **argv) {
  unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 32;
  printf("fib(%u) = %lu\n", n, fib(n));
  return 0;
}
