/* OSv's tests of signals and of time. */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../show.h"

static volatile sig_atomic_t calls, last;
static void handler(int s) { calls++, last = s; }
static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void killing(void) {
  SECTION("tst-kill");
  struct sigaction a = {.sa_handler = handler}, old;
  SHOW(sigaction(SIGUSR1, &a, NULL));
  SHOW(sigaction(SIGUSR1, NULL, &old));
  printf("kept %d\n", old.sa_handler == handler);
  SHOW(kill(getpid(), SIGUSR1));
  printf("calls %d last %d\n", (int)calls, (int)last);
  SHOW(kill(getpid(), 0));
  SHOW(kill(getpid(), 65));
  SHOW(kill(getpid(), -1));
  SHOW(kill(0x7ffffff0, SIGUSR1));
  SHOW(sigaction(SIGKILL, &a, NULL));
  SHOW(sigaction(65, &a, NULL));
  a.sa_handler = SIG_IGN;
  sigaction(SIGUSR1, &a, NULL);
  SHOW(kill(getpid(), SIGUSR1));
  printf("calls %d\n", (int)calls);
  a.sa_handler = handler;
  sigaction(SIGALRM, &a, NULL);
  SHOW(alarm(100));
  SHOW(alarm(0) > 90);
  struct itimerval t = {{0, 0}, {0, 5000}};
  SHOW(setitimer(ITIMER_REAL, &t, NULL));
  SHOW(pause());
  printf("calls %d last %d\n", (int)calls, (int)last);
  setitimer(ITIMER_REAL, &t, NULL);
  struct timespec ten = {10, 0}, left = {0, 0};
  SHOW(nanosleep(&ten, &left));
  printf("left %d\n", left.tv_sec == 9);
  int p[2];
  char c;
  pipe(p);
  setitimer(ITIMER_REAL, &t, NULL);
  SHOW(read(p[0], &c, 1));
  a.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &a, NULL);
  t.it_interval.tv_usec = 3000;
  setitimer(ITIMER_REAL, &t, NULL);
  int before = calls;
  if (fork() == 0) usleep(20000), write(p[1], "x", 1), _exit(0);
  SHOW(read(p[0], &c, 1));
  printf("restarted %d\n", calls - before >= 2);
  t = (struct itimerval){0};
  setitimer(ITIMER_REAL, &t, NULL);
  wait(NULL);
}

static void *waits(void *p) {
  int s;
  sigset_t *set = p;
  long sum = 0;
  for (int i = 0; i < 3; i++) sigwait(set, &s), sum = sum * 100 + s;
  return (void *)sum;
}
static void *counts_here(void *p) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  *(volatile int *)p = 1;
  while (last != SIGUSR2) sched_yield();
  return NULL;
}

