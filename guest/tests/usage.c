/* Processor time of threads, programs and children: what is the program's own and what the kernel's. Times differ, so
   what is printed is whether they lie where they must. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static const char *folder;

static long ms(struct timeval t) { return t.tv_sec * 1000 + t.tv_usec / 1000; }

static double cpu_seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static volatile unsigned sink;

/* Uses so much processor time of this thread for itself. */
static void compute(long wanted_ms) {
  double end = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + wanted_ms / 1e3;
  while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < end)
    for (unsigned i = 0; i < 400000; i++) sink = sink * 3 + i;
}

/* The same in the kernel: it fills large buffers. */
static void call(long wanted_ms) {
  static char buffer[1 << 20];
  int zero = open("/dev/zero", O_RDONLY);
  double end = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + wanted_ms / 1e3;
  while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < end)
    for (int i = 0; i < 4; i++)
      if (read(zero, buffer, sizeof buffer) < 0) abort();
  close(zero);
}

/* Lots of short calls: mostly the kernel's time too, or half of it. */
static void call_often(long wanted_ms) {
  double end = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) + wanted_ms / 1e3;
  while (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) < end)
    for (int i = 0; i < 2000; i++) syscall(SYS_getppid);
}

static void tell(const char *what, struct rusage a, struct rusage b) {
  long user = ms(b.ru_utime) - ms(a.ru_utime), system = ms(b.ru_stime) - ms(a.ru_stime);
  printf("%s: user %s system\n", what, user > 2 * system ? ">" : system > user ? "<" : "~");
}

static void shares(int who, const char *whose) {
  struct rusage a, b;
  printf("%s\n", whose);
  getrusage(who, &a);
  compute(200);
  getrusage(who, &b);
  tell("computes", a, b);
  call(200);
  getrusage(who, &a);
  tell("reads", b, a);
  call_often(200);
  getrusage(who, &b);
  printf("calls: system has %d%% at least\n", ms(b.ru_stime) - ms(a.ru_stime) >= 40 ? 20 : 0);
}

static volatile int is_seen;

static void *other(void *unused) {
  while (!is_seen) compute(10);
  compute(300);
  return NULL;
}

static void of_threads(void) {
  SECTION("threads");
  struct rusage own, thread, a;
  getrusage(RUSAGE_THREAD, &a);
  getrusage(RUSAGE_SELF, &own);
  pthread_t t;
  pthread_create(&t, NULL, other, NULL);
  clockid_t clock;
  printf("clock of a thread: %d\n", pthread_getcpuclockid(t, &clock));
  while (cpu_seconds(clock) == 0) usleep(1000);
  is_seen = 1;
  pthread_join(t, NULL);
  struct rusage after;
  getrusage(RUSAGE_THREAD, &thread);
  getrusage(RUSAGE_SELF, &after);
  printf("not this thread's: %d, the program's: %d\n", ms(thread.ru_utime) - ms(a.ru_utime) < 150,
         ms(after.ru_utime) - ms(own.ru_utime) >= 200);
  struct timespec now;
  SHOW(clock_gettime(clock, &now));
  SHOW(clock_gettime(-1, &now));
  SHOW(clock_getres(-1, &now));
}

static int count;
static void on_signal(int signal) { count++; }

static void of_children(void) {
  SECTION("children");
  struct rusage a, b, of_child;
  struct tms before, after;
  getrusage(RUSAGE_CHILDREN, &a);
  times(&before);
  pid_t child = fork();
  if (child == 0) {
    char *block = malloc(32 << 20);
    memset(block, 1, 32 << 20);
    if (fork() == 0) compute(100), _exit(0);
    wait(NULL);
    usleep(1000);
    call(100);
    _exit(0);
  }
  clockid_t clock;
  SHOW(clock_getcpuclockid(child, &clock));
  struct timespec now;
  SHOW(clock_gettime(clock, &now));
  siginfo_t info;
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  SHOW(clock_gettime(clock, &now));
  getrusage(RUSAGE_CHILDREN, &b);
  printf("nothing yet: %d\n", ms(b.ru_utime) == ms(a.ru_utime));
  wait4(child, NULL, 0, &of_child);
  SHOW(clock_gettime(clock, &now));
  getrusage(RUSAGE_CHILDREN, &b);
  times(&after);
  printf("user %d, system %d\n", ms(b.ru_utime) - ms(a.ru_utime) >= 80, ms(b.ru_stime) - ms(a.ru_stime) >= 60);
  printf("wait4: user %d, system %d\n", ms(of_child.ru_utime) >= 80, ms(of_child.ru_stime) >= 60);
  printf("times: user %d, system %d\n", after.tms_cutime - before.tms_cutime >= 8,
         after.tms_cstime - before.tms_cstime >= 6);
  printf("largest %d, faults %d, slept %d\n", b.ru_maxrss >= 32 << 10, b.ru_minflt - a.ru_minflt >= 512,
         b.ru_nvcsw > a.ru_nvcsw);
  signal(SIGCHLD, SIG_IGN);
  if (fork() == 0) compute(60), _exit(0);
  SHOW(wait(NULL));
  struct rusage c;
  getrusage(RUSAGE_CHILDREN, &c);
  printf("of ignored ones nothing: %d\n", ms(c.ru_utime) == ms(b.ru_utime));
  signal(SIGCHLD, SIG_DFL);
}

