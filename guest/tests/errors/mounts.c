/* Mounting, and what needs a filesystem made for it: one that is read-only, one that is full, one that forbids devices and
   execution. Where the host does not let root mount (a container) it ends with 77. */
#include "call.h"
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define HERE AT_FDCWD
static char bytes[65536];

static void make(const char *name) { close(open(name, O_CREAT | O_RDWR, 0644)); }

static void read_only(void) {
  struct timespec times[2] = {{1, 0}, {2, 0}};
  struct open_how how = {.flags = O_WRONLY};
  mount("none", "ro", "tmpfs", 0, NULL);
  make("ro/file"), mkdir("ro/folder", 0755), symlink("file", "ro/link"), mkfifo("ro/fifo", 0644);
  SECTION("read-only");
  int writer = open("ro/file", O_WRONLY);
  CALL(mount, "none", "ro", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL);
  close(writer);
  CALL(mount, "none", "ro", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL);
  int file = open("ro/file", O_RDONLY);
  CALL(open, "ro/file", O_WRONLY);
  CALL(open, "ro/file", O_RDONLY | O_TRUNC);
  CALL(open, "ro/new", O_CREAT | O_WRONLY, 0644);
  CALL(open, "ro/folder", O_TMPFILE | O_RDWR, 0644);
  CALL(openat, HERE, "ro/file", O_RDWR);
  CALL(openat2, HERE, "ro/file", &how, sizeof how);
  CALL(creat, "ro/new", 0644);
  CALL(creat, "ro/file", 0644);
  CALL(access, "ro/file", W_OK);
  CALL(access, "ro/fifo", W_OK);
  CALL(faccessat, HERE, "ro/folder", W_OK);
  CALL(faccessat2, HERE, "ro/file", W_OK, 0);
  CALL(chmod, "ro/file", 0600);
  CALL(fchmod, file, 0600);
  CALL(fchmodat, HERE, "ro/file", 0600);
  CALL(chown, "ro/file", 1, 1);
  CALL(lchown, "ro/link", 1, 1);
  CALL(fchown, file, 1, 1);
  CALL(fchownat, HERE, "ro/file", 1, 1, 0);
  CALL(utime, "ro/file", NULL);
  CALL(utimes, "ro/file", NULL);
  CALL(futimesat, HERE, "ro/file", NULL);
  CALL(utimensat, HERE, "ro/file", times, 0);
  CALL(truncate, "ro/file", 0);
  CALL(mkdir, "ro/new", 0755);
  CALL(mkdir, "ro/folder", 0755);
  CALL(mkdirat, HERE, "ro/new", 0755);
  CALL(mknod, "ro/new", S_IFREG | 0644, 0);
  CALL(mknodat, HERE, "ro/new", S_IFIFO | 0644, 0);
  CALL(rmdir, "ro/folder");
  CALL(rmdir, "ro/none");
  CALL(unlink, "ro/file");
  CALL(unlink, "ro/none");
  CALL(unlinkat, HERE, "ro/file", 0);
  CALL(unlinkat, HERE, "ro/folder", AT_REMOVEDIR);
  CALL(symlink, "x", "ro/new");
  CALL(symlinkat, "x", HERE, "ro/new");
  CALL(link, "ro/file", "ro/new");
  CALL(linkat, HERE, "ro/file", HERE, "ro/new", 0);
  CALL(rename, "ro/file", "ro/new");
  CALL(renameat, HERE, "ro/file", HERE, "ro/new");
  CALL(renameat2, HERE, "ro/file", HERE, "ro/new", 0);
  CALL(rename, "ro/none", "ro/new");
  CALL(link, "ro/file", "new");
  CALL(linkat, HERE, "ro/file", HERE, "new", 0);
  CALL(rename, "ro/file", "new");
  CALL(renameat, HERE, "ro/file", HERE, "new");
  CALL(renameat2, HERE, "ro/file", HERE, "new", 0);
  CALL(setxattr, "ro/file", "user.a", "v", 1, 0);
  CALL(removexattr, "ro/file", "user.a");
  close(file);
  CALL(mount, "none", "ro", "tmpfs", MS_REMOUNT, NULL);
  CALL(unlink, "ro/file");
}

