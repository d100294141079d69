/* POSIX message queues: priorities, waiting, notices, files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#define NAME "/osv-queue-test"

static void take(mqd_t queue) {
  char text[100] = "";
  unsigned priority = 99;
  errno = 0;
  long length = mq_receive(queue, text, sizeof text, &priority);
  if (length < 0) printf("receive = %s\n", strerrorname_np(errno));
  else printf("receive = %ld: '%s' priority %u\n", length, text, priority);
}

static struct timespec in_ms(int ms) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_nsec += ms * 1000000L;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static volatile int told;
static void on_notice(int signal, siginfo_t *info, void *context) {
  (void)context;
  told = signal * 1000 + info->si_value.sival_int;
  printf("notice: code %d from me %d\n", info->si_code, info->si_pid == getpid());
}

static void names(void) {
  SECTION("names and attributes");
  SHOW(mq_open("no-slash", O_RDWR));
  SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
  SHOW(mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
  SHOW(mq_open(NAME, O_RDWR));
  SHOW(mq_unlink(NAME));
  struct mq_attr none = {.mq_maxmsg = 0, .mq_msgsize = 10}, small = {.mq_maxmsg = 3, .mq_msgsize = 100};
  SHOW(mq_open(NAME, O_RDWR | O_CREAT, 0600, &none));
  mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT, 0640, &small);
  SHOW(mq_open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600, &small));
  struct mq_attr now;
  SHOW(mq_getattr(queue, &now));
  printf("%ld messages of %ld bytes, %ld there, flags %lo\n", now.mq_maxmsg, now.mq_msgsize, now.mq_curmsgs, now.mq_flags);
  now.mq_flags = O_NONBLOCK;
  SHOW(mq_setattr(queue, &now, NULL));
  now.mq_flags = O_APPEND;
  SHOW(mq_setattr(queue, &now, &now));
  SHOW(mq_getattr(queue, &now));
  printf("flags %lo\n", now.mq_flags);
  struct stat status;
  SHOW(fstat(queue, &status));
  printf("mode %o size %ld\n", status.st_mode, (long)status.st_size);
  mqd_t reader = mq_open(NAME, O_RDONLY);
  SHOW(mq_send(reader, "x", 1, 0));
  SHOW(mq_close(reader));
  SHOW(mq_close(reader));
  SHOW(mq_close(queue));
  SHOW(mq_unlink(NAME));
}

static void order(void) {
  SECTION("order, limits");
  struct mq_attr small = {.mq_maxmsg = 4, .mq_msgsize = 100};
  mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small);
  SHOW(mq_send(queue, "one", 4, 1));
  SHOW(mq_send(queue, "five", 5, 5));
  SHOW(mq_send(queue, "uno", 4, 1));
  struct pollfd polled = {queue, POLLIN | POLLOUT};
  SHOW(poll(&polled, 1, 0));
  printf("events %#x\n", polled.revents);
  SHOW(mq_send(queue, "", 0, 32767));
  SHOW(mq_send(queue, "", 0, 32768));
  SHOW(mq_send(queue, "full", 5, 0));
  static char large[101];
  SHOW(mq_send(queue, large, 101, 0));
  SHOW(mq_receive(queue, large, 99, NULL));
  SHOW(poll(&polled, 1, 0));
  printf("events %#x\n", polled.revents);
  char text[200] = "";
  SHOW(read(queue, text, sizeof text)); /* what cat /dev/mqueue/NAME shows */
  printf("%s", text);
  for (int i = 0; i < 5; i++) take(queue);
  mq_close(queue);
  mq_unlink(NAME);
}

static void waiting(void) {
  SECTION("waiting, timeouts, notices");
  struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 100};
  mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT, 0600, &small);
  char text[100];
  struct timespec past = {1, 0}, bad = {1, -1}, soon = in_ms(30);
  SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &past));
  SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &bad));
  SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &soon));
  fflush(stdout);
  if (fork() == 0) {
    take(queue);
    take(queue);
    fflush(stdout);
    usleep(20000);
    mq_send(queue, "from the child", 15, 3);
    _exit(0);
  }
  SHOW(mq_send(queue, "first", 6, 0));
  SHOW(mq_send(queue, "second", 7, 0));
  wait(NULL);
  take(queue);
  struct sigaction action = {.sa_sigaction = on_notice, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
  SHOW(mq_notify(queue, &event));
  SHOW(mq_notify(queue, &event));
  SHOW(mq_send(queue, "hello", 6, 0));
  printf("told %d\n", told);
  told = 0;
  take(queue);
  SHOW(mq_send(queue, "again", 6, 0));
  printf("told %d\n", told);
  take(queue);
  SHOW(mq_notify(queue, &event));
  SHOW(mq_notify(queue, NULL));
  SHOW(mq_notify(queue, NULL));
  SHOW(mq_notify(0, &event));
  event.sigev_notify = 99;
  SHOW(mq_notify(queue, &event));
  event.sigev_notify = SIGEV_NONE;
  SHOW(mq_notify(queue, &event));
  fflush(stdout);
  if (fork() == 0) {
    struct sigevent other = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    SHOW(mq_notify(queue, &other));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  SHOW(mq_unlink(NAME));
  SHOW(mq_send(queue, "still", 6, 0));
  take(queue);
  mq_close(queue);
}

/* What a program that ends, executes another or closes one of several descriptors leaves behind. */
static void ends(void) {
  SECTION("close-on-exec, notices that end, descriptors that run out");
  struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 100};
  mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT, 0600, &small);
  printf("close on exec %d\n", fcntl(queue, F_GETFD));
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  fflush(stdout);
  if (fork() == 0) {
    SHOW(mq_notify(queue, &event)); /* on the descriptor it has from its parent */
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  SHOW(mq_notify(queue, &event));
  mqd_t second = mq_open(NAME, O_RDWR);
  SHOW(mq_close(second));
  SHOW(mq_notify(queue, &event)); /* any of its descriptors takes the notice along */
  SHOW(mq_notify(queue, NULL));
  mq_close(queue);
  SHOW(mq_unlink(NAME));
  struct rlimit all, none;
  getrlimit(RLIMIT_NOFILE, &all);
  none = (struct rlimit){.rlim_cur = 3, .rlim_max = all.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  SHOW(mq_open(NAME, O_RDWR | O_CREAT, 0600, &small));
  setrlimit(RLIMIT_NOFILE, &all);
  SHOW(mq_unlink(NAME));
  SECTION("queues without a name count on");
  struct rlimit little = {.rlim_cur = 1000, .rlim_max = 1000};
  setrlimit(RLIMIT_MSGQUEUE, &little);
  struct mq_attr most = {.mq_maxmsg = 2, .mq_msgsize = 200};
  mqd_t first = mq_open(NAME, O_RDWR | O_CREAT, 0600, &most);
  SHOW(mq_unlink(NAME));
  SHOW(mq_open(NAME, O_RDWR | O_CREAT, 0600, &most));
  SHOW(mq_close(first));
  SHOW_OK(mq_open(NAME, O_RDWR | O_CREAT, 0600, &most) < 0 ? -1 : 0);
  SHOW(mq_unlink(NAME));
}

int main(void) {
  alarm(60);
  mq_unlink(NAME);
  names();
  order();
  waiting();
  ends();
  return 0;
}
