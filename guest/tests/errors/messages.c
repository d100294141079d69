/* Errors of sending and receiving, and of socket options; argument: a folder for sockets with paths. */
#include "call.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static char bytes[100] = "some bytes";
static int plain, pair[2], datagrams[2], packets[2];

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
/* A port where nobody is. */
static struct sockaddr_in closed(int type) {
  int fd = bound(type);
  struct sockaddr_in name = place(fd);
  close(fd);
  return name;
}

static void sending(void) {
  struct sockaddr_in nobody = closed(SOCK_DGRAM), wrong = nobody, broadcast = nobody;
  wrong.sin_family = AF_UNIX;
  broadcast.sin_addr.s_addr = inet_addr("127.255.255.255");
  int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_DGRAM, 0);
  signal(SIGPIPE, SIG_IGN);
  CALL(sendto, NO_FD, bytes, 5, 0, NULL, 0);
  CALL(sendto, plain, bytes, 5, 0, NULL, 0);
  CALL(sendto, pair[0], BAD, 5, 0, NULL, 0);
  CALL(sendto, udp, bytes, 5, 0, NULL, 0);
  CALL(sendto, local, bytes, 5, 0, NULL, 0);
  CALL(sendto, udp, bytes, 5, 0, BAD, sizeof nobody);
  CALL(sendto, udp, bytes, 5, 0, &nobody, 8);
  CALL(sendto, udp, bytes, 5, 0, &nobody, -1);
  CALL(sendto, udp, bytes, 5, 0, &nobody, 200);
  CALL(sendto, udp, bytes, 5, 0, &wrong, sizeof wrong);
  CALL(sendto, udp, bytes, 5, 0, &broadcast, sizeof broadcast);
  CALL(sendto, udp, bytes, 5, MSG_OOB, &nobody, sizeof nobody);
  CALL(sendto, datagrams[0], bytes, 5, MSG_OOB, NULL, 0);
  CALL(sendto, tcp, bytes, 5, 0, NULL, 0);
  CALL(sendto, tcp, bytes, 5, MSG_NOSIGNAL, &nobody, sizeof nobody);
  CALL(sendto, pair[0], bytes, 5, 0, &nobody, sizeof nobody);
  CALL(sendto, packets[0], bytes, 5, 0, &nobody, sizeof nobody);
  static char large[1 << 20];
  CALL(sendto, udp, large, 70000, 0, &nobody, sizeof nobody);
  CALL(sendto, datagrams[0], large, sizeof large, 0, NULL, 0);
  while (send(pair[0], large, sizeof large, MSG_DONTWAIT) > 0) {}
  CALL(sendto, pair[0], bytes, 5, MSG_DONTWAIT, NULL, 0);
  while (send(datagrams[0], bytes, 5, MSG_DONTWAIT) > 0) {}
  CALL(sendto, datagrams[0], bytes, 5, MSG_DONTWAIT, NULL, 0);
  struct sockaddr_un name = path("missing");
  CALL(sendto, local, bytes, 5, 0, &name, sizeof name);
  name = path("file");
  CALL(sendto, local, bytes, 5, 0, &name, sizeof name);
  name = path("stream");
  CALL(sendto, local, bytes, 5, 0, &name, sizeof name);
  connect(udp, (struct sockaddr *)&nobody, sizeof nobody);
  CALL(sendto, udp, bytes, 5, 0, NULL, 0);
  CALL(sendto, udp, bytes, 5, 0, NULL, 0);
  close(pair[1]), close(packets[1]);
  CALL(sendto, pair[0], bytes, 5, 0, NULL, 0);
  CALL(sendto, packets[0], bytes, 5, MSG_NOSIGNAL, NULL, 0);
}

