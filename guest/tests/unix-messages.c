/* unix(7): what travels beside the bytes (descriptors, credentials), sequenced packets, urgent bytes, times of messages. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static int set(int fd, int name, int value) { return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value); }

static int revents(int fd) {
  struct pollfd polled = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  poll(&polled, 1, 0);
  return polled.revents;
}

struct box {
  struct msghdr message;
  struct iovec part;
  char bytes[64];
  union {
    struct cmsghdr align;
    char control[256];
  };
};

static struct msghdr *boxed(struct box *box, const void *bytes, size_t size, size_t control) {
  memset(box, 0, sizeof *box);
  if (bytes != NULL) memcpy(box->bytes, bytes, size);
  box->part = (struct iovec){box->bytes, size};
  box->message = (struct msghdr){.msg_iov = &box->part, .msg_iovlen = 1, .msg_control = box->control, .msg_controllen = control};
  return &box->message;
}

static void add(struct msghdr *message, size_t *used, int type, const void *data, size_t size) {
  struct cmsghdr *header = (void *)((char *)message->msg_control + *used);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = type};
  memcpy(CMSG_DATA(header), data, size);
  message->msg_controllen = *used += CMSG_SPACE(size);
}

static long send_with(int fd, const char *text, int type, const void *data, size_t size) {
  struct box box;
  size_t used = 0;
  struct msghdr *message = boxed(&box, text, strlen(text), 0);
  if (type >= 0) add(message, &used, type, data, size);
  return sendmsg(fd, message, MSG_NOSIGNAL);
}

/* What comes next: bytes, flags, and each control message; descriptors are closed again. */
static void receive(int fd, size_t size, size_t control, int flags) {
  struct box box;
  struct msghdr *message = boxed(&box, NULL, size, control);
  errno = 0;
  long got = recvmsg(fd, message, flags | MSG_DONTWAIT);
  if (got < 0) {
    printf("  %s\n", strerrorname_np(errno));
    return;
  }
  printf("  %ld \"%.*s\" flags %x, control %zu\n", got, (int)got, box.bytes, message->msg_flags & ~MSG_CMSG_CLOEXEC, (size_t)message->msg_controllen);
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each != NULL; each = CMSG_NXTHDR(message, each)) {
    size_t length = each->cmsg_len - CMSG_LEN(0);
    if (each->cmsg_type == SCM_RIGHTS) {
      int *fds = (int *)CMSG_DATA(each);
      printf("  %zu descriptors", length / sizeof(int));
      for (size_t i = 0; i < length / sizeof(int); i++) {
        struct stat status;
        printf(", %s", fstat(fds[i], &status) == 0 && S_ISFIFO(status.st_mode) ? "a pipe" : "something");
        close(fds[i]);
      }
      puts("");
    } else if (each->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(each), sizeof who);
      printf("  from %s, uid %d, gid %d, length %zu\n", who.pid == getpid() ? "me" : who.pid == 0 ? "nobody" : "another", (int)who.uid, (int)who.gid, length);
    } else printf("  level %d type %d length %zu\n", each->cmsg_level, each->cmsg_type, length);
  }
}

static void rights(int type) {
  SECTION(type == SOCK_STREAM ? "descriptors in a stream" : type == SOCK_DGRAM ? "descriptors in datagrams" : "descriptors in packets");
  int pair[2], ends[2];
  SHOW(socketpair(AF_UNIX, type, 0, pair));
  if (pipe(ends) != 0) perror("pipe");
  SHOW(send(pair[0], "one", 3, 0));
  SHOW(send_with(pair[0], "two", SCM_RIGHTS, &ends[0], sizeof(int)));
  SHOW(send(pair[0], "three", 5, 0));
  SHOW(send_with(pair[0], "four", SCM_RIGHTS, ends, sizeof ends));
  SHOW(send_with(pair[0], "five", SCM_RIGHTS, ends, sizeof ends));
  receive(pair[1], 60, 256, MSG_PEEK);
  for (int i = 0; i < 6; i++) receive(pair[1], 60, 256, 0);
  SECTION("no room for them");
  send_with(pair[0], "none", SCM_RIGHTS, ends, sizeof ends);
  receive(pair[1], 60, 0, 0);
  send_with(pair[0], "one", SCM_RIGHTS, ends, sizeof ends);
  receive(pair[1], 60, CMSG_LEN(sizeof(int)), 0);
  send_with(pair[0], "little", SCM_RIGHTS, ends, sizeof ends);
  receive(pair[1], 60, 10, 0);
  send_with(pair[0], "in pieces", SCM_RIGHTS, ends, sizeof ends);
  receive(pair[1], 4, 256, 0);
  receive(pair[1], 60, 256, 0);
  SECTION("wrong ones");
  int bad = 99;
  SHOW(send_with(pair[0], "x", SCM_RIGHTS, &bad, sizeof bad));
  SHOW(send_with(pair[0], "x", 77, &bad, sizeof bad));
  struct box box;
  struct msghdr *message = boxed(&box, "x", 1, 0);
  size_t used = 0;
  add(message, &used, SCM_RIGHTS, ends, sizeof ends);
  ((struct cmsghdr *)box.control)->cmsg_len = 3;
  SHOW(sendmsg(pair[0], message, 0));
  ((struct cmsghdr *)box.control)->cmsg_len = 300;
  SHOW(sendmsg(pair[0], message, 0));
  ((struct cmsghdr *)box.control)->cmsg_len = CMSG_LEN(4);
  ((struct cmsghdr *)box.control)->cmsg_level = 41;
  SHOW(sendmsg(pair[0], message, 0));
  receive(pair[1], 60, 256, 0);
  close(pair[0]), close(pair[1]), close(ends[0]), close(ends[1]);
}

