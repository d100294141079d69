/* Errors of the calls that set what a process is: groups, sessions, limits, prctl, unshare, memory of others. */
#include "call.h"
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004
#define CAP_SYS_ADMIN 21

static pid_t sleeper(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) for (;;) pause();
  return child;
}

static void end(pid_t child) { signal_child(child, SIGKILL), waitpid(child, NULL, 0); }

/* A child that has executed another program, and lives until its input ends. */
static pid_t executed(void) {
  int input[2], gone[2];
  pipe(input), pipe2(gone, O_CLOEXEC);
  pid_t child = fork();
  if (child == 0) {
    dup2(input[0], 0);
    close(input[0]), close(input[1]), close(gone[0]);
    execl("/bin/sh", "sh", "-c", "read line", NULL);
    _exit(1);
  }
  char byte;
  close(gone[1]);
  read(gone[0], &byte, 1);
  close(gone[0]);
  return child;
}

static void groups(void) {
  pid_t self = getpid(), parent = getppid(), child = sleeper();
  CALL(setpgid, 0, -1);
  CALL(setpgid, -1, 0);
  CALL(setpgid, 1 << 30, 0);
  CALL(setpgid, parent, 0);
  CALL(setpgid, 0, 1 << 30);
  CALL(setpgid, child, 1 << 30);
  CALL(getpgid, 1 << 30);
  CALL(getpgid, -1);
  CALL(getsid, 1 << 30);
  CALL(getsid, -1);
  CALL(setpgid, 0, 0);
  CALL(setpgid, child, self);
  CALL(setsid);
  end(child);
  CALL(setpgid, child, 0);
  child = executed();
  CALL(setpgid, child, 0);
  CALL(setpgid, child, self);
  end(child);
}

static void sessions(void) {
  CALL_OK(setsid);
  CALL(setsid);
  CALL(setpgid, 0, 0);
  CALL(setpgid, 0, getppid());
  int ready[2];
  pipe(ready);
  pid_t child = fork();
  if (child == 0) {
    setsid();
    write(ready[1], "x", 1);
    for (;;) pause();
  }
  char byte;
  read(ready[0], &byte, 1);
  CALL(setpgid, child, 0);
  CALL(setpgid, child, getpid());
  end(child);
}

