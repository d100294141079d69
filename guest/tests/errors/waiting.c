/* Waiting for descriptors: poll, select, epoll; and inotify, timerfd, signalfd. Each call that waits is interrupted too,
   with and without SA_RESTART: signal(7) says that none of them is restarted. */
#include "call.h"
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>

static int file, pipes[2];
static struct epoll_event event = {.events = EPOLLIN};

#define CALL_RESTARTED(name, ...)  \
  do {                             \
    interrupt_soon(SA_RESTART);    \
    CALL(name, ##__VA_ARGS__);     \
    interrupt_no_more();           \
  } while (0)

static void polls(void) {
  struct pollfd one = {.events = POLLIN}, nothing = {-1, 0, 0};
  struct timespec bad = {0, -1}, zero = {0, 0}, late = {5, 0};
  unsigned long mask = 0;
  fd_set set;
  struct timeval negative = {-1, 0}, none = {0, 0};
  struct { void *mask; size_t size; } sizes = {&mask, 4}, nowhere = {(void *)16, 8};
  one.fd = pipes[0];
  SECTION("poll");
  CALL(poll, BAD, 1, 0);
  CALL(poll, &one, 1ul << 20, 0);
  CALL(ppoll, BAD, 1, &zero, NULL, 8);
  CALL(ppoll, &one, 1ul << 20, &zero, NULL, 8);
  CALL(ppoll, &one, 1, &bad, NULL, 8);
  CALL(ppoll, &one, 1, BAD, NULL, 8);
  CALL(ppoll, &one, 1, &zero, &mask, 4);
  CALL(ppoll, &one, 1, &zero, BAD, 8);
  CALL_INTERRUPTED(poll, &one, 1, 5000);
  CALL_RESTARTED(poll, &one, 1, 5000);
  CALL_INTERRUPTED(poll, NULL, 0, -1);
  CALL_INTERRUPTED(ppoll, &one, 1, &late, NULL, 8);
  late.tv_sec = 5, late.tv_nsec = 0;
  CALL_RESTARTED(ppoll, &nothing, 1, &late, &mask, 8);
  SECTION("select");
  FD_ZERO(&set);
  FD_SET(50, &set);
  CALL(select, 51, &set, NULL, NULL, &none);
  CALL(select, -1, NULL, NULL, NULL, &none);
  CALL(select, 1, BAD, NULL, NULL, &none);
  CALL(select, 0, NULL, NULL, NULL, &negative);
  CALL(select, 0, NULL, NULL, NULL, BAD);
  FD_ZERO(&set);
  FD_SET(50, &set);
  CALL(pselect6, 51, &set, NULL, NULL, &zero, NULL);
  CALL(pselect6, -1, NULL, NULL, NULL, &zero, NULL);
  CALL(pselect6, 0, NULL, NULL, NULL, &bad, NULL);
  CALL(pselect6, 0, NULL, NULL, NULL, &zero, &sizes);
  CALL(pselect6, 0, NULL, NULL, NULL, &zero, &nowhere);
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  CALL_INTERRUPTED(select, pipes[0] + 1, &set, NULL, NULL, NULL);
  CALL_RESTARTED(select, pipes[0] + 1, &set, NULL, NULL, NULL);
  CALL_INTERRUPTED(pselect6, pipes[0] + 1, &set, NULL, NULL, NULL, NULL);
  CALL_RESTARTED(pselect6, pipes[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static void epolls(void) {
  int ep = epoll_create1(0), other = epoll_create1(0), chain[8];
  struct timespec bad = {0, -1}, zero = {0, 0};
  unsigned long mask = 0;
  SECTION("epoll");
  CALL(epoll_ctl, NO_FD, EPOLL_CTL_ADD, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, NO_FD, &event);
  CALL(epoll_ctl, pipes[0], EPOLL_CTL_ADD, pipes[1], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, ep, &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, file, &event);
  CALL(epoll_ctl, ep, 77, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], BAD);
  CALL(epoll_ctl, ep, EPOLL_CTL_MOD, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_DEL, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], &event);
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  CALL(epoll_ctl, ep, EPOLL_CTL_MOD, pipes[0], &event);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, other, &event);
  event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT;
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[1], &event);
  event.events = EPOLLIN;
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, other, &event);
  CALL(epoll_ctl, other, EPOLL_CTL_ADD, ep, &event);
  for (int i = 0; i < 8; i++) chain[i] = epoll_create1(0);
  for (int i = 0; i < 7; i++) CALL(epoll_ctl, chain[i + 1], EPOLL_CTL_ADD, chain[i], &event);
  CALL(epoll_wait, NO_FD, &event, 1, 0);
  CALL(epoll_wait, pipes[0], &event, 1, 0);
  CALL(epoll_wait, ep, &event, 0, 0);
  CALL(epoll_wait, ep, &event, -5, 0);
  CALL(epoll_wait, ep, &event, INT_MAX, 0);
  CALL(epoll_pwait, NO_FD, &event, 1, 0, NULL, 8);
  CALL(epoll_pwait, pipes[0], &event, 1, 0, NULL, 8);
  CALL(epoll_pwait, ep, &event, 0, 0, NULL, 8);
  CALL(epoll_pwait, ep, &event, 1, 0, &mask, 4);
  CALL(epoll_pwait, ep, &event, 1, 0, BAD, 8);
  CALL(epoll_pwait2, NO_FD, &event, 1, &zero, NULL, 8);
  CALL(epoll_pwait2, ep, &event, 1, &bad, NULL, 8);
  CALL(epoll_pwait2, ep, &event, 1, BAD, NULL, 8);
  CALL_INTERRUPTED(epoll_wait, ep, &event, 1, -1);
  CALL_RESTARTED(epoll_wait, ep, &event, 1, -1);
  CALL_INTERRUPTED(epoll_pwait, ep, &event, 1, -1, &mask, 8);
  CALL_RESTARTED(epoll_pwait, ep, &event, 1, 5000, NULL, 8);
  CALL_INTERRUPTED(epoll_pwait2, ep, &event, 1, NULL, NULL, 8);
  CALL_RESTARTED(epoll_pwait2, ep, &event, 1, NULL, NULL, 8);
  write(pipes[1], "x", 1);
  CALL(epoll_wait, ep, BAD, 1, 0);
  CALL(epoll_pwait, ep, BAD, 1, 0, NULL, 8);
  CALL(epoll_pwait2, ep, BAD, 1, &zero, NULL, 8);
}

