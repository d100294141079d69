/* Pipes, poll and select, eventfd, epoll, and sockets within the machine. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "show.h"

static void pipes(void) {
  SECTION("pipes");
  int ends[2];
  char bytes[8] = {0};
  SHOW(pipe2(ends, O_NONBLOCK));
  SHOW(read(ends[0], bytes, 8));
  SHOW(write(ends[1], "abcdef", 6));
  SHOW(read(ends[0], bytes, 4));
  puts(bytes);
  struct pollfd polled[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
  SHOW(poll(polled, 2, 0));
  printf("%x %x\n", polled[0].revents, polled[1].revents);
  long written = 0;
  for (long n; (n = write(ends[1], "0123456789abcdef", 16)) > 0;) written += n;
  printf("filled with %ld more\n", written);
  SHOW(close(ends[1]));
  polled[0].revents = 0;
  SHOW(poll(polled, 1, 0));
  printf("%x\n", polled[0].revents);
  char rest[70000];
  SHOW(read(ends[0], rest, sizeof rest));
  SHOW(read(ends[0], rest, sizeof rest));
  SHOW(close(ends[0]));
  SHOW(pipe(ends));
  SHOW(close(ends[0]));
  SHOW(write(ends[1], "x", 1));
  SHOW(lseek(ends[1], 0, SEEK_SET));
  SHOW(close(ends[1]));
  SHOW(poll(NULL, 0, 3));
}

static void *write_slowly(void *argument) {
  for (int i = 0; i < 3; i++) {
    usleep(1000);
    if (write(*(int *)argument, "tick", 4) != 4) perror("write");
  }
  close(*(int *)argument);
  return NULL;
}

static void waiting(void) {
  SECTION("waiting for a thread");
  int ends[2];
  char bytes[4];
  pthread_t thread;
  if (pipe(ends) != 0) return;
  pthread_create(&thread, NULL, write_slowly, &ends[1]);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  SHOW(select(ends[0] + 1, &set, NULL, NULL, NULL));
  for (ssize_t n; (n = read(ends[0], bytes, 4)) != 0;) printf("%.*s ", (int)n, bytes);
  printf("end\n");
  pthread_join(thread, NULL);
  close(ends[0]);
}

static void event_files(void) {
  SECTION("eventfd and epoll");
  int event = eventfd(0, EFD_NONBLOCK), epoll = epoll_create1(0);
  uint64_t value = 3;
  struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = 77}, got[4];
  SHOW(read(event, &value, 8));
  SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted));
  SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted));
  SHOW(epoll_wait(epoll, got, 4, 0));
  value = 3;
  SHOW(write(event, &value, 8));
  SHOW(write(event, &value, 8));
  SHOW(epoll_wait(epoll, got, 4, -1));
  printf("data %u events %x\n", got[0].data.u32, got[0].events);
  SHOW(read(event, &value, 8));
  printf("value %lu\n", (unsigned long)value);
  SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, event, NULL));
  SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, event, NULL));
  close(event);
  close(epoll);
}

/* As many as were asked for, also when that is more than a page of them. */
static void many_events(void) {
  SECTION("epoll of many");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < 2000 ? files.rlim_max : 2000;
  setrlimit(RLIMIT_NOFILE, &files);
  int event = eventfd(1, 0), epoll = epoll_create1(0), last = event;
  struct epoll_event wanted = {.events = EPOLLIN};
  for (int i = 0; i < 1200; i++) epoll_ctl(epoll, EPOLL_CTL_ADD, last = dup(event), &wanted);
  static struct epoll_event all[1300];
  SHOW(epoll_wait(epoll, all, 1300, -1));
  SHOW(epoll_wait(epoll, all, 1100, -1));
  for (int fd = epoll + 1; fd <= last; fd++) close(fd);
  close(event);
  close(epoll);
}

static void *serve(void *argument) {
  int fd = accept(*(int *)argument, NULL, NULL);
  char bytes[64];
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;) {
    for (ssize_t i = 0; i < n; i++) bytes[i] = (char)(bytes[i] >= 'a' && bytes[i] <= 'z' ? bytes[i] - 32 : bytes[i]);
    if (write(fd, bytes, (size_t)n) != n) perror("write");
  }
  close(fd);
  return NULL;
}

static void sockets(void) {
  SECTION("TCP over the loopback");
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  SHOW(bind(listener, (struct sockaddr *)&address, sizeof address));
  SHOW(listen(listener, 4));
  SHOW(getsockname(listener, (struct sockaddr *)&address, &length));
  pthread_t thread;
  pthread_create(&thread, NULL, serve, &listener);
  SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
  char bytes[64] = {0};
  SHOW(send(client, "hello, socket", 13, 0));
  SHOW(recv(client, bytes, 64, 0));
  puts(bytes);
  SHOW(shutdown(client, SHUT_WR));
  SHOW(recv(client, bytes, 64, 0));
  pthread_join(thread, NULL);
  SHOW(close(client));
  SHOW(close(listener));
  client = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
  SHOW(send(client, "x", 1, MSG_NOSIGNAL));
  close(client);
  SHOW(socket(AF_INET, 99, 0));
  SHOW(socket(200, SOCK_STREAM, 0));
  SECTION("socketpair");
  int pair[2];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  SHOW(write(pair[0], "ping", 4));
  SHOW(read(pair[1], bytes, 64));
  SHOW(close(pair[0]));
  SHOW(read(pair[1], bytes, 64));
  SHOW(write(pair[1], "x", 1));
  close(pair[1]);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  pipes();
  waiting();
  event_files();
  many_events();
  sockets();
  return 0;
}
