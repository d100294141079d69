/* mount(2) with MS_BIND and MS_MOVE, umount2(2) with MNT_DETACH, and what statx and /proc tell of mounts. Runs as root.
   On Linux the mounts are this program's own; in the machine there is one tree of them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "show.h"

static struct statx of(const char *path) {
  struct statx s = {0};
  statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_MNT_ID, &s);
  return s;
}

static int is_root(const char *path) { return (of(path).stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0; }

static void write_to(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) printf("%s: %s\n", path, strerrorname_np(errno));
  close(fd);
}

static void content(const char *path) {
  char text[64] = {0};
  int fd = open(path, O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0) printf("%s: %s\n", path, strerrorname_np(errno));
  else printf("%s: %s\n", path, text);
  close(fd);
}

/* The line of /proc/self/mountinfo for a mount below the work folder: root, place, options; and whether the ids are those of statx. */
static void info(const char *place) {
  char line[1024], work[256], want[512];
  if (getcwd(work, sizeof work) == NULL) abort();
  snprintf(want, sizeof want, "%s/%s", work, place);
  FILE *file = fopen("/proc/self/mountinfo", "r");
  int found = 0;
  while (fgets(line, sizeof line, file)) {
    int id, parent;
    char root[256], at[512], options[256];
    if (sscanf(line, "%d %d %*s %255s %511s %255s", &id, &parent, root, at, options) != 5) continue;
    if (strcmp(at, want) != 0) continue;
    char above[600];
    snprintf(above, sizeof above, "%s/..", want);
    struct stat s;
    int is_directory = stat(place, &s) == 0 && S_ISDIR(s.st_mode);
    printf("%s: shows %s, %s, id %d, parent %d\n", place, strrchr(root, '/'), strncmp(options, "ro", 2) ? "rw" : "ro",
           of(place).stx_mnt_id == (unsigned)id, !is_directory || of(above).stx_mnt_id == (unsigned)parent);
    found++;
  }
  if (found != 1) printf("%s: %d mounts\n", place, found);
  fclose(file);
}

static void binds(void) {
  SECTION("bind");
  SHOW(mount("a", "b", NULL, MS_BIND, NULL));
  content("b/file");
  write_to("b/new", "made in b");
  content("a/new");
  printf("root %d %d, mask %d\n", is_root("a"), is_root("b"), (of("b").stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0);
  printf("same device %d, inode %d, other mount %d\n", of("a").stx_dev_minor == of("b").stx_dev_minor,
         of("a").stx_ino == of("b").stx_ino, of("a").stx_mnt_id != of("b").stx_mnt_id);
  info("b");
  SHOW(rename("a/new", "b/other"));
  SHOW(link("a/new", "b/other"));
  SHOW(rename("a/new", "a/other"));
  content("b/other");
  SHOW(rmdir("b"));
  SHOW(rename("b", "c2"));
  char here[256];
  SHOW(chdir("b/sub"));
  printf("%s\n", strstr(getcwd(here, sizeof here), "/b/sub"));
  SHOW(chdir("../.."));
  printf("%d\n", access("b", F_OK));
  SECTION("bind of a file");
  SHOW(mount("a/file", "one", NULL, MS_BIND, NULL));
  content("one");
  info("one");
  SHOW(unlink("one"));
  SHOW(mount("a/file", "b", NULL, MS_BIND, NULL));
  SHOW(mount("a", "one", NULL, MS_BIND, NULL));
  SHOW(mount("", "b", NULL, MS_BIND, NULL));
  SHOW(mount("none", "b", NULL, MS_BIND, NULL));
  SHOW(umount("one"));
  content("one");
  SECTION("remounted alone");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
  SHOW(open("b/file", O_WRONLY));
  SHOW_OK(open("a/file", O_WRONLY));
  info("b");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND, NULL));
  SHOW(umount("b"));
  SHOW(access("b/file", F_OK));
}

