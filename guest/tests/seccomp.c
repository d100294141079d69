/* seccomp(2): strict mode, filters and each of their answers, inheritance, and what a filter may be made of. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#define CHILD(title, ...)                                                                       \
  do {                                                                                          \
    SECTION(title), fflush(stdout);                                                             \
    pid_t child_ = fork();                                                                      \
    if (child_ == 0) { __VA_ARGS__; fflush(stdout); _exit(0); }                                 \
    int status_;                                                                                \
    waitpid(child_, &status_, 0);                                                               \
    if (WIFSIGNALED(status_)) printf("died of %s\n", sigabbrev_np(WTERMSIG(status_)));          \
    else printf("exited with %d\n", WEXITSTATUS(status_));                                      \
  } while (0)

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
/* For the one call, and that everything else is allowed. */
#define FOR_CALL(call, value) \
  LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), RETURN(value), RETURN(SECCOMP_RET_ALLOW)

static long install(struct sock_filter *filter, int length, unsigned flags) {
  struct sock_fprog program = {length, filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
#define INSTALL(...)                                                             \
  do {                                                                           \
    struct sock_filter filter_[] = {__VA_ARGS__};                                \
    long result_ = install(filter_, sizeof filter_ / sizeof *filter_, 0);        \
    if (result_) printf("install = %s\n", strerrorname_np(errno));               \
  } while (0)
#define TRY(...)                                                                                  \
  do {                                                                                            \
    struct sock_filter filter_[] = {__VA_ARGS__};                                                 \
    errno = 0, show(#__VA_ARGS__, install(filter_, sizeof filter_ / sizeof *filter_, 0));         \
  } while (0)

static void status(void) {
  char line[256];
  FILE *file = fopen("/proc/thread-self/status", "r");
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Seccomp", 7)) fputs(line, stdout);
  fclose(file);
}

static void strict(int way) {
  if (way == 3) INSTALL(RETURN(SECCOMP_RET_ALLOW));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  fflush(stdout);
  write(1, "written\n", 8);
  if (way == 0) syscall(SYS_getpid);
  if (way == 1) syscall(SYS_exit, 5);
}

static void on_sys(int signal, siginfo_t *info, void *context) {
  printf("signal %d code %d errno %d call %d arch %x same place %d rax %lld\n", signal, info->si_code, info->si_errno,
         info->si_syscall, info->si_arch, info->si_call_addr == (void *)((ucontext_t *)context)->uc_mcontext.gregs[16],
         ((ucontext_t *)context)->uc_mcontext.gregs[13]);
  ((ucontext_t *)context)->uc_mcontext.gregs[13] = 4711;
}

static void handled(void) {
  struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, NULL);
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_TRAP | 77));
  SHOW(syscall(SYS_getppid));
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGSYS), sigprocmask(SIG_BLOCK, &set, NULL);
  fflush(stdout);
  syscall(SYS_getppid);
}

static void answers(void) {
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV));
  SHOW(syscall(SYS_getppid));
  INSTALL(FOR_CALL(SYS_getuid, SECCOMP_RET_ERRNO | 0xffff));
  printf("most: %ld\n", -syscall(SYS_getuid) == 1 ? (long)errno : 0);
  INSTALL(FOR_CALL(SYS_getgid, SECCOMP_RET_ERRNO | 0));
  SHOW(syscall(SYS_getgid));
  INSTALL(FOR_CALL(SYS_getegid, SECCOMP_RET_TRACE | 1));
  SHOW(syscall(SYS_getegid));
  INSTALL(FOR_CALL(SYS_geteuid, SECCOMP_RET_LOG));
  SHOW(syscall(SYS_geteuid) == 0 || 1);
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_ALLOW));
  SHOW(syscall(SYS_getppid));
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_ERRNO | EDOM));
  SHOW(syscall(SYS_getppid));
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_TRACE));
  SHOW(syscall(SYS_getppid));
  INSTALL(FOR_CALL(500, SECCOMP_RET_ERRNO | EPIPE));
  SHOW(syscall(500));
  status();
  SHOW(prctl(PR_GET_SECCOMP));
}

/* A filter on arguments, halves of registers and the architecture. */
static void arguments(void) {
  INSTALL(LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),
          LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3), LOAD(args[0]),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0), RETURN(SECCOMP_RET_ERRNO | EACCES),
          RETURN(SECCOMP_RET_ALLOW));
  SHOW_OK(socket(AF_UNIX, SOCK_STREAM, 0));
  SHOW(socket(AF_INET, SOCK_STREAM, 0));
  INSTALL(LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 0, 5),
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4), BPF_STMT(BPF_ST, 3),
          BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 1),
          RETURN(SECCOMP_RET_ERRNO | ERANGE), RETURN(SECCOMP_RET_ALLOW));
  SHOW(lseek(-1, 0x80L << 32, SEEK_SET));
  SHOW(lseek(-1, 0x7fL << 32, SEEK_SET));
}

