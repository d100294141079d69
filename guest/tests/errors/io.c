/* Reading, writing and moving bytes: descriptors of the wrong kind, offsets, limits, seals, full devices, pipes without
   reader, and calls that would have to wait. */
#include "call.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define NONE O_NONBLOCK
static char buffer[8192];
static int file, readable, writable, folder, path_only, empty[2], full[2], closed_pipe[2], sealed;
static struct iovec io = {buffer, 100}, bad_io = {(void *)16, 100}, huge_io[2] = {{buffer, -1ul}, {buffer, 10}}, far_io[2] = {{buffer, -1ul >> 1}, {buffer, 10}};

/* The same calls with one descriptor. */
static void reads(const char *title, int fd) {
  SECTION(title);
  CALL(read, fd, buffer, 100);
  CALL(pread64, fd, buffer, 100, 0);
  CALL(readv, fd, &io, 1);
  CALL(preadv, fd, &io, 1, 0, 0);
  CALL(preadv2, fd, &io, 1, 0, 0, 0);
}
static void writes(const char *title, int fd) {
  SECTION(title);
  CALL(write, fd, buffer, 100);
  CALL(pwrite64, fd, buffer, 100, 0);
  CALL(writev, fd, &io, 1);
  CALL(pwritev, fd, &io, 1, 0, 0);
  CALL(pwritev2, fd, &io, 1, 0, 0, 0);
}

static void arguments(void) {
  SECTION("addresses");
  lseek(file, 0, SEEK_SET);
  CALL(read, file, BAD, 100);
  CALL(pread64, file, BAD, 100, 0);
  CALL(readv, file, BAD, 1);
  CALL(readv, file, &bad_io, 1);
  CALL(preadv, file, &bad_io, 1, 0, 0);
  CALL(preadv2, file, &bad_io, 1, 0, 0, 0);
  CALL(write, file, BAD, 100);
  CALL(pwrite64, file, BAD, 100, 0);
  CALL(writev, file, BAD, 1);
  CALL(writev, file, &bad_io, 1);
  CALL(pwritev, file, &bad_io, 1, 0, 0);
  CALL(pwritev2, file, &bad_io, 1, 0, 0, 0);
  SECTION("counts and offsets");
  CALL(readv, file, &io, -1);
  CALL(writev, file, &io, 1025);
  CALL(readv, file, huge_io, 2);
  CALL(readv, file, far_io, 2);
  CALL(writev, file, far_io, 2);
  CALL(writev, file, huge_io, 2);
  CALL(preadv, file, huge_io, 2, 0, 0);
  CALL(pwritev, file, huge_io, 2, 0, 0);
  CALL(preadv2, file, huge_io, 2, 0, 0, 0);
  CALL(pwritev2, file, huge_io, 2, 0, 0, 0);
  CALL(pread64, file, buffer, 100, -1);
  CALL(pwrite64, file, buffer, 100, -1);
  CALL(preadv, file, &io, 1, -1, -1);
  CALL(pwritev, file, &io, 1, -1, -1);
  CALL(preadv2, file, &io, 1, -2, -1, 0);
  CALL(pwritev2, file, &io, 1, -2, -1, 0);
  CALL(preadv2, file, &io, 1, 0, 0, 0x4000);
  CALL(pwritev2, file, &io, 1, 0, 0, 0x4000);
  CALL(lseek, file, 0, 99);
  CALL(lseek, file, -1, SEEK_SET);
  CALL(lseek, file, LONG_MAX, SEEK_END);
  CALL(lseek, file, 100000, SEEK_DATA);
  CALL(lseek, file, 100000, SEEK_HOLE);
  CALL(lseek, NO_FD, 0, SEEK_SET);
  CALL(lseek, empty[0], 0, SEEK_SET);
  CALL(fadvise64, NO_FD, 0, 0, 0);
  CALL(fadvise64, file, 0, 0, 99);
  CALL(fadvise64, empty[0], 0, 0, 0);
  CALL(readahead, NO_FD, 0, 10);
  CALL(readahead, writable, 0, 10);
  CALL(readahead, empty[0], 0, 10);
  CALL(fsync, NO_FD);
  CALL(fdatasync, NO_FD);
  CALL(syncfs, NO_FD);
  CALL(fsync, empty[0]);
  CALL(fdatasync, empty[0]);
  CALL(sync_file_range, NO_FD, 0, 10, 0);
  CALL(sync_file_range, file, 0, 10, 99);
  CALL(sync_file_range, empty[0], 0, 10, 0);
}

