/* Handlers, masks, alternate stacks, interruption of system calls, timers. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "show.h"

static volatile sig_atomic_t count, last_code, on_alternate;
static char alternate[65536];
static sigjmp_buf back;

static void note(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  count++;
  last_code = info->si_code;
  char here;
  on_alternate = (uintptr_t)&here - (uintptr_t)alternate < sizeof alternate;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, NULL) != 0) perror("sigaction");
}

static void handlers(void) {
  SECTION("handlers");
  handle(SIGUSR1, note, 0);
  SHOW(raise(SIGUSR1));
  printf("count %d code %d\n", count, last_code);
  SHOW(kill(getpid(), SIGUSR1));
  printf("count %d code %d\n", count, last_code);
  SHOW(kill(getpid(), 0));
  SHOW(kill(getpid(), 99));
  handle(SIGUSR1, note, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  printf("reset %d\n", now.sa_handler == SIG_DFL);
  signal(SIGUSR1, SIG_IGN);
  SHOW(raise(SIGUSR1));
  printf("count %d\n", count);
  SHOW(sigaction(SIGKILL, &now, NULL));
}

static void masks(void) {
  SECTION("masks");
  sigset_t set, pending;
  handle(SIGUSR2, note, 0);
  count = 0;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  SHOW(sigprocmask(SIG_BLOCK, &set, NULL));
  raise(SIGUSR2);
  raise(SIGUSR2);
  SHOW(sigpending(&pending));
  printf("pending %d count %d\n", sigismember(&pending, SIGUSR2), count);
  SHOW(sigprocmask(SIG_UNBLOCK, &set, NULL));
  printf("count %d\n", count);
  handle(SIGRTMIN, note, 0);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  count = 0;
  for (int i = 0; i < 3; i++) sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  printf("queued %d code %d\n", count, last_code);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR2);
  siginfo_t info;
  SHOW(sigwaitinfo(&set, &info) == SIGUSR2);
  struct timespec nothing = {0, 1000000};
  SHOW(sigtimedwait(&set, &info, &nothing));
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void alternate_stack(void) {
  SECTION("alternate stack");
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  SHOW(sigaltstack(&stack, NULL));
  handle(SIGUSR1, note, SA_ONSTACK);
  raise(SIGUSR1);
  printf("on it %d\n", on_alternate);
  handle(SIGUSR1, note, 0);
  raise(SIGUSR1);
  printf("on it %d\n", on_alternate);
}

static void interruption(void) {
  SECTION("interruption");
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return;
  struct itimerval soon = {.it_value = {0, 5000}};
  handle(SIGALRM, note, 0);
  setitimer(ITIMER_REAL, &soon, NULL);
  SHOW(read(ends[0], &byte, 1));
  setitimer(ITIMER_REAL, &soon, NULL);
  SHOW(pause());
  printf("code %d\n", last_code);
  SHOW(alarm(100));
  SHOW(alarm(0) > 90);
}

/* Skips the faulting instruction: mov dword ptr [16], 0 as gcc writes it for a null pointer below. */
static void skip(int signal, siginfo_t *info, void *context) {
  (void)signal;
  ucontext_t *state = context;
  printf("fault at %ld\n", (long)info->si_addr);
  state->uc_mcontext.gregs[REG_RIP] += state->uc_mcontext.gregs[REG_R8];
  state->uc_mcontext.gregs[REG_RAX] = 42;
}

static void editable_context(void) {
  SECTION("editable context");
  handle(SIGSEGV, skip, 0);
  long result;
  /* mov byte [rcx], 1 is three bytes (c6 01 01); r8 tells the handler so. */
  __asm__ volatile("mov $3, %%r8d\n\tmov $16, %%ecx\n\txor %%eax, %%eax\n\tmovb $1, (%%rcx)\n\t"
                   : "=a"(result)
                   :
                   : "r8", "rcx", "memory");
  printf("went on with %ld\n", result);
}

static void leave(int signal, siginfo_t *info, void *context) {
  (void)context;
  printf("signal %d code %d\n", signal, info->si_code);
  siglongjmp(back, 1);
}

static void processor_exceptions(void) {
  SECTION("processor exceptions");
  handle(SIGFPE, leave, 0);
  handle(SIGILL, leave, 0);
  handle(SIGTRAP, note, 0);
  volatile int zero = 0, seven = 7;
  if (sigsetjmp(back, 1) == 0) printf("%d\n", seven / zero);
  if (sigsetjmp(back, 1) == 0) __asm__ volatile("ud2");
  handle(SIGSEGV, leave, 0);
  if (sigsetjmp(back, 1) == 0) __asm__ volatile("hlt");
  count = 0;
  __asm__ volatile("int3");
  printf("traps %d code %d\n", count, last_code);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  handlers();
  masks();
  alternate_stack();
  interruption();
  editable_context();
  processor_exceptions();
  return 0;
}
