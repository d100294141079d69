/* Opening and closing: open, openat, openat2, creat, close, close_range, dup, pipe, fcntl, flock, ioctl, and the calls that
   make descriptors, at the limit of descriptors. */
#include "call.h"
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#define HERE AT_FDCWD
#define OPENAT2(path, ...)                   \
  do {                                       \
    struct open_how how = {__VA_ARGS__};     \
    CALL(openat2, HERE, path, &how, sizeof how); \
  } while (0)

static int file;

static void opening(void) {
  SECTION("opening");
  CALL(open, "file", O_CREAT | O_EXCL | O_RDWR, 0600);
  CALL(openat, HERE, "file", O_CREAT | O_EXCL | O_RDWR, 0600);
  OPENAT2("file", .flags = O_CREAT | O_EXCL | O_RDWR, .mode = 0600);
  CALL(open, "folder", O_WRONLY);
  CALL(openat, HERE, "folder", O_RDWR);
  CALL(open, "folder", O_CREAT, 0600);
  CALL(creat, "folder", 0600);
  OPENAT2("folder", .flags = O_WRONLY);
  CALL(open, "file", O_DIRECTORY);
  CALL(open, "new/", O_CREAT, 0600);
  CALL(open, "new", O_TMPFILE, 0600);
  CALL(open, "folder", O_TMPFILE | O_RDONLY, 0600);
  CALL(openat, HERE, "folder", O_TMPFILE | O_RDONLY, 0600);
  CALL(open, "none", O_TMPFILE | O_RDWR, 0600);
  CALL(open, "file", O_TMPFILE | O_RDWR, 0600);
  CALL(open, "new", O_CREAT | O_DIRECTORY, 0600);
  CALL(open, "fifo", O_WRONLY | O_NONBLOCK);
  CALL(openat, HERE, "fifo", O_WRONLY | O_NONBLOCK);
  OPENAT2("fifo", .flags = O_WRONLY | O_NONBLOCK);
  CALL(open, "socket", O_RDONLY);
  CALL(creat, "socket", 0600);
  CALL(open, "/proc/self/exe", O_WRONLY);
  CALL(openat, HERE, "/proc/self/exe", O_RDWR);
  CALL(open, "/proc/self/exe", O_RDONLY | O_TRUNC);
  CALL(creat, "/proc/self/exe", 0700);
  OPENAT2("/proc/self/exe", .flags = O_WRONLY);
  CALL(truncate, "/proc/self/exe", 0);
  CALL_INTERRUPTED(open, "fifo", O_RDONLY);
  CALL_INTERRUPTED(openat, HERE, "fifo", O_WRONLY);
  CALL_INTERRUPTED(creat, "fifo", 0600);
  struct open_how how = {.flags = O_RDONLY};
  CALL_INTERRUPTED(openat2, HERE, "fifo", &how, sizeof how);
  AS_NOBODY({
    CALL(open, "closed", O_RDONLY);
    CALL(open, "readable", O_RDWR);
    CALL(open, "readable", O_RDONLY | O_NOATIME);
    CALL(openat, HERE, "readable", O_RDONLY | O_NOATIME);
    OPENAT2("readable", .flags = O_NOATIME);
    CALL(creat, "readable", 0600);
    CALL(creat, "folder/new", 0600);
    CALL(open, "folder", O_TMPFILE | O_RDWR, 0600);
  });
}

static void how_to_open(void) {
  SECTION("openat2");
  char big[PATH_MAX + 4096] = {0};
  struct open_how how = {.flags = O_RDONLY};
  CALL(openat2, HERE, "file", &how, 8);
  CALL(openat2, HERE, "file", big, sizeof big);
  memset(big, 1, 64);
  CALL(openat2, HERE, "file", big, 64);
  OPENAT2("file", .flags = 1ull << 40);
  OPENAT2("file", .flags = O_RDONLY, .mode = 0600);
  OPENAT2("file", .flags = O_CREAT, .mode = 070000);
  OPENAT2("file", .flags = O_RDONLY, .resolve = 1 << 20);
  OPENAT2("file", .flags = O_RDONLY, .resolve = RESOLVE_BENEATH | RESOLVE_IN_ROOT);
  OPENAT2("file", .flags = O_PATH | O_RDWR);
  OPENAT2("..", .flags = O_RDONLY, .resolve = RESOLVE_BENEATH);
  OPENAT2("/", .flags = O_RDONLY, .resolve = RESOLVE_BENEATH);
  OPENAT2("/proc/self", .flags = O_RDONLY, .resolve = RESOLVE_NO_XDEV);
  OPENAT2("link", .flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS);
  OPENAT2("/proc/self/exe", .flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS);
  OPENAT2("new", .flags = O_CREAT | O_RDWR, .mode = 0600, .resolve = RESOLVE_CACHED);
  OPENAT2("file", .flags = O_RDWR | O_TRUNC, .resolve = RESOLVE_CACHED);
}

