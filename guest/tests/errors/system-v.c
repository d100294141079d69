/* Errors of System V messages, semaphores and shared memory. */
#include "call.h"
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#define MSG_STAT_ANY 13
#define SEM_STAT_ANY 20
#define SHM_STAT_ANY 15
#define NO_ID 0x7ffffff0

struct text {
  long type;
  char bytes[100];
};

static key_t key;
static int queue, set, segment;

static void message_queues(void) {
  CALL(msgget, key, 0);
  queue = msgget(key, IPC_CREAT | 0600);
  CALL(msgget, key, IPC_CREAT | IPC_EXCL | 0600);
  CALL_OK(msgget, key, 0);
  struct msqid_ds status;
  CALL(msgctl, queue, 99, &status);
  CALL(msgctl, queue, -1, &status);
  CALL(msgctl, -1, IPC_STAT, &status);
  CALL(msgctl, NO_ID, IPC_STAT, &status);
  CALL(msgctl, NO_ID, IPC_RMID, NULL);
  CALL(msgctl, NO_ID, IPC_SET, &status);
  CALL(msgctl, queue, IPC_STAT, BAD);
  CALL(msgctl, queue, IPC_SET, BAD);
  CALL(msgctl, NO_ID, IPC_SET, BAD);
  CALL(msgctl, NO_ID, IPC_STAT, BAD);
  CALL(msgctl, 30000, MSG_STAT, &status);
  CALL(msgctl, 30000, MSG_STAT_ANY, &status);
  CALL(msgctl, 0, IPC_INFO, BAD);
  CALL(msgctl, -1, IPC_INFO, &status);
}

static void messages(void) {
  struct text text = {1, "text"};
  CALL(msgsnd, NO_ID, &text, 5, IPC_NOWAIT);
  CALL(msgsnd, -1, &text, 5, IPC_NOWAIT);
  CALL(msgsnd, queue, BAD, 5, IPC_NOWAIT);
  CALL(msgsnd, queue, &text, -1, IPC_NOWAIT);
  CALL(msgsnd, queue, &text, 1 << 20, IPC_NOWAIT);
  CALL(msgsnd, NO_ID, BAD, 5, IPC_NOWAIT);
  text.type = 0;
  CALL(msgsnd, queue, &text, 5, IPC_NOWAIT);
  text.type = -1;
  CALL(msgsnd, queue, &text, 5, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 0, IPC_NOWAIT);
  CALL(msgrcv, NO_ID, &text, 5, 0, IPC_NOWAIT);
  CALL(msgrcv, -1, &text, 5, 0, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, -1, 0, IPC_NOWAIT);
  CALL(msgrcv, queue, BAD, 5, 0, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 0, MSG_COPY);
  CALL(msgrcv, queue, &text, 5, 0, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 0, MSG_COPY | IPC_NOWAIT);
  text.type = 2;
  CALL(msgsnd, queue, &text, 5, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 1, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 2, IPC_NOWAIT | MSG_EXCEPT);
  CALL(msgrcv, queue, &text, 5, -1, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 4, 0, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 1, MSG_COPY | IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 4, 0, MSG_COPY | IPC_NOWAIT);
  CALL(msgrcv, queue, BAD, 5, 0, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 0, IPC_NOWAIT);
  struct msqid_ds status;
  msgctl(queue, IPC_STAT, &status);
  status.msg_qbytes = 8;
  CALL(msgctl, queue, IPC_SET, &status);
  CALL(msgsnd, queue, &text, 9, IPC_NOWAIT);
}

static void semaphore_sets(void) {
  CALL(semget, key, 1, 0);
  CALL(semget, key, -1, IPC_CREAT | 0600);
  CALL(semget, key, 32001, IPC_CREAT | 0600);
  CALL(semget, key, 0, IPC_CREAT | 0600);
  CALL(semget, key, 0, 0);
  set = semget(key, 2, IPC_CREAT | 0600);
  CALL(semget, key, 2, IPC_CREAT | IPC_EXCL | 0600);
  CALL(semget, key, 3, 0);
  CALL_OK(semget, key, 0, 0);
  struct semid_ds status;
  unsigned short values[2] = {40000, 1};
  CALL(semctl, set, 0, 99, 0);
  CALL(semctl, -1, 0, IPC_STAT, &status);
  CALL(semctl, NO_ID, 0, IPC_STAT, &status);
  CALL(semctl, NO_ID, 0, IPC_RMID, 0);
  CALL(semctl, NO_ID, 0, GETVAL, 0);
  CALL(semctl, set, 2, GETVAL, 0);
  CALL(semctl, set, -1, GETVAL, 0);
  CALL(semctl, set, 2, SETVAL, 1);
  CALL(semctl, set, 0, SETVAL, -1);
  CALL(semctl, set, 0, SETVAL, 32768);
  CALL(semctl, NO_ID, 0, SETVAL, -1);
  CALL(semctl, set, 0, SETALL, values);
  CALL(semctl, set, 0, SETALL, BAD);
  CALL(semctl, set, 0, GETALL, BAD);
  CALL(semctl, set, 0, IPC_STAT, BAD);
  CALL(semctl, set, 0, IPC_SET, BAD);
  CALL(semctl, NO_ID, 0, IPC_SET, BAD);
  CALL(semctl, 30000, 0, SEM_STAT, &status);
  CALL(semctl, 30000, 0, SEM_STAT_ANY, &status);
  CALL(semctl, 0, 0, IPC_INFO, BAD);
}

