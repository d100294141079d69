/* Flags that few programs use: of pipes, renames, mappings, advice, epoll, openat2, statx, keys. Works in the folder
   given as argument. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static void packets(void) {
  SECTION("pipes of packets");
  int p[2];
  char b[8192] = {0}, big[6000];
  SHOW(pipe2(p, O_DIRECT | O_NONBLOCK));
  SHOW(write(p[1], "one", 3));
  SHOW(write(p[1], "three", 5));
  SHOW(write(p[1], "lost", 4));
  SHOW(read(p[0], b, 100));
  SHOW(read(p[0], b, 2));
  printf("%.2s\n", b);
  SHOW(read(p[0], b, 100));
  SHOW(read(p[0], b, 100));
  memset(big, 'x', sizeof big);
  SHOW(write(p[1], big, sizeof big));
  SHOW(read(p[0], b, sizeof b));
  SHOW(read(p[0], b, sizeof b));
  SHOW(fcntl(p[1], F_SETFL, O_NONBLOCK));
  SHOW(write(p[1], "ab", 2));
  SHOW(write(p[1], "cd", 2));
  SHOW(fcntl(p[1], F_SETFL, O_NONBLOCK | O_DIRECT));
  SHOW(write(p[1], "ef", 2));
  SHOW(write(p[1], "gh", 2));
  SHOW(read(p[0], b, 4));
  SHOW(read(p[0], b, 100));
  SHOW(read(p[0], b, 100));
  close(p[0]), close(p[1]);
}

static void names(void) {
  SECTION("whiteouts");
  struct stat st;
  close(open("a", O_CREAT | O_WRONLY, 0644));
  SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT | RENAME_EXCHANGE));
  SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 8));
  SHOW(renameat2(AT_FDCWD, "none", AT_FDCWD, "b", RENAME_WHITEOUT));
  if (renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT) == 0) {
    lstat("a", &st);
    printf("%o %u:%u\n", st.st_mode, major(st.st_rdev), minor(st.st_rdev));
  }
  SHOW(access("b", F_OK));
  unlink("a"), unlink("b");
  SECTION("birth");
  struct statx x;
  int fd = open("c", O_CREAT | O_RDWR, 0644);
  fstat(fd, &st);
  SHOW(statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &x));
  printf("told %d, before the change %d, not long ago %d\n", (x.stx_mask & STATX_BTIME) != 0,
         x.stx_btime.tv_sec <= x.stx_ctime.tv_sec, st.st_ctime - x.stx_btime.tv_sec <= 1);
  SECTION("openat2");
  struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_CACHED};
  int got = syscall(SYS_openat2, AT_FDCWD, "c", &how, sizeof how);
  printf("%d\n", got >= 0);
  how.flags = O_CREAT | O_RDWR, how.mode = 0600;
  SHOW(syscall(SYS_openat2, AT_FDCWD, "d", &how, sizeof how));
  how.flags = O_RDONLY, how.mode = 0;
  SHOW(syscall(SYS_openat2, AT_FDCWD, "none", &how, sizeof how));
  SECTION("fallocate");
  SHOW(fallocate(fd, 0x40, 0, 4096));
  SHOW(fallocate(fd, 0x80 | 0x40, 0, 4096));
  close(fd), close(got), unlink("c");
}

static void memory(void) {
  SECTION("mremap");
  char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(p, "moved"), strcpy(p + 8192, "too");
  SHOW_OK(syscall(SYS_mremap, p, 16384, 16384, MREMAP_DONTUNMAP, 0));
  SHOW_OK(syscall(SYS_mremap, p, 16384, 8192, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0));
  char *q = (char *)syscall(SYS_mremap, p, 16384, 16384, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
  printf("%s %s, left '%s' '%s', elsewhere %d\n", q, q + 8192, p, p + 8192, p != q);
  strcpy(p, "again");
  printf("%s %s\n", p, q);
  munmap(q, 16384);
  SECTION("madvise");
  SHOW(madvise(p, 4096, 10));
  SHOW(madvise(p + 4096, 4096, 18));
  strcpy(p, "parent's"), strcpy(p + 4096, "wiped"), strcpy(p + 8192, "copied");
  fflush(stdout);
  if (fork() == 0) {
    unsigned char in;
    printf("child: there %d, '%s' '%s'\n", mincore(p, 4096, &in) == 0, p + 4096, p + 8192), fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  printf("parent: '%s' '%s'\n", p, p + 4096);
  SHOW(madvise(p, 4096, 11));
  SHOW(madvise(p + 4096, 4096, 19));
  fflush(stdout);
  if (fork() == 0) printf("child: '%s' '%s'\n", p, p + 4096), fflush(stdout), _exit(0);
  wait(NULL);
  SHOW(madvise(p, 4096, 77));
  SHOW(madvise(p + 1, 4096, MADV_NORMAL));
  SHOW(madvise(p, 16384, MADV_WILLNEED));
  SHOW(madvise(p, 16384, MADV_COLD));
  SHOW(madvise(p, 0, MADV_RANDOM));
  munmap(p, 4096);
  SHOW(madvise(p, 8192, MADV_NORMAL));
  SHOW(madvise(p + 4096, 4096, MADV_FREE));
  SHOW(madvise(p + 4096, 4096, MADV_REMOVE));
  char *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SHOW(madvise(s, 4096, MADV_FREE));
  SHOW(madvise(s, 4096, 18));
  SHOW(madvise(s, 4096, MADV_REMOVE));
  SECTION("keys");
  SHOW(syscall(SYS_pkey_alloc, 1, 0));
  SHOW(syscall(SYS_pkey_alloc, 0, 8));
  SHOW(syscall(SYS_pkey_mprotect, s, 4096, PROT_READ, 5));
  SHOW(syscall(SYS_pkey_free, 5));
  SECTION("CPUID");
  SHOW(syscall(SYS_arch_prctl, 0x1011, 0));
}

static void interests(void) {
  SECTION("EPOLLEXCLUSIVE");
  int ep = epoll_create1(0), other = epoll_create1(0), e = eventfd(1, 0), f = eventfd(1, 0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE}, got;
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, e, &event));
  SHOW(epoll_wait(ep, &got, 1, 0));
  SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, e, &event));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, other, &event));
  event.events = EPOLLIN;
  SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, e, &event));
  event.events = EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE;
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, f, &event));
  SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, e, NULL));
  SECTION("timerfd");
  int t = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  struct itimerspec far = {{0, 0}, {0x7fffffff, 0}};
  uint64_t count;
  SHOW(timerfd_settime(t, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL));
  SHOW(read(t, &count, 8));
  SHOW(timerfd_settime(t, 8, &far, NULL));
  SECTION("huge pages");
  SHOW(shmget(IPC_PRIVATE, 2 << 20, SHM_HUGETLB | IPC_CREAT | 0600));
}

/* They seek wherever one likes, and stay where they are. */
static void memory_devices(void) {
  const char *paths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};
  for (int i = 0; i < 4; i++) {
    SECTION(paths[i]);
    int fd = open(paths[i], O_RDWR);
    SHOW(lseek(fd, 1L << 62, SEEK_SET));
    SHOW(lseek(fd, -5, SEEK_END));
    SHOW(lseek(fd, 5, SEEK_DATA));
    SHOW(lseek(fd, 5, 99));
    char byte;
    SHOW(pread(fd, &byte, 1, 1L << 62));
    SHOW(lseek(fd, 0, SEEK_CUR));
    close(fd);
  }
}