static void seals(void) {
  SECTION("seals");
  char path[40];
  int sealed = memfd_create("sealed", MFD_ALLOW_SEALING), plain = memfd_create("plain", 0);
  ftruncate(sealed, 4096);
  CALL(fcntl, sealed, F_ADD_SEALS, 0x1000);
  void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0);
  CALL(fcntl, sealed, F_ADD_SEALS, F_SEAL_WRITE);
  munmap(mapped, 4096);
  CALL(fcntl, sealed, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
  CALL(fcntl, sealed, F_ADD_SEALS, F_SEAL_SEAL);
  CALL(fcntl, sealed, F_ADD_SEALS, F_SEAL_SHRINK);
  CALL(fcntl, plain, F_ADD_SEALS, F_SEAL_SHRINK);
  CALL(fcntl, file, F_ADD_SEALS, F_SEAL_SHRINK);
  CALL(fcntl, file, F_GET_SEALS);
  sprintf(path, "/proc/self/fd/%d", sealed);
  CALL(open, path, O_RDWR | O_TRUNC);
  CALL(creat, path, 0600);
  CALL(truncate, path, 0);
  CALL(truncate, path, 8192);
  CALL(ftruncate, sealed, 0);
  CALL(fallocate, sealed, 0, 0, 8192);
  CALL(write, sealed, "x", 1);
  CALL(pwrite64, sealed, "x", 1, 0);
  struct { void *base; size_t size; } io = {"x", 1};
  CALL(writev, sealed, &io, 1);
  CALL(pwritev, sealed, &io, 1, 0, 0);
  CALL(pwritev2, sealed, &io, 1, 0, 0, 0);
  CALL(mmap, NULL, 4096, PROT_WRITE, MAP_SHARED, sealed, 0);
  int readable = open(path, O_RDONLY);
  CALL(mmap, NULL, 4096, PROT_WRITE, MAP_SHARED, readable, 0);
}

static void numbers(void) {
  SECTION("numbers");
  int pipes[2];
  CALL(close, NO_FD);
  CALL(close, -1);
  CALL(close_range, 20, 10, 0);
  CALL(close_range, 500, 600, 0x8000);
  CALL(dup, NO_FD);
  CALL(dup2, NO_FD, 50);
  CALL(dup2, file, -1);
  CALL(dup2, file, 1 << 30);
  CALL(dup3, NO_FD, 50, 0);
  CALL(dup3, file, 1 << 30, 0);
  CALL(dup3, file, file, 0);
  CALL(dup3, file, 50, O_APPEND);
  CALL(pipe, BAD);
  CALL(pipe2, BAD, 0);
  CALL(pipe2, pipes, O_CREAT);
  CALL(epoll_create, 0);
  CALL(epoll_create1, 1);
  CALL(eventfd2, 0, 0x10);
  CALL(inotify_init1, 1);
  CALL(memfd_create, BAD, 0);
  CALL(memfd_create, "name", 0x1000);
  CALL(timerfd_create, 99, 0);
  CALL(timerfd_create, CLOCK_MONOTONIC, 1);
  CALL(timerfd_create, CLOCK_PROCESS_CPUTIME_ID, 0);
  AS_NOBODY(CALL(timerfd_create, CLOCK_REALTIME_ALARM, 0));
  AS_NOBODY(CALL(timerfd_create, CLOCK_BOOTTIME_ALARM, 0));
  uint64_t mask = 1;
  CALL(signalfd, NO_FD, &mask, 8);
  CALL(signalfd, file, &mask, 8);
  CALL(signalfd, -1, &mask, 4);
  CALL(signalfd4, NO_FD, &mask, 8, 0);
  CALL(signalfd4, file, &mask, 8, 0);
  CALL(signalfd4, -1, &mask, 8, 1);
  CALL(signalfd4, -1, BAD, 8, 0);
}

/* As many descriptors as there may be. */
static void full(void) {
  int pipes[2];
  uint64_t mask = 1;
  SECTION("no descriptor left");
  limit_to(RLIMIT_NOFILE, 20);
  while (syscall(SYS_dup, 0) >= 0) {}
  CALL(open, "file", O_RDONLY);
  CALL(openat, HERE, "file", O_RDONLY);
  OPENAT2("file", .flags = O_RDONLY);
  CALL(creat, "file", 0600);
  CALL(dup, 0);
  CALL(fcntl, 0, F_DUPFD, 3);
  CALL(fcntl, 0, F_DUPFD_CLOEXEC, 3);
  CALL(fcntl, 0, F_DUPFD, 30);
  CALL(dup2, 0, 20);
  CALL(dup3, 0, 20, 0);
  CALL(pipe, pipes);
  CALL(pipe2, pipes, 0);
  CALL(epoll_create, 1);
  CALL(epoll_create1, 0);
  CALL(eventfd, 0);
  CALL(eventfd2, 0, 0);
  CALL(inotify_init);
  CALL(inotify_init1, 0);
  CALL(memfd_create, "name", 0);
  CALL(signalfd, -1, &mask, 8);
  CALL(signalfd4, -1, &mask, 8, 0);
  CALL(timerfd_create, CLOCK_MONOTONIC, 0);
}

