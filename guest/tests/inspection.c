/* Who may look into a program, and reach into it (ptrace(2), "Ptrace access mode checking"): what lies in /proc/PID, and
   the calls that ask the same. What a security module may forbid besides is only tried where Linux itself forbids it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static char folder[64];
static const char *below(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void show_read(const char *name) {
  char text[64];
  int file = open(below(name), O_RDONLY), isRead = file >= 0 && read(file, text, sizeof text) >= 0;
  printf("%s: %s\n", name, isRead ? "read" : strerrorname_np(errno));
  close(file);
}
/* Addresses in /proc/PID/stat: where code, stack, data, heap, arguments and environment lie. */
static void show_addresses(void) {
  char text[1024] = "", *at;
  FILE *file = fopen(below("stat"), "r");
  if (file == NULL || fgets(text, sizeof text, file) == NULL) return;
  fclose(file), at = strrchr(text, ')') + 1;
  for (int field = 3; field <= 51; field++) {
    long value = strtol(++at, &at, 10);
    if (field == 3) at++;
    if (field == 26 || field == 27 || field == 28 || field >= 45) printf(value > 1 ? "there " : "%ld ", value);
  }
  printf("\n");
}
static void show_link(const char *name) {
  char text[256];
  struct stat st;
  printf("%s: readlink %s, ", name, readlink(below(name), text, sizeof text) >= 0 ? "ok" : strerrorname_np(errno));
  printf("stat %s\n", stat(below(name), &st) == 0 ? "ok" : strerrorname_np(errno));
}
static void show_write(const char *name) {
  int file = open(below(name), O_WRONLY);
  printf("%s: open %s, ", name, file >= 0 ? "ok" : strerrorname_np(errno));
  printf("write %s\n", write(file, "1000", 4) == 4 ? "ok" : strerrorname_np(errno));
  close(file);
}

static void look(pid_t target, int isClosed) {
  static const char *const texts[] = {"maps", "smaps", "environ", "auxv", "io",
                                      "stat", "status", "cmdline", "comm", "limits", "mountinfo"};
  static const char *const links[] = {"exe", "cwd", "root", "fd/0"};
  snprintf(folder, sizeof folder, "/proc/%d", target);
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) show_read(texts[i]);
  for (unsigned i = 0; i < sizeof links / sizeof *links; i++) show_link(links[i]);
  show_addresses();
  char text[64];
  SHOW(readlink(below("ns/pid"), text, sizeof text) > 0);
  show_write("oom_score_adj"), show_write("comm");
  struct stat st;
  const char *const owned[] = {"", "maps", "fd", "task"};
  for (int i = 0; i < 4; i++) stat(below(owned[i]), &st) ? (void)0 : (void)printf("'%s' is %d's\n", owned[i], st.st_uid);
  if (!isClosed) return;
  char here;
  struct iovec local = {&here, 1}, remote = {(void *)look, 1};
  SHOW(process_vm_readv(target, &local, 1, &remote, 1, 0));
  int program = syscall(SYS_pidfd_open, target, 0);
  SHOW(syscall(SYS_pidfd_getfd, program, 0, 0));
  void *list, *size;
  SHOW(syscall(SYS_get_robust_list, target, &list, &size));
}

static void become(int user) {
  setgroups(0, NULL);
  if (setresgid(user, user, user) || setresuid(user, user, user)) exit(77);
}
static void keep_nothing(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}};
  syscall(SYS_capset, &header, none);
}
static void user_open(void) { become(1000), prctl(PR_SET_DUMPABLE, 1); }
static void user_closed(void) { become(1000); }
static void other_user(void) { become(1001), prctl(PR_SET_DUMPABLE, 1); }
static void root(void) {}

/* Another program looks at one that waits. */
static void pair(const char *title, void (*target)(void), void (*watcher)(void), int isClosed) {
  int ready[2];
  char byte;
  SECTION(title), fflush(stdout), pipe(ready);
  pid_t waiting = fork();
  if (waiting == 0) {
    target(), write(ready[1], "", 1);
    pause(), _exit(0);
  }
  read(ready[0], &byte, 1);
  pid_t looking = fork();
  if (looking == 0) {
    watcher(), look(waiting, isClosed);
    fflush(stdout), _exit(0);
  }
  waitpid(looking, NULL, 0);
  signal_child(waiting, SIGKILL), waitpid(waiting, NULL, 0);
  close(ready[0]), close(ready[1]);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  pid_t child = fork();
  if (child == 0) become(1000), _exit(0);
  int status;
  waitpid(child, &status, 0);
  if (status != 0) return 77;
  pair("of the same user", user_open, user_open, 0);
  pair("of the same user, not dumpable", user_closed, user_open, 1);
  pair("of another user", user_open, other_user, 1);
  pair("root without capabilities looks at root", root, keep_nothing, 1);
  return 0;
}
