/* MAP_SHARED between programs and within one: mappings, read and write, futexes, memfd, truncation. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096
#define SIZE (8 * PAGE)
static const char *folder;

static char *map(int fd, size_t size, int prot) { return mmap(NULL, size, prot, MAP_SHARED, fd, 0); }

static void wait_all(int count) {
  for (int i = 0; i < count; i++) {
    int status;
    wait(&status);
    if (status != 0) printf("child: %#x\n", status);
  }
}

static void parent_and_child(void) {
  SECTION("anonymous, parent and two children");
  volatile int *shared = (void *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  volatile int *own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  shared[0] = 1;
  own[0] = 1;
  fflush(stdout);
  for (int i = 0; i < 2; i++) {
    if (fork() == 0) {
      for (int n = 0; n < 20000; n++) __atomic_fetch_add(&shared[0], 1, __ATOMIC_SEQ_CST);
      shared[1024 * (i + 1)] = 100 + i;
      own[0] = 99;
      _exit(0);
    }
  }
  for (int n = 0; n < 20000; n++) __atomic_fetch_add(&shared[0], 1, __ATOMIC_SEQ_CST);
  wait_all(2);
  printf("sum %d, pages %d %d, own %d\n", shared[0], shared[1024], shared[2048], own[0]);
}

static void ping_pong(void) {
  SECTION("ping-pong over a futex word");
  volatile int *word = (void *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  fflush(stdout);
  if (fork() == 0) {
    for (int i = 0; i < 200; i++) {
      while (word[0] == 0) syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
      word[1]++;
      word[0] = 0;
      syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    _exit(0);
  }
  for (int i = 0; i < 200; i++) {
    word[0] = 1;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (word[0] == 1) syscall(SYS_futex, word, FUTEX_WAIT, 1, NULL, NULL, 0);
  }
  wait_all(1);
  printf("rounds %d\n", word[1]);
}

static void process_shared_locks(void) {
  SECTION("process-shared mutex, condition, semaphore, robust mutex");
  struct {
    pthread_mutex_t mutex, robust;
    pthread_cond_t cond;
    sem_t sem;
    int value;
  } *s = (void *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&s->mutex, &a);
  pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&s->robust, &a);
  pthread_condattr_t c;
  pthread_condattr_init(&c);
  pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&s->cond, &c);
  sem_init(&s->sem, 1, 0);
  fflush(stdout);
  if (fork() == 0) {
    pthread_mutex_lock(&s->mutex);
    while (s->value != 1) pthread_cond_wait(&s->cond, &s->mutex);
    s->value = 2;
    pthread_mutex_unlock(&s->mutex);
    pthread_mutex_lock(&s->robust);
    sem_post(&s->sem);
    usleep(20000);
    _exit(0); /* with the robust mutex locked */
  }
  pthread_mutex_lock(&s->mutex);
  s->value = 1;
  pthread_cond_signal(&s->cond);
  pthread_mutex_unlock(&s->mutex);
  SHOW(sem_wait(&s->sem));
  printf("value %d\n", s->value);
  printf("robust: %s\n", strerrorname_np(pthread_mutex_lock(&s->robust)));
  SHOW(pthread_mutex_consistent(&s->robust));
  SHOW(pthread_mutex_unlock(&s->robust));
  wait_all(1);
}

