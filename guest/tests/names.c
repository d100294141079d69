/* Directories of many names, deep links, long paths and names of any bytes. Arguments: folder, number of files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

#define STEP                                                                                                   \
  "a-directory-whose-name-is-so-long-that-thirty-of-them-inside-each-other-have-a-path-of-more-than-4096-" \
  "bytes-which-no-call-takes-at-once"

/* Times are for people, who say how many files they want. */
static int has_times;
static void lap(const char *what, int count, double start) {
  if (has_times) fprintf(stderr, "%s: %.0f us each\n", what, (now() - start) * 1e6 / count);
}

static void many(int count) {
  SECTION("many names in one directory");
  char name[64];
  mkdir("many", 0755);
  chdir("many");
  double start = now();
  for (int i = 0; i < count; i++) {
    sprintf(name, "a file with number %d", i);
    close(open(name, O_CREAT | O_WRONLY, 0644));
  }
  lap("create", count, start);
  start = now();
  unsigned long sum = 0;
  int seen = 0;
  DIR *directory = opendir(".");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    seen++;
    sum += atoi(entry->d_name + 19);
  }
  closedir(directory);
  lap("readdir", count, start);
  printf("%d names, sum right %d\n", seen, sum == (unsigned long)count * (count - 1) / 2);
  start = now();
  struct stat status;
  int found = 0;
  for (int i = 0; i < count; i += 7) {
    sprintf(name, "a file with number %d", i);
    found += stat(name, &status) == 0;
  }
  lap("stat", count / 7, start);
  printf("found %d\n", found == (count + 6) / 7);
  SHOW(stat("a file with number -1", &status));
  start = now();
  for (int i = 0; i < count; i++) {
    sprintf(name, "a file with number %d", i);
    if (unlink(name) != 0) printf("unlink %d: %s\n", i, strerrorname_np(errno));
  }
  lap("unlink", count, start);
  chdir("..");
  SHOW(rmdir("many"));
}

static void links(void) {
  SECTION("links behind links");
  char name[32], target[32];
  close(open("link0", O_CREAT | O_WRONLY, 0644));
  for (int i = 1; i <= 45; i++) {
    sprintf(name, "link%d", i);
    sprintf(target, "link%d", i - 1);
    symlink(target, name);
  }
  struct stat status;
  SHOW(stat("link40", &status));
  SHOW(stat("link41", &status));
  SHOW(lstat("link45", &status));
  symlink("loop", "loop");
  SHOW(open("loop", O_RDONLY));
  SHOW(open("loop", O_RDONLY | O_NOFOLLOW));
  SHOW(symlink("", "nothing"));
  for (int i = 0; i <= 45; i++) {
    sprintf(name, "link%d", i);
    unlink(name);
  }
  unlink("loop");
}

static void long_paths(void) {
  SECTION("long paths and names");
  static char path[2 * PATH_MAX];
  struct stat status;
  memset(path, 'n', 256);
  SHOW(mkdir(path, 0755));
  path[255] = 0;
  SHOW(mkdir(path, 0755));
  SHOW(rmdir(path));
  path[0] = 0;
  for (int i = 0; i < 2047; i++) strcat(path, "./");
  SHOW(stat(path, &status)); /* 4,094 bytes and a NUL */
  strcat(path, ".");
  SHOW(stat(path, &status));
  strcat(path, "/");
  SHOW(stat(path, &status));
  int depth = 0;
  while (depth < 30 && mkdir(STEP, 0755) == 0 &&
         chdir(STEP) == 0)
    depth++;
  printf("depth %d\n", depth);
  printf("getcwd: %s\n", getcwd(path, sizeof path) == NULL ? strerrorname_np(errno) : "ok");
  close(open("at the bottom", O_CREAT | O_WRONLY, 0644));
  SHOW(access("at the bottom", F_OK));
  unlink("at the bottom");
  for (; depth > 0; depth--) {
    chdir("..");
    rmdir(STEP);
  }
}

static void any_bytes(void) {
  SECTION("names of any bytes");
  const char *names[] = {"\xff\xfe\x80", "caf\xc3\xa9", "line\nend", "tab\tbell\a", " ", "-", "\x01", "a\\b", "*?[", "\xf0\x9f\x98"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    int fd = open(names[i], O_CREAT | O_EXCL | O_RDWR, 0644);
    char link[64], shown[300];
    sprintf(link, "/proc/self/fd/%d", fd);
    long length = readlink(link, shown, sizeof shown);
    size_t size = strlen(names[i]);
    printf("%u: open %d, through /proc %d", i, fd >= 0, length > (long)size && memcmp(shown + length - size, names[i], size) == 0);
    close(fd);
    int seen = 0;
    DIR *directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) seen += strcmp(entry->d_name, names[i]) == 0;
    closedir(directory);
    printf(", listed %d, unlinked %d\n", seen, unlink(names[i]));
  }
  SHOW(open("", O_RDONLY | O_CREAT, 0644));
  SHOW(mkdir(".", 0755));
  SHOW(mkdir("..", 0755));
  SHOW(rmdir("."));
  SHOW(unlink("nothing/"));
}

int main(int argc, char **argv) {
  has_times = argc > 2;
  char folder[200];
  sprintf(folder, "%s/names-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  many(argc > 2 ? atoi(argv[2]) : 2000);
  links();
  long_paths();
  any_bytes();
  chdir("/");
  SHOW(rmdir(folder) == 0 ? 0 : -1);
  return 0;
}
