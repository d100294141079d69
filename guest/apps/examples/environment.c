/* Without arguments: prints the environment. With K=V: sets it, so that the next plain run and /env see it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (equals == NULL) {
      fprintf(stderr, "usage: environment.so [K=V]...\n");
      return 2;
    }
    *equals = 0;
    if (setenv(argv[i], equals + 1, 1) != 0) perror("setenv");
  }
  for (char **entry = environ; *entry != NULL; entry++) puts(*entry);
  return 0;
}
