/* Signals that files send: O_ASYNC with owners and signals of all kinds, leases, F_NOTIFY. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static sigset_t io_signals;
static int rt;

/* Prints the signals that have come, or come soon. */
static void arrived(const char *after) {
  printf("%s:", after);
  siginfo_t info;
  for (int i = 0; i < 8; i++) {
    struct timespec patience = {0, i == 0 ? 200000000 : 0};
    int signal = sigtimedwait(&io_signals, &info, &patience);
    if (signal < 0) break;
    if (signal == SIGIO && info.si_code == SI_KERNEL) printf(" SIGIO");
    else printf(" %s code %d band %#lx fd %d", signal == rt ? "rt" : "SIGIO", info.si_code, info.si_band, info.si_fd);
  }
  printf("\n");
}

static void arguments(void) {
  SECTION("owners");
  int p[2];
  SHOW(pipe(p));
  SHOW(fcntl(p[0], F_GETOWN));
  SHOW(fcntl(p[0], F_SETOWN, getpid()));
  printf("own: %d\n", fcntl(p[0], F_GETOWN) == getpid());
  SHOW(fcntl(p[0], F_SETOWN, 999999));
  SHOW(fcntl(p[0], F_SETOWN, -999999));
  SHOW(fcntl(p[0], F_SETOWN, 0x80000000));
  struct f_owner_ex ex = {F_OWNER_PGRP, getpgrp()};
  SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
  printf("group: %d\n", fcntl(p[0], F_GETOWN) == -getpgrp());
  ex.type = 7;
  SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
  SHOW(fcntl(p[0], F_SETOWN_EX, (void *)8));
  ex.type = F_OWNER_TID, ex.pid = 999999;
  SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
  ex.pid = gettid();
  SHOW(fcntl(p[0], F_SETOWN_EX, &ex));
  ex.pid = 0;
  SHOW(fcntl(p[0], F_GETOWN_EX, &ex));
  printf("thread: %d\n", ex.type == F_OWNER_TID && ex.pid == gettid());
  unsigned ids[2] = {7, 7};
  SHOW(fcntl(p[0], 17, ids));
  printf("ids: %d\n", ids[0] == getuid() && ids[1] == geteuid());
  SHOW(fcntl(p[0], F_GETSIG));
  SHOW(fcntl(p[0], F_SETSIG, 65));
  SHOW(fcntl(p[0], F_SETSIG, -1));
  SHOW(fcntl(p[0], F_SETSIG, rt));
  printf("signal: %d\n", fcntl(p[0], F_GETSIG) == rt);
  SHOW(fcntl(p[0], F_SETOWN, 0));
  SHOW(fcntl(p[0], F_GETOWN));
  int on = 1, path = open("/", O_PATH);
  SHOW(fcntl(path, F_SETOWN, 0));
  int file = open("/proc/self/exe", O_RDONLY);
  SHOW(ioctl(file, FIOASYNC, &on));
  SHOW(fcntl(file, F_SETFL, O_ASYNC));
  printf("flag: %d\n", (fcntl(file, F_GETFL) & O_ASYNC) != 0);
  SHOW(ioctl(p[0], FIOSETOWN, &on));
  pid_t child = fork();
  if (child == 0) pause();
  SHOW(fcntl(p[0], F_SETOWN, child));
  signal_child(child, SIGKILL);
  wait(NULL);
  SHOW(fcntl(p[0], F_GETOWN));
  close(p[0]), close(p[1]), close(file), close(path);
}

