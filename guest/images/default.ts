/**
 * The default image: OSv's own programs, C and C++ libraries, busybox, Lua, examples.
 * Everything that is not needed to run them stays out (manuals, locales but C.utf8, headers).
 */
import type { ProgramSource, Recipe } from './recipe.ts';

const LIB = '/usr/lib/x86_64-linux-gnu';

const EXAMPLES = ['counter', 'crash', 'environment', 'fib', 'http-server', 'threads', 'write-file'];

const example = (name: string): ProgramSource => ({
  to: `/examples/${name}.so`,
  sources: [`guest/apps/examples/${name}.c`],
  flags: ['-shared', '-fPIC', '-O2'],
});

/**
 * Programs whose code is TypeScript (kern: native-program.ts) are known by these paths; the files only stand for them
 * in listings, as OSv's own lie in its image.
 */
const NATIVE_MARKER = 'This program is part of the kernel: it is started by the path of this file.\n';

export const defaultImage: Recipe = {
  name: 'default',
  audience: 'page',
  title: 'OSv with C and C++ libraries, busybox, Lua and examples',
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
  },
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
    '/usr/mgmt/gui/dashboard': '.cache/dashboard',
  },
  texts: {
    '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\nosv:x:0:0:osv:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    '/etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
    '/etc/nsswitch.conf':
      'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n',
    '/etc/hosts': '127.0.0.1\tlocalhost osv.local\n',
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

/** Path of a library as Debian lays them out. */
export function inLib(name: string): string {
  return `${LIB}/${name}`;
}

function copyright(name: string): string {
  return `/usr/share/doc/${name}/copyright`;
}
