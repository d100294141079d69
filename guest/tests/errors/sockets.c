/* Errors of making, naming, connecting and closing sockets; argument: a folder for those with paths. */
#include "call.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}
static struct sockaddr_in place(int socket) {
  struct sockaddr_in name;
  getsockname(socket, (struct sockaddr *)&name, &(socklen_t){sizeof name});
  return name;
}
static struct sockaddr_un path(const char *text) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, text);
  return name;
}
static int bound(int type) {
  int fd = socket(AF_INET, type, 0);
  struct sockaddr_in name = loopback(0);
  bind(fd, (struct sockaddr *)&name, sizeof name);
  return fd;
}
static int listening(int backlog) {
  int fd = bound(SOCK_STREAM);
  listen(fd, backlog);
  return fd;
}

static void making(void) {
  int pair[2];
  CALL(socket, -1, SOCK_STREAM, 0);
  CALL(socket, 99, SOCK_STREAM, 0);
  CALL(socket, AF_UNSPEC, SOCK_STREAM, 0);
  CALL(socket, AF_INET, 99 | SOCK_CLOEXEC, 0);
  CALL(socket, AF_INET, SOCK_STREAM | 1 << 20, 0);
  CALL(socket, AF_INET, 0, 0);
  CALL(socket, AF_INET, 15, 0);
  CALL(socket, AF_INET, SOCK_STREAM, IPPROTO_UDP);
  CALL(socket, AF_INET, SOCK_DGRAM, IPPROTO_TCP);
  CALL(socket, AF_INET, SOCK_STREAM, -1);
  CALL(socket, AF_INET, SOCK_STREAM, 1000);
  CALL(socket, AF_UNIX, SOCK_STREAM, 99);
  CALL(socket, AF_UNIX, SOCK_RDM, 0);
  CALL(socketpair, 99, SOCK_STREAM, 0, pair);
  CALL(socketpair, AF_INET, SOCK_STREAM, 0, pair);
  CALL(socketpair, AF_INET, SOCK_STREAM, 0, BAD);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 99, pair);
  CALL(socketpair, AF_UNIX, SOCK_STREAM | 1 << 20, 0, pair);
  CALL(socketpair, AF_UNIX, 99, 0, pair);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, BAD);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, NULL);
  limit_to(RLIMIT_NOFILE, 3);
  CALL(socket, AF_INET, SOCK_STREAM, 0);
  CALL(socket, 99, SOCK_STREAM, 0);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
  limit_to(RLIMIT_NOFILE, 4);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
  CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, BAD);
}

static void naming(void) {
  int plain = open("/dev/null", O_RDWR), used = listening(1), fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in name = loopback(0), taken = place(used), elsewhere = loopback(0), other_family = loopback(0);
  elsewhere.sin_addr.s_addr = inet_addr("192.0.2.1");
  other_family.sin_family = AF_UNIX;
  CALL(bind, NO_FD, &name, sizeof name);
  CALL(bind, plain, &name, sizeof name);
  CALL(bind, fd, &name, 8);
  CALL(bind, fd, &name, -1);
  CALL(bind, fd, &name, 200);
  CALL(bind, fd, BAD, sizeof name);
  CALL(bind, NO_FD, BAD, sizeof name);
  CALL(bind, fd, &other_family, sizeof name);
  CALL(bind, fd, &taken, sizeof taken);
  CALL(bind, fd, &elsewhere, sizeof elsewhere);
  CALL(bind, fd, &name, sizeof name);
  CALL(bind, fd, &name, sizeof name);
  CALL(getsockname, NO_FD, &name, BAD);
  CALL(getsockname, plain, &name, BAD);
  CALL(getsockname, fd, &name, BAD);
  socklen_t length = sizeof name;
  CALL(getsockname, fd, BAD, &length);
  length = -1;
  CALL(getsockname, fd, &name, &length);
  length = sizeof name;
  CALL(getpeername, NO_FD, &name, &length);
  CALL(getpeername, plain, &name, &length);
  CALL(getpeername, fd, &name, &length);
  CALL(getpeername, fd, BAD, BAD);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  CALL(getpeername, pair[0], BAD, &length);
  CALL(getpeername, pair[0], &name, BAD);
  length = -1;
  CALL(getpeername, pair[0], &name, &length);
}