static void file_mapping(void) {
  SECTION("file mapping against read and write");
  char path[300], text[32] = {0};
  snprintf(path, sizeof path, "%s/mapped", folder);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), other = open(path, O_RDWR);
  SHOW(write(fd, "0123456789", 10));
  SHOW(ftruncate(fd, SIZE));
  char *m = map(fd, SIZE, PROT_READ | PROT_WRITE);
  printf("mapped: %.10s\n", m);
  memcpy(m + 2, "AB", 2);
  SHOW(pread(other, text, 10, 0));
  printf("read: %s\n", text);
  SHOW(pwrite(other, "xyz", 3, 5));
  printf("mapped: %.10s\n", m);
  m[3 * PAGE] = 'q';
  SHOW(pread(other, text, 1, 3 * PAGE));
  printf("page 3: %c\n", text[0]);
  char *second = map(other, SIZE, PROT_READ | PROT_WRITE);
  second[0] = '!';
  printf("second mapping: %.10s %.10s\n", m, second);
  for (int i = 0; i < 100; i++) m[100]++, second[100]++;
  printf("counted %d %d\n", m[100], second[100]);
  char *private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  printf("private sees: %.10s\n", private);
  private[0] = '?';
  printf("and keeps to itself: %c %c\n", private[0], m[0]);
  fflush(stdout);
  if (fork() == 0) {
    m[1] = 'c';
    second[2 * PAGE] = 'd';
    SHOW(pread(other, text, 10, 0));
    printf("child reads: %s\n", text);
    fflush(stdout);
    _exit(0);
  }
  wait_all(1);
  printf("parent: %.10s %c\n", m, m[2 * PAGE]);
  SHOW(msync(m, SIZE, MS_SYNC));
  SHOW(msync(m, SIZE, MS_ASYNC | MS_SYNC));
  SHOW(munmap(second, SIZE));
  SHOW(munmap(m, SIZE));
  memset(text, 0, sizeof text);
  SHOW(pread(fd, text, 10, 0));
  printf("after munmap: %s\n", text);
  int readonly = open(path, O_RDONLY);
  SHOW_OK((long)map(readonly, PAGE, PROT_READ | PROT_WRITE));
  m = map(readonly, PAGE, PROT_READ);
  printf("read-only: %.10s\n", m);
  SHOW(pwrite(fd, "new", 3, 0));
  printf("read-only: %.10s\n", m);
  SHOW(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
}

static sigjmp_buf back;
static void on_fault(int s) { siglongjmp(back, s); }
static int touch(volatile char *p) {
  int s = sigsetjmp(back, 1);
  if (s == 0) (void)*p;
  return s;
}

static void truncation(void) {
  SECTION("truncation");
  signal(SIGBUS, on_fault);
  signal(SIGSEGV, on_fault);
  char path[300];
  snprintf(path, sizeof path, "%s/truncated", folder);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  ftruncate(fd, 3 * PAGE);
  char *m = map(fd, 4 * PAGE, PROT_READ | PROT_WRITE);
  m[0] = 'a', m[2 * PAGE] = 'b', m[200] = 'z';
  printf("beyond: %d\n", touch(m + 3 * PAGE) == SIGBUS);
  SHOW(ftruncate(fd, 100));
  printf("cut: %d %d %d %d\n", touch(m + 2 * PAGE) == SIGBUS, touch(m + PAGE) == SIGBUS, touch(m), m[200]);
  SHOW(ftruncate(fd, 4 * PAGE));
  printf("grown: %d %d %d %c\n", m[2 * PAGE], m[3 * PAGE], m[200], m[0]);
  m[PAGE] = 'p';
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
  printf("punched: %d %d\n", m[0], m[PAGE]);
  m[PAGE] = 'p';
  SHOW(madvise(m, 2 * PAGE, MADV_DONTNEED));
  printf("still there: %c\n", m[PAGE]);
  SHOW(madvise(m, 2 * PAGE, MADV_REMOVE));
  printf("removed: %d\n", m[PAGE]);
  m[0] = 'm';
  char *moved = mremap(m, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
  printf("moved: %c\n", moved[0]);
  char *again = mremap(moved, 0, PAGE, MREMAP_MAYMOVE);
  again[0] = 'n';
  printf("mapped twice by mremap: %c\n", moved[0]);
}

static void memory_files(void) {
  SECTION("memfd");
  SHOW(memfd_create("x", 0x100));
  int fd = memfd_create("name", MFD_ALLOW_SEALING);
  char link[100] = {0}, path[100];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  readlink(path, link, sizeof link - 1);
  printf("%s\n", link);
  SHOW(ftruncate(fd, 2 * PAGE));
  char *a = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE), *b = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE);
  strcpy(a, "through one");
  printf("%s\n", b);
  strcpy(b + PAGE, "through the other");
  printf("%s\n", a + PAGE);
  SHOW(fcntl(fd, F_GET_SEALS));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  munmap(a, 2 * PAGE);
  munmap(b, 2 * PAGE);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  SHOW(ftruncate(fd, 3 * PAGE));
  SHOW(pwrite(fd, "abc", 3, 2 * PAGE));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK));
  SHOW(pwrite(fd, "abc", 3, 0));
  SHOW(ftruncate(fd, 0));
  SHOW_OK((long)map(fd, PAGE, PROT_READ | PROT_WRITE));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
  SHOW(fcntl(fd, F_GET_SEALS));
  SHOW(fcntl(1, F_GET_SEALS));
  int plain = memfd_create("", 0);
  SHOW(fcntl(plain, F_GET_SEALS));
  SHOW(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW));
  /* code written through one mapping, run through another */
  unsigned char code[] = {0xb8, 1, 0, 0, 0, 0xc3};
  ftruncate(plain, PAGE);
  char *w = map(plain, PAGE, PROT_READ | PROT_WRITE), *x = map(plain, PAGE, PROT_READ | PROT_EXEC);
  int sum = 0;
  for (int i = 0; i < 20; i++) {
    code[1] = i;
    memcpy(w, code, sizeof code);
    sum += ((int (*)(void))(void *)x)();
  }
  printf("code: %d\n", sum);
}