static void credentials(int type) {
  SECTION(type == SOCK_STREAM ? "credentials in a stream" : "credentials in datagrams");
  int pair[2];
  SHOW(socketpair(AF_UNIX, type, 0, pair));
  SHOW(send(pair[0], "before", 6, 0));
  receive(pair[1], 60, 256, 0);
  SHOW(set(pair[1], SO_PASSCRED, 1));
  SHOW(send(pair[0], "asked", 5, 0));
  SHOW(write(pair[0], "again", 5));
  receive(pair[1], 60, 256, 0);
  receive(pair[1], 60, 256, 0);
  SHOW(send(pair[0], "cut", 3, 0));
  receive(pair[1], 60, 20, 0);
  SHOW(send(pair[0], "none", 4, 0));
  receive(pair[1], 60, 0, 0);
  struct ucred who = {getpid(), getuid(), getgid()};
  SHOW(send_with(pair[0], "given", SCM_CREDENTIALS, &who, sizeof who));
  receive(pair[1], 60, 256, 0);
  SHOW(send_with(pair[0], "short", SCM_CREDENTIALS, &who, 8));
  who.uid = (uid_t)-1;
  SHOW(send_with(pair[0], "invalid", SCM_CREDENTIALS, &who, sizeof who));
  who = (struct ucred){getpid(), 1234, 5678};
  SHOW(send_with(pair[0], "forged", SCM_CREDENTIALS, &who, sizeof who));
  SHOW(send(pair[0], "mine", 4, 0));
  receive(pair[1], 60, 256, 0);
  receive(pair[1], 60, 256, 0);
  who = (struct ucred){999999, 0, 0};
  SHOW(send_with(pair[0], "no such program", SCM_CREDENTIALS, &who, sizeof who));
  fflush(stdout);
  if (fork() == 0) {
    if (setgid(100) != 0 || setuid(1000) != 0) perror("setuid");
    who = (struct ucred){getpid(), 1000, 100};
    SHOW(send_with(pair[0], "true", SCM_CREDENTIALS, &who, sizeof who));
    who.uid = 0;
    SHOW(send_with(pair[0], "lie", SCM_CREDENTIALS, &who, sizeof who));
    who = (struct ucred){getpid(), 1000, 0};
    SHOW(send_with(pair[0], "lie", SCM_CREDENTIALS, &who, sizeof who));
    who = (struct ucred){getppid(), 1000, 100};
    SHOW(send_with(pair[0], "lie", SCM_CREDENTIALS, &who, sizeof who));
    SHOW(write(pair[0], "child", 5));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  receive(pair[1], 60, 256, 0);
  receive(pair[1], 60, 256, 0);
  close(pair[0]), close(pair[1]);

  SECTION("the name that credentials need");
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0osv-messages-test"}, own;
  socklen_t length = sizeof own;
  bind(other, (void *)&name, 20);
  SHOW(set(fd, SO_PASSCRED, 1));
  SHOW(sendto(fd, "x", 1, 0, (void *)&name, 20));
  SHOW(getsockname(fd, (void *)&own, &length));
  printf("a name of %u bytes, abstract %d\n", length, own.sun_path[0] == 0);
  close(fd), close(other);
}

static void packets(void) {
  SECTION("sequenced packets");
  int server = socket(AF_UNIX, SOCK_SEQPACKET, 0), client = SHOW_OK(socket(AF_UNIX, SOCK_SEQPACKET, 0));
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0osv-packets-test"}, peer;
  socklen_t length = sizeof peer;
  char bytes[64] = {0};
  SHOW(listen(server, 1));
  SHOW(send(client, "x", 1, MSG_NOSIGNAL));
  SHOW(recv(client, bytes, 1, 0));
  printf("%x\n", revents(client));
  SHOW(connect(client, (void *)&name, 19));
  SHOW(bind(server, (void *)&name, 19));
  SHOW(connect(client, (void *)&name, 19));
  SHOW(accept(server, NULL, NULL));
  SHOW(listen(server, 1));
  printf("%x\n", revents(server));
  SHOW(connect(client, (void *)&name, 19));
  SHOW(connect(client, (void *)&name, 19));
  printf("%x %x\n", revents(server), revents(client));
  int more = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(stream, (void *)&name, 19));
  int full = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  SHOW(connect(more, (void *)&name, 19));
  SHOW(connect(full, (void *)&name, 19));
  close(full);
  SHOW(send(client, "early", 5, 0));
  int got = SHOW_OK(accept4(server, NULL, NULL, SOCK_NONBLOCK));
  SHOW(getpeername(client, (void *)&peer, &length));
  printf("peer has %u bytes\n", length);
  struct ucred who;
  length = sizeof who;
  SHOW(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length));
  printf("me %d\n", who.pid == getpid());
  SHOW(recv(got, bytes, 3, 0));
  SHOW(recv(got, bytes, 3, 0));
  SHOW(send(got, "a packet", 8, MSG_EOR));
  SHOW(send(got, "", 0, 0));
  SHOW(send(got, "last", 4, 0));
  SHOW(sendto(got, "to", 2, 0, (void *)&name, 19));
  receive(client, 60, 0, MSG_PEEK);
  receive(client, 4, 0, MSG_TRUNC);
  receive(client, 60, 0, 0);
  receive(client, 60, 0, 0);
  receive(client, 60, 0, 0);
  SHOW(send(client, "x", 1, MSG_OOB));
  SHOW(recv(client, bytes, 1, MSG_OOB));
  SHOW(shutdown(got, SHUT_WR));
  printf("%x %x\n", revents(client), revents(got));
  SHOW(recv(client, bytes, 8, 0));
  SHOW(close(got));
  printf("%x\n", revents(client));
  SHOW(send(client, "x", 1, MSG_NOSIGNAL));
  SHOW(recv(client, bytes, 8, 0));
  close(client), close(more), close(stream);
  client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  SHOW(connect(client, (void *)&name, 19));
  close(server);
  printf("%x\n", revents(client));
  SHOW(recv(client, bytes, 8, 0));
  close(client);
}

