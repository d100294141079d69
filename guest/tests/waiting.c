/* Waiting for files (poll, select, epoll, eventfd) and locks on them: what is ready when, and errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

static void show_poll(const char *what, int fd, short events) {
  struct pollfd request = {.fd = fd, .events = events};
  int count = poll(&request, 1, 0);
  printf("%s: poll = %d revents %x\n", what, count, count < 0 ? 0 : request.revents);
}

static void polling(void) {
  SECTION("poll and select");
  int ends[2];
  SHOW(pipe(ends));
  show_poll("empty pipe", ends[0], POLLIN);
  show_poll("pipe with room", ends[1], POLLOUT);
  SHOW(write(ends[1], "x", 1));
  show_poll("pipe with a byte", ends[0], POLLIN | POLLOUT);
  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(ends[0], &readable);
  FD_SET(ends[1], &writable);
  struct timeval none = {0, 0};
  SHOW(select(ends[1] + 1, &readable, &writable, NULL, &none));
  printf("readable %d writable %d\n", FD_ISSET(ends[0], &readable) != 0, FD_ISSET(ends[1], &writable) != 0);
  char byte;
  SHOW(read(ends[0], &byte, 1));
  FD_ZERO(&readable);
  FD_SET(ends[0], &readable);
  struct timeval short_time = {0, 20000};
  SHOW(select(ends[0] + 1, &readable, NULL, NULL, &short_time));
  printf("readable %d, time left %ld\n", FD_ISSET(ends[0], &readable) != 0, (long)(short_time.tv_sec * 1000000 + short_time.tv_usec));
  close(ends[1]);
  show_poll("pipe without writer", ends[0], POLLIN);
  close(ends[0]);
  show_poll("closed descriptor", ends[0], POLLIN);
  show_poll("negative descriptor", -1, POLLIN);
  SHOW(pipe(ends));
  close(ends[0]);
  show_poll("pipe without reader", ends[1], POLLOUT);
  signal(SIGPIPE, SIG_IGN);
  SHOW(write(ends[1], "x", 1));
  close(ends[1]);
  int file = open("waiting-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  show_poll("regular file", file, POLLIN | POLLOUT);
  FD_ZERO(&readable);
  FD_SET(1000, &readable);
  SHOW(select(1001, &readable, NULL, NULL, &none));
  SHOW(select(-1, NULL, NULL, NULL, &none));
  close(file);
}

static void show_wait(const char *what, int epfd) {
  struct epoll_event events[8];
  int count = epoll_wait(epfd, events, 8, 0);
  printf("%s: %d", what, count);
  for (int i = 0; i < count; i++) printf(" [%x %lx]", events[i].events, (unsigned long)events[i].data.u64);
  printf("\n");
}

static void event_polling(void) {
  SECTION("epoll");
  int epfd = epoll_create1(EPOLL_CLOEXEC);
  int ends[2], others[2];
  SHOW(pipe(ends));
  SHOW(pipe(others));
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, ends[0], &event));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, ends[0], &event));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, others[0], &event));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_DEL, others[0], NULL));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, 999, &event));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, epfd, &event));
  int file = open("waiting-file", O_RDWR | O_CREAT, 0600);
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, file, &event));
  close(file);
  show_wait("nothing", epfd);
  SHOW(write(ends[1], "ab", 2));
  show_wait("level", epfd);
  show_wait("level again", epfd);
  char byte;
  SHOW(read(ends[0], &byte, 1));
  show_wait("level, a byte left", epfd);
  event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.u64 = 2};
  SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ends[0], &event));
  show_wait("edge", epfd);
  show_wait("edge again", epfd);
  SHOW(write(ends[1], "c", 1));
  show_wait("edge after a write", epfd);
  event = (struct epoll_event){.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 3};
  SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ends[0], &event));
  show_wait("one-shot", epfd);
  SHOW(write(ends[1], "d", 1));
  show_wait("one-shot again", epfd);
  SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ends[0], &event));
  show_wait("one-shot armed", epfd);
  int outer = epoll_create1(0);
  event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 4};
  SHOW(epoll_ctl(outer, EPOLL_CTL_ADD, epfd, &event));
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, outer, &event));
  show_wait("nested, nothing", outer);
  SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, others[0], &event));
  SHOW(write(others[1], "e", 1));
  show_wait("nested", outer);
  close(others[1]);
  show_wait("closed writer", epfd);
  close(others[0]);
  show_wait("closed file leaves the set", epfd);
  struct epoll_event events[1];
  SHOW(epoll_wait(epfd, events, 0, 0));
  SHOW(epoll_wait(ends[0], events, 1, 0));
  SHOW(epoll_wait(epfd, events, 1, 20));
  close(outer);
  close(epfd);
  close(ends[0]);
  close(ends[1]);
}

static void *writer(void *fd) {
  usleep(20000);
  uint64_t one = 1;
  return (void *)write((int)(intptr_t)fd, &one, 8);
}

static void counting(void) {
  SECTION("eventfd");
  uint64_t value = 0;
  int fd = eventfd(3, EFD_NONBLOCK);
  SHOW(read(fd, &value, 8));
  printf("value %lu\n", (unsigned long)value);
  SHOW(read(fd, &value, 8));
  SHOW(read(fd, &value, 4));
  value = UINT64_MAX;
  SHOW(write(fd, &value, 8));
  value = UINT64_MAX - 1;
  SHOW(write(fd, &value, 8));
  show_poll("full counter", fd, POLLIN | POLLOUT);
  value = 1;
  SHOW(write(fd, &value, 8));
  close(fd);
  fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  SHOW(read(fd, &value, 8));
  SHOW(read(fd, &value, 8));
  SHOW(read(fd, &value, 8));
  close(fd);
  SHOW(eventfd(0, 0x40));
  fd = eventfd(0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, writer, (void *)(intptr_t)fd);
  struct pollfd request = {.fd = fd, .events = POLLIN};
  SHOW(poll(&request, 1, 5000));
  SHOW(read(fd, &value, 8));
  pthread_join(thread, NULL);
  close(fd);
}

static void show_lock(const char *what, int fd, int cmd, short type, long start, long length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  errno = 0;
  int result = fcntl(fd, cmd, &lock);
  printf("%s = %s", what, result == 0 ? "0" : strerrorname_np(errno));
  if (result == 0 && (cmd == F_GETLK || cmd == F_OFD_GETLK)) {
    printf(" type %d", lock.l_type);
    if (lock.l_type != F_UNLCK) printf(" start %ld length %ld pid %s", (long)lock.l_start, (long)lock.l_len, lock.l_pid == -1 ? "-1" : "other");
  }
  printf("\n");
}

static void locks(void) {
  SECTION("locks");
  int a = open("waiting-file", O_RDWR | O_CREAT, 0600);
  int b = open("waiting-file", O_RDWR);
  int c = open("waiting-file", O_RDONLY);
  show_lock("own write lock", a, F_SETLK, F_WRLCK, 10, 10);
  show_lock("same process sees none", b, F_GETLK, F_WRLCK, 0, 0);
  show_lock("open file's lock against the process's", b, F_OFD_SETLK, F_RDLCK, 15, 1);
  show_lock("open file's lock beside it", b, F_OFD_SETLK, F_WRLCK, 20, 5);
  show_lock("who is in the way", a, F_GETLK, F_RDLCK, 0, 0);
  show_lock("unlock the middle", a, F_SETLK, F_UNLCK, 13, 2);
  show_lock("taken there", b, F_OFD_SETLK, F_WRLCK, 13, 2);
  show_lock("the rest is held", b, F_OFD_SETLK, F_WRLCK, 12, 1);
  show_lock("write lock of a reader", c, F_SETLK, F_WRLCK, 100, 1);
  show_lock("read lock of a reader", c, F_SETLK, F_RDLCK, 100, 1);
  show_lock("negative start", a, F_SETLK, F_WRLCK, -1, 1);
  show_lock("no such type", a, F_SETLK, 77, 0, 1);
  close(c); /* drops the process's locks, also those taken through a */
  show_lock("after a close of another descriptor", b, F_OFD_SETLK, F_WRLCK, 0, 0);
  SHOW(flock(a, LOCK_EX));
  SHOW(flock(b, LOCK_EX | LOCK_NB));
  SHOW(flock(b, LOCK_SH | LOCK_NB));
  SHOW(flock(a, LOCK_SH));
  SHOW(flock(b, LOCK_SH | LOCK_NB));
  SHOW(flock(a, LOCK_UN));
  SHOW(flock(a, 77));
  close(a);
  close(b);
}

