/* Where a call looks first: reads without a place for what they get, seeks where there is nothing to seek in, vectors
   whose pieces lie over each other. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

static char *BAD;                      /* may not be touched */
static char *const KERNEL = (char *)-4096; /* not even a program's */
static char b[64];

static void seeks(const char *what, int fd) {
  printf("%s\n", what);
  SHOW(lseek(fd, 5, SEEK_SET));
  SHOW(lseek(fd, -3, SEEK_CUR));
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(lseek(fd, 0, 77));
  close(fd);
}

static void nowhere(const char *path) {
  SECTION("reads to nowhere");
  int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600), p[2];
  SHOW(read(fd, BAD, 5));
  SHOW(read(fd, KERNEL, 5));
  SHOW(pread(fd, BAD, 5, 10));
  write(fd, "abc", 3);
  SHOW(read(fd, BAD, 5));
  lseek(fd, 0, SEEK_SET);
  SHOW(read(fd, BAD, 5));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(read(fd, BAD, 0));
  SHOW(read(fd, KERNEL, 0));
  close(fd);
  fd = open("/tmp", O_RDONLY);
  SHOW(read(fd, BAD, 5));
  SHOW(read(fd, KERNEL, 5));
  close(fd);
  pipe2(p, O_NONBLOCK);
  SHOW(read(p[0], BAD, 5));
  write(p[1], "xyz", 3);
  SHOW(read(p[0], BAD, 5));
  SHOW(read(p[0], b, 9));
  close(p[1]);
  SHOW(read(p[0], BAD, 5));
  int e = eventfd(0, EFD_NONBLOCK);
  SHOW(read(e, BAD, 8));
  SHOW(read(e, BAD, 4));
  SHOW(eventfd_write(e, 3));
  SHOW(read(e, BAD, 8));
  SHOW(read(e, b, 8));
  close(e);
  sigset_t none;
  sigemptyset(&none);
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), i = inotify_init1(IN_NONBLOCK);
  int s = signalfd(-1, &none, SFD_NONBLOCK);
  SHOW(read(t, BAD, 8));
  SHOW(read(i, BAD, 100));
  SHOW(read(i, BAD, 1));
  SHOW(read(s, BAD, 128));
  SHOW(read(s, BAD, 1));
  close(t);
  close(i);
  close(s);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p);
  SHOW(read(p[0], BAD, 5));
  write(p[1], "xyz", 3);
  SHOW(read(p[0], BAD, 5));
  SHOW(read(p[0], b, 5));
  close(p[1]);
  SHOW(read(p[0], BAD, 5));
  close(p[0]);
  socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, p);
  SHOW(read(p[0], BAD, 5));
  send(p[1], "", 0, 0);
  SHOW(read(p[0], BAD, 5));
  write(p[1], "xyz", 3);
  SHOW(read(p[0], BAD, 5));
  SHOW(read(p[0], b, 5));
  close(p[0]);
  close(p[1]);
  fd = open("/dev/null", O_RDONLY);
  SHOW(read(fd, BAD, 5));
  close(fd);
  fd = open("/dev/zero", O_RDONLY);
  SHOW(read(fd, BAD, 5));
  close(fd);
  fd = open("/proc/self/stat", O_RDONLY);
  SHOW(read(fd, BAD, 5));
  SHOW(lseek(fd, 0, SEEK_CUR));
  close(fd);
}

static void addresses(void) {
  SECTION("long addresses");
  struct {
    struct sockaddr_in in;
    char more[400];
  } to = {.in = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_name = &to, .msg_namelen = 300, .msg_iov = &part, .msg_iovlen = 1};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  SHOW(sendmsg(fd, &message, 0));
  message.msg_namelen = -1;
  SHOW(sendmsg(fd, &message, 0));
  SHOW(sendto(fd, "x", 1, 0, (void *)&to, 300));
  close(fd);
}

#define MEGABYTES(n) ((size_t)(n) << 20)

static void overlapping(const char *path) {
  SECTION("pieces over each other");
  static char piece[4 << 20];
  static struct iovec parts[20];
  for (int i = 0; i < 20; i++) parts[i] = (struct iovec){piece, sizeof piece};
  int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
  for (size_t i = 0; i < sizeof piece; i++) piece[i] = i % 253;
  SHOW(writev(fd, parts, 5));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(pwritev(fd, parts, 3, MEGABYTES(20)));
  lseek(fd, 3, SEEK_SET);
  memset(piece, 0, sizeof piece);
  parts[19].iov_len = 1000;
  SHOW(readv(fd, parts, 20));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(preadv(fd, parts, 4, 5));
  int wrong = 0;
  for (size_t i = 0; i < sizeof piece; i++) wrong += piece[i] != (char)((i + 5) % sizeof piece % 253);
  printf("%d wrong\n", wrong);
  int zero = open("/dev/zero", O_RDONLY), p[2];
  SHOW(readv(zero, parts, 2));
  pipe2(p, O_NONBLOCK);
  SHOW(writev(p[1], parts, 20));
  SHOW(readv(p[0], parts, 20));
  socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 20};
  SHOW(sendmsg(p[0], &message, MSG_DONTWAIT));
  send(p[0], "text", 4, 0);
  SHOW(recvmsg(p[1], &message, MSG_DONTWAIT));
  printf("%.4s\n", piece);
  unlink(path);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char path[300];
  snprintf(path, sizeof path, "%s/looking-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  close(mkstemp(path));
  BAD = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sigset_t none;
  sigemptyset(&none);
  SECTION("seeks");
  seeks("eventfd", eventfd(0, 0));
  seeks("epoll", epoll_create1(0));
  seeks("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
  seeks("signalfd", signalfd(-1, &none, 0));
  seeks("inotify", inotify_init());
  seeks("pidfd", syscall(SYS_pidfd_open, getpid(), 0));
  seeks("socket", socket(AF_UNIX, SOCK_STREAM, 0));
  nowhere(path);
  addresses();
  overlapping(path);
  return 0;
}
