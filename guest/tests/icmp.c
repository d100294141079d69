/* icmp(7), raw(7): echo requests to oneself, by ping sockets and by raw ones. With the argument "alone" it makes a network of
   its own (alone.h). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "alone.h"
#include "show.h"

#define ADDRESS(of) (struct sockaddr *)&(of), sizeof(of)

static const struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f};
static const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

static unsigned sum_of(const unsigned char *bytes, size_t size) {
  unsigned sum = 0;
  for (size_t i = 0; i < size; i += 2) sum += bytes[i] << 8 | (i + 1 < size ? bytes[i + 1] : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

static void receive(int fd, int headed) {
  unsigned char bytes[256];
  struct sockaddr_storage from = {0};
  socklen_t length = sizeof from;
  errno = 0;
  long got = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, (void *)&from, &length);
  if (got < 0) {
    printf("  %s\n", strerrorname_np(errno));
    return;
  }
  char host[64] = "";
  if (from.ss_family == AF_INET6) inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from)->sin6_addr, host, sizeof host);
  else inet_ntop(AF_INET, &((struct sockaddr_in *)&from)->sin_addr, host, sizeof host);
  const unsigned char *message = bytes;
  if (headed) {
    struct ip *header = (void *)bytes;
    message += header->ip_hl * 4;
    printf("  header: version %d, %d bytes, ttl %d, tos %d, protocol %d, sum %s;", header->ip_v, ntohs(header->ip_len), header->ip_ttl, header->ip_tos, header->ip_p, sum_of(bytes, 20) == 0xffff ? "right" : "wrong");
  }
  size_t size = got - (message - bytes);
  printf("  %ld from %s port %d, %u bytes: type %d code %d sequence %d", got, host, ntohs(((struct sockaddr_in *)&from)->sin_port), length, message[0], message[1], message[6] << 8 | message[7]);
  if (from.ss_family == AF_INET) printf(" sum %s", sum_of(message, size) == 0xffff ? "right" : "wrong");
  printf(" \"%.*s\"\n", (int)size - 8, message + 8);
}

static size_t echo(unsigned char *bytes, int type, int identifier, int sequence, const char *text) {
  memset(bytes, 0, 8);
  bytes[0] = type, bytes[4] = identifier >> 8, bytes[5] = identifier, bytes[6] = sequence >> 8, bytes[7] = sequence;
  strcpy((char *)bytes + 8, text);
  size_t size = 8 + strlen(text);
  unsigned sum = ~sum_of(bytes, size) & 0xffff;
  bytes[2] = sum >> 8, bytes[3] = sum;
  return size;
}

static void settle(void) { usleep(20000); }

static void ping_sockets(void) {
  SECTION("ping sockets");
  unsigned char bytes[256];
  int fd = SHOW_OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)), other = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  SHOW(sendto(fd, bytes, echo(bytes, ICMP_ECHO, 77, 1, "hello"), 0, ADDRESS(four)));
  settle();
  receive(fd, 0);
  receive(other, 0);
  struct sockaddr_in own, wanted = four;
  socklen_t length = sizeof own;
  SHOW(getsockname(fd, (void *)&own, &length));
  printf("an identifier %d\n", own.sin_port != 0);
  SHOW(sendto(fd, bytes, 4, 0, ADDRESS(four)));
  SHOW(sendto(fd, bytes, echo(bytes, ICMP_ECHOREPLY, 77, 1, "x"), 0, ADDRESS(four)));
  SHOW(send(fd, bytes, echo(bytes, ICMP_ECHO, 77, 2, "x"), 0));
  SHOW(connect(fd, ADDRESS(four)));
  SHOW(send(fd, bytes, echo(bytes, ICMP_ECHO, 77, 2, "connected"), 0));
  settle();
  receive(fd, 0);
  wanted.sin_port = htons(4321);
  SHOW(bind(other, ADDRESS(wanted)));
  SHOW(sendto(other, bytes, echo(bytes, ICMP_ECHO, 1, 3, "bound"), 0, ADDRESS(four)));
  settle();
  unsigned char got[64];
  SHOW(recv(other, got, sizeof got, MSG_DONTWAIT));
  printf("identifier %d\n", got[4] << 8 | got[5]);
  wanted.sin_addr.s_addr = htonl(0x08080808);
  SHOW(sendto(other, bytes, echo(bytes, ICMP_ECHO, 1, 3, "far"), 0, ADDRESS(wanted)));
  close(fd), close(other);

  SECTION("ping sockets, IPv6");
  fd = SHOW_OK(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
  SHOW(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMP));
  SHOW(sendto(fd, bytes, echo(bytes, ICMP6_ECHO_REQUEST, 77, 4, "six"), 0, ADDRESS(six)));
  settle();
  receive(fd, 0);
  SHOW(sendto(fd, bytes, echo(bytes, ICMP_ECHO, 77, 4, "six"), 0, ADDRESS(six)));
  close(fd);
}

static void raw_sockets(void) {
  SECTION("raw sockets");
  unsigned char bytes[256];
  SHOW(socket(AF_INET, SOCK_RAW, 0));
  SHOW(socket(AF_INET6, SOCK_RAW, 0));
  int fd = SHOW_OK(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  SHOW(sendto(fd, bytes, echo(bytes, ICMP_ECHO, 55, 1, "raw"), 0, ADDRESS(four)));
  settle();
  receive(fd, 1), receive(fd, 1), receive(fd, 1);
  unsigned filter = ~(1u << ICMP_ECHOREPLY), kept = 0;
  socklen_t length = sizeof kept;
  SHOW(setsockopt(fd, SOL_RAW, 1, &filter, sizeof filter));
  SHOW(getsockopt(fd, SOL_RAW, 1, &kept, &length));
  printf("filter %x in %u bytes\n", kept, length);
  int ttl = 7, tos = 16;
  SHOW(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl));
  SHOW(setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos));
  SHOW(sendto(fd, bytes, echo(bytes, ICMP_ECHO, 55, 2, "filtered"), 0, ADDRESS(four)));
  settle();
  receive(fd, 1), receive(fd, 1);
  bytes[0] = 0xff; /* no right checksum */
  close(fd);

  SECTION("raw sockets of another protocol");
  int a = socket(AF_INET, SOCK_RAW, 253), b = socket(AF_INET, SOCK_RAW, 253), ipv6 = socket(AF_INET6, SOCK_RAW, 253), value = 1;
  SHOW(sendto(a, "experiment", 10, 0, ADDRESS(four)));
  settle();
  for (int i = 0; i < 2; i++) {
    long got = recv(i == 0 ? a : b, bytes, sizeof bytes, MSG_DONTWAIT);
    printf("%ld: %.10s\n", got, got == 30 ? (char *)bytes + 20 : "");
  }
  SHOW(recv(ipv6, bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(sendto(ipv6, "experiment", 10, 0, ADDRESS(six)));
  settle();
  SHOW(recv(ipv6, bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(recv(b, bytes, sizeof bytes, MSG_DONTWAIT));
  SHOW(setsockopt(a, IPPROTO_IP, IP_HDRINCL, &value, sizeof value));
  struct { struct ip header; char text[6]; } packet = {.header = {.ip_v = 4, .ip_hl = 5, .ip_ttl = 33, .ip_tos = 4, .ip_p = 253, .ip_dst.s_addr = four.sin_addr.s_addr}, .text = "headed"};
  SHOW(sendto(a, &packet, 26, 0, ADDRESS(four)));
  SHOW(sendto(a, &packet, 10, 0, ADDRESS(four)));
  settle();
  SHOW(recv(b, bytes, sizeof bytes, MSG_DONTWAIT));
  struct ip *header = (void *)bytes;
  printf("ttl %d tos %d from %s: %.6s\n", header->ip_ttl, header->ip_tos, inet_ntoa(header->ip_src), bytes + 20);
  close(a), close(b), close(ipv6);

  SECTION("raw sockets, IPv6");
  fd = SHOW_OK(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
  SHOW(sendto(fd, bytes, echo(bytes, ICMP6_ECHO_REQUEST, 55, 3, "six"), 0, ADDRESS(six)));
  settle();
  receive(fd, 0), receive(fd, 0), receive(fd, 0);
  close(fd);
  fflush(stdout);
  if (fork() == 0) {
    if (setgid(100) != 0 || setuid(1000) != 0) perror("setuid");
    SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    SHOW_OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 1 && strcmp(argv[1], "alone") == 0) {
    if (!go_alone()) return 77;
    int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY); /* as the machine has it */
    if (fd < 0 || write(fd, "0 2147483647", 12) != 12) return 77;
    close(fd);
  }
  ping_sockets();
  raw_sockets();
  return 0;
}
