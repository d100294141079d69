/* Sockets within the machine: TCP and UDP on 127.0.0.1, Unix sockets with names, options, errors. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static struct sockaddr_in local(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

#define ADDRESS(of) (struct sockaddr *)&(of), sizeof(of)

/* Port that the kernel chose. */
static int port_of(int fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) perror("getsockname");
  return ntohs(address.sin_port);
}

static int listener(int backlog) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in any = local(0);
  if (bind(fd, ADDRESS(any)) != 0 || listen(fd, backlog) != 0) perror("listener");
  return fd;
}

static void connected(int ends[2]) {
  int server = listener(5);
  struct sockaddr_in to = local(port_of(server));
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(ends[0], ADDRESS(to)) != 0) perror("connect");
  ends[1] = accept(server, NULL, NULL);
  close(server);
}

static int revents(int fd) {
  struct pollfd polled = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  poll(&polled, 1, 0);
  return polled.revents;
}

/* What is written to one end of a connection has arrived at the other when this returns. */
static void settle(void) { usleep(20000); }

static void making(void) {
  SECTION("making sockets");
  SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
  SHOW(socket(AF_INET, SOCK_STREAM | 0x100, 0));
  SHOW(socket(12345, SOCK_STREAM, 0));
  SHOW(socket(AF_UNIX, SOCK_STREAM, 17));
  int pair[2];
  SHOW(socketpair(AF_INET, SOCK_STREAM, 0, pair));
  int *nowhere = (int *)8;
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
  int fd = SHOW_OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  printf("%x %x\n", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, fcntl(fd, F_GETFD));
  int pipe_ends[2];
  SHOW(pipe(pipe_ends));
  SHOW(listen(pipe_ends[0], 1));
  SHOW(bind(99, NULL, 0));
  SHOW(accept(fd, NULL, NULL));
  SHOW(recv(fd, pipe_ends, 1, 0));
  SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
  SHOW(shutdown(fd, SHUT_RDWR));
  SHOW(shutdown(fd, 7));
  printf("unconnected: %x\n", revents(fd));
  SHOW(lseek(fd, 0, SEEK_SET));
  close(fd), close(pipe_ends[0]), close(pipe_ends[1]);
}

static void binding(void) {
  SECTION("binding");
  int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in any = local(0);
  SHOW(bind(a, ADDRESS(any)));
  SHOW(bind(a, ADDRESS(any)));
  struct sockaddr_in same = local(port_of(a)), other = same, far = same;
  SHOW(bind(b, ADDRESS(same)));
  other.sin_addr.s_addr = 0;
  SHOW(bind(b, ADDRESS(other)));
  far.sin_addr.s_addr = htonl(0x08080808);
  SHOW(bind(b, ADDRESS(far)));
  far.sin_family = AF_UNIX;
  SHOW(bind(b, (struct sockaddr *)&same, 3));
  SHOW(bind(b, (struct sockaddr *)8, sizeof same));
  int on = 1;
  int c = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  SHOW(setsockopt(d, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  SHOW(bind(c, ADDRESS(any)));
  same = local(port_of(c));
  SHOW(bind(d, ADDRESS(same)));
  SHOW(listen(c, 1));
  SHOW(listen(d, 1));
  close(a), close(b), close(c), close(d);
}

static void streams(void) {
  SECTION("a connection");
  int ends[2], left;
  char bytes[64] = {0};
  connected(ends);
  printf("%x %x\n", revents(ends[0]), revents(ends[1]));
  SHOW(write(ends[0], "hello world", 11));
  settle();
  SHOW(ioctl(ends[1], FIONREAD, &left));
  printf("%d to read, %x\n", left, revents(ends[1]));
  SHOW(recv(ends[1], (void *)8, 5, 0));
  SHOW(recv(ends[1], bytes, 5, MSG_PEEK));
  SHOW(recv(ends[1], bytes, 6, 0));
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
  puts(bytes);
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(ends[1], bytes, 1, MSG_OOB));
  SHOW(send(ends[0], (void *)8, 5, 0));
  struct sockaddr_in peer, own;
  socklen_t length = sizeof peer;
  SHOW(getpeername(ends[0], (struct sockaddr *)&peer, &length));
  SHOW(getsockname(ends[1], (struct sockaddr *)&own, &length));
  printf("%s, the same address: %d, length %u\n", inet_ntoa(peer.sin_addr), memcmp(&peer, &own, 8) == 0, length);
  length = 4;
  SHOW(getpeername(ends[0], (struct sockaddr *)&peer, &length));
  printf("length %u\n", length);
  SHOW(connect(ends[0], ADDRESS(own)));
  SHOW(listen(ends[0], 1));

  SECTION("half-close");
  SHOW(write(ends[0], "last", 4));
  SHOW(shutdown(ends[0], SHUT_WR));
  settle();
  printf("%x %x\n", revents(ends[0]), revents(ends[1]));
  SHOW(read(ends[1], bytes, sizeof bytes));
  SHOW(read(ends[1], bytes, sizeof bytes));
  SHOW(write(ends[1], "answer", 6));
  SHOW(read(ends[0], bytes, sizeof bytes));
  SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
  SHOW(close(ends[1]));
  settle();
  printf("%x\n", revents(ends[0]));
  SHOW(read(ends[0], bytes, sizeof bytes));
  close(ends[0]);

  SECTION("writing to who is gone");
  connected(ends);
  SHOW(close(ends[1]));
  settle();
  printf("%x\n", revents(ends[0]));
  SHOW(write(ends[0], "lost", 4));
  settle();
  printf("%x\n", revents(ends[0]));
  SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
  SHOW(read(ends[0], bytes, 1));
  close(ends[0]);

  SECTION("resets");
  connected(ends);
  SHOW(write(ends[0], "unread", 6));
  settle();
  SHOW(close(ends[1]));
  settle();
  printf("%x\n", revents(ends[0]));
  SHOW(read(ends[0], bytes, 1));
  SHOW(read(ends[0], bytes, 1));
  close(ends[0]);
  connected(ends);
  struct linger abort_it = {1, 0};
  SHOW(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it));
  SHOW(close(ends[1]));
  settle();
  int error = 0;
  length = sizeof error;
  SHOW(getsockopt(ends[0], SOL_SOCKET, SO_ERROR, &error, &length));
  printf("%s\n", strerrorname_np(error));
  close(ends[0]);
}