static void messages(void) {
  struct sockaddr_in nobody = closed(SOCK_DGRAM), broadcast = nobody;
  broadcast.sin_addr.s_addr = inet_addr("127.255.255.255");
  int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct iovec part = {bytes, 5}, bad = {BAD, 5}, long_part = {bytes, 1ul << 63};
  struct msghdr plain_message = {.msg_iov = &part, .msg_iovlen = 1}, message = plain_message;
  signal(SIGPIPE, SIG_IGN);
  CALL(sendmsg, NO_FD, &message, 0);
  CALL(sendmsg, plain, &message, 0);
  CALL(sendmsg, pair[0], BAD, 0);
  message.msg_iov = &bad;
  CALL(sendmsg, pair[0], &message, 0);
  message.msg_iov = BAD;
  CALL(sendmsg, pair[0], &message, 0);
  message.msg_iov = &long_part;
  CALL(sendmsg, pair[0], &message, 0);
  message.msg_iov = &part, message.msg_iovlen = 1025;
  CALL(sendmsg, pair[0], &message, 0);
  message = plain_message, message.msg_name = BAD, message.msg_namelen = 16;
  CALL(sendmsg, udp, &message, 0);
  message.msg_name = &nobody, message.msg_namelen = -1;
  CALL(sendmsg, udp, &message, 0);
  message.msg_namelen = 8;
  CALL(sendmsg, udp, &message, 0);
  message.msg_name = &broadcast, message.msg_namelen = sizeof broadcast;
  CALL(sendmsg, udp, &message, 0);
  message.msg_name = &nobody;
  CALL(sendmsg, pair[0], &message, 0);
  CALL(sendmsg, udp, &message, MSG_OOB);
  message = plain_message;
  CALL(sendmsg, udp, &message, 0);
  CALL(sendmsg, local, &message, 0);
  CALL(sendmsg, tcp, &message, MSG_NOSIGNAL);
  static char large[1 << 20];
  struct iovec much = {large, 70000};
  message.msg_iov = &much, message.msg_name = &nobody, message.msg_namelen = sizeof nobody;
  CALL(sendmsg, udp, &message, 0);
  message = plain_message, message.msg_control = BAD, message.msg_controllen = 100;
  CALL(sendmsg, pair[0], &message, 0);
  union { struct cmsghdr header; char room[200]; } control = {.header = {CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS}};
  message.msg_control = &control, message.msg_controllen = CMSG_SPACE(4);
  *(int *)CMSG_DATA(&control.header) = NO_FD;
  CALL(sendmsg, pair[0], &message, 0);
  control.header.cmsg_len = 3;
  CALL(sendmsg, pair[0], &message, 0);
  control.header.cmsg_len = 1000;
  CALL(sendmsg, pair[0], &message, 0);
  control.header.cmsg_len = CMSG_LEN(4), control.header.cmsg_type = 99;
  CALL(sendmsg, pair[0], &message, 0);
  message = plain_message;
  while (send(pair[0], large, sizeof large, MSG_DONTWAIT) > 0) {}
  CALL(sendmsg, pair[0], &message, MSG_DONTWAIT);
  struct mmsghdr several[2] = {{.msg_hdr = plain_message}, {.msg_hdr = plain_message}};
  CALL(sendmmsg, NO_FD, several, 2, 0);
  CALL(sendmmsg, plain, several, 2, 0);
  CALL(sendmmsg, udp, BAD, 2, 0);
  CALL(sendmmsg, udp, several, 2, 0);
  CALL(sendmmsg, local, several, 2, 0);
  CALL(sendmmsg, tcp, several, 2, MSG_NOSIGNAL);
  CALL(sendmmsg, pair[0], several, 2, MSG_DONTWAIT);
  several[0].msg_hdr.msg_name = &nobody, several[0].msg_hdr.msg_namelen = sizeof nobody;
  CALL(sendmmsg, pair[0], several, 2, MSG_DONTWAIT);
  CALL(sendmmsg, udp, several, 2, MSG_OOB);
  several[0].msg_hdr.msg_name = &broadcast;
  CALL(sendmmsg, udp, several, 2, 0);
  several[0].msg_hdr.msg_name = &nobody, several[0].msg_hdr.msg_iov = &much;
  CALL(sendmmsg, udp, several, 2, 0);
  several[0].msg_hdr.msg_iov = &part, several[0].msg_hdr.msg_namelen = -1;
  CALL(sendmmsg, udp, several, 2, 0);
  several[0].msg_hdr = plain_message, several[0].msg_hdr.msg_iov = &bad;
  CALL(sendmmsg, datagrams[0], several, 2, 0);
  close(pair[1]);
  CALL(sendmsg, pair[0], &message, 0);
  several[0].msg_hdr = plain_message;
  CALL(sendmmsg, pair[0], several, 2, 0);
}

