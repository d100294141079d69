/**
 * The image of `npm run proof` (guest/proof): programs whose output in the machine must equal what the same files print
 * on the host's processor. Between them they use most of what compilers and hand-written assembler make of x86-64.
 */
import { inLib } from './debian-paths.ts';
import { defaultImage } from './default.ts';
import type { Recipe } from './recipe.ts';

/** What the scripts of guest/proof use of busybox. */
const APPLETS = ['cat', 'cmp', 'expr', 'grep', 'md5sum', 'mkdir', 'rm', 'sed', 'wc'];

export const proofImage: Recipe = {
  ...defaultImage,
  name: 'proof',
  audience: 'tests',
  title: 'Programs that are compared with the same on the host',
  sizeBytes: 512 * 1024 * 1024,
  packages: {
    ...defaultImage.packages,
    openssl: ['/usr/bin/openssl', '/etc/ssl/openssl.cnf', '/usr/lib/ssl/openssl.cnf'],
    libssl3: [inLib('libcrypto.so.3'), inLib('libssl.so.3'), inLib('ossl-modules/legacy.so')],
    'p7zip-full': ['/usr/lib/p7zip/7z', '/usr/lib/p7zip/7z.so'],
    bc: ['/usr/bin/bc'],
    'perl-base': ['/usr/bin/perl', inLib('perl-base/**')],
    'perl-modules-5.36': ['/usr/share/perl/**'],
    'libperl5.36': [inLib('perl/**')],
    libcrypt1: [inLib('libcrypt.so.1*')],
    'python3.11-minimal': ['/usr/bin/python3.11'],
    'libpython3.11-minimal': ['/usr/lib/python3.11/**'],
    'libpython3.11-stdlib': ['/usr/lib/python3.11/**'],
    libexpat1: [inLib('libexpat.so.1*')],
    zlib1g: [inLib('libz.so.1*')],
    'libbz2-1.0': [inLib('libbz2.so.1*')],
    liblzma5: [inLib('liblzma.so.5*')],
    libffi8: [inLib('libffi.so.8*')],
    libuuid1: [inLib('libuuid.so.1*')],
    sqlite3: ['/usr/bin/sqlite3'],
    'libsqlite3-0': [inLib('libsqlite3.so.0*')],
    'cpp-12': ['/usr/lib/gcc/x86_64-linux-gnu/12/cc1'],
    libgmp10: [inLib('libgmp.so.10*')],
    libisl23: [inLib('libisl.so.23*')],
    libmpc3: [inLib('libmpc.so.3*')],
    libmpfr6: [inLib('libmpfr.so.6*')],
    libzstd1: [inLib('libzstd.so.1*')],
  },
  programs: [
    ...defaultImage.programs,
    { to: '/usr/bin/libm-proof', sources: ['guest/apps/proof/libm.c'], flags: ['-std=gnu11', '-O2', '-lm'] },
  ],
  links: {
    ...defaultImage.links,
    ...Object.fromEntries(APPLETS.map((name) => [`/usr/bin/${name}`, 'busybox'])),
    '/usr/bin/cc1': '../lib/gcc/x86_64-linux-gnu/12/cc1',
    '/usr/bin/python3': 'python3.11',
  },
};
