/* What the programs of this folder share. Each provokes the errors that the manual pages document, by number and past libc,
   and prints `openat(AT_FDCWD, "loop", O_RDONLY) = ELOOP`; errors.test.ts reads from that text which errors were seen. So the
   arguments stand in the call as they are, and nothing is printed that differs between two runs. */
#ifndef CALL_H
#define CALL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../show.h"

/* Makes the call: each argument as a whole register, whatever its C type. */
#define RAW(name, ...) (errno = 0, syscall(SYS_##name __VA_OPT__(, EACH_LONG(__VA_ARGS__))))
/* The same, and prints it with its value or error. */
#define CALL(name, ...) show(#name "(" #__VA_ARGS__ ")", RAW(name, ##__VA_ARGS__))
/* For values that differ between two runs: prints only whether it failed. @returns the value */
#define CALL_OK(name, ...) show_ok(#name "(" #__VA_ARGS__ ")", RAW(name, ##__VA_ARGS__))

#define EACH_LONG(...) COUNTED(__VA_ARGS__, 6, 5, 4, 3, 2, 1)(__VA_ARGS__)
#define COUNTED(a, b, c, d, e, f, n, ...) LONGS_##n
#define LONGS_1(a) (long)(a)
#define LONGS_2(a, b) (long)(a), (long)(b)
#define LONGS_3(a, b, c) (long)(a), (long)(b), (long)(c)
#define LONGS_4(a, b, c, d) (long)(a), (long)(b), (long)(c), (long)(d)
#define LONGS_5(a, b, c, d, e) (long)(a), (long)(b), (long)(c), (long)(d), (long)(e)
#define LONGS_6(a, b, c, d, e, f) (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)

/* An address where nothing is mapped, and a descriptor that nobody has. */
#define BAD ((void *)16)
#define NO_FD 999
#define NOBODY 65534

/* Runs `body` in a child, to the end of its output; what it does to limits, users and descriptors ends with it. */
#define IN_CHILD(...)                                                            \
  do {                                                                           \
    fflush(stdout);                                                              \
    pid_t child_ = fork();                                                       \
    if (child_ == 0) {                                                           \
      __VA_ARGS__;                                                               \
      exit(0);                                                                   \
    }                                                                            \
    int status_;                                                                 \
    while (waitpid(child_, &status_, 0) < 0 && errno == EINTR) {}                \
    if (status_ != 0) printf("the child ended with %x\n", (unsigned)status_);    \
  } while (0)

/* The same, as a user without rights. */
#define AS_NOBODY(...) IN_CHILD(become_nobody(); __VA_ARGS__)

static inline void become_nobody(void) {
  if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)) exit(3);
}

/* Sets a soft limit (and no more than the hard one). */
static inline void limit_to(int resource, rlim_t value) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  limit.rlim_cur = value;
  if (setrlimit(resource, &limit)) exit(4);
}

static volatile sig_atomic_t alarms;
static inline void on_alarm(int signal) { (void)signal, alarms++; }

/* From now on SIGALRM comes each 20 ms, also after a call that was restarted. @param flags 0 or SA_RESTART */
static inline void interrupt_soon(int flags) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
  struct itimerval soon = {.it_interval = {0, 20000}, .it_value = {0, 20000}};
  alarms = 0;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &soon, NULL);
}
static inline void interrupt_no_more(void) {
  struct itimerval none = {0};
  setitimer(ITIMER_REAL, &none, NULL);
}

/* A call that blocks, interrupted by a handler without SA_RESTART. */
#define CALL_INTERRUPTED(name, ...)   \
  do {                                \
    interrupt_soon(0);                \
    CALL(name, ##__VA_ARGS__);        \
    interrupt_no_more();              \
  } while (0)

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind, (void)at;
  return remove(path);
}

static char work_folder[PATH_MAX];
static inline void leave_work_folder(void) {
  if (chdir("/") == 0) nftw(work_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes an own folder below argv[1] the current one: anybody may write there; leave_work_folder removes it. */
static inline void enter_work_folder(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  snprintf(work_folder, sizeof work_folder, "%s/errors-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
  if (mkdtemp(work_folder) == NULL || chdir(work_folder) != 0 || chmod(".", 0777) != 0) exit(2);
  umask(022);
}

#endif
