/* clone(2) with CLONE_PARENT, and pidfds of threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sched.h>

#include "show.h"

#define PIDFD_THREAD O_EXCL

static int ready(int fd) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

static long pidfd_open(pid_t pid, int flags) { return syscall(SYS_pidfd_open, pid, flags); }
static long send(int fd, int signal, int flags) { return syscall(SYS_pidfd_send_signal, fd, signal, NULL, flags); }

static void siblings(void) {
  SECTION("CLONE_PARENT");
  int told[2], status;
  if (pipe(told)) abort();
  pid_t own = getpid(), child = fork();
  if (child == 0) {
    pid_t sibling = syscall(SYS_clone, CLONE_PARENT | SIGUSR1, 0, 0, 0, 0);
    if (sibling == 0) _exit(getppid() == own ? 7 : 8);
    if (write(told[1], &sibling, sizeof sibling) < 0) abort();
    SHOW(waitpid(sibling, NULL, 0));
    SHOW(waitpid(-1, NULL, 0));
    exit(0);
  }
  pid_t sibling;
  if (read(told[0], &sibling, sizeof sibling) != sizeof sibling) abort();
  waitpid(child, NULL, 0);
  printf("waited for: %d\n", waitpid(sibling, &status, 0) == sibling);
  printf("ended with %d\n", WEXITSTATUS(status));
  SHOW(waitpid(-1, NULL, 0));
  struct clone_args args = {.flags = CLONE_PARENT, .exit_signal = SIGCHLD};
  SHOW(syscall(SYS_clone3, &args, sizeof args));
}

static pid_t tid;
static int stay[2], heard[2];

static void *wait_there(void *unused) {
  tid = gettid();
  char c;
  if (write(stay[1], "r", 1) != 1) abort();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  siginfo_t info;
  int signal = sigwaitinfo(&set, &info);
  char line[100];
  int length = snprintf(line, sizeof line, "thread hears %d, own %d\n", signal, info.si_pid == getpid());
  if (write(heard[1], line, length) != length) abort();
  while (read(stay[0], &c, 1) != 1) continue;
  return NULL;
}

static void threads(void) {
  SECTION("PIDFD_THREAD");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  if (pipe(stay) || pipe(heard)) abort();
  pthread_t t;
  pthread_create(&t, NULL, wait_there, NULL);
  char c;
  if (read(stay[0], &c, 1) != 1) abort();
  SHOW(pidfd_open(tid, 0));
  SHOW(pidfd_open(tid, 1));
  SHOW(pidfd_open(999999, PIDFD_THREAD));
  int fd = pidfd_open(tid, PIDFD_THREAD), own = pidfd_open(getpid(), PIDFD_THREAD), all = pidfd_open(getpid(), 0);
  printf("opened %d %d %d\n", fd >= 0, own >= 0, all >= 0);
  printf("flags %d %d\n", (fcntl(fd, F_GETFL) & O_EXCL) != 0, (fcntl(all, F_GETFL) & O_EXCL) != 0);
  SHOW(ready(fd));
  SHOW(send(fd, 0, 0));
  SHOW(send(fd, 0, 8));
  SHOW(send(fd, 0, 3));
  siginfo_t info;
  SHOW(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
  SHOW(waitid(P_PIDFD, own, &info, WEXITED | WNOHANG));
  SHOW(send(fd, SIGUSR1, 0));
  char line[100];
  int length = read(heard[0], line, sizeof line);
  printf("%.*s", length, line);
  sigset_t pending;
  sigpending(&pending);
  printf("waits here %d\n", sigismember(&pending, SIGUSR1));
  SHOW(send(own, SIGUSR1, 0));
  sigwaitinfo(&set, &info);
  printf("code %d\n", info.si_code);
  SHOW(send(fd, SIGUSR1, 2));
  sigwaitinfo(&set, &info);
  printf("code %d\n", info.si_code);
  SHOW(send(all, SIGUSR1, 1));
  sigwaitinfo(&set, &info);
  printf("code %d\n", info.si_code);
  int copy = syscall(SYS_pidfd_getfd, fd, stay[1], 0);
  SHOW(write(copy, "e", 1));
  pthread_join(t, NULL);
  struct pollfd p = {fd, POLLIN, 0};
  SHOW(poll(&p, 1, 5000));
  SHOW(ready(fd));
  SHOW(ready(own));
  SHOW(send(fd, 0, 0));
  close(copy), close(fd), close(own), close(all);
}

static void of_programs(void) {
  SECTION("poll of a program");
  pid_t child = fork();
  if (child == 0) _exit(3);
  int fd = pidfd_open(child, 0);
  struct pollfd p = {fd, POLLIN, 0};
  SHOW(poll(&p, 1, 5000));
  SHOW(ready(fd));
  waitpid(child, NULL, 0);
  SHOW(ready(fd));
  close(fd);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  siblings();
  threads();
  of_programs();
  return 0;
}
