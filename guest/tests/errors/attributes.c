/* Modes, owners, times, extended attributes: changing what is not one's own, and arguments that are no good. */
#include "call.h"
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <utime.h>

#define HERE AT_FDCWD

static char buffer[256], long_name[300];
static int file;

static void owners(void) {
  struct timespec strange[2] = {{0, -5}, {0, 0}}, good[2] = {{1, 0}, {2, 0}};
  struct timeval odd[2] = {{0, 2000000}, {0, 0}}, fine[2] = {{1, 0}, {2, 0}};
  struct utimbuf both = {1, 2};
  struct stat st;
  struct statx stx;
  SECTION("arguments");
  CALL(access, "file", 8);
  CALL(faccessat, HERE, "file", 99);
  CALL(faccessat2, HERE, "file", 8, 0);
  CALL(faccessat2, HERE, "file", F_OK, 0x8000);
  CALL(fchmod, NO_FD, 0644);
  CALL(fchown, NO_FD, 1, 1);
  CALL(fchownat, HERE, "file", 1, 1, 0x8000);
  CALL(newfstatat, HERE, "file", &st, 0x8000);
  CALL(fstat, NO_FD, &st);
  CALL(fstatfs, NO_FD, buffer);
  CALL(statx, HERE, "file", 0x8000, STATX_BASIC_STATS, &stx);
  CALL(statx, HERE, "file", 0, 0x80000000, &stx);
  CALL(statx, HERE, "file", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &stx);
  CALL(utimensat, HERE, "file", strange, 0);
  CALL(utimensat, HERE, "file", good, 0x8000);
  CALL(utimensat, HERE, NULL, good, AT_SYMLINK_NOFOLLOW);
  CALL(utimensat, NO_FD, NULL, good, 0);
  CALL(utimes, "file", odd);
  CALL(futimesat, HERE, "file", odd);
  CALL(truncate, "file", -1);
  CALL(truncate, "folder", 0);
  CALL(truncate, "fifo", 0);
  AS_NOBODY({
    SECTION("of somebody else");
    CALL(chmod, "file", 0777);
    CALL(fchmod, file, 0777);
    CALL(fchmodat, HERE, "file", 0777);
    CALL(chown, "file", NOBODY, NOBODY);
    CALL(lchown, "file", NOBODY, NOBODY);
    CALL(fchown, file, NOBODY, NOBODY);
    CALL(fchownat, HERE, "file", NOBODY, NOBODY, 0);
    CALL(utime, "file", &both);
    CALL(utime, "file", NULL);
    CALL(utimes, "file", fine);
    CALL(utimes, "file", NULL);
    CALL(futimesat, HERE, "file", fine);
    CALL(futimesat, HERE, "file", NULL);
    CALL(utimensat, HERE, "file", good, 0);
    CALL(utimensat, HERE, "file", NULL, 0);
    CALL(truncate, "file", 0);
    CALL(access, "file", W_OK);
    CALL(access, "file", X_OK);
    CALL(setxattr, "file", "user.a", "v", 1, 0);
    CALL(getxattr, "private", "user.a", buffer, sizeof buffer);
    CALL(removexattr, "file", "user.a");
    CALL(setxattr, "file", "trusted.a", "v", 1, 0);
    CALL(lsetxattr, "file", "trusted.a", "v", 1, 0);
    CALL(fsetxattr, file, "trusted.a", "v", 1, 0);
    CALL(getxattr, "file", "trusted.a", buffer, sizeof buffer);
    CALL(removexattr, "file", "trusted.a");
    CALL(setxattr, "file", "security.a", "v", 1, 0);
    CALL(inotify_add_watch, inotify_init(), "private", IN_MODIFY);
  });
}

