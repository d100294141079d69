/* netlink(7): the loopback interface as getifaddrs(3) and raw requests see it, and mq_notify(3) with SIGEV_THREAD, which
   is told through a netlink socket. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <mqueue.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "show.h"

static void library(void) {
  SECTION("getifaddrs");
  struct ifaddrs *all = NULL;
  SHOW(getifaddrs(&all));
  for (struct ifaddrs *each = all; each != NULL; each = each->ifa_next) {
    if (strcmp(each->ifa_name, "lo") != 0 || each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET) continue;
    char address[20], mask[20];
    inet_ntop(AF_INET, &((struct sockaddr_in *)each->ifa_addr)->sin_addr, address, sizeof address);
    inet_ntop(AF_INET, &((struct sockaddr_in *)each->ifa_netmask)->sin_addr, mask, sizeof mask);
    printf("lo %s %s, loopback %d up %d\n", address, mask, (each->ifa_flags & IFF_LOOPBACK) != 0, (each->ifa_flags & IFF_UP) != 0);
  }
  freeifaddrs(all);
  struct if_nameindex *names = if_nameindex();
  int found = 0;
  for (struct if_nameindex *each = names; each != NULL && each->if_index != 0; each++) found += strcmp(each->if_name, "lo") == 0 && each->if_index == 1;
  printf("lo is 1: %d, %d\n", found, if_nametoindex("lo"));
  char name[IF_NAMESIZE] = "";
  puts(if_indextoname(1, name) == NULL ? strerrorname_np(errno) : name);
  puts(if_indextoname(1234567, name) == NULL ? strerrorname_np(errno) : name);
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *info = NULL;
  SHOW(getaddrinfo("127.0.0.1", "80", &hints, &info));
  freeaddrinfo(info);
}

static int ask(int fd, int type, int flags, int family) {
  struct { struct nlmsghdr head; struct rtgenmsg body; } request = {{sizeof request, type, NLM_F_REQUEST | flags, 77, 0}, {family}};
  return sendto(fd, &request, sizeof request, 0, NULL, 0) == sizeof request;
}

static void raw(void) {
  SECTION("requests");
  SHOW(socket(AF_NETLINK, SOCK_STREAM, 0));
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), second = socket(AF_NETLINK, SOCK_DGRAM, 0);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK}, own, from;
  socklen_t length = sizeof own;
  SHOW(getsockname(fd, (void *)&own, &length));
  printf("%u bytes, id %u\n", length, own.nl_pid);
  SHOW(bind(fd, (void *)&address, sizeof address));
  SHOW(bind(fd, (void *)&address, 4));
  SHOW(bind(second, (void *)&address, sizeof address));
  getsockname(fd, (void *)&own, &length);
  printf("family %d, own id %d\n", own.nl_family, own.nl_pid == (unsigned)getpid());
  getsockname(second, (void *)&own, &length);
  printf("another id %d\n", own.nl_pid != (unsigned)getpid() && own.nl_pid != 0);
  static char buffer[65536];
  printf("asked %d\n", ask(fd, RTM_GETADDR, NLM_F_DUMP, AF_INET));
  int messages = 0, loopback = 0, done = 0, wrong = 0;
  while (!done) {
    length = sizeof from;
    long n = recvfrom(fd, buffer, sizeof buffer, 0, (void *)&from, &length);
    if (n <= 0 || from.nl_pid != 0) break;
    for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
      wrong += m->nlmsg_seq != 77 || m->nlmsg_pid != (unsigned)getpid();
      if (m->nlmsg_type == NLMSG_DONE) done = 1;
      if (m->nlmsg_type != RTM_NEWADDR) continue;
      struct ifaddrmsg *body = NLMSG_DATA(m);
      messages++;
      long left = IFA_PAYLOAD(m);
      for (struct rtattr *a = IFA_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left))
        loopback += a->rta_type == IFA_LOCAL && body->ifa_index == 1 && *(uint32_t *)RTA_DATA(a) == htonl(INADDR_LOOPBACK);
    }
  }
  printf("addresses %d, loopback %d, done %d, wrong %d\n", messages > 0, loopback, done, wrong);
  SHOW(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
  struct pollfd p = {fd, POLLIN, 0};
  SHOW(poll(&p, 1, 0));
  ask(fd, RTM_GETLINK, NLM_F_DUMP, AF_PACKET);
  SHOW(poll(&p, 1, 1000));
  long whole = recv(fd, buffer, 8, MSG_PEEK | MSG_TRUNC);
  printf("peeked %d\n", whole > 32);
  static char much[1 << 20];
  SHOW(send(fd, much, sizeof much, 0));
  SHOW(listen(fd, 1));
  SHOW(shutdown(fd, SHUT_RD));
  close(fd), close(second);
}

static volatile int told;
static void on_message(union sigval value) { told = value.sival_int; }
static void until_told(int wanted) {
  for (int i = 0; i < 2000 && told != wanted; i++) usleep(1000);
  printf("told %d\n", told == wanted), told = 0;
}

static void queues(void) {
  SECTION("mq_notify, SIGEV_THREAD");
  char name[40], text[100];
  sprintf(name, "/netlink-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 100};
  mqd_t queue = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_message, .sigev_value.sival_int = 5};
  SHOW(mq_notify(queue, &event));
  SHOW(mq_notify(queue, &event));
  SHOW(mq_send(queue, "one", 3, 0));
  until_told(5);
  SHOW(mq_receive(queue, text, sizeof text, NULL));
  event.sigev_value.sival_int = 6;
  SHOW(mq_notify(queue, &event));
  SHOW(mq_notify(queue, NULL));
  SHOW(mq_send(queue, "two", 3, 0));
  usleep(5000);
  printf("told %d\n", told);
  SHOW(mq_receive(queue, text, sizeof text, NULL));
  event.sigev_value.sival_int = 7;
  SHOW(mq_notify(queue, &event));
  SHOW(mq_send(queue, "three", 5, 0));
  until_told(7);
  SHOW(mq_close(queue));
  SHOW(mq_unlink(name));
}

/* The answers to a dump, each entry given to `look`. */
static void entries(int fd, void (*look)(struct nlmsghdr *)) {
  static char buffer[65536];
  for (;;) {
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) return;
    for (struct nlmsghdr *head = (void *)buffer; NLMSG_OK(head, count); head = NLMSG_NEXT(head, count)) {
      if (head->nlmsg_type == NLMSG_DONE) return;
      if (head->nlmsg_type == NLMSG_ERROR) {
        printf("error %s\n", strerrorname_np(-((struct nlmsgerr *)NLMSG_DATA(head))->error));
        return;
      }
      look(head);
    }
  }
}