static void semaphores(void) {
  struct sembuf down = {0, -1, IPC_NOWAIT}, slow = {0, -1, 0}, outside = {2, 1, 0}, much = {0, 32767, 0}, zero = {0, 0, IPC_NOWAIT};
  struct timespec soon = {0, 1000000}, negative = {-1, 0}, large = {0, 1000000000};
  static struct sembuf many[501];
  CALL(semop, set, &down, 0);
  CALL(semop, set, many, 501);
  CALL(semop, set, BAD, 1);
  CALL(semop, -1, &down, 1);
  CALL(semop, NO_ID, &down, 1);
  CALL(semop, NO_ID, BAD, 1);
  CALL(semop, set, &outside, 1);
  CALL(semop, set, &down, 1);
  CALL(semtimedop, set, &slow, 1, &soon);
  CALL(semtimedop, set, &slow, 1, &negative);
  CALL(semtimedop, set, &slow, 1, &large);
  CALL(semtimedop, set, &slow, 1, BAD);
  CALL(semtimedop, set, &slow, 0, &soon);
  CALL(semtimedop, set, many, 501, &soon);
  CALL(semtimedop, set, BAD, 1, &soon);
  CALL(semtimedop, NO_ID, &slow, 1, &soon);
  CALL(semtimedop, NO_ID, &slow, 1, &negative);
  CALL(semtimedop, set, &outside, 1, &soon);
  CALL(semop, set, &much, 1);
  CALL(semop, set, &much, 1);
  CALL(semtimedop, set, &much, 1, &soon);
  CALL(semop, set, &zero, 1);
}

static void segments(void) {
  CALL(shmget, key, 4096, 0);
  CALL(shmget, key, 0, IPC_CREAT | 0600);
  CALL(shmget, key, -1, IPC_CREAT | 0600);
  segment = shmget(key, 4096, IPC_CREAT | 0600);
  CALL(shmget, key, 4096, IPC_CREAT | IPC_EXCL | 0600);
  CALL(shmget, key, 8192, 0);
  CALL_OK(shmget, key, 0, 0);
  struct shmid_ds status;
  CALL(shmctl, segment, 99, &status);
  CALL(shmctl, -1, IPC_STAT, &status);
  CALL(shmctl, segment, -1, &status);
  CALL(shmctl, NO_ID, IPC_STAT, &status);
  CALL(shmctl, NO_ID, IPC_RMID, NULL);
  CALL(shmctl, NO_ID, SHM_LOCK, NULL);
  CALL(shmctl, segment, IPC_STAT, BAD);
  CALL(shmctl, segment, IPC_SET, BAD);
  CALL(shmctl, NO_ID, IPC_SET, BAD);
  CALL(shmctl, 30000, SHM_STAT, &status);
  CALL(shmctl, 30000, SHM_STAT_ANY, &status);
  CALL(shmctl, 0, IPC_INFO, BAD);
  CALL(shmat, NO_ID, NULL, 0);
  CALL(shmat, -1, NULL, 0);
  CALL(shmat, segment, 1, 0);
  CALL(shmat, segment, NULL, SHM_REMAP);
  CALL(shmat, segment, (uintptr_t)&status & -4096, 0);
  CALL(shmat, NO_ID, 1, 0);
  CALL(shmdt, 8);
  CALL(shmdt, 4096);
  CALL(shmdt, (uintptr_t)&status & -4096);
}

