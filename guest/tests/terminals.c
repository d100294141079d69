/* Pseudo-terminals, sessions, job control: pty(7), credentials(7), tcsetpgrp(3), SIGTTIN, SIGTTOU, SIGHUP. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "show.h"

static volatile sig_atomic_t caught;
static void on_signal(int s) { caught = s; }

static void drain(int fd) {
  char text[500];
  struct pollfd p = {fd, POLLIN, 0};
  ssize_t total = 0;
  while (poll(&p, 1, 100) == 1 && (p.revents & POLLIN)) {
    ssize_t n = read(fd, text + total, sizeof text - 1 - total);
    if (n <= 0) break;
    total += n;
  }
  text[total] = 0;
  printf("master reads %zd:", total);
  for (ssize_t i = 0; i < total; i++) printf(text[i] < 32 || text[i] > 126 ? " %d" : " %c", text[i]);
  printf("\n");
}

static void basics(void) {
  SECTION("pty");
  int m = posix_openpt(O_RDWR | O_NOCTTY);
  SHOW(grantpt(m));
  char name[100];
  SHOW(ptsname_r(m, name, sizeof name));
  SHOW(open(name, O_RDWR | O_NOCTTY));
  SHOW(unlockpt(m));
  int s = open(name, O_RDWR | O_NOCTTY);
  printf("opened %d, isatty %d %d\n", s >= 0, isatty(s), isatty(m));
  char own[100];
  SHOW(ttyname_r(s, own, sizeof own));
  SHOW(strcmp(own, name));
  SHOW(write(m, "abc\x7f\x7f" "d\n", 7));
  char text[100] = {0};
  SHOW(read(s, text, sizeof text));
  printf("slave reads %s", text);
  drain(m);
  SHOW(write(s, "one\ntwo", 7));
  drain(m);
  struct winsize w = {24, 80, 0, 0}, got = {0};
  SHOW(ioctl(m, TIOCSWINSZ, &w));
  SHOW(ioctl(s, TIOCGWINSZ, &got));
  printf("%d x %d\n", got.ws_row, got.ws_col);
  struct termios t;
  SHOW(tcgetattr(s, &t));
  cfmakeraw(&t);
  SHOW(tcsetattr(s, TCSANOW, &t));
  SHOW(write(m, "x\3y", 3));
  memset(text, 0, sizeof text);
  SHOW(read(s, text, sizeof text));
  printf("raw: %d %d %d\n", text[0], text[1], text[2]);
  int bytes;
  write(m, "four", 4);
  usleep(20000);
  SHOW(ioctl(s, FIONREAD, &bytes));
  printf("%d\n", bytes);
  SHOW(tcflush(s, TCIFLUSH));
  SHOW(ioctl(s, FIONREAD, &bytes));
  printf("%d\n", bytes);
  int peer = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  printf("peer %d\n", isatty(peer));
  close(peer);
  SHOW(tcgetpgrp(s));
  SHOW(ioctl(s, TIOCNOTTY));
  close(s);
  struct pollfd p = {m, POLLIN, 0};
  SHOW(poll(&p, 1, 0));
  printf("revents %#x\n", p.revents);
  SHOW(read(m, text, 1));
  SHOW(write(m, text, 1));
  s = open(name, O_RDWR | O_NOCTTY);
  SHOW(poll(&p, 1, 0));
  close(m);
  SHOW(read(s, text, 1));
  SHOW(write(s, text, 1));
  p.fd = s;
  SHOW(poll(&p, 1, 0));
  printf("revents %#x\n", p.revents);
  close(s);
  SHOW(open(name, O_RDWR | O_NOCTTY));
}

/* Runs in a session of its own with the slave as terminal; what it prints goes to the original stdout. */
static FILE *out;
#define SAY(...) (fprintf(out, __VA_ARGS__), fflush(out))

static int background(int (*work)(void)) {
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    _exit(work());
  }
  setpgid(child, child);
  int status;
  waitpid(child, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) {
    SAY("ended %#x\n", status);
    return 0;
  }
  SAY("stopped by %s\n", sigabbrev_np(WSTOPSIG(status)));
  tcsetpgrp(0, child);
  kill(-child, SIGCONT);
  waitpid(child, &status, WUNTRACED);
  SAY("then %#x\n", status);
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(0, getpgrp());
  signal(SIGTTOU, SIG_DFL);
  return child;
}

