/** /sys: one processor, one node of memory, one network interface (Linux Documentation/ABI/testing/sysfs-*). */
import type { ProcSource } from '../procfs/proc-source.ts';
import { VirtualFilesystem } from '../virtual/virtual-inode.ts';
import { directoryOf, makeTree, type TreeRow } from '../virtual/virtual-tree.ts';

const SYSFS_MAGIC = 0x6265_6572;
const CPU = 'devices/system/cpu';
const NODE = 'devices/system/node';
const LO = 'devices/virtual/net/lo';

/** The parts of the machine that a file of /sys tells of. */
export type SysSource = Pick<ProcSource, 'now' | 'memoryBytes' | 'freeMemoryBytes' | 'traffic' | 'diskBytes'>;

export function makeSysfs(source: SysSource, options: { readonly deviceNumber: number }): VirtualFilesystem {
  return new VirtualFilesystem({
    ...options,
    type: 'sysfs',
    typeMagic: SYSFS_MAGIC,
    isVolatile: false,
    now: () => source.now(),
    root: (filesystem) => {
      let number = 2;
      const nodes = makeTree(rows(source), { filesystem, root: '/sys', nextNumber: () => number++ });
      return directoryOf(nodes, 1, { filesystem });
    },
  });
}

/** Texts that never change, each a line. */
const FIXED: Readonly<Record<string, string>> = {
  [`${CPU}/online`]: '0',
  [`${CPU}/possible`]: '0',
  [`${CPU}/present`]: '0',
  [`${CPU}/offline`]: '',
  [`${CPU}/isolated`]: '',
  [`${CPU}/kernel_max`]: '0',
  [`${CPU}/smt/active`]: '0',
  [`${CPU}/smt/control`]: 'notsupported',
  [`${CPU}/cpu0/topology/core_id`]: '0',
  [`${CPU}/cpu0/topology/physical_package_id`]: '0',
  [`${CPU}/cpu0/topology/die_id`]: '0',
  [`${CPU}/cpu0/topology/core_cpus`]: '1',
  [`${CPU}/cpu0/topology/core_cpus_list`]: '0',
  [`${CPU}/cpu0/topology/core_siblings`]: '1',
  [`${CPU}/cpu0/topology/core_siblings_list`]: '0',
  [`${CPU}/cpu0/topology/package_cpus`]: '1',
  [`${CPU}/cpu0/topology/package_cpus_list`]: '0',
  [`${CPU}/cpu0/topology/thread_siblings`]: '1',
  [`${CPU}/cpu0/topology/thread_siblings_list`]: '0',
  [`${NODE}/online`]: '0',
  [`${NODE}/possible`]: '0',
  [`${NODE}/has_cpu`]: '0',
  [`${NODE}/has_memory`]: '0',
  [`${NODE}/has_normal_memory`]: '0',
  [`${NODE}/node0/cpulist`]: '0',
  [`${NODE}/node0/cpumap`]: '1',
  [`${NODE}/node0/distance`]: '10',
  [`${LO}/address`]: '00:00:00:00:00:00',
  [`${LO}/addr_len`]: '6',
  [`${LO}/broadcast`]: '00:00:00:00:00:00',
  [`${LO}/carrier`]: '1',
  [`${LO}/dev_id`]: '0x0',
  [`${LO}/flags`]: '0x9',
  [`${LO}/ifindex`]: '1',
  [`${LO}/iflink`]: '1',
  [`${LO}/link_mode`]: '0',
  [`${LO}/mtu`]: '65536',
  [`${LO}/operstate`]: 'unknown',
  [`${LO}/tx_queue_len`]: '1000',
  [`${LO}/type`]: '772',
  [`${LO}/uevent`]: 'INTERFACE=lo\nIFINDEX=1',
  'kernel/mm/transparent_hugepage/enabled': 'always madvise [never]',
  'kernel/mm/transparent_hugepage/defrag': 'always defer defer+madvise madvise [never]',
  'kernel/mm/transparent_hugepage/hpage_pmd_size': '2097152',
};

const COUNTERS =
  'collisions multicast rx_compressed rx_crc_errors rx_dropped rx_errors rx_fifo_errors rx_frame_errors rx_length_errors rx_missed_errors rx_nohandler rx_over_errors tx_aborted_errors tx_carrier_errors tx_compressed tx_dropped tx_errors tx_fifo_errors tx_heartbeat_errors tx_window_errors'.split(
    ' ',
  );

const text = (value: () => number) => () => `${value()}\n`;

function rows(source: SysSource): readonly TreeRow[] {
  const statistics = `${LO}/statistics`;
  return [
    ...Object.entries(FIXED).map(([path, value]) => [path, () => `${value}\n`] as const),
    ...COUNTERS.map((name) => [`${statistics}/${name}`, () => '0\n'] as const),
    [`${statistics}/rx_bytes`, text(() => source.traffic.bytes)],
    [`${statistics}/rx_packets`, text(() => source.traffic.packets)],
    [`${statistics}/tx_bytes`, text(() => source.traffic.bytes)],
    [`${statistics}/tx_packets`, text(() => source.traffic.packets)],
    [`${NODE}/node0/cpu0`, { link: '../../cpu/cpu0' }],
    [`${NODE}/node0/meminfo`, () => nodeMemory(source)],
    [`${CPU}/cpu0/node0`, { link: '../../node/node0' }],
    ['class/net/lo', { link: '../../devices/virtual/net/lo' }],
    ...blockRows(source),
    ['fs/cgroup', 'directory'],
  ];
}

const line = (name: string, bytes: number): string =>
  `Node 0 ${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;

function nodeMemory({ memoryBytes, freeMemoryBytes }: SysSource): string {
  return (
    line('MemTotal', memoryBytes) + line('MemFree', freeMemoryBytes) + line('MemUsed', memoryBytes - freeMemoryBytes)
  );
}

function blockRows({ diskBytes }: SysSource): readonly TreeRow[] {
  if (diskBytes === 0) return [];
  return [
    ['block/vblk0/dev', () => '252:0\n'],
    ['block/vblk0/size', () => `${diskBytes / 512}\n`],
    ['block/vblk0/ro', () => '0\n'],
    ['block/vblk0/removable', () => '0\n'],
    ['block/vblk0/queue/rotational', () => '0\n'],
    ['block/vblk0/queue/logical_block_size', () => '4096\n'],
  ];
}