static unsigned own_port;
static ino_t own_inode, own_peer;

static void look_inet(struct nlmsghdr *head) {
  struct inet_diag_msg *found = NLMSG_DATA(head);
  if (ntohs(found->id.idiag_sport) != own_port && ntohs(found->id.idiag_dport) != own_port) return;
  printf("family %d state %d, port is ours: %d, peer is ours: %d, at %08x, queues %u %u, uid %d, inode is ours: %d\n",
         found->idiag_family, found->idiag_state, ntohs(found->id.idiag_sport) == own_port,
         ntohs(found->id.idiag_dport) == own_port, ntohl(found->id.idiag_src[0]), found->idiag_rqueue,
         found->idiag_wqueue, found->idiag_uid == getuid(), found->idiag_inode == own_inode);
}

static void look_unix(struct nlmsghdr *head) {
  struct unix_diag_msg *found = NLMSG_DATA(head);
  if (found->udiag_ino != own_inode) return;
  printf("type %d state %d", found->udiag_type, found->udiag_state);
  int length = head->nlmsg_len - NLMSG_LENGTH(sizeof *found);
  for (struct rtattr *each = (void *)(found + 1); RTA_OK(each, length); each = RTA_NEXT(each, length)) {
    const __u32 *words = RTA_DATA(each);
    if (each->rta_type == UNIX_DIAG_NAME) printf(", name %.*s", (int)RTA_PAYLOAD(each) - 1, (char *)RTA_DATA(each) + 1);
    if (each->rta_type == UNIX_DIAG_PEER) printf(", peer is ours: %d", words[0] == own_peer);
    if (each->rta_type == UNIX_DIAG_RQLEN) printf(", queues %u %u", words[0], words[1]);
  }
  puts("");
}

