/* The ends of what is allowed: long paths and names, odd bytes in them, symlinks in symlinks, vectors, big directories. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "show.h"

static char path[8192];

static const char *repeat(const char *unit, int count, const char *end) {
  path[0] = 0;
  char *at = path;
  for (int i = 0; i < count; i++) at = stpcpy(at, unit);
  strcpy(at, end);
  return path;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  snprintf(folder, sizeof folder, "%s/extremes-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  mkdtemp(folder);
  chdir(folder);
  SECTION("paths");
  SHOW(close(creat("f", 0600)));
  SHOW(access(repeat("./", 2047, "f"), F_OK));
  printf("length %zu\n", strlen(path));
  SHOW(access(repeat("./", 2047, "/f"), F_OK));
  SHOW(access(repeat("/", 4094, ""), F_OK));
  SHOW(access(repeat("/", 4096, ""), F_OK));
  SHOW(mkdir(repeat("n", 255, ""), 0755));
  SHOW(mkdir(repeat("n", 256, ""), 0755));
  SHOW(rmdir(repeat("n", 255, "")));
  SHOW(symlink(repeat("x", 4095, ""), "long"));
  SHOW(symlink(repeat("x", 4096, ""), "longer"));
  char text[5000];
  SHOW(readlink("long", text, sizeof text));
  SHOW(access("long", F_OK));
  SHOW(open("", O_RDONLY));
  SECTION("bytes");
  const char *names[] = {"\xff\xfe", "a\nb", " ", "\xc3\x28", "\x01", "...", "-rf", "\\", "%s"};
  for (int i = 0; i < 9; i++) SHOW(close(creat(names[i], 0600)));
  DIR *d = opendir(".");
  int found = 0;
  for (struct dirent *e; (e = readdir(d)) != NULL;)
    for (int i = 0; i < 9; i++) found += strcmp(e->d_name, names[i]) == 0;
  closedir(d);
  printf("found %d\n", found);
  for (int i = 0; i < 9; i++) unlink(names[i]);
  SECTION("symlinks");
  symlink("f", "s0");
  for (int i = 1; i <= 41; i++) {
    char from[20], to[20];
    sprintf(from, "s%d", i), sprintf(to, "s%d", i - 1);
    symlink(to, from);
  }
  SHOW(access("s39", F_OK));
  SHOW(access("s40", F_OK));
  symlink("loop", "loop");
  SHOW(access("loop", F_OK));
  SHOW(open("loop", O_CREAT | O_WRONLY, 0600));
  SHOW(open("loop", O_PATH | O_NOFOLLOW) >= 0);
  SECTION("depth");
  int depth = 0;
  for (; depth < 1000 && mkdir("d", 0755) == 0 && chdir("d") == 0; depth++);
  printf("depth %d\n", depth);
  SHOW(getcwd(text, 100) == NULL ? -1 : 0);
  SHOW(getcwd(text, sizeof text) != NULL);
  for (int i = 0; i < depth; i++) chdir(".."), rmdir("d");
  SHOW(access("f", F_OK));
  SECTION("vectors");
  static struct iovec v[1025];
  static char bytes[1024];
  int f = open("f", O_RDWR);
  for (int i = 0; i < 1025; i++) v[i].iov_base = &bytes[i % 1024], v[i].iov_len = 1;
  SHOW(writev(f, v, 1024));
  SHOW(writev(f, v, 1025));
  SHOW(writev(f, v, 0));
  SHOW(writev(f, v, -1));
  v[0].iov_len = -1;
  SHOW(writev(f, v, 2));
  v[0].iov_len = 1UL << 62;
  v[0].iov_base = bytes;
  lseek(f, 0, SEEK_SET);
  SHOW(readv(f, v, 1));
  v[0].iov_base = (void *)16;
  v[0].iov_len = 8;
  SHOW(writev(f, v, 1));
  SHOW(write(f, (void *)16, 8));
  SHOW(write(f, (void *)16, 0));
  SHOW(read(f, (void *)-8L, 8));
  SHOW(lseek(f, LONG_MAX, SEEK_SET) >= 0);
  SHOW(lseek(f, -1, SEEK_SET));
  SHOW(ftruncate(f, -1));
  SECTION("many files");
  int many = argc > 2 ? atoi(argv[2]) : 3000, made = 0;
  mkdir("many", 0755);
  for (int i = 0; i < many; i++) {
    char name[40];
    sprintf(name, "many/file-%d", i);
    made += close(creat(name, 0600)) == 0;
  }
  d = opendir("many");
  int listed = 0;
  while (readdir(d) != NULL) listed++;
  closedir(d);
  printf("made %d listed %d\n", made, listed);
  SHOW(rmdir("many"));
  for (int i = 0; i < many; i++) {
    char name[40];
    sprintf(name, "many/file-%d", i);
    unlink(name);
  }
  SHOW(rmdir("many"));
  return 0;
}
