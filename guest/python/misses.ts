/** Why a test that passes on Linux does not in the machine. The first pattern that a failing test's name has is its reason. */
import type { Outcome } from './outcome.ts';

interface Reason {
  /** Of a method's identifier, or of a module's name where the module has no end. */
  readonly pattern: RegExp;
  readonly text: string;
}

export const REASONS: readonly Reason[] = [
  {
    pattern: /test_mmap\.LargeMmapTests\.test_around_4GB/,
    text: 'maps a file of 4 GiB: an address space of the machine is 4 GiB, which RLIMIT_AS says',
  },
  {
    pattern: /test_asyncio\.test_ssl\.TestSSL\.test_create_connection_ssl_1/,
    text: '25 TLS handshakes at once, each within 60 s: the test takes 26 s of processor time, and the host gave it a fifth of one',
  },
  {
    pattern: /^test_multiprocessing_forkserver/,
    text: 'its 15 minutes on a busy host were over in test_many_processes, behind 219 of 375 tests, which passed: a hundred processes of 40 MB at a time are 4 GB, since a fork copies, and the machine had 2 GB',
  },
  {
    pattern: /^test_multiprocessing_fork /,
    text: 'memory was out from test_many_processes on (as above), behind some 200 tests that passed; with `--memsize 12G`, which the runs have since, that test passes; the whole was not run again',
  },
];

export interface Miss {
  /** A method, or the module where it did not come to its end. */
  readonly name: string;
  readonly reason: string;
}

const UNKNOWN = 'not looked into yet';

/** Why more tests of a module are skipped in the machine than natively. */
const SKIPPED: readonly Reason[] = [
  {
    pattern: /^test_largefile$/,
    text: 'two want 5.9 GB of free space: /tmp is kept in memory, of which the machine has 2 GB, and the image has 1 GB',
  },
];

export const skipReason = (module: string): string =>
  SKIPPED.find(({ pattern }) => pattern.test(module))?.text ?? UNKNOWN;

export function missesOf(module: string, { verdict, failed }: Outcome): readonly Miss[] {
  if (verdict === 'passed') return [];
  const names = failed.length > 0 ? failed.map((id) => id.replace(/^test\./, '')) : [`${module} (${verdict})`];
  return names.map((name) => ({ name, reason: REASONS.find(({ pattern }) => pattern.test(name))?.text ?? UNKNOWN }));
}
