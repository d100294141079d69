import { describe, expect, test } from 'vitest';
import { bytesOf, byteStringFrom } from '../../../emulator/util/bytes.ts';
import { O_RDONLY, O_RDWR } from '../../abi/fcntl.ts';
import { AF_INET, AF_INET6, AF_UNIX } from '../../abi/socket.ts';
import { makeDevice, type DeviceType } from '../../devices/device.ts';
import { SystemV } from '../../ipc/system-v.ts';
import { ANY4, LOOPBACK4, LOOPBACK6 } from '../../net/host.ts';
import type { Program, Task } from '../../program/thread.ts';
import { NO_USAGE } from '../../program/usage.ts';
import type { Inode } from '../../vfs/inode.ts';
import type { UserMemory } from '../../vfs/open-file.ts';
import { FileTable } from '../../vfs/file-table.ts';
import { makePipe } from '../../vfs/pipe.ts';
import { userCredentials } from '../../vfs/credentials.ts';
import { ramfs, ROOT_USER, testCall, treeOver, type Tree } from '../../vfs/testing/tree.ts';
import { deviceOpener, fillDevfs } from '../devfs/devfs.ts';
import { Ramfs } from '../ramfs/ramfs.ts';
import { makeProcfs } from './procfs.ts';

const NOW = { seconds: 1_700_000_000, nanoseconds: 0 };

const DEVICE: DeviceType = {
  name: 'pipe',
  major: 10,
  minor: 300,
  mode: 0o620,
  open: (flags) => makePipe(flags, 9)[0],
};

/** What lies in the program's memory: two arguments and two variables. */
const MEMORY = 'thing\0a b\0A=1\0B=2\0';
const IMAGE = {
  codeStart: 4096,
  codeEnd: 8192,
  dataStart: 8192,
  dataEnd: 9000,
  stackStart: 100,
  argvStart: 0,
  argvEnd: 10,
  environmentStart: 10,
  environmentEnd: 18,
  auxv: new Uint8Array(16),
};
const FACTS = {
  name: 't42',
  state: 'S',
  terminal: makeDevice(136, 0),
  foregroundGroup: 42,
  startNs: 2e9,
  usage: { ...NO_USAGE, userNs: 50e6, systemNs: 10e6, minorFaults: 5, majorFaults: 1, sleeps: 3, preemptions: 1 },
  reaped: { ...NO_USAGE, userNs: 90e6 },
  pending: 0n,
  ignored: 1n,
  caught: 2n,
  exitCode: 0,
  limit: () => [1024n, -1n] as const,
} as const;
const taskFacts = {
  ...FACTS,
  state: 'R',
  nice: 0,
  policy: 0,
  realtimePriority: 0,
  effectivePriority: 0,
  switches: 4,
  hasNoNewPrivileges: false,
  seccomp: [0, 0],
  stackPointer: 0,
  instructionPointer: 0,
  blocked: 0n,
} as const;
const PLAIN = { waiting: 0, waitingLimit: 0, isV6Only: false, peerInodeNumber: 0 };

const SOCKETS = [
  {
    kind: 'tcp',
    inodeNumber: 7,
    type: 1,
    state: 10,
    isListening: true,
    isConnected: false,
    family: AF_INET,
    local: { host: LOOPBACK4, port: 8080 },
    remote: { host: ANY4, port: 0 },
    unsentBytes: 0,
    unreadBytes: 2,
    path: '',
    uid: 0,
    ...PLAIN,
  },
  {
    kind: 'tcp',
    inodeNumber: 8,
    type: 1,
    state: 1,
    family: AF_INET6,
    isListening: false,
    isConnected: true,
    local: { host: LOOPBACK6, port: 80 },
    remote: { host: LOOPBACK4, port: 8080 },
    unsentBytes: 16,
    unreadBytes: 0,
    path: '',
    uid: 0,
    ...PLAIN,
  },
  {
    kind: 'unix',
    inodeNumber: 9,
    type: 1,
    state: 10,
    isListening: true,
    isConnected: false,
    family: AF_UNIX,
    local: { host: ANY4, port: 0 },
    remote: { host: ANY4, port: 0 },
    unsentBytes: 0,
    unreadBytes: 0,
    path: '/run/s',
    uid: 0,
    ...PLAIN,
  },
] as const;

