import { expect, it } from 'vitest';
import { compile } from '../testing/compile.ts';
import { runInTestMachine } from '../testing/test-machine.ts';
import type { CallFilter } from './call-trace.ts';

/** The lines of a trace without numbers that differ from run to run. */
function traced(body: string, strace: CallFilter = {}): readonly string[] {
  const source = `#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) { syscall(SYS_getpid); ${body} return 4; }`;
  const files = { '/program': compile(source, ['-static']).bytes, '/hello': new TextEncoder().encode('hello') };
  const { stderr } = runInTestMachine({ argv: ['/program'], files, strace });
  const lines = Buffer.from(stderr, 'latin1')
    .toString()
    .replaceAll(/^\[\d+\] /gm, '')
    .replaceAll(/ <\d+ us>$/gm, '')
    .replaceAll(/0x[0-9a-f]{5,}/g, '0xaddr')
    .split('\n');
  const first = lines.findIndex((line) => line.startsWith('getpid'));
  return lines.slice(first + 1, -1);
}

it('tells calls with names, flags, buffers and results', () => {
  const lines = traced(`
    open("/no such", O_RDONLY); write(1, "x\\n", 2); close(77);
    char buffer[100]; struct stat status; int fd = open("/hello", O_RDWR|O_CREAT|O_CLOEXEC, 0640);
    read(fd, buffer, 100); fstat(fd, &status);
    mmap(0, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);`);
  expect(lines).toEqual([
    'openat(dirfd: AT_FDCWD, path: "/no such", flags: O_RDONLY, mode: 0) = -1 ENOENT',
    String.raw`write(fd: 1, buf: "x\n", count: 2) = 2`,
    'close(fd: 77) = -1 EBADF',
    'openat(dirfd: AT_FDCWD, path: "/hello", flags: O_RDWR|O_CREAT|O_CLOEXEC, mode: 0640) = 3',
    'read(fd: 3, buf: "hello", count: 100) = 5',
    'newfstatat(dirfd: 3, path: "", statbuf: {S_IFREG|0755, 5 bytes}, flags: AT_EMPTY_PATH) = 0',
    'mmap(addr: 0, length: 4096, protection: PROT_READ|PROT_WRITE, flags: MAP_PRIVATE|MAP_ANONYMOUS, fd: -1, offset: 0) = 0xaddr',
    'exit_group(code: 4) = ?',
  ]);
});

it('tells structs: addresses, times, signal sets, iovecs, descriptors and how children ended', () => {
  const lines = traced(`
    int pair[2]; pipe2(pair, O_NONBLOCK); sigset_t set; sigemptyset(&set); sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, 0);
    struct iovec parts[2] = {{"ab", 2}, {"cd", 2}}; writev(pair[1], parts, 2);
    struct pollfd polled = {pair[0], POLLIN}; poll(&polled, 1, 0);
    struct timespec t = {0, 1000}; nanosleep(&t, 0);
    struct sockaddr_in to = {AF_INET, htons(80), {htonl(0x7f000001)}};
    int s = socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0); connect(s, (void *)&to, sizeof to);
    pid_t child = vfork(); if (child == 0) _exit(3); int how; syscall(SYS_wait4, -1, &how, WNOHANG*0, 0);
    kill(getpid(), 0);`);
  expect(
    lines.map((line) => line.replaceAll(/pid: \d+/g, 'pid: n').replace(/^(vfork|wait4|getpid)(.*)= \d+$/, '$1$2= n')),
  ).toEqual([
    'pipe2(fds: [3, 4], flags: O_NONBLOCK) = 0',
    'rt_sigprocmask(how: SIG_BLOCK, set: [SIGINT], old: NULL, size: 8) = 0',
    'writev(fd: 4, iov: ["ab", "cd"], count: 2) = 4',
    'poll(fds: [{3, POLLIN → POLLIN}], nfds: 1, timeout: 0) = 1',
    'clock_nanosleep(clock: CLOCK_REALTIME, flags: 0, request: {0 s, 1000 ns}, remain: 0) = 0',
    'socket(family: AF_INET, type: SOCK_STREAM|SOCK_CLOEXEC, protocol: 0) = 5',
    'connect(fd: 5, addr: {AF_INET 127.0.0.1:80}, length: 16) = -1 ECONNREFUSED',
    'exit_group(code: 3) = ?',
    'vfork() = n',
    'wait4(pid: -1, status: exited 3, options: 0, usage: 0) = n',
    'getpid() = n',
    'kill(pid: n, signal: 0) = 0',
    'exit_group(code: 4) = ?',
  ]);
});

it('tells what it cannot read as an address, numbers without a row by name, and arguments of execve', () => {
  const lines = traced(`
    open((char *)8, O_RDONLY); write(1, (void *)8, 3); syscall(SYS_kexec_load, 1);
    char *args[] = {"/none", "a b", 0}; execve("/none", args, 0);`);
  expect(lines.filter((line) => !line.includes('not implemented'))).toEqual([
    'openat(dirfd: AT_FDCWD, path: 0x8, flags: O_RDONLY, mode: 0) = -1 EFAULT',
    'write(fd: 1, buf: 0x8, count: 3) = -1 EFAULT',
    'kexec_load() = -1 ENOSYS',
    'execve(path: "/none", argv: ["/none", "a b"], environment: NULL) = -1 ENOENT',
    'exit_group(code: 4) = ?',
  ]);
});

it('tells only the calls that a filter takes', () => {
  const body = 'open("/no such", O_RDONLY); close(77); getpid();';
  expect(traced(body, { names: ['close', 'getpid'] })).toEqual(['close(fd: 77) = -1 EBADF', 'getpid() = 202']);
  expect(traced(body, { names: ['getpid', 'close', '!getpid'] })).toEqual(['close(fd: 77) = -1 EBADF']);
});
