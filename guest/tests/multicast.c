/* Groups of IP multicast over lo, the only interface (ip(7), ipv6(7)). On Linux with "alone": in a network of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alone.h"
#include "show.h"

static struct sockaddr_in at(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}
static struct ip_mreqn group_at(const char *group, const char *local, int index) {
  struct ip_mreqn request = {.imr_ifindex = index};
  inet_pton(AF_INET, group, &request.imr_multiaddr), inet_pton(AF_INET, local, &request.imr_address);
  return request;
}
static int receiver(const char *host) {
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = at(host, 5353);
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  SHOW(bind(s, (struct sockaddr *)&address, sizeof address));
  return s;
}
#define JOIN(s, group, local, index)                                                           \
  do {                                                                                         \
    struct ip_mreqn request_ = group_at(group, local, index);                                  \
    show("join " group " " local " " #index,                                                   \
         (errno = 0, setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request_, sizeof request_))); \
  } while (0)
#define LEAVE(s, group, local, index)                                                           \
  do {                                                                                          \
    struct ip_mreqn request_ = group_at(group, local, index);                                   \
    show("leave " group " " local " " #index,                                                   \
         (errno = 0, setsockopt(s, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request_, sizeof request_))); \
  } while (0)

static void heard(const char *who, int s) {
  char text[64];
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  ssize_t count;
  printf("  %s:", who);
  while ((count = recvfrom(s, text, sizeof text, 0, (struct sockaddr *)&from, &length)) >= 0)
    printf(" %.*s from %s", (int)count, text, inet_ntoa(from.sin_addr));
  puts("");
}
static void to(int s, const char *host, const char *text) {
  struct sockaddr_in address = at(host, 5353);
  printf("\"%s\" to %s", text, host);
  show("", (errno = 0, sendto(s, text, strlen(text), 0, (struct sockaddr *)&address, sizeof address)));
}

static void membership(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
  JOIN(s, "239.1.2.3", "0.0.0.0", 0);
  JOIN(s, "239.1.2.3", "127.0.0.1", 0);
  JOIN(s, "239.1.2.3", "127.0.0.1", 0);
  JOIN(s, "239.1.2.3", "0.0.0.0", 1);
  JOIN(s, "239.1.2.4", "0.0.0.0", 1);
  JOIN(s, "239.1.2.5", "10.0.0.1", 0);
  JOIN(s, "239.1.2.5", "0.0.0.0", 9);
  JOIN(s, "127.0.0.1", "127.0.0.1", 0);
  JOIN(tcp, "239.1.2.3", "127.0.0.1", 0);
  struct ip_mreqn request = group_at("239.1.2.6", "127.0.0.1", 0);
  SHOW(setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(struct ip_mreq) - 1));
  SHOW(setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(struct ip_mreq)));
  SHOW(setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, NULL, sizeof(struct ip_mreq)));
  LEAVE(s, "239.1.2.3", "127.0.0.9", 0);
  LEAVE(s, "239.1.2.3", "127.0.0.1", 0);
  LEAVE(s, "239.1.2.3", "127.0.0.1", 0);
  LEAVE(s, "239.1.2.4", "0.0.0.0", 0);
  LEAVE(s, "239.1.2.4", "0.0.0.0", 1);
  LEAVE(s, "239.1.2.9", "0.0.0.0", 1);
  int many = 0;
  for (int i = 0; i < 40; i++) {
    struct ip_mreqn next = {.imr_multiaddr.s_addr = htonl(0xef020000 + i), .imr_ifindex = 1};
    if (setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &next, sizeof next) == 0) many++;
    else if (many == i) printf("after some: %s\n", strerrorname_np(errno));
  }
  printf("%d more groups\n", many);
  close(s), close(tcp);
}

static void sender_options(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
  struct in_addr got, lo = {htonl(INADDR_LOOPBACK)}, none = {0}, other = {htonl(0x0a000001)};
  socklen_t length = sizeof got;
  SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &got, &length)), printf("%s\n", inet_ntoa(got));
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo));
  SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &got, &length)), printf("%s\n", inet_ntoa(got));
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &other, sizeof other));
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &none, sizeof none));
  SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &got, &length)), printf("%s\n", inet_ntoa(got));
  struct ip_mreqn request = {.imr_ifindex = 1};
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));
  SHOW(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &got, &length)), printf("%s\n", inet_ntoa(got));
  request.imr_ifindex = 9;
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, 3));
  SHOW(setsockopt(tcp, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo));
  close(s), close(tcp);
}

static void delivery(void) {
  int a = receiver("0.0.0.0"), b = receiver("0.0.0.0"), c = receiver("239.1.2.3"), d = receiver("127.0.0.1");
  int s = socket(AF_INET, SOCK_DGRAM, 0), no = 0;
  struct in_addr lo = {htonl(INADDR_LOOPBACK)}, five = {htonl(0x7f000005)};
  to(s, "239.1.2.3", "no way out");
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo));
  to(s, "239.1.2.3", "nobody is a member");
  heard("a", a), heard("b", b), heard("c", c), heard("d", d);
  JOIN(a, "239.1.2.3", "127.0.0.1", 0);
  to(s, "239.1.2.3", "one is");
  heard("a", a), heard("b", b), heard("c", c), heard("d", d);
  SHOW(setsockopt(b, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no));
  to(s, "239.1.2.3", "b hears its own groups only");
  heard("a", a), heard("b", b), heard("c", c), heard("d", d);
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &no, sizeof no));
  SHOW(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &five, sizeof five));
  to(s, "239.1.2.3", "not looped back");
  heard("a", a), heard("b", b);
  struct sockaddr_in group = at("239.1.2.3", 5353), self;
  socklen_t length = sizeof self;
  SHOW(connect(s, (struct sockaddr *)&group, sizeof group));
  getsockname(s, (struct sockaddr *)&self, &length), printf("bound to %s\n", inet_ntoa(self.sin_addr));
  SHOW(send(s, "connected", 9, 0));
  heard("a", a), heard("b", b);
  close(a);
  to(s, "239.1.2.3", "the member is gone");
  heard("b", b), heard("c", c);
  close(b), close(c), close(d), close(s);
}

/* TTL of what is received. */
static void hops(void) {
  int a = receiver("0.0.0.0"), s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
  struct in_addr lo = {htonl(INADDR_LOOPBACK)};
  setsockopt(a, IPPROTO_IP, IP_RECVTTL, &one, sizeof one), setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo);
  JOIN(a, "239.1.2.3", "127.0.0.1", 0);
  for (int ttl = 0; ttl < 3; ttl++) {
    setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
    to(s, "239.1.2.3", "x");
    char control[64], text[8];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(a, &message, 0) < 0) printf("  %s\n", strerrorname_np(errno));
    else printf("  ttl %d\n", *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message)));
  }
  close(a), close(s);
}

