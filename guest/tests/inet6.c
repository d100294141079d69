/* IPv6 within the machine (ipv6(7)): TCP and UDP on ::1, sockets for both families, mapped addresses, ports that the
   families share, options, what tells of interfaces. With the argument "alone" it makes a network of its own, as a
   machine that has lo and nothing else: that is how it runs on Linux. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alone.h"
#include "show.h"

#define ADDRESS(of) (struct sockaddr *)&(of), sizeof(of)

static struct sockaddr_in6 six(const char *host, int port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (inet_pton(AF_INET6, host, &address.sin6_addr) != 1) puts("bad host");
  return address;
}

static struct sockaddr_in four(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) puts("bad host");
  return address;
}

static int port_of(int fd) {
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) perror("getsockname");
  return ntohs(address.sin6_port);
}

/* An address without its port, which differs from run to run: only whether there is one. */
static void print_address(const char *what, const struct sockaddr_storage *address, socklen_t length) {
  char host[64] = "?";
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *a = (const void *)address;
    inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof host);
    printf("%s: [%s]%s flow %u scope %u, %u bytes\n", what, host, a->sin6_port ? ":p" : "", a->sin6_flowinfo, a->sin6_scope_id, length);
  } else {
    const struct sockaddr_in *a = (const void *)address;
    inet_ntop(AF_INET, &a->sin_addr, host, sizeof host);
    printf("%s: %s%s, %u bytes\n", what, host, a->sin_port ? ":p" : "", length);
  }
}

static void show_names(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) print_address("own", &address, length);
  else printf("own: %s\n", strerrorname_np(errno));
  length = sizeof address;
  if (getpeername(fd, (struct sockaddr *)&address, &length) == 0) print_address("peer", &address, length);
  else printf("peer: %s\n", strerrorname_np(errno));
}

static int option(int fd, int level, int name) {
  int value = -99;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 ? value : -errno;
}

static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

static void settle(void) { usleep(20000); }

static void making(void) {
  SECTION("making");
  SHOW(socket(AF_INET6, SOCK_STREAM, IPPROTO_UDP));
  SHOW(socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP));
  SHOW(socket(AF_INET6, SOCK_SEQPACKET, 0));
  int pair[2];
  SHOW(socketpair(AF_INET6, SOCK_STREAM, 0, pair));
  int fd = SHOW_OK(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  show_names(fd);
  printf("domain %d, type %d, protocol %d\n", option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6, option(fd, SOL_SOCKET, SO_TYPE), option(fd, SOL_SOCKET, SO_PROTOCOL));
  close(fd);
}

static int listener(const char *host, int v6only) {
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 address = six(host, 0);
  if (v6only) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(fd, ADDRESS(address)) != 0 || listen(fd, 5) != 0) perror("listener");
  return fd;
}

static void talk(int client, int server) {
  struct sockaddr_storage peer = {0};
  socklen_t length = sizeof peer;
  int got = accept(server, (struct sockaddr *)&peer, &length);
  print_address("accepted", &peer, length);
  char bytes[16] = {0};
  SHOW(write(client, "question", 8));
  SHOW(read(got, bytes, sizeof bytes));
  SHOW(write(got, "answer", 6));
  SHOW(read(client, bytes, sizeof bytes));
  show_names(client);
  show_names(got);
  close(got);
}