static void naming_by_path(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = path("missing/name");
  CALL(bind, fd, &name, sizeof name);
  name = path("file/name");
  CALL(bind, fd, &name, sizeof name);
  name = path("loop/name");
  CALL(bind, fd, &name, sizeof name);
  name = path("file");
  CALL(bind, fd, &name, sizeof name);
  CALL(bind, fd, &name, sizeof name + 1);
  CALL(bind, fd, &name, 1);
  name.sun_family = AF_INET;
  CALL(bind, fd, &name, sizeof name);
  CALL(bind, fd, BAD, sizeof name);
  name = path("name");
  CALL(bind, fd, &name, sizeof name);
  name = path("other");
  CALL(bind, fd, &name, sizeof name);
  struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0errors-own"};
  int one = socket(AF_UNIX, SOCK_STREAM, 0), two = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(abstract.sun_path + 1, 50, "errors-%d", getpid());
  CALL(bind, one, &abstract, sizeof abstract);
  CALL(bind, two, &abstract, sizeof abstract);
}

static void naming_on_read_only_filesystem(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = path("read-only/name");
  unshare(CLONE_NEWNS);
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  mkdir("read-only", 0755);
  mount("none", "read-only", "tmpfs", MS_RDONLY, NULL);
  CALL(bind, fd, &name, sizeof name);
  umount("read-only");
}

static void listening_and_accepting(void) {
  int plain = open("/dev/null", O_RDWR), fd = listening(1), datagrams = bound(SOCK_DGRAM), unbound = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in name;
  socklen_t length = sizeof name;
  CALL(listen, NO_FD, 1);
  CALL(listen, plain, 1);
  CALL(listen, datagrams, 1);
  int pair[2], one = bound(SOCK_STREAM), two = socket(AF_INET, SOCK_STREAM, 0);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  CALL(listen, pair[0], 1);
  int nameless = socket(AF_UNIX, SOCK_STREAM, 0);
  CALL(listen, nameless, 1);
  struct sockaddr_in same;
  close(one);
  one = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4), setsockopt(two, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4);
  same = loopback(0);
  bind(one, (struct sockaddr *)&same, sizeof same);
  same = place(one);
  CALL(bind, two, &same, sizeof same);
  CALL(listen, one, 1);
  CALL(listen, two, 1);
  CALL(accept, NO_FD, NULL, NULL);
  CALL(accept, plain, NULL, NULL);
  CALL(accept, datagrams, NULL, NULL);
  CALL(accept, unbound, NULL, NULL);
  CALL(accept, pair[0], NULL, NULL);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  CALL(accept, fd, NULL, NULL);
  CALL(accept, fd, &name, BAD);
  CALL(accept4, NO_FD, NULL, NULL, 0);
  CALL(accept4, plain, NULL, NULL, 0);
  CALL(accept4, fd, NULL, NULL, 1);
  CALL(accept4, NO_FD, NULL, NULL, 1);
  CALL(accept4, datagrams, NULL, NULL, 0);
  CALL(accept4, unbound, NULL, NULL, 0);
  CALL(accept4, fd, NULL, NULL, SOCK_NONBLOCK);
  struct sockaddr_in to = place(fd);
  for (int i = 0; i < 6; i++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&to, sizeof to);
    if (i == 0) CALL(accept, fd, BAD, &length);
    if (i == 1) CALL(accept, fd, &name, BAD);
    if (i == 2) CALL(accept4, fd, BAD, &length, 0);
    length = i == 3 || i == 4 ? -1 : (int)sizeof name;
    if (i == 3) CALL(accept, fd, &name, &length);
    if (i == 4) CALL(accept4, fd, &name, &length, 0);
    if (i == 5) {
      limit_to(RLIMIT_NOFILE, 3);
      CALL(accept, fd, NULL, NULL);
      CALL(accept4, fd, NULL, NULL, 0);
    }
    close(client);
  }
}

static void connecting(void) {
  int plain = open("/dev/null", O_RDWR), fd = socket(AF_INET, SOCK_STREAM, 0), server = listening(1), shut = bound(SOCK_STREAM);
  struct sockaddr_in to = place(server), closed = place(shut), wrong = loopback(1), broadcast = loopback(1);
  CALL(connect, NO_FD, &to, sizeof to);
  CALL(connect, plain, &to, sizeof to);
  CALL(connect, fd, BAD, sizeof to);
  CALL(connect, fd, &to, 1);
  CALL(connect, fd, &to, 8);
  CALL(connect, fd, &to, -1);
  CALL(connect, fd, &to, 200);
  wrong.sin_family = 99;
  CALL(connect, fd, &wrong, sizeof wrong);
  broadcast.sin_addr.s_addr = inet_addr("127.255.255.255");
  CALL(connect, fd, &broadcast, sizeof broadcast);
  int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  broadcast.sin_addr.s_addr = inet_addr("127.255.255.255");
  CALL(connect, datagrams, &broadcast, sizeof broadcast);
  CALL(connect, datagrams, &wrong, sizeof wrong);
  CALL(connect, fd, &closed, sizeof closed);
  CALL(connect, fd, &to, sizeof to);
  CALL(connect, fd, &to, sizeof to);
  CALL(connect, server, &to, sizeof to);
  int asynchronous = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CALL(connect, asynchronous, &to, sizeof to);
  /* Two sockets at one local address may not have the same peer. */
  int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0), many = listening(10);
  struct sockaddr_in same = loopback(0);
  setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4), setsockopt(two, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4);
  bind(one, (struct sockaddr *)&same, sizeof same);
  same = place(one);
  bind(two, (struct sockaddr *)&same, sizeof same);
  to = place(many);
  CALL(connect, one, &to, sizeof to);
  CALL(connect, two, &to, sizeof to);
}

