/* Errors of the calls about users, groups and capabilities, and of those that name and describe the machine. */
#include "call.h"
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static char *end_of_memory(void) {
  char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 4096, 4096, PROT_NONE);
  return pages + 4096;
}

static void roots(void) {
  unsigned id, groups[4] = {1, 2, 3, 4};
  CALL(setuid, -1);
  CALL(setgid, -1);
  CALL(setreuid, -1, -1);
  CALL(setresuid, -1, -1, -1);
  CALL(getresuid, BAD, &id, &id);
  CALL(getresuid, &id, BAD, &id);
  CALL(getresuid, &id, &id, BAD);
  CALL(getresgid, BAD, &id, &id);
  CALL(getresgid, &id, BAD, &id);
  CALL(getresgid, &id, &id, BAD);
  CALL(setgroups, 65537, groups);
  CALL(setgroups, -1, groups);
  CALL(setgroups, 2, BAD);
  CALL(setgroups, 3, groups);
  CALL(getgroups, -1, groups);
  CALL(getgroups, 2, groups);
  CALL(getgroups, 0, NULL);
  CALL(getgroups, 3, BAD);
  CALL(getgroups, 3, end_of_memory() - 4);
  CALL(getgroups, 3, groups);
  CALL(setfsuid, -1);
  CALL(setfsgid, -1);
}

static void others(void) {
  unsigned groups[1] = {1};
  CALL(setuid, 0);
  CALL(setuid, 1);
  CALL(setuid, NOBODY);
  CALL(setgid, 0);
  CALL(setgid, NOBODY);
  CALL(setreuid, 0, -1);
  CALL(setreuid, -1, 0);
  CALL(setreuid, NOBODY, NOBODY);
  CALL(setregid, 0, -1);
  CALL(setregid, -1, 0);
  CALL(setresuid, -1, -1, 0);
  CALL(setresuid, 0, -1, -1);
  CALL(setresuid, -1, 0, -1);
  CALL(setresgid, -1, -1, 0);
  CALL(setresgid, 0, -1, -1);
  CALL(setresgid, -1, 0, -1);
  CALL(setgroups, 0, NULL);
  CALL(setgroups, 1, groups);
  CALL(setgroups, 65537, groups);
  CALL(setfsuid, 0);
  CALL(setfsuid, -1);
  CALL(setfsgid, 0);
}

/* Only the real id may be taken from the effective one, and not from the saved one (setreuid(2)). */
static void exchanged(void) {
  RAW(setresuid, 1000, 1001, 1002);
  CALL(setreuid, 1002, -1);
  CALL(setreuid, -1, 1002);
  CALL(setreuid, 1002, -1);
  CALL(setuid, 1001);
}

static void capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  CALL(capget, BAD, data);
  CALL(capget, NULL, data);
  CALL(capget, &header, BAD);
  header.pid = -1;
  CALL(capget, &header, data);
  header.pid = 1 << 30;
  CALL(capget, &header, data);
  header.pid = getppid();
  CALL(capget, &header, data);
  header.version = 0, header.pid = 0;
  CALL(capget, &header, data);
  printf("version %x\n", header.version);
  header.version = 0;
  CALL(capget, &header, NULL);
  header.pid = -1, header.version = 0;
  CALL(capget, &header, NULL);
  header.pid = 0;
  CALL(capget, &header, NULL);
  CALL(capset, BAD, data);
  CALL(capset, &header, BAD);
  CALL(capset, &header, NULL);
  header.version = 0;
  CALL(capset, &header, data);
  printf("version %x\n", header.version);
  header.pid = getppid();
  CALL(capset, &header, data);
  header.pid = 1 << 30;
  CALL(capset, &header, data);
  header.pid = -1;
  CALL(capset, &header, data);
}

static void capabilities_of_others(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  CALL(capset, &header, data);
  data[0].permitted = 1;
  CALL(capset, &header, data);
  data[0].permitted = 0, data[0].effective = 1;
  CALL(capset, &header, data);
  data[0].effective = 0, data[0].inheritable = 1;
  CALL(capset, &header, data);
  CALL(capget, &header, data);
  printf("%x %x %x\n", data[0].permitted, data[0].effective, data[0].inheritable);
}

static void machine(void) {
  struct utsname name;
  char text[65];
  struct rusage usage;
  CALL(uname, BAD);
  CALL(uname, NULL);
  CALL(uname, end_of_memory() - sizeof name / 2);
  CALL(sysinfo, BAD);
  CALL(sysinfo, end_of_memory() - sizeof(struct sysinfo) / 2);
  CALL(sethostname, text, -1);
  CALL(sethostname, text, 65);
  CALL(sethostname, BAD, 3);
  CALL(getrandom, BAD, 8, 0);
  CALL(getrandom, NULL, 8, 0);
  CALL(getrandom, text, 8, 8);
  CALL(getrandom, text, 8, 3);
  CALL(getrandom, BAD, 8, 8);
  CALL(getrandom, BAD, 0, 0);
  CALL(getrandom, end_of_memory() - 3, 8, 0);
  CALL(getrusage, 2, &usage);
  CALL(getrusage, -2, &usage);
  CALL(getrusage, RUSAGE_SELF, BAD);
  CALL(getrusage, RUSAGE_CHILDREN, BAD);
  CALL(getrusage, 1, NULL);
  CALL(getrusage, 2, BAD);
  CALL(getcpu, BAD, NULL, NULL);
  CALL(getcpu, NULL, BAD, NULL);
  CALL(getcpu, NULL, NULL, NULL);
  CALL(personality, -1);
}

static void machine_of_others(void) {
  CALL(sethostname, "other", 5);
  CALL(sethostname, "other", -1);
  CALL(sethostname, BAD, 5);
  CALL(sethostname, BAD, 1000);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("users and groups");
  IN_CHILD(roots());
  AS_NOBODY(others());
  IN_CHILD(exchanged());
  SECTION("capabilities");
  IN_CHILD(capabilities());
  AS_NOBODY(capabilities_of_others());
  SECTION("the machine");
  IN_CHILD(machine());
  AS_NOBODY(machine_of_others());
  return 0;
}
