/* Process 1 as others see it. Nothing but signal 0 is ever sent to it: on Linux it is the host's own. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static void looks(void) {
  SHOW(kill(1, 0));
  SHOW(syscall(SYS_tgkill, 1, 1, 0));
  SHOW_OK(getpgid(1)), SHOW_OK(getsid(1));
  SHOW(setpgid(1, 0)), SHOW(waitpid(1, NULL, WNOHANG));
  SHOW_OK(syscall(SYS_pidfd_open, 1, 0));
  SHOW(access("/proc/1/status", R_OK)), SHOW(access("/proc/1/task/1/stat", R_OK));
  char name[64] = "", state = 0;
  int pid = 0, parent = -1;
  FILE *stat = fopen("/proc/1/stat", "r");
  int count = stat ? fscanf(stat, "%d (%63[^)]) %c %d", &pid, name, &state, &parent) : 0;
  printf("%d fields: %d, parent %d\n", count, pid, parent);
  if (stat) fclose(stat);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("as root"), looks();
  SECTION("as a user"), fflush(stdout);
  if (fork() == 0) {
    if (setresuid(1000, 1000, 1000)) _exit(1);
    looks(), fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  return 0;
}
