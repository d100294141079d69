/* Capabilities of threads (capabilities(7)): capget, capset, prctl, what setuid and execve make of them, and what they
   permit. A host withholds some from root: what is printed never tells of those that a child has not first set itself. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "show.h"

typedef unsigned long long Set;
#define BIT(cap) (1ULL << (cap))
/* What every test needs to have; a container that withholds one cannot run this. */
#define NEEDED                                                                                                       \
  (BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) |     \
   BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW) | BIT(CAP_SYS_CHROOT) |          \
   BIT(CAP_MKNOD) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_NICE) | BIT(CAP_IPC_LOCK) | BIT(CAP_IPC_OWNER))

static long get_sets(Set *effective, Set *permitted, Set *inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  long result = syscall(SYS_capget, &header, data);
  *effective = data[0].effective | (Set)data[1].effective << 32;
  *permitted = data[0].permitted | (Set)data[1].permitted << 32;
  *inheritable = data[0].inheritable | (Set)data[1].inheritable << 32;
  return result;
}

static long set_sets(Set effective, Set permitted, Set inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(unsigned)effective, (unsigned)permitted, (unsigned)inheritable},
      {effective >> 32, permitted >> 32, inheritable >> 32},
  };
  return syscall(SYS_capset, &header, data);
}

/* The sets, of the needed ones only, and what /proc says is the same. */
static void sets(const char *title) {
  Set effective, permitted, inheritable, ambient = 0, bounding = 0;
  get_sets(&effective, &permitted, &inheritable);
  for (int i = 0; i <= CAP_LAST_CAP; i++) {
    ambient |= (Set)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1) << i;
    bounding |= (Set)(prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) << i;
  }
  printf("%s: e %llx p %llx i %llx b %llx a %llx secure %x keep %d\n", title, effective & NEEDED, permitted & NEEDED,
         inheritable & NEEDED, bounding & NEEDED, ambient & NEEDED, prctl(PR_GET_SECUREBITS), prctl(PR_GET_KEEPCAPS));
  char line[256], expected[5][64];
  Set values[5] = {inheritable, permitted, effective, bounding, ambient};
  const char *names[5] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
  for (int i = 0; i < 5; i++) snprintf(expected[i], sizeof expected[i], "%s:\t%016llx\n", names[i], values[i]);
  FILE *status = fopen("/proc/thread-self/status", "r");
  while (status && fgets(line, sizeof line, status))
    for (int i = 0; i < 5; i++)
      if (!strncmp(line, names[i], 6) && strcmp(line, expected[i])) printf("  /proc has %s", line);
  if (status) fclose(status);
}

#define CHILD(title, body)                                                   \
  do {                                                                       \
    SECTION(title), fflush(stdout);                                          \
    pid_t child_ = fork();                                                   \
    if (child_ == 0) { body; fflush(stdout); _exit(0); }                     \
    int status_;                                                             \
    waitpid(child_, &status_, 0);                                            \
    if (status_) printf("status %#x\n", status_);                            \
  } while (0)

/* Only these, in a bounding set of the needed ones. */
static void have(Set wanted) {
  for (int i = 0; i <= 63; i++)
    if (!(NEEDED & BIT(i))) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
  if (set_sets(wanted, wanted, 0)) printf("capset: %s\n", strerrorname_np(errno));
}

static void versions(void) {
  struct __user_cap_header_struct header = {0, 0};
  struct __user_cap_data_struct data[2];
  SHOW(syscall(SYS_capget, &header, NULL));
  printf("version %x\n", header.version);
  header.version = 7;
  SHOW(syscall(SYS_capget, &header, data));
  printf("version %x\n", header.version);
  header.pid = -1;
  SHOW(syscall(SYS_capget, &header, data));
  header.pid = 0x3fffff;
  SHOW(syscall(SYS_capget, &header, data));
  header.pid = getppid();
  SHOW(syscall(SYS_capset, &header, data));
  header.pid = getpid();
  SHOW(syscall(SYS_capget, &header, data));
  SHOW(syscall(SYS_capset, &header, data));
  SHOW(syscall(SYS_capget, 8L, data));
  SHOW(syscall(SYS_capget, &header, 8L));
  SHOW(syscall(SYS_capset, &header, 8L));
  header.version = _LINUX_CAPABILITY_VERSION_1;
  SHOW(syscall(SYS_capget, &header, data));
  header.version = 9;
  SHOW(syscall(SYS_capset, &header, data));
}

