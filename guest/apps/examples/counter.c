/* Prints its arguments and a static counter: run it twice plainly and the second run goes on counting where the first
   one stopped; run it as a new program and it starts at one. */
#include <stdio.h>

static int runs;

int main(int argc, char **argv) {
  runs++;
  printf("run %d of this copy of %s\n", runs, argv[0]);
  for (int i = 1; i < argc; i++) printf("  argument %d: %s\n", i, argv[i]);
  return 0;
}