/** A tree with /dev and /proc, in which program 42 runs with a thread 43 and three open files; `caller` looks at it. */
function machine(caller = ROOT_USER): Tree {
  const tree = treeOver(ramfs());
  const { vfs, viewer } = tree;
  for (const path of ['/dev', '/proc', '/work']) vfs.mkdir(viewer, { path }, 0o755);
  const files = new FileTable();
  const [reader] = makePipe(0, 7);
  files.add(reader);
  files.add(vfs.open(viewer, '/work', O_RDONLY, 0), { least: 5 });
  const threads = new Map<number, Task>();
  const program = {
    pid: 42,
    parentPid: 1,
    processGroup: 42,
    session: 42,
    path: '/bin/thing',
    argv: ['thing', 'a b'],
    namespace: undefined,
    threads,
    io: { readCalls: 1, readBytes: 10, writeCalls: 2, writtenBytes: 20 },
    state: { kind: 'running' },
  } as unknown as Program;
  const stranger = { ...program, pid: 77 };
  const task = (id: number): Task =>
    ({
      id,
      name: `t${id}`,
      program,
      files,
      fs: viewer.fs,
      credentials: ROOT_USER,
      cpuNs: 30_000_000,
    }) as unknown as Task;
  threads.set(42, task(42)).set(43, task(43));
  const memory = {
    user: { readable: (addr: number, size: number) => bytesOf(MEMORY.slice(addr, addr + size)) } as UserMemory,
    image: IMAGE,
    brkStart: 0x5000,
    brkEnd: 0x6000,
    residentPages: () => 1,
  };
  const facts = { ...FACTS, memory };
  const source = {
    now: () => NOW,
    uptimeNs: 5e9,
    idleNs: 4.94e9,
    tmpfsBytes: 0,
    loadAverages: [1.5, 0.25, 0] as const,
    runnableThreads: 1,
    allThreads: 7,
    processorTime: { userNs: 3e9, niceNs: 0, systemNs: 1e9 },
    diskTraffic: { readBytes: 4096, writtenBytes: 8192 },
    lastPid: 43,
    switches: 12,
    describe: () => facts,
    describeTask: () => taskFacts,
    sockets: () => SOCKETS,
    traffic: { packets: 3, bytes: 400 },
    devices: [{ name: 'null', major: 1 }],
    diskBytes: 1 << 20,
    commandLine: '/cli/cli.so',
    bootId: 'boot',
    systemV: new SystemV(),
    settings: { corePattern: 'core', domainname: '(none)', leaseBreakSeconds: 45 },
    memoryBytes: 1 << 30,
    freeMemoryBytes: 1 << 29,
    hostname: 'osv',
    bootTimeSeconds: NOW.seconds,
    current: () => (caller === ROOT_USER ? task(43) : { ...task(77), program: stranger, credentials: caller }),
    programs: () => [program],
    vfs,
    filesystemTypes: [
      { name: 'ext4', isOnDisk: true },
      { name: 'proc', isOnDisk: false },
    ],
    randomUuid: () => '0',
    cpu: { vendor: 'GenuineIntel', family: 6, model: 15, stepping: 1, name: 'a CPU', flags: 'fpu sse2' },
  };
  vfs.mount(makeProcfs(source, { deviceNumber: 3 }), '/proc', 'proc', 'rw');
  const devfs = new Ramfs({ type: 'devfs', deviceNumber: 4, capacityBytes: 1 << 20, now: () => NOW });
  fillDevfs(devfs, [DEVICE]);
  vfs.mount(devfs, '/dev', 'devfs', 'rw');
  return tree;
}

function read({ vfs, viewer }: Tree, path: string): string {
  const file = vfs.open(viewer, path, O_RDONLY, 0);
  const dst = new Uint8Array(8192);
  return byteStringFrom(dst.subarray(0, file.read(testCall(), dst) as number));
}

function write({ vfs, viewer }: Tree, path: string, text: string): unknown {
  return vfs.open(viewer, path, O_RDWR, 0).write(testCall(), bytesOf(text));
}

function error(name: string): unknown {
  return expect.objectContaining({ name });
}

function list({ vfs, viewer }: Tree, path: string): string[] {
  const { inode } = vfs.walk(viewer, path).dentry;
  return inode.entries(0).map(({ name }) => name);
}

