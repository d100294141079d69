/* The smallest whole program; linked in every way that Linux knows. */
#include <stdio.h>

int main(int argc, char **argv) {
  printf("Hello, world");
  for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
  printf("\n");
  return argc;
}
