/* System calls by number, past libc: those that the other programs here reach by wrappers only, or not at all. Works in
   the folder given as argument. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "show.h"

#define CALL(name, ...) show(#name "(" #__VA_ARGS__ ")", (errno = 0, syscall(SYS_##name, ##__VA_ARGS__)))
#define CALL_OK(name, ...) show_ok(#name, (errno = 0, syscall(SYS_##name, ##__VA_ARGS__)))
#define BAD ((void *)16)

static volatile int caught;
static void handler(int s) { caught = s; }

static void signals(void) {
  SECTION("signals");
  struct { void (*handler)(int); unsigned long flags; void *restorer; unsigned long mask; } action = {SIG_IGN, 0, NULL, 0}, old;
  unsigned long set = 1ul << (SIGUSR1 - 1), before = 0;
  CALL(rt_sigaction, SIGUSR2, &action, &old, 8);
  CALL(rt_sigaction, SIGUSR2, &action, &old, 4);
  CALL(rt_sigaction, SIGKILL, &action, NULL, 8);
  CALL(rt_sigaction, 65, NULL, NULL, 8);
  CALL(rt_sigaction, SIGUSR2, BAD, NULL, 8);
  CALL(rt_sigaction, SIGUSR2, NULL, BAD, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, &set, &before, 8);
  CALL(rt_sigprocmask, 77, &set, NULL, 8);
  CALL(rt_sigprocmask, 77, NULL, &before, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, BAD, NULL, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, &set, NULL, 7);
  printf("blocked %d\n", before == set);
  CALL(kill, getpid(), SIGUSR1);
  CALL(rt_sigpending, &before, 8);
  printf("pending %d\n", before == set);
  CALL(rt_sigpending, BAD, 8);
  CALL(rt_sigpending, &before, 9);
  struct timespec zero = {0, 0}, bad = {0, -1};
  siginfo_t info;
  CALL(rt_sigtimedwait, &set, &info, &zero, 8);
  CALL(rt_sigtimedwait, &set, &info, &zero, 8);
  CALL(rt_sigtimedwait, &set, &info, &bad, 8);
  CALL(rt_sigtimedwait, BAD, &info, &zero, 8);
  CALL(rt_sigtimedwait, &set, &info, &zero, 3);
  CALL(rt_sigsuspend, BAD, 8);
  CALL(rt_sigsuspend, &set, 7);
  signal(SIGUSR1, handler), signal(SIGUSR2, handler);
  CALL(tgkill, getpid(), gettid(), SIGUSR1);
  unsigned long none = 0;
  CALL(rt_sigsuspend, &none, 8);
  printf("caught %d\n", caught);
  memset(&info, 0, sizeof info), info.si_code = SI_QUEUE, info.si_value.sival_int = 9;
  CALL(rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR2, &info);
  printf("caught %d\n", caught);
  CALL(rt_tgsigqueueinfo, getpid(), -1, SIGUSR2, &info);
  CALL(rt_tgsigqueueinfo, getpid(), 0x7ffffff0, SIGUSR2, &info);
  CALL(rt_tgsigqueueinfo, getpid(), gettid(), 99, &info);
  CALL(rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR2, BAD);
  set = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
}

static void files(void) {
  SECTION("files");
  char b[16] = {0};
  struct stat st;
  struct statfs fs;
  int here = open(".", O_RDONLY), fd = syscall(SYS_openat, here, "f", O_CREAT | O_RDWR, 0600);
  CALL(pwrite64, fd, "hello", 5, 3);
  CALL(pread64, fd, b, 8, 0);
  CALL(pread64, fd, b, 8, -1);
  CALL(pread64, 99, b, 8, 0);
  CALL(pwrite64, fd, BAD, 5, 0);
  CALL(fdatasync, fd);
  CALL(fdatasync, 99);
  CALL(syncfs, fd);
  CALL(syncfs, 99);
  CALL(sync);
  CALL(mkdirat, here, "d", 0700);
  CALL(mkdirat, here, "d", 0700);
  CALL(mkdirat, fd, "d", 0700);
  CALL(mkdirat, 99, "e", 0700);
  CALL(mknodat, here, "p", S_IFIFO | 0600, 0);
  CALL(mknodat, here, "p", S_IFIFO | 0600, 0);
  CALL(mknodat, here, "x", S_IFDIR | 0600, 0);
  CALL(mknodat, 99, "x", S_IFREG | 0600, 0);
  CALL(newfstatat, here, "p", &st, 0);
  printf("%o\n", st.st_mode);
  CALL(newfstatat, here, "none", &st, 0);
  CALL(newfstatat, here, "p", BAD, 0);
  CALL(newfstatat, here, "p", &st, 0x8000);
  CALL(linkat, here, "f", here, "g", 0);
  CALL(linkat, here, "f", here, "g", 0);
  CALL(linkat, here, "f", here, "h", 0x8000);
  CALL(linkat, fd, "", here, "h", AT_EMPTY_PATH);
  CALL(symlinkat, "f", here, "l");
  CALL(symlinkat, "f", here, "l");
  CALL(symlinkat, "", here, "m");
  CALL(symlinkat, BAD, here, "m");
  CALL(readlinkat, here, "l", b, 16);
  CALL(readlinkat, here, "l", b, -1);
  CALL(readlinkat, here, "f", b, 16);
  CALL(readlinkat, here, "l", BAD, 16);
  CALL(renameat, here, "g", here, "k");
  CALL(renameat, here, "none", here, "k");
  CALL(renameat, 99, "k", here, "n");
  CALL(fchownat, here, "k", 7, 8, 0);
  CALL(fchownat, here, "l", 9, 9, AT_SYMLINK_NOFOLLOW);
  CALL(fchownat, here, "k", 7, 8, 0x8000);
  CALL(fchownat, fd, "", 10, 11, AT_EMPTY_PATH);
  CALL(newfstatat, fd, "", &st, AT_EMPTY_PATH);
  printf("%d %d\n", st.st_uid, st.st_gid);
  CALL(faccessat2, here, "k", R_OK, AT_EACCESS);
  CALL(faccessat2, here, "k", 8, 0);
  CALL(faccessat2, here, "k", R_OK, 0x8000);
  CALL(faccessat2, here, "none", F_OK, 0);
  struct utimbuf times = {1000, 2000};
  CALL(utime, "k", &times);
  stat("k", &st);
  printf("%ld %ld\n", st.st_atime, st.st_mtime);
  CALL(utime, "none", &times);
  CALL(utime, "k", BAD);
  CALL(statfs, ".", &fs);
  printf("%d %ld\n", fs.f_bsize > 0, fs.f_namelen);
  CALL(statfs, "none", &fs);
  CALL(statfs, ".", BAD);
  CALL(fstatfs, fd, &fs);
  CALL(fstatfs, 99, &fs);
  int pipes[2], pair[2];
  pipe(pipes), socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  CALL(fstatfs, pipes[0], &fs);
  printf("pipe %lx block %ld name %ld free %ld\n", fs.f_type, fs.f_bsize, fs.f_namelen, (long)fs.f_bfree);
  CALL(fstatfs, pair[0], &fs);
  printf("socket %lx\n", fs.f_type);
  CALL(readahead, fd, 0, 100);
  CALL(readahead, 99, 0, 100);
  CALL(readahead, pipes[0], 0, 100);
  CALL(fadvise64, fd, 0, 0, POSIX_FADV_DONTNEED);
  CALL(fadvise64, fd, 0, 0, 99);
  CALL(fadvise64, 99, 0, 0, 0);
  CALL(fadvise64, pipes[0], 0, 0, 0);
  CALL(lremovexattr, "f", "user.none");
  CALL(llistxattr, "f", b, 0);
  CALL(flistxattr, fd, b, 0);
  CALL(flistxattr, 99, b, 0);
  CALL(umount2, "none", 0);
  CALL(umount2, ".", 0);
  CALL(mount, "none", "none", "tmpfs", 0, NULL);
  CALL(mount, "none", ".", "nosuchfs", 0, NULL);
  for (const char **n = (const char *[]){"f", "h", "k", "l", "p", NULL}; *n; n++) unlink(*n);
  rmdir("d"), close(fd), close(here), close(pipes[0]), close(pipes[1]), close(pair[0]), close(pair[1]);
}

static void identity(void) {
  SECTION("identity");
  gid_t groups[3];
  CALL(getegid);
  CALL(setregid, -1, -1);
  CALL(setresgid, -1, -1, -1);
  CALL(getgroups, -1, groups);
  CALL(setfsuid, -1);
  CALL(setfsgid, -1);
  CALL_OK(getpgid, 0);
  CALL(getpgid, 0x7ffffff0);
  CALL(getpgid, -1);
  CALL(personality, 0xffffffff);
  fflush(stdout);
  if (fork() == 0) {
    if (geteuid() != 0) _exit(0);
    close(open("root", O_CREAT | O_WRONLY, 0600)), chmod(".", 0777);
    SHOW(syscall(SYS_setfsuid, 1234));
    SHOW(syscall(SYS_setfsuid, -1));
    SHOW(open("root", O_RDONLY));
    struct stat st;
    close(open("own", O_CREAT | O_WRONLY, 0600)), stat("own", &st);
    printf("made by %d, effective %d\n", st.st_uid, geteuid());
    SHOW(syscall(SYS_setfsgid, 77));
    SHOW(syscall(SYS_setfsgid, -1));
    SHOW(access("root", R_OK));
    SHOW(setresuid(5, 5, 5));
    SHOW(syscall(SYS_setfsuid, 9));
    SHOW(syscall(SYS_setfsuid, -1));
    exit(0);
  }
  wait(NULL);
  unlink("root"), unlink("own");
  struct __user_cap_header_struct head = {0, 0};
  struct __user_cap_data_struct data[2];
  CALL(capget, &head, NULL);
  printf("version %x\n", head.version);
  CALL(capget, &head, data);
  CALL(capset, &head, data);
  head.version = 0;
  CALL(capset, &head, data);
  CALL(capget, BAD, data);
}

static void *gets_death(void *p) { return p; }
static void process(void) {
  SECTION("process");
  int value = -1;
  char name[16];
  CALL(prctl, PR_SET_NAME, "a name that is too long");
  CALL(prctl, PR_GET_NAME, name);
  puts(name);
  CALL(prctl, PR_SET_NAME, BAD);
  CALL(prctl, PR_SET_NAME, "raw-calls");
  CALL(prctl, PR_GET_DUMPABLE);
  CALL(prctl, PR_SET_DUMPABLE, 0);
  CALL(prctl, PR_GET_DUMPABLE);
  CALL(prctl, PR_SET_DUMPABLE, 7);
  CALL(prctl, PR_SET_DUMPABLE, 1);
  CALL(prctl, PR_SET_KEEPCAPS, 1);
  CALL(prctl, PR_GET_KEEPCAPS);
  CALL(prctl, PR_SET_KEEPCAPS, 2);
  CALL(prctl, PR_GET_TIMERSLACK);
  CALL(prctl, PR_SET_TIMERSLACK, 70000);
  CALL(prctl, PR_GET_TIMERSLACK);
  CALL(prctl, PR_SET_TIMERSLACK, 0);
  CALL(prctl, PR_GET_TIMERSLACK);
  CALL(prctl, PR_CAPBSET_READ, 1000);
  CALL(prctl, PR_GET_TSC, &value);
  printf("%d\n", value);
  CALL(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
  CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
  CALL(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0);
  CALL(prctl, 7777);
  CALL(prctl, PR_SET_PDEATHSIG, 99);
  fflush(stdout);
  if (fork() == 0) {
    CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
    CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    CALL(prctl, PR_SET_CHILD_SUBREAPER, 1);
    CALL(prctl, PR_GET_CHILD_SUBREAPER, &value);
    fflush(stdout);
    int p[2], own = getpid();
    char c;
    pipe(p);
    if (fork() == 0) {
      /* The grandchild is the subreaper's when its parent has ended, and hears of that. */
      if (fork() == 0) {
        signal(SIGUSR1, handler), prctl(PR_SET_PDEATHSIG, SIGUSR1), prctl(PR_GET_PDEATHSIG, &value);
        write(p[1], "x", 1);
        while (!caught) usleep(500);
        while (getppid() != own) usleep(500);
        _exit(40 + (caught == SIGUSR1 && value == SIGUSR1));
      }
      read(p[0], &c, 1);
      _exit(3);
    }
    int sum = 0, status;
    caught = 0;
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    printf("subreaper %d, both children %d\n", value, sum);
    /* One that has ended when it comes: a reaper that ignores SIGCHLD has no zombie of it, others hear of it. */
    for (int ignores = 0; ignores < 2; ignores++) {
      signal(SIGCHLD, ignores ? SIG_IGN : handler), caught = 0;
      if (fork() == 0) {
        signal(SIGCHLD, SIG_DFL);
        if (fork() == 0) _exit(5);
        siginfo_t info;
        waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
        _exit(6);
      }
      sum = 0;
      for (int more = 1; more;) {
        pid_t one = wait(&status);
        if (one > 0) sum += WEXITSTATUS(status);
        more = one > 0 || errno == EINTR;
      }
      printf("ended before: %d, heard %d\n", sum, caught != 0);
    }
    signal(SIGCHLD, SIG_DFL);
    exit(0);
  }
  wait(NULL);
  struct rusage usage;
  CALL(getrusage, RUSAGE_SELF, &usage);
  CALL(getrusage, RUSAGE_THREAD, &usage);
  CALL(getrusage, RUSAGE_CHILDREN, &usage);
  CALL(getrusage, 7, &usage);
  CALL(getrusage, RUSAGE_SELF, BAD);
  struct sysinfo info;
  CALL(sysinfo, &info);
  printf("%d %d\n", info.totalram * info.mem_unit > 1 << 20, info.procs > 0);
  CALL(sysinfo, BAD);
  struct timeval tv;
  CALL(gettimeofday, &tv, NULL);
  CALL(gettimeofday, BAD, NULL);
  CALL(clock_settime, 99, &(struct timespec){0, 0});
  CALL(clock_settime, CLOCK_MONOTONIC, &(struct timespec){0, 0});
  struct rlimit limit;
  CALL(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
  CALL(prlimit64, 0, 99, NULL, &limit);
  CALL(prlimit64, 0x7ffffff0, RLIMIT_NOFILE, NULL, &limit);
  CALL(prlimit64, 0, RLIMIT_NOFILE, BAD, NULL);
  CALL(sched_get_priority_max, SCHED_FIFO);
  CALL(sched_get_priority_min, SCHED_RR);
  CALL(sched_get_priority_max, SCHED_OTHER);
  CALL(sched_get_priority_min, 99);
  unsigned cpu, node;
  CALL(getcpu, &cpu, &node, NULL);
  CALL(getcpu, BAD, NULL, NULL);
  CALL(getrandom, name, 16, 0);
  CALL(getrandom, name, 16, 99);
  CALL(getrandom, BAD, 16, 0);
  unsigned long fs = 0;
  CALL(arch_prctl, 0x1003, &fs);
  printf("%d\n", fs == (unsigned long)__builtin_thread_pointer());
  CALL(arch_prctl, 0x1003, BAD);
  CALL(arch_prctl, 0x1002, 1ul << 63);
  CALL(arch_prctl, 0x7777, 0);
  SHOW(syscall(SYS_set_tid_address, &value) == gettid());
  pthread_t t;
  void *head;
  size_t size;
  pthread_create(&t, NULL, gets_death, NULL), pthread_join(t, NULL);
  CALL(get_robust_list, 0, &head, &size);
  CALL(get_robust_list, 0x7ffffff0, &head, &size);
  CALL(get_robust_list, 0, BAD, &size);
  CALL(set_robust_list, head, 7);
  fflush(stdout);
  if (fork() == 0) syscall(SYS_exit_group, 300);
  int status;
  wait(&status);
  printf("exit_group %d\n", WEXITSTATUS(status));
}