describe('/proc', () => {
  // oxfmt-ignore
  test.each([
    ['/proc/42/stat',              /^42 \(t42\) .* 18446744073709551615 4096 8192 100 /],
    ['/proc/42/limits',            /\nMax open files            1024                 unlimited            files     \n/],
    ['/proc/42/io',                /^rchar: 10\nwchar: 20\nsyscr: 1\nsyscw: 2\n/],
    ['/proc/42/mountinfo',         /^20 1 0:\d+ \/ \/ rw - ramfs test rw\n21 20 0:3 \/ \/proc rw - proc proc rw\n/],
    ['/proc/net/tcp',              /\n +0: 0100007F:1F90 00000000:0000 0A 0{8}:00000002 00:0{8} 0{8}     0        0 7 1 /],
    ['/proc/net/tcp6',             /\n +0: 0{24}01000000:0050 0{16}FFFF00000100007F:1F90 01 00000010:0{8} 00:0{8} 0{8}     0        0 8 1 /],
    ['/proc/net/unix',             /00010000 0001 01     9 \/run\/s\n$/],
    ['/proc/net/dev',              /\n    lo: +400 +3 /],
    ['/proc/loadavg',              '1.50 0.25 0.00 1/7 43\n'],
    ['/proc/partitions',           /\n 252        0       1024 vblk0\n/],
    ['/proc/sys/kernel/core_pattern', 'core\n'],
    ['/proc/self/comm',            't42\n'],
    ['/proc/thread-self/comm',     't43\n'],
    ['/proc/43/status',            /^Name:\tt43\n.*Tgid:\t42\nNgid:\t0\nPid:\t43\nPPid:\t1\n/s],
    ['/proc/42/cmdline',           'thing\0a b\0'],
    ['/proc/42/environ',           'A=1\0B=2\0'],
    ['/proc/42/task/43/stat',      /^43 \(t43\) R 1 42 42 34816 42 4194304 5 0 1 0 5 1 9 0 20 0 2 0 200 /],
    ['/proc/42/fdinfo/5',          /^pos:\t0\nflags:\t0/],
    ['/proc/mounts',               'test / ramfs rw 0 0\nproc /proc proc rw 0 0\ndevfs /dev devfs rw 0 0\n'],
    ['/proc/filesystems',          '\text4\nnodev\tproc\n'],
    ['/proc/uptime',               '5.00 4.94\n'],
    ['/proc/meminfo',              /^MemTotal: +1048576 kB\nMemFree: +524288 kB\n/],
    ['/proc/sys/kernel/hostname',  'osv\n'],
    ['/proc/cpuinfo',              /^processor\t+: 0\n.*flags\t+: fpu sse2\n/s],
  ])('%s', (path, expected) => {
    const text = read(machine(), path);
    const isExpected = typeof expected === 'string' ? text === expected : expected.test(text);
    expect([text, isExpected]).toEqual([text, true]);
  });

  test('descriptors are links to what is open, even to what has no path', () => {
    const tree = machine();
    const { vfs, viewer } = tree;
    expect(list(tree, '/proc/self/fd')).toEqual(['.', '..', '0', '5']);
    expect(vfs.walk(viewer, '/proc/self/fd/0', { followLast: false }).dentry.inode.readLink()).toBe('pipe:[7]');
    expect(vfs.open(viewer, '/dev/stdin', O_RDONLY, 0).kind).toBe('pipe');
    expect(vfs.pathOf(vfs.walk(viewer, '/proc/self/fd/5'))).toBe('/work');
    expect(vfs.pathOf(vfs.walk(viewer, '/proc/self/cwd'))).toBe('/');
  });

  test('a program that is gone has no directory', () => {
    const { vfs, viewer } = machine();
    expect(() => vfs.walk(viewer, '/proc/77')).toThrow(expect.objectContaining({ name: 'ENOENT' }));
  });

  test('what tells secrets of a program is for its owner and root', () => {
    const tree = machine();
    const stranger = { ...tree, viewer: { ...tree.viewer, credentials: userCredentials(1000, 1000) } };
    expect(() => read(stranger, '/proc/42/environ')).toThrow(expect.objectContaining({ name: 'EACCES' }));
    expect(() => read(stranger, '/proc/42/auxv')).toThrow(expect.objectContaining({ name: 'EACCES' }));
    expect(read(stranger, '/proc/42/cmdline')).toBe('thing\0a b\0');
  });

  test('the mappings of a program are shown to who could trace it', () => {
    const stranger = machine(userCredentials(1000, 1000));
    for (const name of ['maps', 'smaps', 'smaps_rollup', 'environ', 'auxv', 'io', 'fdinfo/5']) {
      expect(() => read(machine(), `/proc/42/${name}`)).not.toThrow();
      const denied = expect.objectContaining({ name: 'EACCES' });
      expect(() => read(stranger, `/proc/42/${name}`)).toThrow(denied);
    }
    expect(read(stranger, '/proc/42/statm')).toMatch(/^\d+ /);
  });

  test.each(['exe', 'cwd', 'root', 'fd/5', 'ns/pid'])('/proc/PID/%s leads who could trace the program', (name) => {
    const tell = ({ vfs, viewer }: Tree): string =>
      vfs.walk(viewer, `/proc/42/${name}`, { followLast: false }).dentry.inode.readLink();
    expect(tell(machine())).not.toBe('');
    const denied = expect.objectContaining({ name: 'EACCES' });
    const stranger = machine(userCredentials(0, 0));
    expect(() => tell(stranger)).toThrow(denied);
    expect(() => stranger.vfs.walk(stranger.viewer, `/proc/42/${name}`)).toThrow(denied);
  });

  test('a write of any length is no more than its beginning', () => {
    const tree = machine();
    expect(write(tree, '/proc/self/comm', 'x'.repeat(5000))).toBe(5000);
    expect(read(tree, '/proc/self/comm')).toBe(`${'x'.repeat(15)}\n`);
    expect(write(tree, '/proc/42/oom_score_adj', `7${' '.repeat(5000)}x`)).toBe(5002);
  });

  test('the privileged lower a score, who logged in says so once and of oneself', () => {
    const own = machine();
    const other = machine(userCredentials(0, 0));
    write(own, '/proc/42/oom_score_adj', ' -0x10\n');
    expect(read(own, '/proc/42/oom_score_adj')).toBe('-16\n');
    expect(() => write(other, '/proc/42/oom_score_adj', '-1')).toThrow(error('EACCES'));
    expect(write(other, '/proc/42/oom_score_adj', '7')).toBe(1);
    expect(() => write(other, '/proc/42/comm', 'mine')).toThrow(error('EINVAL'));
    expect(() => write(own, '/proc/self/task/43/loginuid', '4294967296')).toThrow(error('ERANGE'));
    expect(() => write(own, '/proc/self/task/43/loginuid', '-1')).toThrow(error('EINVAL'));
    expect(write(own, '/proc/self/task/43/loginuid', '5')).toBe(1);
    expect(() => write(other, '/proc/42/loginuid', '5')).toThrow(error('EPERM'));
  });

  test('names can be neither made nor removed', () => {
    const { vfs, viewer } = machine();
    expect(() => vfs.mkdir(viewer, { path: '/proc/new' }, 0o755)).toThrow(expect.objectContaining({ name: 'ENOENT' }));
    expect(() => vfs.unlink(viewer, { path: '/proc/version' })).toThrow(expect.objectContaining({ name: 'EPERM' }));
  });
});

