/* Errors of POSIX message queues; names are those of the system calls, without a slash. */
#include "call.h"
#include <mqueue.h>
#include <time.h>

static char name[40], other[40], long_name[300];
static int queue;

static void opening(void) {
  struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
  CALL(mq_open, name, O_RDWR, 0600, NULL);
  CALL(mq_open, "", O_RDWR | O_CREAT, 0600, NULL);
  CALL(mq_open, "a/b", O_RDWR | O_CREAT, 0600, NULL);
  CALL(mq_open, "/a", O_RDWR | O_CREAT, 0600, NULL);
  CALL(mq_open, ".", O_RDWR | O_CREAT, 0600, NULL);
  CALL(mq_open, "..", O_RDWR, 0600, NULL);
  CALL(mq_open, long_name, O_RDWR | O_CREAT, 0600, NULL);
  CALL(mq_open, BAD, O_RDWR, 0600, NULL);
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, BAD);
  attr.mq_maxmsg = 0;
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_maxmsg = -1;
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_maxmsg = 65537;
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_maxmsg = 2, attr.mq_msgsize = 0;
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_msgsize = (16 << 20) + 1;
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_msgsize = 8;
  queue = (int)CALL_OK(mq_open, name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attr);
  CALL(mq_open, name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
  CALL(mq_open, name, O_ACCMODE, 0600, NULL);
}

static void without_room(void) {
  struct mq_attr large = {.mq_maxmsg = 10, .mq_msgsize = 8000};
  limit_to(RLIMIT_MSGQUEUE, 1000);
  CALL(mq_open, other, O_RDWR | O_CREAT, 0600, &large);
  limit_to(RLIMIT_NOFILE, 3);
  CALL(mq_open, name, O_RDWR, 0600, NULL);
}

static void transfers(void) {
  char bytes[8] = "message";
  unsigned priority;
  struct timespec past = {1, 0}, negative = {-1, 0}, large = {0, 1000000000};
  int plain = open("/dev/null", O_RDWR);
  int only_read = (int)RAW(mq_open, name, O_RDONLY, 0, NULL), only_write = (int)RAW(mq_open, name, O_WRONLY, 0, NULL);
  int slow = (int)RAW(mq_open, name, O_RDWR, 0, NULL);
  CALL(mq_timedreceive, queue, bytes, 8, &priority, NULL);
  CALL(mq_timedreceive, slow, bytes, 8, &priority, &past);
  CALL(mq_timedreceive, slow, bytes, 8, &priority, &negative);
  CALL(mq_timedreceive, slow, bytes, 8, &priority, &large);
  CALL(mq_timedreceive, slow, bytes, 8, &priority, BAD);
  CALL(mq_timedreceive, queue, bytes, 7, &priority, NULL);
  CALL(mq_timedreceive, NO_FD, bytes, 8, &priority, NULL);
  CALL(mq_timedreceive, plain, bytes, 8, &priority, NULL);
  CALL(mq_timedreceive, only_write, bytes, 8, &priority, NULL);
  CALL(mq_timedreceive, NO_FD, bytes, 8, &priority, &negative);
  CALL(mq_timedsend, NO_FD, bytes, 8, 0, NULL);
  CALL(mq_timedsend, plain, bytes, 8, 0, NULL);
  CALL(mq_timedsend, only_read, bytes, 8, 0, NULL);
  CALL(mq_timedsend, queue, bytes, 9, 0, NULL);
  CALL(mq_timedsend, queue, bytes, -1, 0, NULL);
  CALL(mq_timedsend, queue, bytes, 8, 32768, NULL);
  CALL(mq_timedsend, NO_FD, bytes, 8, 32768, NULL);
  CALL(mq_timedsend, queue, BAD, 8, 0, NULL);
  CALL(mq_timedsend, queue, bytes, 8, 0, NULL);
  CALL(mq_timedsend, queue, bytes, 8, 0, NULL);
  CALL(mq_timedsend, queue, bytes, 8, 0, NULL);
  CALL(mq_timedsend, queue, BAD, 8, 0, NULL);
  CALL(mq_timedsend, slow, bytes, 8, 0, &past);
  CALL(mq_timedsend, slow, bytes, 8, 0, &negative);
  CALL(mq_timedsend, slow, bytes, 8, 0, &large);
  CALL(mq_timedsend, slow, bytes, 8, 0, BAD);
  CALL(mq_timedreceive, queue, BAD, 8, NULL, NULL);
  CALL(mq_timedreceive, queue, bytes, 8, NULL, NULL);
  CALL(mq_timedreceive, queue, bytes, 8, NULL, NULL);
}

static void attributes(void) {
  struct mq_attr attr = {.mq_flags = O_NONBLOCK}, wrong = {.mq_flags = O_APPEND};
  int plain = open("/dev/null", O_RDWR);
  CALL(mq_getsetattr, NO_FD, &attr, NULL);
  CALL(mq_getsetattr, plain, &attr, NULL);
  CALL(mq_getsetattr, queue, &wrong, NULL);
  CALL(mq_getsetattr, NO_FD, &wrong, NULL);
  CALL(mq_getsetattr, queue, BAD, NULL);
  CALL(mq_getsetattr, queue, NULL, BAD);
  CALL(mq_getsetattr, queue, &attr, &attr);
}

static void notices(void) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1}, wrong = {.sigev_notify = 9};
  int plain = open("/dev/null", O_RDWR);
  CALL(mq_notify, NO_FD, &event);
  CALL(mq_notify, plain, &event);
  CALL(mq_notify, queue, BAD);
  CALL(mq_notify, queue, &wrong);
  CALL(mq_notify, NO_FD, &wrong);
  event.sigev_signo = 65;
  CALL(mq_notify, queue, &event);
  event.sigev_signo = SIGUSR1;
  CALL(mq_notify, queue, NULL);
  CALL(mq_notify, queue, &event);
  CALL(mq_notify, queue, &event);
}

static void without_rights(void) {
  struct mq_attr attr = {.mq_maxmsg = 11, .mq_msgsize = 8};
  limit_to(RLIMIT_MSGQUEUE, 100000);
  CALL(mq_open, name, O_RDONLY, 0, NULL);
  CALL(mq_open, name, O_WRONLY | O_CREAT, 0600, NULL);
  CALL(mq_unlink, name);
  CALL(mq_open, other, O_RDWR | O_CREAT, 0600, &attr);
  attr.mq_maxmsg = 2, attr.mq_msgsize = 8193;
  CALL(mq_open, other, O_RDWR | O_CREAT, 0600, &attr);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  snprintf(name, sizeof name, "errors-%d", getpid());
  snprintf(other, sizeof other, "errors-other-%d", getpid());
  memset(long_name, 'n', sizeof long_name - 1);
  SECTION("mq_open");
  opening();
  IN_CHILD(without_room());
  SECTION("mq_timedsend, mq_timedreceive");
  IN_CHILD(transfers());
  SECTION("mq_getsetattr");
  IN_CHILD(attributes());
  SECTION("mq_notify");
  IN_CHILD(notices());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  SECTION("mq_unlink");
  CALL(mq_unlink, "none-of-this-name");
  CALL(mq_unlink, "");
  CALL(mq_unlink, long_name);
  CALL(mq_unlink, BAD);
  CALL(mq_unlink, "a/b");
  CALL(mq_unlink, ".");
  CALL(mq_unlink, name);
  CALL(mq_unlink, name);
  return 0;
}