static void wrong_peers(void) {
  SECTION("connected datagram sockets hear their peer only");
  int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sockaddr_un names[2] = {{.sun_family = AF_UNIX, .sun_path = "\0osv-peers-a"}, {.sun_family = AF_UNIX, .sun_path = "\0osv-peers-b"}};
  SHOW(bind(a, (void *)&names[0], 14));
  SHOW(bind(b, (void *)&names[1], 14));
  SHOW(connect(a, (void *)&names[1], 14));
  SHOW(sendto(b, "x", 1, 0, (void *)&names[0], 14));
  SHOW(sendto(c, "x", 1, 0, (void *)&names[0], 14));
  SHOW(connect(c, (void *)&names[0], 14));
  close(a), close(b), close(c);
}

static volatile int urged;
static void on_urgent(int number) { urged += number == SIGURG; }

static void urgent(void) {
  SECTION("urgent bytes");
  int pair[2], mark = -1;
  char bytes[64] = {0};
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  SHOW(recv(pair[1], bytes, 1, MSG_OOB | MSG_DONTWAIT));
  signal(SIGURG, on_urgent);
  SHOW(fcntl(pair[1], F_SETOWN, getpid()));
  SHOW(send(pair[0], "before", 6, 0));
  printf("urged %d\n", urged);
  SHOW(send(pair[0], "!", 1, MSG_OOB));
  usleep(20000);
  printf("urged %d\n", urged);
  SHOW(send(pair[0], "after", 5, 0));
  printf("%x\n", revents(pair[1]));
  SHOW(ioctl(pair[1], SIOCATMARK, &mark));
  printf("mark %d\n", mark);
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(ioctl(pair[1], SIOCATMARK, &mark));
  printf("mark %d\n", mark);
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_OOB));
  printf("%c, %x\n", bytes[0], revents(pair[1]));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_OOB));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(send(pair[0], "ab!", 3, MSG_OOB));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(send(pair[0], "more", 4, 0));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(set(pair[1], SO_OOBINLINE, 1));
  SHOW(send(pair[0], "in!", 3, MSG_OOB));
  SHOW(send(pair[0], "line", 4, 0));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_OOB | MSG_DONTWAIT));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT));
  close(pair[0]), close(pair[1]);
}