static int reads(void) {
  char c = 0;
  ssize_t n = read(0, &c, 1);
  return n == 1 ? c : 100 + errno;
}
static int reads_blocked(void) {
  signal(SIGTTIN, SIG_IGN);
  return reads();
}
static int changes(void) {
  struct termios t;
  tcgetattr(0, &t);
  return tcsetattr(0, TCSANOW, &t) == 0 ? 1 : 100 + errno;
}
static int changes_blocked(void) {
  signal(SIGTTOU, SIG_IGN);
  return changes();
}
static int writes(void) { return write(1, "w", 1) == 1 ? 2 : 100 + errno; }
static int sets_group(void) { return tcsetpgrp(0, getpgrp()) == 0 ? 3 : 100 + errno; }

/* A pipeline whose first program, the group's leader, has ended before the second one comes. */
static void ended_leader(void) {
  pid_t leader = fork();
  if (leader == 0) _exit(0);
  setpgid(leader, leader);
  siginfo_t info;
  waitid(P_PID, leader, &info, WEXITED | WNOWAIT);
  pid_t other = fork();
  if (other == 0) {
    signal(SIGTTOU, SIG_IGN);
    int joined = setpgid(0, leader), in_front = tcsetpgrp(0, leader);
    SAY("joins the leader that ended: %d, %d, in front: %d\n", joined, getpgrp() == leader, in_front);
    _exit(tcgetpgrp(0) == leader);
  }
  int status;
  waitpid(other, &status, 0);
  signal(SIGTTOU, SIG_IGN);
  SAY("front %#x, nobody is left: %d", status, tcsetpgrp(0, leader));
  SAY(" %d\n", kill(-leader, 0));
  waitpid(leader, NULL, 0);
  SAY("nor waited for: %d", tcsetpgrp(0, leader));
  SAY(" %s\n", strerrorname_np(errno));
  tcsetpgrp(0, getpgrp());
  signal(SIGTTOU, SIG_DFL);
}

static int session(void) {
  SAY("leader %d, group in front %d\n", getsid(0) == getpid(), tcgetpgrp(0) == getpgrp());
  SAY("tcgetsid %d\n", tcgetsid(0) == getpid());
  SAY("setsid %s\n", setsid() == -1 ? strerrorname_np(errno) : "ok");
  SAY("setpgid %s\n", setpgid(0, 0) == -1 ? strerrorname_np(errno) : "ok");
  int tty = open("/dev/tty", O_RDWR);
  SAY("/dev/tty %d\n", isatty(tty));
  close(tty);
  SAY("tcsetpgrp of nobody: %s\n", tcsetpgrp(0, 99999) == -1 ? strerrorname_np(errno) : "ok");
  ended_leader();
  background(reads);
  background(reads_blocked);
  background(changes);
  background(changes_blocked);
  background(sets_group);
  background(writes);
  struct termios t;
  tcgetattr(0, &t);
  t.c_lflag |= TOSTOP;
  tcsetattr(0, TCSANOW, &t);
  background(writes);
  t.c_lflag &= ~TOSTOP;
  tcsetattr(0, TCSANOW, &t);
  signal(SIGWINCH, on_signal);
  SAY("ready\n");
  while (caught != SIGWINCH) usleep(1000);
  SAY("window changed\n");
  signal(SIGINT, on_signal);
  SAY("ready\n");
  while (caught != SIGINT) usleep(1000);
  SAY("interrupted\n");
  /* who has another terminal, or none, reads without asking: tmux's server does */
  int free_tty = open("/dev/tty", O_RDWR | O_NONBLOCK);
  if (fork() == 0) {
    char c;
    setsid();
    SAY("another session reads: %s\n", read(free_tty, &c, 1) < 0 ? strerrorname_np(errno) : "something");
    _exit(0);
  }
  wait(NULL);
  close(free_tty);
  /* an orphaned group that reads in the background gets EIO */
  int p[2];
  pipe(p);
  if (fork() == 0) {
    if (fork() == 0) {
      setpgid(0, 0);
      while (getppid() != 1) usleep(1000);
      SAY("orphan reads: %d\n", reads() - 100 == EIO);
      write(p[1], "x", 1);
      _exit(0);
    }
    _exit(0);
  }
  wait(NULL);
  char c;
  read(p[0], &c, 1);
  /* a child in front hears SIGHUP when the leader ends */
  if (fork() == 0) {
    signal(SIGHUP, on_signal);
    write(p[1], "x", 1);
    while (caught != SIGHUP) usleep(1000);
    SAY("hung up; terminal %s\n", open("/dev/tty", O_RDWR) < 0 ? strerrorname_np(errno) : "ok");
    _exit(0);
  }
  read(p[0], &c, 1);
  return 0;
}