static unsigned checksum(const unsigned char *bytes, int count) {
  unsigned sum = 1;
  for (int i = 0; i < count; i++) sum = sum * 31 + bytes[i];
  return sum;
}

/* Single instructions that read through one mapping of a page and write through another. */
static void two_views(void) {
  SECTION("one instruction, two views of one page");
  int fd = memfd_create("views", 0);
  ftruncate(fd, 3 * PAGE);
  unsigned char *a = (void *)map(fd, 3 * PAGE, PROT_READ | PROT_WRITE), *b = (void *)map(fd, 3 * PAGE, PROT_READ | PROT_WRITE);
  for (int i = 0; i < 3 * PAGE; i++) a[i] = i * 7;
  unsigned char *from = a + 100, *to = b + 2000;
  size_t count = 1000; /* no overlap: of that processors make what they like */
  asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  printf("movsb: %u, left %zu\n", checksum(b, 3 * PAGE), count);
  from = b + 4090, to = a + 8188, count = 20; /* both cross pages */
  asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
  printf("movsb over page ends: %u\n", checksum(b, 3 * PAGE));
  from = a + 8, to = b + 16;
  asm volatile("movsq" : "+S"(from), "+D"(to) : : "memory");
  from = a + 4092, to = b + 4090;
  asm volatile("movsq" : "+S"(from), "+D"(to) : : "memory");
  printf("movsq: %u\n", checksum(a, 3 * PAGE));
  from = a, to = b, count = 3 * PAGE;
  asm volatile("repe cmpsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory", "cc");
  printf("cmpsb: left %zu\n", count);
  unsigned char *stack = b + 2048;
  asm volatile("mov %%rsp, %%r12\n\tmov %0, %%rsp\n\tpushq 64(%1)\n\tpopq 72(%1)\n\tpushq 8(%1)\n\tmov %%r12, %%rsp"
               : : "r"(stack), "r"(a) : "r12", "memory");
  printf("push and pop: %u\n", checksum(b, 3 * PAGE));
}

static void named_semaphore(void) {
  SECTION("sem_open, shm_open");
  sem_unlink("/osv-test");
  sem_t *s = sem_open("/osv-test", O_CREAT | O_EXCL, 0600, 0);
  if (s == SEM_FAILED) {
    printf("sem_open: %s\n", strerrorname_np(errno));
    return;
  }
  fflush(stdout);
  if (fork() == 0) {
    sem_t *mine = sem_open("/osv-test", 0);
    sem_post(mine);
    sem_post(mine);
    _exit(0);
  }
  SHOW(sem_wait(s));
  SHOW(sem_wait(s));
  wait_all(1);
  SHOW(sem_trywait(s));
  SHOW(sem_unlink("/osv-test"));
  int fd = shm_open("/osv-shm", O_RDWR | O_CREAT, 0600);
  SHOW(ftruncate(fd, PAGE));
  char *m = map(fd, PAGE, PROT_READ | PROT_WRITE);
  strcpy(m, "shared");
  fflush(stdout);
  if (fork() == 0) {
    char *mine = map(shm_open("/osv-shm", O_RDWR, 0), PAGE, PROT_READ | PROT_WRITE);
    printf("child: %s\n", mine);
    strcpy(mine, "changed");
    fflush(stdout);
    _exit(0);
  }
  wait_all(1);
  printf("parent: %s\n", m);
  SHOW(shm_unlink("/osv-shm"));
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : "/tmp";
  setvbuf(stdout, NULL, _IOLBF, 0);
  parent_and_child();
  ping_pong();
  process_shared_locks();
  file_mapping();
  truncation();
  memory_files();
  two_views();
  named_semaphore();
  return 0;
}
