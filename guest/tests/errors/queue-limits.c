/* The errors of too many System V objects and POSIX queues: in an IPC namespace of its own where the system lets us. */
#include "call.h"
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define MOST 40000

static int ids[MOST], count;

static void message_queues(void) {
  for (count = 0; count < MOST && (ids[count] = msgget(IPC_PRIVATE, 0600)) >= 0;) count++;
  CALL(msgget, IPC_PRIVATE, 0600);
  while (count-- > 0) msgctl(ids[count], IPC_RMID, NULL);
  CALL_OK(msgget, IPC_PRIVATE, 0600);
}

static void semaphore_sets(void) {
  for (count = 0; count < MOST && (ids[count] = semget(IPC_PRIVATE, 1, 0600)) >= 0;) count++;
  CALL(semget, IPC_PRIVATE, 1, 0600);
  while (count-- > 0) semctl(ids[count], 0, IPC_RMID);
}

static void segments(void) {
  for (count = 0; count < MOST && (ids[count] = shmget(IPC_PRIVATE, 1, 0600)) >= 0;) count++;
  CALL(shmget, IPC_PRIVATE, 1, 0600);
  while (count-- > 0) shmctl(ids[count], IPC_RMID, NULL);
}

static void posix_queues(void) {
  struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 1};
  char name[50];
  long fd;
  for (count = 0;; count++) {
    snprintf(name, sizeof name, "limit-%d-%d", getpid(), count);
    if ((fd = RAW(mq_open, name, O_RDWR | O_CREAT, 0600, &small)) < 0) break;
    close((int)fd);
  }
  CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &small);
  while (count-- > 0) {
    snprintf(name, sizeof name, "limit-%d-%d", getpid(), count);
    RAW(mq_unlink, name);
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (unshare(CLONE_NEWIPC) != 0) errno = 0;
  message_queues();
  semaphore_sets();
  segments();
  AS_NOBODY(posix_queues());
  return 0;
}