static void full(void) {
  SECTION("full");
  CALL(mount, "none", "full", "tmpfs", 0, "size=32k,nr_inodes=8");
  loff_t from = 0, to = 0;
  int file = open("full/file", O_CREAT | O_RDWR, 0644), source = open("full/source", O_CREAT | O_RDWR, 0644);
  struct iovec io = {bytes, 4096};
  write(source, bytes, 8192);
  CALL(write, file, bytes, sizeof bytes);
  CALL(write, file, bytes, 10);
  CALL(pwrite64, file, bytes, 10, 60000);
  CALL(writev, file, &io, 1);
  CALL(pwritev, file, &io, 1, 60000, 0);
  CALL(pwritev2, file, &io, 1, 60000, 0, 0);
  CALL(fallocate, file, 0, 60000, 10000);
  to = 40960;
  CALL(copy_file_range, source, &from, file, &to, 4096, 0);
  make("full/1"), make("full/2"), make("full/3"), make("full/4"), make("full/5");
  struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0644};
  CALL(open, "full/new", O_CREAT | O_WRONLY, 0644);
  CALL(openat, HERE, "full/new", O_CREAT | O_WRONLY, 0644);
  CALL(openat2, HERE, "full/new", &how, sizeof how);
  CALL(open, "full", O_TMPFILE | O_RDWR, 0644);
  CALL(creat, "full/new", 0644);
  CALL(mkdir, "full/new", 0755);
  CALL(mkdirat, HERE, "full/new", 0755);
  CALL(mknod, "full/new", S_IFREG | 0644, 0);
  CALL(mknodat, HERE, "full/new", S_IFIFO | 0644, 0);
  CALL(symlink, "x", "full/new");
  CALL(symlinkat, "x", HERE, "full/new");
  CALL(link, "full/file", "full/new");
  CALL(linkat, HERE, "full/file", HERE, "full/new", 0);
  CALL(renameat2, HERE, "full/1", HERE, "full/2", RENAME_WHITEOUT);
  CALL(rename, "full/1", "full/2");
  CALL(link, "full/file", "full/new");
  CALL(setxattr, "full/file", "user.a", bytes, 8000, 0);
  CALL(lsetxattr, "full/file", "user.a", bytes, 8000, 0);
  CALL(fsetxattr, file, "user.a", bytes, 8000, 0);
  close(file), close(source);
}

