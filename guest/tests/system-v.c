/* System V semaphores, message queues and shared memory. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#define KEY 0x05f10a77

static int op(int id, int number, int change, int flags) {
  struct sembuf one = {number, change, flags};
  return semop(id, &one, 1);
}

static void pause_a_bit(int ms) {
  struct timespec time = {0, ms * 1000000};
  nanosleep(&time, NULL);
}

static void reap(void) {
  int status;
  wait(&status);
  printf("child %#x\n", status);
}

static void on_alarm(int signal) { (void)signal; }

static void semaphore_errors(void) {
  SECTION("semaphores: errors");
  SHOW(semget(KEY, 0, 0));
  SHOW(semget(KEY, -1, IPC_CREAT | 0600));
  SHOW(semget(KEY, 40000, IPC_CREAT | 0600));
  SHOW(semget(IPC_PRIVATE, 0, 0600));
  int id = semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0600);
  SHOW(semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0600));
  SHOW(semget(KEY, 4, 0));
  printf("found: %d\n", semget(KEY, 2, 0) == id && semget(KEY, 0, 0) == id);
  struct sembuf many[501] = {0};
  SHOW(semop(id, many, 0));
  SHOW(semop(id, many, 501));
  SHOW(semop(id, NULL, 1));
  SHOW(semop(-1, many, 1));
  SHOW(op(id, 3, 1, 0));
  SHOW(op(id, 0, -1, IPC_NOWAIT));
  SHOW(op(id, 0, 32767, 0));
  SHOW(op(id, 0, 1, 0));
  SHOW(op(id, 0, 0, IPC_NOWAIT));
  SHOW(semctl(id, 3, GETVAL));
  SHOW(semctl(id, -1, GETVAL));
  SHOW(semctl(id, 0, SETVAL, 32768));
  SHOW(semctl(id, 0, SETVAL, -1));
  SHOW(semctl(id, 0, 99));
  SHOW(semctl(id, 0, GETVAL));
  struct timespec bad = {0, -1}, now = {0, 0}, soon = {0, 20000000};
  SHOW(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &bad));
  SHOW(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &now));
  SHOW(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &soon));
  SHOW(semctl(id, 0, IPC_RMID));
  SHOW(semctl(id, 0, IPC_RMID));
  SHOW(semget(KEY, 0, 0));
}

static void semaphore_values(void) {
  SECTION("semaphores: values, all or nothing, state");
  int id = semget(IPC_PRIVATE, 3, 0640);
  unsigned short values[3] = {1, 2, 3};
  SHOW(semctl(id, 0, SETALL, values));
  struct sembuf two[2] = {{0, -1, 0}, {1, -3, IPC_NOWAIT}};
  SHOW(semop(id, two, 2));
  SHOW(semctl(id, 0, GETVAL));
  struct sembuf chain[3] = {{0, -1, 0}, {0, 0, 0}, {2, 5, 0}};
  SHOW(semop(id, chain, 3));
  memset(values, 0, sizeof values);
  SHOW(semctl(id, 0, GETALL, values));
  printf("%d %d %d\n", values[0], values[1], values[2]);
  printf("pid %d\n", semctl(id, 2, GETPID) == getpid());
  struct semid_ds state;
  SHOW(semctl(id, 0, IPC_STAT, &state));
  time_t now = time(NULL);
  printf("nsems %lu mode %o key %d otime %d ctime %d\n", state.sem_nsems, state.sem_perm.mode, state.sem_perm.__key,
         now - state.sem_otime < 5, now - state.sem_ctime < 5);
  state.sem_perm.mode = 0600;
  SHOW(semctl(id, 0, IPC_SET, &state));
  SHOW(semctl(id, 0, IPC_STAT, &state));
  printf("mode %o\n", state.sem_perm.mode);
  SHOW(semctl(id, 0, IPC_RMID));
}

static void semaphore_waits(void) {
  SECTION("semaphores: waiting, undo, removal, signals");
  int id = semget(IPC_PRIVATE, 2, 0600);
  fflush(stdout);
  if (fork() == 0) {
    int result = op(id, 0, -2, 0);
    op(id, 1, 1, 0);
    _exit(result == 0 ? 0 : 1);
  }
  while (semctl(id, 0, GETNCNT) == 0) pause_a_bit(1);
  printf("waits to grow %d, to empty %d\n", semctl(id, 0, GETNCNT), semctl(id, 0, GETZCNT));
  fflush(stdout);
  SHOW(op(id, 0, 1, 0));
  SHOW(op(id, 0, 1, 0));
  fflush(stdout);
  SHOW(op(id, 1, -1, 0));
  reap();
  fflush(stdout);
  op(id, 0, 5, 0);
  if (fork() == 0) {
    op(id, 0, -3, SEM_UNDO);
    op(id, 1, 4, SEM_UNDO);
    op(id, 0, -1, 0);
    _exit(semctl(id, 0, GETVAL) * 16 + semctl(id, 1, GETVAL));
  }
  reap();
  printf("after its end %d %d\n", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
  fflush(stdout);
  if (fork() == 0) {
    op(id, 0, -2, SEM_UNDO);
    semctl(id, 0, SETVAL, 9);
    raise(SIGKILL);
  }
  reap();
  printf("SETVAL forgets the undo: %d\n", semctl(id, 0, GETVAL));
  semctl(id, 1, SETVAL, 5);
  if (fork() == 0) {
    semctl(id, 0, SETVAL, 0);
    op(id, 0, 32767, SEM_UNDO);
    op(id, 0, -32767, 0);
    struct sembuf both[] = {{1, 1, SEM_UNDO}, {0, 2, SEM_UNDO}}; /* the second's undo would not fit */
    SHOW(semop(id, both, 2));
    printf("as before %d %d\n", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
    fflush(stdout);
    _exit(0);
  }
  reap();
  printf("undone nothing of what was not done: %d\n", semctl(id, 1, GETVAL));
  semctl(id, 1, SETVAL, 0);
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  ualarm(20000, 0);
  SHOW(op(id, 1, -1, 0));
  fflush(stdout);
  if (fork() == 0) {
    pause_a_bit(20);
    semctl(id, 0, IPC_RMID);
    _exit(0);
  }
  SHOW(op(id, 1, -1, 0));
  reap();
  SHOW(op(id, 1, -1, 0));
}

