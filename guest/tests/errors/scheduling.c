/* Errors of the calls about scheduling: policies, priorities, processors. */
#include "call.h"
#include <sched.h>

struct attributes {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
  unsigned long more[4];
};

static void policies(void) {
  struct sched_param none = {0}, one = {1}, much = {100}, negative = {-1};
  CALL(sched_setscheduler, -1, SCHED_OTHER, &none);
  CALL(sched_setscheduler, 0, SCHED_OTHER, NULL);
  CALL(sched_setscheduler, 0, SCHED_OTHER, BAD);
  CALL(sched_setscheduler, 0, 4, &none);
  CALL(sched_setscheduler, 0, 99, &none);
  CALL(sched_setscheduler, 0, -1, &none);
  CALL(sched_setscheduler, 0, SCHED_OTHER, &one);
  CALL(sched_setscheduler, 0, SCHED_FIFO, &none);
  CALL(sched_setscheduler, 0, SCHED_FIFO, &much);
  CALL(sched_setscheduler, 0, SCHED_RR, &negative);
  CALL(sched_setscheduler, 1 << 30, SCHED_OTHER, &none);
  CALL(sched_setscheduler, 1 << 30, 99, &none);
  CALL(sched_getscheduler, -1);
  CALL(sched_getscheduler, 1 << 30);
  CALL(sched_setparam, -1, &none);
  CALL(sched_setparam, 0, NULL);
  CALL(sched_setparam, 0, BAD);
  CALL(sched_setparam, 0, &one);
  CALL(sched_setparam, 1 << 30, &none);
  CALL(sched_getparam, -1, &none);
  CALL(sched_getparam, 0, NULL);
  CALL(sched_getparam, 0, BAD);
  CALL(sched_getparam, 1 << 30, &none);
  CALL(sched_get_priority_max, -1);
  CALL(sched_get_priority_max, 99);
  CALL(sched_get_priority_min, 4);
  CALL(sched_get_priority_min, 99);
  struct timespec interval;
  CALL(sched_rr_get_interval, -1, &interval);
  CALL(sched_rr_get_interval, 1 << 30, &interval);
  CALL(sched_rr_get_interval, 0, BAD);
  CALL(sched_rr_get_interval, 1 << 30, BAD);
}

static struct attributes usual(void) { return (struct attributes){.size = 48}; }

static void attributes(void) {
  struct attributes attr = usual();
  CALL(sched_setattr, -1, &attr, 0);
  CALL(sched_setattr, 0, NULL, 0);
  CALL(sched_setattr, 0, BAD, 0);
  CALL(sched_setattr, 0, &attr, 1);
  CALL(sched_setattr, 1 << 30, &attr, 0);
  attr.policy = 99;
  CALL(sched_setattr, 0, &attr, 0);
  CALL(sched_setattr, 1 << 30, &attr, 0);
  attr = usual(), attr.policy = -1;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.flags = 1ul << 40;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.priority = 1;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.policy = SCHED_FIFO;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.size = 40;
  CALL(sched_setattr, 0, &attr, 0);
  printf("size %u\n", attr.size >= 48);
  attr = usual(), attr.size = 5000;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.size = sizeof attr, attr.more[3] = 1;
  CALL(sched_setattr, 0, &attr, 0);
  attr.more[3] = 0;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.nice = 5;
  CALL(sched_setattr, 0, &attr, 0);
  CALL(sched_getattr, -1, &attr, 48, 0);
  CALL(sched_getattr, 0, NULL, 48, 0);
  CALL(sched_getattr, 0, BAD, 48, 0);
  CALL(sched_getattr, 0, &attr, 47, 0);
  CALL(sched_getattr, 0, &attr, 5000, 0);
  CALL(sched_getattr, 0, &attr, 48, 1);
  CALL(sched_getattr, 1 << 30, &attr, 48, 0);
  CALL(sched_getattr, 0, &attr, sizeof attr, 0);
  printf("nice %d\n", attr.nice);
}

static void niceness(void) {
  CALL(getpriority, 3, 0);
  CALL(getpriority, -1, 0);
  CALL(getpriority, PRIO_PROCESS, 1 << 30);
  CALL(getpriority, PRIO_PROCESS, -1);
  CALL(getpriority, PRIO_PGRP, 1 << 30);
  CALL(getpriority, PRIO_USER, 1 << 30);
  CALL(getpriority, PRIO_PROCESS, 0);
  CALL(setpriority, 3, 0, 0);
  CALL(setpriority, PRIO_PROCESS, 1 << 30, 0);
  CALL(setpriority, PRIO_PGRP, 1 << 30, 0);
  CALL(setpriority, PRIO_USER, 1 << 30, 0);
  CALL(setpriority, PRIO_PROCESS, 0, 100);
  CALL(getpriority, PRIO_PROCESS, 0);
}

