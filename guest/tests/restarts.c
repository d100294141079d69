/* What a call has done before it must begin anew is not done twice, and not lost: run with --restart-calls. Structures lie
   across the border of two pages, so that the second one is met when the call has begun. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

#define PAGE 4096

static char *pages;

/* `before` bytes of a structure lie in front of the border. */
static void *across(size_t before) { return memset(pages + PAGE - before, 0, 256); }

static int watcher;

static void events(void) {
  static char buffer[65536];
  ssize_t n = read(watcher, buffer, sizeof buffer);
  for (ssize_t at = 0; at < n;) {
    struct inotify_event *e = (void *)(buffer + at);
    printf("  %#x %s\n", e->mask, e->len ? e->name : "");
    at += sizeof *e + e->len;
  }
}

static void names(void) {
  struct dirent **list;
  int n = scandir(".", &list, NULL, alphasort);
  for (int i = 0; i < n; i++) printf("  %s", list[i]->d_name);
  printf("\n");
}

static void whiteouts(void) {
  SECTION("whiteouts");
  mkdir("a", 0755);
  mkdir("b", 0755);
  close(open("a/file", O_CREAT | O_WRONLY, 0644));
  watcher = inotify_init1(IN_NONBLOCK);
  inotify_add_watch(watcher, "a", IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS | IN_CLOSE));
  inotify_add_watch(watcher, "b", IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS | IN_CLOSE));
  SHOW(renameat2(AT_FDCWD, "a/file", AT_FDCWD, "b/moved", RENAME_WHITEOUT));
  events();
  struct stat st = {0};
  SHOW(stat("a/file", &st));
  printf("mode %o links %d rdev %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_rdev);
  SHOW(renameat2(AT_FDCWD, "b/moved", AT_FDCWD, "a/file", RENAME_EXCHANGE));
  events();
  SHOW(renameat2(AT_FDCWD, "a/file", AT_FDCWD, "b/moved", RENAME_WHITEOUT));
  events();
  close(watcher);
  chdir("a");
  names();
  chdir("../b");
  names();
  chdir("..");
  unlink("a/file");
  unlink("b/moved");
  rmdir("a");
  rmdir("b");
}

static void nameless(void) {
  SECTION("nameless files");
  watcher = inotify_init1(IN_NONBLOCK);
  inotify_add_watch(watcher, ".", IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB);
  int fd = open(".", O_TMPFILE | O_RDWR, 0640);
  struct stat st = {0};
  fstat(fd, &st);
  printf("mode %o links %d\n", st.st_mode, (int)st.st_nlink);
  events();
  names();
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
  fstat(fd, &st);
  printf("links %d\n", (int)st.st_nlink);
  events();
  SHOW(unlink("linked"));
  fstat(fd, &st);
  printf("links %d\n", (int)st.st_nlink);
  SHOW(write(fd, "text", 4));
  close(fd);
  close(watcher);
}

static void synced(void) {
  SECTION("writes that are synced");
  watcher = inotify_init1(IN_NONBLOCK);
  int fd = open("synced", O_CREAT | O_RDWR | O_DSYNC | O_APPEND, 0644);
  inotify_add_watch(watcher, "synced", IN_MODIFY);
  SHOW(write(fd, "one", 3));
  events();
  SHOW(write(fd, "two", 3));
  events();
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(ftruncate(fd, 2));
  events();
  close(fd);
  close(watcher);
  unlink("synced");
}

