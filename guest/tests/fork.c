/* Processes: fork, exec, wait, their signals and what they share. Runs itself again with an argument. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

extern char **environ;
static volatile sig_atomic_t children_ended;
static int global = 1;

static void status(const char *what, int word) {
  if (WIFEXITED(word)) printf("%s: exited %d\n", what, WEXITSTATUS(word));
  else if (WIFSIGNALED(word)) printf("%s: killed by %d\n", what, WTERMSIG(word));
  else if (WIFSTOPPED(word)) printf("%s: stopped by %d\n", what, WSTOPSIG(word));
  else if (WIFCONTINUED(word)) printf("%s: continued\n", what);
}

static int await(pid_t child) {
  int word = -1;
  if (waitpid(child, &word, 0) != child) perror("waitpid");
  return word;
}

static void on_child(int signal) {
  (void)signal;
  children_ended++;
}

static void copies(void) {
  SECTION("copies");
  char *heap = malloc(100000);
  strcpy(heap, "parent");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    global = 2;
    strcpy(heap, "child");
    printf("child sees %d %s, parent known %d\n", global, heap, getppid() > 1);
    fflush(stdout);
    _exit(7);
  }
  status("child", await(child));
  printf("parent sees %d %s\n", global, heap);
  free(heap);
}

static void pipes(void) {
  SECTION("pipe");
  int ends[2];
  SHOW(pipe(ends));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (int i = 0; i < 3; i++) dprintf(ends[1], "line %d\n", i);
    _exit(0);
  }
  close(ends[1]);
  char text[100];
  size_t length = 0;
  for (ssize_t n; (n = read(ends[0], text + length, sizeof text - length)) > 0;) length += n;
  printf("%.*s", (int)length, text);
  close(ends[0]);
  status("writer", await(child));
}

static void ends(void) {
  SECTION("ends");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) pause();
  int word;
  SHOW(waitpid(child, &word, WNOHANG));
  signal_child(child, SIGTERM);
  status("paused", await(child));
  SHOW(waitpid(child, &word, 0));
  SHOW(kill(child, 0));
  child = fork();
  if (child == 0) abort();
  int aborted = await(child);
  printf("aborted %d\n", WIFSIGNALED(aborted) && WTERMSIG(aborted) == SIGABRT);
  SHOW(waitpid(-1, &word, 0));
  siginfo_t info = {0};
  child = fork();
  if (child == 0) _exit(9);
  SHOW(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
  printf("code %d status %d pid %d\n", info.si_code == CLD_EXITED, info.si_status, info.si_pid == child);
  status("again", await(child));
}

static void stops(void) {
  SECTION("stops");
  fflush(stdout);
  int word, seen[2];
  pipe(seen);
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    char byte;
    read(seen[0], &byte, 1);
    _exit(3);
  }
  waitpid(child, &word, WUNTRACED);
  status("child", word);
  signal_child(child, SIGCONT);
  waitpid(child, &word, WCONTINUED);
  status("child", word);
  write(seen[1], "x", 1);
  close(seen[0]), close(seen[1]);
  status("child", await(child));
}

static void executes(const char *self) {
  SECTION("exec");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    char *argv[] = {"again", "child", "two words", NULL}, *envp[] = {"COLOUR=green", NULL};
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (kept != 3 || closed != 4) _exit(99);
    execve(self, argv, envp);
    _exit(98);
  }
  status("exec", await(child));
  child = vfork();
  if (child == 0) {
    execl(self, "again", "child", NULL);
    _exit(98);
  }
  status("vfork", await(child));
  SHOW(execl("/nowhere", "nowhere", NULL));
  SHOW(execl("/", "folder", NULL));
  char *argv[] = {"again", "child", NULL};
  pid_t spawned;
  SHOW(posix_spawn(&spawned, self, NULL, NULL, argv, environ));
  status("spawned", await(spawned));
}

static void notices(void) {
  SECTION("SIGCHLD");
  struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &action, NULL);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(0);
  status("child", await(child));
  printf("told %d\n", children_ended);
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(0);
  int word;
  SHOW(waitpid(child, &word, 0));
  signal(SIGCHLD, SIG_DFL);
}

static int as_child(int argc, char **argv) {
  printf("argc %d name %s last %s colour %s\n", argc, argv[0], argv[argc - 1], getenv("COLOUR"));
  printf("fd 3 %d fd 4 %d\n", fcntl(3, F_GETFD), fcntl(4, F_GETFD));
  return 40 + argc;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "child") == 0) return as_child(argc, argv);
  char self[4096];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  self[length < 0 ? 0 : length] = 0;
  unsetenv("COLOUR");
  copies();
  pipes();
  ends();
  stops();
  executes(self);
  notices();
  return 0;
}