/* What closes all descriptors but a few lists them meanwhile, a few at a time. */
static void closing_while_listing(void) {
  SECTION("descriptors closed while they are listed");
  for (int i = 0; i < 40; i++) dup2(1, 100 + i);
  int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY), closed = 0;
  char entries[280];
  for (long n; (n = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;)
    for (long at = 0; at < n; at += *(unsigned short *)(entries + at + 16)) {
      int fd = atoi(entries + at + 19);
      if (fd >= 100 && fd < 140) closed += close(fd) == 0;
    }
  printf("%d closed\n", closed);
  SHOW(fcntl(139, F_GETFD));
  close(folder);
}

static int same(int a, int b, size_t length) {
  char *x = mmap(NULL, length, PROT_READ, MAP_PRIVATE, a, 0), *y = mmap(NULL, length, PROT_READ, MAP_PRIVATE, b, 0);
  int result = memcmp(x, y, length) == 0;
  munmap(x, length);
  munmap(y, length);
  return result;
}

/* A large file that nobody has read: its bytes must be waited for now and then. */
static void long_copies(void) {
  SECTION("copies that wait in between");
  int from = open("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", O_RDONLY);
  if (from < 0) from = open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY);
  int to = open("waiting-copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
  off_t size = lseek(from, 0, SEEK_END), offset = 0;
  while (offset < size && sendfile(to, from, &offset, (size_t)(size - offset)) > 0) continue;
  printf("all %d, no more %d, the same %d\n", offset == size, lseek(to, 0, SEEK_END) == size, same(from, to, (size_t)size));
  unlink("waiting-copy");
  close(to);

  int ends[2];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
  offset = 0;
  static char bytes[65536];
  ssize_t received = 0;
  /* Until it is full, and again with room for some pieces: what fits counts, what does not comes later. */
  for (int turn = 0; turn < 8; turn++) {
    sendfile(ends[0], from, &offset, (size_t)size);
    for (int i = 0; i < 2; i++) received += read(ends[1], bytes, sizeof bytes);
  }
  while (sendfile(ends[0], from, &offset, (size_t)size) > 0) continue;
  SHOW(sendfile(ends[0], from, &offset, (size_t)size));
  for (ssize_t n; (n = read(ends[1], bytes, sizeof bytes)) > 0;) received += n;
  printf("received %d\n", received == offset);
  close(ends[0]);
  close(ends[1]);
  close(from);
}

