/* chattr(1): FS_IOC_GETFLAGS and FS_IOC_SETFLAGS, and what files that are immutable or only grow forbid, on the disk. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "show.h"

/* What does not depend on how the filesystem lays files out. */
#define SHOWN (FS_SECRM_FL | FS_UNRM_FL | FS_SYNC_FL | FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL | \
               FS_DIRSYNC_FL | FS_TOPDIR_FL)

static long get(const char *path) {
  int flags = 0, f = open(path, O_RDONLY | O_NONBLOCK);
  long result = ioctl(f, FS_IOC_GETFLAGS, &flags);
  close(f);
  return result == 0 ? flags & SHOWN : -1;
}
static long change(const char *path, int set, int clear) {
  int flags = 0, f = open(path, O_RDONLY | O_NONBLOCK);
  long result = ioctl(f, FS_IOC_GETFLAGS, &flags);
  if (result == 0) flags = (flags | set) & ~clear, result = ioctl(f, FS_IOC_SETFLAGS, &flags);
  int error = errno;
  close(f), errno = error;
  return result;
}
static void put(const char *path) {
  int f = open(path, O_CREAT | O_WRONLY, 0644);
  write(f, "text\n", 5), close(f);
}

/* All that may be forbidden. @param f opened for reading and writing before */
static void try(const char *path, int f) {
  struct timeval times[2] = {{1, 0}, {1, 0}};
  SHOW_OK(open(path, O_RDONLY));
  SHOW_OK(open(path, O_WRONLY));
  SHOW_OK(open(path, O_WRONLY | O_APPEND));
  SHOW_OK(open(path, O_WRONLY | O_APPEND | O_TRUNC));
  SHOW(access(path, R_OK)), SHOW(access(path, W_OK));
  SHOW(faccessat(AT_FDCWD, path, W_OK, AT_EACCESS));
  SHOW(pwrite(f, "T", 1, 0));
  SHOW(ftruncate(f, 3)), SHOW(truncate(path, 3));
  SHOW(posix_fallocate(f, 0, 9));
  SHOW(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1));
  SHOW(fcntl(f, F_SETFL, O_APPEND)), SHOW(fcntl(f, F_SETFL, 0));
  SHOW_OK((long)mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0));
  SHOW(chmod(path, 0600)), SHOW(fchmod(f, 0644)), SHOW(chown(path, 0, 0));
  SHOW(utimes(path, times)), SHOW(utimes(path, NULL));
  SHOW(setxattr(path, "user.test", "x", 1, 0)), SHOW(removexattr(path, "user.none"));
  SHOW(link(path, "another")), SHOW(rename(path, "another")), SHOW(unlink(path));
  rename("another", path);
  int from = open("source", O_RDONLY);
  SHOW(copy_file_range(from, &(off_t){0}, f, &(off_t){0}, 1, 0));
  close(from);
}

static void file(const char *title, int flags) {
  SECTION(title);
  put("file");
  int f = open("file", O_RDWR);
  SHOW(change("file", flags, 0));
  printf("flags %lx\n", get("file"));
  try("file", f);
  struct statx st;
  statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &st);
  printf("attributes %llx of %llx\n", st.stx_attributes & 0x74, st.stx_attributes_mask & 0x74ULL);
  SHOW(change("file", 0, flags));
  close(f);
  SHOW(unlink("file") == 0 || errno == ENOENT);
}

static void directory(const char *title, int flags) {
  SECTION(title);
  mkdir("folder", 0755), put("folder/old"), put("outside");
  SHOW(change("folder", flags, 0));
  SHOW_OK(open("folder/new", O_CREAT | O_WRONLY, 0644));
  SHOW(mkdir("folder/inner", 0755)), SHOW(symlink("x", "folder/link")), SHOW(link("outside", "folder/linked"));
  SHOW(rename("outside", "folder/moved")), SHOW(rename("folder/old", "gone"));
  SHOW(unlink("folder/old")), SHOW(rmdir("folder/inner")), SHOW(rmdir("folder"));
  SHOW(access("folder", W_OK)), SHOW(chmod("folder", 0700));
  int f = open("folder/old", O_WRONLY);
  SHOW(write(f, "t", 1)), close(f);
  SHOW(change("folder", 0, flags));
  const char *names[] = {"folder/new", "folder/link", "folder/linked", "folder/moved", "folder/old", "outside", "gone"};
  for (int i = 0; i < 7; i++) unlink(names[i]);
  SHOW(rmdir("folder/inner") == 0 || errno == ENOENT), SHOW(rmdir("folder"));
}

static void others(void) {
  SECTION("which flags, and for whom");
  put("file"), mkdir("folder", 0755), mkfifo("fifo", 0600);
  SHOW(change("file", FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL, 0)), printf("%lx\n", get("file"));
  SHOW(change("file", 0, FS_SYNC_FL)), printf("%lx\n", get("file"));
  SHOW(change("file", FS_DIRSYNC_FL, 0));
  SHOW(change("folder", FS_DIRSYNC_FL | FS_TOPDIR_FL | FS_NODUMP_FL, 0)), printf("%lx\n", get("folder"));
  put("folder/inner"), mkdir("folder/deeper", 0755);
  printf("inherited %lx %lx\n", get("folder/inner"), get("folder/deeper"));
  SHOW(get("fifo")), SHOW(get("/dev/null")), SHOW(get("/proc/self/status"));
  int f = open("file", O_RDONLY), flags = 1 << 31;
  SHOW(ioctl(f, FS_IOC_SETFLAGS, &flags));
  SHOW(ioctl(f, FS_IOC_GETFLAGS, NULL)), SHOW(ioctl(f, FS_IOC_SETFLAGS, NULL));
  close(f), fflush(stdout);
  chown("file", 1000, 1000);
  if (fork() == 0) {
    if (setresuid(1000, 1000, 1000)) _exit(1);
    SHOW(change("file", FS_SYNC_FL, 0)), SHOW(change("file", FS_IMMUTABLE_FL, 0)), SHOW(change("file", FS_APPEND_FL, 0));
    SHOW(change("folder", FS_SYNC_FL, 0)), SHOW(get("folder"));
    fflush(stdout), _exit(0);
  }
  wait(NULL);
  unlink("file"), unlink("fifo"), unlink("folder/inner"), rmdir("folder/deeper"), rmdir("folder");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[64];
  snprintf(folder, sizeof folder, "%s/flags-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
  if (mkdtemp(folder) == NULL || chmod(folder, 0755) || chdir(folder)) return 1;
  umask(022);
  put("source");
  /* Root of a container may not, and other filesystems have other flags. */
  struct statfs filesystem;
  if (statfs(".", &filesystem) || filesystem.f_type != EXT4_SUPER_MAGIC || change("source", FS_IMMUTABLE_FL, 0) || change("source", 0, FS_IMMUTABLE_FL)) {
    unlink("source"), rmdir(folder);
    return 77;
  }
  file("a file like others", 0);
  file("immutable", FS_IMMUTABLE_FL);
  file("append only", FS_APPEND_FL);
  directory("immutable directory", FS_IMMUTABLE_FL);
  directory("append only directory", FS_APPEND_FL);
  others();
  unlink("source");
  return rmdir(folder);
}