static void line(FILE *from) {
  char text[200];
  if (fgets(text, sizeof text, from) != NULL) printf("%s", text);
}

static void jobs(void) {
  SECTION("sessions and job control");
  int m, s, p[2];
  openpty(&m, &s, NULL, NULL, NULL);
  pipe(p);
  fflush(stdout);
  pid_t leader = fork();
  if (leader == 0) {
    close(m);
    out = fdopen(p[1], "w");
    login_tty(s);
    _exit(session());
  }
  close(s);
  close(p[1]);
  FILE *from = fdopen(p[0], "r");
  for (int i = 0; i < 6; i++) line(from);
  write(m, "A\n", 2); /* for the one that is stopped by SIGTTIN and then reads */
  char text[200];
  while (fgets(text, sizeof text, from) != NULL && strcmp(text, "ready\n") != 0) printf("%s", text);
  struct winsize w = {30, 100, 0, 0};
  ioctl(m, TIOCSWINSZ, &w);
  while (fgets(text, sizeof text, from) != NULL && strcmp(text, "ready\n") != 0) printf("%s", text);
  write(m, "\3", 1);
  while (fgets(text, sizeof text, from) != NULL) printf("%s", text);
  int status;
  waitpid(leader, &status, 0);
  printf("leader %#x\n", status);
  close(m);
}

static void packet(int m) {
  char text[100];
  struct pollfd p = {m, POLLIN | POLLPRI, 0};
  int ready = poll(&p, 1, 200);
  printf("poll %d %#x:", ready, p.revents);
  ssize_t n = ready == 1 ? read(m, text, sizeof text) : 0;
  for (ssize_t i = 0; i < n; i++) printf(text[i] < 32 || text[i] > 126 ? " %d" : " %c", text[i]);
  printf("\n");
}

/* What the slave wrote waits for the master, until that throws it away. */
static void flushed(int m, int s, int queue) {
  struct pollfd p = {m, POLLIN, 0};
  write(s, "out", 3), poll(&p, 1, 2000);
  write(m, "in\n", 3), p.fd = s, poll(&p, 1, 2000);
  SHOW(tcflush(m, queue));
  char text[16];
  long n = read(s, text, sizeof text);
  printf("slave reads %ld, ", n);
  n = read(m, text, sizeof text);
  printf("master %s\n", n < 0 ? strerrorname_np(errno) : n == 3 ? "out" : "something else");
  while (read(m, text, sizeof text) > 0) {}
}
static void flushes(void) {
  SECTION("tcflush of a master");
  int m, s;
  SHOW(openpty(&m, &s, NULL, NULL, NULL));
  struct termios t;
  tcgetattr(s, &t), t.c_lflag &= ~ECHO, tcsetattr(s, TCSANOW, &t);
  fcntl(m, F_SETFL, O_NONBLOCK);
  flushed(m, s, TCIFLUSH), flushed(m, s, TCOFLUSH), flushed(m, s, TCIOFLUSH);
  SHOW(tcflush(m, 7));
  close(m), close(s);
}

