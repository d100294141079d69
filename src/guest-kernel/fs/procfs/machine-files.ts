/** The files of /proc that tell of the whole machine: one row each. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { ProcSource } from './proc-source.ts';

const HERTZ = 100; // USER_HZ: the unit of times in /proc
const NS_PER_TICK = 1e9 / HERTZ;

type Text = (source: ProcSource) => ByteString;

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
    ['model name', cpu.name], ['stepping', `${cpu.stepping}`], ['cpu MHz', '1000.000'], ['cache size', '1024 KB'],
    ['physical id', '0'], ['siblings', '1'], ['core id', '0'], ['cpu cores', '1'], ['fpu', 'yes'],
    ['fpu_exception', 'yes'], ['cpuid level', '11'], ['wp', 'yes'], ['flags', cpu.flags], ['bogomips', '2000.00'],
    ['clflush size', '64'], ['cache_alignment', '64'], ['address sizes', '32 bits physical, 48 bits virtual'],
  ];
  return `${fields.map(([name, value]) => `${name.padEnd(16, '\t').replace(/\t+$/, '\t')}: ${value}`).join('\n')}\n\n`;
}

function meminfo({ memoryBytes, freeMemoryBytes }: ProcSource): ByteString {
  // oxfmt-ignore
  const rows: readonly (readonly [string, number])[] = [
    ['MemTotal', memoryBytes], ['MemFree', freeMemoryBytes], ['MemAvailable', freeMemoryBytes], ['Buffers', 0],
    ['Cached', 0], ['SwapCached', 0], ['Active', 0], ['Inactive', 0], ['SwapTotal', 0], ['SwapFree', 0], ['Dirty', 0],
    ['Writeback', 0], ['AnonPages', memoryBytes - freeMemoryBytes], ['Mapped', 0], ['Shmem', 0], ['Slab', 0],
    ['SReclaimable', 0], ['PageTables', 0], ['CommitLimit', memoryBytes], ['Committed_AS', memoryBytes - freeMemoryBytes],
  ];
  return rows.map(([name, bytes]) => line(name, bytes)).join('');
}

function busyNs(source: ProcSource): number {
  let total = 0;
  for (const program of source.programs()) for (const task of program.threads.values()) total += task.cpuNs;
  return total;
}

function stat(source: ProcSource): ByteString {
  const user = Math.floor(busyNs(source) / NS_PER_TICK);
  const idle = Math.max(0, Math.floor(source.uptimeNs / NS_PER_TICK) - user);
  const times = `${user} 0 0 ${idle} 0 0 0 0 0 0`;
  const programs = source.programs().length;
  return `cpu  ${times}\ncpu0 ${times}\nintr 0\nctxt 0\nbtime ${source.bootTimeSeconds}\nprocesses ${programs}\nprocs_running 1\nprocs_blocked 0\n`;
}

function uptime(source: ProcSource): ByteString {
  return `${seconds(source.uptimeNs)} ${seconds(Math.max(0, source.uptimeNs - busyNs(source)))}\n`;
}

function loadavg(source: ProcSource): ByteString {
  const threads = source.programs().reduce((sum, program) => sum + program.threads.size, 0);
  return `0.00 0.00 0.00 1/${threads} ${source.programs().at(-1)?.pid ?? 0}\n`;
}

/** Names below /proc, in the order they are listed. */
export const MACHINE_FILES: readonly (readonly [ByteString, Text])[] = [
  ['cpuinfo', cpuinfo],
  ['meminfo', meminfo],
  ['stat', stat],
  ['uptime', uptime],
  ['loadavg', loadavg],
  ['version', () => 'Linux version 5.15.0-osv (osv@browser) #1 SMP OSv\n'],
  [
    'filesystems',
    ({ filesystemTypes }) =>
      filesystemTypes.map(({ name, isOnDisk }) => `${isOnDisk ? '' : 'nodev'}\t${name}\n`).join(''),
  ],
  ['cmdline', () => '\n'],
  ['devices', () => 'Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n\nBlock devices:\n'],
  ['partitions', () => 'major minor  #blocks  name\n\n'],
  ['swaps', () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'],
  ['vmstat', () => 'pgfault 0\npgmajfault 0\n'],
  ['sys/kernel/hostname', ({ hostname }) => `${hostname}\n`],
  ['sys/kernel/ostype', () => 'Linux\n'],
  ['sys/kernel/osrelease', () => '5.15.0-osv\n'],
  ['sys/kernel/version', () => '#1 SMP OSv\n'],
  ['sys/kernel/pid_max', () => '4194304\n'],
  ['sys/kernel/threads-max', () => '16384\n'],
  ['sys/kernel/cap_last_cap', () => '40\n'],
  ['sys/kernel/ngroups_max', () => '65536\n'],
  ['sys/kernel/random/uuid', (source) => `${source.randomUuid()}\n`],
  ['sys/kernel/random/entropy_avail', () => '256\n'],
  ['sys/vm/overcommit_memory', () => '0\n'],
  ['sys/vm/max_map_count', () => '65530\n'],
  ['sys/fs/pipe-max-size', () => '1048576\n'],
  ['sys/fs/file-max', () => '16384\n'],
];