static void without_rights(void) {
  struct text text = {1, "text"};
  struct sembuf up = {0, 1, IPC_NOWAIT};
  union { struct msqid_ds queue; struct semid_ds set; struct shmid_ds segment; } status;
  memset(&status, 0, sizeof status);
  CALL(msgget, key, 0600);
  CALL(msgget, key, 0004);
  CALL(msgsnd, queue, &text, 5, IPC_NOWAIT);
  CALL(msgrcv, queue, &text, 5, 0, IPC_NOWAIT);
  CALL(msgctl, queue, IPC_STAT, &status);
  CALL(msgctl, queue, IPC_SET, &status);
  CALL(msgctl, queue, IPC_RMID, NULL);
  CALL(semget, key, 2, 0600);
  CALL(semop, set, &up, 1);
  CALL(semtimedop, set, &up, 1, NULL);
  CALL(semctl, set, 0, IPC_STAT, &status);
  CALL(semctl, set, 0, GETVAL, 0);
  CALL(semctl, set, 0, SETVAL, 0);
  CALL(semctl, set, 0, SETALL, &status);
  CALL(semctl, set, 0, IPC_SET, &status);
  CALL(semctl, set, 0, IPC_RMID, 0);
  CALL(shmget, key, 4096, 0600);
  CALL(shmget, IPC_PRIVATE, 2 << 20, IPC_CREAT | SHM_HUGETLB | 0600);
  CALL(shmat, segment, NULL, 0);
  CALL(shmat, segment, NULL, SHM_RDONLY);
  CALL(shmctl, segment, IPC_STAT, &status);
  CALL(shmctl, segment, IPC_SET, &status);
  CALL(shmctl, segment, IPC_RMID, NULL);
  CALL(shmctl, segment, SHM_LOCK, NULL);
  int own = msgget(IPC_PRIVATE, 0600);
  msgctl(own, IPC_STAT, &status.queue);
  status.queue.msg_qbytes = 1 << 20;
  CALL(msgctl, own, IPC_SET, &status);
  CALL(msgctl, own, IPC_RMID, NULL);
  own = shmget(IPC_PRIVATE, 4096, 0600);
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0});
  CALL(shmctl, own, SHM_LOCK, NULL);
  CALL(shmctl, own, IPC_RMID, NULL);
}

static void after_removal(void) {
  int old_queue = queue, old_set = set, old_segment = segment;
  struct text text = {1, "text"};
  struct sembuf up = {0, 1, IPC_NOWAIT};
  msgctl(queue, IPC_RMID, NULL), semctl(set, 0, IPC_RMID), shmctl(segment, IPC_RMID, NULL);
  CALL(msgsnd, old_queue, &text, 5, IPC_NOWAIT);
  CALL(msgrcv, old_queue, &text, 5, 0, IPC_NOWAIT);
  CALL(msgctl, old_queue, IPC_RMID, NULL);
  CALL(semop, old_set, &up, 1);
  CALL(semctl, old_set, 0, GETVAL, 0);
  CALL(shmat, old_segment, NULL, 0);
  CALL(shmctl, old_segment, IPC_RMID, NULL);
  /* The next in the same place has another sequence number: who names the old one is told that it is gone. */
  queue = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 1, 0600), segment = shmget(IPC_PRIVATE, 4096, 0600);
  msgctl(queue, IPC_RMID, NULL), semctl(set, 0, IPC_RMID), shmctl(segment, IPC_RMID, NULL);
}

/* Who waits when the object goes is told so. */
static void removed_while_waiting(long number, long id, long a, long b, long c, long d, const char *name) {
  int ready[2];
  char byte;
  pipe(ready);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    write(ready[1], "x", 1);
    show(name, syscall(number, id, a, b, c, d));
    exit(0);
  }
  read(ready[0], &byte, 1);
  for (char state = 0; state != 'S';) {
    char path[100], text[300] = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    int fd = open(path, O_RDONLY);
    read(fd, text, sizeof text - 1);
    close(fd);
    state = strrchr(text, ')')[2];
    usleep(1000);
  }
  if (number == SYS_semop || number == SYS_semtimedop) semctl((int)id, 0, IPC_RMID);
  else msgctl((int)id, IPC_RMID, NULL);
  waitpid(child, NULL, 0);
}

static void removals(void) {
  struct text text = {1, "text"};
  struct sembuf down = {0, -1, 0};
  struct timespec long_time = {60, 0};
  removed_while_waiting(SYS_msgrcv, msgget(IPC_PRIVATE, 0600), (long)&text, 5, 0, 0, "msgrcv(removed, &text, 5, 0, 0)");
  int full = msgget(IPC_PRIVATE, 0600);
  while (msgsnd(full, &text, 100, IPC_NOWAIT) == 0) {}
  removed_while_waiting(SYS_msgsnd, full, (long)&text, 100, 0, 0, "msgsnd(removed, &text, 100, 0)");
  removed_while_waiting(SYS_semop, semget(IPC_PRIVATE, 1, 0600), (long)&down, 1, 0, 0, "semop(removed, &down, 1)");
  removed_while_waiting(SYS_semtimedop, semget(IPC_PRIVATE, 1, 0600), (long)&down, 1, (long)&long_time, 0, "semtimedop(removed, &down, 1, &long_time)");
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  key = 0x6f737600 ^ getpid() << 8;
  SECTION("messages");
  message_queues();
  messages();
  SECTION("semaphores");
  semaphore_sets();
  semaphores();
  SECTION("shared memory");
  segments();
  SECTION("without rights");
  AS_NOBODY(without_rights());
  SECTION("removed");
  after_removal();
  removals();
  return 0;
}
