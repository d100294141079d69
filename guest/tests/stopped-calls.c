/* What a call that waits does when its program is stopped and continued meanwhile (signal(7)): sleeps end when they
   would have, some calls fail with EINTR, the others wait on. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static int ends[2];
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static long sleeps(void) { return nanosleep(&(struct timespec){0, 600000000}, NULL); }
static long sleeps_by_clock(void) { return clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){0, 600000000}, NULL); }
static long polls(void) { return poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 600); }
static long polls_exactly(void) { return ppoll(&(struct pollfd){ends[0], POLLIN, 0}, 1, &(struct timespec){0, 600000000}, NULL); }
static long selects(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  return select(ends[0] + 1, &set, NULL, NULL, &(struct timeval){0, 600000});
}
static long waits_for_events(void) {
  int ep = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event);
  return epoll_wait(ep, &event, 1, 600);
}
static long waits_for_semaphore(void) {
  int id = semget(IPC_PRIVATE, 1, 0600);
  long result = semtimedop(id, &(struct sembuf){0, -1, 0}, 1, &(struct timespec){0, 600000000});
  int error = errno;
  semctl(id, 0, IPC_RMID);
  errno = error;
  return result;
}
static long reads(void) {
  char byte;
  if (fork() == 0) usleep(500000), write(ends[1], "x", 1), _exit(0);
  return read(ends[0], &byte, 1);
}
static long waits_for_signal(void) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, NULL);
  return sigtimedwait(&set, NULL, &(struct timespec){0, 600000000});
}

static long waits_for_word(void) {
  int word = 1;
  return syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 1, &(struct timespec){0, 600000000}, NULL, 0);
}

static void stop(const char *name, long (*call)(void)) {
  fflush(stdout);
  int report[2];
  pipe(report);
  pid_t child = fork();
  if (child == 0) {
    double start = now();
    errno = 0;
    long result = call();
    int error = errno;
    double took = now() - start;
    dprintf(report[1], "%s = %ld %s, %s", name, result, result < 0 ? strerrorname_np(error) : "", took < 0.05 ? "before it was due" : result > 0 || took < 1.3 ? "in time" : "late");
    _exit(0);
  }
  close(report[1]);
  int status;
  usleep(100000);
  signal_child(child, SIGSTOP), waitpid(child, &status, WUNTRACED);
  usleep(900000);
  signal_child(child, SIGCONT), waitpid(child, &status, 0);
  char text[200] = {0};
  read(report[0], text, sizeof text - 1);
  puts(text);
  close(report[0]);
}

int main(void) {
  pipe(ends);
  stop("nanosleep", sleeps);
  stop("clock_nanosleep", sleeps_by_clock);
  stop("poll", polls);
  stop("ppoll", polls_exactly);
  stop("select", selects);
  stop("epoll_wait", waits_for_events);
  stop("semtimedop", waits_for_semaphore);
  stop("read", reads);
  stop("sigtimedwait", waits_for_signal);
  stop("futex", waits_for_word);
  return 0;
}
