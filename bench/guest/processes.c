/*
 * What programs cost each other, in ns: processes MODE COUNT [COMMAND…] prints the median over batches.
 *
 *   fork    fork, a child that ends at once, wait
 *   exec    fork, COMMAND in the child, wait
 *   spawn   posix_spawn of COMMAND, wait
 *   switch  a byte to another program by a pipe and one back: two context switches and four calls
 *   stream  64 KiB through a pipe to another program
 *   loop    a turn of a `for` loop of bash; COMMAND is bash
 *   walk    a file or folder met and asked for its attributes; COMMAND is the folder to walk
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batches.h"

#define CHUNK 65536

static char **command;
static char buffer[CHUNK];
static long met;
extern char **environ;

static void await(pid_t child) {
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) exit(1);
}

static void fork_loop(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    await(child);
  }
}

static void exec_loop(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) {
      execv(command[0], command);
      _exit(127);
    }
    await(child);
  }
}

static void spawn_loop(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child;
    if (posix_spawn(&child, command[0], 0, 0, command, environ)) exit(1);
    await(child);
  }
}

static void switch_loop(long count) {
  int there[2], back[2];
  char byte = 'x';
  if (pipe(there) || pipe(back)) exit(1);
  pid_t child = fork();
  if (child == 0) {
    for (long i = 0; i < count; i++)
      if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  for (long i = 0; i < count; i++)
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) exit(1);
  await(child);
  for (int i = 0; i < 2; i++) close(there[i]), close(back[i]);
}

static void stream_loop(long count) {
  int ends[2];
  if (pipe(ends)) exit(1);
  pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    while (read(ends[0], buffer, CHUNK) > 0) continue;
    _exit(0);
  }
  close(ends[0]);
  for (long i = 0; i < count; i++)
    if (write(ends[1], buffer, CHUNK) != CHUNK) exit(1);
  close(ends[1]);
  await(child);
}

/* Starts COMMAND anew for each batch, so `count` must be large beside that. */
static void loop_loop(long count) {
  static char script[] = "for ((i = 0; i < $1; i++)); do :; done";
  char turns[24];
  sprintf(turns, "%ld", count);
  char *options[] = {"--norc", "-c", script, "loop", turns, 0}, *argv[16];
  int length = 0;
  while (command[length]) argv[length] = command[length], length++;
  memcpy(argv + length, options, sizeof options);
  pid_t child;
  if (posix_spawn(&child, argv[0], 0, 0, argv, environ)) exit(1);
  await(child);
}

static int meet(const char *path, const struct stat *attributes, int kind, struct FTW *place) {
  (void)path, (void)attributes, (void)kind, (void)place;
  return --met <= 0;
}

/* Begins again at the top until it has met `count`. */
static void walk_loop(long count) {
  for (met = count; met > 0;)
    if (nftw(command[0], meet, 20, FTW_PHYS) < 0) exit(1);
}

static const struct mode modes[] = {
    {"fork", fork_loop},     {"exec", exec_loop},     {"spawn", spawn_loop},
    {"switch", switch_loop}, {"stream", stream_loop}, {"loop", loop_loop},   {"walk", walk_loop},
};

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  command = argv + 3;
  return run_mode(modes, sizeof modes / sizeof *modes, argv[1], atol(argv[2]));
}