static void look_at_peer(int fd) {
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  settle();
  printf("%x ", revents(fd));
  SHOW(getpeername(fd, (struct sockaddr *)&peer, &length));
}

/* What a socket is whose connection has come to its end, by a reset or since both sides have said so. */
static void over(void) {
  SECTION("reset with bytes to read");
  int ends[2], error = 0;
  char bytes[16];
  struct linger abort_it = {1, 0};
  struct sockaddr_in to = local(1);
  socklen_t length = sizeof error;
  connected(ends);
  SHOW(write(ends[0], "unread", 6));
  setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
  close(ends[0]);
  look_at_peer(ends[1]);
  SHOW(recv(ends[1], bytes, 1, MSG_DONTWAIT));
  look_at_peer(ends[1]);
  SHOW(shutdown(ends[1], SHUT_RDWR));
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(connect(ends[1], ADDRESS(to)));
  look_at_peer(ends[1]);
  close(ends[1]);

  SECTION("both sides have said so");
  for (int unread = 0; unread < 2; unread++) {
    connected(ends);
    if (unread) SHOW(write(ends[0], "last", 4));
    SHOW(shutdown(ends[0], SHUT_WR));
    look_at_peer(ends[0]);
    look_at_peer(ends[1]);
    SHOW(shutdown(ends[1], SHUT_WR));
    look_at_peer(ends[0]);
    look_at_peer(ends[1]);
    SHOW(shutdown(ends[0], SHUT_RD));
    SHOW(shutdown(ends[1], SHUT_WR));
    SHOW(send(ends[1], "x", 1, MSG_NOSIGNAL));
    SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
    SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
    SHOW(connect(ends[1], ADDRESS(to)));
    SHOW(getsockopt(ends[1], SOL_SOCKET, SO_ERROR, &error, &length));
    printf("%d\n", error);
    close(ends[0]);
    look_at_peer(ends[1]);
    close(ends[1]);
  }

  SECTION("one side has shut down, the other is closed");
  connected(ends);
  SHOW(shutdown(ends[0], SHUT_WR));
  settle();
  close(ends[1]);
  look_at_peer(ends[0]);
  SHOW(shutdown(ends[0], SHUT_RD));
  close(ends[0]);
  connected(ends);
  close(ends[1]);
  look_at_peer(ends[0]);
  SHOW(shutdown(ends[0], SHUT_WR));
  look_at_peer(ends[0]);
  SHOW(shutdown(ends[0], SHUT_WR));
  close(ends[0]);
}

