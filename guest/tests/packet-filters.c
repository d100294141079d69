/* SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER and SO_GET_FILTER; SO_PEERGROUPS and SO_MEMINFO. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <grp.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static long attach(int s, struct sock_filter *filter, int length) {
  struct sock_fprog program = {length, filter};
  return setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
#define ATTACH(s, ...)                                                                             \
  do {                                                                                             \
    struct sock_filter filter_[] = {__VA_ARGS__};                                                  \
    show("attach " #__VA_ARGS__, (errno = 0, attach(s, filter_, sizeof filter_ / sizeof *filter_))); \
  } while (0)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

static int one = 1;
static void detach(int s) { SHOW(setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof one)); }

/* Sends each word from a to b, and tells what comes. */
static void pass(int a, int b) {
  const char *words[] = {"allowed", "refused", "a", "", "allowed again"};
  for (int i = 0; i < 5; i++) {
    ssize_t sent = send(a, words[i], strlen(words[i]), 0);
    if (sent != (ssize_t)strlen(words[i])) printf("  sent %zd\n", sent);
  }
  char text[64];
  ssize_t count;
  while ((count = recv(b, text, sizeof text, MSG_DONTWAIT)) >= 0) printf("  \"%.*s\"\n", (int)count, text);
}

/* Datagrams whose first byte, at `offset`, is an a, cut to `most` bytes. */
#define FIRST_IS_A(offset, most)                                                                 \
  BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'a', 0, 1), RETURN(most), RETURN(0)

static void unix_datagrams(void) {
  int s[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
  pass(s[0], s[1]);
  ATTACH(s[1], FIRST_IS_A(0, 100)); pass(s[0], s[1]);
  ATTACH(s[1], FIRST_IS_A(0, 3)); pass(s[0], s[1]);
  ATTACH(s[1], RETURN(0)); pass(s[0], s[1]);
  ATTACH(s[1], BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 1), RETURN(-1), RETURN(0));
  pass(s[0], s[1]);
  detach(s[1]), pass(s[0], s[1]);
  detach(s[1]);
  close(s[0]), close(s[1]);
}

static void udp(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof to;
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  bind(b, (struct sockaddr *)&to, sizeof to), getsockname(b, (struct sockaddr *)&to, &length);
  connect(a, (struct sockaddr *)&to, sizeof to);
  ATTACH(b, FIRST_IS_A(8, 100)); pass(a, b);
  ATTACH(b, FIRST_IS_A(8, 10)); pass(a, b);
  ATTACH(b, FIRST_IS_A(8, 1)); pass(a, b);
  /* The header: both ports and the length. */
  ATTACH(b, BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(to.sin_port), 0, 3),
         BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 15, 0, 1), RETURN(-1), RETURN(0));
  pass(a, b);
  /* Protocol and kind of the packet. */
  ATTACH(b, BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 1), RETURN(-1), RETURN(0));
  pass(a, b);
  ATTACH(b, BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 6), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 2), BPF_STMT(BPF_RET | BPF_A, 0));
  pass(a, b);
  close(a), close(b);
}

static void locked(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), value = -1, zero = 0;
  socklen_t length = sizeof value;
  struct sock_filter got[8];
  SHOW(getsockopt(s, SOL_SOCKET, SO_LOCK_FILTER, &value, &length)), printf("%d\n", value);
  length = 0, SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, NULL, &length)), printf("%d\n", length);
  ATTACH(s, FIRST_IS_A(0, 100));
  length = 0, SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, NULL, &length)), printf("%d\n", length);
  length = 3, SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, got, &length));
  length = 8, SHOW(getsockopt(s, SOL_SOCKET, SO_GET_FILTER, got, &length)), printf("%d\n", length);
  for (unsigned i = 0; i < length; i++) printf("  %x %d %d %x\n", got[i].code, got[i].jt, got[i].jf, got[i].k);
  SHOW(setsockopt(s, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof zero));
  SHOW(setsockopt(s, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one));
  length = sizeof value, SHOW(getsockopt(s, SOL_SOCKET, SO_LOCK_FILTER, &value, &length)), printf("%d\n", value);
  SHOW(setsockopt(s, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof zero));
  ATTACH(s, RETURN(0));
  detach(s);
  close(s);
}

static void refused(void) {
  int s = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct sock_filter filter[] = {RETURN(1)};
  struct sock_fprog program = {1, filter}, bad = {1, (void *)8};
  SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program - 1));
  SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, NULL, sizeof program));
  SHOW(setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &bad, sizeof bad));
  SHOW(attach(s, filter, 0));
  SHOW(attach(s, filter, 4097));
  ATTACH(s, BPF_STMT(BPF_LD | BPF_IMM, 1));
  ATTACH(s, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(1));
  ATTACH(s, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 1), RETURN(1));
  SHOW(setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, &one, 3));
  SHOW(setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, NULL, 4));
  close(s);
}

static void groups(void) {
  int s[2], tcp = socket(AF_INET, SOCK_STREAM, 0);
  gid_t own[] = {7, 3000, 5}, got[8] = {0};
  if (setgroups(3, own) != 0) return;
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  setgroups(0, NULL);
  socklen_t length = sizeof got;
  SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, &length));
  printf("%d: %d %d %d\n", length, got[0], got[1], got[2]);
  length = 4, SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, &length)), printf("%d\n", length);
  SHOW(getsockopt(tcp, SOL_SOCKET, SO_PEERGROUPS, got, &length));
  unsigned memory[9] = {0};
  length = sizeof memory, SHOW(getsockopt(tcp, SOL_SOCKET, SO_MEMINFO, memory, &length)), printf("%d\n", length);
  length = 6, SHOW(getsockopt(tcp, SOL_SOCKET, SO_MEMINFO, memory, &length)), printf("%d\n", length);
  setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "reno", 4); /* which has nothing to tell */
  length = 20, SHOW(getsockopt(tcp, IPPROTO_TCP, TCP_CC_INFO, got, &length)), printf("%d\n", length);
  int buffer;
  length = sizeof buffer, getsockopt(tcp, SOL_SOCKET, SO_RCVBUF, &buffer, &length);
  printf("same limit %d\n", memory[1] == (unsigned)buffer);
  close(s[0]), close(s[1]), close(tcp);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  SECTION("Unix datagrams"), unix_datagrams();
  SECTION("UDP"), udp();
  SECTION("locked"), locked();
  SECTION("refused"), refused();
  SECTION("groups of the peer"), groups();
  return 0;
}
