/* A tmpfs without room: a store to a mapped page that has no place in the file is SIGBUS, in a call EFAULT; what had a
   place keeps it. Root only: it mounts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096

static sigjmp_buf back;
static volatile int code;

static void on_bus(int signal, siginfo_t *info, void *context) {
  code = info->si_code;
  siglongjmp(back, signal);
}

static void store(volatile char *at) {
  if (sigsetjmp(back, 1) == 0) {
    *at = 'x';
    printf("stored\n");
  } else printf("SIGBUS, code %d\n", code);
}

static void usage(void) {
  struct statfs fs;
  statfs("full", &fs);
  printf("%ld of %ld pages free\n", (long)fs.f_bfree, (long)fs.f_blocks);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  snprintf(folder, sizeof folder, "%s/full-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (chdir(mkdtemp(folder)) != 0 || mkdir("full", 0755) != 0) return 1;
  unshare(CLONE_NEWNS);
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (mount("none", "full", "tmpfs", 0, "size=32k") != 0) return 77;
  struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
  sigaction(SIGBUS, &action, NULL);
  int fd = open("full/mapped", O_CREAT | O_RDWR, 0644), other = open("full/other", O_CREAT | O_RDWR, 0644);
  SHOW(ftruncate(fd, 6 * PAGE));
  usage();
  char *at = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  store(at);
  store(at + PAGE);
  usage();
  static char bytes[8 * PAGE];
  SHOW(write(other, bytes, 6 * PAGE));
  usage();
  store(at + 2 * PAGE);
  store(at + 1);
  SHOW(pread(other, at + 3 * PAGE, 10, 0));
  SHOW(pread(other, at + PAGE, 10, 0));
  SHOW(ftruncate(other, 3 * PAGE));
  store(at + 2 * PAGE);
  usage();
  SHOW(munmap(at, 6 * PAGE));
  char text[2] = "";
  SHOW(pread(fd, text, 2, 0));
  printf("%c%c\n", text[0], text[1]);
  SHOW(pread(fd, text, 1, 2 * PAGE));
  printf("%c\n", text[0]);
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
  usage();
  close(fd);
  close(other);
  unlink("full/mapped");
  usage();
  SHOW(umount("full"));
  rmdir("full");
  chdir("/");
  return rmdir(folder);
}