static void streams(void) {
  SECTION("a stream on ::1");
  int server = listener("::1", 0), client = socket(AF_INET6, SOCK_STREAM, 0);
  show_names(server);
  struct sockaddr_in6 to = six("::1", port_of(server));
  SHOW(connect(client, ADDRESS(to)));
  talk(client, server);
  close(client);
  struct sockaddr_in to4 = four("127.0.0.1", port_of(server));
  client = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(to4)));
  close(client);
  client = socket(AF_INET6, SOCK_STREAM, 0);
  to = six("::", port_of(server));
  SHOW(connect(client, ADDRESS(to)));
  show_names(client);
  close(client), close(server);

  SECTION("a listener for both families");
  server = listener("::", 0);
  to = six("::1", port_of(server));
  client = socket(AF_INET6, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(to)));
  talk(client, server);
  close(client);
  to4 = four("127.0.0.1", port_of(server));
  client = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(to4)));
  talk(client, server);
  close(client);
  to = six("::ffff:127.0.0.1", port_of(server));
  client = socket(AF_INET6, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(to)));
  talk(client, server);
  close(client), close(server);

  SECTION("a listener for IPv6 alone");
  server = listener("::", 1);
  to4 = four("127.0.0.1", port_of(server));
  client = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(client, ADDRESS(to4)));
  close(client);
  client = socket(AF_INET6, SOCK_STREAM, 0);
  to = six("::ffff:127.0.0.1", port_of(server));
  SHOW(connect(client, ADDRESS(to)));
  SHOW(set(client, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  SHOW(connect(client, ADDRESS(to)));
  close(client);
  client = socket(AF_INET6, SOCK_STREAM, 0);
  to = six("::1", port_of(server));
  SHOW(connect(client, ADDRESS(to)));
  close(client), close(server);

  SECTION("IPv4 listens, a mapped address connects");
  server = socket(AF_INET, SOCK_STREAM, 0);
  to4 = four("127.0.0.1", 0);
  bind(server, ADDRESS(to4)), listen(server, 5);
  client = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in own;
  socklen_t length = sizeof own;
  getsockname(server, (void *)&own, &length);
  to = six("::ffff:127.0.0.1", ntohs(own.sin_port));
  SHOW(connect(client, ADDRESS(to)));
  talk(client, server);
  close(client), close(server);
}

/* What the second of two binds to one port answers. */
static void both_bind(int type, const char *first, int first_only, const char *second, int second_only, int reuse) {
  int fds[2];
  const char *hosts[] = {first, second};
  int only[] = {first_only, second_only}, port = 0, result = 0, listens = 0;
  for (int i = 0; i < 2; i++) {
    int is_six = strchr(hosts[i], ':') != NULL;
    fds[i] = socket(is_six ? AF_INET6 : AF_INET, type, 0);
    if (is_six) set(fds[i], IPPROTO_IPV6, IPV6_V6ONLY, only[i]);
    if (reuse) set(fds[i], SOL_SOCKET, reuse, 1);
    struct sockaddr_in6 a6 = is_six ? six(hosts[i], port) : (struct sockaddr_in6){0};
    struct sockaddr_in a4 = is_six ? (struct sockaddr_in){0} : four(hosts[i], port);
    errno = 0;
    result = is_six ? bind(fds[i], ADDRESS(a6)) : bind(fds[i], ADDRESS(a4));
    if (i == 0) port = port_of(fds[i]);
    if (type == SOCK_STREAM && result == 0) listens = listen(fds[i], 1);
  }
  printf("%s%s then %s%s: %s%s\n", first, first_only ? " (v6only)" : "", second, second_only ? " (v6only)" : "",
         result == 0 ? "ok" : strerrorname_np(errno), listens == 0 ? "" : ", does not listen");
  close(fds[0]), close(fds[1]);
}

static void ports(void) {
  const char *hosts[] = {"::", "::1", "0.0.0.0", "127.0.0.1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "127.0.0.2"};
  int types[] = {SOCK_STREAM, SOCK_DGRAM}, reuse[] = {0, SO_REUSEADDR, SO_REUSEPORT};
  for (int t = 0; t < 2; t++) {
    for (int r = 0; r < 3; r++) {
      SECTION(t == 0 ? "ports of TCP" : "ports of UDP");
      printf("reuse option %d\n", reuse[r]);
      for (int a = 0; a < 7; a++)
        for (int b = 0; b < 7; b++) both_bind(types[t], hosts[a], 0, hosts[b], 0, reuse[r]);
      both_bind(types[t], "::", 1, "0.0.0.0", 0, reuse[r]);
      both_bind(types[t], "0.0.0.0", 0, "::", 1, reuse[r]);
      both_bind(types[t], "::", 1, "::", 0, reuse[r]);
      both_bind(types[t], "::", 1, "::ffff:127.0.0.1", 0, reuse[r]);
      both_bind(types[t], "::", 1, "::1", 1, reuse[r]);
    }
  }
}

static void errors(void) {
  SECTION("errors of bind and connect");
  int types[] = {SOCK_STREAM, SOCK_DGRAM};
  for (int t = 0; t < 2; t++) {
    int fd = socket(AF_INET6, types[t], 0), old = socket(AF_INET, types[t], 0);
    struct sockaddr_in6 any = six("::", 0), far = six("2001:db8::1", 0), link = six("fe80::1", 0), group = six("ff02::1", 0);
    struct sockaddr_in6 mapped_far = six("::ffff:8.8.8.8", 0), one = six("::1", 9);
    struct sockaddr_in any4 = four("0.0.0.0", 0), local4 = four("127.0.0.1", 0);
    SHOW(bind(fd, (void *)&any, 23));
    SHOW(bind(fd, ADDRESS(any4)));
    SHOW(bind(old, ADDRESS(any)));
    SHOW(bind(fd, ADDRESS(far)));
    SHOW(bind(fd, ADDRESS(link)));
    link.sin6_scope_id = 1;
    SHOW(bind(fd, ADDRESS(link)));
    SHOW(bind(fd, ADDRESS(mapped_far)));
    SHOW(bind(fd, (void *)&any, 1));
    SHOW(bind(fd, (void *)&any, 129));
    any.sin6_family = AF_UNIX;
    SHOW(bind(fd, ADDRESS(any)));
    any.sin6_family = AF_UNSPEC;
    SHOW(bind(fd, ADDRESS(any)));
    local4.sin_family = any4.sin_family = AF_UNSPEC;
    SHOW(bind(old, ADDRESS(local4)));
    SHOW(bind(old, ADDRESS(any4)));
    any.sin6_family = AF_INET6;
    SHOW(bind(fd, (void *)&any, 24));
    SHOW(bind(fd, ADDRESS(any)));
    SHOW(set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    close(fd), close(old);
    fd = socket(AF_INET6, types[t], 0), old = socket(AF_INET, types[t], 0);
    far.sin6_port = link.sin6_port = mapped_far.sin6_port = group.sin6_port = htons(9);
    SHOW(connect(fd, ADDRESS(far)));
    SHOW(connect(fd, ADDRESS(mapped_far)));
    link.sin6_scope_id = 0;
    SHOW(connect(fd, ADDRESS(link)));
    if (types[t] == SOCK_STREAM) {
      SHOW(connect(fd, ADDRESS(group)));
      SHOW(connect(fd, ADDRESS(one)));
    }
    SHOW(connect(fd, (void *)&one, 23));
    SHOW(connect(old, ADDRESS(one)));
    one.sin6_family = AF_UNIX;
    SHOW(connect(fd, ADDRESS(one)));
    close(fd), close(old);
    fd = socket(AF_INET6, types[t], 0);
    struct sockaddr_in6 own = six("::1", 0), mapped = six("::ffff:127.0.0.1", 9);
    SHOW(bind(fd, ADDRESS(own)));
    printf("mapped from ::1 fails: %d\n", connect(fd, ADDRESS(mapped)) == -1);
    close(fd);
    fd = socket(AF_INET6, types[t], 0);
    mapped.sin6_port = 0;
    one = six("::1", 9);
    SHOW(bind(fd, ADDRESS(mapped)));
    SHOW(connect(fd, ADDRESS(one)));
    close(fd);
  }
  SECTION("ports of root");
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  struct sockaddr_in6 low = six("::1", 7);
  if (geteuid() == 0) {
    if (seteuid(65534) != 0) perror("seteuid");
    SHOW(bind(fd, ADDRESS(low)));
    if (seteuid(0) != 0) perror("seteuid");
  }
  close(fd);
}

static void datagrams(void) {
  SECTION("datagrams");
  int both = socket(AF_INET6, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0), fd4 = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in6 any = six("::", 0);
  SHOW(bind(both, ADDRESS(any)));
  struct sockaddr_in6 to6 = six("::1", port_of(both)), mapped = six("::ffff:127.0.0.1", port_of(both));
  struct sockaddr_in to4 = four("127.0.0.1", port_of(both));
  SHOW(sendto(fd6, "six", 3, 0, ADDRESS(to6)));
  SHOW(sendto(fd4, "four", 4, 0, ADDRESS(to4)));
  SHOW(sendto(fd6, "mapped", 6, 0, ADDRESS(mapped)));
  SHOW(sendto(fd6, "as IPv4", 7, 0, ADDRESS(to4)));
  SHOW(sendto(fd4, "as IPv6", 7, 0, ADDRESS(to6)));
  settle();
  for (int i = 0; i < 4; i++) {
    char bytes[16] = {0};
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof from;
    SHOW(recvfrom(both, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &length));
    print_address(bytes, &from, length);
  }
  SHOW(send(fd6, "x", 1, 0));
  struct sockaddr_in6 nowhere = six("::1", 0), far = six("2001:db8::1", 9);
  SHOW(sendto(fd6, "x", 1, 0, ADDRESS(nowhere)));
  SHOW(sendto(fd6, "x", 1, 0, ADDRESS(far)));
  SHOW(sendto(fd6, "x", 1, 0, (void *)&to6, 20));
  static char big[70000];
  SHOW(sendto(fd6, big, 65528, 0, ADDRESS(to6)));
  SHOW(sendto(fd6, big, 65508, 0, ADDRESS(mapped)));

  SECTION("connected datagrams");
  SHOW(connect(fd6, ADDRESS(mapped)));
  show_names(fd6);
  SHOW(connect(fd6, ADDRESS(to6)));
  show_names(fd6);
  struct sockaddr_in6 none = {.sin6_family = AF_UNSPEC};
  SHOW(connect(fd6, ADDRESS(none)));
  show_names(fd6);
  SHOW(connect(fd6, ADDRESS(to4)));
  show_names(fd6);
  int gone = socket(AF_INET6, SOCK_DGRAM, 0), asker = socket(AF_INET6, SOCK_DGRAM, 0);
  struct sockaddr_in6 short_lived = six("::1", 0);
  bind(gone, ADDRESS(short_lived));
  short_lived = six("::1", port_of(gone));
  SHOW(connect(asker, ADDRESS(short_lived)));
  close(gone);
  SHOW(send(asker, "anybody", 7, 0));
  settle();
  char byte;
  SHOW(recv(asker, &byte, 1, MSG_DONTWAIT));
  SHOW(recv(asker, &byte, 1, MSG_DONTWAIT));
  close(asker), close(fd6), close(fd4);

  SECTION("only IPv6");
  int only = socket(AF_INET6, SOCK_DGRAM, 0);
  SHOW(set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  SHOW(sendto(only, "x", 1, 0, ADDRESS(mapped)));
  SHOW(sendto(only, "x", 1, 0, ADDRESS(to4)));
  SHOW(connect(only, ADDRESS(mapped)));
  SHOW(connect(only, ADDRESS(to4)));
  close(only), close(both);

  SECTION("the nearest receiver");
  int on_any6 = socket(AF_INET6, SOCK_DGRAM, 0), on_any4 = socket(AF_INET, SOCK_DGRAM, 0), on_one = socket(AF_INET, SOCK_DGRAM, 0);
  int sender = socket(AF_INET, SOCK_DGRAM, 0);
  int all[] = {on_any6, on_any4, on_one};
  for (int i = 0; i < 3; i++) set(all[i], SOL_SOCKET, SO_REUSEADDR, 1);
  SHOW(bind(on_any6, ADDRESS(any)));
  struct sockaddr_in any4 = four("0.0.0.0", port_of(on_any6)), one4 = four("127.0.0.1", port_of(on_any6));
  int port = port_of(on_any6);
  for (int bound = 1; bound <= 3; bound++) {
    if (bound == 2) SHOW(bind(on_any4, ADDRESS(any4)));
    if (bound == 3) SHOW(bind(on_one, ADDRESS(one4)));
    to4 = four("127.0.0.1", port);
    sendto(sender, "x", 1, 0, ADDRESS(to4));
    settle();
    for (int i = 0; i < 3; i++) printf("%ld ", (long)recv(all[i], &byte, 1, MSG_DONTWAIT));
    puts("");
  }
  for (int i = 0; i < 3; i++) close(all[i]);
  close(sender);
}

static void options(void) {
  SECTION("options");
  int tcp = socket(AF_INET6, SOCK_STREAM, 0), udp = socket(AF_INET6, SOCK_DGRAM, 0), old = socket(AF_INET, SOCK_STREAM, 0);
  static const struct { const char *name; int number; } all[] = {
      {"UNICAST_HOPS", IPV6_UNICAST_HOPS}, {"MULTICAST_HOPS", IPV6_MULTICAST_HOPS}, {"MULTICAST_LOOP", IPV6_MULTICAST_LOOP},
      {"MTU_DISCOVER", IPV6_MTU_DISCOVER}, {"RECVERR", IPV6_RECVERR}, {"V6ONLY", IPV6_V6ONLY}, {"RECVPKTINFO", IPV6_RECVPKTINFO},
      {"RECVHOPLIMIT", IPV6_RECVHOPLIMIT}, {"RECVTCLASS", IPV6_RECVTCLASS}, {"TCLASS", IPV6_TCLASS}, {"DONTFRAG", IPV6_DONTFRAG},
      {"AUTOFLOWLABEL", IPV6_AUTOFLOWLABEL}, {"FREEBIND", IPV6_FREEBIND}, {"RECVHOPOPTS", IPV6_RECVHOPOPTS}, {"RECVRTHDR", IPV6_RECVRTHDR},
      {"RECVDSTOPTS", IPV6_RECVDSTOPTS}, {"RECVPATHMTU", IPV6_RECVPATHMTU}, {"MULTICAST_ALL", 29}, {"MINHOPCOUNT", IPV6_MINHOPCOUNT},
      {"TRANSPARENT", IPV6_TRANSPARENT}, {"2292PKTINFO", IPV6_2292PKTINFO}, {"MULTICAST_IF", IPV6_MULTICAST_IF}, {"UNICAST_IF", IPV6_UNICAST_IF},
  };
  int values[] = {1, 0, -1, 255, 256};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    printf("%s: %d %d, IPv4 %d;", all[i].name, option(tcp, IPPROTO_IPV6, all[i].number), option(udp, IPPROTO_IPV6, all[i].number), option(old, IPPROTO_IPV6, all[i].number));
    for (unsigned v = 0; v < sizeof values / sizeof *values; v++) {
      errno = 0;
      int result = set(udp, IPPROTO_IPV6, all[i].number, values[v]);
      printf(" %d→%d(%d)", values[v], result == 0 ? 0 : -errno, option(udp, IPPROTO_IPV6, all[i].number));
    }
    puts("");
  }
  SHOW(setsockopt(udp, IPPROTO_IPV6, IPV6_RECVPKTINFO, "", 1));
  SHOW(set(udp, IPPROTO_IPV6, 4242, 1));
  SHOW(set(old, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  SHOW(set(tcp, IPPROTO_IP, IP_TOS, 16));
  printf("IP_TOS %d, IP_TTL %d\n", option(tcp, IPPROTO_IP, IP_TOS), option(tcp, IPPROTO_IP, IP_TTL));
  SHOW(set(udp, IPPROTO_TCP, TCP_NODELAY, 1));
  SHOW(option(tcp, IPPROTO_IPV6, IPV6_MTU));
  close(tcp), close(udp), close(old);
}

static void interfaces(void) {
  SECTION("interfaces");
  struct ifaddrs *all = NULL;
  SHOW(getifaddrs(&all));
  for (struct ifaddrs *each = all; each != NULL; each = each->ifa_next) {
    char address[64] = "", mask[64] = "";
    if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET6) continue;
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr, address, sizeof address);
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)each->ifa_netmask)->sin6_addr, mask, sizeof mask);
    printf("%s %s %s scope %u\n", each->ifa_name, address, mask, ((struct sockaddr_in6 *)each->ifa_addr)->sin6_scope_id);
  }
  freeifaddrs(all);
  struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG | AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *info = NULL;
  int result = getaddrinfo("::1", "80", &hints, &info);
  printf("getaddrinfo ::1: %s\n", result == 0 ? "ok" : gai_strerror(result));
  if (result == 0) freeaddrinfo(info);
  hints = (struct addrinfo){.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  result = getaddrinfo(NULL, "80", &hints, &info);
  for (struct addrinfo *each = result == 0 ? info : NULL; each != NULL; each = each->ai_next) printf("passive: family %d\n", each->ai_family);
  if (result == 0) freeaddrinfo(info);
  const char *files[] = {"/proc/net/if_inet6", "/proc/net/tcp6", "/proc/net/udp6", "/proc/sys/net/ipv6/conf/lo/disable_ipv6", "/proc/sys/net/ipv6/bindv6only"};
  int server = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 fixed = six("::", 47823);
  set(server, SOL_SOCKET, SO_REUSEADDR, 1);
  SHOW(bind(server, ADDRESS(fixed)));
  SHOW(listen(server, 1));
  for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
    FILE *file = fopen(files[i], "r");
    char line[300];
    printf("%s\n", files[i]);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
      if (strstr(line, " 06 0000") != NULL) continue; /* connections of before, in TIME_WAIT */
      char *uid = strstr(line, "00000000     0"); /* behind it are numbers of this run */
      if (uid != NULL) strcpy(uid, "\n");
      fputs(line, stdout);
    }
    if (file != NULL) fclose(file);
  }
  close(server);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && strcmp(argv[1], "alone") == 0 && !go_alone()) return 77;
  making();
  streams();
  ports();
  errors();
  datagrams();
  options();
  interfaces();
  return 0;
}