static void changes(void) {
  have(NEEDED);
  sets("needed");
  SHOW(set_sets(BIT(CAP_KILL), NEEDED, 0));
  sets("one effective");
  SHOW(set_sets(0, 0, NEEDED | BIT(CAP_SYS_BOOT)));
  SHOW(set_sets(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_CHOWN) | BIT(CAP_FOWNER)));
  sets("two permitted");
  SHOW(set_sets(BIT(CAP_CHOWN), BIT(CAP_KILL), 0));
  SHOW(set_sets(0, NEEDED, 0));
  SHOW(set_sets(0, BIT(CAP_KILL), BIT(CAP_SETUID)));
  SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0));
  SHOW(set_sets(0, BIT(CAP_KILL), BIT(CAP_KILL)));
  sets("in the end");
}

static void ambient(void) {
  have(NEEDED);
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
  SHOW(set_sets(NEEDED, NEEDED, BIT(CAP_KILL) | BIT(CAP_CHOWN)));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0));
  SHOW(prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
  sets("two ambient");
  SHOW(set_sets(NEEDED, NEEDED, BIT(CAP_KILL)));
  sets("one not inheritable any more");
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0));
  sets("lowered");
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0));
  SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
  sets("cleared");
}

static void secure(void) {
  have(NEEDED);
  SHOW(prctl(PR_SET_SECUREBITS, 0x10000, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0));
  SHOW(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0));
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED | SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0));
  SHOW(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  SHOW(prctl(PR_CAPBSET_READ, 64, 0, 0, 0));
  SHOW(prctl(PR_CAPBSET_DROP, 64, 0, 0, 0));
  SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
  SHOW(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0));
  sets("locked");
}

static void users(void) {
  have(NEEDED);
  SHOW(seteuid(1000)), sets("effective user"), SHOW(prctl(PR_GET_DUMPABLE));
  SHOW(seteuid(0)), sets("root again");
  SHOW(setfsuid(1000)), sets("other file user");
  SHOW(setfsuid(0)), sets("root's files again");
  SHOW(prctl(PR_SET_DUMPABLE, 1));
  SHOW(setgid(1000)), SHOW(prctl(PR_GET_DUMPABLE));
  SHOW(setuid(1000)), sets("all gone");
  SHOW(setuid(0)), SHOW(setgid(0)), SHOW(setgroups(0, NULL));
}
static void kept(void) {
  have(NEEDED);
  SHOW(prctl(PR_SET_KEEPCAPS, 1)), SHOW(setresuid(1000, 1000, 1000)), sets("kept");
  SHOW(set_sets(BIT(CAP_SETUID), NEEDED, 0)), SHOW(setuid(0)), sets("back");
}
static void fixed(void) {
  have(NEEDED);
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)), SHOW(setresuid(1000, 1000, 1000)), sets("nothing fixed");
}

static const char *self;
static void again(const char *title) {
  fflush(stdout);
  execl(self, self, "sets", title, NULL);
}
static void exec_root(void) {
  have(NEEDED);
  SHOW(set_sets(0, 0, BIT(CAP_KILL)));
  again("root has what is bounding");
}
static void exec_noroot(void) {
  have(NEEDED);
  set_sets(NEEDED, NEEDED, BIT(CAP_KILL) | BIT(CAP_CHOWN));
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
  SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
  again("root is nobody");
}
static void exec_user(void) {
  have(NEEDED);
  set_sets(NEEDED, NEEDED, BIT(CAP_KILL) | BIT(CAP_CHOWN));
  prctl(PR_SET_KEEPCAPS, 1);
  SHOW(setresuid(1000, 1000, 1000));
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
  again("a user has what is ambient");
}
static void exec_real(void) {
  have(NEEDED);
  SHOW(setresuid(0, 1000, 0));
  again("real root is permitted");
}

