/* A call that blocks, while a handler runs that was installed without and with SA_RESTART, and while the caller is stopped and
   continued (signal(7), "Interruption of system calls and library functions by signal handlers" and "by stop signals"): it
   fails with EINTR, or it goes on. The signal is sent when the caller is seen to sleep, so that no time matters. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "call.h"
#include <sys/mman.h>
#include <sys/prctl.h>

/* What the waiting process tells. */
static volatile struct {
  int has_entered, was_handled, error;
  long result;
} *told;

static void on_signal(int signal) {
  (void)signal;
  told->was_handled = 1;
}

static pid_t start(int flags) {
  fflush(stdout);
  told->has_entered = told->was_handled = 0;
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = flags}, NULL);
  }
  return child;
}

/* What a child does: nothing comes between the note and the call. */
#define TELL(name, ...)                     \
  do {                                      \
    told->has_entered = 1;                  \
    told->result = RAW(name, ##__VA_ARGS__); \
    told->error = errno;                    \
    _exit(0);                               \
  } while (0)

static char state_of(pid_t pid) {
  char path[50], text[300] = {0};
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY);
  read(fd, text, sizeof text - 1);
  close(fd);
  return strrchr(text, ')')[2];
}

static const struct way {
  const char *name;
  int signal, flags;
} ways[] = {{"", SIGUSR1, 0}, {", with SA_RESTART", SIGUSR1, SA_RESTART}, {", stopped and continued", SIGSTOP, 0}};
#define WAYS (sizeof ways / sizeof *ways)

static void interrupt(pid_t child, const char *call, const struct way *way) {
  char state;
  while (!told->has_entered || ((state = state_of(child)) != 'S' && state != 'Z')) usleep(500);
  if (state == 'S') signal_child(child, way->signal);
  if (way->signal == SIGSTOP) {
    while (state_of(child) != 'T') usleep(500);
    told->was_handled = 1;
    signal_child(child, SIGCONT);
  }
  while ((state = state_of(child)) != 'Z' && !(told->was_handled && state == 'S')) usleep(500);
  printf("%s%s", call, way->name);
  if (state == 'S') puts(" goes on");
  else if (told->result == -1) printf(" = %s\n", strerrorname_np(told->error));
  else printf(" = %ld\n", told->result);
  signal_child(child, SIGKILL), waitpid(child, NULL, 0);
}

#define INTERRUPTED(name, ...)                                     \
  for (const struct way *way_ = ways; way_ < ways + WAYS; way_++) { \
    pid_t child_ = start(way_->flags);                              \
    if (child_ == 0) TELL(name, ##__VA_ARGS__);                     \
    interrupt(child_, #name "(" #__VA_ARGS__ ")", way_);            \
  }

#endif
