/* Errors of the calls that send, block and await signals, and of pidfds. */
#include "call.h"

struct action {
  void *handler;
  unsigned long flags;
  void *restorer;
  unsigned long mask;
};

static pid_t sleeper(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) for (;;) pause();
  return child;
}

static void end(pid_t child) { signal_child(child, SIGKILL), waitpid(child, NULL, 0); }

static pid_t ended(void) {
  pid_t child = sleeper();
  signal_child(child, SIGKILL);
  siginfo_t info;
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  return child;
}

static void actions(void) {
  struct action action = {.handler = SIG_IGN}, old;
  CALL(rt_sigaction, 0, &action, NULL, 8);
  CALL(rt_sigaction, 65, &action, NULL, 8);
  CALL(rt_sigaction, -1, &action, NULL, 8);
  CALL(rt_sigaction, SIGKILL, &action, NULL, 8);
  CALL(rt_sigaction, SIGSTOP, &action, NULL, 8);
  CALL(rt_sigaction, SIGKILL, NULL, &old, 8);
  CALL(rt_sigaction, SIGUSR1, &action, NULL, 4);
  CALL(rt_sigaction, SIGUSR1, &action, NULL, 128);
  CALL(rt_sigaction, SIGUSR1, BAD, NULL, 8);
  CALL(rt_sigaction, SIGUSR1, NULL, BAD, 8);
  CALL(rt_sigaction, SIGKILL, BAD, NULL, 8);
  CALL(rt_sigaction, SIGUSR1, &action, BAD, 8);
  CALL(rt_sigaction, SIGUSR1, NULL, &old, 8);
  printf("it was changed: %d\n", old.handler == SIG_IGN);
}

static void masks(void) {
  unsigned long set = 1ul << (SIGUSR1 - 1), old = 0;
  CALL(rt_sigprocmask, SIG_BLOCK, &set, NULL, 4);
  CALL(rt_sigprocmask, 3, &set, NULL, 8);
  CALL(rt_sigprocmask, -1, &set, NULL, 8);
  CALL(rt_sigprocmask, 3, NULL, &old, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, BAD, NULL, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, &set, BAD, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, NULL, &old, 8);
  printf("mask %lx\n", old);
  CALL(rt_sigpending, BAD, 8);
  CALL(rt_sigpending, &old, 16);
  CALL(rt_sigpending, &old, 4);
  CALL(rt_sigsuspend, BAD, 8);
  CALL(rt_sigsuspend, &set, 4);
  CALL(rt_sigsuspend, &set, 16);
}

static void stacks(void) {
  static char place[16384];
  stack_t stack = {.ss_sp = place, .ss_size = sizeof place, .ss_flags = 0}, old;
  CALL(sigaltstack, BAD, NULL);
  CALL(sigaltstack, NULL, BAD);
  CALL(sigaltstack, NULL, &old);
  stack.ss_flags = 4;
  CALL(sigaltstack, &stack, NULL);
  stack.ss_flags = 0, stack.ss_size = 2047;
  CALL(sigaltstack, &stack, NULL);
  stack.ss_flags = SS_DISABLE;
  CALL(sigaltstack, &stack, NULL);
  stack.ss_flags = 0, stack.ss_size = sizeof place;
  CALL(sigaltstack, &stack, BAD);
  CALL(sigaltstack, NULL, &old);
  printf("it was set: %d\n", old.ss_sp == place);
}

static stack_t replacement;
static void replace(int signal) {
  (void)signal;
  CALL(sigaltstack, &replacement, NULL);
}
static void stack_in_use(void) {
  static char place[65536], other[65536];
  stack_t stack = {.ss_sp = place, .ss_size = sizeof place};
  replacement = (stack_t){.ss_sp = other, .ss_size = sizeof other};
  sigaltstack(&stack, NULL);
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = replace, .sa_flags = SA_ONSTACK}, NULL);
  raise(SIGUSR1);
}

