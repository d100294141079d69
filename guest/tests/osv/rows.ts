/**
 * OSv's own tests of its application model, loader, signals, threads and files, and which of ours takes each one's
 * place. `by` is a file and a text that stands in it: a section that a C program prints (the program runs on Linux and
 * in the VM, and the texts must be equal), or the name of a test. docs/compat/osv-tests.md is this as a table.
 */
export interface OsvTest {
  readonly name: string;
  readonly checks: string;
  /** [file, text in it]; absent: `reason` says why there is nothing to test. */
  readonly by?: readonly [file: string, text: string];
  readonly reason?: string;
}

export interface OsvGroup {
  readonly title: string;
  readonly tests: readonly OsvTest[];
}

const APP_MODEL = 'src/guest-kernel/app-model.test.ts';
const BOOT_LINE = 'src/guest-kernel/program/boot-line.test.ts';
const COMMAND_LINE = 'src/guest-kernel/program/command-line.test.ts';
const OWN = 'guest/tests/osv';

function section(file: string, name: string, checks: string, text = name): OsvTest {
  return { name, checks, by: [file, text] };
}

const elf = (name: string, checks: string, text?: string): OsvTest => section(`${OWN}/elf.cc`, name, checks, text);
const signals = (name: string, checks: string): OsvTest => section(`${OWN}/signals.c`, name, checks);
const threads = (name: string, checks: string, text?: string): OsvTest =>
  section(`${OWN}/threads.c`, name, checks, text);
const paths = (name: string, checks: string, text?: string): OsvTest => section(`${OWN}/paths.c`, name, checks, text);
const contents = (name: string, checks: string, text?: string): OsvTest =>
  section(`${OWN}/contents.c`, name, checks, text);

