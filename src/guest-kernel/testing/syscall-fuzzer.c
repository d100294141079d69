/* Random system calls with random arguments: fuzzer SEED BATCHES. Each batch runs in a child, which is killed when it
   hangs; arguments are drawn from what is likely to hurt: descriptors of every kind, pages without rights, page ends,
   huge and negative numbers, paths, messages of sockets. It leaves out what would end or stop the fuzzer itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;
static uint32_t next(void) { return (state = state * 6364136223846793005UL + 1442695040888963407UL) >> 33; }
#define PICK(list) list[next() % (sizeof list / sizeof *list)]

/* exit, exit_group, kill and its like, pause, rt_sigreturn, setsid of the parent: nothing else. */
static const int left_out[] = {15, 34, 60, 62, 129, 130, 200, 231, 234, 297, 424};
static const long odd[] = {0, 1, 2, 3, -1, -2, -100, 7, 8, 4095, 4096, 4097, 65536, 0x7fffffff, 0x80000000L, 0xffffffffL,
                           0x100000000L, 0x7fffffffffffL, -4096, 1L << 52, 1L << 62, 1L << 63};
static const char *paths[] = {"/dev/null", "/tmp", "/tmp/f", "/tmp/f/x", "/proc/self/maps", "/proc/self/fd", "/dev/tty",
                              "/dev/ptmx", "", ".", "..", "/tmp/l", "/tmp/dir", "/tmp/dir/../f", "/dev/shm/x", "/absent/x",
                              "\xff\xfe", "/tmp/\x01\x02\xc3"};
static char *buffer, *readonly_page, *hole, *edge, *shared, *long_path;
static int fds[40], sockets[40], fd_count, socket_count;
/* Headers of messages, each a KiB with its control messages, behind them addresses of sockets. */
static char *messages, *addresses;
#define MESSAGES 8

static void add(int fd) {
  if (fd >= 0 && fd_count < 40) fds[fd_count++] = fd;
}

static void add_socket(int fd) {
  if (fd >= 0 && socket_count < 40) sockets[socket_count++] = fd;
  add(fd);
}

static struct sockaddr_in6 local_six(int port) {
  return (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
}

/* One of each kind, some connected, some that listen. */
static void prepare_sockets(void) {
  static const int kinds[][3] = {{AF_INET6, SOCK_STREAM, 0}, {AF_INET6, SOCK_DGRAM, 0}, {AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6},
                                 {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, {AF_INET, SOCK_RAW, IPPROTO_ICMP}, {AF_INET6, SOCK_RAW, 253},
                                 {AF_UNIX, SOCK_SEQPACKET, 0}, {AF_NETLINK, SOCK_RAW, 0}, {AF_INET, SOCK_STREAM, 0}};
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) add_socket(socket(kinds[i][0], kinds[i][1] | SOCK_NONBLOCK, kinds[i][2]));
  int pair[2], server = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), client = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
  for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair) == 0) add_socket(pair[0]), add_socket(pair[1]);
  struct sockaddr_in6 address = local_six(9000);
  bind(server, (struct sockaddr *)&address, sizeof address), listen(server, 2);
  connect(client, (struct sockaddr *)&address, sizeof address);
  add_socket(server), add_socket(client), add_socket(accept(server, NULL, NULL));
  int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0fuzz"};
  bind(listening, (struct sockaddr *)&name, 7), listen(listening, 1), add_socket(listening);
  int packets = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;
  int told[] = {IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVERR};
  for (int i = 0; i < 4; i++) setsockopt(packets, IPPROTO_IPV6, told[i], &on, sizeof on);
  address = local_six(9001), bind(packets, (struct sockaddr *)&address, sizeof address);
  add_socket(packets);
}