static void pipes(void) {
  SECTION("pipe");
  int p[2];
  char buffer[70000] = {0};
  SHOW(pipe2(p, O_NONBLOCK));
  dup2(p[0], 40), dup2(p[1], 41);
  close(p[0]), close(p[1]);
  SHOW(fcntl(40, F_SETFL, O_ASYNC | O_NONBLOCK));
  SHOW(write(41, "a", 1));
  arrived("nobody owns it");
  fcntl(40, F_SETOWN, getpid());
  SHOW(write(41, "b", 1));
  arrived("a byte");
  SHOW(fcntl(40, F_SETSIG, rt));
  SHOW(write(41, "c", 1));
  arrived("another");
  SHOW(fcntl(40, F_SETSIG, SIGIO));
  SHOW(write(41, "d", 1));
  arrived("SIGIO with details");
  SHOW(read(40, buffer, 2));
  arrived("part is read");
  SHOW(fcntl(40, F_SETFL, O_NONBLOCK));
  SHOW(write(41, "e", 1));
  arrived("off");
  int on = 1;
  SHOW(ioctl(41, FIOASYNC, &on));
  printf("flag: %d\n", (fcntl(41, F_GETFL) & O_ASYNC) != 0);
  fcntl(41, F_SETOWN, getpid());
  fcntl(41, F_SETSIG, rt);
  while (write(41, buffer, 4096) > 0) continue;
  arrived("full");
  SHOW(read(40, buffer, sizeof buffer) > 60000);
  arrived("room");
  fcntl(40, F_SETFL, O_ASYNC | O_NONBLOCK);
  close(41);
  arrived("writer gone");
  close(40);
}

static void sockets(void) {
  SECTION("sockets");
  int s[2], on = 1, owner = getpid();
  char c[8];
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
  dup2(s[0], 40), dup2(s[1], 41);
  close(s[0]), close(s[1]);
  SHOW(ioctl(40, FIOSETOWN, &owner));
  SHOW(ioctl(40, FIOASYNC, &on));
  fcntl(40, F_SETSIG, rt);
  SHOW(write(41, "a", 1));
  arrived("stream");
  SHOW(read(40, c, sizeof c));
  arrived("read");
  owner = 0;
  SHOW(ioctl(40, FIOGETOWN, &owner));
  printf("owner: %d\n", owner == getpid());
  close(41);
  arrived("closed");
  close(40);
  SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
  fcntl(s[0], F_SETOWN, getpid());
  fcntl(s[0], F_SETFL, O_ASYNC);
  SHOW(write(s[1], "hello", 5));
  arrived("datagram");
  close(s[0]), close(s[1]);
}

static void urgent(void) {
  SECTION("urgent bytes");
  int listening = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof to;
  SHOW(bind(listening, (struct sockaddr *)&to, size));
  getsockname(listening, (struct sockaddr *)&to, &size);
  SHOW(listen(listening, 1));
  SHOW(connect(client, (struct sockaddr *)&to, size));
  int server = accept(listening, NULL, NULL);
  fcntl(server, F_SETOWN, getpid());
  SHOW(send(client, "a", 1, 0));
  SHOW(send(client, "!", 1, MSG_OOB));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGURG);
  siginfo_t info;
  SHOW(sigwaitinfo(&set, &info));
  printf("code %#x\n", info.si_code);
  close(server), close(client), close(listening);
}

static void terminal(void) {
  SECTION("terminal");
  int master, slave;
  SHOW(openpty(&master, &slave, NULL, NULL, NULL));
  dup2(slave, 42);
  SHOW(fcntl(42, F_SETFL, O_ASYNC | O_RDWR));
  printf("owner is set: %d\n", fcntl(42, F_GETOWN) == getpid());
  fcntl(42, F_SETSIG, rt);
  SHOW(write(master, "line\n", 5));
  arrived("a line");
  close(42), close(slave), close(master);
}

static void groups(void) {
  SECTION("group");
  int p[2], told[2];
  if (pipe(p) || pipe(told)) abort();
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    if (write(told[1], "r", 1) != 1) abort();
    siginfo_t info;
    _exit(sigwaitinfo(&io_signals, &info) == SIGIO);
  }
  char c;
  if (read(told[0], &c, 1) != 1) abort();
  SHOW(fcntl(p[0], F_SETOWN, -child));
  fcntl(p[0], F_SETFL, O_ASYNC);
  SHOW(write(p[1], "x", 1));
  int status;
  wait(&status);
  printf("child hears %d\n", WEXITSTATUS(status));
  arrived("not the parent");
  close(p[0]), close(p[1]), close(told[0]), close(told[1]);
}