/* Shifts by more than 31, and a number whose high half is not looked at. */
static void odd_numbers(void) {
  INSTALL(LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 5), BPF_STMT(BPF_LDX | BPF_IMM, 33),
          BPF_STMT(BPF_LD | BPF_IMM, 9), BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
          BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0),
          RETURN(SECCOMP_RET_ALLOW));
  SHOW(syscall(SYS_getppid));
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(0x700000000L | SYS_getppid) : "rcx", "r11", "memory");
  printf("with a high half: %ld\n", result);
}

static void *other_thread(void *arg) {
  if (*(int *)arg) syscall(SYS_getppid);
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  SHOW(prctl(PR_GET_SECCOMP));
  return NULL;
}
static void run_thread(int dies) {
  pthread_t other;
  fflush(stdout);
  pthread_create(&other, NULL, other_thread, &dies);
  pthread_join(other, NULL);
  printf("joined\n");
}

static pthread_barrier_t barrier;
static void *waiting_thread(void *arg) {
  (void)arg;
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  SHOW(syscall(SYS_getppid));
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  return NULL;
}
static void synchronised(unsigned flags) {
  pthread_t other;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&other, NULL, waiting_thread, NULL);
  pthread_barrier_wait(&barrier);
  struct sock_filter filter[] = {FOR_CALL(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV)};
  SHOW(install(filter, 4, flags));
  pthread_barrier_wait(&barrier);
  pthread_join(other, NULL);
}

static void inherited(const char *self) {
  INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV));
  pid_t child = fork();
  if (child == 0) {
    SHOW(syscall(SYS_getppid));
    fflush(stdout);
    execl(self, self, "inherited", NULL);
  }
  waitpid(child, NULL, 0);
}

static void refused(void) {
  struct sock_filter allow[] = {RETURN(SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {1, allow}, none = {0, allow}, bad = {1, (void *)8};
  SHOW(syscall(SYS_seccomp, 99, 0, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, &program));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x1000, &program));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &none));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &bad));
  SHOW(prctl(PR_SET_SECCOMP, 3, &program));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &bad));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &(unsigned){SECCOMP_RET_ALLOW}));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_ALLOW}));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_KILL_PROCESS}));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_ERRNO}));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){0x12340000}));
  TRY(BPF_STMT(BPF_LD | BPF_IMM, 1));
  TRY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 3), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_LD | BPF_MEM, 1), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_ST, 16), RETURN(0x7fff0000));
  TRY(BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0x7fff0000));
  TRY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), RETURN(0x7fff0000));
  status();
}

/* Who has neither the capability nor promised to gain no rights may not. */
static void as_user(void) {
  struct sock_filter allow[] = {RETURN(SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {1, allow}, none = {0, allow}, bad = {1, (void *)8};
  if (setresuid(1000, 1000, 1000) != 0 && geteuid() == 0) return;
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &bad));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &none));
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  status();
}

static void too_many(void) {
  static struct sock_filter filter[4096];
  for (int i = 0; i < 4096; i++) filter[i] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
  long result = 0;
  int count = 0;
  while (count < 20 && (result = install(filter, 4096, 0)) == 0) count++;
  printf("%d filters, then %s\n", count, strerrorname_np(errno));
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1) {
    SHOW(syscall(SYS_getppid));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    status();
    return 0;
  }
  /* A container that filters already, or forbids all this. */
  if (prctl(PR_GET_SECCOMP) != 0 || syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_LOG}) != 0)
    return 77;
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  status();
  CHILD("without a promise", as_user());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 77;
  CHILD("strict, another call", strict(0));
  CHILD("strict, exit", strict(1));
  CHILD("strict, exit_group", strict(2));
  CHILD("strict behind a filter", strict(3));
  CHILD("answers", answers());
  CHILD("arguments", arguments());
  CHILD("odd numbers", odd_numbers());
  CHILD("SIGSYS", handled());
  CHILD("SIGSYS without a handler", INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_TRAP)); syscall(SYS_getppid));
  CHILD("kill the process", INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_KILL_PROCESS)); syscall(SYS_getppid));
  CHILD("kill the only thread", INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_KILL_THREAD)); syscall(SYS_getppid));
  CHILD("an unknown action", INSTALL(FOR_CALL(SYS_getppid, 0x12340000)); syscall(SYS_getppid));
  CHILD("kill one thread", INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_KILL_THREAD)); run_thread(1));
  CHILD("kill the process of a thread", INSTALL(FOR_CALL(SYS_getppid, SECCOMP_RET_KILL_PROCESS)); run_thread(1));
  CHILD("a thread inherits", INSTALL(RETURN(SECCOMP_RET_ALLOW)); run_thread(0));
  CHILD("all threads", synchronised(SECCOMP_FILTER_FLAG_TSYNC));
  CHILD("inherited", inherited(realpath("/proc/self/exe", NULL)));
  CHILD("refused", refused());
  CHILD("too many", too_many());
  return 0;
}