static void fill_messages(void) {
  static const int levels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, 99}, types[] = {1, 2, 4, 8, 29, 50, 52, 67, 77};
  static const size_t lengths[] = {CMSG_LEN(4), CMSG_LEN(8), CMSG_LEN(12), CMSG_LEN(20), CMSG_LEN(16), 3, 300, 1UL << 62};
  struct sockaddr_in6 six = local_six(9000 + next() % 3), mapped = six;
  memset(&mapped.sin6_addr, 0, 16), mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff, mapped.sin6_addr.s6_addr[12] = 127, mapped.sin6_addr.s6_addr[15] = 1;
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = six.sin6_port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_un hidden = {.sun_family = AF_UNIX, .sun_path = "\0fuzz"};
  memcpy(addresses, &six, sizeof six), memcpy(addresses + 128, &mapped, sizeof mapped);
  memcpy(addresses + 256, &four, sizeof four), memcpy(addresses + 384, &hidden, sizeof hidden);
  for (int i = 0; i < MESSAGES; i++) {
    char *at = messages + i * 1024, *control = at + 256;
    struct iovec parts[2] = {{buffer + next() % 60000, next() % 5000}, {next() % 9 ? buffer : hole, next() % 100}};
    memcpy(at + 64, parts, sizeof parts);
    struct msghdr message = {addresses + next() % 4 * 128, (socklen_t[]){0, 7, 16, 24, 28, 128}[next() % 6], (void *)(at + 64), next() % 3, control, (size_t[]){0, 16, 24, 100, 700}[next() % 5], 0};
    memcpy(at, &message, sizeof message);
    for (int c = 0; c < 3; c++) {
      struct cmsghdr header = {.cmsg_len = PICK(lengths), .cmsg_level = PICK(levels), .cmsg_type = PICK(types)};
      memcpy(control, &header, sizeof header);
      for (int w = 0; w < 5; w++) ((int *)(control + sizeof header))[w] = next() % 3 ? fds[next() % fd_count] : (int)PICK(odd);
      control += header.cmsg_len < 200 ? CMSG_ALIGN(header.cmsg_len) : 40;
    }
  }
}

