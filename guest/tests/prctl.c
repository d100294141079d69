/* Options of prctl(2) that few programs use: names of mappings, memory errors, what only the privileged may. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define PAGE 4096L

/* The names of the mappings in a range, in order, with their sizes in pages. */
static void names(char *from, char *to) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) {
    char *start, *end, name[256] = "";
    if (sscanf(line, "%p-%p %*s %*s %*s %*s %255[^\n]", (void **)&start, (void **)&end, name) < 2) continue;
    if (start >= from && end <= to) printf("  %ld pages %s\n", (end - start) / PAGE, name);
  }
  fclose(maps);
}

#define NAME(addr, size, name) SHOW(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, (unsigned long)(size), name))

static void mappings(void) {
  char *area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(area, PAGE, PROT_NONE), mprotect(area + 7 * PAGE, PAGE, PROT_NONE);
  char *inner = area + PAGE, *end = area + 7 * PAGE;
  NAME(inner, 2 * PAGE, "first");
  names(inner, end);
  NAME(inner + 2 * PAGE, 1, "first");
  names(inner, end);
  NAME(inner + PAGE, PAGE, "a second: 100% (true)");
  names(inner, end);
  mprotect(inner, PAGE, PROT_READ), names(inner, end);
  NAME(inner, 6 * PAGE, NULL), names(inner, end);
  NAME(inner, PAGE, ""), names(inner, end);
  NAME(inner, PAGE, "bracket[");
  NAME(inner, PAGE, "back\\slash");
  NAME(inner, PAGE, "new\nline");
  NAME(inner, PAGE, "\xc3\xa4");
  char longest[128] = {0};
  memset(longest, 'x', 79), NAME(inner, PAGE, longest);
  memset(longest, 'x', 80), NAME(inner, PAGE, longest);
  NAME(inner, PAGE, (char *)16);
  NAME(inner + 1, PAGE, "odd");
  NAME(inner, 0, "nothing");
  NAME(inner, -1L, "too much");
  munmap(inner + 3 * PAGE, PAGE), NAME(inner, 5 * PAGE, "hole"), names(inner, end);
  SHOW(prctl(PR_SET_VMA, 1, inner, PAGE, "other"));
  NAME((unsigned long)mappings & -PAGE, PAGE, "code");
  char *moved = mremap(inner + PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
  names(moved, moved + 4 * PAGE), fflush(stdout);
  if (fork() == 0) names(moved, moved + 4 * PAGE), fflush(stdout), _exit(0);
  wait(NULL);
}

static void memory_errors(void) {
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_DEFAULT, 0, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 7, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 1, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0));
  SHOW(prctl(PR_MCE_KILL, 7, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL_GET, 1, 0, 0, 0));
}

/* A child and what it executes go on with what its parent was; threads have each their own. */
static void *other_thread(void *unused) {
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0));
  return unused;
}
static void inherited(void) {
  SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
  fflush(stdout);
  if (fork() == 0) SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0)), fflush(stdout), _exit(0);
  wait(NULL);
  pthread_t other;
  pthread_create(&other, NULL, other_thread, NULL), pthread_join(other, NULL);
  SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
}

/* Where a thread's id is cleared when it ends: 77 on a Linux that was built without checkpoints. */
static int tid_address(void) {
  int *place = NULL, own;
  if (prctl(PR_GET_TID_ADDRESS, &place) != 0) return 77;
  printf("there %d\n", place != NULL);
  syscall(SYS_set_tid_address, &own);
  SHOW(prctl(PR_GET_TID_ADDRESS, &place)), printf("own %d\n", place == &own);
  SHOW(prctl(PR_GET_TID_ADDRESS, 8));
  return 0;
}

/* 77 where root may not. */
static int flusher(void) {
  if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0) return 77;
  SHOW(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0)), fflush(stdout);
  if (fork() == 0) SHOW(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0)), fflush(stdout), _exit(0);
  wait(NULL);
  SHOW(prctl(PR_SET_IO_FLUSHER, 2, 0, 0, 0));
  SHOW(prctl(PR_SET_IO_FLUSHER, 1, 1, 0, 0));
  SHOW(prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0)), SHOW(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
  return 0;
}

static void as_user(void) {
  if (geteuid() == 0 && setresuid(1000, 1000, 1000) != 0) return;
  SHOW(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0));
  SHOW(prctl(PR_SET_MM, PR_SET_MM_START_CODE, 4096, 1, 0));
  SHOW(prctl(PR_SET_MM, PR_SET_MM_START_CODE, 4096, 0, 1));
  SHOW(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
  SHOW(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_TIMERSLACK, 0)), SHOW(prctl(PR_GET_TIMERSLACK));
  SHOW(prctl(PR_SET_TIMERSLACK, 77)), SHOW(prctl(PR_GET_TIMERSLACK));
}

/* With "names": those of mappings, or 77 on a Linux that was built without them. */
int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1 && !strcmp(argv[1], "tid-address")) return tid_address();
  if (argc > 1 && !strcmp(argv[1], "io-flusher")) return flusher();
  if (argc > 1) {
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, PAGE, "test") != 0) return 77;
    mappings();
    return 0;
  }
  SECTION("memory errors"), memory_errors();
  SECTION("inherited"), inherited();
  SECTION("as a user"), as_user();
  return 0;
}