static void packets(void) {
  SECTION("packet mode");
  int m, s, on = 1, off = 0, is = 7;
  SHOW(openpty(&m, &s, NULL, NULL, NULL));
  SHOW(ioctl(m, TIOCGPKT, &is));
  SHOW(is);
  SHOW(ioctl(m, TIOCPKT, &on));
  SHOW(ioctl(m, TIOCGPKT, &is));
  SHOW(is);
  SHOW(ioctl(s, TIOCPKT, &on));
  packet(m);
  SHOW(write(s, "text", 4));
  packet(m);
  SHOW(tcflush(s, TCIFLUSH));
  packet(m);
  SHOW(tcflush(s, TCOFLUSH)); // whether it still finds what was written a moment ago is a race in Linux
  packet(m);
  SHOW(tcflow(s, TCOOFF));
  packet(m);
  SHOW(tcflow(s, TCOON));
  packet(m);
  SHOW(tcflow(s, TCOON));
  packet(m);
  struct termios t;
  tcgetattr(s, &t);
  t.c_iflag &= ~IXON;
  SHOW(tcsetattr(s, TCSANOW, &t));
  packet(m);
  t.c_iflag |= IXON;
  SHOW(tcsetattr(s, TCSANOW, &t));
  packet(m);
  SHOW(tcsetattr(s, TCSANOW, &t));
  packet(m);
  SHOW(ioctl(m, TIOCPKT, &off));
  SHOW(write(s, "plain", 5));
  drain(m);
  static char much[1 << 20];
  memset(much, 'x', sizeof much);
  SHOW(fcntl(s, F_SETFL, O_RDWR | O_NONBLOCK));
  long taken = write(s, much, sizeof much);
  printf("a part is taken: %d\n", taken > 0 && taken < (long)sizeof much);
  for (long n = 1; n > 0 && taken > 0; taken -= n) n = read(m, much, sizeof much);
  printf("all of it comes: %d\n", taken == 0);
  struct termios raw;
  tcgetattr(s, &raw), cfmakeraw(&raw);
  SHOW(tcsetattr(s, TCSANOW, &raw));
  fcntl(s, F_SETFL, O_RDWR);
  for (size_t i = 0; i < sizeof much; i++) much[i] = i % 251;
  pid_t typist = fork();
  if (typist == 0) {
    for (size_t done = 0; done < 300000;) done += write(m, much + done, 300000 - done);
    _exit(0);
  }
  long typed = 0, wrong = 0;
  unsigned char part[1000];
  for (long n; typed < 300000 && (n = read(s, part, sizeof part)) > 0;)
    for (long i = 0; i < n; i++) wrong += part[i] != typed++ % 251;
  printf("typed %ld, wrong %ld\n", typed, wrong);
  waitpid(typist, NULL, 0);
  struct stat at, of;
  char name[100], link[100];
  snprintf(link, sizeof link, "/proc/self/fd/%d", s);
  ttyname_r(s, name, sizeof name);
  SHOW(stat(name, &at));
  SHOW(stat(link, &of));
  printf("same %d %d\n", at.st_dev == of.st_dev, at.st_ino == of.st_ino);
  close(m);
  close(s);
}

static void stops(void) {
  SECTION("^Z, and the master closes");
  int m;
  fflush(stdout);
  pid_t leader = forkpty(&m, NULL, NULL, NULL);
  if (leader == 0) {
    pid_t child = fork();
    if (child == 0) {
      setpgid(0, 0);
      signal(SIGTTOU, SIG_IGN);
      tcsetpgrp(0, getpgrp());
      signal(SIGTTOU, SIG_DFL);
      write(1, "!", 1);
      for (;;) pause();
    }
    int status;
    waitpid(child, &status, WUNTRACED);
    int first = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    signal_child(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    if (first == SIGTSTP) write(1, "?", 1);
    waitpid(child, &status, 0);
    _exit(6);
  }
  char c;
  do read(m, &c, 1);
  while (c != '!');
  write(m, "\x1a", 1);
  do read(m, &c, 1);
  while (c != '?');
  close(m);
  int status;
  waitpid(leader, &status, 0);
  printf("leader %#x\n", status);
}

/* As login(1) and mesg(1) do. */
static void rights(void) {
  SECTION("rights");
  int master, slave;
  struct stat attributes;
  if (openpty(&master, &slave, NULL, NULL, NULL) != 0) return;
  SHOW(fchmod(slave, 0600));
  fstat(slave, &attributes);
  printf("%o\n", attributes.st_mode);
  SHOW(chmod(ttyname(slave), 0622));
  fstat(slave, &attributes);
  printf("%o\n", attributes.st_mode);
  SHOW(fchown(slave, getuid(), getgid()));
  fstat(slave, &attributes);
  printf("owner %d %d\n", attributes.st_uid == getuid(), attributes.st_gid == getgid());
  close(slave), close(master);
}

int main(void) {
  rights();
  setvbuf(stdout, NULL, _IOLBF, 0);
  alarm(50);
  basics();
  packets();
  flushes();
  jobs();
  stops();
  return 0;
}
