/* Signal frames: what a handler sees of the interrupted registers, what it may change, nesting, masks and timers. */
#define _GNU_SOURCE
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "show.h"

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(signal, &action, NULL);
}

/* Registers */

static void change_registers(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  mcontext_t *state = &((ucontext_t *)context)->uc_mcontext;
  for (int i = REG_R12; i <= REG_R15; i++) printf("%llx ", state->gregs[i]);
  printf("rbx %llx rcx %llx cs %llx\n", state->gregs[REG_RBX], state->gregs[REG_RCX], state->gregs[REG_CSGSFS] & 0xffff);
  for (int i = REG_R12; i <= REG_R15; i++) state->gregs[i] += 0x1000000000000000;
  state->gregs[REG_RCX] = 0x1234567890abcdef;
  state->gregs[REG_RIP] += 2; /* over ud2 */
  state->gregs[REG_EFL] |= 0x8d5;
}

static void registers(void) {
  SECTION("registers");
  handle(SIGILL, change_registers, 0);
  uint64_t r12, r13, r14, r15, rcx, flags;
  __asm__ volatile("mov $0xc, %%r12d\n\tmov $0xd, %%r13d\n\tmov $0xe, %%r14d\n\tmov $0xf, %%r15d\n\tmov $0xb, %%ebx\n\t"
                   "mov $0xcc, %%ecx\n\txor %%eax, %%eax\n\tud2\n\tmov %%rcx, %%rax\n\tpushf\n\tpop %%rcx\n\t"
                   "mov %%r12, %0\n\tmov %%r13, %1\n\tmov %%r14, %2\n\tmov %%r15, %3"
                   : "=m"(r12), "=m"(r13), "=m"(r14), "=m"(r15), "=a"(rcx), "=c"(flags)
                   :
                   : "r12", "r13", "r14", "r15", "rbx", "cc");
  printf("%lx %lx %lx %lx %lx flags %lx\n", r12, r13, r14, r15, rcx, flags & 0x8d5);
}

/* Floating point */

static void change_floats(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *user = context;
  struct _libc_fpstate *state = user->uc_mcontext.fpregs;
  const struct _fpx_sw_bytes *software = (const void *)((const char *)state + 464);
  printf("magic %x, aligned %d, size at least %d, control %x, mxcsr %x, status %x, tags %x\n", software->magic1,
         (int)((uintptr_t)state % 16), software->xstate_size >= 512, state->cwd, state->mxcsr & 0xffc0, state->swd, state->ftw);
  for (int i = 4; i < 6; i++) {
    for (int k = 0; k < 4; k++) printf("%08x ", state->_xmm[i].element[k]);
  }
  printf("st0 %04x %04x%04x%04x%04x\n", state->_st[0].exponent, state->_st[0].significand[3],
         state->_st[0].significand[2], state->_st[0].significand[1], state->_st[0].significand[0]);
  for (int k = 0; k < 4; k++) state->_xmm[4].element[k] = 0xabcd0000 + k;
  state->_st[0].exponent ^= 0x8000;
  state->mxcsr = (state->mxcsr & ~0x6000u) | 0x4000; /* up */
  state->cwd |= 0xc00;                               /* towards zero */
  user->uc_mcontext.gregs[REG_RIP] += 2;
  /* The handler's own arithmetic is not the program's. */
  volatile double mine = 1;
  mine /= 3;
  feraiseexcept(FE_DIVBYZERO);
}

static void floats(void) {
  SECTION("floating point");
  handle(SIGILL, change_floats, 0);
  uint32_t in[8] = {1, 2, 3, 4, 0x3f800000, 0x40000000, 7, 8}, out[8];
  long double top = 1.25L, result;
  unsigned mxcsr;
  unsigned short word;
  __asm__ volatile("fninit\n\tfldt %5\n\tmovups %4, %%xmm4\n\tmovups 16+%4, %%xmm5\n\tud2\n\tmovups %%xmm4, %0\n\t"
                   "movups %%xmm5, 16+%0\n\tfstpt %1\n\tstmxcsr %2\n\tfnstcw %3"
                   : "=m"(out), "=m"(result), "=m"(mxcsr), "=m"(word)
                   : "m"(in), "m"(top)
                   : "xmm4", "xmm5");
  for (int i = 0; i < 8; i++) printf("%08x ", out[i]);
  printf("%Lg mxcsr %x control %x zero divided %d\n", result, mxcsr & 0x7f80, word, fetestexcept(FE_DIVBYZERO) != 0);
  fesetenv(FE_DFL_ENV);
}

/* Nesting */

static volatile int depth, order[16], events;

static void nest(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  depth++;
  order[events++ % 16] = signal * 10 + depth;
  if (events < 6) raise(SIGUSR1);
  if (events < 6) raise(SIGUSR2);
  depth--;
  order[events++ % 16] = -signal;
}

static void nesting(int flags) {
  printf("-- nesting, flags %x\n", flags);
  handle(SIGUSR1, nest, flags);
  handle(SIGUSR2, nest, flags);
  depth = events = 0;
  raise(SIGUSR1);
  for (int i = 0; i < events && i < 16; i++) printf("%d ", order[i]);
  printf("\n");
}

