/* fallocate(2): FALLOC_FL_COLLAPSE_RANGE and FALLOC_FL_INSERT_RANGE of a file on a disk. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

#define BLOCK 4096
static int fd;

/* The first byte of each block. */
static void blocks(void) {
  struct stat status;
  fstat(fd, &status);
  char *bytes = calloc(1, status.st_size + 1);
  pread(fd, bytes, status.st_size, 0);
  printf("%ld bytes, %ld on the disk:", (long)status.st_size, (long)status.st_blocks);
  for (long at = 0; at < status.st_size; at += BLOCK) printf(" %c", bytes[at] ? bytes[at] : '.');
  puts("");
  free(bytes);
}

int main(void) {
  char name[] = "/var/tmp/ranges-XXXXXX", block[BLOCK];
  fd = mkstemp(name);
  unlink(name);
  for (int i = 0; i < 8; i++) {
    memset(block, 'a' + i, BLOCK);
    write(fd, block, BLOCK);
  }
  write(fd, "tail", 4);
  fsync(fd);
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, BLOCK, 2 * BLOCK));
  blocks();
  SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, 2 * BLOCK, 3 * BLOCK));
  blocks();
  char *map = mmap(0, BLOCK * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  map[0] = 'Z';
  map[BLOCK] = 'Y';
  SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, BLOCK, BLOCK));
  blocks();
  printf("mapped: %c %d %c\n", map[0], map[BLOCK], map[2 * BLOCK]);
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 1, BLOCK));
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, BLOCK, 5));
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 1 << 20));
  SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, 1 << 20, BLOCK));
  SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE | FALLOC_FL_KEEP_SIZE, 0, BLOCK));
  SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE, 0, BLOCK));
  blocks();
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){BLOCK, BLOCK});
  SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 100 * BLOCK));
  SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 100 * BLOCK));
  return 0;
}
