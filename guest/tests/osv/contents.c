/* OSv's tests of what files hold, and of what is read and written like files. Works in the folder given as argument. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../show.h"

static char big[1 << 17], copy[1 << 17];
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void reading(void) {
  SECTION("tst-read");
  int fd = open("f", O_CREAT | O_RDWR, 0644);
  char b[64] = {0};
  SHOW(write(fd, "hello, world", 12));
  SHOW(read(fd, b, 5));
  SHOW(pread(fd, b, 5, 0));
  SHOW(pread(fd, b, 50, 7));
  SHOW(pread(fd, b, 5, 100));
  SHOW(pread(fd, b, 5, -1));
  SHOW(pread(fd, (void *)16, 5, 0));
  SHOW(pread(fd, b, 0, 0));
  SHOW(read(99, b, 1));
  int dir = open(".", O_RDONLY), out = open("f", O_WRONLY);
  SHOW(read(dir, b, 1));
  SHOW(read(out, b, 1));
  SHOW(write(dir, b, 1));
  SECTION("tst-seek");
  SHOW(lseek(fd, 0, SEEK_END));
  SHOW(lseek(fd, 100, SEEK_SET));
  SHOW(read(fd, b, 1));
  SHOW(write(fd, "x", 1));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, -200, SEEK_CUR));
  SHOW(lseek(fd, INT64_MAX, SEEK_SET));
  SHOW(lseek(fd, 1, 77));
  SHOW(lseek(fd, 0, SEEK_DATA));
  SHOW(lseek(fd, 0, SEEK_HOLE));
  SHOW(lseek(fd, 101, SEEK_DATA));
  int p[2];
  pipe(p);
  SHOW(lseek(p[0], 0, SEEK_SET));
  close(p[0]), close(p[1]);
  SECTION("tst-truncate");
  struct stat st;
  SHOW(truncate("f", 5));
  fstat(fd, &st);
  printf("size %ld\n", (long)st.st_size);
  SHOW(ftruncate(fd, 9000));
  SHOW(pread(fd, b, 8, 3));
  printf("%.2s then %d %d\n", b, b[2], b[7]);
  SHOW(ftruncate(out, 0));
  SHOW(truncate("f", -1));
  SHOW(truncate(".", 0));
  SHOW(truncate("none", 0));
  SHOW(truncate("f/x", 0));
  SHOW(ftruncate(99, 0));
  SHOW(ftruncate(dir, 0));
  int in = open("f", O_RDONLY);
  SHOW(ftruncate(in, 0));
  SECTION("tst-fallocate");
  SHOW(fallocate(fd, 0, 0, 10000));
  fstat(fd, &st);
  printf("size %ld blocks %d\n", (long)st.st_size, st.st_blocks >= 20);
  SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 50000));
  fstat(fd, &st);
  printf("size %ld\n", (long)st.st_size);
  SHOW(pwrite(fd, big, 9000, 0));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
  SHOW(fallocate(fd, 0, 0, 0));
  SHOW(fallocate(fd, 0, -1, 5));
  SHOW(fallocate(in, 0, 0, 5));
  SHOW(fallocate(99, 0, 0, 5));
  SHOW(posix_fallocate(fd, 0, 20000));
  close(in), close(out), close(dir);
  SECTION("tst-fcntl");
  SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
  SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
  SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
  SHOW(fcntl(fd, F_SETFL, 0));
  SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
  int d = fcntl(fd, F_DUPFD, 50), c = fcntl(fd, F_DUPFD_CLOEXEC, 60);
  printf("%d %d %d %d\n", d, fcntl(d, F_GETFD), c, fcntl(c, F_GETFD));
  SHOW(fcntl(c, F_SETFD, 0));
  SHOW(fcntl(c, F_GETFD));
  SHOW(fcntl(fd, F_DUPFD, -1));
  SHOW(fcntl(99, F_GETFL));
  SHOW(fcntl(fd, 9999));
  lseek(fd, 7, SEEK_SET);
  SHOW(lseek(d, 0, SEEK_CUR));
  close(d), close(c);
  SECTION("tst-uio");
  struct iovec three[] = {{"one", 3}, {"", 0}, {"three", 5}}, in3[] = {{b, 2}, {b + 8, 3}, {b + 16, 9}}, wild[] = {{b, 2}, {(void *)16, 3}};
  ftruncate(fd, 0), lseek(fd, 0, SEEK_SET);
  SHOW(writev(fd, three, 3));
  memset(b, 0, sizeof b);
  SHOW(preadv(fd, in3, 3, 0));
  printf("%s %s %s\n", b, b + 8, b + 16);
  SHOW(readv(fd, in3, 3));
  SHOW(pwritev(fd, three, 2, 100));
  SHOW(writev(fd, three, -1));
  SHOW(writev(fd, three, 1025));
  SHOW(writev(fd, three, 0));
  SHOW(writev(fd, wild, 2));
  SHOW(writev(fd, (void *)16, 2));
  wild[1].iov_len = -1L;
  SHOW(writev(fd, wild, 2));
  close(fd), unlink("f");
}

static void transfers(void) {
  SECTION("tst-sendfile");
  for (unsigned i = 0; i < sizeof big; i++) big[i] = (char)(i * 7 + i / 256);
  int in = open("in", O_CREAT | O_RDWR, 0644), out = open("out", O_CREAT | O_RDWR, 0644);
  write(in, big, sizeof big);
  off_t at = 1000;
  SHOW(sendfile(out, in, &at, 5000));
  printf("offset %ld, own %ld\n", (long)at, (long)lseek(in, 0, SEEK_CUR));
  pread(out, copy, 5000, 0);
  printf("equal %d\n", memcmp(copy, big + 1000, 5000) == 0);
  lseek(in, 0, SEEK_SET);
  SHOW(sendfile(out, in, NULL, sizeof big + 9));
  SHOW(sendfile(out, in, NULL, 10));
  at = -1;
  SHOW(sendfile(out, in, &at, 10));
  SHOW(sendfile(99, in, NULL, 10));
  SHOW(sendfile(out, 99, NULL, 10));
  SECTION("tst-mmap-file");
  char *m = mmap(NULL, sizeof big, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0);
  printf("equal %d\n", memcmp(m, big, sizeof big) == 0);
  m[5000] = 'Z';
  SHOW(msync(m, sizeof big, MS_SYNC));
  SHOW(pread(in, copy, 1, 5000));
  printf("through the file: %c\n", copy[0]);
  SHOW(pwrite(in, "Y", 1, 70000));
  printf("through the mapping: %c\n", m[70000]);
  char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, in, 4096);
  p[0] = 'P';
  printf("private stays private: %d\n", m[4096] != 'P');
  SHOW(munmap(p, 4096));
  SHOW(munmap(m, sizeof big));
  int only = open("in", O_RDONLY);
  SHOW_OK((intptr_t)mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, only, 0));
  SHOW_OK((intptr_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED, only, 1));
  SHOW_OK((intptr_t)mmap(NULL, 0, PROT_READ, MAP_SHARED, only, 0));
  SHOW_OK((intptr_t)mmap(NULL, 4096, PROT_READ, 0, only, 0));
  SHOW_OK((intptr_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0));
  SHOW(munmap(m + 1, 4096));
  SHOW(msync(m, 4096, MS_SYNC | MS_ASYNC));
  SECTION("splice");
  int pipes[2];
  pipe(pipes);
  loff_t from = 100;
  SHOW(splice(in, &from, pipes[1], NULL, 1000, 0));
  SHOW(read(pipes[0], copy, 2000));
  printf("equal %d\n", memcmp(copy, big + 100, 1000) == 0);
  SHOW(splice(in, NULL, out, NULL, 10, 0));
  SHOW(splice(pipes[0], &from, out, NULL, 10, 0));
  SHOW(tee(pipes[0], pipes[1], 10, SPLICE_F_NONBLOCK));
  close(in), close(out), close(only), close(pipes[0]), close(pipes[1]), unlink("in"), unlink("out");
  SECTION("fread");
  FILE *file = fopen("s", "w+");
  for (int i = 0; i < 3000; i++) fprintf(file, "line %d\n", i);
  rewind(file);
  char line[64];
  int lines = 0;
  while (fgets(line, sizeof line, file)) lines++;
  printf("%d lines, last %s", lines, line);
  printf("seek %d, read %zu of 4\n", fseek(file, -3, SEEK_END), fread(line, 1, 4, file));
  printf("end %d error %d\n", feof(file) != 0, ferror(file));
  printf("%d %c\n", ungetc('q', file), fgetc(file));
  fclose(file), unlink("s");
}

static void *wait_and_write(void *fd) {
  usleep(3000);
  uint64_t one = 1;
  return (void *)write((int)(intptr_t)fd, &one, 8);
}
static void *read_all(void *fd) {
  long sum = 0;
  for (long n; (n = read((int)(intptr_t)fd, copy, sizeof copy)) > 0;)
    for (long i = 0; i < n; i++) sum += (unsigned char)copy[i];
  return (void *)sum;
}

static void waiting(void) {
  pthread_t thread;
  void *result;
  int p[2];
  SECTION("tst-pipe");
  SHOW(pipe2(p, 0x4000000));
  SHOW(pipe((void *)16));
  pipe(p);
  SHOW(write(p[0], "x", 1));
  SHOW(read(p[1], copy, 1));
  pthread_create(&thread, NULL, read_all, (void *)(intptr_t)p[0]);
  long sum = 0;
  for (unsigned i = 0; i < sizeof big; i++) sum += (unsigned char)big[i];
  SHOW(write(p[1], big, sizeof big));
  close(p[1]);
  pthread_join(thread, &result);
  printf("all arrived %d\n", (long)result == sum);
  close(p[0]);
  pipe2(p, O_NONBLOCK | O_CLOEXEC);
  SHOW(fcntl(p[0], F_GETFD));
  SHOW(read(p[0], copy, 1));
  long held = 0;
  for (long n; (n = write(p[1], big, 1000)) > 0;) held += n;
  printf("holds %d, %s\n", held >= 60000, strerrorname_np(errno));
  close(p[0]), close(p[1]);
  SECTION("tst-eventfd");
  uint64_t v = 5;
  int e = eventfd(3, 0), s = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  SHOW(write(e, &v, 8));
  SHOW(read(e, &v, 8));
  printf("value %ld\n", (long)v);
  pthread_create(&thread, NULL, wait_and_write, (void *)(intptr_t)e);
  SHOW(read(e, &v, 8));
  pthread_join(thread, NULL);
  SHOW(read(e, &v, 4));
  SHOW(write(e, &v, 4));
  v = UINT64_MAX;
  SHOW(write(e, &v, 8));
  SHOW(read(s, &v, 8));
  SHOW(read(s, &v, 8));
  SHOW(read(s, &v, 8));
  v = UINT64_MAX - 1;
  SHOW(write(s, &v, 8));
  SHOW(write(s, &v, 8));
  SHOW(eventfd(0, 0x10));
  SECTION("tst-epoll");
  int ep = epoll_create1(EPOLL_CLOEXEC), other = epoll_create1(0);
  struct epoll_event in = {.events = EPOLLIN, .data.u32 = 77}, got[4];
  SHOW(epoll_create(0));
  SHOW(epoll_create1(1));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e, &in));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e, &in));
  SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, s + 40, &in));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &in));
  SHOW(epoll_ctl(ep, 9, e, &in));
  SHOW(epoll_ctl(e, EPOLL_CTL_ADD, s, &in));
  SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, s, NULL));
  int file = open("e", O_CREAT | O_RDWR, 0600);
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, file, &in));
  close(file), unlink("e");
  SHOW(epoll_wait(ep, got, 4, 0));
  SHOW(epoll_wait(ep, got, 0, 0));
  SHOW(epoll_wait(e, got, 4, 0));
  double start = now();
  SHOW(epoll_wait(ep, got, 4, 5));
  printf("not early %d\n", now() - start >= 0.005);
  pthread_create(&thread, NULL, wait_and_write, (void *)(intptr_t)e);
  SHOW(epoll_wait(ep, got, 4, -1));
  printf("data %u events %x\n", got[0].data.u32, got[0].events);
  pthread_join(thread, NULL);
  in.events = EPOLLIN | EPOLLET;
  SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, e, &in));
  SHOW(epoll_wait(ep, got, 4, 0));
  SHOW(epoll_wait(ep, got, 4, 0));
  wait_and_write((void *)(intptr_t)e);
  SHOW(epoll_wait(ep, got, 4, 0));
  SHOW(epoll_ctl(other, EPOLL_CTL_ADD, ep, &in));
  SHOW(epoll_wait(other, got, 4, 0));
  close(e);
  SHOW(epoll_wait(ep, got, 4, 0));
  SECTION("tst-poll");
  pipe(p);
  struct pollfd fds[] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 7}, {99, POLLIN, 0}};
  SHOW(poll(fds, 4, 0));
  for (int i = 0; i < 4; i++) printf("%x ", fds[i].revents);
  write(p[1], "x", 1);
  SHOW(poll(fds, 3, -1));
  for (int i = 0; i < 3; i++) printf("%x ", fds[i].revents);
  close(p[1]), fds[1].fd = -1;
  SHOW(poll(fds, 3, 1000));
  printf("%x\n", fds[0].revents);
  read(p[0], copy, 1);
  SHOW(poll(fds, 1, 1000));
  printf("%x\n", fds[0].revents);
  SHOW(poll((void *)16, 1, 0));
  close(p[0]);
  pipe(p);
  fds[0].fd = p[0], start = now();
  SHOW(poll(fds, 1, 5));
  printf("not early %d\n", now() - start >= 0.005);
  SECTION("tst-select-timeout");
  fd_set set;
  FD_ZERO(&set);
  FD_SET(p[0], &set);
  struct timeval t = {0, 5000};
  start = now();
  SHOW(select(p[0] + 1, &set, NULL, NULL, &t));
  printf("not early %d, none left %d, set %d\n", now() - start >= 0.005, t.tv_sec == 0 && t.tv_usec == 0, FD_ISSET(p[0], &set));
  t.tv_usec = -1;
  SHOW(select(1, NULL, NULL, NULL, &t));
  SHOW(select(-1, NULL, NULL, NULL, NULL));
  write(p[1], "x", 1);
  FD_SET(p[0], &set);
  t = (struct timeval){10, 0};
  SHOW(select(p[0] + 1, &set, NULL, NULL, &t));
  printf("time left %d\n", t.tv_sec >= 8);
  close(p[0]);
  FD_SET(p[0], &set);
  SHOW(select(p[0] + 1, &set, NULL, NULL, &t));
  close(p[1]);
}

static void consoles(void) {
  SECTION("tst-ttyname");
  char name[64];
  int fd = open("t", O_CREAT | O_RDWR, 0600), null = open("/dev/null", O_RDWR);
  printf("%s\n", strerrorname_np(ttyname_r(fd, name, sizeof name)));
  printf("%s\n", strerrorname_np(ttyname_r(null, name, sizeof name)));
  printf("%s\n", strerrorname_np(ttyname_r(99, name, sizeof name)));
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(master), unlockpt(master);
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  printf("%d: %d\n", ttyname_r(slave, name, sizeof name), strcmp(name, ptsname(master)));
  printf("%s\n", strerrorname_np(ttyname_r(slave, name, 3)));
  SHOW(isatty(slave));
  SHOW(isatty(fd));
  SECTION("tst-console");
  SHOW(write(master, "typed\n", 6));
  memset(copy, 0, 64);
  SHOW(read(slave, copy, 64));
  printf("%s", copy);
  SHOW(write(slave, "shown\n", 6));
  memset(copy, 0, 64);
  usleep(2000);
  SHOW(read(master, copy, 64));
  for (char *c = copy; *c; c++) printf("%02x ", *c);
  puts("");
  close(master), close(slave), close(fd), close(null), unlink("t");
}

int main(int argc, char **argv) {
  char folder[4096];
  sprintf(folder, "%s/osv-contents-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 3;
  reading();
  transfers();
  waiting();
  consoles();
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
