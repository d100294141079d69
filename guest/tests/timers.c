/* timerfd, signalfd, POSIX timers, interval timers on processor time. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static const struct itimerspec off;

static struct itimerspec in_ms(long value, long interval) {
  struct itimerspec s = {{interval / 1000, interval % 1000 * 1000000}, {value / 1000, value % 1000 * 1000000}};
  return s;
}

static uint64_t taken(int fd) {
  uint64_t n = 0;
  return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

static int ready(int fd, int timeout) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, timeout) == 1 ? p.revents : 0;
}

static void timerfd(void) {
  SECTION("timerfd");
  SHOW(timerfd_create(99, 0));
  SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
  SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  uint64_t n;
  SHOW(read(fd, &n, sizeof n));
  SHOW(read(fd, &n, 4));
  SHOW(write(fd, &n, 8));
  SHOW(timerfd_settime(fd, 8, &off, NULL));
  SHOW(timerfd_settime(1, 0, &off, NULL));
  SHOW(timerfd_settime(fd, 0, (void *)8, NULL));
  struct itimerspec bad = {{0, 0}, {0, 1000000000}};
  SHOW(timerfd_settime(fd, 0, &bad, NULL));
  struct itimerspec set = in_ms(500, 0), got;
  SHOW(timerfd_settime(fd, 0, &set, NULL));
  SHOW(ready(fd, 0));
  SHOW(timerfd_gettime(fd, &got));
  printf("left: %d\n", got.it_value.tv_sec == 0 && got.it_value.tv_nsec > 0 && got.it_value.tv_nsec <= 500000000);
  SHOW(ready(fd, 5000));
  printf("expired %d\n", (int)taken(fd));
  SHOW(ready(fd, 0));
  SHOW(timerfd_gettime(fd, &got));
  printf("off: %d\n", got.it_value.tv_sec == 0 && got.it_value.tv_nsec == 0);
  set = in_ms(10, 10);
  SHOW(timerfd_settime(fd, 0, &set, &got));
  usleep(95000);
  n = taken(fd);
  printf("periodic: %d\n", n >= 8 && n <= 40);
  SHOW(timerfd_gettime(fd, &got));
  printf("interval %ld\n", got.it_interval.tv_nsec);
  SHOW(timerfd_settime(fd, 0, &off, &got));
  usleep(30000);
  SHOW(ready(fd, 0));
  struct itimerspec past = {{0, 0}, {1, 0}};
  SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL));
  SHOW(ready(fd, 1000));
  printf("past %d\n", (int)taken(fd));
  close(fd);
  fd = timerfd_create(CLOCK_REALTIME, 0);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  set.it_value = now;
  set.it_interval = off.it_interval;
  set.it_value.tv_nsec += 15000000;
  if (set.it_value.tv_nsec >= 1000000000) set.it_value.tv_sec++, set.it_value.tv_nsec -= 1000000000;
  SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
  printf("absolute, blocking: %d\n", (int)taken(fd));
  int ep = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = 7};
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
  set = in_ms(10, 0);
  timerfd_settime(fd, 0, &set, NULL);
  SHOW(epoll_wait(ep, &e, 1, 5000));
  close(ep);
  close(fd);
}

static void signal_files(void) {
  SECTION("signalfd");
  sigset_t set, empty;
  sigemptyset(&empty);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGKILL);
  sigprocmask(SIG_BLOCK, &set, NULL);
  SHOW(signalfd(-1, &set, 8));
  SHOW(signalfd(1, &set, 0));
  SHOW(syscall(SYS_signalfd4, -1, &set, 4, 0));
  SHOW(syscall(SYS_signalfd4, -1, 8, 8, 0));
  int fd = signalfd(-1, &set, SFD_NONBLOCK);
  struct signalfd_siginfo info[3];
  SHOW(read(fd, info, sizeof info));
  SHOW(read(fd, info, 64));
  SHOW(ready(fd, 0));
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  SHOW(ready(fd, 0));
  SHOW(read(fd, info, sizeof info));
  printf("signal %u code %d mine %d\n", info[0].ssi_signo, info[0].ssi_code, info[0].ssi_pid == (uint32_t)getpid());
  union sigval v = {.sival_int = 42};
  sigqueue(getpid(), SIGRTMIN, v);
  v.sival_int = 43;
  sigqueue(getpid(), SIGRTMIN, v);
  SHOW(read(fd, info, sizeof info));
  printf("values %d %d code %d\n", info[0].ssi_int, info[1].ssi_int, info[1].ssi_code);
  pid_t child = fork();
  if (child == 0) _exit(3);
  int ep = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN};
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  SHOW(epoll_wait(ep, &e, 1, 5000));
  SHOW(read(fd, info, sizeof info));
  printf("signal %u code %d status %d child %d\n", info[0].ssi_signo, info[0].ssi_code, info[0].ssi_status,
         info[0].ssi_pid == (uint32_t)child);
  SHOW(waitpid(child, NULL, 0) == child);
  SHOW(epoll_wait(ep, &e, 1, 0));
  SHOW(signalfd(fd, &empty, 0) == fd);
  kill(getpid(), SIGUSR1);
  SHOW(ready(fd, 0));
  sigset_t pending;
  sigpending(&pending);
  SHOW(sigismember(&pending, SIGUSR1));
  SHOW(signalfd(fd, &set, 0) == fd);
  SHOW(read(fd, info, sizeof info));
  close(ep);
  close(fd);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static volatile sig_atomic_t hits, last_value, last_code, last_overrun;
static void on_signal(int s, siginfo_t *info, void *context) {
  (void)s, (void)context;
  hits++;
  last_value = info->si_value.sival_int;
  last_code = info->si_code;
  last_overrun = info->si_overrun;
}

static void wait_for(volatile sig_atomic_t *counter, int least) {
  for (int i = 0; i < 2000 && *counter < least; i++) usleep(1000);
}

static volatile sig_atomic_t thread_hits;
static void on_expiry(union sigval v) { thread_hits += v.sival_int; }

static void posix_timers(void) {
  SECTION("timer_create");
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR2, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 11};
  timer_t id, other;
  SHOW(timer_create(77, &event, &id));
  event.sigev_signo = 99;
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &id));
  event.sigev_signo = SIGUSR2;
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &id));
  SHOW(timer_create(CLOCK_REALTIME, NULL, &other));
  SHOW(syscall(SYS_timer_settime, 9999, 0, &off, NULL));
  SHOW(timer_delete(other));
  struct itimerspec set = in_ms(10, 0), got;
  SHOW(timer_settime(id, 0, &set, NULL));
  wait_for(&hits, 1);
  printf("hits %d value %d code %d overrun %d\n", hits, last_value, last_code, last_overrun);
  SHOW(timer_gettime(id, &got));
  printf("off: %d\n", got.it_value.tv_nsec == 0);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  set = in_ms(5, 5);
  SHOW(timer_settime(id, 0, &set, NULL));
  usleep(60000);
  hits = 0;
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
  timer_settime(id, 0, &off, NULL);
  printf("while blocked: one signal %d, overruns %d, same %d\n", hits >= 1 && hits <= 2, last_overrun >= 5 || hits > 1,
         hits > 1 || timer_getoverrun(id) == 0 || timer_getoverrun(id) == last_overrun);
  SHOW(timer_delete(id));
  SHOW(syscall(SYS_timer_delete, 9999));
  event.sigev_notify = SIGEV_NONE;
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &id));
  set = in_ms(100000, 0);
  SHOW(timer_settime(id, 0, &set, NULL));
  SHOW(timer_gettime(id, &got));
  printf("counts: %d\n", got.it_value.tv_sec == 99);
  SHOW(timer_settime(id, 0, &off, &got));
  printf("old: %d\n", got.it_value.tv_sec == 99);
  timer_delete(id);
  struct sigevent by_thread = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_expiry, .sigev_value.sival_int = 1};
  SHOW(timer_create(CLOCK_MONOTONIC, &by_thread, &id));
  set = in_ms(5, 5);
  timer_settime(id, 0, &set, NULL);
  wait_for(&thread_hits, 3);
  printf("threads were called: %d\n", thread_hits >= 3);
  timer_delete(id);
}

static void processor_time(void) {
  SECTION("processor time");
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGVTALRM, &action, NULL);
  hits = 0;
  struct itimerval virtual = {{0, 0}, {0, 200000}};
  SHOW(setitimer(ITIMER_VIRTUAL, &virtual, NULL));
  usleep(60000);
  printf("asleep: %d\n", hits);
  while (hits == 0);
  printf("busy: %d\n", hits);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
  timer_t id;
  SHOW(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &id));
  struct itimerspec set = in_ms(200, 0);
  hits = 0;
  SHOW(timer_settime(id, 0, &set, NULL));
  usleep(60000);
  printf("asleep: %d\n", hits);
  while (hits == 0);
  printf("busy: %d\n", hits);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  timerfd();
  signal_files();
  posix_timers();
  processor_time();
  return 0;
}
