/* Errors of the calls that make processes and wait for them: clone, clone3, fork, execve, execveat, wait4, waitid. */
#include "call.h"
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>


/* A child that should not be there goes. */
static long without_child(long pid) {
  if (pid == 0) _exit(1);
  return pid;
}
#define CALL_CHILD(name, ...) show(#name "(" #__VA_ARGS__ ")", without_child(RAW(name, ##__VA_ARGS__)))

/* The last bytes before memory that cannot be touched. */
static char *end_of_memory(void) {
  char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 4096, 4096, PROT_NONE);
  return pages + 4096;
}


static char stack[16384] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)

static void cloning(void) {
  static int word;
  CALL_CHILD(clone, CLONE_SIGHAND | SIGCHLD, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_THREAD | CLONE_VM, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_THREAD | CLONE_SIGHAND, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_FS | CLONE_NEWUSER | SIGCHLD, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, TOP, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, &word, NULL, 0);
  CALL_CHILD(clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, NULL, &word, NULL, 0);
  CALL_CHILD(clone, CLONE_PIDFD | SIGCHLD, NULL, BAD, NULL, 0);
}

static struct clone_args request(uint64_t flags) { return (struct clone_args){.flags = flags, .exit_signal = SIGCHLD}; }

static void cloning_by_struct(void) {
  struct clone_args args = request(0);
  char *end = end_of_memory();
  CALL_CHILD(clone3, &args, 0L);
  CALL_CHILD(clone3, &args, 56L);
  CALL_CHILD(clone3, &args, 5000L);
  CALL_CHILD(clone3, BAD, sizeof args);
  CALL_CHILD(clone3, NULL, sizeof args);
  CALL_CHILD(clone3, end - 8, sizeof args);
  args = request(1ull << 62);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_DETACHED);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(SIGCHLD);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.exit_signal = 65;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.exit_signal = 1ull << 32;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_PARENT);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_SIGHAND);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.stack_size = 4096;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.stack = (uintptr_t)stack;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_PIDFD), args.pidfd = 8;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_NEWNS | CLONE_FS);
  CALL_CHILD(clone3, &args, sizeof args);
  struct { struct clone_args args; uint64_t more; } longer = {request(0), 1};
  CALL_CHILD(clone3, &longer, sizeof longer);
  pid_t id = 1;
  args = request(0), args.set_tid = (uintptr_t)&id;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.set_tid_size = 1;
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.set_tid = (uintptr_t)&id, args.set_tid_size = 33;
  CALL_CHILD(clone3, &args, sizeof args);
  args.set_tid_size = 1, id = 0;
  CALL_CHILD(clone3, &args, sizeof args);
  id = getpid();
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(CLONE_INTO_CGROUP), args.cgroup = 1ull << 32;
  CALL_CHILD(clone3, &args, sizeof args);
}

static void without_rights(void) {
  CALL_CHILD(clone, CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, 0);
  CALL_CHILD(clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0);
  pid_t id = 30000;
  struct clone_args args = request(CLONE_NEWIPC);
  CALL_CHILD(clone3, &args, sizeof args);
  args = request(0), args.set_tid = (uintptr_t)&id, args.set_tid_size = 1;
  CALL_CHILD(clone3, &args, sizeof args);
  setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
  CALL_CHILD(fork);
  CALL_CHILD(vfork);
  CALL_CHILD(clone, SIGCHLD, NULL, NULL, NULL, 0);
  args = request(0);
  CALL_CHILD(clone3, &args, sizeof args);
}

static pid_t ended(int code) {
  pid_t child = fork();
  if (child == 0) _exit(code);
  return child;
}

static void waiting(void) {
  int status;
  siginfo_t info;
  struct rusage usage;
  CALL(wait4, -1, &status, 0, NULL);
  CALL(wait4, getppid(), &status, 0, NULL);
  CALL(wait4, 0, &status, WNOHANG, NULL);
  CALL(wait4, -1, &status, 1 << 20, NULL);
  CALL(wait4, -1, &status, WEXITED, NULL);
  CALL(wait4, 0x80000000, &status, 0, NULL);
  CALL(waitid, P_ALL, 0, &info, WEXITED, NULL);
  CALL(waitid, P_ALL, 0, &info, 0, NULL);
  CALL(waitid, P_ALL, 0, &info, WEXITED | 1 << 20, NULL);
  CALL(waitid, P_ALL, 0, &info, WNOHANG, NULL);
  CALL(waitid, 4, 0, &info, WEXITED, NULL);
  CALL(waitid, P_PID, 0, &info, WEXITED, NULL);
  CALL(waitid, P_PID, -1, &info, WEXITED, NULL);
  CALL(waitid, P_PGID, -1, &info, WEXITED, NULL);
  CALL(waitid, P_PIDFD, -1, &info, WEXITED, NULL);
  CALL(waitid, P_PIDFD, 999, &info, WEXITED, NULL);
  CALL(waitid, P_PIDFD, 0, &info, WEXITED, NULL);
  pid_t child = ended(3);
  CALL(waitid, P_PID, child, BAD, WEXITED | WNOWAIT, NULL);
  CALL(waitid, P_PID, child, &info, WEXITED | WNOWAIT, BAD);
  CALL(wait4, child, BAD, 0, NULL);
  CALL(wait4, child, &status, 0, NULL);
  child = ended(4);
  CALL(wait4, child, &status, 0, BAD);
  CALL(wait4, child, &status, 0, NULL);
  child = fork();
  if (child == 0) for (;;) pause();
  int fd = (int)RAW(pidfd_open, child, O_NONBLOCK);
  CALL(waitid, P_PIDFD, fd, &info, WEXITED, NULL);
  CALL(waitid, P_PIDFD, fd, &info, WEXITED | WNOHANG, &usage);
  signal_child(child, SIGKILL);
  waitpid(child, &status, 0);
  CALL(waitid, P_PIDFD, fd, &info, WEXITED, NULL);
  signal(SIGCHLD, SIG_IGN);
  ended(0);
  CALL(wait4, -1, &status, 0, NULL);
}

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  SECTION("clone");
  IN_CHILD(cloning());
  SECTION("clone3");
  IN_CHILD(cloning_by_struct());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  SECTION("wait4, waitid");
  IN_CHILD(waiting());
  return 0;
}