static void memory(void) {
  SECTION("memory");
  char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char in[2] = {9, 9};
  CALL(mincore, p, 8192, in);
  printf("%d %d\n", in[0] & 1, in[1] & 1);
  p[0] = p[4096] = 1;
  CALL(mincore, p, 8192, in);
  printf("%d %d\n", in[0] & 1, in[1] & 1);
  CALL(mincore, p + 1, 8192, in);
  CALL(mincore, p, 8192, BAD);
  CALL(mlock, p, 8192);
  CALL(mlock, BAD, 8192);
  CALL(mlock2, p, 4096, MLOCK_ONFAULT);
  CALL(mlock2, p, 4096, 8);
  CALL(munlock, p, 8192);
  CALL(munlock, BAD, 8192);
  CALL(mlockall, 0);
  CALL(mlockall, 64);
  CALL(mlockall, MCL_CURRENT);
  CALL(munlockall);
  CALL(pkey_mprotect, p, 4096, PROT_READ, -1);
  CALL(pkey_mprotect, p + 1, 4096, PROT_READ, -1);
  munmap(p, 8192);
  CALL(mincore, p, 8192, in);
  CALL(membarrier, 8, 0, 0);
  CALL(membarrier, 16, 0, 0);
  CALL(membarrier, 8, 0, 0);
  CALL(membarrier, 16, 1, 0);
  CALL(membarrier, 4096, 0, 0);
  CALL(membarrier, 3, 0, 0);
}

