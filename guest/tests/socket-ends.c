/* How waiting on sockets ends, and what is left behind: shutdown(2) of those without a connection, full queues, descriptors
   that nobody takes, buffers that are not there. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "show.h"


static char buffer[70000];
static volatile int signals;

static void on_signal(int signal) {
  (void)signal;
  signals++;
}

/* Long enough for another thread to fall asleep in its call. */
static void nap(void) { nanosleep(&(struct timespec){0, 100 * 1000 * 1000}, NULL); }

static void show_poll(int fd) {
  struct pollfd polled = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  poll(&polled, 1, 0);
  printf("poll %#x\n", polled.revents);
}

struct waiting {
  enum { ACCEPT, RECEIVE, CONNECT } call;
  int fd;
  const struct sockaddr *to;
  socklen_t size;
  pthread_t thread;
  long result;
  int error;
};

static void *wait_in_call(void *argument) {
  struct waiting *self = argument;
  if (self->call == ACCEPT) self->result = accept(self->fd, NULL, NULL);
  else if (self->call == RECEIVE) self->result = recv(self->fd, buffer, 1, 0);
  else self->result = connect(self->fd, self->to, self->size);
  self->error = errno;
  return NULL;
}

static void begin(struct waiting *self) {
  pthread_create(&self->thread, NULL, wait_in_call, self);
  nap();
}

static void show_end(struct waiting *self) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  if (pthread_timedjoin_np(self->thread, NULL, &until) != 0) printf("still waiting\n");
  else printf("ended with %ld %s\n", self->result, self->result < 0 ? strerrorname_np(self->error) : "");
}

static int listening(int type, const char *name, int backlog, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  strcpy(address->sun_path + 1, name);
  int fd = socket(AF_UNIX, type, 0);
  bind(fd, (void *)address, sizeof *address);
  listen(fd, backlog);
  return fd;
}

static void listeners(int type) {
  struct sockaddr_un address;
  int listener = listening(type, type == SOCK_STREAM ? "ends-stream" : "ends-packets", 1, &address);
  struct waiting waiting = {.call = ACCEPT, .fd = listener};
  begin(&waiting);
  SHOW(shutdown(listener, SHUT_RDWR));
  show_end(&waiting);
  int client = socket(AF_UNIX, type, 0);
  SHOW(connect(client, (void *)&address, sizeof address));
  fcntl(listener, F_SETFL, O_NONBLOCK);
  SHOW(accept(listener, NULL, NULL));
  show_poll(listener);
  close(listener);
  close(client);

  listener = listening(type, "ends-pending", 1, &address);
  client = socket(AF_UNIX, type, 0);
  SHOW(connect(client, (void *)&address, sizeof address));
  SHOW(shutdown(listener, SHUT_RD));
  fcntl(listener, F_SETFL, O_NONBLOCK);
  close(SHOW_OK(accept(listener, NULL, NULL)));
  SHOW(accept(listener, NULL, NULL));
  show_poll(listener);
  close(listener);
  close(client);

  client = socket(AF_UNIX, type, 0);
  SHOW(shutdown(client, SHUT_WR));
  show_poll(client);
  SHOW(shutdown(client, SHUT_RD));
  show_poll(client);
  close(client);
}

static void longer_backlog(void) {
  struct sockaddr_un address;
  int listener = listening(SOCK_STREAM, "ends-backlog", 0, &address);
  int first = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(first, (void *)&address, sizeof address));
  struct waiting waiting = {
      .call = CONNECT, .fd = socket(AF_UNIX, SOCK_STREAM, 0), .to = (void *)&address, .size = sizeof address};
  begin(&waiting);
  SHOW(listen(listener, 5));
  show_end(&waiting);
  close(listener);
}

