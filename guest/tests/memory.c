/* Mappings, protection, the heap, and the signals that wrong accesses raise. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "show.h"

enum { PAGE = 4096 };

static sigjmp_buf back;
static volatile int caught_code;
static void *volatile caught_address;

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)context;
  caught_code = info->si_code;
  caught_address = info->si_addr;
  siglongjmp(back, signal);
}

/* Runs a store or load at `at` and tells what came of it; addresses are given as offsets from `base`. */
static void touch(const char *what, volatile char *at, volatile char *base, int is_write) {
  int signal = sigsetjmp(back, 1);
  if (signal == 0) {
    if (is_write) *at = 1;
    else (void)*at;
    printf("%s: ok\n", what);
  } else {
    printf("%s: %s code %d at +%ld\n", what, signal == SIGSEGV ? "SIGSEGV" : signal == SIGBUS ? "SIGBUS" : "?",
           caught_code, (long)((char *)caught_address - (char *)base));
  }
}

static void mappings(void) {
  SECTION("mappings");
  char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("zeroed %d aligned %d\n", p[0] == 0 && p[4 * PAGE - 1] == 0, (uintptr_t)p % PAGE == 0);
  touch("write", p, p, 1);
  SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
  touch("read of read-only", p + PAGE, p, 0);
  touch("write to read-only", p + PAGE + 7, p, 1);
  SHOW(mprotect(p + PAGE, PAGE, PROT_NONE));
  touch("read of none", p + 2 * PAGE - 1, p, 0);
  SHOW(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
  touch("write again", p + PAGE, p, 1);
  SHOW(munmap(p + 2 * PAGE, PAGE));
  touch("read of the hole", p + 2 * PAGE, p, 0);
  touch("read behind the hole", p + 3 * PAGE, p, 0);
  SHOW(mprotect(p, 4 * PAGE, PROT_READ));
  SHOW(munmap(p, 4 * PAGE));
  SHOW(munmap(p, 4 * PAGE));
  SHOW(munmap(p + 1, PAGE));
  SHOW_OK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
  SHOW_OK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0);
  SHOW_OK(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
  touch("null pointer", NULL, NULL, 0);
  touch("null pointer, write", (char *)16, NULL, 1);
  touch("not canonical", (char *)0x8000000000000000u, NULL, 0);
}

static void fixed(void) {
  SECTION("fixed");
  char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(p, 'x', 3 * PAGE);
  char *q = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf("in place %d, fresh %d, neighbours kept %d\n", q == p + PAGE, q[0] == 0, p[0] == 'x' && p[2 * PAGE] == 'x');
  errno = 0;
  q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  printf("no replace: %s\n", q == MAP_FAILED ? strerrorname_np(errno) : "mapped");
  SHOW(madvise(p, PAGE, MADV_DONTNEED));
  printf("after DONTNEED %d\n", p[0]);
  char *moved = mremap(p, 3 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
  printf("grown %d, kept %c, new zero %d\n", moved != MAP_FAILED, moved[2 * PAGE], moved[63 * PAGE] == 0);
  moved = mremap(moved, 64 * PAGE, PAGE, 0);
  touch("behind the shrunk", moved + PAGE, moved, 0);
  SHOW(munmap(moved, PAGE));
}

static void files(void) {
  SECTION("files");
  char path[] = "/tmp/memory-test-XXXXXX";
  int fd = mkstemp(path);
  unlink(path);
  char text[PAGE + 100];
  memset(text, 'f', sizeof text);
  SHOW(write(fd, text, sizeof text));
  char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  printf("%c %c %d\n", p[0], p[PAGE + 99], p[PAGE + 100]);
  p[0] = 'P';
  SHOW(pread(fd, text, 1, 0));
  printf("file still %c\n", text[0]);
  touch("past the end of the file", p + 2 * PAGE, p, 0);
  SHOW(close(fd));
  touch("after close", p, p, 0);
  SHOW(munmap(p, 3 * PAGE));
}

static void heap(void) {
  SECTION("heap");
  char *end = sbrk(0);
  SHOW(brk(end + 10 * PAGE));
  end[10 * PAGE - 1] = 1;
  printf("moved by %ld\n", (long)((char *)sbrk(0) - end));
  SHOW(brk(end));
  void *blocks[200];
  for (int i = 0; i < 200; i++) memset(blocks[i] = malloc((size_t)i * 997), i, (size_t)i * 997);
  int wrong = 0;
  for (int i = 0; i < 200; i++) {
    for (int j = 0; j < i * 997; j++) wrong += ((unsigned char *)blocks[i])[j] != i;
    free(blocks[i]);
  }
  printf("wrong bytes %d\n", wrong);
}

static void code(void) {
  SECTION("code");
  static const unsigned char add_one[] = {0x8d, 0x47, 0x01, 0xc3}; /* lea eax, [rdi+1]; ret */
  unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, add_one, sizeof add_one);
  int (*function)(int) = (int (*)(int))(void *)p;
  int signal = sigsetjmp(back, 1);
  if (signal == 0) printf("%d\n", function(1));
  else printf("not executable: signal %d code %d\n", signal, caught_code);
  SHOW(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
  for (unsigned char step = 1; step <= 3; step++) {
    p[2] = step; /* the program rewrites its own code */
    printf("%d ", function(10));
  }
  printf("\n");
  SHOW(munmap(p, PAGE));
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  mappings();
  fixed();
  files();
  heap();
  code();
  return 0;
}
