/* ip(7), udp(7), tcp(7): what travels beside the bytes of a packet, errors that come back, options that act, TCP_INFO.
   With the argument "alone" it makes a network of its own (alone.h). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <linux/tcp.h>

#include "alone.h"
#include "show.h"

#define ADDRESS(of) (struct sockaddr *)&(of), sizeof(of)

static struct sockaddr_storage at(const char *host, int port) {
  struct sockaddr_storage address = {0};
  if (strchr(host, ':') != NULL) {
    struct sockaddr_in6 *six = (void *)&address;
    six->sin6_family = AF_INET6, six->sin6_port = htons(port);
    inet_pton(AF_INET6, host, &six->sin6_addr);
  } else {
    struct sockaddr_in *four = (void *)&address;
    four->sin_family = AF_INET, four->sin_port = htons(port);
    inet_pton(AF_INET, host, &four->sin_addr);
  }
  return address;
}

static int made(const char *host, int type) { return socket(strchr(host, ':') != NULL ? AF_INET6 : AF_INET, type, 0); }

static int port_of(int fd) {
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  getsockname(fd, (struct sockaddr *)&address, &length);
  return ntohs(address.sin6_port);
}

static int bound(const char *host, int type) {
  int fd = made(host, type);
  struct sockaddr_storage address = at(host, 0);
  if (bind(fd, ADDRESS(address)) != 0) perror("bind");
  return fd;
}

static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

static int option(int fd, int level, int name) {
  int value = -99;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 ? value : -errno;
}

static int revents(int fd) {
  struct pollfd polled = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  poll(&polled, 1, 0);
  return polled.revents;
}

static void settle(void) { usleep(20000); }

struct box {
  struct msghdr message;
  struct iovec part;
  struct sockaddr_storage name;
  char bytes[64];
  union {
    struct cmsghdr align;
    char control[512];
  };
};

static struct msghdr *boxed(struct box *box, const char *bytes, size_t size) {
  memset(box, 0, sizeof *box);
  if (bytes != NULL) memcpy(box->bytes, bytes, size);
  box->part = (struct iovec){box->bytes, size};
  box->message = (struct msghdr){.msg_name = &box->name, .msg_namelen = sizeof box->name, .msg_iov = &box->part, .msg_iovlen = 1, .msg_control = box->control, .msg_controllen = sizeof box->control};
  return &box->message;
}

static void print_host(const char *what, const void *address) {
  char text[64] = "?";
  const struct sockaddr_in6 *six = address;
  const struct sockaddr_in *four = address;
  if (six->sin6_family == AF_INET6) inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
  else if (four->sin_family == AF_INET) inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
  printf("%s %s%s", what, text, four->sin_port != 0 ? ":p" : "");
}

static void receive(int fd, size_t size, int flags) {
  struct box box;
  struct msghdr *message = boxed(&box, NULL, size);
  errno = 0;
  long got = recvmsg(fd, message, flags | MSG_DONTWAIT);
  if (got < 0) {
    printf("  %s\n", strerrorname_np(errno));
    return;
  }
  printf("  %ld \"%.*s\" flags %x, name of %u bytes,", got, (int)got, box.bytes, message->msg_flags, message->msg_namelen);
  print_host("", &box.name);
  printf(", control %zu\n", (size_t)message->msg_controllen);
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each != NULL; each = CMSG_NXTHDR(message, each)) {
    const unsigned char *data = CMSG_DATA(each);
    size_t length = each->cmsg_len - CMSG_LEN(0);
    printf("    %d/%d in %zu bytes:", each->cmsg_level, each->cmsg_type, length);
    char text[64];
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, data, sizeof info);
      printf(" interface %d, %s", info.ipi_ifindex, inet_ntop(AF_INET, &info.ipi_spec_dst, text, sizeof text));
      printf(" %s", inet_ntop(AF_INET, &info.ipi_addr, text, sizeof text));
    } else if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, data, sizeof info);
      printf(" interface %d, %s", info.ipi6_ifindex, inet_ntop(AF_INET6, &info.ipi6_addr, text, sizeof text));
    } else if ((each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR) || (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_RECVERR)) {
      struct sock_extended_err error;
      memcpy(&error, data, sizeof error);
      printf(" %s origin %d type %d code %d info %u data %u", strerrorname_np(error.ee_errno), error.ee_origin, error.ee_type, error.ee_code, error.ee_info, error.ee_data);
      print_host(" offender", data + sizeof error);
    } else if (each->cmsg_level == SOL_SOCKET) {
      struct timeval when;
      memcpy(&when, data, sizeof when);
      printf(" now %d", labs(when.tv_sec - time(NULL)) < 100);
    } else if (length == 4) {
      int value;
      memcpy(&value, data, sizeof value);
      printf(" %d", value);
    } else if (length == 1) printf(" %d", *data);
    puts("");
  }
}

static void add(struct msghdr *message, size_t *used, int level, int type, const void *data, size_t size) {
  struct cmsghdr *header = (void *)((char *)message->msg_control + *used);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
  memcpy(CMSG_DATA(header), data, size);
  message->msg_controllen = *used += CMSG_SPACE(size);
}

static long send_with(int fd, struct sockaddr_storage to, int level, int type, const void *data, size_t size) {
  struct box box;
  size_t used = 0;
  struct msghdr *message = boxed(&box, "with", 4);
  message->msg_name = &to;
  message->msg_namelen = to.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  add(message, &used, level, type, data, size);
  return sendmsg(fd, message, 0);
}

static void told(void) {
  SECTION("what is told of packets, IPv4");
  int receiver = bound("0.0.0.0", SOCK_DGRAM), sender = made("127.0.0.1", SOCK_DGRAM);
  struct sockaddr_storage to = at("127.0.0.1", port_of(receiver)), second = at("127.0.0.5", port_of(receiver));
  SHOW(set(receiver, IPPROTO_IP, IP_PKTINFO, 1));
  SHOW(set(receiver, IPPROTO_IP, IP_RECVTTL, 1));
  SHOW(set(receiver, IPPROTO_IP, IP_RECVTOS, 1));
  SHOW(set(receiver, SOL_SOCKET, SO_TIMESTAMP, 1));
  SHOW(sendto(sender, "plain", 5, 0, ADDRESS(to)));
  SHOW(set(sender, IPPROTO_IP, IP_TTL, 9));
  SHOW(set(sender, IPPROTO_IP, IP_TOS, 0x10));
  SHOW(sendto(sender, "changed", 7, 0, ADDRESS(second)));
  int ttl = 3, tos = 8, bad = 300;
  SHOW(send_with(sender, to, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl));
  SHOW(send_with(sender, to, IPPROTO_IP, IP_TOS, &tos, sizeof tos));
  SHOW(send_with(sender, to, IPPROTO_IP, IP_TTL, &bad, sizeof bad));
  SHOW(send_with(sender, to, IPPROTO_IP, IP_TTL, &bad, 1));
  SHOW(send_with(sender, to, IPPROTO_IP, 99, &bad, sizeof bad));
  SHOW(send_with(sender, to, SOL_SOCKET, 99, &bad, sizeof bad));
  SHOW(send_with(sender, to, 99, 1, &bad, sizeof bad));
  struct in_pktinfo info = {.ipi_ifindex = 1};
  inet_pton(AF_INET, "127.0.0.7", &info.ipi_spec_dst);
  SHOW(send_with(sender, to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info));
  info.ipi_ifindex = 77;
  printf("no such interface: %d\n", send_with(sender, to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info) == -1);
  settle();
  for (int i = 0; i < 7; i++) receive(receiver, 60, 0);
  close(receiver), close(sender);

  SECTION("what is told of packets, IPv6");
  receiver = bound("::", SOCK_DGRAM), sender = made("::1", SOCK_DGRAM);
  int old = made("127.0.0.1", SOCK_DGRAM);
  struct sockaddr_storage six = at("::1", port_of(receiver)), mapped = at("::ffff:127.0.0.1", port_of(receiver)), four = at("127.0.0.1", port_of(receiver));
  SHOW(set(receiver, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
  SHOW(set(receiver, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
  SHOW(set(receiver, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
  SHOW(sendto(sender, "plain", 5, 0, (void *)&six, sizeof(struct sockaddr_in6)));
  SHOW(sendto(sender, "mapped", 6, 0, (void *)&mapped, sizeof(struct sockaddr_in6)));
  SHOW(sendto(old, "four", 4, 0, (void *)&four, sizeof(struct sockaddr_in)));
  SHOW(set(sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 5));
  SHOW(set(sender, IPPROTO_IPV6, IPV6_TCLASS, 32));
  SHOW(sendto(sender, "changed", 7, 0, (void *)&six, sizeof(struct sockaddr_in6)));
  int hops = 2, class = 16;
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof hops));
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class));
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_HOPLIMIT, &bad, sizeof bad));
  SHOW(send_with(sender, six, IPPROTO_IPV6, 99, &bad, sizeof bad));
  struct in6_pktinfo info6 = {.ipi6_addr = IN6ADDR_LOOPBACK_INIT};
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6));
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_PKTINFO, &info6, 8));
  inet_pton(AF_INET6, "2001:db8::7", &info6.ipi6_addr);
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6));
  info6.ipi6_ifindex = 77;
  SHOW(send_with(sender, six, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6));
  settle();
  for (int i = 0; i < 8; i++) receive(receiver, 60, 0);
  close(receiver), close(sender), close(old);
}

static void errors(const char *host, int level, int name) {
  SECTION("errors that come back");
  printf("from %s\n", host);
  int gone = bound(host, SOCK_DGRAM), fd = made(host, SOCK_DGRAM);
  struct sockaddr_storage to = at(host, port_of(gone));
  socklen_t length = to.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  close(gone);
  receive(fd, 60, MSG_ERRQUEUE);
  SHOW(sendto(fd, "unasked", 7, 0, (void *)&to, length));
  settle();
  printf("%x\n", revents(fd));
  SHOW(set(fd, level, name, 1));
  SHOW(sendto(fd, "asked", 5, 0, (void *)&to, length));
  settle();
  printf("%x\n", revents(fd));
  SHOW(recv(fd, &length, 1, MSG_DONTWAIT));
  printf("%x\n", revents(fd));
  receive(fd, 3, MSG_ERRQUEUE);
  receive(fd, 60, MSG_ERRQUEUE);
  printf("%x\n", revents(fd));
  length = to.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  SHOW(sendto(fd, "one", 3, 0, (void *)&to, length));
  settle();
  SHOW(sendto(fd, "two", 3, 0, (void *)&to, length));
  SHOW(sendto(fd, "three", 5, 0, (void *)&to, length));
  settle();
  receive(fd, 60, MSG_ERRQUEUE);
  receive(fd, 60, MSG_ERRQUEUE);
  printf("error %d\n", option(fd, SOL_SOCKET, SO_ERROR));
  close(fd);
}

static void packets(void) {
  SECTION("packets in pieces");
  int receiver = bound("127.0.0.1", SOCK_DGRAM), fd = made("127.0.0.1", SOCK_DGRAM);
  struct sockaddr_storage to = at("127.0.0.1", port_of(receiver));
  SHOW(connect(fd, ADDRESS(to)));
  SHOW(send(fd, "one ", 4, MSG_MORE));
  SHOW(send(fd, "two ", 4, MSG_MORE));
  receive(receiver, 60, 0);
  SHOW(send(fd, "three", 5, 0));
  settle();
  receive(receiver, 60, 0);
  SHOW(set(fd, IPPROTO_UDP, 1, 1));
  SHOW(send(fd, "corked ", 7, 0));
  SHOW(send(fd, "up", 2, 0));
  receive(receiver, 60, 0);
  SHOW(set(fd, IPPROTO_UDP, 1, 0));
  settle();
  receive(receiver, 60, 0);
  SHOW(send(fd, "confirmed", 9, MSG_CONFIRM | MSG_DONTROUTE));
  settle();
  receive(receiver, 4, MSG_PEEK | MSG_TRUNC);
  receive(receiver, 4, 0);
  close(fd), close(receiver);

  SECTION("the one device");
  fd = made("127.0.0.1", SOCK_DGRAM);
  char name[16] = "none";
  socklen_t length = sizeof name;
  SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length));
  printf("%u bytes\n", length);
  SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
  SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "nosuch0", 8));
  length = sizeof name;
  SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length));
  printf("%s in %u bytes, index %d\n", name, length, option(fd, SOL_SOCKET, SO_BINDTOIFINDEX));
  SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
  printf("index %d\n", option(fd, SOL_SOCKET, SO_BINDTOIFINDEX));
  close(fd);
}

static void sharing(void) {
  SECTION("a port that several share");
  int fds[4], port = 0, got[4] = {0}, total = 0;
  for (int i = 0; i < 4; i++) {
    fds[i] = made("127.0.0.1", SOCK_DGRAM);
    set(fds[i], SOL_SOCKET, SO_REUSEPORT, 1);
    struct sockaddr_storage address = at("127.0.0.1", port);
    SHOW(bind(fds[i], ADDRESS(address)));
    port = port_of(fds[i]);
  }
  struct sockaddr_storage to = at("127.0.0.1", port);
  char byte;
  for (int i = 0; i < 200; i++) {
    int sender = made("127.0.0.1", SOCK_DGRAM);
    sendto(sender, "x", 1, 0, ADDRESS(to));
    close(sender);
  }
  settle();
  for (int i = 0; i < 4; i++)
    while (recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1) got[i]++, total++;
  printf("all %d, each some %d\n", total, got[0] > 10 && got[1] > 10 && got[2] > 10 && got[3] > 10);
  int sender = made("127.0.0.1", SOCK_DGRAM), served = 0;
  for (int i = 0; i < 50; i++) sendto(sender, "x", 1, 0, ADDRESS(to));
  settle();
  for (int i = 0; i < 4; i++) {
    int any = 0;
    while (recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1) any = 1;
    served += any;
    close(fds[i]);
  }
  printf("one sender keeps to %d\n", served);
  close(sender);
  int one = made("127.0.0.1", SOCK_DGRAM), two = made("127.0.0.1", SOCK_DGRAM);
  set(one, SOL_SOCKET, SO_REUSEADDR, 1), set(two, SOL_SOCKET, SO_REUSEADDR, 1);
  struct sockaddr_storage address = at("127.0.0.1", 0);
  bind(one, ADDRESS(address));
  to = at("127.0.0.1", port_of(one));
  SHOW(bind(two, ADDRESS(to)));
  sender = made("127.0.0.1", SOCK_DGRAM);
  sendto(sender, "x", 1, 0, ADDRESS(to));
  settle();
  printf("the first has %ld, the last %ld\n", (long)recv(one, &byte, 1, MSG_DONTWAIT), (long)recv(two, &byte, 1, MSG_DONTWAIT));
  close(one), close(two), close(sender);
}

static int connected(int ends[2], const char *host) {
  int server = bound(host, SOCK_STREAM);
  listen(server, 3);
  struct sockaddr_storage to = at(host, port_of(server));
  ends[0] = made(host, SOCK_STREAM);
  if (connect(ends[0], ADDRESS(to)) != 0) perror("connect");
  ends[1] = accept(server, NULL, NULL);
  return server;
}

static void print_info(const char *what, int fd) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) perror("TCP_INFO");
  printf("%s: %u bytes, state %d, ca %d, retransmits %d, options %d, unacked %u, sacked %u, advmss %u, reordering %u, total_retrans %u, sent %llu, acked %d, received %llu, segments %u %u, notsent %u\n", what, length,
         info.tcpi_state, info.tcpi_ca_state, info.tcpi_retransmits, info.tcpi_options, info.tcpi_unacked, info.tcpi_sacked, info.tcpi_advmss, info.tcpi_reordering, info.tcpi_total_retrans,
         (unsigned long long)info.tcpi_bytes_sent, info.tcpi_bytes_acked >= info.tcpi_bytes_sent, (unsigned long long)info.tcpi_bytes_received, info.tcpi_data_segs_out, info.tcpi_data_segs_in, info.tcpi_notsent_bytes);
}

static void *write_late(void *argument) {
  int fd = *(int *)argument;
  usleep(30000);
  if (write(fd, "678901234567", 12) != 12) perror("write");
  return NULL;
}

static void streams(void) {
  const char *hosts[] = {"127.0.0.1", "::1"};
  for (int i = 0; i < 2; i++) {
    SECTION("TCP_INFO");
    int ends[2], server = connected(ends, hosts[i]), idle = made(hosts[i], SOCK_STREAM);
    print_info("unconnected", idle);
    print_info("listening", server);
    print_info("new", ends[0]);
    char bytes[100] = {0};
    if (write(ends[0], bytes, 100) != 100 || write(ends[0], bytes, 50) != 50) perror("write");
    settle();
    print_info("sent", ends[0]);
    print_info("received", ends[1]);
    SHOW(recv(ends[1], bytes, 100, 0));
    SHOW(shutdown(ends[0], SHUT_WR));
    usleep(200000); /* Linux acknowledges it late */
    print_info("half-closed", ends[0]);
    print_info("the other", ends[1]);
    char part[8];
    socklen_t length = 4;
    SHOW(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, part, &length));
    printf("state %d in %u bytes\n", part[0], length);
    close(ends[0]), close(ends[1]), close(server), close(idle);
  }

  SECTION("fewer bytes than wanted");
  int ends[2], server = connected(ends, "127.0.0.1");
  char bytes[100] = {0};
  SHOW(set(ends[1], SOL_SOCKET, SO_RCVLOWAT, 10));
  SHOW(write(ends[0], "12345", 5));
  settle();
  printf("%x\n", revents(ends[1]));
  SHOW(recv(ends[1], bytes, 4, MSG_PEEK));
  pthread_t writer;
  pthread_create(&writer, NULL, write_late, &ends[0]);
  SHOW(recv(ends[1], bytes, sizeof bytes, 0));
  pthread_join(writer, NULL);
  SHOW(write(ends[0], "12345", 5));
  settle();
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(set(ends[1], SOL_SOCKET, SO_RCVLOWAT, 0));
  printf("%d\n", option(ends[1], SOL_SOCKET, SO_RCVLOWAT));

  SECTION("flags of a stream");
  SHOW(write(ends[0], "thrown away", 11));
  settle();
  memset(bytes, '.', 11);
  SHOW(recv(ends[1], bytes, 6, MSG_TRUNC));
  printf("%.6s\n", bytes);
  SHOW(recv(ends[1], bytes, sizeof bytes, 0));
  SHOW(recv(ends[1], bytes, sizeof bytes, MSG_ERRQUEUE));
  SHOW(send(ends[0], "more", 4, MSG_MORE));
  SHOW(send(ends[0], "!", 1, MSG_CONFIRM | MSG_DONTROUTE | MSG_EOR));
  settle();
  SHOW(recv(ends[1], bytes, sizeof bytes, 0));
  struct timeval soon = {0, 30000};
  SHOW(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon));
  static char big[1 << 20];
  long sent = 0, n;
  while ((n = send(ends[0], big, sizeof big, 0)) > 0) sent += n;
  printf("some %d, then %s\n", sent > 0, strerrorname_np(errno));
  close(ends[0]), close(ends[1]), close(server);

  SECTION("who connected is told after it has gone");
  server = bound("127.0.0.1", SOCK_STREAM);
  listen(server, 3);
  struct sockaddr_storage to = at("127.0.0.1", port_of(server)), peer = {0};
  int fd = made("127.0.0.1", SOCK_STREAM);
  connect(fd, ADDRESS(to));
  struct linger abort_it = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
  close(fd);
  settle();
  socklen_t length = sizeof peer;
  fd = SHOW_OK(accept(server, (void *)&peer, &length));
  print_host("from", &peer);
  puts("");
  SHOW(getpeername(fd, (void *)&peer, &length));
  SHOW(recv(fd, bytes, 1, 0));
  close(fd), close(server);
}