static void waiting(void) {
  SECTION("waiting");
  struct timespec zero = {0, 0}, bad = {0, 1000000000}, soon = {0, 2000000};
  struct { const unsigned long *set; size_t size; } mask = {NULL, 8};
  fd_set set;
  int e = syscall(SYS_eventfd2, 1, EFD_NONBLOCK);
  FD_ZERO(&set);
  FD_SET(e, &set);
  CALL(eventfd2, 0, 0x10);
  CALL(pselect6, e + 1, &set, NULL, NULL, &zero, &mask);
  CALL(pselect6, e + 1, &set, NULL, NULL, &bad, NULL);
  CALL(pselect6, e + 1, BAD, NULL, NULL, &zero, NULL);
  CALL(pselect6, -1, NULL, NULL, NULL, &zero, NULL);
  CALL(pselect6, 0, NULL, NULL, NULL, &soon, NULL);
  struct pollfd p = {e, POLLIN, 0};
  unsigned long none = 0;
  soon = (struct timespec){0, 2000000};
  CALL(ppoll, &p, 1, &zero, &none, 8);
  CALL(ppoll, &p, 1, &bad, NULL, 8);
  CALL(ppoll, &p, 1, &zero, &none, 7);
  CALL(ppoll, BAD, 1, &zero, NULL, 8);
  CALL(ppoll, NULL, 0, &soon, NULL, 8);
  int ep = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5};
  epoll_ctl(ep, EPOLL_CTL_ADD, e, &event);
  CALL(epoll_pwait, ep, &event, 1, 0, &none, 8);
  CALL(epoll_pwait, ep, &event, 1, 0, &none, 7);
  CALL(epoll_pwait, ep, BAD, 1, 0, NULL, 8);
  CALL(epoll_pwait2, ep, &event, 1, &zero, &none, 8);
  CALL(epoll_pwait2, ep, &event, 1, &bad, NULL, 8);
  CALL(epoll_pwait2, e, &event, 1, &zero, NULL, 8);
  CALL_OK(inotify_init);
  uint32_t word = 5;
  show("futex_wake", (errno = 0, syscall(454, &word, 1ul, 1, 2)));
  close(e), close(ep);
}