static void six(void) {
  int a = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0), s = socket(AF_INET6, SOCK_DGRAM, 0), index = 1;
  int tcp = socket(AF_INET6, SOCK_STREAM, 0);
  struct ipv6_mreq request = {.ipv6mr_interface = 0};
  inet_pton(AF_INET6, "ff15::77", &request.ipv6mr_multiaddr);
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(5354)}, group = any;
  group.sin6_addr = request.ipv6mr_multiaddr;
  SHOW(bind(a, (struct sockaddr *)&any, sizeof any));
  request.ipv6mr_interface = 9;
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request));
  request.ipv6mr_interface = 1;
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request - 1));
  SHOW(setsockopt(tcp, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request));
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request));
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request));
  SHOW(setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index));
  SHOW(sendto(s, "six", 3, 0, (struct sockaddr *)&group, sizeof group));
  char text[8];
  struct sockaddr_in6 from;
  socklen_t length = sizeof from;
  SHOW(recvfrom(a, text, sizeof text, 0, (struct sockaddr *)&from, &length));
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof request));
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof request));
  SHOW(sendto(s, "gone", 4, 0, (struct sockaddr *)&group, sizeof group));
  SHOW(recv(a, text, sizeof text, 0));
  request.ipv6mr_multiaddr = in6addr_loopback;
  SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request));
  close(a), close(s), close(tcp);
}

int main(int argc, char **argv) {
  (void)argv;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1 && !go_alone()) return 77;
  SECTION("membership"), membership();
  SECTION("what a sender says"), sender_options();
  SECTION("delivery"), delivery();
  SECTION("hops"), hops();
  SECTION("IPv6"), six();
  return 0;
}
