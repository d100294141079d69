/* Regular files, directories and links: effects and errors. Makes the folder given as argument and works in it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

static void show_stat(const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0) {
    printf("%s: %s\n", path, strerrorname_np(errno));
    return;
  }
  printf("%s: mode %o links %lu size %ld\n", path, st.st_mode, (unsigned long)st.st_nlink,
         S_ISDIR(st.st_mode) ? -1L : (long)st.st_size);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path) {
  char *names[64];
  int count = 0;
  DIR *dir = opendir(path);
  if (dir == NULL) {
    printf("opendir %s: %s\n", path, strerrorname_np(errno));
    return;
  }
  for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < 64;) names[count++] = strdup(entry->d_name);
  closedir(dir);
  qsort(names, (size_t)count, sizeof *names, by_name);
  printf("%s:", path);
  for (int i = 0; i < count; i++) printf(" %s", names[i]);
  printf("\n");
}

static void contents(void) {
  SECTION("contents");
  char bytes[64] = {0};
  int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640);
  SHOW(write(fd, "hello world", 11));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(lseek(fd, -5, SEEK_END));
  SHOW(read(fd, bytes, 64));
  puts(bytes);
  SHOW(read(fd, bytes, 64));
  SHOW(pwrite(fd, "J", 1, 0));
  SHOW(pread(fd, bytes, 5, 0));
  printf("%.5s\n", bytes);
  SHOW(lseek(fd, -1, SEEK_SET));
  SHOW(lseek(fd, 0, 99));
  SHOW(ftruncate(fd, 5));
  SHOW(ftruncate(fd, 20000));
  SHOW(pread(fd, bytes, 8, 19996));
  SHOW(ftruncate(fd, -1));
  struct iovec parts[] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
  SHOW(pwritev(fd, parts, 3, 10000));
  SHOW(pread(fd, bytes, 13, 10000));
  printf("%.13s\n", bytes);
  SHOW(fsync(fd));
  SHOW(close(fd));
  SHOW(close(fd));
  show_stat("a");
}

static void opening(void) {
  SECTION("opening");
  SHOW(open("a", O_RDWR | O_CREAT | O_EXCL, 0600));
  SHOW(open("missing", O_RDONLY));
  SHOW(open("missing/b", O_RDONLY | O_CREAT, 0600));
  SHOW(open("a/b", O_RDONLY));
  SHOW(open(".", O_WRONLY));
  SHOW(open("a", O_RDONLY | O_DIRECTORY));
  SHOW(open("", O_RDONLY));
  char name[300];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = 0;
  SHOW(open(name, O_RDONLY | O_CREAT, 0600));
  int fd = open("a", O_RDONLY);
  SHOW(write(fd, "x", 1));
  close(fd);
  fd = open("a", O_WRONLY | O_APPEND);
  SHOW(write(fd, "end", 3));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(read(fd, name, 1));
  close(fd);
  fd = open("a", O_WRONLY | O_TRUNC);
  close(fd);
  show_stat("a");
}

static void directories(void) {
  SECTION("directories");
  SHOW(mkdir("d", 0755));
  SHOW(mkdir("d", 0755));
  SHOW(mkdir("x/y", 0755));
  SHOW(mkdir("d/e", 0700));
  SHOW(rmdir("d"));
  SHOW(rmdir("a"));
  SHOW(rmdir("missing"));
  SHOW(unlink("d"));
  list("d");
  show_stat("d");
  SHOW(rmdir("d/e"));
  show_stat("d");
  SHOW(rmdir("d"));
  list(".");
  char cwd[4096];
  SHOW(mkdir("w", 0755));
  SHOW(chdir("w"));
  SHOW_OK(getcwd(cwd, sizeof cwd) == NULL ? -1 : 0);
  puts(strrchr(cwd, '/'));
  SHOW(chdir(".."));
  SHOW(rmdir("w"));
}

static void links(void) {
  SECTION("links");
  char target[16] = {0};
  SHOW(symlink("a", "s"));
  SHOW(symlink("a", "s"));
  SHOW(readlink("s", target, sizeof target));
  SHOW(readlink("a", target, sizeof target));
  puts(target);
  SHOW(symlink("loop2", "loop1"));
  SHOW(symlink("loop1", "loop2"));
  SHOW(open("loop1", O_RDONLY));
  SHOW(open("s", O_RDONLY | O_NOFOLLOW));
  SHOW(link("a", "h"));
  show_stat("h");
  SHOW(unlink("a"));
  show_stat("h");
  show_stat("s");
  SHOW(open("s", O_RDONLY));
  SHOW(unlink("loop1"));
  SHOW(unlink("loop2"));
  SHOW(unlink("s"));
  SHOW(unlink("missing"));
}

static void renaming(void) {
  SECTION("renaming");
  SHOW(rename("h", "r"));
  SHOW(rename("h", "r"));
  close(open("t", O_CREAT | O_WRONLY, 0644));
  SHOW(rename("t", "r"));
  SHOW(mkdir("p", 0755));
  SHOW(mkdir("p/q", 0755));
  SHOW(rename("p", "p/q/p"));
  SHOW(rename("r", "p"));
  SHOW(rename("p", "r"));
  SHOW(rename("r", "p/q/r"));
  SHOW(rename("p/q", "q"));
  list("p");
  list("q");
  SHOW(unlink("q/r"));
  SHOW(rmdir("q"));
  SHOW(rmdir("p"));
}

static void open_but_unlinked(void) {
  SECTION("open but unlinked");
  char bytes[4] = {0};
  int fd = open("gone", O_RDWR | O_CREAT, 0600);
  SHOW(write(fd, "abc", 3));
  SHOW(unlink("gone"));
  struct stat st;
  SHOW(fstat(fd, &st));
  printf("links %lu size %ld\n", (unsigned long)st.st_nlink, (long)st.st_size);
  SHOW(pread(fd, bytes, 3, 0));
  puts(bytes);
  SHOW(close(fd));
}

static void attributes(void) {
  SECTION("attributes");
  close(open("m", O_CREAT | O_WRONLY, 0666));
  show_stat("m");
  SHOW(chmod("m", 04751));
  show_stat("m");
  struct timespec times[2] = {{1000, 5}, {2000, 123456789}};
  SHOW(utimensat(AT_FDCWD, "m", times, 0));
  struct stat st;
  stat("m", &st);
  printf("%ld.%09ld %ld.%09ld\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec,
         st.st_mtim.tv_nsec);
  SHOW(access("m", R_OK | W_OK));
  SHOW(access("missing", F_OK));
  SHOW(truncate("m", 100));
  show_stat("m");
  SHOW(unlink("m"));
  printf("umask %o\n", umask(077));
  close(open("u", O_CREAT | O_WRONLY, 0666));
  show_stat("u");
  SHOW(unlink("u"));
}

static void big_directory(void) {
  SECTION("300 names in a directory");
  char name[32];
  SHOW(mkdir("big", 0755));
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "big/file-number-%03d", i);
    close(open(name, O_CREAT | O_WRONLY, 0644));
  }
  int seen = 0;
  DIR *dir = opendir("big");
  while (readdir(dir) != NULL) seen++;
  closedir(dir);
  printf("%d entries\n", seen);
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "big/file-number-%03d", i);
    if (unlink(name) != 0) perror(name);
  }
  SHOW(rmdir("big"));
}

static void descriptors(void) {
  SECTION("descriptors");
  char byte;
  int fd = open("dup", O_RDWR | O_CREAT, 0600);
  SHOW(write(fd, "abc", 3));
  int copy = dup(fd);
  SHOW(lseek(fd, 1, SEEK_SET));
  SHOW(read(copy, &byte, 1));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(dup2(fd, 100));
  SHOW(fcntl(100, F_GETFD));
  SHOW(fcntl(100, F_SETFD, FD_CLOEXEC));
  SHOW(fcntl(100, F_GETFD));
  SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
  SHOW(fcntl(fd, F_DUPFD, 200));
  SHOW(dup2(fd, -1));
  SHOW(dup(77));
  SHOW(dup3(fd, fd, 0));
  SHOW(unlink("dup"));
}

int main(int argc, char **argv) {
  if (argc < 2 || mkdir(argv[1], 0755) != 0 || chdir(argv[1]) != 0) return 2;
  umask(022);
  contents();
  opening();
  directories();
  links();
  renaming();
  open_but_unlinked();
  attributes();
  big_directory();
  descriptors();
  return 0;
}
