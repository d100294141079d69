/*
 * What one thing costs, in ns: latency MODE COUNT prints the median over 9 batches.
 *
 *   getpid   a system call that does nothing
 *   clock    clock_gettime, which the vDSO answers
 *   pipe     a byte to another thread by a pipe and one back: two context switches and four calls
 *   futex    the same by two futexes
 *   thread   pthread_create and pthread_join
 *   read     4 KiB of a file that is in the page cache
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "batches.h"

static int there[2], back[2];
static int turn;

static void getpid_loop(long count) {
  for (long i = 0; i < count; i++) syscall(SYS_getpid);
}

static void clock_loop(long count) {
  struct timespec t;
  for (long i = 0; i < count; i++) clock_gettime(CLOCK_MONOTONIC, &t);
}

static void read_loop(long count) {
  char buffer[4096];
  int fd = open("/proc/self/exe", O_RDONLY);
  for (long i = 0; i < count; i++)
    if (pread(fd, buffer, sizeof buffer, 0) < 0) exit(1);
  close(fd);
}

static void *pipe_partner(void *count) {
  char byte;
  for (long i = 0; i < (long)count; i++)
    if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) exit(1);
  return 0;
}

static void pipe_loop(long count) {
  char byte = 'x';
  pthread_t partner;
  pthread_create(&partner, 0, pipe_partner, (void *)count);
  for (long i = 0; i < count; i++)
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) exit(1);
  pthread_join(partner, 0);
}

/* Waits until it is `mine`, then gives the turn to the other. */
static void take_turns(int mine, long count) {
  for (long i = 0; i < count; i++) {
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, 0, 0, 0);
    __atomic_store_n(&turn, !mine, __ATOMIC_RELEASE);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
  }
}

static void *futex_partner(void *count) {
  take_turns(1, (long)count);
  return 0;
}

static void futex_loop(long count) {
  pthread_t partner;
  pthread_create(&partner, 0, futex_partner, (void *)count);
  take_turns(0, count);
  pthread_join(partner, 0);
}

static void *nothing(void *unused) { return unused; }

static void thread_loop(long count) {
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    pthread_create(&thread, 0, nothing, 0);
    pthread_join(thread, 0);
  }
}

static const struct mode modes[] = {
    {"getpid", getpid_loop}, {"clock", clock_loop}, {"read", read_loop},
    {"pipe", pipe_loop},     {"futex", futex_loop}, {"thread", thread_loop},
};

int main(int argc, char **argv) {
  if (argc < 3 || pipe(there) || pipe(back)) return 2;
  return run_mode(modes, sizeof modes / sizeof *modes, argv[1], atol(argv[2]));
}
