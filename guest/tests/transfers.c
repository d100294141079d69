/* splice, tee, vmsplice, preadv2, process_vm_readv, renameat2, openat2, copy_file_range, OFD locks, close_range. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static void splices(void) {
  SECTION("splice");
  int p[2], q[2];
  pipe(p), pipe(q);
  int f = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  write(f, "hello world", 11);
  char text[100] = {0};
  loff_t at = 6;
  SHOW(splice(f, &at, p[1], NULL, 100, 0));
  printf("offset %ld\n", (long)at);
  SHOW(read(p[0], text, sizeof text));
  printf("%s\n", text);
  SHOW(splice(f, NULL, p[1], NULL, 100, 0));
  lseek(f, 0, SEEK_SET);
  SHOW(splice(f, NULL, p[1], NULL, 5, 0));
  SHOW(lseek(f, 0, SEEK_CUR));
  SHOW(tee(p[0], q[1], 100, 0));
  SHOW(splice(p[0], NULL, q[1], NULL, 3, 0));
  memset(text, 0, sizeof text);
  SHOW(read(q[0], text, sizeof text));
  printf("%s\n", text);
  at = 20;
  SHOW(splice(p[0], NULL, f, &at, 100, 0));
  SHOW(lseek(f, 0, SEEK_END));
  SHOW(splice(p[0], NULL, f, NULL, 100, SPLICE_F_NONBLOCK));
  SHOW(splice(f, NULL, f, NULL, 1, 0));
  SHOW(splice(p[0], &at, f, NULL, 1, 0));
  SHOW(splice(p[0], NULL, p[1], NULL, 1, 0));
  SHOW(splice(p[0], NULL, f, NULL, 1, 0x100));
  SHOW(splice(99, NULL, p[1], NULL, 1, 0));
  SHOW(tee(f, p[1], 1, 0));
  struct iovec v[2] = {{"one ", 4}, {"two", 3}};
  SHOW(vmsplice(p[1], v, 2, 0));
  char a[3], b[10] = {0};
  struct iovec r[2] = {{a, 3}, {b, 9}};
  SHOW(vmsplice(p[0], r, 2, 0));
  printf("%.3s|%s\n", a, b);
  SHOW(vmsplice(f, v, 1, 0));
  close(p[1]);
  SHOW(splice(p[0], NULL, f, NULL, 100, 0));
  int append = open("file", O_WRONLY | O_APPEND);
  SHOW(splice(q[0], NULL, append, NULL, 1, SPLICE_F_NONBLOCK));
  signal(SIGPIPE, SIG_IGN);
  close(q[0]);
  SHOW(splice(f, &(loff_t){0}, q[1], NULL, 5, 0));
  SECTION("copy_file_range");
  int g = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
  at = 0;
  SHOW(copy_file_range(f, &at, g, NULL, 5, 0));
  SHOW(copy_file_range(f, &at, g, NULL, 1000, 0));
  SHOW(copy_file_range(f, &at, g, NULL, 1000, 0));
  SHOW(copy_file_range(f, NULL, append, NULL, 5, 0));
  SHOW(copy_file_range(f, NULL, g, NULL, 5, 1));
  SHOW(copy_file_range(f, &(loff_t){0}, f, &(loff_t){2}, 5, 0));
  SECTION("preadv2, pwritev2");
  struct iovec w = {"12345", 5};
  SHOW(pwritev2(g, &w, 1, 0, RWF_DSYNC));
  SHOW(pwritev2(g, &w, 1, 0, RWF_APPEND));
  SHOW(lseek(g, 0, SEEK_END));
  SHOW(pwritev2(g, &w, 1, -1, 0));
  SHOW(lseek(g, 0, SEEK_CUR));
  SHOW(preadv2(g, r, 2, 0, RWF_NOWAIT) >= -1);
  SHOW(preadv2(g, r, 2, 0, 0));
  printf("%.3s\n", a);
  SHOW(preadv2(g, r, 2, 0, 0x1000));
  pipe(p);
  SHOW(preadv2(p[0], r, 2, -1, RWF_NOWAIT));
  SHOW(preadv2(p[0], r, 2, 0, 0));
}

static void other_memory(void) {
  SECTION("process_vm_readv");
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  strcpy(page, "parent");
  int p[2];
  pipe(p);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    strcpy(page, "child!");
    write(p[1], "x", 1);
    pause();
  }
  char text[20] = {0}, x;
  read(p[0], &x, 1);
  struct iovec here[2] = {{text, 3}, {text + 3, 10}}, there[2] = {{page, 6}, {page + 10, 0}};
  SHOW(process_vm_readv(child, here, 2, there, 2, 0));
  printf("%s, own %s\n", text, page);
  struct iovec w = {"CH", 2}, into = {page, 2};
  SHOW(process_vm_writev(child, &w, 1, &into, 1, 0));
  SHOW(process_vm_readv(child, here, 1, there, 1, 0));
  printf("%s\n", text);
  there[0].iov_base = page + 4090, there[0].iov_len = 10;
  struct iovec all = {text, 20};
  SHOW(process_vm_readv(child, &all, 1, there, 1, 0));
  there[0].iov_base = (void *)16;
  SHOW(process_vm_readv(child, &all, 1, there, 1, 0));
  SHOW(process_vm_readv(child, &all, 1, there, 1, 1));
  SHOW(process_vm_readv(999999, &all, 1, there, 1, 0));
  signal_child(child, SIGKILL);
  waitpid(child, NULL, 0);
}

static void put(const char *path, const char *text) {
  int f = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  write(f, text, strlen(text));
  close(f);
}
static void tell(const char *path) {
  char text[20] = {0};
  int f = open(path, O_RDONLY);
  printf("%s: %s\n", path, f < 0 ? strerrorname_np(errno) : (read(f, text, 19), text));
  if (f >= 0) close(f);
}

static void renames(void) {
  SECTION("renameat2");
  mkdir("dir", 0755), mkdir("dir/sub", 0755);
  put("x", "file x"), put("dir/y", "file y");
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "dir/y", RENAME_NOREPLACE));
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "dir/y", RENAME_EXCHANGE));
  tell("x"), tell("dir/y");
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "dir/sub", RENAME_EXCHANGE));
  tell("dir/sub");
  struct stat s;
  SHOW(stat("x", &s));
  printf("directory %d\n", S_ISDIR(s.st_mode));
  SHOW(stat("dir", &s));
  printf("links %d\n", (int)s.st_nlink);
  SHOW(open("x/../dir/y", O_RDONLY) >= 0);
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "absent", RENAME_EXCHANGE));
  SHOW(renameat2(AT_FDCWD, "dir", AT_FDCWD, "dir/y", RENAME_EXCHANGE));
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "dir/y", RENAME_EXCHANGE | RENAME_NOREPLACE));
  SHOW(renameat2(AT_FDCWD, "x", AT_FDCWD, "dir/y", 0x100));
  SHOW(rmdir("x"));
  SHOW(unlink("dir/sub"));
  SHOW(unlink("dir/y"));
}

static long open2(int dir, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags, .resolve = resolve};
  long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
  if (fd >= 0) close(fd);
  return fd < 0 ? -1 : 0;
}

static void restricted(void) {
  SECTION("openat2");
  mkdir("dir", 0755), mkdir("dir/deep", 0755), put("dir/file", "inside"), put("outside", "outside");
  symlink("file", "dir/link"), symlink("/etc", "dir/absolute"), symlink("../outside", "dir/up"), symlink("deep/../file", "dir/down");
  int d = open("dir", O_PATH);
  SHOW(open2(d, "link", O_RDONLY, 0));
  SHOW(open2(d, "link", O_RDONLY, RESOLVE_NO_SYMLINKS));
  SHOW(open2(d, "file", O_RDONLY, RESOLVE_NO_SYMLINKS));
  SHOW(open2(d, "link", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
  SHOW(open2(d, "../outside", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "deep/../file", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "up", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "down", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "absolute", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "/etc", O_RDONLY, RESOLVE_BENEATH));
  SHOW(open2(d, "/file", O_RDONLY, RESOLVE_IN_ROOT));
  SHOW(open2(d, "/../../file", O_RDONLY, RESOLVE_IN_ROOT));
  SHOW(open2(d, "absolute", O_RDONLY, RESOLVE_IN_ROOT));
  SHOW(open2(d, "up", O_RDONLY, RESOLVE_IN_ROOT));
  SHOW(open2(AT_FDCWD, "/proc/self/fd/0", O_RDONLY, RESOLVE_NO_MAGICLINKS));
  SHOW(open2(AT_FDCWD, "/proc/version", O_RDONLY, RESOLVE_NO_XDEV));
  SHOW(open2(d, "file", O_RDONLY, RESOLVE_BENEATH | RESOLVE_IN_ROOT));
  SHOW(open2(d, "file", O_RDONLY, 0x100));
}

static void locks(void) {
  SECTION("locks of open files");
  int a = open("locked", O_RDWR | O_CREAT, 0600), b = open("locked", O_RDWR);
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
  SHOW(fcntl(a, F_OFD_SETLK, &l));
  SHOW(fcntl(b, F_OFD_SETLK, &l));
  l.l_pid = 1;
  SHOW(fcntl(b, F_OFD_SETLK, &l));
  l.l_pid = 0, l.l_start = 0, l.l_len = 0;
  SHOW(fcntl(b, F_OFD_GETLK, &l));
  printf("%d %ld %ld %d\n", l.l_type, (long)l.l_start, (long)l.l_len, l.l_pid);
  l.l_type = F_WRLCK, l.l_pid = 0;
  SHOW(fcntl(b, F_SETLK, &l));
  close(a);
  l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
  SHOW(fcntl(b, F_SETLK, &l));
  SECTION("close_range");
  int first = dup(1);
  dup(1), dup(1);
  SHOW(syscall(SYS_close_range, first, first + 1, CLOSE_RANGE_CLOEXEC));
  SHOW(fcntl(first, F_GETFD));
  SHOW(fcntl(first + 2, F_GETFD));
  SHOW(syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_UNSHARE));
  SHOW(fcntl(first, F_GETFD));
  SHOW(syscall(SYS_close_range, 5, 4, 0));
  SHOW(syscall(SYS_close_range, 5, 6, 16));
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  snprintf(folder, sizeof folder, "%s/transfers-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  mkdtemp(folder);
  chdir(folder);
  splices();
  other_memory();
  renames();
  restricted();
  locks();
  return 0;
}