static void waiting(void) {
  SECTION("tst-sigwait");
  sigset_t set, old;
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2), sigaddset(&set, SIGRTMIN);
  SHOW(pthread_sigmask(SIG_BLOCK, &set, &old));
  signal(SIGUSR1, SIG_DFL);
  pthread_t thread;
  pthread_create(&thread, NULL, waits, &set);
  int order[] = {SIGUSR1, SIGUSR2, SIGRTMIN};
  for (int i = 0; i < 3; i++) kill(getpid(), order[i]), usleep(2000);
  void *result;
  pthread_join(thread, &result);
  printf("%ld\n", (long)result);
  raise(SIGUSR1), kill(getpid(), SIGRTMIN), kill(getpid(), SIGRTMIN);
  sigset_t waiting_set;
  sigpending(&waiting_set);
  printf("pending %d %d %d\n", sigismember(&waiting_set, SIGUSR1), sigismember(&waiting_set, SIGUSR2), sigismember(&waiting_set, SIGRTMIN));
  siginfo_t info;
  SHOW(sigwaitinfo(&set, &info));
  printf("code %d own %d\n", info.si_code, info.si_pid == getpid());
  union sigval v = {.sival_int = 42};
  SHOW(sigqueue(getpid(), SIGRTMIN, v));
  for (int i = 0; i < 3; i++) {
    struct timespec zero = {0, 0};
    int got = sigtimedwait(&set, &info, &zero);
    printf("%d code %d value %d\n", got == SIGRTMIN, info.si_code, info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
  }
  struct timespec soon = {0, 3000000}, bad = {0, -1};
  SHOW(sigtimedwait(&set, &info, &soon));
  SHOW(sigtimedwait(&set, &info, &bad));
  volatile int ready = 0;
  signal(SIGUSR2, handler);
  pthread_create(&thread, NULL, counts_here, (void *)&ready);
  while (!ready) sched_yield();
  SHOW(kill(getpid(), SIGUSR2)); /* blocked here: the other thread takes it */
  pthread_join(thread, NULL);
  printf("last %d\n", (int)last);
  SHOW(pthread_kill(pthread_self(), 0));
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static char *alternate;
static volatile int on_alternate;
static void where(int s) {
  char here;
  stack_t st;
  sigaltstack(NULL, &st);
  on_alternate = &here >= alternate && &here < alternate + 32768 ? 1 + (st.ss_flags == SS_ONSTACK) : 0;
  (void)s;
}
static sigjmp_buf back;
static void jump(int s) { siglongjmp(back, s); }
static volatile int seen_code;
static void *volatile seen_address;
static void info_handler(int s, siginfo_t *i, void *u) {
  seen_code = i->si_code, seen_address = i->si_addr;
  (void)u;
  siglongjmp(back, s);
}

static void stacks(void) {
  SECTION("tst-sigaltstack");
  alternate = malloc(32768);
  stack_t st = {.ss_sp = alternate, .ss_size = 32768}, old = {0}, bad = {.ss_sp = alternate, .ss_size = 100};
  SHOW(sigaltstack(&bad, NULL));
  bad.ss_size = 32768, bad.ss_flags = 77;
  SHOW(sigaltstack(&bad, NULL));
  SHOW(sigaltstack(&st, &old));
  printf("was disabled %d\n", old.ss_flags == SS_DISABLE);
  struct sigaction a = {.sa_handler = where, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
  printf("on it %d\n", on_alternate);
  a.sa_flags = 0;
  sigaction(SIGUSR1, &a, NULL);
  raise(SIGUSR1);
  printf("on it %d\n", on_alternate);
  SECTION("tst-sigaction");
  struct sigaction info = {.sa_sigaction = info_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &info, NULL), sigaction(SIGFPE, &info, NULL), sigaction(SIGBUS, &info, NULL);
  int s = sigsetjmp(back, 1);
  if (s == 0) *(volatile int *)16 = 1;
  printf("%d code %d at %p\n", s, seen_code, seen_address);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  s = sigsetjmp(back, 1);
  if (s == 0) page[5] = 1;
  printf("%d code %d at +%ld\n", s, seen_code, (long)((char *)seen_address - page));
  volatile int zero = 0, result = 0;
  s = sigsetjmp(back, 1);
  if (s == 0) result = 5 / zero;
  printf("%d code %d\n", s, seen_code), (void)result;
  struct sigaction reset = {.sa_handler = handler, .sa_flags = SA_RESETHAND}, was;
  sigaction(SIGUSR1, &reset, NULL);
  raise(SIGUSR1);
  sigaction(SIGUSR1, NULL, &was);
  printf("reset %d\n", was.sa_handler == SIG_DFL);
  SECTION("tst-signal-fills");
  sigset_t full;
  SHOW(sigfillset(&full));
  int members = 0;
  for (int i = 1; i <= 64; i++) members += sigismember(&full, i) == 1;
  printf("members %d\n", members);
  SHOW(sigismember(&full, 65));
  SHOW(sigaddset(&full, 0));
  sigprocmask(SIG_SETMASK, &full, NULL);
  sigprocmask(SIG_BLOCK, NULL, &full);
  printf("KILL %d STOP %d USR1 %d\n", sigismember(&full, SIGKILL), sigismember(&full, SIGSTOP), sigismember(&full, SIGUSR1));
  sigemptyset(&full), sigprocmask(SIG_SETMASK, &full, NULL);
  SECTION("tst-sig-dfl-ignore");
  int ignored[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};
  for (int i = 0; i < 4; i++) {
    signal(ignored[i], SIG_DFL);
    SHOW(raise(ignored[i]));
  }
  int fatal[] = {SIGUSR1, SIGTERM, SIGALRM, SIGPIPE, SIGRTMIN + 1};
  for (int i = 0; i < 5; i++) {
    int status;
    pid_t child = fork();
    if (child == 0) signal(fatal[i], SIG_DFL), raise(fatal[i]), _exit(7);
    waitpid(child, &status, 0);
    printf("%d dies of %d\n", fatal[i], WIFSIGNALED(status) ? WTERMSIG(status) : -1);
  }
  SECTION("tst-setjmp");
  jmp_buf j;
  volatile int turns = 0;
  s = setjmp(j);
  printf("setjmp %d\n", s);
  if (turns++ < 2) longjmp(j, turns * 10);
  s = setjmp(j);
  if (s == 0) longjmp(j, 0);
  printf("longjmp of 0 gives %d\n", s);
  signal(SIGUSR1, jump);
  sigset_t mask;
  s = sigsetjmp(back, 1);
  if (s == 0) raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("%d, blocked afterwards %d\n", s, sigismember(&mask, SIGUSR1));
  s = sigsetjmp(back, 0);
  if (s == 0) raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("%d, blocked afterwards %d\n", s, sigismember(&mask, SIGUSR1));
  sigemptyset(&mask), sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void floats(void) {
  SECTION("tst-feexcept");
  volatile double zero = 0, big = 1e308, three = 3, result;
  feclearexcept(FE_ALL_EXCEPT);
  result = 1 / zero;
  printf("%x\n", fetestexcept(FE_ALL_EXCEPT));
  feclearexcept(FE_ALL_EXCEPT), result = big * big;
  printf("%x\n", fetestexcept(FE_ALL_EXCEPT));
  feclearexcept(FE_ALL_EXCEPT), result = 1 / three;
  printf("%x\n", fetestexcept(FE_ALL_EXCEPT));
  feclearexcept(FE_ALL_EXCEPT), result = sqrt(-three);
  printf("%x\n", fetestexcept(FE_ALL_EXCEPT)), (void)result;
  for (int i = 0; i < 4; i++) {
    int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    fesetround(modes[i]);
    printf("%d %.20g %g\n", fegetround() == modes[i], 1 / three, rint(2.5));
  }
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
  SHOW(feenableexcept(FE_DIVBYZERO | FE_INVALID));
  int s = sigsetjmp(back, 1);
  if (s == 0) result = 1 / zero;
  printf("%d code %d\n", s, seen_code);
  feclearexcept(FE_ALL_EXCEPT);
  s = sigsetjmp(back, 1);
  if (s == 0) result = zero / zero;
  printf("%d code %d\n", s, seen_code);
  feclearexcept(FE_ALL_EXCEPT);
  printf("%x\n", fedisableexcept(FE_ALL_EXCEPT));
}

static void *busy(void *p) {
  clockid_t clock;
  pthread_getcpuclockid(pthread_self(), &clock);
  double start = now(clock);
  while (now(clock) - start < 0.005);
  *(clockid_t *)p = clock;
  return NULL;
}
static volatile int expired;
static void expire(union sigval v) { expired = v.sival_int; }

static void times_and_timers(void) {
  SECTION("tst-sleep");
  double start = now(CLOCK_MONOTONIC);
  SHOW(usleep(3000));
  printf("not early %d\n", now(CLOCK_MONOTONIC) - start >= 0.003);
  struct timespec bad = {0, 1000000000}, negative = {-1, 0}, past = {0, 0}, soon;
  SHOW(nanosleep(&bad, NULL));
  SHOW(nanosleep(&negative, NULL));
  SHOW(nanosleep((void *)16, NULL));
  printf("%s\n", strerrorname_np(clock_nanosleep(99, 0, &past, NULL)));
  SHOW(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL));
  clock_gettime(CLOCK_MONOTONIC, &soon);
  soon.tv_nsec += 4000000, soon.tv_sec += soon.tv_nsec / 1000000000, soon.tv_nsec %= 1000000000;
  SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &soon, NULL));
  printf("not early %d\n", now(CLOCK_MONOTONIC) >= soon.tv_sec + soon.tv_nsec / 1e9 - 1e-6);
  SECTION("tst-clock");
  clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  for (int i = 0; i < 7; i++) {
    struct timespec r, t;
    int ok = clock_getres(clocks[i], &r) == 0 && clock_gettime(clocks[i], &t) == 0;
    double a = now(clocks[i]), b = now(clocks[i]);
    printf("%d: %d, rises %d, fine %d\n", clocks[i], ok, b >= a, r.tv_sec == 0 && t.tv_nsec < 1000000000);
  }
  struct timespec t;
  SHOW(clock_gettime(99, &t));
  SHOW(clock_getres(99, &t));
  SHOW(labs((long)now(CLOCK_REALTIME) - (long)time(NULL)) <= 1);
  SECTION("tst-pthread-clock");
  pthread_t thread;
  clockid_t clock;
  start = now(CLOCK_PROCESS_CPUTIME_ID);
  pthread_create(&thread, NULL, busy, &clock);
  pthread_join(thread, NULL);
  printf("the process has the thread's time %d\n", now(CLOCK_PROCESS_CPUTIME_ID) - start >= 0.005);
  SHOW(pthread_getcpuclockid(pthread_self(), &clock));
  printf("own %d\n", now(clock) <= now(CLOCK_PROCESS_CPUTIME_ID));
  struct tms tms;
  printf("times %d\n", times(&tms) != -1);
  SECTION("tst-timerfd");
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  uint64_t count = 0;
  struct itimerspec it = {{0, 2000000}, {0, 1000000}}, got;
  SHOW(read(fd, &count, 8));
  SHOW(timerfd_settime(fd, 0, &it, NULL));
  usleep(12000);
  SHOW(read(fd, &count, 8));
  printf("several %d\n", count >= 4);
  SHOW(timerfd_gettime(fd, &got));
  printf("interval %ld\n", got.it_interval.tv_nsec);
  it = (struct itimerspec){0};
  SHOW(timerfd_settime(fd, 0, &it, &got));
  usleep(3000);
  read(fd, &count, 8);
  SHOW(read(fd, &count, 8));
  SHOW(timerfd_create(77, 0));
  SHOW(timerfd_create(CLOCK_MONOTONIC, 77));
  close(fd);
  SECTION("tst-timer-set");
  timer_t timer;
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  signal(SIGUSR2, handler), calls = 0;
  SHOW(timer_create(CLOCK_MONOTONIC, &e, &timer));
  it = (struct itimerspec){{0, 2000000}, {0, 2000000}};
  SHOW(timer_settime(timer, 0, &it, NULL));
  while (calls < 3) pause();
  SHOW(timer_gettime(timer, &got));
  SHOW(timer_delete(timer));
  SHOW(timer_delete(timer));
  e = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expire, .sigev_value.sival_int = 5};
  SHOW(timer_create(CLOCK_REALTIME, &e, &timer));
  it = (struct itimerspec){{0, 0}, {0, 1000000}};
  SHOW(timer_settime(timer, 0, &it, NULL));
  while (expired == 0) usleep(500);
  printf("expired %d\n", expired);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  killing();
  waiting();
  stacks();
  floats();
  times_and_timers();
  return 0;
}