static void options(void) {
  SECTION("options of IPv4 and TCP");
  int tcp = made("127.0.0.1", SOCK_STREAM), udp = made("127.0.0.1", SOCK_DGRAM);
  static const struct { const char *name; int level, number; } all[] = {
      {"IP_TOS", 0, 1}, {"IP_TTL", 0, 2}, {"IP_RECVOPTS", 0, 6}, {"IP_PKTINFO", 0, 8}, {"IP_MTU_DISCOVER", 0, 10}, {"IP_RECVERR", 0, 11},
      {"IP_RECVTTL", 0, 12}, {"IP_RECVTOS", 0, 13}, {"IP_FREEBIND", 0, 15}, {"IP_TRANSPARENT", 0, 19}, {"IP_RECVORIGDSTADDR", 0, 20},
      {"IP_MINTTL", 0, 21}, {"IP_BIND_ADDRESS_NO_PORT", 0, 24}, {"IP_MULTICAST_TTL", 0, 33}, {"IP_MULTICAST_LOOP", 0, 34}, {"IP_MULTICAST_ALL", 0, 49},
      {"SO_PRIORITY", 1, 12}, {"SO_NO_CHECK", 1, 11}, {"SO_RCVLOWAT", 1, 18}, {"SO_SNDLOWAT", 1, 19}, {"SO_TIMESTAMP", 1, 29}, {"SO_TIMESTAMPNS", 1, 35},
      {"SO_RXQ_OVFL", 1, 40}, {"TCP_NODELAY", 6, 1}, {"TCP_CORK", 6, 3}, {"TCP_KEEPIDLE", 6, 4}, {"TCP_SYNCNT", 6, 7}, {"TCP_QUICKACK", 6, 12},
      {"TCP_USER_TIMEOUT", 6, 18}, {"TCP_FASTOPEN_CONNECT", 6, 30}, {"TCP_INQ", 6, 36}, {"TCP_THIN_LINEAR_TIMEOUTS", 6, 16},
  };
  int values[] = {1, 0, -1, 255, 256};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    printf("%s: %d %d;", all[i].name, option(tcp, all[i].level, all[i].number), option(udp, all[i].level, all[i].number));
    int fd = all[i].level == 6 ? tcp : udp;
    for (unsigned v = 0; v < sizeof values / sizeof *values; v++) {
      errno = 0;
      int result = set(fd, all[i].level, all[i].number, values[v]);
      printf(" %d→%d(%d)", values[v], result == 0 ? 0 : -errno, option(fd, all[i].level, all[i].number));
    }
    puts("");
  }
  SHOW(setsockopt(udp, IPPROTO_IP, IP_TTL, "\x07", 1));
  unsigned char byte = 0;
  socklen_t length = 1;
  SHOW(getsockopt(udp, IPPROTO_IP, IP_TTL, &byte, &length));
  printf("%d in %u byte\n", byte, length);
  SHOW(option(udp, IPPROTO_IP, IP_MTU));
  char name[16] = {0};
  length = sizeof name;
  SHOW(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6));
  SHOW(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
  SHOW(getsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name, &length));
  printf("%s in %u bytes\n", name, length);
  unsigned long long cookie = 0, again = 0;
  length = sizeof cookie;
  SHOW(getsockopt(tcp, SOL_SOCKET, 57, &cookie, &length));
  SHOW(getsockopt(tcp, SOL_SOCKET, 57, &again, &length));
  printf("the same number %d\n", cookie == again && cookie != 0);
  close(tcp), close(udp);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && strcmp(argv[1], "alone") == 0 && !go_alone()) return 77;
  told();
  errors("127.0.0.1", IPPROTO_IP, IP_RECVERR), errors("::1", IPPROTO_IPV6, IPV6_RECVERR), errors("::ffff:127.0.0.1", IPPROTO_IP, IP_RECVERR);
  packets();
  sharing();
  streams();
  options();
  return 0;
}
