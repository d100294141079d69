/* inotify(7): which events come, in which order. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

static int fd;

static void drain(void) {
  static char buffer[65536];
  ssize_t n = read(fd, buffer, sizeof buffer);
  for (ssize_t at = 0; at < n;) {
    struct inotify_event *e = (void *)(buffer + at);
    printf("  wd %d mask %#x cookie %d len %u %s\n", e->wd, e->mask, e->cookie != 0, e->len, e->len ? e->name : "");
    at += sizeof *e + e->len;
  }
}
#define STEP(work) do { printf("%s\n", #work); work; drain(); } while (0)

static void put(const char *path, int flags) {
  int f = open(path, O_WRONLY | flags, 0600);
  write(f, "text", 4);
  close(f);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  snprintf(folder, sizeof folder, "%s/inotify-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  mkdtemp(folder);
  chdir(folder);
  SHOW(inotify_init1(1));
  fd = inotify_init1(IN_NONBLOCK);
  char small[8];
  SHOW(read(fd, small, sizeof small));
  SHOW(inotify_add_watch(fd, "absent", IN_ALL_EVENTS));
  SHOW(inotify_add_watch(fd, ".", 0));
  SHOW(inotify_add_watch(1, ".", IN_OPEN));
  SHOW(inotify_add_watch(fd, ".", IN_ALL_EVENTS));
  SHOW(inotify_add_watch(fd, ".", IN_ALL_EVENTS | IN_MASK_CREATE));
  SHOW(inotify_rm_watch(fd, 77));
  STEP(put("a", O_CREAT));
  SHOW(inotify_add_watch(fd, "a", IN_ALL_EVENTS));
  SHOW(inotify_add_watch(fd, "a", IN_ALL_EVENTS | IN_ONLYDIR));
  STEP(put("a", O_APPEND));
  STEP(truncate("a", 2));
  STEP(chmod("a", 0644));
  STEP(link("a", "b"));
  STEP(rename("a", "c"));
  STEP(mkdir("d", 0755));
  STEP(rename("c", "d/e"));
  STEP(unlink("b"));
  STEP(rmdir("d"));
  STEP(unlink("d/e"));
  STEP(rmdir("d"));
  STEP(symlink("x", "l"));
  STEP(unlink("l"));
  int f = open("many", O_RDWR | O_CREAT, 0600);
  drain();
  for (int i = 0; i < 5; i++) write(f, "x", 1);
  STEP((void)0);
  SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0));
  ftruncate(f, 0);
  SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0));
  int bytes;
  SHOW(ioctl(fd, FIONREAD, &bytes));
  printf("%d bytes\n", bytes);
  SHOW(read(fd, small, sizeof small));
  drain();
  close(f);
  drain();
  int once = inotify_add_watch(fd, "many", IN_MODIFY | IN_ONESHOT);
  printf("once %d\n", once);
  STEP(put("many", 0));
  STEP(rename("many", "other"));
  put("third", O_CREAT);
  drain();
  STEP(rename("third", "other"));
  STEP(unlink("other"));
  SHOW(inotify_rm_watch(fd, 1));
  drain();
  STEP(put("unseen", O_CREAT));
  unlink("unseen");
  SHOW(inotify_add_watch(fd, folder, IN_DELETE_SELF | IN_MOVE_SELF));
  chdir("/");
  STEP(rmdir(folder));
  return 0;
}
