/* Memory: mmap, munmap, mprotect, mremap, madvise, mlock, mincore, msync, protection keys, System V segments. */
#include "call.h"
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096ul
#define FAR ((void *)0x7fffffff0000)
#define ANYWHERE (MAP_PRIVATE | MAP_ANONYMOUS)

static int file, readable, writable, appending, folder, pipes[2], path_only;
static char *page, *hole;

static void mapping(void) {
  SECTION("mmap");
  CALL(mmap, NULL, 0, PROT_READ, ANYWHERE, -1, 0);
  CALL(mmap, NULL, -1ul, PROT_READ, ANYWHERE, -1, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 10);
  CALL(mmap, page + 1, PAGE, PROT_READ, ANYWHERE | MAP_FIXED, -1, 0);
  CALL(mmap, page, PAGE, PROT_READ, ANYWHERE | MAP_FIXED_NOREPLACE, -1, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, NO_FD, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, path_only, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, writable, 0);
  CALL(mmap, NULL, PAGE, PROT_WRITE, MAP_SHARED, readable, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0);
  CALL(mmap, NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_GROWSDOWN, file, 0);
  CALL(mmap, NULL, PAGE * 2, PROT_READ, MAP_PRIVATE, file, (1ul << 63) - PAGE);
  CALL(mmap, NULL, 1ul << 46, PROT_READ | PROT_WRITE, ANYWHERE, -1, 0);
  CALL(munmap, page + 1, PAGE);
  CALL(munmap, page, 0);
  CALL(munmap, (void *)-4096l, PAGE);
  IN_CHILD({
    limit_to(RLIMIT_AS, 1 << 20);
    CALL(mmap, NULL, 1 << 24, PROT_READ, ANYWHERE, -1, 0);
    CALL(mremap, page, PAGE, 1 << 24, MREMAP_MAYMOVE);
  });
  IN_CHILD({
    limit_to(RLIMIT_DATA, 1 << 16);
    CALL(mmap, NULL, 1 << 24, PROT_READ | PROT_WRITE, ANYWHERE, -1, 0);
  });
  SECTION("mprotect");
  CALL(mprotect, page + 1, PAGE, PROT_READ);
  CALL(mprotect, page, PAGE, 0x10000);
  CALL(mprotect, page, PAGE, PROT_GROWSDOWN | PROT_GROWSUP);
  CALL(mprotect, hole, PAGE, PROT_READ);
  CALL(mprotect, page, PAGE * 3, PROT_READ | PROT_WRITE);
  char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readable, 0);
  CALL(mprotect, shared, PAGE, PROT_READ | PROT_WRITE);
  CALL(pkey_mprotect, page + 1, PAGE, PROT_READ, -1);
  CALL(pkey_mprotect, hole, PAGE, PROT_READ, -1);
  CALL(pkey_mprotect, shared, PAGE, PROT_READ | PROT_WRITE, -1);
  CALL(pkey_mprotect, page, PAGE, PROT_READ, 77);
  CALL(pkey_alloc, 1, 0);
  CALL(pkey_alloc, 0, 77);
  CALL(pkey_free, 77);
  while (syscall(SYS_pkey_alloc, 0, 0) >= 0) {} /* as many as the processor has */
  CALL(pkey_alloc, 0, 0);
  SECTION("mremap");
  CALL(mremap, page + 1, PAGE, PAGE * 2, 0);
  CALL(mremap, page, PAGE, 0, 0);
  CALL(mremap, page, PAGE, PAGE * 2, 0x100);
  CALL(mremap, page, PAGE, PAGE * 2, MREMAP_FIXED, hole);
  CALL(mremap, page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page);
  CALL(mremap, page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, hole + 1);
  CALL(mremap, page, 0, PAGE, MREMAP_MAYMOVE);
  CALL(mremap, hole, PAGE, PAGE * 2, MREMAP_MAYMOVE);
  char *two = mmap(NULL, PAGE * 2, PROT_READ, ANYWHERE, -1, 0);
  CALL(mremap, two, PAGE, PAGE * 2, 0);
  SECTION("madvise");
  CALL(madvise, page + 1, PAGE, MADV_NORMAL);
  CALL(madvise, page, PAGE, 9999);
  CALL(madvise, page, -1ul, MADV_NORMAL);
  CALL(madvise, hole, PAGE, MADV_NORMAL);
  CALL(madvise, hole, PAGE, MADV_WILLNEED);
  CALL(madvise, page, PAGE, MADV_WILLNEED);
  CALL(madvise, shared, PAGE, MADV_FREE);
  CALL(madvise, shared, PAGE, MADV_REMOVE);
  int short_file = memfd_create("short", 0);
  char *beyond = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, short_file, 0);
  CALL(madvise, beyond, PAGE, MADV_POPULATE_READ);
  mlock(page, PAGE);
  CALL(madvise, page, PAGE, MADV_DONTNEED);
  munlock(page, PAGE);
  SECTION("mincore, msync");
  unsigned char vector[4];
  CALL(mincore, page + 1, PAGE, vector);
  CALL(mincore, page, PAGE, BAD);
  CALL(mincore, hole, PAGE, vector);
  CALL(mincore, page, -1ul, vector);
  CALL(msync, page + 1, PAGE, MS_SYNC);
  CALL(msync, page, PAGE, 77);
  CALL(msync, page, PAGE, MS_SYNC | MS_ASYNC);
  CALL(msync, hole, PAGE, MS_SYNC);
  mlock(shared, PAGE);
  CALL(msync, shared, PAGE, MS_SYNC | MS_INVALIDATE);
  munlock(shared, PAGE);
}