static void limits(void) {
  struct rlimit limit, crossed = {2, 1}, much = {1, 1 << 30};
  CALL(getrlimit, -1, &limit);
  CALL(getrlimit, 16, &limit);
  CALL(getrlimit, RLIMIT_NOFILE, BAD);
  CALL(getrlimit, RLIMIT_NOFILE, NULL);
  CALL(getrlimit, 16, BAD);
  CALL(setrlimit, -1, &limit);
  CALL(setrlimit, 16, &limit);
  CALL(setrlimit, 16, BAD);
  CALL(setrlimit, RLIMIT_NOFILE, BAD);
  CALL(setrlimit, RLIMIT_CORE, &crossed);
  CALL(setrlimit, RLIMIT_NOFILE, &much);
  CALL(prlimit64, 0, -1, NULL, &limit);
  CALL(prlimit64, 0, 16, NULL, &limit);
  CALL(prlimit64, 1 << 30, RLIMIT_CORE, NULL, &limit);
  CALL(prlimit64, 1 << 30, 16, NULL, &limit);
  CALL(prlimit64, -1, RLIMIT_CORE, NULL, &limit);
  CALL(prlimit64, 1 << 30, RLIMIT_CORE, BAD, NULL);
  CALL(prlimit64, 0, RLIMIT_CORE, BAD, NULL);
  CALL(prlimit64, 0, RLIMIT_CORE, NULL, BAD);
  CALL(prlimit64, 0, RLIMIT_CORE, &crossed, NULL);
  CALL(prlimit64, 0, RLIMIT_NOFILE, &much, NULL);
  struct rlimit none = {0, 0};
  CALL(prlimit64, 0, RLIMIT_CORE, &none, BAD);
  CALL(prlimit64, 0, RLIMIT_CORE, NULL, &limit);
  printf("now %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
}

static void limits_without_rights(void) {
  struct rlimit some = {0, 10}, more = {0, 20};
  pid_t parent = getppid();
  setrlimit(RLIMIT_CORE, &some);
  CALL(setrlimit, RLIMIT_CORE, &more);
  CALL(prlimit64, 0, RLIMIT_CORE, &more, NULL);
  CALL(prlimit64, parent, RLIMIT_CORE, NULL, &some);
  CALL(prlimit64, parent, RLIMIT_CORE, &some, NULL);
  CALL(getrlimit, RLIMIT_CORE, &some);
}

static void options(void) {
  CALL(prctl, -1, 0, 0, 0, 0);
  CALL(prctl, 9999, 0, 0, 0, 0);
  CALL(prctl, PR_SET_PDEATHSIG, 65, 0, 0, 0);
  CALL(prctl, PR_SET_PDEATHSIG, -1, 0, 0, 0);
  CALL(prctl, PR_GET_PDEATHSIG, BAD, 0, 0, 0);
  CALL(prctl, PR_SET_DUMPABLE, 2, 0, 0, 0);
  CALL(prctl, PR_SET_DUMPABLE, -1, 0, 0, 0);
  CALL(prctl, PR_SET_KEEPCAPS, 2, 0, 0, 0);
  CALL(prctl, PR_SET_NAME, BAD, 0, 0, 0);
  CALL(prctl, PR_GET_NAME, BAD, 0, 0, 0);
  CALL(prctl, PR_SET_TIMING, 1, 0, 0, 0);
  CALL(prctl, PR_GET_TIMING, 0, 0, 0, 0);
  CALL(prctl, PR_SET_TIMING, 0, 0, 0, 0);
  CALL(prctl, PR_CAPBSET_READ, 100, 0, 0, 0);
  CALL(prctl, PR_CAPBSET_DROP, 100, 0, 0, 0);
  CALL(prctl, PR_GET_TSC, BAD, 0, 0, 0);
  CALL(prctl, PR_SET_TSC, 5, 0, 0, 0);
  CALL(prctl, PR_SET_UNALIGN, 1, 0, 0, 0);
  CALL(prctl, PR_SET_FPEMU, 1, 0, 0, 0);
  CALL(prctl, PR_SET_FPEXC, 1, 0, 0, 0);
  CALL(prctl, PR_SET_ENDIAN, 1, 0, 0, 0);
  CALL(prctl, PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0);
  CALL(prctl, PR_MCE_KILL, 5, 0, 0, 0);
  CALL(prctl, PR_MCE_KILL, 0, 1, 0, 0);
  CALL(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, 7, 0, 0);
  CALL(prctl, PR_MCE_KILL_GET, 1, 0, 0, 0);
  CALL(prctl, PR_SET_PTRACER, 1 << 30, 0, 0, 0);
  CALL(prctl, PR_GET_CHILD_SUBREAPER, BAD, 0, 0, 0);
  CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
  CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
  CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1);
  CALL(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
  CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  CALL(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 1);
  CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 1);
  CALL(prctl, PR_SET_FP_MODE, 1, 0, 0, 0);
  CALL(prctl, PR_SET_SECCOMP, 9, 0, 0, 0);
  CALL(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, BAD, 0, 0);
  CALL(prctl, PR_GET_SPECULATION_CTRL, 99, 0, 0, 0);
  CALL(prctl, PR_GET_SPECULATION_CTRL, 0, 1, 0, 0);
  CALL(prctl, PR_SET_SPECULATION_CTRL, 99, 0, 0, 0);
  CALL(prctl, PR_SET_SPECULATION_CTRL, 0, 0, 1, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 100, 0, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 1, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0);
  CALL(prctl, PR_CAP_AMBIENT, 9, 0, 0, 0);
}