static void receiving(void) {
  struct sockaddr_in nobody = closed(SOCK_DGRAM);
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  int udp = bound(SOCK_DGRAM), tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
  struct iovec part = {bytes, 5}, bad = {BAD, 5};
  struct msghdr plain_message = {.msg_iov = &part, .msg_iovlen = 1}, message = plain_message;
  struct mmsghdr several[2] = {{.msg_hdr = plain_message}, {.msg_hdr = plain_message}};
  struct timespec negative = {-1, 0}, large = {0, 1000000000}, none = {0, 0};
  CALL(recvfrom, NO_FD, bytes, 5, 0, NULL, NULL);
  CALL(recvfrom, plain, bytes, 5, 0, NULL, NULL);
  CALL(recvfrom, pair[0], bytes, 5, MSG_DONTWAIT, NULL, NULL);
  CALL(recvfrom, udp, bytes, 5, MSG_DONTWAIT, NULL, NULL);
  CALL(recvfrom, tcp, bytes, 5, 0, NULL, NULL);
  CALL(recvfrom, local, bytes, 5, MSG_DONTWAIT, NULL, NULL);
  CALL(recvfrom, pair[0], bytes, 5, MSG_OOB, NULL, NULL);
  CALL(recvfrom, udp, bytes, 5, MSG_OOB | MSG_DONTWAIT, NULL, NULL);
  CALL(recvfrom, datagrams[0], bytes, 5, MSG_OOB | MSG_DONTWAIT, NULL, NULL);
  setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 20000}, sizeof(struct timeval));
  CALL(recvfrom, udp, bytes, 5, 0, NULL, NULL);
  CALL(recvmsg, udp, &message, 0);
  send(pair[1], bytes, 5, 0);
  CALL(recvfrom, pair[0], BAD, 5, 0, NULL, NULL);
  message.msg_iov = &bad;
  CALL(recvmsg, pair[0], &message, 0);
  CALL(recvfrom, pair[0], bytes, 5, 0, &from, BAD);
  for (int i = 0; i < 4; i++) send(datagrams[1], bytes, 5, 0);
  length = -1;
  CALL(recvfrom, datagrams[0], bytes, 5, 0, &from, &length);
  CALL(recvfrom, datagrams[0], bytes, 5, 0, &from, BAD);
  message = plain_message, message.msg_name = &from, message.msg_namelen = -1;
  CALL(recvmsg, datagrams[0], &message, 0);
  message = plain_message;
  CALL(recvmsg, NO_FD, &message, 0);
  CALL(recvmsg, plain, &message, 0);
  CALL(recvmsg, pair[0], BAD, 0);
  CALL(recvmsg, udp, &message, MSG_DONTWAIT);
  CALL(recvmsg, tcp, &message, 0);
  CALL(recvmsg, local, &message, MSG_DONTWAIT);
  message.msg_iovlen = 1025;
  CALL(recvmsg, udp, &message, MSG_DONTWAIT);
  message.msg_iovlen = 1, message.msg_iov = BAD;
  CALL(recvmsg, udp, &message, MSG_DONTWAIT);
  CALL(recvmmsg, NO_FD, several, 2, 0, NULL);
  CALL(recvmmsg, plain, several, 2, 0, NULL);
  CALL(recvmmsg, udp, several, 2, MSG_DONTWAIT, NULL);
  CALL(recvmmsg, tcp, several, 2, 0, NULL);
  CALL(recvmmsg, udp, BAD, 2, MSG_DONTWAIT, NULL);
  CALL(recvmmsg, udp, several, 2, MSG_DONTWAIT, &negative);
  CALL(recvmmsg, udp, several, 2, MSG_DONTWAIT, &large);
  CALL(recvmmsg, udp, several, 2, MSG_DONTWAIT, BAD);
  CALL(recvmmsg, NO_FD, several, 2, MSG_DONTWAIT, &negative);
  CALL(recvmmsg, udp, several, 2, MSG_DONTWAIT, &none);
  connect(udp, (struct sockaddr *)&nobody, sizeof nobody);
  for (int i = 0; i < 3; i++) {
    send(udp, bytes, 5, 0);
    if (i == 0) CALL(recvfrom, udp, bytes, 5, 0, NULL, NULL);
    if (i == 1) message = plain_message, CALL(recvmsg, udp, &message, 0);
    if (i == 2) CALL(recvmmsg, udp, several, 2, 0, NULL);
  }
}

