/** Runs the scripts of `programs/` on the host's processor, inside the same files that the machine's image holds. */
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execute, type Outcome } from '../tests/testing/vm.ts';

const treeOf = (image: string): string => resolve(`.cache/images/${image}.tree`);

/**
 * The environment that `osv run` gives. glibc chooses functions by the processor it finds: without FMA and AVX2 it takes
 * those that the machine runs too, whose last bits differ from the others'.
 */
const ENVIRONMENT = {
  HOME: '/',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  PYTHONDONTWRITEBYTECODE: '1',
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2',
};

/** Puts the scripts where the machine mounts them. */
export function prepareNative(image: string, scripts: string): void {
  const mounted = join(treeOf(image), 'mnt');
  rmSync(mounted, { recursive: true, force: true });
  cpSync(scripts, mounted, { recursive: true });
}

const IN_TREE = 'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec /usr/sbin/chroot "$0" "$@"';

/** In a mount namespace, and where this process is not root in a user namespace too. */
export function runNatively(image: string, command: readonly string[]): Promise<Outcome> {
  const variables = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const inside = ['unshare', '--mount', ...asRoot, '/bin/sh', '-c', IN_TREE, treeOf(image), ...command];
  return execute('env', ['-i', ...variables, ...inside]);
}
