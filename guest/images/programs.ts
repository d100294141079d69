/**
 * The larger image of `npm run proof`: what people run on Linux. A shell with its tools, archivers, a compiler that makes
 * and links programs, version control, servers that meet their clients over loopback.
 */
import { proofImage } from './proof.ts';
import { inLib } from './debian-paths.ts';
import { defaultImage } from './default.ts';
import type { Recipe } from './recipe.ts';

/** Packages of which all is taken. */
const WHOLE = `
  bash bzip2 coreutils diffutils findutils gawk grep gzip sed tar xz-utils zstd
  binutils binutils-common binutils-x86-64-linux-gnu cpp-12 gcc-12 libgcc-12-dev make tcc
  libc6-dev linux-libc-dev libbinutils libctf0 libctf-nobfd0 libgprofng0 libjansson4 libcc1-0
  git luajit libluajit-5.1-2 libluajit-5.1-common memcached redis-server redis-tools
  libacl1 libatomic1 libattr1 libevent-2.1-7 libgcrypt20 libgpg-error0 libjemalloc2 liblz4-1
  liblzf1 libpcre2-8-0 libsasl2-2 libselinux1 libsigsegv2 libsystemd0
`
  .trim()
  .split(/\s+/);

export const programsImage: Recipe = {
  ...proofImage,
  name: 'programs',
  title: 'Programs that people run on Linux',
  sizeBytes: 1024 * 1024 * 1024,
  packages: {
    ...proofImage.packages,
    ...Object.fromEntries(WHOLE.map((name) => [name, ['/usr/**']])),
    nginx: ['/usr/sbin/nginx'],
    'nginx-common': ['/etc/nginx/mime.types'],
    libcap2: [inLib('libcap.so.2*')],
  },
  links: {
    ...defaultImage.links,
    '/usr/bin/awk': 'gawk',
    '/usr/bin/gcc': 'gcc-12',
    '/usr/bin/python3': 'python3.11',
    '/usr/bin/sh': 'bash',
  },
};
