/* Errors of the calls about time: clocks, sleeps, interval timers, POSIX timers. */
#include "call.h"
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

static void adjustments(void) {
  struct timex asked = {0}, other = {.modes = 0x8000 /* ADJ_ADJTIME alone */}, left = {.modes = ADJ_OFFSET_SS_READ, .offset = 5};
  CALL_OK(adjtimex, &asked);
  printf("tick %ld, tolerance %ld, the time %d\n", asked.tick, asked.tolerance, asked.time.tv_sec - time(NULL) < 2);
  CALL_OK(adjtimex, &left);
  CALL(adjtimex, BAD);
  CALL(adjtimex, &other);
  CALL_OK(clock_adjtime, CLOCK_REALTIME, &asked);
  CALL(clock_adjtime, CLOCK_MONOTONIC, &asked);
  CALL(clock_adjtime, CLOCK_TAI, &asked);
  CALL(clock_adjtime, -6, &asked);
  CALL(clock_adjtime, 99, &asked);
  CALL(clock_adjtime, 99, BAD);
}

static void adjustments_without_rights(void) {
  struct timex tick = {.modes = ADJ_TICK, .tick = 10000}, slowly = {.modes = ADJ_OFFSET_SINGLESHOT, .offset = 5};
  CALL(adjtimex, &tick);
  CALL(adjtimex, &slowly);
  CALL(clock_adjtime, CLOCK_REALTIME, &tick);
}

static void clocks(void) {
  struct timespec time, negative = {-1, 0}, large = {0, 1000000000};
  CALL(clock_gettime, 99, &time);
  CALL(clock_gettime, 10, &time);
  CALL(clock_gettime, -1, &time);
  CALL(clock_gettime, CLOCK_REALTIME, BAD);
  CALL(clock_gettime, CLOCK_REALTIME, NULL);
  CALL(clock_gettime, 99, BAD);
  CALL(clock_gettime, -8 * (1 << 26) | 2, &time);
  CALL(clock_gettime, -8 * NO_FD | 3, &time);
  CALL(clock_getres, 99, &time);
  CALL(clock_getres, -1, NULL);
  CALL(clock_getres, CLOCK_MONOTONIC, BAD);
  CALL(clock_getres, CLOCK_MONOTONIC, NULL);
  CALL(clock_getres, CLOCK_PROCESS_CPUTIME_ID, NULL);
  CALL(clock_settime, 99, &time);
  CALL(clock_settime, -1, &time);
  CALL(clock_settime, CLOCK_MONOTONIC, &time);
  CALL(clock_settime, CLOCK_PROCESS_CPUTIME_ID, &large);
  CALL(clock_settime, CLOCK_REALTIME, BAD);
  CALL(clock_settime, CLOCK_MONOTONIC, BAD);
  CALL(clock_settime, CLOCK_REALTIME, &negative);
  CALL(clock_settime, CLOCK_REALTIME, &large);
  CALL(gettimeofday, BAD, NULL);
  CALL(gettimeofday, NULL, BAD);
  CALL(gettimeofday, NULL, NULL);
  CALL(time, BAD);
  CALL(times, BAD);
}

static void clocks_without_rights(void) {
  struct timespec time = {1, 0}, negative = {-1, 0};
  CALL(clock_settime, CLOCK_REALTIME, &time);
  CALL(clock_settime, CLOCK_REALTIME, &negative);
  CALL(clock_settime, CLOCK_MONOTONIC, &time);
}

static void sleeps(void) {
  struct timespec none = {0, 0}, negative = {-1, 0}, large = {0, 1000000000}, below = {0, -1};
  CALL(nanosleep, BAD, NULL);
  CALL(nanosleep, NULL, NULL);
  CALL(nanosleep, &negative, NULL);
  CALL(nanosleep, &large, NULL);
  CALL(nanosleep, &below, NULL);
  CALL(nanosleep, &none, BAD);
  CALL(clock_nanosleep, 99, 0, &none, NULL);
  CALL(clock_nanosleep, -1, 0, &none, NULL);
  CALL(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &none, NULL);
  CALL(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &none, NULL);
  CALL(clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &none, NULL);
  CALL(clock_nanosleep, CLOCK_REALTIME, 0, BAD, NULL);
  CALL(clock_nanosleep, CLOCK_REALTIME, 0, &negative, NULL);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &large, NULL);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &below, NULL);
  CALL(clock_nanosleep, 99, 0, BAD, NULL);
  CALL(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, BAD, NULL);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &none, BAD);
}

