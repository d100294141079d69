/* Errors of futex, of its newer relatives that all kernels here have, of robust lists, rseq and membarrier. */
#include "call.h"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#define FUTEX_LOCK_PI2 13
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_rseq
#define SYS_rseq 334
#endif

static uint32_t word, other;
static struct timespec soon = {0, 1000000}, negative = {-1, 0}, large = {0, 1000000000};
#define ODD ((char *)&word + 1)

static void waits(void) {
  uint32_t *unreadable = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CALL(futex, &word, FUTEX_WAIT, 1, NULL);
  CALL(futex, &word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 1);
  CALL(futex, &word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0);
  CALL(futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0);
  CALL(futex, &word, FUTEX_WAIT, 0, &soon);
  CALL(futex, &word, FUTEX_WAIT, 0, &negative);
  CALL(futex, &word, FUTEX_WAIT, 0, &large);
  CALL(futex, &word, FUTEX_WAIT, 0, BAD);
  CALL(futex, &word, FUTEX_WAIT, 1, &negative);
  CALL(futex, &word, FUTEX_WAIT_BITSET, 0, &soon, NULL, 1);
  CALL(futex, &word, FUTEX_WAIT_BITSET, 0, &negative, NULL, 1);
  CALL(futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, 1);
  CALL(futex, &word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &soon);
  CALL(futex, &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0);
  CALL(futex, ODD, FUTEX_WAIT, 0, NULL);
  CALL(futex, ODD, FUTEX_WAKE, 1);
  CALL(futex, BAD, FUTEX_WAIT, 0, NULL);
  CALL(futex, BAD, FUTEX_WAKE, 1);
  CALL(futex, BAD, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL);
  CALL(futex, BAD, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
  CALL(futex, -4096L, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
  CALL(futex, unreadable, FUTEX_WAIT, 0, NULL);
  CALL(futex, unreadable, FUTEX_WAKE, 1);
  CALL(futex, &word, 99, 0);
  CALL(futex, &word, FUTEX_FD, 0);
  CALL(futex, ODD, 99, 0);
  CALL(futex, &word, FUTEX_WAKE, 1);
}

static void moves(void) {
  CALL(futex, &word, FUTEX_REQUEUE, 1, 1, ODD);
  CALL(futex, ODD, FUTEX_REQUEUE, 1, 1, &other);
  CALL(futex, &word, FUTEX_REQUEUE, 1, 1, BAD);
  CALL(futex, BAD, FUTEX_REQUEUE, 1, 1, &word);
  CALL(futex, &word, FUTEX_REQUEUE, -1, 1, &other);
  CALL(futex, &word, FUTEX_REQUEUE, 1, -1, &other);
  CALL(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 1);
  CALL(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, ODD, 1);
  CALL(futex, &word, FUTEX_CMP_REQUEUE, -1, 1, &other, 1);
  CALL(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, BAD, 0);
  CALL(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 0);
  CALL(futex, &word, FUTEX_WAKE_OP, 1, 1, ODD, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0));
  CALL(futex, &word, FUTEX_WAKE_OP, 1, 1, BAD, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0));
  CALL(futex, BAD, FUTEX_WAKE_OP, 1, 1, &word, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0));
  CALL(futex, &word, FUTEX_WAKE_OP, 1, 1, &other, FUTEX_OP(7, 0, FUTEX_OP_CMP_EQ, 0));
  CALL(futex, &word, FUTEX_WAKE_OP, 1, 1, &other, FUTEX_OP(FUTEX_OP_SET, 0, 15, 0));
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 2, 1, &other, 0);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 1, &word, 0);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 1, &other, 1);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 1, -1, &other, 0);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 1, ODD, 0);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PI, 1, 1, BAD, 0);
  CALL(futex, &word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &other);
  CALL(futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &word);
  CALL(futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, ODD);
  CALL(futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, BAD);
  CALL(futex, &word, FUTEX_WAIT_REQUEUE_PI, 0, &soon, &other);
}

static pid_t child;
static void locks(void) {
  uint32_t self = (uint32_t)getpid();
  word = self;
  CALL(futex, &word, FUTEX_LOCK_PI, 0, NULL);
  CALL(futex, &word, FUTEX_LOCK_PI2, 0, NULL);
  CALL(futex, &word, FUTEX_TRYLOCK_PI, 0, NULL);
  word = 1 << 29;
  CALL(futex, &word, FUTEX_LOCK_PI, 0, NULL);
  CALL(futex, &word, FUTEX_TRYLOCK_PI, 0, NULL);
  CALL(futex, &word, FUTEX_UNLOCK_PI, 0);
  word = 0;
  CALL(futex, &word, FUTEX_UNLOCK_PI, 0);
  CALL(futex, &word, FUTEX_LOCK_PI, 0, &large);
  CALL(futex, &word, FUTEX_LOCK_PI, 0, BAD);
  CALL(futex, &word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL);
  CALL(futex, ODD, FUTEX_LOCK_PI, 0, NULL);
  CALL(futex, BAD, FUTEX_LOCK_PI, 0, NULL);
  CALL(futex, BAD, FUTEX_TRYLOCK_PI, 0, NULL);
  CALL(futex, ODD, FUTEX_UNLOCK_PI, 0, NULL);
  CALL(futex, BAD, FUTEX_UNLOCK_PI, 0, NULL);
  word = (uint32_t)child;
  CALL(futex, &word, FUTEX_TRYLOCK_PI, 0, NULL);
  CALL(futex, &word, FUTEX_LOCK_PI, 0, &soon);
  CALL(futex, &word, FUTEX_UNLOCK_PI, 0, NULL);
  CALL(futex, &other, FUTEX_CMP_REQUEUE_PI, 1, 1, &word, 0);
}