static void signal_descriptor(void) {
  SECTION("signalfd");
  int p[2], fd = signalfd(-1, &io_signals, 0);
  SHOW(pipe(p));
  dup2(p[0], 40);
  fcntl(40, F_SETOWN, getpid());
  fcntl(40, F_SETSIG, rt);
  fcntl(40, F_SETFL, O_ASYNC);
  SHOW(write(p[1], "x", 1));
  struct signalfd_siginfo info;
  if (read(fd, &info, sizeof info) != sizeof info) abort();
  printf("rt %d fd %d band %#x code %d\n", info.ssi_signo == (unsigned)rt, info.ssi_fd, info.ssi_band, info.ssi_code);
  close(fd), close(40), close(p[0]), close(p[1]);
}

static void ignored(int signal) { (void)signal; }

static void leases(const char *folder) {
  SECTION("leases");
  char path[300];
  snprintf(path, sizeof path, "%s/leased", folder);
  int writer = open(path, O_RDWR | O_CREAT, 0600);
  SHOW(fcntl(writer, F_GETLEASE));
  SHOW(fcntl(writer, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(writer, F_SETLEASE, 9));
  SHOW(fcntl(writer, F_SETLEASE, F_UNLCK));
  SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
  SHOW(fcntl(writer, F_GETLEASE));
  SHOW(open(path, O_RDONLY | O_NONBLOCK));
  arrived("opened for reading");
  SHOW(fcntl(writer, F_GETLEASE));
  SHOW(open(path, O_RDONLY | O_NONBLOCK));
  arrived("again");
  SHOW(fcntl(writer, F_SETLEASE, F_UNLCK));
  int reader = open(path, O_RDONLY | O_NONBLOCK);
  SHOW_OK(reader);
  SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
  SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
  close(writer);
  SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
  dup2(reader, 40), close(reader);
  fcntl(40, F_SETSIG, rt);
  int other = open(path, O_RDONLY);
  SHOW(fcntl(other, F_SETLEASE, F_RDLCK));
  SHOW(fcntl(other, F_SETLEASE, F_WRLCK));
  close(other);
  arrived("reading breaks nothing");
  pid_t child = fork();
  if (child == 0) {
    close(40);
    _exit(open(path, O_WRONLY) >= 0); /* says so by its status: who of the two goes on first is nobody's promise */
  }
  arrived("opened for writing");
  SHOW(fcntl(40, F_GETLEASE));
  SHOW(waitpid(child, NULL, WNOHANG));
  SHOW(fcntl(40, F_SETLEASE, F_UNLCK));
  int status;
  SHOW(waitpid(child, &status, 0) == child);
  printf("child has opened it: %d\n", WEXITSTATUS(status));
  SHOW(fcntl(40, F_SETLEASE, F_RDLCK));
  child = fork();
  if (child == 0) {
    close(40);
    printf("child has truncated it: %d\n", truncate(path, 3));
    exit(0);
  }
  arrived("truncated");
  close(40);
  SHOW(waitpid(child, NULL, 0) == child);
  /* A signal ends the wait of who opens it. */
  int held = open(path, O_RDONLY);
  SHOW(fcntl(held, F_SETLEASE, F_RDLCK));
  child = fork();
  if (child == 0) {
    close(held);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = ignored}, NULL);
    alarm(1);
    SHOW(open(path, O_WRONLY));
    exit(0);
  }
  arrived("held");
  SHOW(waitpid(child, NULL, 0) == child);
  close(held);
  /* Who does nothing is given up on. */
  int patience = open("/proc/sys/fs/lease-break-time", O_RDWR);
  char seconds[16] = {0};
  if (read(patience, seconds, sizeof seconds - 1) < 1) abort();
  printf("patience %s", seconds);
  if (pwrite(patience, "1", 1, 0) == 1) {
    int holder = open(path, O_RDWR);
    SHOW(fcntl(holder, F_SETLEASE, F_WRLCK));
    child = fork();
    if (child == 0) {
      close(holder);
      printf("child reads it: %d\n", open(path, O_RDONLY) >= 0);
      exit(0);
    }
    arrived("asked");
    waitpid(child, NULL, 0);
    SHOW(fcntl(holder, F_GETLEASE));
    if (pwrite(patience, seconds, strlen(seconds), 0) < 1) abort();
    close(holder);
  }
  close(patience);
  int directory = open(folder, O_RDONLY), p[2];
  SHOW(fcntl(directory, F_SETLEASE, F_RDLCK) < 0);
  close(directory);
  if (pipe(p)) abort();
  SHOW(fcntl(p[0], F_SETLEASE, F_RDLCK));
  close(p[0]), close(p[1]);
  unlink(path);
}