static void sizes(void) {
  SECTION("sizes");
  CALL(ftruncate, NO_FD, 0);
  CALL(ftruncate, file, -1);
  CALL(ftruncate, readable, 0);
  CALL(ftruncate, folder, 0);
  CALL(ftruncate, empty[1], 0);
  CALL(fallocate, NO_FD, 0, 0, 10);
  CALL(fallocate, readable, 0, 0, 10);
  CALL(fallocate, file, 0, -1, 10);
  CALL(fallocate, file, 0, 0, 0);
  CALL(fallocate, file, 0x8000, 0, 10);
  CALL(fallocate, file, FALLOC_FL_PUNCH_HOLE, 0, 10);
  CALL(fallocate, empty[1], 0, 0, 10);
  CALL(fallocate, folder, 0, 0, 10);
  CALL(fallocate, open("/dev/null", O_RDWR), 0, 0, 10);
  CALL(fallocate, file, 0, LONG_MAX - 5, 10);
  CALL(fallocate, sealed, 0, 0, 8192);
  signal(SIGXFSZ, SIG_IGN);
  limit_to(RLIMIT_FSIZE, 10000);
  lseek(file, 10000, SEEK_SET);
  CALL(write, file, buffer, 100);
  CALL(pwrite64, file, buffer, 100, 10000);
  CALL(writev, file, &io, 1);
  CALL(pwritev, file, &io, 1, 10000, 0);
  CALL(pwritev2, file, &io, 1, 10000, 0, 0);
  CALL(ftruncate, file, 20000);
  CALL(truncate, "file", 20000);
  CALL(fallocate, file, 0, 10000, 10000);
  loff_t from = 0, to = 10000;
  CALL(copy_file_range, readable, &from, file, &to, 10, 0);
  lseek(file, 0, SEEK_SET);
}

static void moves(void) {
  loff_t start = 0, negative = -1, far = 1000;
  SECTION("sendfile");
  CALL(sendfile, NO_FD, readable, NULL, 10);
  CALL(sendfile, writable, writable, NULL, 10);
  CALL(sendfile, readable, readable, NULL, 10);
  CALL(sendfile, writable, readable, BAD, 10);
  CALL(sendfile, writable, readable, &negative, 10);
  CALL(sendfile, writable, empty[0], &start, 10);
  CALL(sendfile, writable, folder, NULL, 10);
  far = LONG_MAX;
  CALL(sendfile, writable, readable, &far, 10);
  far = 1l << 31;
  CALL(sendfile, writable, open("/proc/self/status", O_RDONLY), &far, 10);
  SECTION("copy_file_range");
  int appending = open("file", O_WRONLY | O_APPEND);
  far = 1000;
  CALL(copy_file_range, NO_FD, NULL, file, NULL, 10, 0);
  CALL(copy_file_range, writable, NULL, file, NULL, 10, 0);
  CALL(copy_file_range, readable, NULL, readable, NULL, 10, 0);
  CALL(copy_file_range, readable, NULL, appending, NULL, 10, 0);
  CALL(copy_file_range, readable, NULL, file, NULL, 10, 1);
  CALL(copy_file_range, readable, &start, file, &start, 10, 0);
  CALL(copy_file_range, empty[0], NULL, file, NULL, 10, 0);
  CALL(copy_file_range, readable, NULL, full[1], NULL, 10, 0);
  CALL(copy_file_range, folder, NULL, file, NULL, 10, 0);
  CALL(copy_file_range, readable, NULL, folder, NULL, 10, 0);
  far = LONG_MAX - 5;
  start = 0;
  far = LONG_MAX - 5;
  CALL(copy_file_range, readable, &start, file, &far, 100, 0);
  start = far = 1;
  CALL(copy_file_range, readable, &start, file, &far, -1l, 0);
  start = 0;
  CALL(copy_file_range, readable, BAD, file, NULL, 10, 0);
  CALL(copy_file_range, sealed, NULL, file, NULL, 10, 0);
  SECTION("splice");
  CALL(splice, NO_FD, NULL, full[1], NULL, 10, 0);
  CALL(splice, readable, NULL, file, NULL, 10, 0);
  CALL(splice, full[1], NULL, file, NULL, 10, 0);
  CALL(splice, full[0], NULL, readable, NULL, 10, 0);
  CALL(splice, full[0], &start, file, NULL, 10, 0);
  CALL(splice, readable, NULL, full[1], &start, 10, 0);
  CALL(splice, full[0], NULL, full[1], NULL, 10, 0);
  CALL(splice, full[0], NULL, appending, NULL, 10, 0);
  CALL(splice, empty[0], NULL, file, NULL, 10, SPLICE_F_NONBLOCK);
  CALL(splice, readable, NULL, full[1], NULL, 10, SPLICE_F_NONBLOCK);
  CALL(splice, readable, NULL, full[1], NULL, 10, 0x100);
  CALL(splice, readable, BAD, empty[1], NULL, 10, 0);
  CALL(splice, readable, &negative, empty[1], NULL, 10, 0);
  CALL(tee, NO_FD, full[1], 10, 0);
  CALL(tee, readable, empty[1], 10, 0);
  CALL(tee, full[0], full[1], 10, 0);
  CALL(tee, empty[0], full[1], 10, SPLICE_F_NONBLOCK);
  CALL(tee, full[0], full[1], 10, 0x100);
  CALL(vmsplice, NO_FD, &io, 1, 0);
  CALL(vmsplice, file, &io, 1, 0);
  CALL(vmsplice, full[1], &io, 1, SPLICE_F_NONBLOCK);
  CALL(vmsplice, full[1], &io, 1025, 0);
  CALL(vmsplice, full[1], &io, 1, 0x100);
  CALL(vmsplice, empty[1], &bad_io, 1, 0);
}

