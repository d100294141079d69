/* 100,000 files in one directory: made, listed, looked up, removed. Works in the folder given as argument. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

enum { FILES = 100000 };

static char *name_of(int i) {
  static char name[16];
  sprintf(name, "file-%d", i);
  return name;
}

int main(int argc, char **argv) {
  char folder[300];
  struct stat status;
  sprintf(folder, "%s/many-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 3;
  int made = 0, found = 0, removed = 0;
  long listed = 0, sum = 0;
  for (int i = 0; i < FILES; i++) {
    int fd = open(name_of(i), O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd < 0) {
      printf("%d: %s\n", i, strerrorname_np(errno));
      break;
    }
    close(fd), made++;
  }
  DIR *dir = opendir(".");
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (entry->d_name[0] != '.') listed++, sum += atoi(entry->d_name + 5);
  closedir(dir);
  for (int i = 0; i < FILES; i += 100) found += stat(name_of(i), &status) == 0;
  printf("made %d, listed %ld, sum %ld, found %d\n", made, listed, sum, found);
  SHOW(open(name_of(FILES / 2), O_CREAT | O_EXCL | O_WRONLY, 0600));
  SHOW(stat(name_of(FILES), &status));
  for (int i = 0; i < FILES; i++) removed += unlink(name_of(i)) == 0;
  printf("removed %d\n", removed);
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