static void directory_notices(const char *folder) {
  SECTION("F_NOTIFY");
  char path[300], other[310];
  snprintf(path, sizeof path, "%s/notified", folder);
  SHOW(mkdir(path, 0700));
  int fd = open(path, O_RDONLY);
  dup2(fd, 40), close(fd);
  int file = open("/proc/self/exe", O_RDONLY);
  SHOW(fcntl(file, F_NOTIFY, DN_CREATE));
  close(file);
  SHOW(fcntl(40, F_SETSIG, rt));
  SHOW(fcntl(40, F_NOTIFY, DN_CREATE | DN_DELETE));
  snprintf(other, sizeof other, "%s/a", path);
  fd = open(other, O_CREAT | O_RDWR, 0600);
  arrived("created");
  close(open("/dev/null", O_RDONLY));
  snprintf(path, sizeof path, "%s/notified/b", folder);
  close(open(path, O_CREAT | O_RDWR, 0600));
  arrived("created again");
  unlink(path);
  arrived("removed");
  SHOW(fcntl(40, F_NOTIFY, DN_MODIFY | DN_ATTRIB | DN_ACCESS | DN_RENAME | DN_MULTISHOT));
  SHOW(write(fd, "x", 1));
  arrived("written");
  SHOW(write(fd, "x", 1));
  arrived("again");
  char c;
  SHOW(pread(fd, &c, 1, 0));
  arrived("read");
  SHOW(fchmod(fd, 0400));
  arrived("chmod");
  SHOW(rename(other, path));
  arrived("renamed");
  SHOW(fcntl(40, F_NOTIFY, 0));
  SHOW(write(fd, "x", 1));
  arrived("over");
  SHOW(fcntl(40, F_NOTIFY, DN_MODIFY));
  close(40);
  SHOW(write(fd, "x", 1));
  arrived("closed");
  close(fd);
  unlink(path);
  snprintf(path, sizeof path, "%s/notified", folder);
  rmdir(path);
}

/* Each message is told, read in between or not. */
static void one_by_one(const char *what, int reader, int writer) {
  char text[16];
  fcntl(reader, F_SETOWN, getpid());
  fcntl(reader, F_SETFL, O_ASYNC | O_NONBLOCK);
  printf("%s\n", what);
  for (int i = 0; i < 4; i++) {
    if (write(writer, "x", 1) != 1) printf("not written\n");
    arrived("  written");
    if (i % 2) SHOW(read(reader, text, 1));
  }
  while (read(reader, text, sizeof text) > 0) {}
  if (write(writer, "x", 1) != 1) printf("not written\n");
  arrived("  written to what was empty");
  close(reader);
  close(writer);
}

static void each_message(void) {
  SECTION("each message");
  int p[2];
  if (pipe(p) == 0) one_by_one("pipe", p[0], p[1]);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0) one_by_one("stream", p[0], p[1]);
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0) one_by_one("datagrams", p[0], p[1]);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p) == 0) one_by_one("sequenced packets", p[0], p[1]);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int reader = socket(AF_INET, SOCK_DGRAM, 0), writer = socket(AF_INET, SOCK_DGRAM, 0);
  bind(reader, (void *)&at, sizeof at);
  getsockname(reader, (void *)&at, &length);
  connect(writer, (void *)&at, sizeof at);
  one_by_one("UDP", reader, writer);
}

int main(int argc, char **argv) {
  char folder[256];
  snprintf(folder, sizeof folder, "%s/io-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (mkdtemp(folder) == NULL) return 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  rt = SIGRTMIN + 2;
  sigemptyset(&io_signals);
  sigaddset(&io_signals, SIGIO);
  sigaddset(&io_signals, rt);
  sigset_t urgent_too = io_signals;
  sigaddset(&urgent_too, SIGURG);
  sigprocmask(SIG_BLOCK, &urgent_too, NULL);
  arguments();
  pipes();
  sockets();
  each_message();
  urgent();
  terminal();
  groups();
  signal_descriptor();
  leases(folder);
  directory_notices(folder);
  rmdir(folder);
  return 0;
}