static void messages(void) {
  SECTION("messages");
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  static const char *texts[] = {"one", "two", "three", "four", "five", "six"};
  for (int i = 0; i < 6; i++) send(pair[0], texts[i], strlen(texts[i]), 0);
  char text[6][16] = {0};
  struct iovec parts[6];
  for (int i = 0; i < 6; i++) parts[i] = (struct iovec){text[i], 15};
  struct msghdr *header = across(offsetof(struct msghdr, msg_flags));
  *header = (struct msghdr){.msg_iov = &parts[0], .msg_iovlen = 1};
  SHOW(recvmsg(pair[1], header, 0));
  printf("%s\n", text[0]);
  struct mmsghdr *many = across(offsetof(struct mmsghdr, msg_len));
  for (int i = 0; i < 2; i++) many[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i + 1], .msg_iovlen = 1};
  SHOW(recvmmsg(pair[1], many, 2, 0, NULL));
  printf("%s %u %s %u\n", text[1], many[0].msg_len, text[2], many[1].msg_len);
  many = across(sizeof *many + offsetof(struct mmsghdr, msg_len));
  for (int i = 0; i < 2; i++) many[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i + 3], .msg_iovlen = 1};
  struct timespec *limit = (void *)(pages + 3 * PAGE - 8);
  *limit = (struct timespec){5, 0};
  SHOW(recvmmsg(pair[1], many, 2, 0, limit));
  printf("%s %u %s %u, time is left %d\n", text[3], many[0].msg_len, text[4], many[1].msg_len, limit->tv_sec >= 4);
  many = across(offsetof(struct mmsghdr, msg_len));
  for (int i = 0; i < 2; i++) {
    parts[i].iov_len = 2;
    many[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  SHOW(recv(pair[1], text[5], 15, MSG_DONTWAIT));
  SHOW(sendmmsg(pair[0], many, 2, 0));
  SHOW(recv(pair[1], text[5], 15, MSG_DONTWAIT));
  SHOW(recv(pair[1], text[5], 15, MSG_DONTWAIT));
  SHOW(recv(pair[1], text[5], 15, MSG_DONTWAIT));
  close(pair[0]);
  close(pair[1]);
}

static void edges(void) {
  SECTION("edges and one shots");
  int set = epoll_create1(0), counters[4];
  for (int i = 0; i < 4; i++) {
    counters[i] = eventfd(1, EFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN | (i % 2 ? EPOLLET : EPOLLONESHOT), .data.u32 = i};
    epoll_ctl(set, EPOLL_CTL_ADD, counters[i], &e);
  }
  struct epoll_event *found = across(sizeof *found + 4);
  SHOW(epoll_wait(set, found, 4, 0));
  for (int i = 0; i < 4; i++) printf("  %#x %u\n", found[i].events, found[i].data.u32);
  SHOW(epoll_wait(set, found, 4, 0));
  for (int i = 0; i < 4; i++) close(counters[i]);
  close(set);
}

static void moved(void) {
  SECTION("bytes between files and pipes");
  int fd = open("bytes", O_CREAT | O_RDWR | O_TRUNC, 0644), p[2];
  static char bytes[3 << 20], back[3 << 20];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = i % 251;
  SHOW(write(fd, bytes, sizeof bytes));
  fsync(fd);
  pipe(p);
  fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
  loff_t *at = (void *)(pages + PAGE - 4);
  *at = 4096;
  SHOW(splice(fd, at, p[1], NULL, 65536, 0));
  SHOW(*at);
  SHOW(read(p[0], back, 65536));
  SHOW(memcmp(back, bytes + 4096, 65536));
  lseek(fd, 0, SEEK_SET);
  SHOW(splice(fd, NULL, p[1], NULL, 65536, 0));
  SHOW(lseek(fd, 0, SEEK_CUR));
  int out = open("out", O_CREAT | O_RDWR | O_TRUNC, 0644);
  *at = 1000;
  SHOW(splice(p[0], NULL, out, at, 65536, 0));
  SHOW(*at);
  SHOW(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 0));
  SHOW(pread(out, back, 65536, 1000));
  SHOW(memcmp(back, bytes, 65536));
  *at = 5;
  SHOW(sendfile(out, fd, at, 100000));
  SHOW(*at);
  SHOW(lseek(out, 0, SEEK_CUR));
  SHOW(copy_file_range(fd, at, out, NULL, 200000, 0));
  SHOW(*at);
  SHOW(lseek(out, 0, SEEK_CUR));
  SHOW(pread(out, back, 300000, 0));
  SHOW(memcmp(back, bytes + 5, 300000));
  struct iovec *parts = across(24);
  parts[0] = (struct iovec){back, 1 << 20};
  parts[1] = (struct iovec){back + (1 << 20), 2 << 20};
  lseek(fd, 0, SEEK_SET);
  SHOW(readv(fd, parts, 2));
  SHOW(memcmp(back, bytes, sizeof bytes));
  SHOW(lseek(fd, 0, SEEK_CUR));
  lseek(out, 0, SEEK_SET);
  SHOW(writev(out, parts, 2));
  SHOW(lseek(out, 0, SEEK_CUR));
  close(p[0]);
  close(p[1]);
  close(out);
  close(fd);
  unlink("out");
  unlink("bytes");
}

static void *takes_and_ends(void *mutex) {
  pthread_mutex_lock(mutex);
  return NULL;
}

static void ends(void) {
  SECTION("ends of threads and programs");
  pthread_mutexattr_t robust;
  pthread_mutexattr_init(&robust);
  pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED);
  int fd = open("mutex", O_CREAT | O_RDWR, 0644);
  ftruncate(fd, PAGE);
  pthread_mutex_t *mutex = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pthread_mutex_init(mutex, &robust);
  pthread_t thread;
  pthread_create(&thread, NULL, takes_and_ends, mutex);
  pthread_join(thread, NULL);
  printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
  pthread_mutex_consistent(mutex);
  pthread_mutex_unlock(mutex);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(mutex);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
  pthread_mutex_consistent(mutex);
  pthread_mutex_unlock(mutex);
  fflush(stdout);
  child = fork();
  if (child == 0) {
    pthread_mutex_lock(mutex);
    execl("/proc/self/exe", "restarts", "executed", NULL);
    _exit(1);
  }
  int *status = across(2);
  waitpid(child, status, 0);
  printf("status %d\n", *status);
  printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
  close(fd);
  unlink("mutex");
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOFBF, 65536);
  if (argc > 1 && strcmp(argv[1], "executed") == 0) return 7;
  char folder[300];
  snprintf(folder, sizeof folder, "%s/restarts-XXXXXX", argc > 1 ? argv[1] : "/tmp");
  if (chdir(mkdtemp(folder)) != 0) return 1;
  int fd = open("pages", O_CREAT | O_RDWR, 0600);
  ftruncate(fd, 4 * PAGE);
  pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  whiteouts();
  nameless();
  synced();
  messages();
  edges();
  moved();
  ends();
  unlink("pages");
  chdir("/");
  return rmdir(folder);
}
