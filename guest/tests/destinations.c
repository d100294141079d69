/* What calls store once they have taken or changed something, into pages of files that nobody has touched yet. In the
   page such a page has to be fetched in the middle of the call, and nothing may be lost or done twice; under Node the
   disk is read at once, so here only what is stored is compared. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

#define STEP 0x1d000
static char *next;
static size_t left;

/* Another untouched place, far from the last: neighbours are brought in together. */
static void *place(void) {
  next += STEP, left -= STEP;
  if (left < STEP) puts("the file is too small");
  return next;
}

static void children(void) {
  SECTION("children");
  struct rusage *usage = place();
  siginfo_t *info = place();
  if (fork() == 0) _exit(3);
  int status;
  SHOW(wait4(-1, &status, 0, usage) > 0);
  SHOW(usage->ru_nswap);
  if (fork() == 0) _exit(4);
  SHOW(syscall(SYS_waitid, P_ALL, 0, info, WEXITED, place()));
  SHOW(info->si_status);
  pid_t *parent_tid = place(), *child_tid = place();
  fflush(stdout);
  pid_t child = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, parent_tid, child_tid, 0);
  if (child == 0) _exit(*child_tid == getpid() ? 5 : 6);
  printf("told %d\n", *parent_tid == child);
  SHOW(waitpid(child, &status, 0) == child);
  SHOW(WEXITSTATUS(status));
  SHOW(waitpid(-1, &status, 0));
}

static void messages(void) {
  SECTION("messages");
  struct {
    long type;
    char text[8];
  } sent = {1, "one"}, *got = place();
  int queue = msgget(IPC_PRIVATE, 0600);
  SHOW(msgsnd(queue, &sent, 8, 0));
  SHOW(msgrcv(queue, got, 8, 0, IPC_NOWAIT));
  printf("%ld %s\n", got->type, got->text);
  msgctl(queue, IPC_RMID, NULL);
  struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
  mqd_t posix = mq_open("/destinations", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
  mq_unlink("/destinations");
  SHOW(mq_send(posix, "two", 4, 7));
  char *text = place();
  unsigned *priority = place();
  SHOW(mq_receive(posix, text, 16, priority));
  printf("%s %u\n", text, *priority);
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigqueue(getpid(), SIGUSR1, (union sigval){42});
  siginfo_t *info = place();
  SHOW(sigtimedwait(&set, info, &(struct timespec){0, 0}) == SIGUSR1);
  SHOW(info->si_value.sival_int);
}

static void sockets(void) {
  SECTION("sockets");
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, *from = place();
  socklen_t length = sizeof at, *size = place();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (void *)&at, sizeof at), listen(listener, 1);
  getsockname(listener, (void *)&at, &length);
  SHOW(connect(client, (void *)&at, length));
  SHOW_OK(syscall(SYS_accept, listener, from, size));
  SHOW(*size != 0);
  close(client), client = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(client, (void *)&at, length));
  int lowest = dup(1);
  close(lowest);
  SHOW(accept(listener, (void *)1, &length));
  printf("closed again: %d\n", fcntl(lowest, F_GETFD) == -1);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){lowest, files.rlim_max});
  SHOW(accept(listener, NULL, NULL));
  setrlimit(RLIMIT_NOFILE, &files);

  int pair[2], passed = 1;
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  char text[4] = "abc", control[CMSG_SPACE(sizeof(int))] = "";
  struct iovec piece = {text, 4};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &passed, sizeof passed);
  SHOW(sendmsg(pair[0], &message, 0));
  message.msg_control = place(), message.msg_name = place(), message.msg_namelen = sizeof(struct sockaddr_un);
  SHOW(recvmsg(pair[1], &message, MSG_DONTWAIT));
  SHOW(message.msg_controllen == CMSG_SPACE(sizeof(int)));
  SHOW(send(pair[0], "xyz", 4, 0));
  struct sockaddr_un *sender = place();
  length = sizeof *sender;
  SHOW(recvfrom(pair[1], text, 4, MSG_DONTWAIT, (void *)sender, &length));
}

static void former_settings(void) {
  SECTION("what was before");
  sigset_t set, *mask = place();
  sigemptyset(&set), sigaddset(&set, SIGUSR2);
  SHOW(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, mask, 8));
  printf("%d %d\n", sigismember(mask, SIGUSR1), sigismember(mask, SIGUSR2));
  struct sigaction ignored = {.sa_handler = SIG_IGN};
  long action[4] = {(long)SIG_IGN}, *former = place();
  sigaction(SIGUSR2, &ignored, NULL), action[0] = (long)SIG_DFL;
  SHOW(syscall(SYS_rt_sigaction, SIGUSR2, action, former, 8));
  SHOW(former[0] == (long)SIG_IGN);
  static char stack[16384];
  stack_t one = {.ss_sp = stack, .ss_size = sizeof stack}, off = {.ss_flags = SS_DISABLE}, *before = place();
  sigaltstack(&one, NULL);
  SHOW(sigaltstack(&off, before));
  SHOW(before->ss_sp == stack);
  struct rlimit *limit = place();
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){50, 60});
  SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &(struct rlimit){40, 60}, limit));
  SHOW(limit->rlim_cur);
  struct itimerspec hour = {{0, 0}, {3600, 0}}, none = {{0}}, *rest = place();
  int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  timerfd_settime(timer, 0, &hour, NULL);
  SHOW(timerfd_settime(timer, 0, &none, rest));
  SHOW(rest->it_value.tv_sec > 3000);
}

static void use(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat s;
  fstat(fd, &s);
  left = s.st_size;
  next = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  close(fd);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  use("/usr/lib/x86_64-linux-gnu/libc.so.6");
  children(), messages(), sockets();
  use("/usr/lib/x86_64-linux-gnu/libstdc++.so.6");
  former_settings();
  return 0;
}