static void prepare(void) {
  buffer = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  readonly_page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *pair = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pair + 4096, 4096);
  edge = pair + 4096 - 8;
  hole = pair + 4096;
  messages = mmap(NULL, MESSAGES * 1024 + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  addresses = messages + MESSAGES * 1024;
  shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  long_path = malloc(5000);
  memset(long_path, 'a', 4999);
  for (int i = 0; i < 4999; i += 100) long_path[i] = '/';
  long_path[next() % 2 ? 4095 : 4999] = 0;
  int p[2], m, s;
  mkdir("/tmp/dir", 0777);
  symlink("/tmp/l", "/tmp/l");
  add(open("/tmp/f", O_RDWR | O_CREAT, 0666));
  add(open("/tmp", O_RDONLY | O_DIRECTORY));
  add(open("/tmp", O_PATH));
  if (pipe2(p, O_NONBLOCK) == 0) add(p[0]), add(p[1]);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p) == 0) add(p[0]), add(p[1]);
  add(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  add(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  add(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  prepare_sockets();
  add(eventfd(1, EFD_NONBLOCK));
  add(epoll_create1(0));
  add(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
  sigset_t set;
  sigemptyset(&set);
  add(signalfd(-1, &set, SFD_NONBLOCK));
  add(inotify_init1(IN_NONBLOCK));
  add(memfd_create("m", MFD_ALLOW_SEALING));
  if (openpty(&m, &s, NULL, NULL, NULL) == 0) add(m), add(s);
  add(syscall(SYS_pidfd_open, getpid(), 0));
}

static void fill(void) {
  for (int i = 0; i < 65536; i += 8) {
    uint64_t word = next() % 3 == 0 ? 0 : next() % 4 == 0 ? (uint64_t)(buffer + next() % 65536) : next() % 64;
    if (next() % 20 == 0) word = (uint64_t)PICK(odd);
    memcpy(buffer + i, &word, 8);
  }
}

static long pointer(void) {
  switch (next() % 13) {
    case 0: return (long)readonly_page + next() % 64;
    case 1: return (long)edge + next() % 8;
    case 2: return (long)hole - next() % 16;
    case 3: return (long)shared + next() % 8192;
    case 4: return (long)PICK(paths);
    case 5: return (long)long_path;
    case 6: return PICK(odd);
    case 7: return (long)&pointer;
    case 8: return (long)messages + next() % (MESSAGES + 1) * 1024;
    default: return (long)buffer + (next() % 65536 & ~7);
  }
}

/* What sockets are asked, with arguments that get past the first look. */
static void socket_call(void) {
  static const int levels[] = {0, 1, 1, 6, 17, 41, 41, 58, 136, 255}, sizes[] = {4, 4, 4, 1, 0, 8, 12, 16, 20, 32, -1};
  static const int flags[] = {0, MSG_PEEK, MSG_OOB, MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE, MSG_MORE, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL, MSG_PEEK | MSG_TRUNC};
  static const int requests[] = {0x5411, 0x541b, 0x8905, 0x8910, 0x8912, 0x8913, 0x8915, 0x8921, 0x8933};
  int fd = sockets[next() % socket_count], flag = PICK(flags) | (next() % 8 ? MSG_DONTWAIT : 0);
  void *header = messages + next() % MESSAGES * 1024, *address = addresses + next() % 4 * 128;
  int *size = (int *)(buffer + (next() % 60000 & ~7));
  socklen_t length = (socklen_t[]){7, 16, 28, 110, 0}[next() % 5];
  *size = PICK(sizes);
  switch (next() % 12) {
    case 0: syscall(SYS_setsockopt, fd, PICK(levels), next() % 80, pointer(), PICK(sizes)); break;
    case 1: syscall(SYS_getsockopt, fd, PICK(levels), next() % 80, pointer(), size); break;
    case 2: case 3: syscall(SYS_sendmsg, fd, header, flag); break;
    case 4: case 5: syscall(SYS_recvmsg, fd, header, flag); break;
    case 6: syscall(SYS_sendto, fd, buffer, next() % 2000, flag, address, length); break;
    case 7: syscall(SYS_recvfrom, fd, buffer, next() % 2000, flag, pointer(), size); break;
    case 8: syscall(SYS_connect, fd, address, length); break;
    case 9: syscall(SYS_bind, fd, address, length); break;
    case 10: add_socket(syscall(SYS_accept4, fd, pointer(), size, SOCK_NONBLOCK)); break;
    default: syscall(next() % 2 ? SYS_ioctl : SYS_shutdown, fd, next() % 2 ? PICK(requests) : (int)(next() % 3), pointer());
  }
}

static long argument(void) {
  switch (next() % 8) {
    case 0: return PICK(odd);
    case 1: return next() % 70;
    case 2: return fds[next() % fd_count];
    case 3: return (long)PICK(paths);
    case 4: return (uint64_t)next() << (next() % 32);
    case 5: return 1L << (next() % 40);
    default: return pointer();
  }
}

static void tick(int s) { (void)s; }

/* Cuts waits short; random calls may have taken it away. */
static void arm(void) {
  struct sigaction action = {.sa_handler = tick};
  struct itimerval timer = {{0, 3000}, {0, 3000}};
  sigset_t none;
  sigemptyset(&none);
  sigaction(SIGALRM, &action, NULL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void batch(int number) {
  state = state * 31 + number;
  prepare();
  fill(), fill_messages();
  for (int i = 0; i < 400; i++) {
    int nr = next() % 470, skip = 0;
    for (unsigned j = 0; j < sizeof left_out / sizeof *left_out; j++) skip |= left_out[j] == nr;
    if (skip) continue;
    if (next() % 16 == 0) fill(), fill_messages();
    arm();
    /* What forks goes on in the parent only: a child that also made calls would never end. */
    pid_t self = getpid();
    long a = next() % 2 ? fds[next() % fd_count] : argument();
    if (nr == SYS_clone || nr == SYS_clone3 || nr == SYS_fork || nr == SYS_vfork) {
      if (fork() == 0) _exit(0);
      continue;
    }
    syscall(nr, a, argument(), argument(), argument(), argument(), argument());
    if (getpid() != self) _exit(0);
    if (next() % 4 == 0) socket_call();
  }
}

int main(int argc, char **argv) {
  uint64_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
  int batches = argc > 2 ? atoi(argv[2]) : 10;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  int ends[3] = {0};
  for (int i = 0; i < batches; i++) {
    pid_t pid = fork();
    if (pid < 0) continue;
    if (pid == 0) {
      state = seed;
      setpgid(0, 0);
      sigprocmask(SIG_UNBLOCK, &child, NULL);
      batch(i);
      _exit(0);
    }
    struct timespec limit = {2, 0};
    int status = 0, kind = 0;
    if (sigtimedwait(&child, NULL, &limit) < 0) kind = 2;
    kill(pid, SIGKILL);
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (kind == 0 && WIFSIGNALED(status)) kind = 1;
    ends[kind]++;
    while (waitpid(-1, NULL, WNOHANG) > 0);
    struct timespec none = {0, 0};
    while (sigtimedwait(&child, NULL, &none) > 0);
  }
  printf("%d ended, %d died, %d hung\n", ends[0], ends[1], ends[2]);
  return 0;
}
