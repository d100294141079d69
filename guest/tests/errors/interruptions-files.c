/* Each call that waits for a file, a pipe or an event, interrupted: see interrupt.h. */
#include "interrupt.h"
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static char bytes[65536];
static int file, empty[2], full[2], sockets[2];
static struct iovec io = {bytes, 100};

static void transfers(void) {
  uint64_t value = 1, most = -2ul, mask = 1ul << (SIGUSR2 - 1);
  int counter = eventfd(0, 0), most_counter = eventfd(0, 0), watcher = inotify_init();
  int timer = timerfd_create(CLOCK_MONOTONIC, 0), signals = syscall(SYS_signalfd4, -1, &mask, 8, 0);
  loff_t from = 0;
  write(most_counter, &most, 8);
  SECTION("reading");
  INTERRUPTED(read, empty[0], bytes, 10);
  INTERRUPTED(readv, empty[0], &io, 1);
  INTERRUPTED(preadv2, empty[0], &io, 1, -1, -1, 0);
  INTERRUPTED(read, sockets[0], bytes, 10);
  INTERRUPTED(read, counter, &value, 8);
  INTERRUPTED(read, timer, &value, 8);
  INTERRUPTED(read, signals, bytes, 128);
  INTERRUPTED(read, watcher, bytes, sizeof bytes);
  SECTION("writing");
  INTERRUPTED(write, full[1], bytes, 10);
  INTERRUPTED(write, most_counter, &value, 8);
  INTERRUPTED(writev, full[1], &io, 1);
  INTERRUPTED(pwritev2, full[1], &io, 1, -1, -1, 0);
  SECTION("between files");
  INTERRUPTED(splice, empty[0], NULL, file, NULL, 10, 0);
  INTERRUPTED(splice, file, &from, full[1], NULL, 10, 0);
  INTERRUPTED(tee, empty[0], full[1], 10, 0);
  INTERRUPTED(vmsplice, full[1], &io, 1, 0);
  INTERRUPTED(sendfile, full[1], file, &from, 10);
}

static void opens_and_locks(void) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int ready[2];
  char c;
  SECTION("opening");
  INTERRUPTED(open, "fifo", O_RDONLY);
  INTERRUPTED(openat, AT_FDCWD, "fifo", O_WRONLY);
  INTERRUPTED(creat, "fifo", 0600);
  SECTION("locks");
  pipe(ready);
  pid_t holder = fork();
  if (holder == 0) {
    int own = open("file", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    flock(own, LOCK_EX), fcntl(own, F_SETLK, &lock), write(ready[1], "x", 1);
    for (;;) pause();
  }
  read(ready[0], &c, 1);
  INTERRUPTED(flock, file, LOCK_EX);
  INTERRUPTED(fcntl, file, F_SETLKW, &lock);
  INTERRUPTED(fcntl, file, F_OFD_SETLKW, &lock);
  signal_child(holder, SIGKILL), waitpid(holder, NULL, 0);
}

static void waits(void) {
  struct pollfd one = {.fd = empty[0], .events = POLLIN};
  struct timespec late = {1000, 0};
  struct timeval later = {1000, 0};
  struct epoll_event event = {.events = EPOLLIN};
  int ep = epoll_create1(0);
  fd_set set;
  epoll_ctl(ep, EPOLL_CTL_ADD, empty[0], &event);
  FD_ZERO(&set);
  FD_SET(empty[0], &set);
  SECTION("waiting");
  INTERRUPTED(poll, &one, 1, -1);
  INTERRUPTED(poll, &one, 1, 1000000);
  INTERRUPTED(ppoll, &one, 1, &late, NULL, 8);
  INTERRUPTED(select, empty[0] + 1, &set, NULL, NULL, &later);
  INTERRUPTED(pselect6, empty[0] + 1, &set, NULL, NULL, NULL, NULL);
  INTERRUPTED(epoll_wait, ep, &event, 1, -1);
  INTERRUPTED(epoll_pwait, ep, &event, 1, -1, NULL, 8);
  INTERRUPTED(epoll_pwait2, ep, &event, 1, &late, NULL, 8);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  file = open("file", O_CREAT | O_RDWR, 0600), write(file, bytes, 4096), mkfifo("fifo", 0600);
  pipe(empty), pipe(full), socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
  fcntl(full[1], F_SETFL, O_NONBLOCK);
  while (write(full[1], bytes, sizeof bytes) > 0) {}
  fcntl(full[1], F_SETFL, 0);
  transfers();
  opens_and_locks();
  waits();
  leave_work_folder();
  return 0;
}