static int urgent_revents(int fd) {
  struct pollfd polled = {fd, POLLIN | POLLPRI, 0};
  poll(&polled, 1, 0);
  return polled.revents;
}

static void look(int fd) {
  int left = -1, at_mark = -1;
  settle();
  ioctl(fd, FIONREAD, &left);
  ioctl(fd, SIOCATMARK, &at_mark);
  printf("%d to read, at the mark: %d, %x\n", left, at_mark, urgent_revents(fd));
}

static void take(int fd, size_t size, int flags) {
  char bytes[16] = {0};
  SHOW(recv(fd, bytes, size, flags | MSG_DONTWAIT));
  printf("\"%s\"\n", bytes);
  look(fd);
}

static void urgent(void) {
  SECTION("urgent bytes");
  int ends[2], on = 1;
  connected(ends);
  look(ends[1]);
  SHOW(recv(ends[1], &on, 1, MSG_OOB));
  SHOW(send(ends[0], "abC", 3, MSG_OOB));
  SHOW(send(ends[0], "de", 2, 0));
  look(ends[1]);
  take(ends[1], 1, MSG_OOB | MSG_PEEK);
  take(ends[1], 1, MSG_PEEK);
  take(ends[1], 16, 0);
  take(ends[1], 16, MSG_PEEK);
  take(ends[1], 16, MSG_OOB);
  take(ends[1], 1, MSG_OOB);
  take(ends[1], 1, 0);
  take(ends[1], 16, 0);
  take(ends[1], 16, 0);

  SECTION("an urgent byte alone");
  SHOW(send(ends[0], "X", 1, MSG_OOB));
  look(ends[1]);
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  SHOW(recvmsg(ends[1], &message, MSG_OOB));
  printf("%c, flags %x\n", byte, message.msg_flags);
  take(ends[1], 16, MSG_PEEK);
  take(ends[1], 16, 0);
  take(ends[1], 16, 0);

  SECTION("a second one");
  SHOW(send(ends[0], "aB", 2, MSG_OOB));
  SHOW(send(ends[0], "cD", 2, MSG_OOB));
  look(ends[1]);
  take(ends[1], 1, MSG_OOB);
  take(ends[1], 16, 0);
  SHOW(send(ends[0], "E", 1, MSG_OOB));
  look(ends[1]);
  take(ends[1], 16, 0);
  SHOW(send(ends[0], "", 0, MSG_OOB));
  look(ends[1]);

  SECTION("urgent bytes in line");
  SHOW(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
  SHOW(send(ends[0], "abC", 3, MSG_OOB));
  SHOW(send(ends[0], "de", 2, 0));
  look(ends[1]);
  take(ends[1], 1, MSG_OOB);
  take(ends[1], 16, MSG_WAITALL);
  take(ends[1], 16, MSG_PEEK);
  take(ends[1], 2, 0);
  take(ends[1], 16, 0);

  SECTION("urgent bytes at the end");
  SHOW(send(ends[0], "aB", 2, MSG_OOB));
  SHOW(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &(int){0}, sizeof on));
  SHOW(shutdown(ends[0], SHUT_WR));
  look(ends[1]);
  take(ends[1], 16, 0);
  take(ends[1], 1, MSG_OOB);
  take(ends[1], 16, 0);
  take(ends[1], 1, MSG_OOB);
  close(ends[0]), close(ends[1]);
  int idle = socket(AF_INET, SOCK_STREAM, 0), server = listener(1);
  SHOW(recv(idle, &byte, 1, MSG_OOB));
  SHOW(recv(server, &byte, 1, MSG_OOB));
  look(idle);
  close(idle), close(server);
}

static void connecting(void) {
  SECTION("connecting");
  int server = listener(5);
  struct sockaddr_in open_port = local(port_of(server)), closed = local(port_of(server));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(close(server));
  SHOW(connect(fd, ADDRESS(closed)));
  close(fd);
  server = listener(5);
  open_port = local(port_of(server));
  fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  SHOW(connect(fd, ADDRESS(open_port)));
  settle();
  printf("%x\n", revents(fd));
  int error = -1;
  socklen_t length = sizeof error;
  SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
  printf("error %d\n", error);
  SHOW(connect(fd, ADDRESS(open_port)));
  SHOW(connect(fd, ADDRESS(open_port)));
  struct pollfd polled = {server, POLLIN, 0};
  SHOW(poll(&polled, 1, 0));
  int got = SHOW_OK(accept4(server, NULL, NULL, SOCK_NONBLOCK));
  printf("%d\n", (fcntl(got, F_GETFL) & O_NONBLOCK) != 0);
  SHOW(accept4(server, NULL, NULL, 1));
  fcntl(server, F_SETFL, O_NONBLOCK);
  SHOW(accept(server, NULL, NULL));
  SHOW(read(server, &error, 1));
  close(got), close(fd), close(server);
  fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  SHOW(connect(fd, ADDRESS(closed)));
  settle();
  printf("%x\n", revents(fd));
  SHOW(connect(fd, ADDRESS(closed)));
  close(fd);
}