/* A bound UDP socket and one connected to it. */
static void udp_pair(int pair[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  pair[0] = socket(AF_INET, SOCK_DGRAM, 0);
  pair[1] = socket(AF_INET, SOCK_DGRAM, 0);
  bind(pair[0], (void *)&address, size);
  getsockname(pair[0], (void *)&address, &size);
  connect(pair[1], (void *)&address, size);
}

static void packets(void) {
  int pair[2];
  udp_pair(pair);
  struct waiting waiting = {.call = RECEIVE, .fd = pair[0]};
  begin(&waiting);
  SHOW(shutdown(pair[0], SHUT_RDWR));
  show_end(&waiting);
  SHOW(recv(pair[0], buffer, 1, MSG_DONTWAIT));
  show_poll(pair[0]);
  SHOW(shutdown(pair[1], SHUT_WR));
  SHOW(send(pair[1], "a", 1, 0));
  SHOW(signals);

  udp_pair(pair);
  int count = 0;
  for (int i = 0; i < 3000; i++) send(pair[1], "", 0, 0);
  while (recv(pair[0], buffer, 1, MSG_DONTWAIT) == 0) count++;
  SHOW(count < 1000);
  int least = 1;
  setsockopt(pair[0], SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  SHOW(send(pair[1], buffer, 10000, 0));
  SHOW(send(pair[1], buffer, 1000, 0));
  SHOW(recv(pair[0], buffer, sizeof buffer, MSG_DONTWAIT));
  SHOW(recv(pair[0], buffer, sizeof buffer, MSG_DONTWAIT));

  SHOW(send(pair[1], "abc", 3, MSG_MORE));
  for (int i = 0; i < 3000; i++) send(pair[1], "", 0, MSG_MORE);
  SHOW(send(pair[1], buffer, 66000, MSG_MORE));
  SHOW(send(pair[1], "de", 2, 0));
  SHOW(recv(pair[0], buffer, sizeof buffer, MSG_DONTWAIT));
}

/* Nobody will read: only streams raise SIGPIPE. */
static void broken(int type) {
  int pair[2];
  socketpair(AF_UNIX, type, 0, pair);
  SHOW(shutdown(pair[0], SHUT_WR));
  SHOW(send(pair[0], "a", 1, 0));
  socketpair(AF_UNIX, type, 0, pair);
  SHOW(shutdown(pair[1], SHUT_RD));
  SHOW(send(pair[0], "a", 1, 0));
  SHOW(recv(pair[1], buffer, 1, MSG_DONTWAIT));
  close(pair[1]);
  SHOW(send(pair[0], "a", 1, 0));
  SHOW(write(pair[0], "a", 1));
  SHOW(signals);
  signals = 0;
}

static long send_descriptor(int socket, int fd) {
  char control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, 0);
}

/* A pipe whose only writing end is under way: its end shows when that is gone. */
static int pipe_under_way(int socket) {
  int ends[2];
  pipe2(ends, O_NONBLOCK);
  send_descriptor(socket, ends[1]);
  close(ends[1]);
  return ends[0];
}

static void descriptors(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int end = pipe_under_way(pair[0]);
  SHOW(read(end, buffer, 1));
  SHOW(read(pair[1], buffer, 1));
  SHOW(read(end, buffer, 1));

  struct iovec part = {buffer, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = (void *)16, .msg_controllen = 100};
  end = pipe_under_way(pair[0]);
  SHOW(recvmsg(pair[1], &message, 0));
  printf("flags %#x, %zu bytes of control\n", message.msg_flags, message.msg_controllen);
  SHOW(read(end, buffer, 1));

  message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1, .msg_name = buffer, .msg_namelen = -1};
  SHOW(write(pair[0], "y", 1));
  SHOW(recvmsg(pair[1], &message, 0));
  message.msg_namelen = 0;
  SHOW(recvmsg(pair[1], &message, 0));
}

static void streams(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (void *)&address, size);
  listen(listener, 1);
  getsockname(listener, (void *)&address, &size);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  connect(client, (void *)&address, size);
  int server = accept(listener, NULL, NULL);
  SHOW(send(client, "12345678", 8, 0));
  strcpy(buffer, "as before");
  struct iovec part = {buffer, 2};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  SHOW(recv(server, buffer, 3, MSG_TRUNC));
  SHOW(recvmsg(server, &message, MSG_TRUNC));
  SHOW(recv(server, NULL, 2, MSG_TRUNC));
  puts(buffer);
  SHOW(recv(server, buffer, 3, 0));
  struct sockaddr nowhere = {AF_UNSPEC, {0}};
  SHOW(connect(listener, &nowhere, sizeof nowhere));
  SHOW(accept(listener, NULL, NULL));
}

static void pending_error(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(1)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0), error = -1;
  socklen_t size = sizeof error;
  connect(fd, (void *)&address, sizeof address);
  SHOW(send(fd, "a", 1, 0));
  SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, (void *)16));
  SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
  SHOW(error);
}

/* Taken and given up many times, then closed. */
static void leases(void) {
  char path[] = "/tmp/ends-XXXXXX";
  int fd = mkstemp(path);
  close(fd);
  fd = open(path, O_RDONLY);
  for (int i = 0; i < 20000; i++) {
    fcntl(fd, F_SETLEASE, F_RDLCK);
    fcntl(fd, F_SETLEASE, F_UNLCK);
  }
  SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
  int other = open(path, O_RDONLY);
  close(fd);
  SHOW_OK(open(path, O_WRONLY | O_NONBLOCK)); // the lease went with its file
  close(other);
  unlink(path);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  sigaction(SIGPIPE, &(struct sigaction){.sa_handler = on_signal}, NULL);
  SECTION("listening Unix sockets");
  listeners(SOCK_STREAM);
  listeners(SOCK_SEQPACKET);
  longer_backlog();
  SECTION("packets");
  packets();
  SECTION("nobody reads");
  broken(SOCK_DGRAM);
  broken(SOCK_SEQPACKET);
  SECTION("descriptors under way");
  descriptors();
  SECTION("streams");
  streams();
  pending_error();
  SECTION("leases");
  leases();
  return 0;
}
