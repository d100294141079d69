/** Runs the scripts of `programs/` on the host's processor, inside the same files that the machine's image holds. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execute, type Outcome } from '../tests/testing/vm.ts';

/** The folder whose files an image was made of. */
export const treeOf = (image: string): string => resolve(`.cache/images/${image}.tree`);

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

/** Puts the scripts where the machine mounts them, and takes away what earlier runs have left. */
export function prepareNative(image: string, scripts: string): void {
  const temporary = join(treeOf(image), 'tmp');
  for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true, force: true });
  const mounted = join(treeOf(image), 'mnt');
  rmSync(mounted, { recursive: true, force: true });
  cpSync(scripts, mounted, { recursive: true });
}

const IN_TREE = 'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec /usr/sbin/chroot "$0" "$@"';

/** A mount namespace, and where this process is not root a user namespace too. */
const UNSHARE = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])];

/** Containers and other chroots may refuse it. */
const canUnshare = spawnSync(UNSHARE[0], [...UNSHARE.slice(1), 'true']).status === 0;

/** Without a mount namespace the tree has no /proc, and of /dev what is made here. */
function makeDevices(tree: string): void {
  const devices = join(tree, 'dev');
  mkdirSync(devices, { recursive: true });
  for (const [name, minor] of Object.entries({ null: '3', zero: '5', urandom: '9' })) {
    const node = join(devices, name);
    if (!existsSync(node)) spawnSync('mknod', ['-m', '666', node, 'c', '1', minor]);
  }
}

export function runNatively(image: string, command: readonly string[]): Promise<Outcome> {
  const [tool = '', ...args] = nativeCommand(image, command);
  return execute(tool, args);
}

/** What runs `command` of an image on this machine. */
export function nativeCommand(image: string, command: readonly string[], more: Environment = {}): readonly string[] {
  const variables = Object.entries({ ...ENVIRONMENT, ...more }).map(([name, value]) => `${name}=${value}`);
  const tree = treeOf(image);
  const inside = canUnshare ? [...UNSHARE, '/bin/sh', '-c', IN_TREE] : ['/usr/sbin/chroot'];
  if (!canUnshare) makeDevices(tree);
  return ['env', '-i', ...variables, ...inside, tree, ...command];
}

type Environment = Readonly<Record<string, string>>;