/* Who promised to gain no rights has behind execve(2) at most what was permitted before. */
static void exec_promised(void) {
  have(NEEDED);
  SHOW(set_sets(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_FOWNER)));
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  again("root stays without");
}
static void exec_file_user(void) {
  have(NEEDED);
  SHOW(setfsuid(1000)), SHOW(prctl(PR_SET_DUMPABLE, 1));
  again("root's files again");
}

/* With none but these the calls that need them work; without them they do not. */
static void try_files(void) {
  SHOW(open("private", O_RDONLY) >= 0);
  SHOW(open("private", O_WRONLY) >= 0);
  SHOW(access("closed/inside", F_OK));
  SHOW(open("closed", O_RDONLY | O_DIRECTORY) >= 0);
  SHOW(chmod("private", 0600));
  SHOW(chown("private", 2000, 2000));
  SHOW(chown("private", 1234, 1234));
  SHOW(utimensat(AT_FDCWD, "private", (struct timespec[2]){{1, 0}, {1, 0}}, 0));
  SHOW(unlink("sticky/theirs"));
  SHOW(chmod("group", 02755));
  struct stat st;
  stat("group", &st), printf("mode %o\n", st.st_mode & 07777);
  SHOW(mknod("sticky/device", S_IFCHR | 0600, 0x103));
  SHOW(chroot("."));
  SHOW(setxattr("private", "trusted.test", "x", 1, 0) == 0 || errno == EPERM);
}
static void as_user_with(const char *title, Set wanted) {
  SECTION(title), fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    have(NEEDED);
    prctl(PR_SET_KEEPCAPS, 1);
    setgroups(0, NULL), setresgid(1000, 1000, 1000), setresuid(1000, 1000, 1000);
    if (set_sets(wanted, wanted, 0)) printf("capset %s\n", strerrorname_np(errno));
    try_files();
    fflush(stdout), _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  if (status) printf("status %#x\n", status);
}

static void make(const char *path, mode_t mode, uid_t user, gid_t group) {
  int f = open(path, O_CREAT | O_WRONLY, 0600);
  write(f, path, 3), fchown(f, user, group), fchmod(f, mode), close(f);
}
static void clear(void) {
  const char *paths[] = {"private", "group", "closed/inside", "sticky/theirs", "sticky/device"};
  for (int i = 0; i < 5; i++) unlink(paths[i]);
  rmdir("closed"), rmdir("sticky");
}
static void files(void) {
  static const struct { const char *name; Set set; } rows[] = {
      {"nothing", 0}, {"CAP_DAC_READ_SEARCH", BIT(CAP_DAC_READ_SEARCH)}, {"CAP_DAC_OVERRIDE", BIT(CAP_DAC_OVERRIDE)},
      {"CAP_FOWNER", BIT(CAP_FOWNER)}, {"CAP_FOWNER and CAP_FSETID", BIT(CAP_FOWNER) | BIT(CAP_FSETID)},
      {"CAP_CHOWN", BIT(CAP_CHOWN)}, {"CAP_MKNOD", BIT(CAP_MKNOD)}, {"CAP_SYS_CHROOT", BIT(CAP_SYS_CHROOT)},
  };
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    mkdir("sticky", 0777), chmod("sticky", 01777), mkdir("closed", 0700), chown("closed", 1234, 1234);
    make("private", 0600, 1234, 1234), make("group", 0644, 1234, 3000), make("closed/inside", 0644, 0, 0);
    make("sticky/theirs", 0644, 1234, 1234);
    as_user_with(rows[i].name, rows[i].set);
    clear();
  }
}

