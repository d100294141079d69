/** The two sides of `npm run test:python`: the image's files on this processor, and the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Ended } from './outcome.ts';

export interface Batch {
  readonly modules: readonly string[];
  /** For each module. */
  readonly limitSeconds: number;
  /** For Python's runner. */
  readonly options: readonly string[];
  readonly onEnd: (module: string, ended: Ended) => void;
}

/**
 * Runs modules one after the other in one machine until one of them does not come to its end by itself, or all have.
 * @returns how many were told to `onEnd`; at least one
 */
export type Side = (batch: Batch) => Promise<number>;

const TREE = resolve('.cache/images/python.tree');
const SCRIPTS = resolve('guest/python');

/** Python gives up first and says where it is; this is how long it gets for that. */
const GRACE_SECONDS = 20;

/** Of a module's output, which may be endless; failures stand at its end. */
const KEPT_CHARS = 400_000;

/** test_multiprocessing has a hundred processes of 40 MB each, which in the machine share nothing. */
const MEMORY = '12G';

/** As `osv run` gives them. Without FMA and AVX2 glibc takes the functions that it takes in the machine. */
const ENVIRONMENT = {
  HOME: '/',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2',
};

/** A fresh layer over the tree, a /tmp of one filesystem, the machine's devices, a network of its own with a loopback. */
const IN_TREE = `
set -e
at=$(mktemp -d) && mount -t tmpfs none $at && mkdir $at/upper $at/work $at/root
mount -t overlay none -o lowerdir="$0",upperdir=$at/upper,workdir=$at/work $at/root
cd $at/root && mount -t proc none proc && mount -t tmpfs none tmp && mount -t tmpfs none dev && mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do : > dev/$device && mount --bind /dev/$device dev/$device; done
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts && ln -s pts/ptmx dev/ptmx && mount -t tmpfs none dev/shm
ln -s /proc/self/fd dev/fd && ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
mkdir -p mnt && mount --bind "$1" mnt && hostname osv.local && ip link set lo up && shift
exec /usr/sbin/chroot . /usr/bin/dash /mnt/run-modules.sh "$@"
`;

const argumentsOf = ({ limitSeconds, options, modules }: Batch): readonly string[] => [
  String(limitSeconds),
  options.join(' '),
  ...modules,
];

export const native: Side = (batch) => {
  const args = ['--mount', '--net', '--pid', '--fork', '--uts', '--kill-child', 'sh', '-c', IN_TREE, TREE, SCRIPTS];
  return runBatch(batch, 'unshare', [...args, ...argumentsOf(batch)], ENVIRONMENT);
};

/** @param bundle of src/node/osv.ts, which stays as it is while a long run lasts */
export function machine(bundle: string): Side {
  const environment = { ...process.env, OSV_CODE: resolve('.cache/python/code') };
  return (batch) => {
    const words = argumentsOf(batch).map((word) => `'${word}'`);
    const command = ['/usr/bin/dash', '/mnt/run-modules.sh', ...words].join(' ');
    const args = [
      bundle,
      'run',
      '--image',
      resolve('.cache/images/python.img'),
      '--memsize',
      MEMORY,
      '--mount',
      `${SCRIPTS}:/mnt`,
    ];
    return runBatch(batch, 'node', [...args, '--execute', command], environment);
  };
}

/** What run-modules.sh says behind each module. */
const END = /\n--- (\S+) ended with (\d+)\n/;

function runBatch(batch: Batch, tool: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((done, reject) => {
    const child = spawn(tool, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let count = 0;
    let output = '';
    let startMs = performance.now();
    let isLate = false;
    const kill = (): void => {
      isLate = true;
      child.kill('SIGKILL');
    };
    let limit = startLimit();

    /** For as many modules as share the next process of Python. */
    function startLimit(): NodeJS.Timeout {
      const modules = batch.modules[count]?.split(',').length ?? 1;
      return setTimeout(kill, (batch.limitSeconds * modules + GRACE_SECONDS) * 1000);
    }

    function tell(ended: Omit<Ended, 'seconds'>): void {
      batch.onEnd(batch.modules[count] ?? '', { ...ended, seconds: (performance.now() - startMs) / 1000 });
      count += 1;
      startMs = performance.now();
      clearTimeout(limit);
      limit = startLimit();
    }

    function keep(text: string): void {
      output += text;
      for (let end = END.exec(output); end !== null; end = END.exec(output)) {
        const rest = output.slice(end.index + end[0].length);
        tell({ output: output.slice(0, end.index + 1), code: Number(end[2]) });
        output = rest;
      }
      output = output.slice(-KEPT_CHARS);
    }

    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      if (count < batch.modules.length) tell({ output, code: isLate ? undefined : (code ?? 128) });
      done(count);
    });
  });
}

/** All modules, as Python itself lists them. */
export function allModules(): readonly string[] {
  const list = spawnSync('/usr/sbin/chroot', [TREE, '/usr/bin/python3.11', '-B', '-m', 'test', '--list-tests']);
  if (list.status !== 0) throw new Error(`Python does not list its tests: ${list.stderr.toString()}`);
  return list.stdout.toString().trim().split('\n');
}
