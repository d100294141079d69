/* Files of /proc that are written to: what is kept, what is inherited, and that they have any length. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void show_text(const char *path) {
  char text[64] = "";
  int fd = open(path, O_RDONLY);
  ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  printf("%s: %zd %s", path, count, text);
}

static int written(const char *path, const char *text) {
  int fd = open(path, O_RDWR);
  int result = write(fd, text, strlen(text)) < 0 ? errno : 0;
  close(fd);
  return result;
}

/* As pam_loginuid(8) writes: read, back to the start, nothing left, anew. */
static void written_anew(void) {
  char old[32];
  int fd = open("/proc/self/comm", O_RDWR);
  printf("read %d, ", read(fd, old, sizeof old) > 0);
  printf("lseek %ld, ", (long)lseek(fd, 0, SEEK_SET));
  printf("ftruncate %d to 0, %d to 7, ", ftruncate(fd, 0), ftruncate(fd, 7));
  printf("write %zd, ", write(fd, "anew", 4));
  struct stat attributes;
  fstat(fd, &attributes);
  printf("size %ld\n", (long)attributes.st_size);
  close(fd);
  fd = open("/proc/self/comm", O_RDONLY);
  int result = ftruncate(fd, 0);
  printf("ftruncate without the right to write %d %d\n", result, errno == EINVAL);
  close(fd);
  show_text("/proc/self/comm");
}

/* Who is not privileged may only raise it. */
static int score(void) {
  int score = 0;
  FILE *file = fopen("/proc/self/oom_score_adj", "r");
  if (file == NULL || fscanf(file, "%d", &score) != 1) return 0;
  fclose(file);
  return score;
}

static void scores(void) {
  printf("score 700: %d\n", written("/proc/self/oom_score_adj", "700"));
  show_text("/proc/self/oom_score_adj");
  printf("score 800 with a line's end: %d\n", written("/proc/self/oom_score_adj", "800\n"));
  printf("score 1001: %d, letters: %d, nothing: %d\n", written("/proc/self/oom_score_adj", "1001") == EINVAL,
         written("/proc/self/oom_score_adj", "x") == EINVAL, written("/proc/self/oom_score_adj", "") == EINVAL);
  printf("score 0x352: %d\n", written("/proc/self/oom_score_adj", " 0x352"));
  show_text("/proc/self/oom_score_adj");
  fflush(stdout);
  if (fork() == 0) {
    show_text("/proc/self/oom_score_adj");
    printf("child 900: %d\n", written("/proc/self/oom_score_adj", "900"));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  show_text("/proc/self/oom_score_adj");
}

/* A program is called what it was executed as: a link, or the script, and not what these lead to. */
static void names(void) {
  char self[256] = "", folder[] = "/tmp/proc-files-XXXXXX", link[64], script[64];
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || mkdtemp(folder) == NULL) return;
  snprintf(link, sizeof link, "%s/another-name", folder);
  snprintf(script, sizeof script, "%s/script-name", folder);
  symlink(self, link);
  FILE *text = fopen(script, "w");
  fprintf(text, "#!%s comm\n", self);
  fclose(text);
  chmod(script, 0755);
  fflush(stdout);
  const char *const paths[] = {link, script};
  for (int i = 0; i < 2; i++) {
    if (fork() == 0) {
      execl(paths[i], "argument-zero", "comm", NULL);
      _exit(1);
    }
    wait(NULL);
  }
  unlink(link);
  unlink(script);
  rmdir(folder);
}

static void rights(void) {
  static const int ways[] = {O_RDONLY, O_WRONLY, O_RDWR, O_PATH};
  for (int i = 0; i < 4; i++) {
    char path[40];
    struct stat attributes;
    int fd = open("/dev/null", ways[i]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    lstat(path, &attributes);
    printf("link %o of what is open as %x\n", attributes.st_mode, ways[i]);
    close(fd);
  }
}

int main(int argc, char **argv) {
  if (argc > 1) {
    show_text("/proc/self/comm");
    return argv[1][0] != 'c';
  }
  if (score() >= 700) return 77;
  written_anew();
  scores();
  names();
  rights();
  return 0;
}