static void messages(void) {
  SECTION("several messages");
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  char out[3][4] = {"one", "two", "six"}, in[3][8] = {0};
  struct iovec from[3], to[3];
  struct mmsghdr send[3] = {0}, receive[3] = {0};
  for (int i = 0; i < 3; i++) {
    from[i] = (struct iovec){out[i], 3}, to[i] = (struct iovec){in[i], 7};
    send[i].msg_hdr.msg_iov = &from[i], send[i].msg_hdr.msg_iovlen = 1;
    receive[i].msg_hdr.msg_iov = &to[i], receive[i].msg_hdr.msg_iovlen = 1;
  }
  CALL(sendmmsg, pair[0], send, 2, 0);
  printf("%u %u %u\n", send[0].msg_len, send[1].msg_len, send[2].msg_len);
  CALL(recvmmsg, pair[1], receive, 3, MSG_DONTWAIT, NULL);
  printf("%s %s %u\n", in[0], in[1], receive[2].msg_len);
  CALL(recvmmsg, pair[1], receive, 3, MSG_DONTWAIT, NULL);
  struct timespec t = {0, 5000000}, bad = {0, -1};
  CALL(recvmmsg, pair[1], receive, 3, MSG_DONTWAIT, &bad);
  CALL(sendmmsg, pair[0], send, 3, 0);
  CALL(recvmmsg, pair[1], receive, 3, 0, &t);
  CALL(sendmmsg, pair[0], send, 1, 0);
  CALL(recvmmsg, pair[1], receive, 3, MSG_WAITFORONE, NULL);
  CALL(sendmmsg, 99, send, 1, 0);
  CALL(sendmmsg, pair[0], BAD, 1, 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++) usleep(3000), sendmmsg(pair[0], &send[i], 1, 0);
    _exit(0);
  }
  memset(in, 0, sizeof in);
  CALL(recvmmsg, pair[1], receive, 3, 0, NULL);
  printf("%s %s %s\n", in[0], in[1], in[2]);
  wait(NULL);
  child = fork();
  if (child == 0) sendmmsg(pair[0], send, 2, 0), usleep(5000), kill(getppid(), SIGUSR1), _exit(0);
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler}, NULL);
  CALL(recvmmsg, pair[1], receive, 3, 0, NULL);
  wait(NULL);
  close(pair[1]);
  CALL(sendmmsg, pair[0], send, 2, MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char folder[300];
  sprintf(folder, "%s/raw-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 3;
  umask(022);
  signals();
  files();
  identity();
  process();
  memory();
  waiting();
  messages();
  chdir("/");
  SHOW(rmdir(folder));
  return 0;
}