/* A peer that goes with bytes unread resets the connection. */
static void resets(void) {
  int server = bound(SOCK_STREAM);
  listen(server, 4);
  struct sockaddr_in to = place(server);
  struct iovec part = {bytes, 5};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  struct mmsghdr several[1] = {{.msg_hdr = message}};
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 6; i++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&to, sizeof to);
    int peer = accept(server, NULL, NULL);
    send(client, bytes, 5, 0);
    recv(peer, bytes, 5, MSG_PEEK);
    close(peer);
    if (i == 0) CALL(sendto, client, bytes, 5, 0, NULL, 0);
    if (i == 1) CALL(sendmsg, client, &message, 0);
    if (i == 2) CALL(sendmmsg, client, several, 1, 0);
    if (i == 3) CALL(recvfrom, client, bytes, 5, 0, NULL, NULL);
    if (i == 4) CALL(recvmsg, client, &message, 0);
    if (i == 5) CALL(recvmmsg, client, several, 1, 0, NULL);
    if (i == 0) CALL(sendto, client, bytes, 5, 0, NULL, 0);
    close(client);
  }
}

static void options(void) {
  int tcp = socket(AF_INET, SOCK_STREAM, 0), value = 1;
  socklen_t size = sizeof value;
  struct linger linger = {1, 1};
  struct timeval wrong = {0, 1000000};
  CALL(getsockopt, NO_FD, SOL_SOCKET, SO_TYPE, &value, &size);
  CALL(getsockopt, plain, SOL_SOCKET, SO_TYPE, &value, &size);
  CALL(getsockopt, tcp, SOL_SOCKET, SO_TYPE, BAD, &size);
  CALL(getsockopt, tcp, SOL_SOCKET, SO_TYPE, &value, BAD);
  CALL(getsockopt, tcp, SOL_SOCKET, 9999, &value, &size);
  CALL(getsockopt, tcp, IPPROTO_TCP, 9999, &value, &size);
  CALL(getsockopt, tcp, IPPROTO_IP, 9999, &value, &size);
  CALL(getsockopt, pair[0], IPPROTO_TCP, TCP_NODELAY, &value, &size);
  CALL(getsockopt, tcp, 9999, 1, &value, &size);
  size = -1;
  CALL(getsockopt, tcp, SOL_SOCKET, SO_TYPE, &value, &size);
  CALL(getsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, &value, &size);
  size = sizeof value;
  CALL(getsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, BAD, &size);
  CALL(getsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, &value, BAD);
  CALL(setsockopt, NO_FD, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
  CALL(setsockopt, plain, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, BAD, sizeof value);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, &value, 3);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, &value, -1);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_REUSEADDR, BAD, 3);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_TYPE, &value, sizeof value);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_ERROR, &value, sizeof value);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_LINGER, &linger, 4);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_RCVTIMEO, &wrong, 4);
  CALL(setsockopt, tcp, SOL_SOCKET, SO_RCVTIMEO, &wrong, sizeof wrong);
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, &value, 3);
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_NODELAY, BAD, sizeof value);
  CALL(setsockopt, pair[0], IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
  value = 0;
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value);
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_KEEPCNT, &value, sizeof value);
  CALL(setsockopt, tcp, IPPROTO_TCP, TCP_MAXSEG, &value, sizeof value);
  value = 1000;
  CALL(setsockopt, tcp, IPPROTO_IP, IP_TTL, &value, sizeof value);
}

static void without_rights(void) {
  int local = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sockaddr_un name = path("private");
  struct iovec part = {bytes, 5};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = &name, .msg_namelen = sizeof name};
  struct mmsghdr several[1] = {{.msg_hdr = message}};
  CALL(sendto, local, bytes, 5, 0, &name, sizeof name);
  CALL(sendmsg, local, &message, 0);
  CALL(sendmmsg, local, several, 1, 0);
}

static void open_all(void) {
  plain = open("/dev/null", O_RDWR);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  close(open("file", O_CREAT | O_RDWR, 0666));
  int private = socket(AF_UNIX, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = path("private");
  bind(private, (struct sockaddr *)&name, sizeof name);
  chmod("private", 0600);
  name = path("stream");
  bind(stream, (struct sockaddr *)&name, sizeof name);
  SECTION("sendto");
  IN_CHILD(open_all(); sending());
  SECTION("sendmsg, sendmmsg");
  IN_CHILD(open_all(); messages());
  SECTION("recvfrom, recvmsg, recvmmsg");
  IN_CHILD(open_all(); receiving());
  IN_CHILD(resets());
  SECTION("options");
  IN_CHILD(open_all(); options());
  SECTION("without rights");
  AS_NOBODY(without_rights());
  leave_work_folder();
  return 0;
}