struct message {
  long type;
  char text[64];
};

static int put(int id, long type, const char *text, int flags) {
  struct message message = {type, ""};
  strcpy(message.text, text);
  return msgsnd(id, &message, strlen(text) + 1, flags);
}

static void take(int id, long type, size_t size, int flags) {
  struct message message = {0, ""};
  errno = 0;
  long length = msgrcv(id, &message, size, type, flags);
  if (length < 0) printf("msgrcv %ld = %s\n", type, strerrorname_np(errno));
  else printf("msgrcv %ld = %ld: type %ld '%.10s'\n", type, length, message.type, message.text);
}

static void messages(void) {
  SECTION("messages: order, types, errors");
  SHOW(msgget(KEY, 0));
  int id = msgget(KEY, IPC_CREAT | 0600);
  SHOW(msgget(KEY, IPC_CREAT | IPC_EXCL | 0600));
  SHOW(put(id, 0, "zero", 0));
  SHOW(put(id, -1, "less", 0));
  SHOW(put(-1, 1, "nowhere", 0));
  for (int i = 0; i < 6; i++) put(id, 1 + i * 7 % 5, (const char *[]){"a", "bb", "ccc", "dddd", "eeeee", "ffffff"}[i], 0);
  struct msqid_ds state;
  SHOW(msgctl(id, IPC_STAT, &state));
  printf("%lu messages, %lu of %lu bytes, sender %d\n", state.msg_qnum, state.__msg_cbytes, state.msg_qbytes,
         state.msg_lspid == getpid());
  take(id, 3, 64, MSG_COPY | IPC_NOWAIT);
  take(id, 99, 64, MSG_COPY | IPC_NOWAIT);
  take(id, 0, 64, MSG_COPY);
  take(id, 3, 64, 0);
  take(id, -2, 64, 0);
  take(id, 1, 64, MSG_EXCEPT);
  take(id, 0, 2, 0);
  take(id, 0, 2, MSG_NOERROR);
  take(id, 0, 64, 0);
  take(id, 0, 64, 0);
  take(id, 0, 64, IPC_NOWAIT);
  static struct { long type; char text[9000]; } large = {1, ""};
  SHOW(msgsnd(id, &large, 8193, 0));
  SHOW(msgsnd(id, &large, 8192, IPC_NOWAIT));
  SHOW(msgsnd(id, &large, 8192, IPC_NOWAIT));
  SHOW(msgsnd(id, &large, 1, IPC_NOWAIT));
  SHOW(msgsnd(id, NULL, 1, IPC_NOWAIT));
  SHOW(msgrcv(id, NULL, 1, 0, IPC_NOWAIT));
  SHOW(msgctl(id, IPC_RMID, NULL));
  SHOW(msgctl(id, IPC_STAT, &state));
}

