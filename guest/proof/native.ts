/** Runs the scripts of `programs/` on the host's processor, inside the same files that the machine's image holds. */
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execute, type Outcome } from '../tests/testing/vm.ts';

const TREE = resolve('.cache/images/proof.tree');

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
export function prepareNative(scripts: string): void {
  rmSync(join(TREE, 'mnt'), { recursive: true, force: true });
  cpSync(scripts, join(TREE, 'mnt'), { recursive: true });
}

/** chroot(8), by a user namespace where this process is not root. */
export function runNatively(command: readonly string[]): Promise<Outcome> {
  const variables = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const asRoot = process.getuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user'];
  return execute('env', ['-i', ...variables, ...asRoot, '/usr/sbin/chroot', TREE, ...command]);
}