static void locking(void) {
  SECTION("mlock");
  CALL(mlock, hole, PAGE);
  CALL(mlock, (void *)-4096l, PAGE * 2);
  CALL(mlock2, hole, PAGE, 0);
  CALL(mlock2, page, PAGE, 8);
  CALL(mlock2, (void *)-4096l, PAGE * 2, 0);
  CALL(munlock, hole, PAGE);
  CALL(munlock, (void *)-4096l, PAGE * 2);
  CALL(mlockall, 0);
  CALL(mlockall, 64);
  CALL(mlockall, MCL_ONFAULT);
  IN_CHILD({
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    become_nobody();
    CALL(mlock, page, PAGE);
    CALL(mlock2, page, PAGE, 0);
    CALL(mlockall, MCL_CURRENT);
    CALL(mmap, NULL, PAGE, PROT_READ, ANYWHERE | MAP_LOCKED, -1, 0);
  });
  IN_CHILD({
    struct rlimit few = {PAGE, PAGE};
    setrlimit(RLIMIT_MEMLOCK, &few);
    become_nobody();
    char *pages = mmap(NULL, PAGE * 4, PROT_READ | PROT_WRITE, ANYWHERE, -1, 0);
    CALL(mlock, pages, PAGE * 4);
    CALL(mlock2, pages, PAGE * 4, 0);
    CALL(mlockall, MCL_CURRENT);
    CALL(mmap, NULL, PAGE * 4, PROT_READ, ANYWHERE | MAP_LOCKED, -1, 0);
    CALL(mlock, pages, PAGE);
    CALL(mremap, pages, PAGE, PAGE * 8, MREMAP_MAYMOVE);
  });
}

static void segments(void) {
  key_t key = 0x7e570000 + getpid() % 0x8000;
  int id = shmget(key, PAGE, IPC_CREAT | 0600), gone = shmget(IPC_PRIVATE, PAGE, 0600);
  struct shmid_ds status;
  void *attached = shmat(id, NULL, 0);
  shmctl(gone, IPC_RMID, NULL);
  SECTION("segments");
  CALL(shmget, key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
  CALL(shmget, key, PAGE * 100, 0600);
  CALL(shmget, key + 1, PAGE, 0600);
  CALL(shmget, IPC_PRIVATE, 0, 0600);
  CALL(shmget, IPC_PRIVATE, -1ul, 0600);
  CALL(shmat, gone, NULL, 0);
  CALL(shmat, -1, NULL, 0);
  CALL(shmat, id, page + 1, 0);
  CALL(shmat, id, page, 0);
  CALL(shmat, id, NULL, SHM_REMAP);
  CALL(shmdt, page);
  CALL(shmdt, (char *)attached + 1);
  CALL(shmctl, gone, IPC_STAT, &status);
  CALL(shmctl, -1, IPC_STAT, &status);
  CALL(shmctl, id, 9999, &status);
  CALL(shmctl, id, IPC_STAT, BAD);
  CALL(shmctl, id, IPC_SET, BAD);
  AS_NOBODY({
    CALL(shmget, key, PAGE, 0600);
    CALL(shmat, id, NULL, 0);
    CALL(shmctl, id, IPC_STAT, &status);
    CALL(shmctl, id, IPC_RMID, NULL);
    status.shm_perm.mode = 0666;
    CALL(shmctl, id, IPC_SET, &status);
  });
  AS_NOBODY({
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    int own = shmget(IPC_PRIVATE, PAGE, 0600);
    CALL(shmctl, own, SHM_LOCK, NULL);
    CALL(shmget, IPC_PRIVATE, PAGE, SHM_HUGETLB | 0600);
    shmctl(own, IPC_RMID, NULL);
  });
  shmctl(id, IPC_RMID, NULL);
  CALL(shmget, key, PAGE, 0600);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  file = open("file", O_CREAT | O_RDWR, 0600), ftruncate(file, PAGE * 4), pipe(pipes);
  readable = open("file", O_RDONLY), writable = open("file", O_WRONLY), path_only = open("file", O_PATH);
  mkdir("folder", 0755), folder = open("folder", O_RDONLY);
  /* One page where no other mapping comes by itself, and nothing behind it. */
  page = mmap((void *)0x8000000, PAGE, PROT_READ | PROT_WRITE, ANYWHERE | MAP_FIXED, -1, 0);
  hole = page + PAGE;
  mapping();
  locking();
  segments();
  leave_work_folder();
  return 0;
}
