/* What clone(2) shares and unshare(2), close_range(2) and execve(2) part: descriptors, directories, handlers; and
   children that end with another signal than SIGCHLD. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static char *where(void) {
  static char cwd[4096];
  return getcwd(cwd, sizeof cwd);
}
static int is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }
static long clone3(unsigned long flags, int exit_signal) {
  struct clone_args a = {.flags = flags, .exit_signal = exit_signal};
  return syscall(SYS_clone3, &a, sizeof a);
}

static volatile int turn;
static void until(int wanted) {
  while (turn != wanted) sched_yield();
}
static void *parted(void *p) {
  int fd = *(int *)p;
  until(1);
  SHOW(unshare(CLONE_FILES));
  turn = 2, until(3);
  printf("closed by the other: %d here\n", is_open(fd));
  SHOW(close(fd));
  int own = dup2(1, 60);
  printf("own %d\n", own);
  turn = 4, until(5);
  SHOW(unshare(CLONE_FS));
  SHOW(chdir("/usr"));
  umask(077);
  puts(where());
  turn = 6;
  return NULL;
}
static void *narrowed(void *p) {
  int fd = *(int *)p;
  SHOW(syscall(SYS_close_range, fd, ~0U, CLOSE_RANGE_UNSHARE));
  printf("here %d\n", is_open(fd));
  return NULL;
}
static volatile int child_fd;
static void *forks(void *p) {
  unshare(CLONE_FILES);
  close(*(int *)p);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) printf("its child %d\n", is_open(*(int *)p)), fflush(stdout), _exit(0);
  waitpid(child, NULL, 0);
  return NULL;
}

/* Without a thread's storage of its own: only plain system calls. */
static int alone(void *p) {
  syscall(SYS_dup2, 1, 62);
  syscall(SYS_chdir, "/usr");
  turn = 7;
  syscall(SYS_exit, 0);
  return 0;
}

static void threads(void) {
  SECTION("threads");
  pthread_t t;
  int fd = dup2(1, 50);
  chdir("/"), umask(022);
  pthread_create(&t, NULL, parted, &fd);
  turn = 1, until(2);
  SHOW(close(fd));
  turn = 3, until(4);
  printf("the other's %d\n", is_open(60));
  chdir("/tmp");
  turn = 5, until(6);
  pthread_join(t, NULL);
  printf("%s %o\n", where(), umask(022));
  dup2(1, 50);
  pthread_create(&t, NULL, narrowed, &fd);
  pthread_join(t, NULL);
  printf("there %d\n", is_open(fd));
  pthread_create(&t, NULL, forks, &fd);
  pthread_join(t, NULL);
  printf("there %d\n", is_open(fd));
  SHOW(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
  static char stack[65536] __attribute__((aligned(16)));
  clone(alone, stack + sizeof stack, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL);
  until(7);
  printf("made apart: %d %s\n", is_open(62), where());
  turn = 0;
  clone(alone, stack + sizeof stack / 2, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES | CLONE_FS, NULL);
  until(7);
  printf("made together: %d %s\n", is_open(62), where());
  SHOW(unshare(0));
  SHOW(unshare(1));
  SHOW(unshare(CLONE_THREAD));
}

static void tell(pid_t child) {
  int status = -1;
  waitpid(child, &status, __WALL);
  printf("ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}
static volatile int caught;
static void handler(int s) { caught = s; }

static void processes(void) {
  SECTION("processes");
  char *nothing[] = {"/bin/sh", "-c", "exit 5", NULL};
  fflush(stdout);
  pid_t child = clone3(CLONE_FILES | CLONE_FS, SIGCHLD);
  if (child == 0) dup2(1, 61), close(50), chdir("/usr"), umask(05), execv(nothing[0], nothing), _exit(9);
  tell(child);
  printf("shared: %d %d %s %o\n", is_open(61), is_open(50), where(), umask(022));
  child = clone3(0, SIGCHLD);
  if (child == 0) close(61), chdir("/"), _exit(0);
  tell(child);
  printf("copied: %d %s\n", is_open(61), where());
  child = clone3(CLONE_FILES, SIGCHLD);
  if (child == 0) unshare(CLONE_FILES), close(61), _exit(0);
  tell(child);
  printf("unshared: %d\n", is_open(61));
  signal(SIGUSR1, handler), signal(SIGUSR2, SIG_IGN);
  child = clone3(CLONE_CLEAR_SIGHAND, SIGCHLD);
  if (child == 0) {
    struct sigaction one, two;
    sigaction(SIGUSR1, NULL, &one), sigaction(SIGUSR2, NULL, &two);
    _exit((one.sa_handler == SIG_DFL) + 2 * (two.sa_handler == SIG_IGN));
  }
  tell(child);
  fflush(stdout);
  child = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, 1L, 1L, 0);
  if (child == 0) _exit(3);
  tell(child);
  SHOW(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, 1L, 0, 0));
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  int lowest = dup(1), pidfd;
  close(lowest);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){lowest, files.rlim_max});
  SHOW(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &pidfd, 0, 0));
  setrlimit(RLIMIT_NOFILE, &files);
  SHOW(waitpid(-1, NULL, __WALL));
  SHOW(clone3(CLONE_SIGHAND, SIGCHLD));
  SHOW(clone3(CLONE_THREAD, 0));
  SHOW(clone3(CLONE_THREAD | CLONE_SIGHAND, 0));
  SHOW(clone3(SIGCHLD, 0));
  SHOW(clone3(0, 100));
  SHOW(clone3(CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM, 0));
}

static void signals(void) {
  SECTION("other signals than SIGCHLD");
  int status;
  signal(SIGUSR1, handler), caught = 0;
  pid_t child = clone3(0, SIGUSR1);
  if (child == 0) _exit(4);
  while (!caught) usleep(500);
  printf("caught %d\n", caught == SIGUSR1);
  SHOW(waitpid(child, &status, 0));
  SHOW(waitpid(-1, &status, WNOHANG));
  SHOW(waitpid(child, &status, __WCLONE) == child);
  printf("status %d\n", WEXITSTATUS(status));
  signal(SIGCHLD, SIG_IGN), caught = 0;
  child = clone3(0, 0);
  if (child == 0) _exit(6);
  SHOW(waitpid(child, &status, __WALL) == child);
  printf("status %d, caught %d\n", WEXITSTATUS(status), caught);
  child = clone3(0, SIGUSR1);
  char *nothing[] = {"/bin/sh", "-c", ":", NULL};
  if (child == 0) execv(nothing[0], nothing), _exit(9);
  SHOW(waitpid(child, &status, __WALL));
  printf("caught %d\n", caught);
  siginfo_t info;
  signal(SIGCHLD, SIG_DFL);
  child = clone3(0, 0);
  if (child == 0) _exit(7);
  SHOW(waitid(P_PID, child, &info, WEXITED));
  SHOW(waitid(P_PID, child, &info, WEXITED | __WCLONE));
  printf("status %d\n", info.si_status);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  threads();
  processes();
  signals();
  return 0;
}
