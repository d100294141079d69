/* vfork, posix_spawn, execveat, waitid, pidfds, shared memory between processes, scripts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

extern char **environ;
static const char *self;

static void tell(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child) printf("waitpid: %s\n", strerrorname_np(errno));
  else if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
  else printf("signal %d core %d\n", WTERMSIG(status), WCOREDUMP(status) != 0);
}

static void spawns(void) {
  SECTION("posix_spawn");
  pid_t child;
  char *argv[] = {(char *)self, "child", "a b", NULL}, *none[] = {NULL};
  int result = posix_spawn(&child, self, NULL, NULL, argv, environ);
  tell(child);
  printf("%d\n", result);
  printf("%s\n", strerrorname_np(posix_spawn(&child, "/absent", NULL, NULL, argv, none)));
  printf("%s\n", strerrorname_np(posix_spawn(&child, "/etc/passwd", NULL, NULL, argv, none)));
  printf("%s\n", strerrorname_np(posix_spawnp(&child, "no-such-command", NULL, NULL, argv, environ)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclose(&actions, 99);
  posix_spawn_file_actions_adddup2(&actions, 98, 1);
  printf("%s\n", strerrorname_np(posix_spawn(&child, self, &actions, NULL, argv, environ)));
  SECTION("vfork");
  volatile int seen = 0;
  child = vfork();
  if (child == 0) {
    seen = 42;
    _exit(3);
  }
  printf("the child's store: %d\n", seen);
  tell(child);
  child = vfork();
  if (child == 0) {
    execve("/absent", none, none);
    seen = errno;
    _exit(4);
  }
  printf("the child's error: %s\n", strerrorname_np(seen));
  tell(child);
  child = vfork();
  if (child == 0) {
    execve(self, argv, environ);
    _exit(5);
  }
  tell(child);
  printf("system: %d\n", system("exit 6") >> 8);
  FILE *f = popen("echo through a pipe", "r");
  char line[100] = "";
  fgets(line, sizeof line, f);
  printf("%s%d\n", line, pclose(f));
}

static int shared_value;
static int in_same_memory(void *p) {
  shared_value = 7;
  *(int *)p = getpid() == getppid();
  return 9;
}

static void clones(void) {
  SECTION("CLONE_VM");
  char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int other = 5;
  pid_t child = clone(in_same_memory, stack + 65536, CLONE_VM | SIGCHLD, &other);
  tell(child);
  printf("shared %d %d\n", shared_value, other);
  child = clone(in_same_memory, stack + 65536, SIGCHLD, &other);
  tell(child);
  SECTION("pidfd");
  int fd = -1;
  struct clone_args a = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD};
  child = syscall(SYS_clone3, &a, sizeof a);
  if (child == 0) {
    pause();
    _exit(1);
  }
  struct pollfd p = {fd, POLLIN, 0};
  SHOW(poll(&p, 1, 0));
  siginfo_t info = {0};
  SHOW(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
  printf("pid %d\n", info.si_pid);
  SHOW(pidfd_send_signal(fd, 0, NULL, 0));
  SHOW(pidfd_send_signal(fd, SIGTERM, NULL, 0));
  SHOW(poll(&p, 1, 5000));
  SHOW(waitid(P_PIDFD, fd, &info, WEXITED | WNOWAIT));
  printf("code %d status %d\n", info.si_code, info.si_status);
  SHOW(pidfd_send_signal(fd, SIGTERM, NULL, 0));
  SHOW(waitid(P_PIDFD, fd, &info, WEXITED));
  SHOW(waitid(P_PIDFD, fd, &info, WEXITED));
  SHOW(pidfd_send_signal(fd, SIGTERM, NULL, 0));
  SHOW(pidfd_send_signal(1, SIGTERM, NULL, 0));
  SHOW(pidfd_open(child, 0));
  SHOW(pidfd_open(-1, 0));
  SHOW(pidfd_open(getpid(), 1));
  int own = pidfd_open(getpid(), 0);
  SHOW(fcntl(own, F_GETFD));
  int copy = pidfd_getfd(own, 1, 0);
  SHOW(write(copy, "copied\n", 7));
  SHOW(pidfd_getfd(own, 99, 0));
  static const char *const places[] = {"/proc/self", "/proc/self/task", "/proc"};
  for (int i = 0; i < 3; i++) {
    printf("%s: ", places[i]);
    int directory = open(places[i], O_RDONLY | O_DIRECTORY);
    SHOW(pidfd_send_signal(directory, 0, NULL, 0));
    SHOW(pidfd_getfd(directory, 1, 0));
    close(directory);
  }
  int path = open("/proc/self", O_PATH);
  SHOW(pidfd_send_signal(path, 0, NULL, 0));
  close(path);
}

static void waits(void) {
  SECTION("waitid");
  siginfo_t info = {0};
  SHOW(waitid(P_ALL, 0, &info, WEXITED));
  fflush(stdout);
  int gate[2];
  pipe(gate);
  pid_t child = fork();
  if (child == 0) {
    char c;
    raise(SIGSTOP);
    read(gate[0], &c, 1); // who has ended has not continued
    _exit(11);
  }
  SHOW(waitid(P_PID, child, &info, 0));
  SHOW(waitid(P_PID, child, &info, WEXITED | 0x10));
  SHOW(waitid(P_PID, 0, &info, WEXITED));
  SHOW(waitid(9, child, &info, WEXITED));
  SHOW(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
  printf("%d %d\n", info.si_code == CLD_STOPPED, info.si_status == SIGSTOP);
  SHOW(waitid(P_PID, child, &info, WSTOPPED));
  SHOW(waitid(P_PID, child, &info, WSTOPPED | WNOHANG));
  printf("pid %d\n", info.si_pid);
  signal_child(child, SIGCONT);
  SHOW(waitid(P_PID, child, &info, WCONTINUED));
  printf("%d\n", info.si_code == CLD_CONTINUED);
  write(gate[1], "", 1);
  SHOW(waitid(P_PGID, 0, &info, WEXITED | WNOWAIT));
  printf("%d %d\n", info.si_code, info.si_status);
  SHOW(waitid(P_PID, child, &info, WSTOPPED | WNOHANG));
  struct rusage use;
  SHOW(syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, &use));
  SHOW(wait4(-1, NULL, 0x10, NULL));
  SHOW(wait4(-1, NULL, 0, NULL));
  child = fork();
  if (child == 0) abort();
  waitid(P_PID, child, &info, WEXITED);
  printf("killed %d by %d\n", info.si_code == CLD_KILLED, info.si_status);
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(0);
  SHOW(waitpid(child, NULL, 0));
  signal(SIGCHLD, SIG_DFL);
}

static void executes(void) {
  SECTION("execveat");
  char *argv[] = {"name", "child", NULL}, *env[] = {"X=1", NULL};
  int fd = open(self, O_PATH), script = open("/tmp/spawn-script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  SHOW(syscall(SYS_execveat, fd, "", argv, env, 0));
  SHOW(syscall(SYS_execveat, 99, "relative", argv, env, 0));
  SHOW(execve("/tmp", argv, env));
  SHOW(execve("/tmp/spawn-script", argv, env));
  dprintf(script, "#!%s child  with spaces \n", self);
  close(script);
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    pid_t child = fork();
    if (child == 0) {
      if (i == 0) syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
      if (i == 1) execve("/tmp/spawn-script", argv, env);
      if (i == 2) fexecve(open(self, O_RDONLY | O_CLOEXEC), argv, env);
      _exit(77);
    }
    tell(child);
  }
  unlink("/tmp/spawn-script");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  self = "/proc/self/exe";
  if (argc > 1) {
    for (int i = 1; i < argc; i++) printf("[%s]", argv[i][0] == '/' && i > 1 ? "path" : argv[i]);
    printf(" %s\n", getenv("X") == NULL ? "" : getenv("X"));
    return 12;
  }
  static char path[300];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n > 0) self = path;
  spawns();
  clones();
  waits();
  executes();
  return 0;
}
