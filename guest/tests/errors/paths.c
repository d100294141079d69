/* What can be wrong with a path, for every call that takes one: too many links, too long, nothing there, a file in the
   way, no right to search, a bad address; and with the descriptor that a relative one starts from. */
#include "call.h"
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#define HERE AT_FDCWD

static char long_name[300], long_path[PATH_MAX + 10];
static struct stat st;
static struct statfs fs;
static struct statx stx;
static struct open_how how;
static char buffer[256];
static int watcher;

/* Calls that look, or change what is there. */
static void looking(const char *p) {
  CALL(open, p, O_RDONLY);
  CALL(openat, HERE, p, O_RDONLY);
  CALL(openat2, HERE, p, &how, sizeof how);
  CALL(access, p, F_OK);
  CALL(faccessat, HERE, p, F_OK);
  CALL(faccessat2, HERE, p, F_OK, 0);
  CALL(stat, p, &st);
  CALL(lstat, p, &st);
  CALL(newfstatat, HERE, p, &st, 0);
  CALL(statx, HERE, p, 0, STATX_BASIC_STATS, &stx);
  CALL(statfs, p, &fs);
  CALL(readlink, p, buffer, sizeof buffer);
  CALL(readlinkat, HERE, p, buffer, sizeof buffer);
  CALL(chdir, p);
  CALL(chroot, p);
  CALL(inotify_add_watch, watcher, p, IN_MODIFY);
  CALL(getxattr, p, "user.a", buffer, sizeof buffer);
  CALL(lgetxattr, p, "user.a", buffer, sizeof buffer);
  CALL(listxattr, p, buffer, sizeof buffer);
  CALL(llistxattr, p, buffer, sizeof buffer);
}

static void changing(const char *p) {
  CALL(chmod, p, 0644);
  CALL(fchmodat, HERE, p, 0644);
  CALL(chown, p, 1, 1);
  CALL(lchown, p, 1, 1);
  CALL(fchownat, HERE, p, 1, 1, 0);
  CALL(utime, p, NULL);
  CALL(utimes, p, NULL);
  CALL(futimesat, HERE, p, NULL);
  CALL(utimensat, HERE, p, NULL, 0);
  CALL(truncate, p, 10);
  CALL(setxattr, p, "user.a", "v", 1, 0);
  CALL(lsetxattr, p, "user.a", "v", 1, 0);
  CALL(removexattr, p, "user.a");
  CALL(lremovexattr, p, "user.a");
}

static void naming(const char *p) {
  CALL(creat, p, 0644);
  CALL(mkdir, p, 0755);
  CALL(mkdirat, HERE, p, 0755);
  CALL(mknod, p, S_IFREG | 0644, 0);
  CALL(mknodat, HERE, p, S_IFREG | 0644, 0);
  CALL(rmdir, p);
  CALL(unlink, p);
  CALL(unlinkat, HERE, p, 0);
  CALL(unlinkat, HERE, p, AT_REMOVEDIR);
  CALL(symlink, "file", p);
  CALL(symlinkat, "file", HERE, p);
  CALL(link, p, "new");
  CALL(link, "file", p);
  CALL(linkat, HERE, p, HERE, "new", 0);
  CALL(linkat, HERE, "file", HERE, p, 0);
  CALL(rename, p, "new");
  CALL(rename, "file", p);
  CALL(renameat, HERE, p, HERE, "new");
  CALL(renameat, HERE, "file", HERE, p);
  CALL(renameat2, HERE, p, HERE, "new", 0);
  CALL(renameat2, HERE, "file", HERE, p, RENAME_NOREPLACE);
}

static void mounting(const char *p) {
  CALL(mount, "none", p, "tmpfs", 0, NULL);
  CALL(umount2, p, 0);
}

/* At the end no line may say that it succeeded. */
static void each(const char *title, const char *p) {
  SECTION(title);
  looking(p);
  changing(p);
  naming(p);
  mounting(p);
}

static void relative(int fd) {
  CALL(openat, fd, "file", O_RDONLY);
  CALL(openat2, fd, "file", &how, sizeof how);
  CALL(faccessat, fd, "file", F_OK);
  CALL(faccessat2, fd, "file", F_OK, 0);
  CALL(newfstatat, fd, "file", &st, 0);
  CALL(statx, fd, "file", 0, STATX_BASIC_STATS, &stx);
  CALL(readlinkat, fd, "file", buffer, sizeof buffer);
  CALL(fchmodat, fd, "file", 0644);
  CALL(fchownat, fd, "file", 1, 1, 0);
  CALL(futimesat, fd, "file", NULL);
  CALL(utimensat, fd, "file", NULL, 0);
  CALL(mkdirat, fd, "new", 0755);
  CALL(mknodat, fd, "new", S_IFREG | 0644, 0);
  CALL(unlinkat, fd, "file", 0);
  CALL(symlinkat, "file", fd, "new");
  CALL(linkat, fd, "file", HERE, "new", 0);
  CALL(linkat, HERE, "file", fd, "new", 0);
  CALL(renameat, fd, "file", HERE, "new");
  CALL(renameat, HERE, "file", fd, "new");
  CALL(renameat2, fd, "file", HERE, "new", 0);
  CALL(renameat2, HERE, "file", fd, "new", 0);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  memset(long_name, 'n', sizeof long_name - 1);
  memset(long_path, '/', sizeof long_path - 1);
  symlink("loop", "loop"), mkdir("closed", 0700), mkdir("folder", 0755);
  int file = open("file", O_CREAT | O_RDWR, 0644);
  close(open("closed/file", O_CREAT, 0644));
  watcher = syscall(SYS_inotify_init);
  each("too many links", "loop/x");
  each("a long name", long_name);
  each("a long path", long_path);
  each("nothing on the way", "none/x");
  each("an empty path", "");
  each("a file in the way", "file/x");
  each("a bad address", BAD);
  AS_NOBODY(each("a folder that may not be searched", "closed/file"));
  SECTION("the link itself");
  CALL(open, "loop", O_RDONLY);
  CALL(open, "loop", O_RDONLY | O_NOFOLLOW);
  CALL(creat, "loop", 0644);
  CALL(stat, "loop", &st);
  CALL(chmod, "loop", 0644);
  CALL(truncate, "loop", 0);
  CALL(link, "loop", "new");
  CALL(unlink, "new");
  SECTION("no such descriptor");
  relative(NO_FD);
  SECTION("a descriptor of a file");
  relative(file);
  SECTION("the second pointer");
  CALL(stat, "file", BAD);
  CALL(lstat, "file", BAD);
  CALL(fstat, file, BAD);
  CALL(newfstatat, HERE, "file", BAD, 0);
  CALL(statx, HERE, "file", 0, STATX_BASIC_STATS, BAD);
  CALL(statfs, "file", BAD);
  CALL(fstatfs, file, BAD);
  CALL(readlink, "loop", BAD, 10);
  CALL(readlinkat, HERE, "loop", BAD, 10);
  CALL(utimensat, HERE, "file", BAD, 0);
  CALL(utime, "file", BAD);
  CALL(utimes, "file", BAD);
  CALL(openat2, HERE, "file", BAD, sizeof how);
  CALL(symlink, BAD, "new");
  CALL(symlinkat, BAD, HERE, "new");
  CALL(mount, BAD, "folder", "tmpfs", 0, NULL);
  CALL(mount, "none", "folder", BAD, 0, NULL);
  leave_work_folder();
  return 0;
}