static void of_disk(void) {
  SECTION("disk");
  char path[256], line[256];
  snprintf(path, sizeof path, "%s/usage-file", folder);
  struct rusage a, b;
  getrusage(RUSAGE_SELF, &a);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  static char block[1 << 20];
  memset(block, 7, sizeof block);
  SHOW(write(fd, block, sizeof block));
  getrusage(RUSAGE_SELF, &b);
  printf("blocks written: %d\n", b.ru_oublock - a.ru_oublock >= 2048 && b.ru_oublock - a.ru_oublock < 2500);
  FILE *io = fopen("/proc/self/io", "r");
  long written = 0;
  while (io && fgets(line, sizeof line, io)) sscanf(line, "write_bytes: %ld", &written);
  if (io) fclose(io);
  printf("write_bytes: %d\n", written >= 1 << 20 && written < 1300000);
  close(fd);
  unlink(path);
}

static void switches(void) {
  SECTION("switches");
  struct rusage a, b;
  getrusage(RUSAGE_SELF, &a);
  for (int i = 0; i < 10; i++) usleep(1000);
  getrusage(RUSAGE_SELF, &b);
  printf("slept %d times at least\n", b.ru_nvcsw - a.ru_nvcsw >= 10 ? 10 : 0);
}

static void interval_timers(void) {
  SECTION("interval timers");
  struct itimerval it = {{0, 0}, {0, 120000}}, left;
  signal(SIGVTALRM, on_signal);
  signal(SIGPROF, on_signal);
  count = 0;
  setitimer(ITIMER_VIRTUAL, &it, NULL);
  call(150);
  printf("virtual while the kernel works: %d\n", count);
  getitimer(ITIMER_VIRTUAL, &left);
  printf("much is left: %d\n", left.it_value.tv_usec > 10000);
  compute(250);
  printf("virtual: %d\n", count);
  count = 0;
  setitimer(ITIMER_PROF, &it, NULL);
  call(250);
  printf("prof: %d\n", count);
}

static timer_t timer_on(clockid_t clock, int signal) {
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
  timer_t timer;
  if (timer_create(clock, &e, &timer) != 0) return NULL;
  return timer;
}

static void timers_of_others(void) {
  SECTION("timers on the clocks of others");
  int go[2];
  if (pipe(go)) abort();
  pid_t child = fork();
  if (child == 0) {
    char c;
    if (read(go[0], &c, 1) != 1) abort();
    compute(150);
    pause();
    _exit(0);
  }
  clockid_t clock;
  clock_getcpuclockid(child, &clock);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  timer_t timer;
  SHOW(timer_create(clock, &e, &timer));
  struct itimerspec it = {{0, 0}, {0, 80000000}};
  SHOW(timer_settime(timer, 0, &it, NULL));
  struct timespec soon = {0, 30000000};
  SHOW(sigtimedwait(&set, NULL, &soon));
  if (write(go[1], "", 1) != 1) abort();
  struct timespec later = {10, 0};
  printf("child has run: %d\n", sigtimedwait(&set, NULL, &later) == SIGUSR1);
  SHOW(timer_delete(timer));
  struct timespec until = {0, 120000000};
  SHOW(clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL));
  printf("its time: %d\n", cpu_seconds(clock) >= 0.12);
  signal_child(child, SIGKILL);
  wait(NULL);
  SHOW(timer_create(clock, &e, &timer));
  SHOW(clock_nanosleep(clock, 0, &soon, NULL));
  /* User time alone, and both (clock ids of kernel/time/posix-cpu-timers.c). */
  clockid_t prof = ~0 << 3 | 0, virt = ~0 << 3 | 1, invalid = ~0 << 3 | 3;
  double p = cpu_seconds(prof), v = cpu_seconds(virt);
  printf("virtual is less: %d\n", v <= p && p > 0);
  struct timespec t;
  SHOW(clock_gettime(invalid, &t));
  SHOW(clock_gettime(~getpid() << 3 | 2, &t));
  SHOW(clock_gettime(~1000000 << 3 | 2, &t));
  SHOW(clock_gettime(~1000000 << 3 | 6, &t));
  SHOW(clock_gettime(~getpid() << 3 | 6, &t));
  SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &soon, NULL));
  SHOW(clock_nanosleep(~0 << 3 | 6, 0, &soon, NULL));
  printf("timer on user time: %d\n", timer_on(virt, SIGUSR2) != NULL);
}

static void in_proc(void) {
  SECTION("/proc/self/stat");
  unsigned long user = 0, system = 0;
  FILE *stat = fopen("/proc/self/stat", "r");
  if (!stat || fscanf(stat, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) abort();
  fclose(stat);
  struct tms now;
  times(&now);
  printf("user %d, system %d\n", labs((long)user - now.tms_utime) <= 2, labs((long)system - now.tms_stime) <= 2);
  unsigned long all[4] = {0};
  stat = fopen("/proc/stat", "r");
  if (!stat || fscanf(stat, "cpu %lu %lu %lu %lu", &all[0], &all[1], &all[2], &all[3]) != 4) abort();
  fclose(stat);
  printf("of the machine: user %d, system %d\n", all[0] + all[1] >= user, all[2] >= system);
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : "/var/tmp";
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("shares");
  shares(RUSAGE_SELF, "program");
  shares(RUSAGE_THREAD, "thread");
  of_threads();
  of_children();
  of_disk();
  switches();
  interval_timers();
  timers_of_others();
  in_proc();
  struct rusage usage;
  SECTION("arguments");
  SHOW(getrusage(2, &usage));
  SHOW(getrusage(RUSAGE_SELF, (void *)8));
  SHOW(syscall(SYS_times, 8));
  return 0;
}