export const OSV_TESTS: readonly OsvGroup[] = [
  {
    title: 'Namespaces and applications',
    tests: [
      section(APP_MODEL, 'tst-namespace', 'new programs at once see zero globals; environment stays theirs'),
      section(APP_MODEL, 'tst-without-namespace', 'plain runs at once share globals and environment'),
      section(APP_MODEL, 'tst-app', 'code of main; a request to end before and after its handler is set'),
      section(BOOT_LINE, 'tst-app, end of the machine', 'detached programs are asked to end', 'tst-app:'),
      section(APP_MODEL, 'tst-run', 'code, name, and errors of a start; OSv starts in the caller, here it is a thread'),
      section(COMMAND_LINE, 'tst-commands', 'the grammar of command lines and run scripts', 'tst-commands.cc'),
      section(APP_MODEL, 'misc-execve', 'a program starts others with arguments and environment, and hears of the end'),
    ],
  },
  {
    title: 'ELF and dynamic linking',
    tests: [
      section('guest/tests/dynamic.c', 'tst-dlfcn', 'dlopen of NULL, "" and libraries, dlsym, dladdr'),
      elf('tst-elf-permissions', 'text, constants, data, relocated data, heap and stack: what may be written and run'),
      elf('tst-tls', 'thread-local variables over the border of a library, in new threads'),
      elf('tst-thread-local', 'constructors and destructors of thread-local objects'),
      elf('tst-except', 'exceptions over two libraries, in threads, from the C++ library'),
      elf('tst-concurrent-init', 'a static initialiser that several threads reach'),
      elf('tst-resolve', "a program's symbol goes before a library's and libc's of that name"),
      elf('tst-elf-init', 'preinit, constructors by priority and need, arguments, destructors in turn'),
      elf('tst-elf-circular-reloc', 'two libraries that need each other'),
      elf('tst-reloc', 'data, functions, indirect functions, copies'),
      section(`${OWN}/osv.test.ts`, 'tst-non-pie', 'elf.cc at a fixed address'),
      elf('tst-non-fpic', 'a library whose text is relocated'),
      elf('dl_tests', 'local and global scope, versions, RTLD_NEXT, dlclose, flags'),
      section(`${OWN}/osv.test.ts`, 'tests-with-linux-ld', 'elf.cc as argument of ld-linux-x86-64.so.2'),
    ],
  },
  {
    title: 'Signals and time',
    tests: [
      signals('tst-kill', 'kill, alarm, interruption and restart'),
      signals('tst-sigwait', 'sigwait in a thread, queued signals, timeouts, who takes a signal'),
      signals('tst-sigaltstack', 'handlers on the other stack'),
      signals('tst-feexcept', 'flags, rounding, unmasked exceptions'),
      signals('tst-sleep', 'sleeps, relative and absolute, and their errors'),
      signals('tst-clock', 'all clocks rise'),
      signals('tst-timerfd', 'counts, intervals, disarming'),
      signals('tst-timer-set', 'timers that signal and that start a thread'),
      signals('tst-pthread-clock', 'processor time of threads'),
      signals('tst-sigaction', 'siginfo of faults, SA_RESETHAND'),
      signals('tst-signal-fills', 'sets of signals, and what cannot be blocked'),
      signals('tst-sig-dfl-ignore', 'what SIG_DFL ignores and what it ends'),
      signals('tst-setjmp', 'setjmp, sigsetjmp and the mask'),
    ],
  },
  {
    title: 'Threads and synchronisation',
    tests: [
      threads('tst-pthread', 'attributes, joining, detaching, names'),
      threads('tst-pthread-affinity', 'one processor: masks and their errors'),
      threads('tst-pthread-affinity-inherit', 'masks given by attribute'),
      threads('tst-pthread-barrier', 'rounds of a barrier'),
      threads('tst-pthread-tsd', 'keys and their destructors'),
      threads('tst-pthread-setcancelstate', 'cancellation, disabled and asynchronous'),
      threads('tst-pin', 'a thread stays on its processor'),
      threads('tst-yield', 'yielding threads all go on'),
      threads('tst-condvar', 'broadcast, ping-pong, timeouts'),
      threads('tst-threadcomplete', '300 threads one after the other'),
      threads('tst-wait-for', 'waiting for a condition with a timeout'),
      threads('tst-async', 'work done by another thread'),
      threads('tst-promise', 'a result handed over once'),
      threads('tst-preempt', 'endless loops do not keep others from their turn'),
      threads('tst-fpu', 'floating point state of eight threads'),
      threads('tst-libc-locking', "libc's own locks"),
      threads('tst-sem-timed-wait', 'semaphores with timeouts'),
      threads('tst-rcu-list', 'readers beside a writer, with membarrier(2)'),
      threads('tst-rcu-hashtable', 'the same over a table'),
      threads('tst-queue-mpsc', 'a lock-free list with several producers'),
      threads('tst-ring-spsc-wraparound', 'a ring whose counters wrap'),
      threads('tst-unordered-ring-mpsc', 'a ring with several producers'),
      threads('tst-nway-merger', 'what several threads made comes together'),
      threads('tst-pthread-timedlock', 'locks with timeouts, of every kind'),
      threads('tst-rwlock', 'readers and writers'),
    ],
  },
  {
    title: 'Files',
    tests: [
      paths('tst-vfs', 'lookups of all shapes, beside threads that make and remove'),
      contents('tst-read', 'read and pread'),
      paths('tst-readdir', 'readdir, telldir, seekdir'),
      paths('tst-stat', 'stat and fstat'),
      paths('tst-fstatat', 'fstatat and its flags'),
      paths('tst-openat', 'openat'),
      paths('tst-faccessat', 'faccessat, access'),
      paths('tst-rename', 'all pairs of kinds, with `.`, `..` and slashes'),
      paths('tst-remove', 'unlink, rmdir, remove'),
      paths('tst-fs-link', 'hard links'),
      paths('tst-symlink', 'symbolic links as source, target and way'),
      contents('tst-truncate', 'truncate, ftruncate'),
      contents('tst-seek', 'lseek, holes'),
      paths('tst-chdir', 'chdir, fchdir, getcwd'),
      paths('tst-chmod', 'chmod, fchmod, fchmodat'),
      paths('tst-utimes', 'utimes'),
      paths('tst-utimensat', 'utimensat, futimens'),
      paths('tst-futimesat', 'futimesat'),
      contents('tst-fallocate', 'fallocate, holes'),
      contents('tst-fcntl', 'flags and duplicates'),
      contents('tst-uio', 'vectors'),
      contents('tst-sendfile', 'sendfile'),
      contents('tst-mmap-file', 'mappings of files, shared and private'),
      contents('tst-pipe', 'pipes'),
      contents('tst-eventfd', 'eventfd'),
      contents('tst-epoll', 'epoll: level, edge, nested'),
      contents('tst-poll', 'poll'),
      contents('tst-select-timeout', 'select'),
      contents('tst-console', 'a terminal, read and written'),
      contents('tst-ttyname', 'ttyname and its errors'),
      section(
        'src/guest-kernel/vfs/mount-table.test.ts',
        'tst-zfs-mount',
        'mounting; ZFS itself: the disk is ext4',
        'a mount covers its directory',
      ),
      section(
        'src/guest-kernel/fs/ext4/ext4.test.ts',
        'tst-vblk',
        'the disk, read and written',
        'blocks that come late',
      ),
      paths('getdents', 'getdents, getdents64', 'SECTION("getdents")'),
      contents('splice', 'splice, tee', 'SECTION("splice")'),
      { name: 'io_uring', checks: 'rings', reason: 'no io_uring: ENOSYS, as where Linux is built without it' },
      {
        name: 'libaio',
        checks: 'io_submit and its like',
        reason: 'no kernel AIO: ENOSYS, as where Linux is built without it',
      },
      section('guest/tests/memory.c', 'mremap', 'mappings that grow, shrink and move'),
      section('src/guest-kernel/fs/ext4/ext4.test.ts', 'ext4-rw', 'ext4, read and written', 'fscks clean'),
      { name: 'rofs', checks: "OSv's read-only filesystem", reason: 'the disk is ext4' },
      contents('stdio, fread', 'buffered streams', 'SECTION("fread")'),
    ],
  },
];