static void sending(void) {
  pid_t self = getpid(), zombie = ended();
  CALL(kill, self, 65);
  CALL(kill, self, -1);
  CALL(kill, self, 0);
  CALL(kill, zombie, 0);
  CALL(kill, zombie, SIGTERM);
  CALL(kill, 1 << 30, 0);
  CALL(kill, -(1 << 30), 0);
  CALL(kill, 0x80000000, 0);
  CALL(kill, 1 << 30, 65);
  CALL(tkill, self, 65);
  CALL(tkill, self, -1);
  CALL(tkill, 0, 0);
  CALL(tkill, -1, 0);
  CALL(tkill, 1 << 30, 0);
  CALL(tkill, self, 0);
  CALL(tgkill, self, self, 65);
  CALL(tgkill, 0, self, 0);
  CALL(tgkill, self, 0, 0);
  CALL(tgkill, -1, self, 0);
  CALL(tgkill, getppid(), self, 0);
  CALL(tgkill, self, 1 << 30, 0);
  CALL(tgkill, self, self, 0);
  waitpid(zombie, NULL, 0);
  CALL(kill, zombie, 0);
  CALL(tkill, zombie, 0);
}

static void queueing(void) {
  pid_t self = getpid(), child = sleeper();
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  CALL(rt_sigqueueinfo, self, 65, &info);
  CALL(rt_sigqueueinfo, self, -1, &info);
  CALL(rt_sigqueueinfo, self, SIGUSR1, BAD);
  CALL(rt_sigqueueinfo, 1 << 30, SIGUSR1, &info);
  CALL(rt_sigqueueinfo, self, 0, &info);
  CALL(rt_tgsigqueueinfo, self, self, 65, &info);
  CALL(rt_tgsigqueueinfo, 0, self, 0, &info);
  CALL(rt_tgsigqueueinfo, self, 0, 0, &info);
  CALL(rt_tgsigqueueinfo, self, 1 << 30, SIGUSR1, &info);
  CALL(rt_tgsigqueueinfo, 1 << 30, self, SIGUSR1, &info);
  CALL(rt_tgsigqueueinfo, self, self, SIGUSR1, BAD);
  CALL(rt_tgsigqueueinfo, self, self, 0, &info);
  info.si_code = SI_USER;
  CALL(rt_sigqueueinfo, child, SIGUSR1, &info);
  CALL(rt_sigqueueinfo, child, 0, &info);
  CALL(rt_sigqueueinfo, self, 0, &info);
  CALL(rt_tgsigqueueinfo, child, child, SIGUSR1, &info);
  info.si_code = SI_TKILL;
  CALL(rt_sigqueueinfo, child, SIGUSR1, &info);
  CALL(rt_tgsigqueueinfo, child, child, SIGUSR1, &info);
  end(child);
}

static void full_queue(void) {
  pid_t self = getpid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  limit_to(RLIMIT_SIGPENDING, 0);
  siginfo_t info = {.si_signo = SIGRTMIN, .si_code = SI_QUEUE};
  CALL(rt_sigqueueinfo, self, SIGRTMIN, &info);
  CALL(rt_tgsigqueueinfo, self, self, SIGRTMIN, &info);
  CALL(tkill, self, SIGRTMIN);
  CALL(tgkill, self, self, SIGRTMIN);
  CALL(kill, self, SIGRTMIN);
  CALL(rt_sigqueueinfo, self, SIGUSR1, &info);
  CALL(tgkill, self, self, SIGUSR2);
}

static void without_rights(void) {
  pid_t parent = getppid();
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  CALL(kill, parent, 0);
  CALL(kill, parent, SIGTERM);
  CALL(kill, parent, SIGCONT);
  CALL(kill, parent, 65);
  CALL(tkill, parent, SIGTERM);
  CALL(tgkill, parent, parent, 0);
  CALL(rt_sigqueueinfo, parent, SIGUSR1, &info);
  CALL(rt_tgsigqueueinfo, parent, parent, SIGUSR1, &info);
  int fd = (int)RAW(pidfd_open, parent, 0);
  CALL(pidfd_send_signal, fd, SIGTERM, NULL, 0);
  CALL(pidfd_send_signal, fd, 0, NULL, 0);
  CALL(pidfd_getfd, fd, 0, 0);
}