/* Advice about a part of a file, and bringing a part of it to the disk. */
static void parts_of_files(void) {
  int f = open("part", O_RDWR | O_CREAT, 0600), path = open("part", O_PATH), pair[2], ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pipe(ends);
  write(f, "some bytes", 10);
  SECTION("sync_file_range");
  const int all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  SHOW(sync_file_range(f, 0, 0, all));
  SHOW(sync_file_range(f, 2, 3, SYNC_FILE_RANGE_WRITE));
  SHOW(sync_file_range(f, 1L << 40, 1L << 40, 0));
  SHOW(sync_file_range(f, 0, 5, 8));
  SHOW(sync_file_range(f, -1, 5, all));
  SHOW(sync_file_range(f, 1, -2, all));
  SHOW(sync_file_range(f, LONG_MAX, 1, all));
  SHOW(sync_file_range(ends[0], 0, 1, all));
  SHOW(sync_file_range(pair[0], 0, 1, all));
  SHOW(sync_file_range(path, 0, 1, all));
  SHOW(sync_file_range(-1, 0, 1, 8));
  int folder = open(".", O_RDONLY), null = open("/dev/null", O_RDWR);
  SHOW(sync_file_range(folder, 0, 1, all));
  SHOW(sync_file_range(null, 0, 1, all));
  SECTION("syncfs");
  SHOW(syncfs(path));
  SHOW(syncfs(ends[0]));
  SECTION("posix_fadvise");
  SHOW(posix_fadvise(f, 0, -1, POSIX_FADV_NORMAL));
  SHOW(posix_fadvise(f, -1, 1, POSIX_FADV_WILLNEED));
  SHOW(posix_fadvise(f, 0, 0, 6));
  SHOW(posix_fadvise(ends[0], 0, 0, 6));
  SHOW(posix_fadvise(pair[0], 0, 0, POSIX_FADV_RANDOM));
  SHOW(posix_fadvise(null, 0, 0, POSIX_FADV_RANDOM));
  SHOW(posix_fadvise(folder, 0, 0, POSIX_FADV_DONTNEED));
  SHOW(posix_fadvise(path, 0, 0, POSIX_FADV_RANDOM));
  SECTION("readahead");
  SHOW(readahead(f, -1, 1));
  SHOW(readahead(folder, 0, 1));
  SHOW(readahead(null, 0, 1));
  SHOW(readahead(pair[0], 0, 1));
  SHOW(readahead(path, 0, 1));
  unlink("part");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  sprintf(folder, "%s/rarely-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 3;
  packets();
  names();
  memory();
  interests();
  memory_devices();
  parts_of_files();
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