/* Another thread waits, in a way that does not go with what is asked of its word (futex(2), EINVAL). */
static uint32_t waited;
static pid_t waiter_id;
static void *wait_plainly(void *operation) {
  waiter_id = gettid();
  RAW(futex, &waited, (intptr_t)operation, waited, NULL, &other);
  return NULL;
}
static pthread_t start_waiter(long operation) {
  pthread_t thread;
  waiter_id = 0;
  pthread_create(&thread, NULL, wait_plainly, (void *)operation);
  for (char state = 0; state != 'S';) {
    char path[100], text[300] = {0};
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", *(volatile pid_t *)&waiter_id);
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    read(fd, text, sizeof text - 1);
    close(fd);
    char *end_of_name = strrchr(text, ')');
    state = end_of_name == NULL ? 0 : end_of_name[2];
    usleep(1000);
  }
  return thread;
}
static void mixtures(void) {
  waited = 0;
  pthread_t thread = start_waiter(FUTEX_WAIT);
  other = 0;
  CALL(futex, &waited, FUTEX_CMP_REQUEUE_PI, 1, 1, &other, 0);
  waited = (uint32_t)gettid();
  CALL(futex, &waited, FUTEX_UNLOCK_PI, 0);
  CALL(futex, &waited, FUTEX_WAKE, 1);
  pthread_join(thread, NULL);
  waited = (uint32_t)gettid();
  thread = start_waiter(FUTEX_LOCK_PI);
  CALL(futex, &waited, FUTEX_WAKE, 1);
  CALL(futex, &waited, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1);
  CALL(futex, &waited, FUTEX_REQUEUE, 1, 1, &other);
  uint32_t now = waited;
  CALL(futex, &waited, FUTEX_CMP_REQUEUE_PI, 1, 1, &other, now);
  CALL(futex, &waited, FUTEX_UNLOCK_PI, 0);
  pthread_join(thread, NULL);
}

struct wait {
  uint64_t value, address;
  uint32_t flags, reserved;
};
static void many_words(void) {
  struct wait waits[2] = {{1, (uintptr_t)&word, 2, 0}, {0, (uintptr_t)&other, 2, 0}};
  struct timespec past = {1, 0};
  word = other = 0;
  CALL(futex_waitv, waits, 0, 0, NULL, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 129, 0, NULL, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 2, 1, NULL, CLOCK_MONOTONIC);
  CALL(futex_waitv, NULL, 2, 0, NULL, CLOCK_MONOTONIC);
  CALL(futex_waitv, BAD, 2, 0, NULL, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 2, 0, NULL, CLOCK_MONOTONIC);
  waits[0].value = 0;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_REALTIME);
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_BOOTTIME);
  CALL(futex_waitv, waits, 2, 0, &large, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 2, 0, &negative, CLOCK_MONOTONIC);
  CALL(futex_waitv, waits, 2, 0, BAD, CLOCK_MONOTONIC);
  waits[1].flags = 0;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
  waits[1].flags = 2, waits[1].reserved = 1;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
  waits[1].reserved = 0, waits[1].address = 8;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
  waits[1].address = (uintptr_t)ODD;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
  waits[1].address = (uintptr_t)&word, waits[1].value = 1ul << 32;
  CALL(futex_waitv, waits, 2, 0, &past, CLOCK_MONOTONIC);
}

static void lists(void) {
  void *head;
  size_t size;
  CALL(set_robust_list, NULL, 0);
  CALL(set_robust_list, NULL, 25);
  CALL(get_robust_list, 1 << 30, &head, &size);
  CALL(get_robust_list, -1, &head, &size);
  CALL(get_robust_list, 0, BAD, &size);
  CALL(get_robust_list, 0, &head, BAD);
  CALL(get_robust_list, 1 << 30, BAD, BAD);
  CALL(get_robust_list, getppid(), &head, &size);
}
static void lists_without_rights(void) {
  void *head;
  size_t size;
  CALL(get_robust_list, getppid(), &head, &size);
}

static void barriers(void) {
  CALL(membarrier, 1 << 30, 0, 0);
  CALL(membarrier, -1, 0, 0);
  CALL(membarrier, MEMBARRIER_CMD_QUERY, 1, 0);
  CALL(membarrier, MEMBARRIER_CMD_GLOBAL, 2, 0);
  CALL(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  CALL(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
  CALL(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
  CALL(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}


int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("waits");
  IN_CHILD(waits());
  SECTION("moves");
  IN_CHILD(moves());
  SECTION("locks");
  fflush(stdout);
  child = fork();
  if (child == 0) for (;;) pause();
  IN_CHILD(locks());
  signal_child(child, SIGKILL), waitpid(child, NULL, 0);
  SECTION("two uses of a word");
  IN_CHILD(mixtures());
  SECTION("futex_waitv");
  IN_CHILD(many_words());
  SECTION("robust lists");
  IN_CHILD(lists());
  AS_NOBODY(lists_without_rights());
  SECTION("membarrier, rseq");
  IN_CHILD(barriers());
  return 0;
}
