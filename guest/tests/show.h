/* Conformance tests print what calls answer; the same binary runs on Linux and in the VM, and the texts must be equal.
   So nothing is printed that differs between two runs: no addresses, no process ids, no times. */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Prints a call and its result: its value when it succeeded, the name of the error when it is -1. */
#define SHOW(call) show(#call, (errno = 0, (long)(call)))

/* The same for calls whose good values vary (descriptors, addresses): only whether it failed. */
#define SHOW_OK(call) show_ok(#call, (errno = 0, (long)(call)))

static inline void show(const char *call, long result) {
  if (result == -1 && errno != 0) printf("%s = %s\n", call, strerrorname_np(errno));
  else printf("%s = %ld\n", call, result);
}

static inline long show_ok(const char *call, long result) {
  if (result == -1) printf("%s = %s\n", call, strerrorname_np(errno));
  else printf("%s: ok\n", call);
  return result;
}

/* kill(2) of a child. A fork that failed has answered -1, which to kill is everybody that root may signal. */
static inline int signal_child(pid_t child, int signal) { return child > 1 ? kill(child, signal) : -1; }

#define SECTION(title) printf("-- %s\n", title)

#endif