static void trees(void) {
  SECTION("what is mounted below");
  SHOW(mount("none", "a/sub", "tmpfs", 0, NULL));
  write_to("a/sub/deep", "deep");
  SHOW(mount("a", "b", NULL, MS_BIND, NULL));
  SHOW(access("b/sub/deep", F_OK));
  SHOW(umount("b"));
  SHOW(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
  content("b/sub/deep");
  info("b/sub");
  SHOW(umount("b"));
  SHOW(umount("b/sub"));
  SHOW(umount("b"));
  content("a/sub/deep");
  SHOW(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
  int fd = open("b/sub/deep", O_RDONLY);
  SHOW(umount2("b", MNT_DETACH));
  char text[8] = {0};
  SHOW(read(fd, text, 7));
  printf("%s\n", text);
  close(fd);
  info("b");
  info("b/sub");
  content("a/sub/deep");
}

static void moves(void) {
  SECTION("move");
  SHOW(mount("a/sub", "b", NULL, MS_MOVE, NULL));
  content("b/deep");
  SHOW(access("a/sub/deep", F_OK));
  info("b");
  SHOW(mount("c", "b", NULL, MS_MOVE, NULL));
  SHOW(mount("b", "one", NULL, MS_MOVE, NULL));
  mkdir("b/inner", 0755);
  SHOW(mount("b", "b/inner", NULL, MS_MOVE, NULL));
  SHOW(mount("none", "b/inner", "tmpfs", 0, NULL));
  write_to("b/inner/leaf", "leaf");
  SHOW(mount("b", "c", NULL, MS_MOVE, NULL));
  content("c/inner/leaf");
  info("c");
  info("c/inner");
  SHOW(umount2("c", MNT_DETACH));
  SHOW(access("c/inner", F_OK));
  SECTION("one over the other");
  SHOW(mount("none", "b", "tmpfs", 0, NULL));
  write_to("b/first", "first");
  SHOW(mount("none", "b", "tmpfs", 0, NULL));
  SHOW(access("b/first", F_OK));
  SHOW(umount("b"));
  content("b/first");
  SHOW(umount("b"));
  SHOW(umount("b"));
}

static void writable(const char *when) {
  printf("%s:", when);
  for (const char *const *at = (const char *const[]){"a", "b", NULL}; *at; at++) {
    struct statvfs fs;
    char path[8];
    statvfs(*at, &fs);
    snprintf(path, sizeof path, "%s/new", *at);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    printf("  %s flags %lx, %s", *at, fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC), fd < 0 ? "EROFS" : "open");
    close(fd);
  }
  printf("\n");
}

/* With MS_BIND a mount alone is read-only, else its filesystem, in all mounts of it. */
static void remounts(void) {
  SECTION("remounts");
  SHOW(mount("none", "a", "tmpfs", 0, ""));
  SHOW(mount("a", "b", NULL, MS_BIND, NULL));
  writable("both");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
  writable("b is not");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND, NULL));
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_RDONLY, NULL));
  writable("the filesystem is not");
  SHOW(mount(NULL, "a", NULL, MS_REMOUNT, NULL));
  writable("b is not");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT, NULL));
  writable("both");
  SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC | MS_NODEV | MS_NOSUID, NULL));
  writable("both");
  SHOW(umount("b"));
  SHOW(umount("a"));
}

int main(int argc, char **argv) {
  char folder[256];
  snprintf(folder, sizeof folder, "%s/binds-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (unshare(CLONE_NEWNS) == 0) mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  mkdir("a", 0755), mkdir("b", 0755), mkdir("c", 0755), mkdir("a/sub", 0755);
  write_to("a/file", "of a");
  write_to("one", "one");
  if (mount("a", "b", NULL, MS_BIND, NULL) != 0 || umount("b") != 0) return 77;
  binds();
  trees();
  moves();
  remounts();
  if (chdir("/") == 0) {
    char command[300];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) printf("not removed\n");
  }
  return 0;
}