static void message_waits(void) {
  SECTION("messages: waiting, removal, signals");
  int id = msgget(IPC_PRIVATE, 0600);
  fflush(stdout);
  if (fork() == 0) {
    take(id, 5, 64, 0);
    fflush(stdout);
    put(id, 6, "answer", 0);
    _exit(0);
  }
  pause_a_bit(20);
  put(id, 4, "not for it", 0);
  put(id, 5, "question", 0);
  take(id, 6, 64, 0);
  reap();
  ualarm(20000, 0);
  take(id, 77, 64, 0);
  fflush(stdout);
  if (fork() == 0) {
    pause_a_bit(20);
    msgctl(id, IPC_RMID, NULL);
    _exit(0);
  }
  take(id, 77, 64, 0);
  reap();
}

static void segments(void) {
  SECTION("segments");
  SHOW(shmget(KEY, 0, 0));
  SHOW(shmget(KEY, 0, IPC_CREAT | 0600));
  int id = shmget(KEY, 10000, IPC_CREAT | 0600);
  SHOW(shmget(KEY, 20000, 0));
  printf("found %d\n", shmget(KEY, 100, 0) == id);
  SHOW(shmctl(id, 99, NULL));
  char *at = shmat(id, NULL, 0);
  SHOW_OK(at == (void *)-1 ? -1 : 0);
  strcpy(at + 9000, "hello");
  char *again = shmat(id, NULL, SHM_RDONLY);
  printf("two places: %d '%s'\n", at != again, again + 9000);
  SHOW(mprotect(again, 4096, PROT_READ | PROT_WRITE));
  SHOW(mprotect(at, 4096, PROT_READ | PROT_WRITE));
  SHOW(shmat(id, at, 0) == (void *)-1 ? -1 : 0);
  SHOW(shmat(id, at + 1, 0) == (void *)-1 ? -1 : 0);
  SHOW(shmat(id, NULL, SHM_REMAP) == (void *)-1 ? -1 : 0);
  SHOW(shmat(-1, NULL, 0) == (void *)-1 ? -1 : 0);
  SHOW(shmdt(again));
  void *room = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("remapped %d\n", shmat(id, room + 4096, SHM_REMAP) == room + 4096);
  printf("rounded %d\n", shmat(id, room + 32768 + 5, SHM_RND | SHM_REMAP) == room + 32768);
  printf("'%s' '%s'\n", (char *)room + 4096 + 9000, (char *)room + 32768 + 9000);
  struct shmid_ds state;
  SHOW(shmctl(id, IPC_STAT, &state));
  printf("size %lu attached %lu mode %o creator %d last %d\n", state.shm_segsz, state.shm_nattch, state.shm_perm.mode,
         state.shm_cpid == getpid(), state.shm_lpid == getpid());
  fflush(stdout);
  if (fork() == 0) {
    shmctl(id, IPC_STAT, &state);
    printf("child sees %lu attached, '%s'\n", state.shm_nattch, at + 9000);
    fflush(stdout);
    strcpy(at, "from the child");
    for (int i = 0; i < 1000; i++) __atomic_fetch_add((int *)(at + 4096), 1, __ATOMIC_SEQ_CST);
    _exit(0);
  }
  for (int i = 0; i < 1000; i++) __atomic_fetch_add((int *)(at + 4096), 1, __ATOMIC_SEQ_CST);
  reap();
  printf("'%s' %d\n", at, *(int *)(at + 4096));
  SHOW(shmdt(room + 4096));
  SHOW(shmdt(room + 4096));
  SHOW(shmdt(at + 4096));
  SHOW(shmctl(id, IPC_RMID, NULL));
  SHOW(shmctl(id, IPC_STAT, &state));
  printf("attached %lu mode %o key %d\n", state.shm_nattch, state.shm_perm.mode, state.shm_perm.__key);
  SHOW(shmget(KEY, 0, 0));
  printf("still there '%s'\n", at);
  SHOW(shmdt(room + 32768));
  SHOW(shmdt(at));
  SHOW(shmctl(id, IPC_STAT, &state));
  SHOW(shmat(id, NULL, 0) == (void *)-1 ? -1 : 0);
}

int main(void) {
  alarm(60);
  int left;
  if ((left = semget(KEY, 0, 0)) >= 0) semctl(left, 0, IPC_RMID);
  if ((left = msgget(KEY, 0)) >= 0) msgctl(left, IPC_RMID, NULL);
  if ((left = shmget(KEY, 0, 0)) >= 0) shmctl(left, IPC_RMID, NULL);
  semaphore_errors();
  semaphore_values();
  semaphore_waits();
  messages();
  message_waits();
  segments();
  return 0;
}