static void times(void) {
  SECTION("times of messages");
  int pair[2];
  SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  SHOW(set(pair[1], SO_TIMESTAMP, 1));
  SHOW(send(pair[0], "x", 1, 0));
  struct box box;
  struct msghdr *message = boxed(&box, NULL, 60, 256);
  SHOW(recvmsg(pair[1], message, 0));
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  struct timeval when;
  memcpy(&when, CMSG_DATA(header), sizeof when);
  printf("type %d, %zu bytes, now %d\n", header->cmsg_type == SO_TIMESTAMP, (size_t)header->cmsg_len, labs(when.tv_sec - time(NULL)) < 100);
  SHOW(set(pair[1], SO_TIMESTAMPNS, 1));
  int value;
  socklen_t length = sizeof value;
  getsockopt(pair[1], SOL_SOCKET, SO_TIMESTAMP, &value, &length);
  printf("SO_TIMESTAMP %d\n", value);
  SHOW(send(pair[0], "x", 1, 0));
  message = boxed(&box, NULL, 60, 256);
  SHOW(recvmsg(pair[1], message, 0));
  header = CMSG_FIRSTHDR(message);
  struct timespec exact;
  memcpy(&exact, CMSG_DATA(header), sizeof exact);
  printf("type %d, %zu bytes, now %d\n", header->cmsg_type == SO_TIMESTAMPNS, (size_t)header->cmsg_len, labs(exact.tv_sec - time(NULL)) < 100);
  close(pair[0]), close(pair[1]);
}

static void peers(void) {
  SECTION("who the peer is");
  int pair[2], fd = -1;
  char text[100];
  socklen_t length = sizeof text;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERSEC, text, &length));
  length = sizeof fd;
  if (getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &fd, &length) == 0) printf("a descriptor, closed on exec %d\n", fcntl(fd, F_GETFD));
  else printf("SO_PEERPIDFD: %s\n", strerrorname_np(errno));
  close(fd);
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  length = sizeof pair[0];
  SHOW(getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, text, &length));
  struct ucred who;
  length = sizeof who;
  SHOW(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length));
  printf("%d %d %d\n", who.pid, (int)who.uid, (int)who.gid);
  SHOW(setsockopt(fd, 6, 1, &fd, sizeof fd));
  SHOW(getsockopt(fd, 0, 1, &fd, &length));
  close(fd), close(pair[0]), close(pair[1]);
}

static int send_descriptors(int socket, int fd, int count) {
  char control[CMSG_SPACE(4 * sizeof(int))] = {0}, text = 'x';
  struct iovec part = {&text, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  for (int i = 0; i < count; i++) ((int *)CMSG_DATA(head))[i] = fd;
  return sendmsg(socket, &message, MSG_DONTWAIT);
}

/* A user may have as many descriptors in messages as RLIMIT_NOFILE says, and the message that passes it. */
static void flying(int type) {
  SECTION("descriptors under way");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int pair[2], sent = 0;
    char text[8];
    if (socketpair(AF_UNIX, type, 0, pair) != 0) _exit(1);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 20});
    if (getuid() == 0 && setuid(54321) != 0) _exit(1);
    while (send_descriptors(pair[0], 1, 4) == 1) sent++;
    printf("%d messages, then %s\n", sent, strerrorname_np(errno));
    SHOW(recv(pair[1], text, 1, 0));
    SHOW(send_descriptors(pair[0], 1, 1));
    SHOW(send_descriptors(pair[0], 1, 1));
    SHOW(recv(pair[1], text, 1, MSG_PEEK));
    SHOW(send_descriptors(pair[0], 1, 1));
    close(pair[1]);
    if (socketpair(AF_UNIX, type, 0, pair) != 0) _exit(1);
    SHOW(send_descriptors(pair[0], 1, 4));
    exit(0);
  }
  waitpid(child, NULL, 0);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  rights(SOCK_STREAM), rights(SOCK_DGRAM), rights(SOCK_SEQPACKET);
  credentials(SOCK_STREAM), credentials(SOCK_DGRAM);
  packets();
  wrong_peers();
  urgent();
  times();
  peers();
  flying(SOCK_STREAM), flying(SOCK_DGRAM), flying(SOCK_SEQPACKET);
  return 0;
}