static void watches(void) {
  int watcher = inotify_init1(IN_NONBLOCK), slow = inotify_init1(0);
  char events[256];
  SECTION("inotify");
  CALL(inotify_add_watch, NO_FD, "file", IN_MODIFY);
  CALL(inotify_add_watch, file, "file", IN_MODIFY);
  CALL(inotify_add_watch, watcher, "file", 0);
  CALL(inotify_add_watch, watcher, "file", IN_MODIFY | IN_ONLYDIR);
  int wd = inotify_add_watch(watcher, "file", IN_MODIFY);
  CALL(inotify_add_watch, watcher, "file", IN_MODIFY | IN_MASK_CREATE);
  CALL(inotify_add_watch, watcher, "file", IN_MODIFY | IN_MASK_CREATE | IN_MASK_ADD);
  CALL(inotify_rm_watch, NO_FD, wd);
  CALL(inotify_rm_watch, file, wd);
  CALL(inotify_rm_watch, watcher, 77);
  CALL(read, watcher, events, sizeof events);
  write(file, "x", 1);
  CALL(read, watcher, events, 4);
  CALL_INTERRUPTED(read, slow, events, sizeof events);
}

static void timers(void) {
  struct itimerspec good = {{0, 0}, {1000, 0}}, bad = {{0, 0}, {0, -1}}, old;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), clock = timerfd_create(CLOCK_REALTIME, 0);
  SECTION("timerfd");
  CALL(timerfd_settime, NO_FD, 0, &good, NULL);
  CALL(timerfd_settime, file, 0, &good, NULL);
  CALL(timerfd_settime, timer, 0, &bad, NULL);
  CALL(timerfd_settime, timer, 77 << 8, &good, NULL);
  CALL(timerfd_settime, timer, 0, BAD, NULL);
  CALL(timerfd_settime, timer, 0, &good, BAD);
  CALL(timerfd_gettime, NO_FD, &old);
  CALL(timerfd_gettime, file, &old);
  CALL(timerfd_gettime, timer, BAD);
  uint64_t value;
  CALL(read, timer, &value, 8);
  CALL(timerfd_settime, clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &good, NULL);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  file = open("file", O_CREAT | O_RDWR, 0600);
  pipe(pipes);
  polls();
  epolls();
  watches();
  timers();
  leave_work_folder();
  return 0;
}
