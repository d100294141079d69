/** The two sides of `npm run test:python`: the image's files on this processor, and the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Ended } from './outcome.ts';

/** Runs `MODULE` with at most `seconds`; what it prints goes to `note` too. */
export type Side = (module: string, seconds: number, options: readonly string[]) => Promise<Ended>;

const TREE = resolve('.cache/images/python.tree');
const SCRIPTS = resolve('guest/python');

/** Python gives up first and says where it is; this is how long it gets for that. */
const GRACE_SECONDS = 15;

/** Of a module's output, which may be endless; failures stand at its end. */
const KEPT_CHARS = 400_000;

/** As `osv run` gives them. Without FMA and AVX2 glibc takes the functions that it takes in the machine. */
const ENVIRONMENT = {
  HOME: '/',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2',
};

/** A fresh layer over the tree, a /tmp of one filesystem, processes and network of its own with a loopback: what the machine has. */
const IN_TREE = `
set -e
at=$(mktemp -d) && mount -t tmpfs none $at && mkdir $at/upper $at/work $at/root
mount -t overlay none -o lowerdir="$0",upperdir=$at/upper,workdir=$at/work $at/root
cd $at/root && mount --rbind /dev dev && mount -t proc none proc && mount -t tmpfs none tmp && mkdir -p mnt && mount --bind "$1" mnt
hostname osv.local && ip link set lo up && shift
exec /usr/sbin/chroot . /usr/bin/dash /mnt/run-module.sh "$@"
`;

export const native: Side = (module, seconds, options) => {
  const args = ['--mount', '--net', '--pid', '--fork', '--uts', '--kill-child', 'sh', '-c', IN_TREE, TREE, SCRIPTS];
  return runWithin(seconds, 'unshare', [...args, module, String(seconds), ...options], ENVIRONMENT);
};

/** @param bundle of src/node/osv.ts, which stays as it is while a long run lasts */
export function machine(bundle: string): Side {
  const environment = { ...process.env, OSV_CODE: resolve('.cache/python/code') };
  return (module, seconds, options) => {
    const command = ['/usr/bin/dash', '/mnt/run-module.sh', module, String(seconds), ...options].join(' ');
    const args = [bundle, 'run', '--image', resolve('.cache/images/python.img'), '--mount', `${SCRIPTS}:/mnt`];
    return runWithin(seconds, 'node', [...args, '--execute', command], environment);
  };
}

function runWithin(seconds: number, tool: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const startMs = performance.now();
  return new Promise((done, reject) => {
    const child = spawn(tool, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (text: string): void => void (output = (output + text).slice(-KEPT_CHARS));
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    let isLate = false;
    const limit = setTimeout(
      () => {
        isLate = true;
        child.kill('SIGKILL');
      },
      (seconds + GRACE_SECONDS) * 1000,
    );
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      done({ output, code: isLate ? undefined : (code ?? 128), seconds: (performance.now() - startMs) / 1000 });
    });
  });
}

/** All modules, as Python itself lists them. */
export function allModules(): readonly string[] {
  const list = spawnSync('/usr/sbin/chroot', [TREE, '/usr/bin/python3.11', '-B', '-m', 'test', '--list-tests']);
  if (list.status !== 0) throw new Error(`Python does not list its tests: ${list.stderr.toString()}`);
  return list.stdout.toString().trim().split('\n');
}
