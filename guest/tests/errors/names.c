/* Making, moving and removing names: what is wrong although the path leads somewhere. */
#include "call.h"
#include <linux/openat2.h>
#include <sys/un.h>
#include <sys/socket.h>

#define HERE AT_FDCWD

static void make(const char *name) { close(open(name, O_CREAT | O_RDWR, 0644)); }

static void directories(void) {
  SECTION("directories");
  CALL(mkdir, "folder", 0755);
  CALL(mkdirat, HERE, "file", 0755);
  CALL(mkdir, "/", 0755);
  CALL(mkdir, ".", 0755);
  CALL(mkdir, "..", 0755);
  CALL(mkdir, "loop", 0755);
  CALL(rmdir, "full");
  CALL(rmdir, "file");
  CALL(rmdir, "folder/.");
  CALL(rmdir, "full/inner/..");
  CALL(rmdir, "/");
  CALL(unlinkat, HERE, "full", AT_REMOVEDIR);
  CALL(unlinkat, HERE, "file", AT_REMOVEDIR);
  CALL(unlinkat, HERE, "folder/.", AT_REMOVEDIR);
  CALL(unlinkat, HERE, "/", AT_REMOVEDIR);
  CALL(unlinkat, HERE, "file", 0x8000);
  CALL(unlinkat, HERE, "folder", 0);
  CALL(unlink, "folder");
  CALL(unlink, "file/");
  CALL(unlink, "/");
  AS_NOBODY({
    CALL(rmdir, "sticky/folder");
    CALL(unlink, "sticky/file");
    CALL(unlinkat, HERE, "sticky/file", 0);
    CALL(unlinkat, HERE, "sticky/folder", AT_REMOVEDIR);
    CALL(mkdir, "folder/new", 0755);
    CALL(rmdir, "full/inner");
  });
}

static void nodes(void) {
  SECTION("nodes");
  CALL(mknod, "file", S_IFREG | 0644, 0);
  CALL(mknodat, HERE, "folder", S_IFIFO | 0644, 0);
  CALL(mknod, "new", S_IFDIR | 0755, 0);
  CALL(mknodat, HERE, "new", S_IFDIR | 0755, 0);
  CALL(mknod, "new", 0150000, 0);
  CALL(mknodat, HERE, "new", S_IFLNK | 0755, 0);
  CALL(mknod, "new/", S_IFREG | 0644, 0);
  AS_NOBODY({
    CALL(mknod, "new", S_IFCHR | 0644, 0x103);
    CALL(mknodat, HERE, "new", S_IFBLK | 0644, 0x103);
  });
}

static void links(void) {
  SECTION("links");
  CALL(symlink, "x", "file");
  CALL(symlink, "", "new");
  CALL(symlinkat, "x", HERE, "folder");
  CALL(symlinkat, "x", HERE, "new/");
  CALL(link, "file", "folder");
  CALL(linkat, HERE, "file", HERE, "file", 0);
  CALL(linkat, HERE, "file", HERE, "new", 0x8000);
  CALL(linkat, HERE, "", HERE, "new", AT_EMPTY_PATH);
  CALL(link, "folder", "new");
  CALL(linkat, HERE, "folder", HERE, "new", 0);
  CALL(link, "/proc/self/status", "new");
  CALL(linkat, HERE, "/proc/self/status", HERE, "new", 0);
  CALL(link, "file", "new/");
  CALL(readlink, "file", work_folder, 10);
  CALL(readlinkat, HERE, "file", work_folder, 10);
  CALL(readlink, "loop", work_folder, 0);
  CALL(readlinkat, HERE, "loop", work_folder, -1);
}

static void renames(void) {
  SECTION("renames");
  CALL(rename, "folder", "file");
  CALL(rename, "file", "folder");
  CALL(rename, "folder", "full");
  CALL(rename, "full", "full/inner/deeper");
  CALL(rename, "full/inner", "full");
  CALL(rename, "folder/.", "new");
  CALL(rename, "/", "new");
  CALL(rename, "file", "/");
  CALL(rename, "file", "new/");
  CALL(rename, "file", "/proc/x");
  CALL(renameat, HERE, "folder", HERE, "file");
  CALL(renameat, HERE, "file", HERE, "folder");
  CALL(renameat, HERE, "folder", HERE, "full");
  CALL(renameat, HERE, "full", HERE, "full/new");
  CALL(renameat, HERE, "folder", HERE, "folder/..");
  CALL(renameat, HERE, "file", HERE, "/proc/x");
  CALL(renameat2, HERE, "folder", HERE, "file", 0);
  CALL(renameat2, HERE, "file", HERE, "folder", 0);
  CALL(renameat2, HERE, "folder", HERE, "full", 0);
  CALL(renameat2, HERE, "full", HERE, "full/new", 0);
  CALL(renameat2, HERE, "folder/.", HERE, "new", 0);
  CALL(renameat2, HERE, "file", HERE, "/proc/x", 0);
  CALL(renameat2, HERE, "file", HERE, "folder", RENAME_NOREPLACE);
  CALL(renameat2, HERE, "file", HERE, "new", RENAME_EXCHANGE);
  CALL(renameat2, HERE, "file", HERE, "folder", RENAME_EXCHANGE | RENAME_NOREPLACE);
  CALL(renameat2, HERE, "file", HERE, "new", 64);
  AS_NOBODY({
    CALL(rename, "sticky/file", "sticky/new");
    CALL(renameat, HERE, "sticky/file", HERE, "sticky/new");
    CALL(renameat2, HERE, "sticky/file", HERE, "sticky/new", 0);
    CALL(renameat2, HERE, "other", HERE, "moved", RENAME_WHITEOUT);
    CALL(rename, "full/inner", "new");
  });
}