/** A node of a character device in another filesystem. */
function nodeOf(major: number, minor: number): Inode {
  return ramfs().root.create('node', { mode: 0o020666, uid: 0, gid: 0, rdev: makeDevice(major, minor) });
}

describe('/dev', () => {
  test('more may be made in it, and nodes may be given to others', () => {
    const { vfs, viewer } = machine();
    vfs.mkdir(viewer, { path: '/dev/net' }, 0o755);
    expect(vfs.attributes(vfs.walk(viewer, '/dev/net')).mode).toBe(0o040755);
    vfs.setAttributes(viewer, vfs.walk(viewer, '/dev/pipe'), { uid: 7, mode: 0o600 });
    const { uid, mode } = vfs.attributes(vfs.walk(viewer, '/dev/pipe'));
    expect([uid, mode]).toEqual([7, 0o020600]);
  });

  test('a device has its numbers and opens; a node made elsewhere opens the same', () => {
    const tree = machine();
    const { vfs, viewer } = tree;
    expect(list(tree, '/dev')).toEqual(['.', '..', 'pipe', 'fd', 'stdin', 'stdout', 'stderr', 'shm', 'pts', 'mqueue']);
    const { mode, rdev } = vfs.attributes(vfs.walk(viewer, '/dev/pipe'));
    expect([mode, rdev]).toEqual([0o020620, makeDevice(10, 300)]);
    const { inode } = vfs.walk(viewer, '/dev/pipe').dentry;
    expect(deviceOpener([DEVICE])(inode, O_RDONLY, '/dev/pipe').kind).toBe('pipe');
    expect(deviceOpener([DEVICE])(nodeOf(10, 300), O_RDONLY, '/x').kind).toBe('pipe');
    expect(() => deviceOpener([DEVICE])(nodeOf(0, 5), O_RDONLY, '/x')).toThrow(
      expect.objectContaining({ name: 'ENXIO' }),
    );
  });
});
