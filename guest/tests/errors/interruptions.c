/* Each blocking call of processes, sockets, messages and time, interrupted: see interrupt.h. */
#include "interrupt.h"
#include <linux/futex.h>
#include <mqueue.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static void with_a_child(void) {
  pid_t self = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) _exit(0); /* it was killed before it could be known */
    signal(SIGUSR1, SIG_IGN);
    for (;;) pause();
  }
}

/* The same for who has a child. */
#define INTERRUPTED_PARENT(name, ...)                              \
  for (const struct way *way_ = ways; way_ < ways + WAYS; way_++) { \
    pid_t child_ = start(way_->flags);                              \
    if (child_ == 0) {                                              \
      with_a_child();                                               \
      TELL(name, ##__VA_ARGS__);                                    \
    }                                                               \
    interrupt(child_, #name "(" #__VA_ARGS__ ")", way_);            \
  }

static void processes(void) {
  siginfo_t info;
  INTERRUPTED_PARENT(wait4, -1, NULL, 0, NULL);
  INTERRUPTED_PARENT(waitid, P_ALL, 0, &info, WEXITED, NULL);
}

static void signals(void) {
  unsigned long none = 0, other = 1ul << (SIGUSR2 - 1);
  struct timespec long_time = {60, 0};
  INTERRUPTED(pause);
  INTERRUPTED(rt_sigsuspend, &none, 8);
  INTERRUPTED(rt_sigtimedwait, &other, NULL, NULL, 8);
  INTERRUPTED(rt_sigtimedwait, &other, NULL, &long_time, 8);
}

static void sleeps(void) {
  struct timespec long_time = {60, 0}, later, rest;
  clock_gettime(CLOCK_MONOTONIC, &later);
  later.tv_sec += 60;
  INTERRUPTED(nanosleep, &long_time, NULL);
  INTERRUPTED(nanosleep, &long_time, &rest);
  INTERRUPTED(nanosleep, &long_time, BAD);
  INTERRUPTED(clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, &rest);
  INTERRUPTED(clock_nanosleep, CLOCK_REALTIME, 0, &long_time, NULL);
  INTERRUPTED(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &later, NULL);
}

static void futexes(void) {
  static uint32_t word, other;
  struct timespec long_time = {60, 0}, later;
  struct { uint64_t value, address; uint32_t flags, reserved; } waits[1] = {{0, (uintptr_t)&word, 2, 0}};
  clock_gettime(CLOCK_MONOTONIC, &later);
  later.tv_sec += 60;
  INTERRUPTED(futex, &word, FUTEX_WAIT, 0, NULL);
  INTERRUPTED(futex, &word, FUTEX_WAIT, 0, &long_time);
  INTERRUPTED(futex, &word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 1);
  INTERRUPTED(futex, &word, FUTEX_WAIT_BITSET, 0, &later, NULL, 1);
  INTERRUPTED(futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &other);
  INTERRUPTED(futex_waitv, waits, 1, 0, NULL, CLOCK_MONOTONIC);
  INTERRUPTED(futex_waitv, waits, 1, 0, &later, CLOCK_MONOTONIC);
  other = (uint32_t)getpid();
  INTERRUPTED(futex, &other, FUTEX_LOCK_PI, 0, NULL);
}

static void timed(int fd) {
  struct timeval long_time = {60, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof long_time);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &long_time, sizeof long_time);
}

static void sockets(void) {
  int pair[2], full[2], server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  static char bytes[4096];
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  struct mmsghdr several[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  socklen_t length = sizeof name;
  bind(server, (struct sockaddr *)&name, sizeof(sa_family_t));
  getsockname(server, (struct sockaddr *)&name, &length);
  listen(server, 0);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair), socketpair(AF_UNIX, SOCK_STREAM, 0, full);
  while (send(full[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) {}
  for (int turn = 0; turn < 2; turn++) {
    printf("%s\n", turn == 0 ? "without a timeout" : "with one");
    INTERRUPTED(accept, server, NULL, NULL);
    INTERRUPTED(accept4, server, NULL, NULL, 0);
    INTERRUPTED(recvfrom, pair[0], bytes, 1, 0, NULL, NULL);
    INTERRUPTED(recvmsg, pair[0], &message, 0);
    INTERRUPTED(recvmmsg, pair[0], several, 2, 0, NULL);
    INTERRUPTED(read, pair[0], bytes, 1);
    INTERRUPTED(sendto, full[0], bytes, 1, 0, NULL, 0);
    INTERRUPTED(sendmsg, full[0], &message, 0);
    INTERRUPTED(sendmmsg, full[0], several, 2, 0);
    INTERRUPTED(write, full[0], bytes, 1);
    timed(server), timed(pair[0]), timed(full[0]);
  }
  int first = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(first, (struct sockaddr *)&name, length);
  INTERRUPTED(connect, client, &name, length);
  timed(client);
  INTERRUPTED(connect, client, &name, length);
}

static void system_v(void) {
  struct { long type; char bytes[8000]; } text = {1, "text"};
  struct sembuf down = {0, -1, 0};
  struct timespec long_time = {60, 0};
  int queue = msgget(IPC_PRIVATE, 0600), full = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 1, 0600);
  while (msgsnd(full, &text, sizeof text.bytes, IPC_NOWAIT) == 0) {}
  INTERRUPTED(msgrcv, queue, &text, 5, 0, 0);
  INTERRUPTED(msgsnd, full, &text, sizeof text.bytes, 0);
  INTERRUPTED(semop, set, &down, 1);
  INTERRUPTED(semtimedop, set, &down, 1, NULL);
  INTERRUPTED(semtimedop, set, &down, 1, &long_time);
  msgctl(queue, IPC_RMID, NULL), msgctl(full, IPC_RMID, NULL), semctl(set, 0, IPC_RMID);
}

static void posix_queues(void) {
  char name[40], bytes[8] = "bytes";
  struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
  struct timespec later;
  clock_gettime(CLOCK_REALTIME, &later);
  later.tv_sec += 60;
  snprintf(name, sizeof name, "interruptions-%d", getpid());
  int queue = (int)RAW(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  RAW(mq_unlink, name);
  INTERRUPTED(mq_timedreceive, queue, bytes, 8, NULL, NULL);
  INTERRUPTED(mq_timedreceive, queue, bytes, 8, NULL, &later);
  RAW(mq_timedsend, queue, bytes, 8, 0, NULL);
  INTERRUPTED(mq_timedsend, queue, bytes, 8, 0, NULL);
  INTERRUPTED(mq_timedsend, queue, bytes, 8, 0, &later);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SECTION("processes");
  processes();
  SECTION("signals");
  signals();
  SECTION("sleeps");
  sleeps();
  SECTION("futexes");
  futexes();
  SECTION("sockets");
  sockets();
  SECTION("System V");
  system_v();
  SECTION("POSIX queues");
  posix_queues();
  return 0;
}
