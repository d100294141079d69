/* SO_SNDBUF and SO_RCVBUF of streams: how much goes before anybody reads, whenever they were set, and when there is room
   again. Linux counts its own bookkeeping too, so only the magnitude is shown. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "show.h"

enum { LEFT_ALONE = 0 };

static char buffer[65536];

static void set(int fd, int option, int bytes) {
  if (bytes != LEFT_ALONE) setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes);
}

static int get(int fd, int option) {
  int bytes = -1;
  getsockopt(fd, SOL_SOCKET, option, &bytes, &(socklen_t){sizeof bytes});
  return bytes;
}

/* Sends until nothing goes any more. */
static long fill(int fd) {
  long total = 0;
  for (long count; (count = send(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) total += count;
  return total;
}

static void read_all(int fd, long total) {
  const long most = sizeof buffer;
  while (total > 0) total -= recv(fd, buffer, total < most ? total : most, 0);
}

static int polled(int fd, int timeout_ms) {
  struct pollfd each = {fd, POLLOUT, 0};
  poll(&each, 1, timeout_ms);
  return each.revents;
}

/* pair[0] connected to pair[1]; the listener's receive buffer is that of the ones it accepts. */
static void tcp_pair(int pair[2], int send_bytes, int receive_bytes) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  set(listener, SO_RCVBUF, receive_bytes);
  bind(listener, (void *)&address, size);
  listen(listener, 1);
  getsockname(listener, (void *)&address, &size);
  pair[0] = socket(AF_INET, SOCK_STREAM, 0);
  set(pair[0], SO_SNDBUF, send_bytes);
  connect(pair[0], (void *)&address, size);
  pair[1] = accept(listener, NULL, NULL);
  close(listener);
}

static void close_pair(int pair[2]) {
  close(pair[0]);
  close(pair[1]);
}

/* Full, and empty. */
static void show_polls(int pair[2], long total) {
  SHOW(polled(pair[0], 0) & POLLOUT);
  read_all(pair[1], total);
  SHOW(polled(pair[0], 10000) & POLLOUT);
}

static void tcp(void) {
  int pair[2];
  SECTION("TCP, small buffers before the connection");
  tcp_pair(pair, 4096, 4096);
  SHOW(get(pair[0], SO_SNDBUF));
  SHOW(get(pair[1], SO_RCVBUF));
  long total = fill(pair[0]);
  SHOW(total > 4096 && total < 65536);
  show_polls(pair, total);
  close_pair(pair);

  SECTION("TCP, a small send buffer after it");
  tcp_pair(pair, LEFT_ALONE, 65536);
  set(pair[0], SO_SNDBUF, 4096);
  total = fill(pair[0]);
  SHOW(total > 8192 && total < 200000);
  SHOW(polled(pair[0], 0) & POLLOUT);
  set(pair[0], SO_SNDBUF, 200000);
  SHOW(polled(pair[0], 10000) & POLLOUT);
  total += fill(pair[0]);
  SHOW(total > 200000 && total < 1000000);
  show_polls(pair, total);
  close_pair(pair);

  SECTION("TCP, large buffers");
  tcp_pair(pair, 200000, 200000);
  total = fill(pair[0]);
  SHOW(total > 400000 && total < 1000000);
  show_polls(pair, total);
  close_pair(pair);
}

static void unix_stream(void) {
  int pair[2];
  SECTION("Unix, as they are");
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  long total = fill(pair[0]);
  SHOW(total > 150000 && total < 400000);
  SHOW(polled(pair[0], 0) & POLLOUT);
  read_all(pair[1], 1);
  SHOW(polled(pair[0], 0) & POLLOUT); // there is room, but not a quarter of the buffer
  read_all(pair[1], total - 1);
  SHOW(polled(pair[0], 10000) & POLLOUT);
  close_pair(pair);

  SECTION("Unix, a small receive buffer");
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  set(pair[1], SO_RCVBUF, 4096);
  total = fill(pair[0]);
  SHOW(total > 150000 && total < 400000);
  close_pair(pair);

  SECTION("Unix, a small send buffer");
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  set(pair[0], SO_SNDBUF, 1);
  SHOW(get(pair[0], SO_SNDBUF));
  total = fill(pair[0]);
  SHOW(total > 2000 && total < 20000);
  show_polls(pair, total);
  close_pair(pair);
}

static void *send_much(void *pair) {
  return (void *)send(*(int *)pair, buffer, sizeof buffer, 0);
}

/* Who sends and waits goes on when the buffer grows. */
static void growing(void) {
  int pair[2];
  void *sent = NULL;
  pthread_t thread;
  SECTION("Unix, a send buffer that grows");
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  set(pair[0], SO_SNDBUF, 4096);
  pthread_create(&thread, NULL, send_much, pair);
  recv(pair[1], buffer, 1, MSG_PEEK); // it has begun
  usleep(50 * 1000);
  set(pair[0], SO_SNDBUF, 200000);
  pthread_join(thread, &sent);
  SHOW(sent);
  close_pair(pair);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  tcp();
  unix_stream();
  growing();
  return 0;
}