static void awaiting(void) {
  unsigned long set = 1ul << (SIGUSR1 - 1);
  struct timespec none = {0, 0}, negative = {-1, 0}, large = {0, 1000000000};
  siginfo_t info;
  sigprocmask(SIG_BLOCK, (sigset_t *)&set, NULL);
  CALL(rt_sigtimedwait, &set, NULL, &none, 8);
  CALL(rt_sigtimedwait, &set, NULL, &negative, 8);
  CALL(rt_sigtimedwait, &set, NULL, &large, 8);
  CALL(rt_sigtimedwait, &set, NULL, BAD, 8);
  CALL(rt_sigtimedwait, BAD, NULL, &none, 8);
  CALL(rt_sigtimedwait, NULL, NULL, &none, 8);
  CALL(rt_sigtimedwait, &set, NULL, &none, 4);
  CALL(rt_sigtimedwait, &set, BAD, &none, 8);
  raise(SIGUSR1);
  CALL(rt_sigtimedwait, &set, BAD, &none, 8);
  CALL(rt_sigtimedwait, &set, &info, &none, 8);
}

static void process_files(void) {
  int pipe_ends[2];
  pipe(pipe_ends);
  pid_t child = sleeper(), self = getpid();
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_USER};
  CALL(pidfd_open, 0, 0);
  CALL(pidfd_open, -1, 0);
  CALL(pidfd_open, self, 1 << 20);
  CALL(pidfd_open, 1 << 30, 0);
  int fd = (int)RAW(pidfd_open, child, 0), own = (int)RAW(pidfd_open, self, 0);
  CALL(pidfd_send_signal, NO_FD, 0, NULL, 0);
  CALL(pidfd_send_signal, pipe_ends[0], 0, NULL, 0);
  CALL(pidfd_send_signal, fd, 65, NULL, 0);
  CALL(pidfd_send_signal, fd, -1, NULL, 0);
  CALL(pidfd_send_signal, fd, 0, NULL, 1 << 20);
  CALL(pidfd_send_signal, fd, SIGUSR1, BAD, 0);
  CALL(pidfd_send_signal, fd, SIGUSR2, &info, 0);
  CALL(pidfd_send_signal, fd, SIGUSR1, &info, 0);
  CALL(pidfd_send_signal, own, 0, NULL, 0);
  CALL(pidfd_getfd, NO_FD, 0, 0);
  CALL(pidfd_getfd, pipe_ends[0], 0, 0);
  CALL(pidfd_getfd, fd, NO_FD, 0);
  CALL(pidfd_getfd, fd, 0, 1);
  CALL_OK(pidfd_getfd, fd, 0, 0);
  signal_child(child, SIGKILL);
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  CALL(pidfd_send_signal, fd, 0, NULL, 0);
  CALL(pidfd_getfd, fd, 0, 0);
  waitpid(child, NULL, 0);
  CALL(pidfd_send_signal, fd, 0, NULL, 0);
  CALL(pidfd_getfd, fd, 0, 0);
  limit_to(RLIMIT_NOFILE, 3);
  CALL(pidfd_open, self, 0);
  CALL(pidfd_getfd, own, 0, 0);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  setpgid(0, 0);
  SECTION("actions");
  IN_CHILD(actions());
  SECTION("masks");
  IN_CHILD(masks());
  SECTION("alternate stacks");
  IN_CHILD(stacks(); stack_in_use());
  SECTION("sending");
  IN_CHILD(sending());
  SECTION("queueing");
  IN_CHILD(queueing());
  IN_CHILD(full_queue());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  SECTION("awaiting");
  IN_CHILD(awaiting());
  SECTION("pidfds");
  IN_CHILD(process_files());
  return 0;
}