static void show_mask(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  printf("USR1 %d USR2 %d TERM %d, saved: USR1 %d TERM %d\n", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2),
         sigismember(&now, SIGTERM), sigismember(&((ucontext_t *)context)->uc_sigmask, SIGUSR1),
         sigismember(&((ucontext_t *)context)->uc_sigmask, SIGTERM));
  sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGHUP);
}

static void masks(void) {
  SECTION("masks of handlers");
  struct sigaction action = {.sa_sigaction = show_mask, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  action.sa_flags |= SA_NODEFER | SA_RESETHAND;
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  printf("reset %d, HUP blocked by the frame %d\n", now.sa_handler == SIG_DFL, sigismember(&set, SIGHUP));
  sigemptyset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Senders */

static void show_sender(int signal, siginfo_t *info, void *context) {
  (void)context;
  printf("%s code %d, from me %d %d, value %d\n", sigabbrev_np(signal), info->si_code, info->si_pid == getpid(),
         info->si_uid == getuid(), info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void *wait_for_signal(void *ready) {
  *(volatile pid_t *)ready = gettid();
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  int signal;
  pthread_sigmask(SIG_BLOCK, &set, &old);
  *((volatile pid_t *)ready + 1) = 1;
  sigwait(&set, &signal);
  printf("thread got %s\n", sigabbrev_np(signal));
  return NULL;
}

static void senders(void) {
  SECTION("senders");
  handle(SIGUSR1, show_sender, 0);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 4711});
  SHOW(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
  SHOW(syscall(SYS_tgkill, getpid(), getpid() + 1000, SIGUSR1));
  SHOW(syscall(SYS_tgkill, getpid(), 0, SIGUSR1));
  SHOW(syscall(SYS_tkill, gettid(), SIGUSR1));
  siginfo_t forged = {.si_signo = SIGUSR1, .si_code = SI_USER};
  SHOW(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &forged));
  volatile pid_t ready[2] = {0, 0};
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_signal, (void *)ready);
  while (!ready[1]) sched_yield();
  long sent = syscall(SYS_tgkill, getpid(), ready[0], SIGUSR2);
  pthread_join(thread, NULL);
  printf("sent to it: %ld\n", sent);
}

/* Timers */

static volatile int ticks;

static void tick(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  if (info->si_code == SI_KERNEL) ticks++;
}

static void timers(void) {
  SECTION("timers");
  handle(SIGALRM, tick, SA_RESTART);
  handle(SIGVTALRM, tick, 0);
  handle(SIGPROF, tick, 0);
  struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}}, left;
  ticks = 0;
  setitimer(ITIMER_REAL, &often, NULL);
  while (ticks < 5) pause();
  setitimer(ITIMER_REAL, &never, &left);
  printf("interval %ld, ticked %d\n", (long)left.it_interval.tv_usec, ticks >= 5);
  ticks = 0;
  setitimer(ITIMER_VIRTUAL, &often, NULL);
  while (ticks < 2) __asm__ volatile("pause");
  setitimer(ITIMER_VIRTUAL, &never, NULL);
  ticks = 0;
  setitimer(ITIMER_PROF, &often, NULL);
  while (ticks < 2) __asm__ volatile("pause");
  setitimer(ITIMER_PROF, &never, NULL);
  SHOW(setitimer(3, &often, NULL));
  often.it_value.tv_usec = 1000000;
  SHOW(setitimer(ITIMER_REAL, &often, NULL));
  SHOW(alarm(50));
  getitimer(ITIMER_REAL, &left);
  printf("alarm leaves %d\n", left.it_value.tv_sec >= 48 && left.it_interval.tv_usec == 0);
  SHOW(alarm(0) >= 49);
}

/* Contexts */

static ucontext_t here, there;

static void elsewhere(int a, int b) {
  printf("elsewhere %d %d\n", a, b);
  swapcontext(&there, &here);
  printf("elsewhere again\n");
}

static void contexts(void) {
  SECTION("contexts");
  static char stack[65536];
  getcontext(&there);
  there.uc_stack.ss_sp = stack;
  there.uc_stack.ss_size = sizeof stack;
  there.uc_link = &here;
  makecontext(&there, (void (*)(void))elsewhere, 2, 17, -4);
  swapcontext(&here, &there);
  printf("back\n");
  swapcontext(&here, &there);
  printf("end\n");
}

/* A frame that cannot be returned to */

static void break_frame(int signal, siginfo_t *info, void *context) {
  (void)info;
  if (signal == SIGUSR1) ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = 0x800000000000;
  else ((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP] = 0x1000;
}

static void broken_frames(void) {
  SECTION("broken frames");
  for (int i = 0; i < 2; i++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      int signal = i == 0 ? SIGUSR1 : SIGUSR2;
      handle(signal, break_frame, 0);
      raise(signal);
      _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    printf("ended by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  registers();
  floats();
  nesting(0);
  nesting(SA_NODEFER);
  masks();
  senders();
  timers();
  contexts();
  broken_frames();
  return 0;
}
