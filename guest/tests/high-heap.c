/* A heap above 8 GiB, as GHC's runtime wants it (rts/posix/OSMem.c): reserved by a wish, made usable piece by piece, used by
   instructions and system calls alike. */
#define _GNU_SOURCE
#include "show.h"
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WISH ((void *)0x4200000000)
#define LEAST ((uintptr_t)8 << 30)
#define SIZE ((size_t)1 << 30)
#define MIB ((size_t)1 << 20)

static sigjmp_buf back;
static volatile uintptr_t fault_at;
static volatile int fault_code;

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  fault_at = (uintptr_t)info->si_addr;
  fault_code = info->si_code;
  siglongjmp(back, 1);
}

static void touch(const char *what, volatile char *at) {
  if (sigsetjmp(back, 1) == 0) {
    *at = 1;
    printf("%s: stored\n", what);
  } else printf("%s: code %d, %s\n", what, fault_code, fault_at == (uintptr_t)at ? "at that address" : "elsewhere");
}

/* Each word is a function of its place: what lies elsewhere too would be noticed. */
static uint64_t fill(uint64_t *words, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) words[i] = i * 0x9e3779b97f4a7c15;
  for (size_t i = 0; i < count; i++) sum = (sum << 1 | sum >> 63) ^ words[i];
  return sum;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  SECTION("nothing is there before");
  touch("8 GiB", (char *)LEAST + 0x400000);
  touch("the wish", (char *)WISH + 0x400000);

  SECTION("a reservation");
  char *heap = mmap(WISH, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  printf("%s\n", heap != MAP_FAILED && (uintptr_t)heap >= LEAST ? "above 8 GiB" : "below");
  touch("before it is made usable", heap);
  char *piece = mmap(heap + MIB, 4 * MIB, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("%s\n", piece == heap + MIB ? "there" : "elsewhere");
  touch("in it", piece);
  touch("behind it", piece + 4 * MIB);
  printf("%016lx\n", (unsigned long)fill((uint64_t *)piece, 4 * MIB / 8));

  SECTION("system calls");
  int ends[2];
  SHOW(pipe(ends));
  strcpy(piece, "through a pipe");
  SHOW(write(ends[1], piece, 15));
  struct iovec parts[] = {{piece + 100, 8}, {piece + 200, 7}};
  struct iovec *vector = (struct iovec *)(piece + 300);
  memcpy(vector, parts, sizeof parts);
  SHOW(readv(ends[0], vector, 2));
  printf("%.8s%s\n", piece + 100, piece + 200);
  SHOW(write(ends[1], heap, 1));
  SHOW(write(ends[1], heap + SIZE, 1));
  SHOW(access(strcpy(piece + 400, "/"), F_OK));

  SECTION("fork");
  fflush(stdout);
  if (fork() == 0) {
    printf("child: %.8s\n", piece + 100);
    strcpy(piece, "own");
    fflush(stdout);
    _exit(piece[0] == 'o' ? 3 : 4);
  }
  int status;
  wait(&status);
  printf("%d, %s\n", WEXITSTATUS(status), piece);

  SECTION("memory calls");
  SHOW(mprotect(piece, 4096, PROT_READ));
  touch("read only", piece);
  SHOW(madvise(piece + MIB, MIB, MADV_DONTNEED));
  printf("%d\n", piece[MIB + 8]);
  char *moved = mremap(piece + 3 * MIB, MIB, 2 * MIB, 0);
  printf("%s\n", moved == piece + 3 * MIB ? "grew in place" : moved == MAP_FAILED ? strerrorname_np(errno) : "moved");
  SHOW(munmap(piece, 4 * MIB));
  touch("given back", piece + MIB);
  SHOW(munmap(heap, SIZE));
  return 0;
}