static void copies(void) {
  SECTION("copies");
  int from = open("waiting-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  int to = open("waiting-copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < 1000; i++) dprintf(from, "line %d\n", i);
  off_t offset = 7;
  SHOW(sendfile(to, from, &offset, 100000));
  printf("offset %ld, position %ld\n", (long)offset, (long)lseek(to, 0, SEEK_CUR));
  off_t in = 0, out = 0;
  SHOW(copy_file_range(from, &in, to, &out, 50, 0));
  SHOW(copy_file_range(from, &in, from, &in, 50, 0));
  printf("in %ld out %ld\n", (long)in, (long)out);
  char bytes[20] = {0};
  SHOW(pread(to, bytes, 19, 44));
  printf("%s\n", bytes);
  int ends[2];
  SHOW(pipe(ends));
  SHOW(sendfile(ends[1], from, NULL, 10));
  SHOW(sendfile(to, ends[0], NULL, 10));
  SHOW(lseek(ends[0], 0, SEEK_SET));
  SHOW(fcntl(ends[1], F_SETPIPE_SZ, 10000));
  SHOW(fcntl(ends[1], F_GETPIPE_SZ));
  struct statx stx;
  SHOW(syscall(SYS_statx, AT_FDCWD, "waiting-copy", 0, STATX_BASIC_STATS, &stx));
  printf("mode %o size %ld\n", stx.stx_mode, (long)stx.stx_size);
  SHOW(syscall(SYS_statx, AT_FDCWD, "", 0, STATX_BASIC_STATS, &stx));
  SHOW(syscall(SYS_statx, to, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx));
  SHOW(faccessat(AT_FDCWD, "waiting-copy", X_OK, 0));
  SHOW(close_range(from, to, 0));
  SHOW(close(from));
  SHOW(close_range(5, 4, 0));
  unlink("waiting-file");
  unlink("waiting-copy");
}

int main(void) {
  polling();
  event_polling();
  counting();
  locks();
  copies();
  long_copies();
  closing_while_listing();
  return 0;
}