static void interval_timers(void) {
  struct itimerval none = {0}, wrong = {{0, 0}, {0, 1000000}}, negative = {{0, 0}, {-1, 0}}, below = {{0, -1}, {0, 0}};
  CALL(getitimer, 3, &none);
  CALL(getitimer, -1, &none);
  CALL(getitimer, ITIMER_REAL, BAD);
  CALL(getitimer, 3, BAD);
  CALL(setitimer, 3, &none, NULL);
  CALL(setitimer, ITIMER_REAL, BAD, NULL);
  CALL(setitimer, 3, BAD, NULL);
  CALL(setitimer, ITIMER_REAL, &wrong, NULL);
  CALL(setitimer, ITIMER_REAL, &negative, NULL);
  CALL(setitimer, ITIMER_REAL, &below, NULL);
  CALL(setitimer, 3, &wrong, NULL);
  CALL(setitimer, ITIMER_REAL, &none, BAD);
  CALL(setitimer, ITIMER_REAL, NULL, &none);
}

static void posix_timers(void) {
  int id = -1;
  struct sigevent none = {.sigev_notify = SIGEV_NONE}, event = none;
  struct itimerspec stop = {{0, 0}, {0, 0}}, wrong = {{0, 0}, {0, 1000000000}}, negative = {{0, 0}, {-1, 0}}, long_pause = {{-1, 0}, {0, 0}};
  CALL(timer_create, 99, &none, &id);
  CALL(timer_create, -1, &none, &id);
  CALL(timer_create, CLOCK_MONOTONIC_RAW, &none, &id);
  CALL(timer_create, CLOCK_REALTIME_COARSE, &none, &id);
  CALL(timer_create, CLOCK_REALTIME, BAD, &id);
  CALL(timer_create, CLOCK_REALTIME, &none, BAD);
  CALL(timer_create, 99, BAD, &id);
  event.sigev_notify = 9;
  CALL(timer_create, CLOCK_REALTIME, &event, &id);
  event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = 0;
  CALL(timer_create, CLOCK_REALTIME, &event, &id);
  event.sigev_signo = 65;
  CALL(timer_create, CLOCK_REALTIME, &event, &id);
  event.sigev_notify = SIGEV_THREAD_ID, event.sigev_signo = SIGUSR1, event._sigev_un._tid = 1 << 30;
  CALL(timer_create, CLOCK_REALTIME, &event, &id);
  event._sigev_un._tid = getppid();
  CALL(timer_create, CLOCK_REALTIME, &event, &id);
  CALL(timer_create, CLOCK_MONOTONIC, &none, &id);
  CALL(timer_settime, 1 << 30, 0, &stop, NULL);
  CALL(timer_settime, -1, 0, &stop, NULL);
  CALL(timer_settime, id, 0, NULL, NULL);
  CALL(timer_settime, id, 0, BAD, NULL);
  CALL(timer_settime, id, 0, &wrong, NULL);
  CALL(timer_settime, id, 0, &negative, NULL);
  CALL(timer_settime, id, 0, &long_pause, NULL);
  CALL(timer_settime, id, 0, &stop, BAD);
  CALL(timer_settime, 1 << 30, 0, BAD, NULL);
  CALL(timer_settime, 1 << 30, 0, NULL, NULL);
  CALL(timer_gettime, 1 << 30, &stop);
  CALL(timer_gettime, id, BAD);
  CALL(timer_gettime, 1 << 30, BAD);
  CALL(timer_gettime, id, NULL);
  CALL(timer_getoverrun, 1 << 30);
  CALL(timer_getoverrun, -1);
  CALL(timer_getoverrun, id);
  CALL(timer_delete, 1 << 30);
  CALL(timer_delete, -1);
  CALL(timer_delete, id);
  CALL(timer_delete, id);
}

static void too_many_timers(void) {
  int id;
  limit_to(RLIMIT_SIGPENDING, 0);
  CALL(timer_create, CLOCK_REALTIME, NULL, &id);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("clocks");
  IN_CHILD(clocks());
  AS_NOBODY(clocks_without_rights());
  IN_CHILD(adjustments());
  AS_NOBODY(adjustments_without_rights());
  SECTION("sleeps");
  IN_CHILD(sleeps());
  SECTION("interval timers");
  IN_CHILD(interval_timers());
  SECTION("POSIX timers");
  IN_CHILD(posix_timers());
  IN_CHILD(too_many_timers());
  return 0;
}