/* Nobody accepts, and the backlog is full: the connection neither comes nor fails. */
static void connecting_in_vain(void) {
  int server = listening(0), first = socket(AF_INET, SOCK_STREAM, 0), next = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in to = place(server);
  int patient = socket(AF_INET, SOCK_STREAM, 0);
  CALL(connect, first, &to, sizeof to);
  CALL(connect, next, &to, sizeof to);
  CALL(connect, next, &to, sizeof to);
  setsockopt(patient, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){200}, sizeof(int));
  CALL(connect, patient, &to, sizeof to);
}

static void connecting_by_path(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), server = socket(AF_UNIX, SOCK_STREAM, 0), datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sockaddr_un name = path("server"), wrong = path("server");
  bind(server, (struct sockaddr *)&name, sizeof name);
  CALL(connect, fd, &name, sizeof name);
  listen(server, 1);
  CALL(connect, datagrams, &name, sizeof name);
  wrong.sun_family = AF_INET;
  CALL(connect, fd, &wrong, sizeof wrong);
  CALL(connect, fd, &name, 1);
  CALL(connect, fd, &name, sizeof name + 1);
  wrong = path("missing");
  CALL(connect, fd, &wrong, sizeof wrong);
  wrong = path("file");
  CALL(connect, fd, &wrong, sizeof wrong);
  wrong = path("loop");
  CALL(connect, fd, &wrong, sizeof wrong);
  wrong = path("file/name");
  CALL(connect, fd, &wrong, sizeof wrong);
  CALL(connect, fd, BAD, sizeof wrong);
  CALL(connect, server, &name, sizeof name);
  CALL(connect, fd, &name, sizeof name);
  CALL(connect, fd, &name, sizeof name);
  for (int i = 0; i < 3; i++) {
    int next = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CALL(connect, next, &name, sizeof name);
  }
}

static void connecting_without_rights(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = path("closed/server");
  CALL(connect, fd, &name, sizeof name);
  CALL(bind, fd, &name, sizeof name);
  name = path("private");
  CALL(connect, fd, &name, sizeof name);
  CALL(socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static void closing(void) {
  int plain = open("/dev/null", O_RDWR), fd = socket(AF_INET, SOCK_STREAM, 0), pair[2], server = listening(1);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  CALL(shutdown, NO_FD, SHUT_RD);
  CALL(shutdown, plain, SHUT_RD);
  CALL(shutdown, fd, SHUT_RDWR);
  CALL(shutdown, fd, 3);
  CALL(shutdown, fd, -1);
  CALL(shutdown, pair[0], 3);
  CALL(shutdown, pair[0], SHUT_RD);
  CALL(shutdown, pair[0], SHUT_RDWR);
  CALL(shutdown, pair[0], SHUT_RDWR);
  int nameless = socket(AF_UNIX, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  CALL(shutdown, nameless, SHUT_RD);
  CALL(shutdown, datagrams, SHUT_RD);
  CALL(shutdown, server, SHUT_RD);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  close(open("file", O_CREAT | O_RDWR, 0666));
  symlink("loop", "loop");
  mkdir("closed", 0700);
  int private = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = path("private");
  bind(private, (struct sockaddr *)&name, sizeof name);
  listen(private, 1);
  chmod("private", 0600);
  SECTION("socket, socketpair");
  IN_CHILD(making());
  SECTION("bind, getsockname, getpeername");
  IN_CHILD(naming());
  IN_CHILD(naming_by_path());
  IN_CHILD(naming_on_read_only_filesystem());
  SECTION("listen, accept");
  IN_CHILD(listening_and_accepting());
  SECTION("connect");
  IN_CHILD(connecting());
  IN_CHILD(connecting_in_vain());
  IN_CHILD(connecting_by_path());
  AS_NOBODY(connecting_without_rights());
  SECTION("shutdown");
  IN_CHILD(closing());
  leave_work_folder();
  return 0;
}