/* linux/ioprio.h: whose, and class and level in one number. */
#define WHO_PROCESS 1
#define WHO_PGRP 2
#define RT (1 << 13)
#define BE (2 << 13)
#define IDLE (3 << 13)

static void disk_priorities(void) {
  CALL(ioprio_set, 0, 0, BE);
  CALL(ioprio_set, 4, 0, BE);
  CALL(ioprio_set, WHO_PROCESS, 1 << 30, BE);
  CALL(ioprio_set, WHO_PGRP, 1 << 30, BE);
  CALL(ioprio_set, WHO_PROCESS, 0, 4);
  CALL(ioprio_set, WHO_PROCESS, 0, 4 << 13);
  CALL(ioprio_get, 0, 0);
  CALL(ioprio_get, 4, 0);
  CALL(ioprio_get, WHO_PROCESS, 1 << 30);
  CALL(ioprio_get, WHO_PGRP, 1 << 30);
  CALL(ioprio_set, WHO_PROCESS, 0, IDLE);
  CALL(ioprio_get, WHO_PROCESS, 0);
  CALL(ioprio_set, WHO_PROCESS, 0, BE | 7);
  CALL(ioprio_get, WHO_PROCESS, getpid());
  IN_CHILD(CALL(ioprio_get, WHO_PROCESS, 0));
}

static void processors(void) {
  unsigned long none[16] = {0}, first[16] = {1}, last[16] = {0};
  last[15] = 1ul << 63;
  CALL(sched_setaffinity, 0, sizeof none, none);
  CALL(sched_setaffinity, 0, sizeof last, last);
  CALL(sched_setaffinity, 0, 0, first);
  CALL(sched_setaffinity, 0, 8, BAD);
  CALL(sched_setaffinity, 1 << 30, 8, first);
  CALL(sched_setaffinity, 1 << 30, 8, BAD);
  CALL(sched_setaffinity, -1, 8, first);
  CALL(sched_setaffinity, 0, 8, first);
  CALL(sched_getaffinity, 0, 0, first);
  CALL(sched_getaffinity, 0, 12, first);
  CALL(sched_getaffinity, 0, 8, BAD);
  CALL(sched_getaffinity, 1 << 30, 8, first);
  CALL(sched_getaffinity, -1, 8, first);
  CALL_OK(sched_getaffinity, 0, sizeof first, first);
}

static void without_rights(void) {
  struct sched_param none = {0}, one = {1};
  struct attributes attr = usual();
  unsigned long first[16] = {1};
  CALL(ioprio_set, WHO_PROCESS, 0, RT);
  CALL(ioprio_set, WHO_PROCESS, getppid(), BE);
  pid_t parent = getppid();
  limit_to(RLIMIT_RTPRIO, 0);
  limit_to(RLIMIT_NICE, 0);
  CALL(sched_setscheduler, 0, SCHED_FIFO, &one);
  CALL(sched_setscheduler, parent, SCHED_OTHER, &none);
  CALL(sched_setscheduler, parent, SCHED_FIFO, &none);
  CALL(sched_setparam, parent, &none);
  CALL(sched_setaffinity, parent, 8, first);
  CALL(sched_getscheduler, parent);
  attr.policy = SCHED_RR, attr.priority = 1;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual(), attr.nice = -1;
  CALL(sched_setattr, 0, &attr, 0);
  attr = usual();
  CALL(sched_setattr, parent, &attr, 0);
  CALL(setpriority, PRIO_PROCESS, 0, -1);
  CALL(setpriority, PRIO_PROCESS, parent, 0);
  CALL(setpriority, PRIO_PROCESS, parent, -1);
  CALL(setpriority, PRIO_PROCESS, 0, 5);
  CALL(setpriority, PRIO_PROCESS, 0, 4);
  CALL(sched_setscheduler, 0, SCHED_BATCH | 0x40000000, &none);
  CALL(sched_setscheduler, 0, SCHED_BATCH, &none);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  setpriority(PRIO_PROCESS, 0, 0); /* whoever started it may have been niced */
  SECTION("policies");
  IN_CHILD(policies());
  SECTION("attributes");
  IN_CHILD(attributes());
  SECTION("nice");
  IN_CHILD(niceness());
  IN_CHILD(disk_priorities());
  SECTION("processors");
  IN_CHILD(processors());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  return 0;
}