static char long_value[70000];
static void xattrs(void) {
  int path_only = open("file", O_PATH);
  SECTION("extended attributes");
  CALL(setxattr, "file", "user.a", "value", 5, 0);
  CALL(setxattr, "file", "user.a", "value", 5, XATTR_CREATE);
  CALL(lsetxattr, "file", "user.a", "value", 5, XATTR_CREATE);
  CALL(fsetxattr, file, "user.a", "value", 5, XATTR_CREATE);
  CALL(setxattr, "file", "user.b", "value", 5, XATTR_REPLACE);
  CALL(lsetxattr, "file", "user.b", "value", 5, XATTR_REPLACE);
  CALL(fsetxattr, file, "user.b", "value", 5, XATTR_REPLACE);
  CALL(setxattr, "file", "user.b", "value", 5, 77);
  CALL(setxattr, "file", "user.b", long_value, sizeof long_value, 0);
  CALL(setxattr, "file", long_name, "value", 5, 0);
  CALL(lsetxattr, "file", long_name, "value", 5, 0);
  CALL(fsetxattr, file, long_name, "value", 5, 0);
  CALL(setxattr, "file", "", "value", 5, 0);
  CALL(setxattr, "file", "strange.a", "value", 5, 0);
  CALL(lsetxattr, "file", "strange.a", "value", 5, 0);
  CALL(fsetxattr, file, "strange.a", "value", 5, 0);
  CALL(setxattr, "file", "user.", "value", 5, 0);
  CALL(setxattr, "file", BAD, "value", 5, 0);
  CALL(setxattr, "file", "user.b", BAD, 5, 0);
  CALL(lsetxattr, "file", "user.b", BAD, 5, 0);
  CALL(fsetxattr, file, "user.b", BAD, 5, 0);
  CALL(fsetxattr, NO_FD, "user.b", "value", 5, 0);
  CALL(fsetxattr, path_only, "user.b", "value", 5, 0);
  CALL(lsetxattr, "link", "user.a", "value", 5, 0);
  CALL(setxattr, "fifo", "user.a", "value", 5, 0);
  CALL(getxattr, "file", "user.a", buffer, 3);
  CALL(lgetxattr, "file", "user.a", buffer, 3);
  CALL(fgetxattr, file, "user.a", buffer, 3);
  CALL(getxattr, "file", "user.b", buffer, sizeof buffer);
  CALL(lgetxattr, "file", "user.b", buffer, sizeof buffer);
  CALL(fgetxattr, file, "user.b", buffer, sizeof buffer);
  CALL(getxattr, "file", "strange.a", buffer, sizeof buffer);
  CALL(lgetxattr, "file", "strange.a", buffer, sizeof buffer);
  CALL(fgetxattr, file, "strange.a", buffer, sizeof buffer);
  CALL(getxattr, "file", "user.a", BAD, 100);
  CALL(fgetxattr, file, "user.a", BAD, 100);
  CALL(fgetxattr, NO_FD, "user.a", buffer, sizeof buffer);
  CALL(getxattr, "file", long_name, buffer, sizeof buffer);
  CALL(getxattr, "file", BAD, buffer, sizeof buffer);
  CALL(listxattr, "file", buffer, 2);
  CALL(llistxattr, "file", buffer, 2);
  CALL(flistxattr, file, buffer, 2);
  CALL(listxattr, "file", BAD, 100);
  CALL(flistxattr, file, BAD, 100);
  CALL(flistxattr, NO_FD, buffer, sizeof buffer);
  CALL(removexattr, "file", "user.b");
  CALL(lremovexattr, "file", "user.b");
  CALL(fremovexattr, file, "user.b");
  CALL(removexattr, "file", "strange.a");
  CALL(lremovexattr, "file", "strange.a");
  CALL(fremovexattr, file, "strange.a");
  CALL(fremovexattr, file, BAD);
  CALL(fremovexattr, NO_FD, "user.b");
  CALL(removexattr, "file", long_name);
  CALL(removexattr, "file", "user.a");
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  memset(long_name, 'n', sizeof long_name - 1), memcpy(long_name, "user.", 5);
  file = open("file", O_CREAT | O_RDWR, 0644);
  close(open("private", O_CREAT, 0600)), symlink("file", "link"), mkfifo("fifo", 0644), mkdir("folder", 0755);
  owners();
  xattrs();
  leave_work_folder();
  return 0;
}