static void *answer_slowly(void *argument) {
  char bytes[70000];
  long total = 0;
  usleep(10000);
  for (long n; (n = read(*(int *)argument, bytes, sizeof bytes)) > 0;) total += n;
  dprintf(*(int *)argument, "%ld bytes", total);
  close(*(int *)argument);
  return NULL;
}

static void bulk(void) {
  SECTION("more than the buffers hold");
  int ends[2];
  connected(ends);
  pthread_t reader;
  pthread_create(&reader, NULL, answer_slowly, &ends[1]);
  char *big = calloc(1, 3000000), text[64] = {0};
  SHOW(write(ends[0], big, 3000000));
  SHOW(shutdown(ends[0], SHUT_WR));
  SHOW(recv(ends[0], text, sizeof text, MSG_WAITALL));
  puts(text);
  pthread_join(reader, NULL);
  free(big);
  close(ends[0]);
  struct timeval soon = {0, 20000};
  connected(ends);
  SHOW(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
  SHOW(read(ends[0], text, 1));
  close(ends[0]), close(ends[1]);
}

static void datagrams(void) {
  SECTION("UDP");
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in any = local(0), from;
  socklen_t length = sizeof from;
  char bytes[16] = {0};
  SHOW(write(b, "x", 1));
  SHOW(bind(a, ADDRESS(any)));
  struct sockaddr_in to = local(port_of(a));
  SHOW(sendto(b, "question", 8, 0, ADDRESS(to)));
  SHOW(sendto(b, "", 0, 0, ADDRESS(to)));
  settle();
  SHOW(recvfrom(a, bytes, 4, MSG_TRUNC, (struct sockaddr *)&from, &length));
  printf("%.4s, from the sender: %d\n", bytes, ntohs(from.sin_port) == port_of(b));
  SHOW(recv(a, bytes, sizeof bytes, 0));
  SHOW(recv(a, bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(connect(a, ADDRESS(from)));
  SHOW(send(a, "answer", 6, 0));
  settle();
  SHOW(read(b, bytes, sizeof bytes));
  SHOW(close(b));
  SHOW(send(a, "nobody", 6, 0));
  settle();
  printf("%x\n", revents(a));
  SHOW(recv(a, bytes, 1, MSG_DONTWAIT));
  char *big = calloc(1, 70000);
  SHOW(send(a, big, 70000, 0));
  free(big);
  SHOW(listen(a, 1));
  SHOW(accept(a, NULL, NULL));
  close(a);
}

static void names(void) {
  SECTION("Unix sockets with names");
  char folder[] = "/tmp/osv-sockets-XXXXXX";
  if (mkdtemp(folder) == NULL) perror("mkdtemp");
  struct sockaddr_un name = {.sun_family = AF_UNIX}, peer;
  snprintf(name.sun_path, sizeof name.sun_path, "%s/door", folder);
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(name)));
  SHOW(listen(server, 1));
  SHOW(bind(server, ADDRESS(name)));
  SHOW(bind(client, ADDRESS(name)));
  SHOW(connect(client, ADDRESS(name)));
  SHOW(listen(server, 1));
  SHOW(connect(client, ADDRESS(name)));
  SHOW(connect(client, ADDRESS(name)));
  int got = SHOW_OK(accept(server, NULL, NULL));
  socklen_t length = sizeof peer;
  SHOW(getpeername(client, (struct sockaddr *)&peer, &length));
  printf("%d, %u more than the path\n", strcmp(peer.sun_path, name.sun_path), (unsigned)(length - strlen(name.sun_path)));
  length = sizeof peer;
  SHOW(getpeername(got, (struct sockaddr *)&peer, &length));
  printf("length %u\n", length);
  struct ucred who;
  length = sizeof who;
  SHOW(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length));
  printf("%d %d %d\n", who.pid == getpid(), who.uid == getuid(), who.gid == getgid());
  SHOW(open(name.sun_path, O_RDONLY));
  close(server);
  int late = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(late, ADDRESS(name)));
  SHOW(unlink(name.sun_path));
  SHOW(rmdir(folder));
  SHOW(write(client, "still", 5));
  char bytes[8] = {0};
  SHOW(read(got, bytes, 8));
  close(client);
  printf("%x\n", revents(got));
  SHOW(read(got, bytes, 8));
  SHOW(send(got, "x", 1, MSG_NOSIGNAL));
  close(got), close(late);

  struct sockaddr_un hidden = {.sun_family = AF_UNIX, .sun_path = "\0osv-sockets-test"};
  int datagram = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  SHOW(bind(datagram, (struct sockaddr *)&hidden, 19));
  SHOW(bind(sender, (struct sockaddr *)&hidden, 19));
  SHOW(sendto(sender, "message", 7, 0, (struct sockaddr *)&hidden, 19));
  SHOW(recv(datagram, bytes, sizeof bytes, 0));
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(stream, (struct sockaddr *)&hidden, 19));
  close(datagram), close(sender), close(stream);
}

