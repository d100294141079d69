/* get_mempolicy(2) where nothing was set. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

static long policy(const char *what, int *mode, unsigned long *nodes, unsigned long count, void *at, unsigned flags) {
  long result = syscall(SYS_get_mempolicy, mode, nodes, count, at, (unsigned long)flags);
  printf("%s: %s, mode %d, nodes %lx %lx\n", what, result == 0 ? "0" : strerrorname_np(errno), mode ? *mode : 7,
         nodes ? nodes[0] : 7, nodes ? nodes[15] : 7);
  return result;
}

/* Ends with 77 where calls are filtered: containers commonly forbid this one. */
int main(void) {
  int mode = -1;
  unsigned long nodes[16];
  if (syscall(SYS_get_mempolicy, &mode, NULL, 0L, NULL, 0L) != 0) return 77;
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
  return 0;
}