static void hold(int fd, off_t at) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
  fcntl(fd, F_SETLK, &whole);
}

static void controls(void) {
  SECTION("fcntl, flock, ioctl");
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, strange = {.l_type = 77};
  int pipes[2], ready[2], readable = open("file", O_RDONLY), size;
  char c, page[8192] = {0};
  pipe(pipes), pipe(ready);
  CALL(fcntl, NO_FD, F_GETFL);
  CALL(fcntl, file, 9999);
  CALL(fcntl, file, F_DUPFD, -1);
  CALL(fcntl, file, F_SETLK, &strange);
  CALL(fcntl, file, F_SETLK, BAD);
  CALL(fcntl, file, F_GETLK, BAD);
  CALL(fcntl, readable, F_SETLK, &lock);
  CALL(fcntl, file, F_SETOWN, 0x7ffffff0);
  CALL(fcntl, file, F_SETSIG, 99);
  CALL(fcntl, file, F_NOTIFY, 2);
  CALL(fcntl, file, F_SETPIPE_SZ, 4096);
  fcntl(pipes[1], F_SETPIPE_SZ, 16384), write(pipes[1], page, 8192);
  CALL(fcntl, pipes[1], F_SETPIPE_SZ, 4096);
  AS_NOBODY(CALL(fcntl, pipes[1], F_SETPIPE_SZ, 1 << 28));
  CALL(fcntl, open("file", O_PATH), F_SETLK, &lock);
  CALL(flock, NO_FD, LOCK_EX);
  CALL(flock, file, 9);
  CALL(flock, file, LOCK_MAND);
  CALL(ioctl, NO_FD, FIONREAD, &size);
  CALL(ioctl, file, TCGETS, page);
  CALL(ioctl, pipes[0], FIONREAD, BAD);
  CALL(ioctl, pipes[0], 0x7777, 0);
  int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  CALL(ioctl, terminal, TIOCGWINSZ, BAD);
  CALL(ioctl, terminal, TCFLSH, 99);
  /* Another process holds the file. */
  pid_t holder = fork();
  if (holder == 0) {
    int own = open("file", O_RDWR);
    flock(own, LOCK_EX), hold(own, 0), write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  read(ready[0], &c, 1);
  CALL(fcntl, file, F_SETLK, &lock);
  CALL(fcntl, file, F_OFD_SETLK, &lock);
  CALL_INTERRUPTED(fcntl, file, F_SETLKW, &lock);
  CALL_INTERRUPTED(fcntl, file, F_OFD_SETLKW, &lock);
  CALL(flock, file, LOCK_EX | LOCK_NB);
  CALL_INTERRUPTED(flock, file, LOCK_SH);
  signal_child(holder, SIGKILL), waitpid(holder, NULL, 0);
  /* Each has one byte and waits for the other's. */
  struct flock second = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
  struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  hold(file, 0);
  holder = fork();
  if (holder == 0) {
    hold(file, 1), write(ready[1], "x", 1);
    fcntl(file, F_SETLKW, &first);
    _exit(0);
  }
  read(ready[0], &c, 1);
  usleep(50000);
  CALL(fcntl, file, F_SETLKW, &second);
  first.l_type = F_UNLCK, fcntl(file, F_SETLK, &first);
  waitpid(holder, NULL, 0);
}

/* Who holds a lease does not give it up; others wait, or do not. */
static void leases(void) {
  char c;
  int ready[2];
  SECTION("leases");
  pipe(ready), close(open("leased", O_CREAT | O_RDWR, 0600));
  pid_t holder = fork();
  if (holder == 0) {
    signal(SIGIO, SIG_IGN);
    int own = open("leased", O_RDONLY);
    CALL(fcntl, own, F_SETLEASE, F_WRLCK);
    write(ready[1], "x", 1);
    for (;;) pause();
  }
  read(ready[0], &c, 1);
  CALL(open, "leased", O_RDONLY | O_NONBLOCK);
  CALL(openat, HERE, "leased", O_WRONLY | O_NONBLOCK);
  OPENAT2("leased", .flags = O_RDONLY | O_NONBLOCK);
  signal_child(holder, SIGKILL), waitpid(holder, NULL, 0);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  file = open("file", O_CREAT | O_RDWR, 0600);
  mkdir("folder", 0755), mkdir("closed", 0700), mkfifo("fifo", 0600), symlink("file", "link");
  close(open("readable", O_CREAT, 0644));
  struct sockaddr_un name = {AF_UNIX, "socket"};
  bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name);
  opening();
  how_to_open();
  seals();
  numbers();
  controls();
  leases();
  IN_CHILD(full());
  leave_work_folder();
  return 0;
}
