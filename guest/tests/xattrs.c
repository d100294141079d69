/* Extended attributes: xattr(7), setxattr(2) and its like. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "show.h"

static char big[70000];

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void names(const char *path) {
  char list[4096], *sorted[200];
  ssize_t n = listxattr(path, list, sizeof list);
  int count = 0;
  for (char *p = list; n > 0 && p < list + n; p += strlen(p) + 1)
    if (strncmp(p, "security.", 9) != 0) sorted[count++] = p;
  qsort(sorted, count, sizeof *sorted, by_name);
  printf("%s has %d:", path, count);
  for (int i = 0; i < count && i < 5; i++) printf(" %s", sorted[i]);
  printf("\n");
}

static void value(const char *path, const char *name) {
  char text[5000] = {0};
  ssize_t n = getxattr(path, name, text, sizeof text);
  if (n < 0) printf("%s: %s\n", name, strerrorname_np(errno));
  else printf("%s: %zd %.10s %d\n", name, n, text, n > 0 ? text[n - 1] : 0);
}

static void other_user(void) {
  setgid(1000), setuid(1000);
  SHOW(setxattr("f", "user.a", "x", 1, 0));
  SHOW(getxattr("f", "user.a", big, 100));
  SHOW(getxattr("f", "trusted.t", big, 100));
  SHOW(setxattr("f", "trusted.t", "x", 1, 0));
  SHOW(setxattr("f", "security.s", "x", 1, 0));
  SHOW(getxattr("private", "user.a", big, 100));
  names("f");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  snprintf(folder, sizeof folder, "%s/xattrs-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  mkdtemp(folder);
  chmod(folder, 0755);
  chdir(folder);
  int f = open("f", O_CREAT | O_RDWR, 0644);
  symlink("f", "link"), mkdir("dir", 0755), mkfifo("fifo", 0600);
  SECTION("set and get");
  SHOW(setxattr("f", "user.a", "value", 5, 0));
  value("f", "user.a");
  SHOW(setxattr("f", "user.a", "longer value", 12, XATTR_REPLACE));
  value("f", "user.a");
  SHOW(setxattr("f", "user.a", "x", 1, XATTR_CREATE));
  SHOW(setxattr("f", "user.b", "x", 1, XATTR_REPLACE));
  SHOW(setxattr("f", "user.b", "", 0, XATTR_CREATE));
  value("f", "user.b");
  SHOW(getxattr("f", "user.a", NULL, 0));
  SHOW(getxattr("f", "user.a", big, 3));
  SHOW(getxattr("f", "user.none", big, 3));
  SHOW(fsetxattr(f, "user.c", "by descriptor", 13, 0));
  SHOW(fgetxattr(f, "user.c", big, 100));
  SHOW(getxattr("link", "user.c", big, 100));
  SHOW(lsetxattr("link", "user.x", "v", 1, 0));
  SHOW(lgetxattr("link", "user.x", big, 100));
  SHOW(lsetxattr("link", "trusted.x", "v", 1, 0));
  SHOW(setxattr("fifo", "user.x", "v", 1, 0));
  SHOW(setxattr("dir", "user.x", "v", 1, 0));
  SHOW(setxattr("f", "trusted.t", "secret", 6, 0));
  names("f"), names("dir");
  SHOW(removexattr("f", "user.b"));
  SHOW(removexattr("f", "user.b"));
  SHOW(fremovexattr(f, "user.c"));
  names("f");
  SECTION("errors");
  SHOW(setxattr("f", "user.", "v", 1, 0));
  SHOW(setxattr("f", "plain", "v", 1, 0));
  SHOW(setxattr("f", "other.x", "v", 1, 0));
  SHOW(setxattr("f", "", "v", 1, 0));
  SHOW(setxattr("f", "user.a", "v", 1, 8));
  SHOW(setxattr("absent", "user.a", "v", 1, 0));
  SHOW(setxattr("f", "user.big", big, 65537, 0));
  SHOW(setxattr("f", "user.a", (void *)16, 4, 0));
  memset(big, 'n', 300);
  memcpy(big, "user.", 5);
  big[255] = 0;
  SHOW(setxattr("f", big, "v", 1, 0));
  SHOW(removexattr("f", big));
  big[255] = 'n', big[256] = 0;
  SHOW(setxattr("f", big, "v", 1, 0));
  SHOW(listxattr("f", big, 1));
  SHOW(fgetxattr(99, "user.a", big, 1));
  SECTION("many and long");
  memset(big, 'v', sizeof big);
  for (int i = 0; i < 30; i++) {
    char name[40];
    sprintf(name, "user.attribute-%d", i);
    if (setxattr("f", name, big, 10 + i, 0) != 0) printf("%s: %s\n", name, strerrorname_np(errno));
  }
  names("f");
  value("f", "user.attribute-29");
  SHOW(setxattr("f", "user.long", big, 1500, 0));
  value("f", "user.long");
  SHOW(setxattr("f", "user.attribute-3", big, 200, 0));
  value("f", "user.attribute-3");
  value("f", "user.attribute-4");
  for (int i = 0; i < 30; i++) {
    char name[40];
    sprintf(name, "user.attribute-%d", i);
    removexattr("f", name);
  }
  names("f");
  value("f", "user.long");
  SHOW(removexattr("f", "user.long"));
  value("f", "user.a");
  SECTION("another user");
  int p = open("private", O_CREAT | O_WRONLY, 0600);
  fsetxattr(p, "user.a", "v", 1, 0);
  fflush(stdout);
  if (fork() == 0) {
    other_user();
    _exit(0);
  }
  wait(NULL);
  return 0;
}