static void descriptors(void) {
  SECTION("descriptors that travel");
  int pair[2], ends[2], passed = -1;
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  SHOW(pipe(ends));
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte = '!';
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
  SHOW(sendmsg(pair[0], &message, 0));
  SHOW(close(ends[1]));
  memset(control, 0, sizeof control);
  byte = 0;
  SHOW(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
  header = CMSG_FIRSTHDR(&message);
  printf("%c, %zu bytes of control, type %d\n", byte, (size_t)message.msg_controllen, header->cmsg_type);
  memcpy(&passed, CMSG_DATA(header), sizeof(int));
  SHOW(fcntl(passed, F_GETFD));
  SHOW(write(passed, "through", 7));
  char bytes[8] = {0};
  SHOW(read(ends[0], bytes, 7));
  SHOW(close(passed));
  SHOW(read(ends[0], bytes, 7));
  struct iovec parts[2] = {{"one ", 4}, {"two", 3}}, places[2] = {{bytes, 2}, {bytes + 4, 4}};
  struct msghdr out = {.msg_iov = parts, .msg_iovlen = 2}, in = {.msg_iov = places, .msg_iovlen = 2};
  SHOW(sendmsg(pair[1], &out, 0));
  SHOW(recvmsg(pair[0], &in, 0));
  SHOW(recv(pair[0], bytes, 8, MSG_DONTWAIT));
  printf("%.1s\n", bytes);
  close(pair[0]), close(pair[1]), close(ends[0]);
  SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
  SHOW(write(pair[0], "first", 5));
  SHOW(write(pair[0], "second", 6));
  SHOW(read(pair[1], bytes, 3));
  SHOW(read(pair[1], bytes, 8));
  close(pair[0]);
  SHOW(read(pair[1], bytes, 8));
  close(pair[1]);
}

static void options(void) {
  SECTION("options");
  int fd = socket(AF_INET, SOCK_STREAM, 0), value, size = 50000;
  socklen_t length = sizeof value;
  struct { int level, name; } flags[] = {
      {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_OOBINLINE},
      {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_CORK},
  };
  for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
    value = 7;
    int set = setsockopt(fd, flags[i].level, flags[i].name, &value, sizeof value);
    value = -1;
    length = sizeof value;
    int got = getsockopt(fd, flags[i].level, flags[i].name, &value, &length);
    printf("%d/%d: %d %d, %d in %u bytes\n", flags[i].level, flags[i].name, set, got, value != 0, length);
  }
  SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size));
  SHOW(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &length));
  printf("%d\n", value);
  int names[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN, SO_ERROR};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    length = sizeof value;
    SHOW(getsockopt(fd, SOL_SOCKET, names[i], &value, &length));
    printf("%d\n", value);
  }
  SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 2));
  SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4));
  SHOW(getsockopt(fd, SOL_SOCKET, 4242, &value, &length));
  int idle = 60, none = 0;
  SHOW(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle));
  SHOW(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &none, sizeof none));
  length = sizeof value;
  SHOW(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length));
  printf("%d\n", value);
  close(fd);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  making();
  binding();
  streams();
  over();
  urgent();
  connecting();
  bulk();
  datagrams();
  names();
  descriptors();
  options();
}
