/* OSv's tests of names and inodes (rows.ts names them), written anew. Works in the folder given as argument. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../show.h"

static void touch(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0644)); }

static void show_kind(const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0) printf("%s: %s\n", path, strerrorname_np(errno));
  else printf("%s: %o links %lu\n", path, st.st_mode, S_ISDIR(st.st_mode) ? 0 : (unsigned long)st.st_nlink);
}

static volatile int is_over;
static void *look_up(void *path) {
  struct stat st;
  long found = 0, missed = 0, other = 0;
  do {
    if (stat(path, &st) == 0) found++;
    else if (errno == ENOENT) missed++;
    else other++;
    sched_yield();
  } while (!is_over);
  return (void *)(other + (found + missed == 0));
}
static void *churn(void *path) {
  for (int i = 0; i < 50; i++) {
    touch(path);
    if (unlink(path) != 0) return (void *)1;
  }
  return NULL;
}

static void vfs(void) {
  SECTION("tst-vfs");
  mkdir("v", 0755);
  touch("v/file");
  struct stat st;
  SHOW(stat("v/file", &st));
  SHOW(stat("v//file", &st));
  SHOW(stat("./v/./file", &st));
  SHOW(stat("v/../v/file", &st));
  SHOW(stat("v/file/", &st));
  SHOW(stat("v/", &st));
  SHOW(stat("v/file/..", &st));
  SHOW(stat("v/none/..", &st));
  pthread_t readers[3], writers[3];
  char *names[] = {"v/x", "v/y", "v/z"};
  for (int i = 0; i < 3; i++) pthread_create(&readers[i], NULL, look_up, names[i]), pthread_create(&writers[i], NULL, churn, names[i]);
  long wrong = 0;
  void *result;
  for (int i = 0; i < 3; i++) pthread_join(writers[i], &result), wrong += (long)result;
  is_over = 1;
  for (int i = 0; i < 3; i++) pthread_join(readers[i], &result), wrong += (long)result;
  printf("lookups beside making and removing: %ld wrong\n", wrong);
  unlink("v/file"), rmdir("v");
}

static void stats(void) {
  SECTION("tst-stat");
  struct stat st;
  int fd = open("s", O_CREAT | O_RDWR, 0640);
  SHOW(write(fd, "0123456789", 10));
  SHOW(fstat(fd, &st));
  printf("mode %o size %ld blocks of %d\n", st.st_mode, (long)st.st_size, st.st_blksize > 0);
  SHOW(stat("none", &st));
  SHOW(stat("", &st));
  SHOW(stat((void *)16, &st));
  SHOW(stat("s", (void *)16));
  SHOW(fstat(-1, &st));
  SHOW(stat("s/x", &st));
  SHOW(stat("/", &st));
  printf("root is a directory: %d\n", S_ISDIR(st.st_mode));
  SHOW(stat("/dev/null", &st));
  printf("null is a character device %d: %lx\n", S_ISCHR(st.st_mode), (long)st.st_rdev);
  close(fd);
  SECTION("tst-fstatat");
  int here = open(".", O_RDONLY | O_DIRECTORY), file = open("s", O_RDONLY);
  symlink("s", "link");
  SHOW(fstatat(here, "s", &st, 0));
  SHOW(fstatat(here, "none", &st, 0));
  SHOW(fstatat(AT_FDCWD, "s", &st, 0));
  SHOW(fstatat(99, "s", &st, 0));
  SHOW(fstatat(99, "/dev/null", &st, 0));
  SHOW(fstatat(file, "s", &st, 0));
  SHOW(fstatat(here, "link", &st, AT_SYMLINK_NOFOLLOW));
  printf("link %d\n", S_ISLNK(st.st_mode));
  SHOW(fstatat(here, "link", &st, 0));
  printf("file %d\n", S_ISREG(st.st_mode));
  SHOW(fstatat(file, "", &st, AT_EMPTY_PATH));
  SHOW(fstatat(file, "", &st, 0));
  SHOW(fstatat(here, "s", &st, 0x4000000));
  SECTION("tst-openat");
  SHOW_OK(openat(here, "s", O_RDONLY));
  SHOW(openat(here, "none", O_RDONLY));
  SHOW(openat(file, "s", O_RDONLY));
  SHOW(openat(99, "s", O_RDONLY));
  SHOW_OK(openat(99, "/dev/null", O_RDONLY));
  SHOW_OK(openat(here, "made", O_CREAT | O_EXCL | O_WRONLY, 0600));
  SHOW(openat(here, "made", O_CREAT | O_EXCL | O_WRONLY, 0600));
  show_kind("made");
  SECTION("tst-faccessat");
  SHOW(faccessat(here, "s", F_OK, 0));
  SHOW(faccessat(here, "s", R_OK | W_OK, 0));
  SHOW(faccessat(here, "none", F_OK, 0));
  SHOW(faccessat(file, "s", F_OK, 0));
  SHOW(faccessat(99, "s", F_OK, 0));
  SHOW(faccessat(here, "s", 9, 0));
  SHOW(faccessat(here, "s", F_OK, 0x8000));
  SHOW(faccessat(here, "link", F_OK, AT_SYMLINK_NOFOLLOW));
  SHOW(access("s", X_OK));
  unlink("made"), unlink("link"), unlink("s");
  close(here), close(file);
}

static void renames(void) {
  SECTION("tst-rename");
  mkdir("d", 0755), mkdir("d/e", 0755), mkdir("full", 0755), touch("full/x");
  touch("a"), touch("b");
  SHOW(rename("a", "a"));
  SHOW(rename("a", "b"));
  show_kind("a");
  SHOW(rename("b", "d"));
  SHOW(rename("d", "b"));
  SHOW(rename("d", "d/e/f"));
  SHOW(rename("d", "full"));
  SHOW(rename("d/e", "d"));
  SHOW(rename("none", "c"));
  SHOW(rename("b", "none/c"));
  SHOW(rename("b", "b/c"));
  SHOW(rename(".", "c"));
  SHOW(rename("..", "c"));
  SHOW(rename("d/.", "c"));
  SHOW(rename("d/..", "c"));
  SHOW(rename("b", "."));
  SHOW(rename("d", "c/."));
  SHOW(rename("b/", "c"));
  SHOW(rename("b", "c/"));
  SHOW(rename("d/", "g/"));
  SHOW(rename("g//", "d"));
  SHOW(rename("", "c"));
  SHOW(rename("b", ""));
  mkdir("empty", 0755);
  SHOW(rename("d", "empty"));
  show_kind("empty/e");
  char name[260];
  memset(name, 'n', 256), name[256] = 0;
  SHOW(rename("b", name));
  name[255] = 0;
  SHOW(rename("b", name));
  SHOW(rename(name, "b"));
  SECTION("tst-remove");
  SHOW(remove("b"));
  SHOW(remove("b"));
  SHOW(remove("full"));
  SHOW(unlink("full"));
  SHOW(rmdir("full/x"));
  SHOW(unlink("full/x/"));
  SHOW(rmdir("full/."));
  SHOW(rmdir("full/.."));
  SHOW(rmdir("full/"));
  SHOW(unlink("full/x"));
  SHOW(rmdir("full/"));
  SHOW(remove("empty/e"));
  SHOW(remove("empty"));
  SHOW(unlinkat(AT_FDCWD, "x", 0x1000));
  SHOW(rmdir("/"));
}

static void links(void) {
  SECTION("tst-fs-link");
  char text[8] = {0};
  int fd = open("one", O_CREAT | O_RDWR, 0644);
  SHOW(link("one", "two"));
  SHOW(link("one", "two"));
  SHOW(link("none", "three"));
  SHOW(link("one", "none/three"));
  mkdir("d", 0755);
  SHOW(link("d", "e"));
  SHOW(write(fd, "shared", 6));
  int other = open("two", O_RDONLY);
  SHOW(read(other, text, 6));
  puts(text);
  SHOW(unlink("one"));
  show_kind("two");
  SHOW(rename("two", "one"));
  close(fd), close(other), unlink("one"), rmdir("d");
  SECTION("tst-symlink");
  touch("file"), mkdir("dir", 0755), touch("dir/inner");
  char target[300];
  SHOW(symlink("file", "l"));
  SHOW(symlink("file", "l"));
  SHOW(symlink("", "empty"));
  SHOW(symlink("x", "none/l"));
  SHOW(readlink("l", target, 2));
  SHOW(readlink("l", target, 0));
  SHOW(readlink("file", target, 9));
  SHOW(symlink("dir", "ld"));
  SHOW(access("ld/inner", F_OK));
  SHOW(rename("l", "m"));
  show_kind("m");
  SHOW(mkdir("ld", 0755));
  SHOW(rmdir("ld"));
  SHOW(rename("ld", "dir"));
  SHOW(rename("dir", "ld"));
  SHOW(unlink("ld/"));
  SHOW(rmdir("ld/"));
  SHOW(mkdir("ld/", 0755));
  SHOW(rename("ld/", "x"));
  SHOW(link("file", "ld/"));
  SHOW(symlink("x", "file/"));
  SHOW(mkdir("file/", 0755));
  SHOW(link("file", "new/"));
  SHOW(chdir("ld"));
  SHOW(access("inner", F_OK));
  SHOW(chdir(".."));
  SHOW(symlink("self", "self"));
  SHOW(open("self", O_RDONLY));
  SHOW(open("self", O_CREAT | O_WRONLY, 0644));
  SHOW(symlink("gone", "dangling"));
  SHOW(open("dangling", O_RDONLY));
  SHOW(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SHOW_OK(open("dangling", O_CREAT | O_WRONLY, 0644));
  show_kind("gone");
  SHOW(lchown("dangling", -1, -1));
  SHOW(unlink("self")), unlink("dangling"), unlink("gone"), unlink("m"), unlink("ld"), unlink("dir/inner");
  SHOW(rmdir("dir")), unlink("file");
}

static void attributes(void) {
  SECTION("tst-chdir");
  char cwd[4096];
  mkdir("c", 0755), touch("f");
  SHOW(chdir("c"));
  puts(strrchr(getcwd(cwd, sizeof cwd), '/'));
  SHOW(chdir("../f"));
  SHOW(chdir("none"));
  SHOW(chdir(""));
  int up = open("..", O_RDONLY), file = open("../f", O_RDONLY);
  SHOW(fchdir(file));
  SHOW(fchdir(99));
  SHOW(fchdir(up));
  SHOW(access("f", F_OK));
  SHOW(syscall(SYS_getcwd, cwd, 2));
  chdir("c");
  SHOW(rmdir("../c"));
  SHOW(syscall(SYS_getcwd, cwd, sizeof cwd));
  SHOW(fchdir(up));
  SECTION("tst-chmod");
  int modes[] = {0, 0400, 0755, 01777, 06711, 0100644};
  for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) SHOW(chmod("f", modes[i])), show_kind("f");
  SHOW(fchmod(file, 0604));
  show_kind("f");
  SHOW(fchmodat(up, "f", 0620, 0));
  SHOW(fchmodat(up, "none", 0620, 0));
  SHOW(fchmod(99, 0));
  SHOW(chmod("none", 0));
  SHOW(chmod("f/x", 0));
  SHOW(chown("f", 12, 34));
  struct stat st;
  stat("f", &st);
  printf("owner %u %u\n", st.st_uid, st.st_gid);
  SHOW(chown("f", -1, 56));
  stat("f", &st);
  printf("owner %u %u\n", st.st_uid, st.st_gid);
  SECTION("tst-utimes");
  struct timeval both[2] = {{1000000, 500000}, {2000000, 250000}}, bad[2] = {{1, 1000000}, {1, 0}};
  SHOW(utimes("f", both));
  stat("f", &st);
  printf("%ld.%09ld %ld.%09ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  SHOW(utimes("f", bad));
  SHOW(utimes("none", both));
  SHOW(utimes("f", NULL));
  stat("f", &st);
  printf("now %d\n", labs(st.st_mtim.tv_sec - time(NULL)) < 100);
  SECTION("tst-utimensat");
  struct timespec times[2] = {{3000000, 123456789}, {4000000, 987654321}}, keep[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}}, wrong[2] = {{0, 1000000000}, {0, 0}};
  SHOW(utimensat(up, "f", times, 0));
  stat("f", &st);
  printf("%ld.%09ld %ld.%09ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  SHOW(utimensat(up, "f", keep, 0));
  stat("f", &st);
  printf("%ld now %d\n", st.st_atim.tv_sec, labs(st.st_mtim.tv_sec - time(NULL)) < 100);
  SHOW(utimensat(up, "f", wrong, 0));
  SHOW(utimensat(up, "none", times, 0));
  SHOW(utimensat(99, "f", times, 0));
  SHOW(utimensat(file, "f", times, 0));
  SHOW(utimensat(up, "f", times, 0x4000));
  SHOW(futimens(file, times));
  symlink("f", "l");
  SHOW(utimensat(up, "l", times, AT_SYMLINK_NOFOLLOW));
  lstat("l", &st);
  printf("link %ld\n", st.st_mtim.tv_sec);
  SECTION("tst-futimesat");
  SHOW(futimesat(up, "f", both));
  SHOW(futimesat(99, "f", both));
  SHOW(futimesat(up, "f", bad));
  stat("f", &st);
  printf("%ld.%09ld\n", st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  unlink("l"), unlink("f");
  close(up), close(file);
}

static void directories(void) {
  SECTION("tst-readdir");
  mkdir("r", 0755);
  char name[32];
  for (int i = 0; i < 100; i++) sprintf(name, "r/file-%03d", i), touch(name);
  DIR *dir = opendir("r");
  int count = 0, dots = 0, kinds = 0, sum = 0;
  long middle = 0;
  char after[256] = "", again[256] = "";
  for (struct dirent *e; (e = readdir(dir)) != NULL; count++) {
    dots += e->d_name[0] == '.', kinds += e->d_type == DT_REG || e->d_type == DT_UNKNOWN;
    if (e->d_name[0] != '.') sum += atoi(e->d_name + 5);
    if (count == 50) middle = telldir(dir);
    if (count == 51) strcpy(after, e->d_name);
  }
  printf("%d entries, %d dots, %d files, sum %d\n", count, dots, kinds, sum);
  seekdir(dir, middle);
  strcpy(again, readdir(dir)->d_name);
  printf("telldir and seekdir: %d\n", strcmp(after, again) == 0);
  rewinddir(dir);
  count = 0;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) count++;
  printf("again %d\n", count);
  closedir(dir);
  SECTION("getdents");
  static char buffer[8192];
  int fd = open("r", O_RDONLY | O_DIRECTORY), file = open("r/file-000", O_RDONLY);
  SHOW(syscall(SYS_getdents64, fd, buffer, 10));
  SHOW(syscall(SYS_getdents64, file, buffer, sizeof buffer));
  SHOW(syscall(SYS_getdents64, 99, buffer, sizeof buffer));
  SHOW(syscall(SYS_getdents64, fd, (void *)16, sizeof buffer));
  long total = 0;
  for (long n; (n = syscall(SYS_getdents64, fd, buffer, 1000)) > 0;)
    for (long at = 0; at < n; at += *(unsigned short *)(buffer + at + 16)) total++;
  printf("%ld entries by small steps\n", total);
  SHOW(syscall(SYS_getdents64, fd, buffer, 1000));
  total = 0;
  lseek(fd, 0, SEEK_SET);
  for (long n; (n = syscall(SYS_getdents, fd, buffer, sizeof buffer)) > 0;)
    for (long at = 0; at < n; at += *(unsigned short *)(buffer + at + 16)) total++;
  printf("%ld entries, the old way\n", total);
  for (int i = 0; i < 100; i++) sprintf(name, "r/file-%03d", i), unlink(name);
  SHOW(rmdir("r"));
  SHOW(syscall(SYS_getdents64, fd, buffer, 1000));
}

int main(int argc, char **argv) {
  char folder[4096];
  sprintf(folder, "%s/osv-paths-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 3;
  umask(022);
  vfs();
  stats();
  renames();
  links();
  attributes();
  directories();
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
