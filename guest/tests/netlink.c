/* netlink(7): the loopback interface as getifaddrs(3) and raw requests see it, and mq_notify(3) with SIGEV_THREAD, which
   is told through a netlink socket. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  library();
  raw();
  queues();
  return 0;
}
