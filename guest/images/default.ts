/**
 * The default image: OSv's own programs, C and C++ libraries, busybox, Lua, examples, and tcc with libc's headers.
 * Everything that is not needed to run them stays out (manuals, locales but C.utf8).
 */
import { inLib } from './debian-paths.ts';
import type { ProgramSource, Recipe } from './recipe.ts';

const EXAMPLES = ['counter', 'crash', 'environment', 'fib', 'http-server', 'threads', 'write-file'];

const example = (name: string): ProgramSource => ({
  to: `/examples/${name}.so`,
  sources: [`guest/apps/examples/${name}.c`],
  flags: ['-shared', '-fPIC', '-O2'],
});

/** The kernel's headers that libc's include, and what those include. */
const LINUX_HEADERS = `
  auxvec close_range const errno eventpoll falloc fcntl futex if if_ether if_packet in in6 ioctl kernel limits mman
  openat2 param posix_types prctl ptrace rseq sched signal socket stat stddef sysinfo time time_types types uio unistd
  version wait
`
  .trim()
  .split(/\s+/);

/** What compiles and links programs of C with Debian's libc, and runs them from memory. */
const tinyCompiler = {
  tcc: ['/usr/bin/tcc', inLib('tcc/libtcc1.a'), inLib('tcc/include/*')],
  'libc6-dev': [
    '/usr/include/*.h',
    ...['arpa', 'net', 'netinet', 'netpacket'].map((folder) => `/usr/include/${folder}/**`),
    ...['bits', 'gnu', 'sys'].map((folder) => `/usr/include/x86_64-linux-gnu/${folder}/**`),
    '/usr/include/x86_64-linux-gnu/*.h',
    ...['*crt1.o', 'crti.o', 'crtn.o', 'libc.so', 'libc_nonshared.a', 'libm.so'].map(inLib),
    ...['libdl.a', 'libpthread.a', 'librt.a', 'libutil.a'].map(inLib),
  ],
  'linux-libc-dev': [
    '/usr/include/asm-generic/*',
    '/usr/include/x86_64-linux-gnu/asm/*',
    ...LINUX_HEADERS.map((name) => `/usr/include/linux/${name}.h`),
  ],
} as const;

/**
 * Programs whose code is TypeScript (kern: native-program.ts) are known by these paths; the files only stand for them
 * in listings, as OSv's own lie in its image.
 */
const NATIVE_MARKER = 'This program is part of the kernel: it is started by the path of this file.\n';

export const defaultImage: Recipe = {
  name: 'default',
  audience: 'page',
  title: 'OSv with C and C++ libraries, busybox, Lua, tcc and examples',
  sizeBytes: 256 * 1024 * 1024,
  source: 'Debian 12 (bookworm) packages and programs of this project',
  licence:
    'Parts under LGPL-2.1, GPL-2, GPL-3 with runtime exception, MIT and BSD-3-Clause; see /usr/share/doc in the image',
  packages: {
    libc6: [
      '/usr/lib64/*',
      ...['ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1'].map(inLib),
      ...['libutil.so.1', 'libresolv.so.2', 'libanl.so.1', 'libBrokenLocale.so.1', 'libnss_*', 'libmvec.so.1'].map(
        inLib,
      ),
      copyright('libc6'),
    ],
    'libc-bin': ['/usr/lib/locale/C.utf8/**', '/usr/bin/getent'],
    'libstdc++6': [inLib('libstdc++.so.6*')],
    'libgcc-s1': [inLib('libgcc_s.so.1')],
    'busybox-static': ['/usr/bin/busybox', copyright('busybox-static')],
    'lua5.4': ['/usr/bin/lua5.4', copyright('lua5.4')],
    libreadline8: [inLib('libreadline.so.8*'), inLib('libhistory.so.8*'), copyright('libreadline8')],
    libtinfo6: [inLib('libtinfo.so.6*'), copyright('libtinfo6')],
    'ncurses-base': ['/usr/lib/terminfo/**', copyright('ncurses-base')],
    'gcc-12-base': [copyright('gcc-12-base')],
    ...tinyCompiler,
    tcc: [...tinyCompiler.tcc, copyright('tcc')],
    'libc6-dev': [...tinyCompiler['libc6-dev'], copyright('libc6-dev')],
  },
  npmFiles: {},
  programs: [
    {
      to: '/usr/lib/osv/launcher',
      sources: ['guest/apps/launcher/launcher.c'],
      flags: ['-std=gnu11', '-O2', '-fPIE', '-pie', '-Wl,--dynamic-list=guest/apps/launcher/interposed.list'],
    },
    ...EXAMPLES.map(example),
  ],
  copies: {
    ...Object.fromEntries(EXAMPLES.map((name) => [`/examples/${name}.c`, `guest/apps/examples/${name}.c`])),
    '/examples/fib.lua': 'guest/apps/examples/fib.lua',
    '/examples/hello.c': 'guest/apps/examples/hello.c',
    '/usr/mgmt/gui/dashboard': '.cache/dashboard',
  },
  texts: {
    '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\nosv:x:0:0:osv:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    '/etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
    '/etc/nsswitch.conf':
      'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n',
    '/etc/hosts':
      '127.0.0.1\tlocalhost osv.local\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n',
    '/etc/resolv.conf': '',
    '/etc/hostname': 'osv.local\n',
    '/etc/fstab':
      '/dev/vblk0\t/\text4\tdefaults\t0 0\nnone\t/dev\tdevfs\tdefaults\t0 0\nnone\t/proc\tprocfs\tdefaults\t0 0\n',
    '/etc/ld.so.conf': '/usr/local/lib\n/usr/lib/x86_64-linux-gnu\n',
    '/etc/shells': '/bin/sh\n',
    '/init/30-auto-00': '/libhttpserver.so &!\n',
    '/libhttpserver.so': NATIVE_MARKER,
    '/cli/cli.so': NATIVE_MARKER,
  },
  links: {
    '/bin': 'usr/bin',
    '/sbin': 'usr/sbin',
    '/lib': 'usr/lib',
    '/lib64': 'usr/lib64',
    '/etc/mtab': '/proc/mounts',
    '/etc/mnttab': '/proc/mounts',
    '/usr/bin/lua': 'lua5.4',
    '/usr/bin/sh': 'busybox',
  },
  directories: {
    '/dev': 0o755,
    '/mnt': 0o755,
    '/proc': 0o555,
    '/root': 0o700,
    '/run': 0o755,
    '/sys': 0o555,
    '/tmp': 0o1777,
    '/usr/local/lib': 0o755,
    '/usr/sbin': 0o755,
    '/var/tmp': 0o1777,
  },
};

function copyright(name: string): string {
  return `/usr/share/doc/${name}/copyright`;
}