static void options_without_rights(void) {
  CALL(prctl, PR_CAPBSET_DROP, 0, 0, 0, 0);
  CALL(prctl, PR_SET_MM, PR_SET_MM_BRK, 4096, 0, 0);
  CALL(prctl, PR_SET_MM, PR_SET_MM_BRK, 4096, 0, 1);
  CALL(prctl, PR_SET_IO_FLUSHER, 0, 0, 0, 0);
  CALL(prctl, PR_SET_SECUREBITS, 1, 0, 0, 0);
  struct { unsigned short code; unsigned char yes, no; unsigned value; } allow = {6, 0, 0, 0x7fff0000};
  struct { unsigned short count; void *filter; } program = {1, &allow};
  CALL(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

static void architecture(void) {
  CALL(arch_prctl, 0x9999, 0);
  CALL(arch_prctl, ARCH_GET_FS, BAD);
  CALL(arch_prctl, ARCH_GET_GS, BAD);
  CALL(arch_prctl, ARCH_SET_GS, -1);
  CALL(arch_prctl, ARCH_SET_FS, 1L << 47);
}

static void shares(void) {
  CALL(unshare, 1 << 3);
  CALL(unshare, CLONE_PARENT);
  CALL(unshare, CLONE_NEWPID | CLONE_DETACHED);
  CALL(unshare, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD);
  CALL(personality, 0xffffffff);
}

static void shares_without_rights(void) {
  CALL(unshare, CLONE_NEWNS);
  CALL(unshare, CLONE_NEWUTS);
  CALL(unshare, CLONE_NEWNET | CLONE_NEWIPC);
  CALL(unshare, CLONE_FILES);
}

static char word[8] = "abcdefg";
static void memory_of_others(void) {
  pid_t self = getpid(), child = sleeper();
  char here[8];
  struct iovec local = {here, 8}, remote = {word, 8}, bad = {BAD, 8}, much[2] = {{here, 1ul << 63}, {here, 8}};
  CALL(process_vm_readv, self, &local, 1, &remote, 1, 1);
  CALL(process_vm_readv, self, &local, 1025, &remote, 1, 0);
  CALL(process_vm_readv, self, &local, 1, &remote, 1025, 0);
  CALL(process_vm_readv, self, BAD, 1, &remote, 1, 0);
  CALL(process_vm_readv, self, &local, 1, BAD, 1, 0);
  CALL(process_vm_readv, self, &bad, 1, &remote, 1, 0);
  CALL(process_vm_readv, self, &local, 1, &bad, 1, 0);
  CALL(process_vm_readv, self, much, 2, &remote, 1, 0);
  CALL(process_vm_readv, self, &local, 1, much, 2, 0);
  CALL(process_vm_readv, 1 << 30, &local, 1, &remote, 1, 0);
  CALL(process_vm_readv, -1, &local, 1, &remote, 1, 0);
  CALL(process_vm_readv, child, &local, 1, &remote, 1, 0);
  CALL(process_vm_readv, self, &local, 1, &remote, 0, 0);
  CALL(process_vm_writev, self, &local, 1, &remote, 1, 1);
  CALL(process_vm_writev, self, &local, -1, &remote, 1, 0);
  CALL(process_vm_writev, self, &bad, 1, &remote, 1, 0);
  CALL(process_vm_writev, self, &local, 1, &bad, 1, 0);
  CALL(process_vm_writev, self, much, 1, &remote, 1, 0);
  CALL(process_vm_writev, 1 << 30, &local, 1, &remote, 1, 0);
  end(child);
  CALL(process_vm_readv, child, &local, 1, &remote, 1, 0);
}

static void memory_without_rights(void) {
  char here[8];
  struct iovec local = {here, 8}, remote = {word, 8};
  CALL(process_vm_readv, getppid(), &local, 1, &remote, 1, 0);
  CALL(process_vm_writev, getppid(), &local, 1, &remote, 1, 0);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("groups and sessions");
  IN_CHILD(groups());
  IN_CHILD(sessions());
  SECTION("limits");
  IN_CHILD(limits());
  AS_NOBODY(limits_without_rights());
  SECTION("prctl");
  IN_CHILD(options());
  AS_NOBODY(options_without_rights());
  SECTION("arch_prctl");
  IN_CHILD(architecture());
  SECTION("unshare");
  IN_CHILD(shares());
  AS_NOBODY(shares_without_rights());
  SECTION("memory of other processes");
  IN_CHILD(memory_of_others());
  AS_NOBODY(memory_without_rights());
  return 0;
}