static void ask_inet(int fd, int family, int protocol, unsigned states) {
  struct { struct nlmsghdr head; struct inet_diag_req_v2 body; } request = {
    {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 5, 0},
    {.sdiag_family = family, .sdiag_protocol = protocol, .idiag_states = states}};
  send(fd, &request, sizeof request, 0);
  entries(fd, look_inet);
}

static void ask_unix(int fd, unsigned states) {
  struct { struct nlmsghdr head; struct unix_diag_req body; } request = {
    {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 6, 0},
    {.sdiag_family = AF_UNIX, .udiag_states = states,
     .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN}};
  send(fd, &request, sizeof request, 0);
  entries(fd, look_unix);
}

static ino_t inode_of(int fd) {
  struct stat attributes;
  fstat(fd, &attributes);
  return attributes.st_ino;
}

/* What ss(8) asks. Ends with 77 where Linux has no modules for it. */
static int diag(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), one = 1;
  if (fd < 0) return 77;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  bind(listener, (void *)&at, sizeof at);
  listen(listener, 5);
  getsockname(listener, (void *)&at, &length);
  own_port = ntohs(at.sin_port);
  own_inode = inode_of(listener);
  struct { struct nlmsghdr head; struct inet_diag_req_v2 body; } exact = {
    {sizeof exact, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_ACK, 4, 0},
    {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u, .id = {.idiag_cookie = {~0u, ~0u}}}};
  exact.body.id.idiag_sport = at.sin_port;
  exact.body.id.idiag_src[0] = at.sin_addr.s_addr;
  send(fd, &exact, sizeof exact, 0);
  char answer[4096];
  recv(fd, answer, sizeof answer, 0);
  struct nlmsghdr *head = (void *)answer;
  if (head->nlmsg_type == NLMSG_ERROR) return 77;
  SECTION("one");
  look_inet(head);
  recv(fd, answer, sizeof answer, 0);
  SECTION("listening");
  ask_inet(fd, AF_INET, IPPROTO_TCP, 1 << 10);
  SECTION("connected");
  int client = socket(AF_INET, SOCK_STREAM, 0);
  connect(client, (void *)&at, sizeof at);
  ask_inet(fd, AF_INET, IPPROTO_TCP, 1 << 10);
  own_inode = inode_of(client);
  int served = accept(listener, NULL, NULL);
  if (write(client, "four", 4) != 4) return 1;
  ask_inet(fd, AF_INET, IPPROTO_TCP, 1 << 10);
  close(served), close(client), close(listener);
  SECTION("datagrams");
  int datagram = socket(AF_INET, SOCK_DGRAM, 0);
  at.sin_port = 0;
  bind(datagram, (void *)&at, sizeof at);
  getsockname(datagram, (void *)&at, &length);
  own_port = ntohs(at.sin_port);
  own_inode = inode_of(datagram);
  ask_inet(fd, AF_INET, IPPROTO_UDP, ~0u);
  ask_inet(fd, AF_INET6, IPPROTO_UDP, ~0u);
  SECTION("unix");
  int named = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path + 1, 40, "netlink-test-%d", 7);
  bind(named, (void *)&name, sizeof name.sun_family + 1 + strlen(name.sun_path + 1));
  listen(named, 3);
  own_inode = inode_of(named);
  ask_unix(fd, 1 << 10);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
  own_inode = inode_of(pair[0]), own_peer = inode_of(pair[1]);
  ask_unix(fd, 1 << 1);
  SECTION("options");
  SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one));
  SHOW(setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one));
  int value = -1;
  length = sizeof value;
  SHOW(getsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, &length));
  printf("%d\n", value);
  SHOW(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &length));
  printf("%d\n", value);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1) return argv[1][0] == 'd' ? diag() : 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  library();
  raw();
  queues();
  return 0;
}
