/** The files of /proc that tell of the whole machine: one row each. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { TreeRow } from '../virtual/virtual-tree.ts';
import { ipcFiles } from './ipc-files.ts';
import type { ProcSource } from './proc-source.ts';
import { sysctlFiles } from './sysctl-files.ts';

const HERTZ = 100; // USER_HZ: the unit of times in /proc
const NS_PER_TICK = 1e9 / HERTZ;

function line(name: string, bytes: number): string {
  return `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;
}

function seconds(ns: number): string {
  return (ns / 1e9).toFixed(2);
}

function cpuinfo({ cpu }: ProcSource): ByteString {
  // oxfmt-ignore
  const fields: readonly (readonly [string, string])[] = [
    ['processor', '0'], ['vendor_id', cpu.vendor], ['cpu family', `${cpu.family}`], ['model', `${cpu.model}`],
    ['model name', cpu.name], ['stepping', `${cpu.stepping}`], ['microcode', '0x1'], ['cpu MHz', '1000.000'],
    ['cache size', '1024 KB'], ['physical id', '0'], ['siblings', '1'], ['core id', '0'], ['cpu cores', '1'],
    ['apicid', '0'], ['initial apicid', '0'], ['fpu', 'yes'], ['fpu_exception', 'yes'], ['cpuid level', '11'],
    ['wp', 'yes'], ['flags', cpu.flags], ['bugs', ''], ['bogomips', '2000.00'], ['clflush size', '64'],
    ['cache_alignment', '64'], ['address sizes', '32 bits physical, 48 bits virtual'], ['power management', ''],
  ];
  return `${fields.map(([name, value]) => `${name.padEnd(16, '\t').replace(/\t+$/, '\t')}: ${value}`.trimEnd()).join('\n')}\n\n`;
}

/** All memory that is not free holds pages of programs or of tmpfs: there is no page cache, no slab and no swap. */
function meminfo({ memoryBytes, freeMemoryBytes, tmpfsBytes }: ProcSource): ByteString {
  const used = memoryBytes - freeMemoryBytes;
  // oxfmt-ignore
  const rows: readonly (readonly [string, number])[] = [
    ['MemTotal', memoryBytes], ['MemFree', freeMemoryBytes - tmpfsBytes], ['MemAvailable', freeMemoryBytes - tmpfsBytes],
    ['Buffers', 0], ['Cached', tmpfsBytes], ['SwapCached', 0], ['Active', used], ['Inactive', 0], ['Active(anon)', used],
    ['Inactive(anon)', 0], ['Active(file)', 0], ['Inactive(file)', 0], ['Unevictable', 0], ['Mlocked', 0],
    ['SwapTotal', 0], ['SwapFree', 0], ['Dirty', 0], ['Writeback', 0], ['AnonPages', used], ['Mapped', 0],
    ['Shmem', tmpfsBytes], ['KReclaimable', 0], ['Slab', 0], ['SReclaimable', 0], ['SUnreclaim', 0],
    ['KernelStack', 0], ['PageTables', 0], ['NFS_Unstable', 0], ['Bounce', 0], ['WritebackTmp', 0],
    ['CommitLimit', memoryBytes], ['Committed_AS', used + tmpfsBytes], ['VmallocTotal', 0], ['VmallocUsed', 0],
    ['VmallocChunk', 0], ['Percpu', 0], ['AnonHugePages', 0], ['ShmemHugePages', 0], ['FileHugePages', 0],
  ];
  const huge = ['HugePages_Total', 'HugePages_Free', 'HugePages_Rsvd', 'HugePages_Surp'];
  const counts = huge.map((name) => `${`${name}:`.padEnd(16)}${'0'.padStart(8)}\n`).join('');
  return rows.map(([name, bytes]) => line(name, bytes)).join('') + counts + line('Hugepagesize', 2 << 20);
}

function ticks(ns: number): number {
  return Math.floor(Math.max(0, ns) / NS_PER_TICK);
}

