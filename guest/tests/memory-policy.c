/* get_mempolicy(2), set_mempolicy(2), mbind(2), migrate_pages(2) and move_pages(2), where there is node 0 only. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096L
#define STATIC_NODES 0x8000L
#define RELATIVE_NODES 0x4000L
#define BALANCING 0x2000L
#define BAD 16L

static long policy(const char *what, int *mode, unsigned long *nodes, unsigned long count, void *at, unsigned flags) {
  long result = syscall(SYS_get_mempolicy, mode, nodes, count, at, (unsigned long)flags);
  printf("%s: %s, mode %d, nodes %lx %lx\n", what, result == 0 ? "0" : strerrorname_np(errno), mode ? *mode : 7,
         nodes ? nodes[0] : 7, nodes ? nodes[15] : 7);
  return result;
}

static void own(const char *what) {
  int mode = -1;
  unsigned long nodes[16] = {0};
  policy(what, &mode, nodes, 1024, NULL, 0);
}

static void of(const char *what, void *at) {
  int mode = -1;
  unsigned long nodes[16] = {0};
  policy(what, &mode, nodes, 1024, at, 2);
}

static void asked(void) {
  int mode = -1;
  unsigned long nodes[16];
  memset(nodes, 0xff, sizeof nodes);
  policy("one bit", &mode, nodes, 1, NULL, 0);
  policy("one word", &mode, nodes, 64, NULL, 0);
  policy("own", &mode, nodes, 1024, NULL, 0);
  policy("nothing", NULL, NULL, 0, NULL, 0);
  policy("no bits", &mode, nodes, 0, NULL, 0);
  policy("allowed", &mode, nodes, 1024, NULL, 4);
  policy("too many bits", &mode, nodes, 40000, NULL, 4);
  policy("allowed node", &mode, nodes, 1024, NULL, 5);
  policy("node of", &mode, NULL, 0, &mode, 3);
  policy("of", &mode, NULL, 0, &mode, 2);
  policy("of nothing", &mode, NULL, 0, NULL, 3);
  policy("address without flag", &mode, NULL, 0, &mode, 0);
  policy("node without address", &mode, NULL, 0, NULL, 1);
  policy("unknown flag", &mode, NULL, 0, NULL, 8);
  SHOW(syscall(SYS_get_mempolicy, 8L, NULL, 0L, NULL, 0L));
  SHOW(syscall(SYS_get_mempolicy, NULL, 8L, 64L, NULL, 0L));
}

#define SET(mode, nodes, count) (SHOW(syscall(SYS_set_mempolicy, (long)(mode), nodes, (long)(count))), own("  then"))

static void set(void) {
  unsigned long node0[640] = {1}, node1[640] = {2}, both[640] = {3}, none[640] = {0}, far[640] = {1};
  far[400] = 1;
  for (long mode = 0; mode < 6; mode++) {
    printf("mode %ld\n", mode);
    SET(mode, NULL, 0);
    SET(mode, none, 64);
    SET(mode, node0, 64);
    SET(mode, node1, 64);
    SET(mode, both, 64);
    SET(mode | STATIC_NODES, node1, 64);
    SET(mode | STATIC_NODES, both, 64);
    SET(mode | RELATIVE_NODES, node1, 64);
    SET(mode | RELATIVE_NODES, none, 64);
    SET(mode | STATIC_NODES | RELATIVE_NODES, node0, 64);
    if (mode < 5) SET(mode | BALANCING, node0, 64);
  }
  SET(7, node0, 64);
  SET(-1, node0, 64);
  SET(2, node0, 1);
  SET(2, node0, 2);
  SET(2, node0, 32769);
  SET(2, node0, 32770);
  SET(2, far, 30000);
  SET(2, node0, 0);
  SET(2, BAD, 64);
  SET(9, BAD, 64);
  SET(3, node0, 64);
  int mode = -1;
  policy("next of the interleaved", &mode, NULL, 0, NULL, 1);
  of("of a mapping that has none", node0);
  fflush(stdout);
  if (fork() == 0) own("inherited"), fflush(stdout), _exit(0);
  wait(NULL);
  SET(0, NULL, 0);
}

#define BIND(addr, size, mode, nodes, flags) \
  SHOW(syscall(SYS_mbind, addr, (long)(size), (long)(mode), nodes, 64L, (long)(flags)))
#define HOME(addr, size, node, flags) \
  SHOW(syscall(SYS_set_mempolicy_home_node, addr, (long)(size), (long)(node), (long)(flags)))

static void bound(void) {
  unsigned long node0[1] = {1}, node1[1] = {2}, none[1] = {0};
  char *map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(map + 6 * PAGE, PAGE);
  BIND(map, 4 * PAGE, 2, node0, 0);
  of("first", map), of("fourth", map + 3 * PAGE), of("fifth", map + 4 * PAGE);
  BIND(map + PAGE, 1, 3 | STATIC_NODES, node0, 3);
  of("first", map), of("second", map + PAGE), of("third", map + 2 * PAGE);
  HOME(map + 2 * PAGE, PAGE, 0, 0);
  HOME(map + 2 * PAGE, PAGE, 5000, 0);
  HOME(map + 2 * PAGE, PAGE, 0, 1);
  HOME(map + 2 * PAGE, 0, 0, 0);
  HOME(map + 1, PAGE, 0, 0);
  HOME(map + PAGE, PAGE, 0, 0);
  HOME(map + 5 * PAGE, PAGE, 0, 0);
  char *moved = mremap(map + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
  of("moved", moved);
  mprotect(moved, PAGE, PROT_READ), of("read-only", moved);
  BIND(moved, 2 * PAGE, 0, NULL, 7);
  of("unbound", moved);
  BIND(moved, 2 * PAGE, 0, node0, 0);
  BIND(map + 4 * PAGE, 4 * PAGE, 2, node0, 0);
  BIND(map + 6 * PAGE, PAGE, 2, node0, 0);
  BIND(map + 6 * PAGE, 2 * PAGE, 2, node0, 0);
  BIND(map + 1, PAGE, 2, node0, 0);
  BIND(map, 0, 2, node0, 0);
  BIND(map, 0, 2, none, 0);
  BIND(map, -1, 2, node0, 0);
  BIND(map, PAGE, 2, node1, 0);
  BIND(map, PAGE, 2, none, 0);
  BIND(map, PAGE, 2, node0, 8);
  BIND(map, PAGE, 2, node0, 4);
  BIND(map, PAGE, 9, node0, 0);
  BIND(map, PAGE, 2, BAD, 0);
}

static void moved(void) {
  unsigned long node0[1] = {1}, node1[1] = {2}, none[1] = {0};
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, node0, node0));
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, none, node0));
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, node0, node1));
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, node0, none));
  SHOW(syscall(SYS_migrate_pages, 0L, 0L, node0, node0));
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, BAD, node0));
  SHOW(syscall(SYS_migrate_pages, 0L, 64L, node0, BAD));
  SHOW(syscall(SYS_migrate_pages, 0x3fffffL, 64L, node0, node0));
  char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *untouched = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  munmap(map + PAGE, PAGE);
  map[0] = 1;
  void *pages[] = {map, map + PAGE, untouched};
  int nodes[] = {0, 0, 0}, away[] = {0, 1, 0}, negative[] = {-1, 0, 0}, status[3] = {7, 7, 7};
#define MOVE(count, nodes, flags)                                                       \
  SHOW(syscall(SYS_move_pages, 0L, (long)(count), pages, nodes, status, (long)(flags))); \
  printf("  %d %d %d\n", status[0], status[1], status[2])
  MOVE(3, NULL, 0);
  MOVE(3, nodes, 2);
  MOVE(3, nodes, 4);
  MOVE(1, negative, 2);
  MOVE(1, away, 2);
  MOVE(3, away, 2);
  MOVE(3, nodes, 1);
  MOVE(0, NULL, 0);
  SHOW(syscall(SYS_move_pages, 0L, 1L, BAD, NULL, status, 0L));
  SHOW(syscall(SYS_move_pages, 0L, 1L, pages, BAD, status, 2L));
  SHOW(syscall(SYS_move_pages, 0L, 1L, pages, NULL, BAD, 0L));
  SHOW(syscall(SYS_move_pages, 0x3fffffL, 1L, pages, NULL, status, 0L));
}

/* Who is not root moves no pages of others. */
static void as_user(void) {
  unsigned long node0[1] = {1};
  SHOW(setuid(1000));
  SHOW(syscall(SYS_migrate_pages, (long)getppid(), 64L, node0, node0));
  SHOW(syscall(SYS_move_pages, (long)getppid(), 0L, NULL, NULL, NULL, 0L));
  SHOW(syscall(SYS_move_pages, 0L, 0L, NULL, NULL, NULL, 4L));
  SHOW(syscall(SYS_mbind, NULL, PAGE, 0L, NULL, 0L, 4L));
}

/* Ends with 77 where calls are filtered: containers commonly forbid these. */
static int is_forbidden(void) {
  return syscall(SYS_get_mempolicy, NULL, NULL, 0L, NULL, 0L) != 0 || syscall(SYS_set_mempolicy, 0L, NULL, 0L) != 0 ||
         syscall(SYS_mbind, NULL, 0L, 0L, NULL, 0L, 4L) != 0 || syscall(SYS_move_pages, 0L, 0L, NULL, NULL, NULL, 4L) != 0 ||
         syscall(SYS_set_mempolicy_home_node, NULL, 0L, 0L, 0L) != 0 ||
         (syscall(SYS_migrate_pages, 0L, 64L, NULL, NULL) != 0 && errno != EINVAL);
}

int main(void) {
  if (geteuid() != 0 || is_forbidden()) return 77;
  SECTION("asked"), asked();
  SECTION("set"), set();
  SECTION("bound"), bound();
  SECTION("moved"), moved();
  SECTION("as a user"), fflush(stdout);
  if (fork() == 0) as_user(), fflush(stdout), _exit(0);
  wait(NULL);
  return 0;
}
