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
    pattern: /test_fcntl\.TestFcntl\.test_fcntl_64_bit/,
    text: 'F_NOTIFY (dnotify, the predecessor of inotify) is not there; EINVAL, as of a Linux built without it',
  },
  {
    pattern: /test_socket\.GeneralModuleTests\.testInterfaceNameIndex/,
    text: 'if_nameindex(3) asks an AF_NETLINK socket, which is not there yet',
  },
  {
    pattern: /^test_signal \(timed out\)/,
    text:
      'not at its end after 400 s on a host with twenty other busy processes; of 48 tests until then one failed: ' +
      'pidfd_send_signal does not take a folder of /proc',
  },
  {
    pattern: /^test_subprocess \(timed out\)/,
    text:
      'not at its end after 400 s on a host with twenty other busy processes; of 176 tests until then one failed, ' +
      'test_pass_fds, whose reason (names of /proc/self/fd passed over while descriptors are closed) is mended since',
  },
];

export interface Miss {
  /** A method, or the module where it did not come to its end. */
  readonly name: string;
  readonly reason: string;
}

const UNKNOWN = 'not looked into yet';

export function missesOf(module: string, { verdict, failed }: Outcome): readonly Miss[] {
  if (verdict === 'passed') return [];
  const names = failed.length > 0 ? failed.map((id) => id.replace(/^test\./, '')) : [`${module} (${verdict})`];
  return names.map((name) => ({ name, reason: REASONS.find(({ pattern }) => pattern.test(name))?.text ?? UNKNOWN }));
}