function stat(source: ProcSource): ByteString {
  const { userNs, niceNs, systemNs } = source.processorTime;
  // What no thread used, the kernel did between them.
  const restNs = source.uptimeNs - source.idleNs - userNs - niceNs - systemNs;
  const used = [userNs, niceNs, systemNs + Math.max(0, restNs), source.idleNs].map(ticks).join(' ');
  const times = `${used} 0 0 0 0 0 0`;
  const rows = [
    `cpu  ${times}`,
    `cpu0 ${times}`,
    'intr 0',
    `ctxt ${source.switches}`,
    `btime ${source.bootTimeSeconds}`,
    `processes ${source.lastPid}`,
    `procs_running ${Math.max(1, source.runnableThreads)}`,
    'procs_blocked 0',
    'softirq 0 0 0 0 0 0 0 0 0 0 0',
  ];
  return `${rows.join('\n')}\n`;
}

function loadavg(source: ProcSource): ByteString {
  const averages = source.loadAverages.map((value) => value.toFixed(2)).join(' ');
  return `${averages} ${Math.max(1, source.runnableThreads)}/${source.allThreads} ${source.lastPid}\n`;
}

function filesystems({ filesystemTypes }: ProcSource): ByteString {
  return filesystemTypes.map(({ name, isOnDisk }) => `${isOnDisk ? '' : 'nodev'}\t${name}\n`).join('');
}

function devices(source: ProcSource): ByteString {
  const known = source.devices.map(({ name, major }) => `${String(major).padStart(3)} ${NAMES[major] ?? name}\n`);
  const block = source.diskBytes > 0 ? '252 vblk\n' : '';
  return `Character devices:\n${[...new Set(known)].join('')}136 pts\n\nBlock devices:\n${block}`;
}

/** Families of devices by major number (Linux Documentation/admin-guide/devices.txt). */
const NAMES: Readonly<Record<number, string>> = { 1: 'mem', 5: '/dev/tty' };

function partitions({ diskBytes }: ProcSource): ByteString {
  const disk = diskBytes > 0 ? ` 252        0 ${String(diskBytes / 1024).padStart(10)} vblk0\n` : '';
  return `major minor  #blocks  name\n\n${disk}`;
}

function vmstat(source: ProcSource): ByteString {
  const facts = source.programs().map((program) => source.describe(program));
  const major = facts.reduce((sum, { usage }) => sum + usage.majorFaults, 0);
  const minor = facts.reduce((sum, { usage }) => sum + usage.minorFaults, 0);
  const [paged, written] = [source.diskTraffic.readBytes, source.diskTraffic.writtenBytes].map((bytes) => bytes / 1024);
  const free = Math.floor(source.freeMemoryBytes / 4096);
  return `nr_free_pages ${free}\npgpgin ${paged}\npgpgout ${written}\npswpin 0\npswpout 0\npgfault ${minor + major}\npgmajfault ${major}\n`;
}

/** Below /proc, in the order they are listed. */
export function machineFiles(source: ProcSource): readonly TreeRow[] {
  // oxfmt-ignore
  return [
    ['cpuinfo', () => cpuinfo(source)],
    ['meminfo', () => meminfo(source)],
    ['stat', () => stat(source)],
    ['uptime', () => `${seconds(source.uptimeNs)} ${seconds(source.idleNs)}\n`],
    ['loadavg', () => loadavg(source)],
    ['version', () => 'Linux version 5.15.0-osv (osv@browser) #1 SMP OSv\n'],
    ['filesystems', () => filesystems(source)],
    ['cmdline', () => `${source.commandLine}\n`],
    ['devices', () => devices(source)],
    ['partitions', () => partitions(source)],
    ['diskstats', () => ''],
    ['swaps', () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'],
    ['vmstat', () => vmstat(source)],
    ['mounts', { link: 'self/mounts' }],
    ['net', { link: 'self/net' }],
    ['consoles', () => 'console              -W- (EC p  )    5:1\n'],
    ['tty/drivers', () => '/dev/tty             /dev/tty        5       0 system:/dev/tty\n/dev/console         /dev/console    5       1 system:console\n/dev/ptmx            /dev/ptmx       5       2 system\npty_slave            /dev/pts      136 0-1048575 pty:slave\n'],
    ...ipcFiles(source),
    ...sysctlFiles(source),
  ];
}
