/* A shared object that ends by exit(): argument 1 chooses from where. stdout is left without a line's end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void goodbye(void) { puts("goodbye"); }

static void *leave(void *argument) {
  (void)argument;
  exit(6);
}

static void *linger(void *argument) {
  for (;;) pause();
  return argument;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  pthread_t thread;
  atexit(goodbye);
  printf("%s ", how);
  if (strcmp(how, "thread") == 0) {
    pthread_create(&thread, NULL, leave, NULL);
    pthread_join(thread, NULL);
  }
  if (strcmp(how, "lingering") == 0) pthread_create(&thread, NULL, linger, NULL);
  if (strcmp(how, "_exit") == 0) _exit(7);
  if (strcmp(how, "return") == 0) return 4;
  exit(5);
}
