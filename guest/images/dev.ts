/** The image for people who work at a prompt: bash, coreutils, tcc with all headers, make. */
import { inLib } from './debian-paths.ts';
import { defaultImage } from './default.ts';
import type { Recipe } from './recipe.ts';

/** What busybox has and coreutils has not. */
const APPLETS = `
  ash awk bunzip2 bzcat bzip2 clear cmp cpio diff dmesg ed egrep fgrep find free ftpget grep gunzip gzip hexdump hostname
  httpd ifconfig ip kill killall less losetup lzcat lzma microcom more mount nc netstat nslookup patch pidof ping ps reset
  rev route sed setsid strings sysctl tar telnet time top traceroute ts umount unlzma unxz unzip uptime vi watch wget
  which xargs xxd xz xzcat zcat
`
  .trim()
  .split(/\s+/);

export const devImage: Recipe = {
  ...defaultImage,
  name: 'dev',
  title: 'The same with bash, coreutils, make, tcc and all headers',
  packages: {
    ...defaultImage.packages,
    bash: ['/usr/bin/bash', '/usr/share/doc/bash/copyright', '/etc/bash.bashrc', '/etc/skel/.bashrc'],
    coreutils: ['/usr/bin/*', '/usr/share/doc/coreutils/copyright'],
    make: ['/usr/bin/make', '/usr/share/doc/make/copyright'],
    libacl1: [inLib('libacl.so.1*')],
    libattr1: [inLib('libattr.so.1*')],
    libgmp10: [inLib('libgmp.so.10*')],
    'libpcre2-8-0': [inLib('libpcre2-8.so.0*')],
    libselinux1: [inLib('libselinux.so.1*')],
    'libc6-dev': [...(defaultImage.packages['libc6-dev'] ?? []), '/usr/include/**', inLib('*.o'), inLib('*.so')],
    'linux-libc-dev': ['/usr/include/**'],
  },
  texts: {
    ...defaultImage.texts,
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/bash\nosv:x:0:0:osv:/:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    '/etc/shells': '/bin/sh\n/bin/bash\n',
    '/root/.bashrc': "PS1='\\u@\\h:\\w\\$ '\nalias ls='ls --color=auto' ll='ls -l'\n",
  },
  links: {
    ...defaultImage.links,
    ...Object.fromEntries(APPLETS.map((name) => [`/usr/bin/${name}`, 'busybox'])),
    '/usr/bin/cc': 'tcc',
  },
};