/* Descriptors that wait: interrupted without SA_RESTART, and refused where they may not wait. */
static void waiting(void) {
  uint64_t value = 1, most = -2ul, mask = 1ul << (SIGUSR1 - 1);
  int counter = eventfd(0, 0), most_counter = eventfd(0, 0), sockets[2], quick[2], quick_full[2];
  int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  int signals = syscall(SYS_signalfd4, -1, &mask, 8, 0);
  loff_t start = 0;
  write(most_counter, &most, 8);
  socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
  pipe2(quick, NONE), pipe2(quick_full, NONE);
  while (write(quick_full[1], buffer, sizeof buffer) > 0) {}
  reads("a pipe that would have to wait", quick[0]);
  writes("a full pipe that would have to wait", quick_full[1]);
  CALL(pwritev2, quick_full[1], &io, 1, -1, -1, 0);
  CALL(pwritev2, closed_pipe[1], &io, 1, -1, -1, 0);
  CALL(sendfile, quick_full[1], readable, NULL, 10);
  CALL(preadv2, sockets[0], &io, 1, -1, -1, RWF_NOWAIT);
  SECTION("interrupted");
  CALL_INTERRUPTED(read, empty[0], buffer, 10);
  CALL_INTERRUPTED(read, counter, &value, 8);
  CALL_INTERRUPTED(read, timer, &value, 8);
  CALL_INTERRUPTED(read, signals, buffer, 128);
  CALL_INTERRUPTED(read, sockets[0], buffer, 10);
  CALL_INTERRUPTED(readv, empty[0], &io, 1);
  CALL_INTERRUPTED(preadv2, empty[0], &io, 1, -1, -1, 0);
  CALL_INTERRUPTED(write, full[1], buffer, 10);
  CALL_INTERRUPTED(write, most_counter, &value, 8);
  CALL_INTERRUPTED(writev, full[1], &io, 1);
  CALL_INTERRUPTED(pwritev2, full[1], &io, 1, -1, -1, 0);
  CALL_INTERRUPTED(splice, empty[0], NULL, file, NULL, 10, 0);
  CALL_INTERRUPTED(splice, readable, &start, full[1], NULL, 10, 0);
  CALL_INTERRUPTED(tee, empty[0], full[1], 10, 0);
  CALL_INTERRUPTED(vmsplice, full[1], &io, 1, 0);
  CALL_INTERRUPTED(sendfile, full[1], readable, &start, 10);
  SECTION("objects");
  CALL(read, counter, &value, 4);
  CALL(write, counter, &value, 4);
  value = -1;
  CALL(write, counter, &value, 8);
  CALL(read, timer, &value, 4);
  CALL(write, timer, &value, 8);
  CALL(read, signals, buffer, 4);
  CALL(lseek, sockets[0], 0, SEEK_SET);
  int datagrams[2], unbound = socket(AF_UNIX, SOCK_DGRAM, 0);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams);
  CALL(write, unbound, buffer, 10);
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  CALL(write, udp, buffer, 10);
  CALL(writev, udp, &io, 1);
  CALL(pwritev2, udp, &io, 1, -1, -1, 0);
}

int main(int argc, char **argv) {
  enter_work_folder(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  file = open("file", O_CREAT | O_RDWR, 0600), write(file, buffer, 4096);
  readable = open("file", O_RDONLY), writable = open("file", O_WRONLY), path_only = open("file", O_PATH);
  mkdir("folder", 0755), folder = open("folder", O_RDONLY | O_DIRECTORY);
  sealed = memfd_create("sealed", MFD_ALLOW_SEALING), ftruncate(sealed, 4096);
  fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE);
  pipe(empty), pipe(full), pipe(closed_pipe), close(closed_pipe[0]);
  fcntl(full[1], F_SETFL, NONE);
  while (write(full[1], buffer, sizeof buffer) > 0) {}
  fcntl(full[1], F_SETFL, 0);
  reads("nobody's descriptor", NO_FD);
  writes("nobody's descriptor", NO_FD);
  reads("for writing only", writable);
  writes("for reading only", readable);
  reads("a path only", path_only);
  writes("a path only", path_only);
  reads("a folder", folder);
  writes("a folder", folder);
  writes("a full device", open("/dev/full", O_WRONLY));
  writes("a pipe without reader", closed_pipe[1]);
  writes("a sealed file", sealed);
  arguments();
  moves();
  waiting();
  IN_CHILD(sizes());
  leave_work_folder();
  return 0;
}