/* /dev/pts has no way to make names and /proc none to remove them or to make nameless files. */
static void elsewhere(void) {
  SECTION("filesystems that cannot");
  CALL(mkdir, "/dev/pts/new", 0755);
  CALL(mkdirat, HERE, "/dev/pts/new", 0755);
  CALL(symlink, "x", "/dev/pts/new");
  CALL(symlinkat, "x", HERE, "/dev/pts/new");
  CALL(mknod, "/dev/pts/new", S_IFIFO | 0644, 0);
  CALL(mknodat, HERE, "/dev/pts/new", S_IFIFO | 0644, 0);
  CALL(creat, "/dev/pts/new", 0644);
  CALL(rmdir, "/proc/self/task");
  CALL(unlink, "/proc/self/status");
  CALL(mkdir, "/proc/new", 0755);
  CALL(creat, "/proc/new", 0644);
  CALL(open, "/proc", O_TMPFILE | O_RDWR, 0600);
  CALL(openat, HERE, "/proc", O_TMPFILE | O_RDWR, 0600);
  struct open_how how = {.flags = O_TMPFILE | O_RDWR, .mode = 0600};
  CALL(openat2, HERE, "/proc", &how, sizeof how);
}

static void current(void) {
  SECTION("where one is");
  char path[PATH_MAX + 1000];
  CALL(getcwd, BAD, sizeof path);
  CALL(getcwd, path, 2);
  CALL(getcwd, path, 0);
  IN_CHILD({
    mkdir("removed", 0755), chdir("removed"), rmdir("../removed");
    CALL(getcwd, path, sizeof path);
    CALL(creat, "new", 0644);
    CALL(mkdir, "new", 0755);
    CALL(mkdir, ".", 0755);
    CALL(symlink, "x", "new");
    CALL(open, ".", O_RDONLY);
    CALL(stat, "..", path);
  });
  IN_CHILD({
    char name[251];
    memset(name, 'd', 250), name[250] = 0;
    for (int i = 0; i < 20; i++) mkdir(name, 0755), chdir(name);
    CALL(getcwd, path, sizeof path);
    for (int i = 0; i < 20; i++) chdir(".."), rmdir(name);
  });
}

static void lists(void) {
  SECTION("lists of names");
  char buffer[1024];
  int folder = open("folder", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
  CALL(getdents, NO_FD, buffer, sizeof buffer);
  CALL(getdents64, NO_FD, buffer, sizeof buffer);
  CALL(getdents, file, buffer, sizeof buffer);
  CALL(getdents64, file, buffer, sizeof buffer);
  CALL(getdents, folder, buffer, 4);
  CALL(getdents64, folder, buffer, 4);
  CALL(getdents, folder, BAD, sizeof buffer);
  CALL(getdents64, folder, BAD, sizeof buffer);
  mkdir("removed", 0755);
  int removed = open("removed", O_RDONLY | O_DIRECTORY);
  rmdir("removed");
  CALL(getdents, removed, buffer, sizeof buffer);
  CALL(getdents64, removed, buffer, sizeof buffer);
  CALL(fchdir, file);
  CALL(fchdir, NO_FD);
  int closed = open("closed", O_RDONLY | O_DIRECTORY);
  AS_NOBODY(CALL(fchdir, closed));
  AS_NOBODY(CALL(chroot, "folder"));
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  mkdir("folder", 0755), mkdir("full", 0755), mkdir("full/inner", 0755), mkdir("closed", 0700);
  mkdir("sticky", 0755), chmod("sticky", 01777), mkdir("sticky/folder", 0755);
  symlink("loop", "loop"), make("file"), make("other"), make("sticky/file");
  directories();
  nodes();
  links();
  renames();
  elsewhere();
  current();
  lists();
  leave_work_folder();
  return 0;
}
