/* Exceptions of both floating-point units, unmasked one after the other: the signal's code, and that the program goes on. */
#define _GNU_SOURCE
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static sigjmp_buf again;
static volatile int code;

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)context;
  code = info->si_code;
  siglongjmp(again, signal);
}

static volatile double zero, one = 1, huge = 1e308, tiny = 1e-308;
static volatile long double zero_l, one_l = 1, huge_l = 1e4932L, tiny_l = 1e-4931L;
static volatile double sink;
static volatile long double sink_l;

static void invalid(void) { sink = zero / zero; }
static void divide(void) { sink = one / zero; }
static void overflow(void) { sink = huge * huge; }
static void underflow(void) { sink = tiny * tiny; }
static void inexact(void) { sink = one / 3; }
static void invalid_l(void) { sink_l = zero_l / zero_l; }
static void divide_l(void) { sink_l = one_l / zero_l; }
static void overflow_l(void) { sink_l = huge_l * huge_l; }
static void underflow_l(void) { sink_l = tiny_l * tiny_l; }
static void inexact_l(void) { sink_l = one_l / 3; }

static const struct { const char *name; int exception; void (*run)(void); } rows[] = {
  { "sse invalid", FE_INVALID, invalid },       { "x87 invalid", FE_INVALID, invalid_l },
  { "sse divide", FE_DIVBYZERO, divide },       { "x87 divide", FE_DIVBYZERO, divide_l },
  { "sse overflow", FE_OVERFLOW, overflow },    { "x87 overflow", FE_OVERFLOW, overflow_l },
  { "sse underflow", FE_UNDERFLOW, underflow }, { "x87 underflow", FE_UNDERFLOW, underflow_l },
  { "sse inexact", FE_INEXACT, inexact },       { "x87 inexact", FE_INEXACT, inexact_l },
};

int main(void) {
  struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
  sigaction(SIGFPE, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  for (volatile unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    code = 0;
    int signal = sigsetjmp(again, 1);
    if (signal == 0) {
      feclearexcept(FE_ALL_EXCEPT);
      feenableexcept(rows[i].exception);
      rows[i].run();
      __asm__ volatile("fwait");
    }
    fesetenv(FE_DFL_ENV);
    printf("%s: signal %d code %d\n", rows[i].name, signal, code);
  }
  code = 0;
  int signal = sigsetjmp(again, 1);
  if (signal == 0)
    __asm__ volatile("push %%rbp; mov $0x800000000000, %%rbp; mov (%%rbp), %%rax; pop %%rbp" ::: "rax", "memory");
  printf("stack segment, an address that is not canonical: signal %d code %d\n", signal, code);
  return 0;
}
