/** Whole programs of Debian, each on files of the bench image (guest/images/bench.ts). */
import { resolve } from 'node:path';
import type { Job } from './column.ts';

/** The image's files on the host: the same program files run in every column. */
export const TREE = resolve('.cache/images/bench.tree');

export interface Program {
  readonly name: string;
  readonly argv: readonly string[];
}

export const PROGRAMS: readonly Program[] = [
  { name: 'hello', argv: ['/usr/bin/bench-hello'] },
  { name: 'python print', argv: ['/usr/bin/python3.11', '-c', 'print(1)'] },
  { name: 'python pystone', argv: ['/usr/bin/python3.11', '/bench/pystone.py'] },
  { name: 'lua fib', argv: ['/usr/bin/lua5.4', '/bench/fib.lua'] },
  { name: 'sqlite3 100k inserts', argv: ['/usr/bin/sqlite3', ':memory:', '.read /bench/data/inserts.sql'] },
  { name: 'gzip 20 MB', argv: ['/usr/bin/gzip', '-k', '-f', '-6', '/bench/data/text'] },
  { name: 'xz -0 20 MB', argv: ['/usr/bin/xz', '-k', '-f', '-0', '-T1', '/bench/data/text'] },
  { name: 'openssl sha256 20 MB', argv: ['/usr/bin/openssl', 'dgst', '-sha256', '/bench/data/text'] },
  { name: 'perl regex', argv: ['/usr/bin/perl', '/bench/regex.pl'] },
  {
    name: 'cc1 -O1',
    argv: ['/usr/bin/cc1', '-quiet', '-nostdinc', '-O1', '-fno-ident', '/bench/data/unit.c', '-o', '/tmp/unit.s'],
  },
  { name: 'bash loop', argv: ['/usr/bin/bash', '/bench/loop.sh'] },
];

// Natively glibc and OpenSSL would take what the machine's processor does not have (AVX2, SHA): both get the same level.
const ENVIRONMENT = [
  'PATH=/usr/bin:/bin',
  'HOME=/',
  'LANG=C.UTF-8',
  'PYTHONDONTWRITEBYTECODE=1',
  'GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX,-FMA,-FMA4,-AVX512F',
  'OPENSSL_ia32cap=0x0000000000000000:0',
];

const inTree = (word: string): string => word.replace(/^(\.read )?(?=\/(bench|usr)\/)/, `$1${TREE}`);

const AS_ROOT = process.getuid?.() === 0 ? [] : ['/usr/bin/unshare', '--user', '--map-root-user'];

export function programJob({ name, argv }: Program, column: string): Job {
  // qemu looks below TREE for what the program opens, but not where it makes files; natively chroot(8) does both.
  const host =
    column === 'qemu'
      ? ['env', '-i', ...ENVIRONMENT, 'qemu-x86_64', '-L', TREE, ...argv.map(inTree)]
      : ['env', '-i', ...ENVIRONMENT, ...AS_ROOT, '/usr/sbin/chroot', TREE, ...argv];
  return { name, files: {}, host, guest: argv };
}
