/* Users: ids, permissions for who is not root, sticky directories, signals to others. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static void ids(void) {
  uid_t r, e, s;
  getresuid(&r, &e, &s);
  printf("  %d %d %d", r, e, s);
  getresgid(&r, &e, &s);
  printf(" / %d %d %d\n", r, e, s);
}

static void as(const char *title, void (*work)(void)) {
  SECTION(title);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    work();
    fflush(stdout);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  if (status != 0) printf("status %#x\n", status);
}

static void changes(void) {
  SHOW(seteuid(1000));
  ids();
  SHOW(setuid(0));
  ids();
  SHOW(setresuid(1000, 1001, 1002));
  ids();
  SHOW(setresuid(1002, -1, -1));
  ids();
  SHOW(setresuid(5, -1, -1));
  SHOW(setuid(1001)); // effective only
  SHOW(setuid(1002));
  ids();
  SHOW(setreuid(-1, 1001));
  SHOW(setuid(0));
  SHOW(setgid(7));
  SHOW(setgroups(0, NULL));
}
static void drops(void) {
  SHOW(setgid(1000));
  SHOW(setuid(1000));
  ids();
  SHOW(setuid(0));
  SHOW(seteuid(0));
}
static void swaps(void) {
  SHOW(setreuid(1000, 2000));
  ids();
  SHOW(setreuid(2000, 1000));
  ids();
  SHOW(setreuid(-1, 2000));
  ids();
}

static void become(uid_t user, gid_t group) {
  gid_t more[] = {3000};
  setgroups(1, more);
  setgid(group);
  setuid(user);
}

static void files(void) {
  become(1000, 1000);
  SHOW(open("private", O_RDONLY));
  SHOW(open("group", O_RDONLY) >= 0);
  SHOW(open("group", O_WRONLY));
  SHOW(open("public", O_WRONLY));
  SHOW(access("public", R_OK));
  SHOW(access("public", W_OK));
  SHOW(chmod("public", 0777));
  SHOW(chown("public", 1000, -1));
  SHOW(unlink("public"));
  SHOW(open("new", O_CREAT | O_WRONLY, 0600));
  SHOW(open("sticky/own", O_CREAT | O_WRONLY, 0600) >= 0);
  SHOW(unlink("sticky/roots"));
  SHOW(rename("sticky/roots", "sticky/mine"));
  SHOW(chown("sticky/own", -1, 3000));
  SHOW(chown("sticky/own", -1, 4000));
  SHOW(chmod("sticky/own", 02755));
  SHOW(unlink("sticky/own"));
  SHOW(chdir("closed"));
  SHOW(open("closed/inside", O_RDONLY));
  SHOW(truncate("public", 0));
  SHOW(mknod("sticky/device", S_IFCHR | 0600, 0x103));
  SHOW(chroot("sticky"));
  SHOW(sethostname("x", 1));
  SHOW(link("sticky/roots", "sticky/again") == 0 || errno == EPERM);
  unlink("sticky/again");
  SHOW(nice(-5));
  SHOW(kill(getppid(), 0));
  SHOW(kill(getppid(), SIGTERM));
  SHOW(kill(getpid(), 0));
  SHOW(kill(0, 0));
}

static void put(const char *path, mode_t mode, gid_t group) {
  int f = open(path, O_CREAT | O_WRONLY, 0600);
  write(f, path, 3);
  fchown(f, 0, group);
  fchmod(f, mode);
  close(f);
}

static void modes_behind_chown(void) {
  static const mode_t modes[] = {06755, 06644, 06745, 04600, 02700};
  for (int i = 0; i < 5; i++) {
    struct stat st;
    put("changed", modes[i], 0), chown("changed", 1000, 3000), stat("changed", &st);
    printf("%o becomes %o\n", modes[i], st.st_mode & 07777);
    chmod("changed", modes[i]), SHOW(chown("changed", -1, -1)), stat("changed", &st);
    printf("%o becomes %o\n", modes[i], st.st_mode & 07777);
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (geteuid() != 0) return 1;
  umask(022);
  char folder[] = "/tmp/users-XXXXXX";
  chmod(mkdtemp(folder), 0755);
  chdir(folder);
  put("private", 0600, 0), put("group", 0640, 3000), put("public", 0644, 0);
  mkdir("sticky", 0777), chmod("sticky", 01777), put("sticky/roots", 0644, 0);
  mkdir("closed", 0700), put("closed/inside", 0644, 0);
  as("ids", changes);
  as("drop", drops);
  as("swap", swaps);
  as("files of another user", files);
  as("modes behind chown", modes_behind_chown);
  return 0;
}
