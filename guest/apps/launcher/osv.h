/* System calls between the launcher and the kernel; ../README.md is their contract. */
#ifndef OSV_H
#define OSV_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  SYS_osv_next_run = 1024,
  SYS_osv_end_run = 1025,
  SYS_osv_environment = 1026,
};

/* `strings` holds, each NUL-terminated: the path to open, argc arguments, envc entries K=V. */
struct osv_run {
  uint32_t argc;
  uint32_t envc;
  char strings[];
};

static inline long osv_next_run(struct osv_run *run, unsigned long size) {
  return syscall(SYS_osv_next_run, run, size);
}

static inline long osv_end_run(int code) { return syscall(SYS_osv_end_run, code); }

static inline long osv_environment(const char *entry) { return syscall(SYS_osv_environment, entry); }

#endif