static void forbidding(void) {
  SECTION("no devices, no execution");
  CALL(mount, "none", "closed", "tmpfs", MS_NODEV | MS_NOEXEC, NULL);
  mknod("closed/null", S_IFCHR | 0666, makedev(1, 3)), mknod("closed/disk", S_IFBLK | 0666, makedev(4000, 1));
  int file = open("closed/file", O_CREAT | O_RDWR, 0755);
  write(file, bytes, 4096);
  CALL(open, "closed/null", O_RDONLY);
  CALL(mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  char *none[] = {"file", NULL};
  CALL(execve, "closed/file", none, none);
  CALL(mount, "closed/disk", "folder", "ext4", 0, NULL);
  close(file);
}

static void mounting(void) {
  SECTION("mount");
  mknod("disk", S_IFBLK | 0666, makedev(4000, 1)), make("file");
  mknod("misc", S_IFCHR | 0666, makedev(10, 255));
  struct open_how how = {.flags = O_RDONLY};
  CALL(open, "misc", O_RDONLY);
  CALL(openat, HERE, "misc", O_RDONLY);
  CALL(openat2, HERE, "misc", &how, sizeof how);
  CALL(creat, "misc", 0644);
  CALL(open, "disk", O_RDONLY);
  CALL(mount, "none", "folder", "strange", 0, NULL);
  CALL(mount, "none", "folder", NULL, 0, NULL);
  CALL(mount, "none", "folder", "tmpfs", 0, "strange=1");
  CALL(mount, "none", "folder", "tmpfs", 0, "size=x");
  CALL(mount, "none", "folder", "tmpfs", MS_REMOUNT, NULL);
  CALL(mount, "none", "folder", NULL, MS_SHARED | MS_PRIVATE, NULL);
  CALL(mount, "none", "folder", NULL, MS_PRIVATE | MS_RDONLY, NULL);
  CALL(mount, "none", "folder", NULL, MS_PRIVATE, NULL);
  CALL(mount, "folder", "full", NULL, MS_MOVE, NULL);
  CALL(mount, "file", "folder", "ext4", 0, NULL);
  CALL(mount, "none", "folder", "ext4", 0, NULL);
  CALL(mount, "disk", "folder", "ext4", 0, NULL);
  CALL(mount, "none", "file", "tmpfs", 0, NULL);
  AS_NOBODY({
    CALL(mount, "none", "folder", "tmpfs", 0, NULL);
    CALL(umount2, "full", 0);
  });
  SECTION("mount points");
  CALL(rmdir, "full");
  CALL(unlinkat, HERE, "full", AT_REMOVEDIR);
  CALL(unlink, "full");
  CALL(rename, "full", "new");
  CALL(rename, "folder", "full");
  CALL(renameat, HERE, "full", HERE, "new");
  CALL(renameat2, HERE, "full", HERE, "new", 0);
  CALL(rename, "full/2", "new");
  CALL(renameat, HERE, "full/2", HERE, "new");
  CALL(renameat2, HERE, "full/2", HERE, "new", 0);
  CALL(link, "full/2", "new");
  CALL(linkat, HERE, "full/2", HERE, "new", 0);
  SECTION("a mounted file");
  make("other");
  CALL(mount, "file", "other", NULL, MS_BIND, NULL);
  CALL(mount, "file", "folder", NULL, MS_BIND, NULL);
  CALL(mount, "folder", "file", NULL, MS_BIND, NULL);
  CALL(mount, "none", "other", NULL, MS_BIND, NULL);
  CALL(unlink, "other");
  CALL(unlinkat, HERE, "other", 0);
  CALL(rename, "other", "new");
  CALL(rename, "file", "other");
  CALL(umount2, "other", 0);
  CALL(mkdir, "full/folder", 0755);
  CALL(mount, "full", "full/2", NULL, MS_MOVE, NULL);
  CALL(umount2, "other", 0);
  CALL(unlink, "other");
  SECTION("umount");
  CALL(umount2, "folder", 0);
  CALL(umount2, "full", 77 << 8);
  CALL(umount2, "full", MNT_EXPIRE | MNT_FORCE);
  int file = open("full/2", O_RDONLY);
  CALL(umount2, "full", 0);
  CALL(umount2, "full", MNT_EXPIRE);
  close(file);
  IN_CHILD({
    chdir("full");
    CALL(umount2, "../full", 0);
  });
  CALL(umount2, "full", MNT_EXPIRE);
  CALL(umount2, "full", MNT_EXPIRE);
  CALL(umount2, "full", 0);
  CALL(umount2, "closed", MNT_DETACH);
  CALL(umount2, "ro", 0);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  mkdir("ro", 0755), mkdir("full", 0755), mkdir("closed", 0755), mkdir("folder", 0755);
  /* On Linux the mounts are this program's own; in the machine there is one tree of them. */
  if (unshare(CLONE_NEWNS) == 0) mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (mount("none", "folder", "tmpfs", 0, NULL) != 0 || umount("folder") != 0) {
    leave_work_folder();
    return 77;
  }
  read_only();
  full();
  forbidding();
  mounting();
  leave_work_folder();
  return 0;
}