static void drop(int capability) { set_sets(NEEDED & ~BIT(capability), NEEDED & ~BIT(capability), 0); }
static int bind_low(void) {
  struct sockaddr_in low = {.sin_family = AF_INET, .sin_port = htons(919), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_DGRAM, 0), result = bind(s, (struct sockaddr *)&low, sizeof low), error = errno;
  close(s), errno = error;
  return result;
}
/* Containers may give low ports to all. */
static int is_low_refused(void) {
  int first = 0;
  FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
  if (file && fscanf(file, "%d", &first) != 1) first = 0;
  if (file) fclose(file);
  return first < 1024 || (bind_low() == -1 && errno == EACCES);
}
static void roots_without(void) {
  have(NEEDED);
  SHOW(setpriority(PRIO_PROCESS, 0, -1));
  SHOW(bind_low());
  SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
  drop(CAP_SYS_NICE), SHOW(setpriority(PRIO_PROCESS, 0, -2));
  have(0), SHOW(is_low_refused());
  SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  SHOW(sethostname("x", 1));
  SHOW(mount("x", "/nowhere", "tmpfs", 0, NULL) == -1);
  SHOW(setgid(5)), SHOW(setuid(5)), SHOW(setgroups(0, NULL));
  SHOW(setresuid(0, 0, 0));
  SHOW(unshare(CLONE_NEWNS));
  struct rlimit limit = {0, 0};
  SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
  SHOW(mlock(&limit, 1));
  limit.rlim_max = 1, SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
  pid_t other = fork();
  if (other == 0) {
    setresuid(5, 5, 5);
    pause(), _exit(0);
  }
  SHOW(signal_child(other, 0) == 0);
  signal_child(other, SIGKILL), waitpid(other, NULL, 0);
}

static void no_kill(void) {
  have(NEEDED);
  int ready[2];
  pipe(ready);
  pid_t other = fork();
  if (other == 0) {
    setresuid(1234, 1234, 1234), write(ready[1], "", 1);
    pause(), _exit(0);
  }
  char byte;
  read(ready[0], &byte, 1);
  set_sets(NEEDED & ~BIT(CAP_KILL), NEEDED, 0), SHOW(signal_child(other, 0));
  set_sets(NEEDED, NEEDED, 0), SHOW(signal_child(other, SIGKILL));
  waitpid(other, NULL, 0);
}

/* Each thread has its own. */
static void *other_thread(void *barrier) {
  SHOW(set_sets(0, 0, 0));
  SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
  sets("the other thread");
  pthread_barrier_wait(barrier);
  return NULL;
}
static void threads(void) {
  have(NEEDED);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_t other;
  pthread_create(&other, NULL, other_thread, &barrier);
  pthread_barrier_wait(&barrier), pthread_join(other, NULL);
  sets("the first thread");
  printf("users %d %d\n", getuid(), geteuid());
}

/* Where every user may execute it, as one may not below root's home. */
static void copy_here(const char *name) {
  int from = open("/proc/self/exe", O_RDONLY), to = open(name, O_WRONLY | O_CREAT | O_EXCL, 0755);
  while (sendfile(to, from, NULL, 1 << 20) > 0) continue;
  close(from), close(to);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 2 && !strcmp(argv[1], "sets")) {
    sets(argv[2]);
    printf("secure %lu dumpable %d\n", getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE));
    printf("users %lu %lu groups %lu %lu\n", getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID));
    return 0;
  }
  Set effective, permitted, inheritable;
  get_sets(&effective, &permitted, &inheritable);
  if (geteuid() != 0 || (effective & NEEDED) != NEEDED || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) return 77;
  char folder[64];
  snprintf(folder, sizeof folder, "%s/capabilities-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chmod(folder, 0755) || chdir(folder)) return 1;
  umask(022);
  copy_here("program");
  self = realpath("program", NULL);
  CHILD("versions", versions());
  CHILD("changes", changes());
  CHILD("ambient", ambient());
  CHILD("secure bits", secure());
  CHILD("users", users());
  CHILD("kept", kept());
  CHILD("not fixed", fixed());
  CHILD("root executes", exec_root());
  CHILD("without a root", exec_noroot());
  CHILD("a user executes", exec_user());
  CHILD("effective user executes", exec_real());
  CHILD("who gains no rights executes", exec_promised());
  CHILD("other file user executes", exec_file_user());
  files();
  CHILD("root without", roots_without());
  CHILD("CAP_KILL", no_kill());
  CHILD("threads", threads());
  unlink("program");
  return rmdir(folder);
}
