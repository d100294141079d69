/** /proc/sys: what sysctl(8) shows; a few settings can be written. */
import { byteStringFrom } from '../../../emulator/util/bytes.ts';
import { SEMMNI, SEMMNS, SEMMSL, SEMOPM } from '../../abi/ipc.ts';
import { MAX_AREAS } from '../../mm/area-list.ts';
import type { TreeNode, TreeRow } from '../virtual/virtual-tree.ts';
import type { ProcSource } from './proc-source.ts';

/** Values that are what they are. */
const FIXED: Readonly<Record<string, string>> = {
  'kernel/ostype': 'Linux',
  'kernel/osrelease': '5.15.0-osv',
  'kernel/version': '#1 SMP OSv',
  'kernel/pid_max': '4194304',
  'kernel/threads-max': '16384',
  'kernel/cap_last_cap': '40',
  'kernel/ngroups_max': '65536',
  'kernel/overflowuid': '65534',
  'kernel/overflowgid': '65534',
  'kernel/randomize_va_space': '0',
  'kernel/core_uses_pid': '0',
  'kernel/dmesg_restrict': '0',
  'kernel/kptr_restrict': '0',
  'kernel/perf_event_paranoid': '4',
  'kernel/panic': '0',
  'kernel/printk': '7\t4\t1\t7',
  'kernel/tainted': '0',
  'kernel/random/entropy_avail': '256',
  'kernel/random/poolsize': '256',
  'kernel/sched_rt_runtime_us': '950000',
  'kernel/sched_rt_period_us': '1000000',
  'kernel/shmmax': '18446744073692774399',
  'kernel/shmall': '18446744073692774399',
  'kernel/shmmni': '4096',
  'kernel/shm_rmid_forced': '0',
  'kernel/msgmax': '8192',
  'kernel/msgmnb': '16384',
  'kernel/msgmni': '32000',
  'kernel/sem': `${SEMMSL}\t${SEMMNS}\t${SEMOPM}\t${SEMMNI}`,
  'kernel/seccomp/actions_avail': 'kill_process kill_thread trap errno trace log allow',
  'vm/overcommit_memory': '0',
  'vm/overcommit_ratio': '50',
  'vm/max_map_count': String(MAX_AREAS),
  'vm/mmap_min_addr': '65536',
  'vm/swappiness': '60',
  'vm/nr_hugepages': '0',
  'vm/dirty_ratio': '20',
  'vm/dirty_background_ratio': '10',
  'vm/min_free_kbytes': '0',
  'vm/legacy_va_layout': '0',
  'fs/file-max': '16384',
  'fs/nr_open': '1048576',
  'fs/pipe-max-size': '1048576',
  'fs/pipe-user-pages-soft': '16384',
  'fs/pipe-user-pages-hard': '0',
  'fs/suid_dumpable': '0',
  'fs/inotify/max_queued_events': '16384',
  'fs/inotify/max_user_instances': '128',
  'fs/inotify/max_user_watches': '1048576',
  'fs/epoll/max_user_watches': '1048576',
  'fs/mqueue/msg_default': '10',
  'fs/mqueue/msg_max': '10',
  'fs/mqueue/msgsize_default': '8192',
  'fs/mqueue/msgsize_max': '8192',
  'fs/mqueue/queues_max': '256',
  'net/core/somaxconn': '4096',
  'net/core/rmem_default': '212992',
  'net/core/rmem_max': '212992',
  'net/core/wmem_default': '212992',
  'net/core/wmem_max': '212992',
  'net/ipv4/ip_local_port_range': '32768\t60999',
  'net/ipv4/ip_unprivileged_port_start': '1024',
  'net/ipv4/tcp_congestion_control': 'cubic',
  'net/ipv4/tcp_fastopen': '0',
  'net/ipv4/tcp_rmem': '4096\t131072\t6291456',
  'net/ipv4/tcp_wmem': '4096\t16384\t4194304',
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_default_ttl': '64',
  'net/ipv4/ip_nonlocal_bind': '0',
  'net/ipv4/ping_group_range': '0\t2147483647', // as systemd sets it
  'net/ipv4/tcp_available_congestion_control': 'cubic',
  'net/ipv4/tcp_keepalive_intvl': '75',
  'net/ipv4/tcp_keepalive_probes': '9',
  'net/ipv4/tcp_keepalive_time': '7200',
  'net/ipv4/tcp_max_syn_backlog': '4096',
  'net/ipv4/tcp_syncookies': '1',
  'net/ipv4/tcp_timestamps': '1',
  'net/ipv4/tcp_tw_reuse': '2',
  'net/ipv6/bindv6only': '0',
  'net/ipv6/ip_nonlocal_bind': '0',
  'net/unix/max_dgram_qlen': '512',
  ...Object.fromEntries(
    ['all', 'default', 'lo'].flatMap((name) =>
      Object.entries(inet6Settings(name)).map(([key, value]) => [`net/ipv6/conf/${name}/${key}`, value]),
    ),
  ),
};

/** Of an interface; the values are Linux's for lo and those that others start with. */
function inet6Settings(name: string): Readonly<Record<string, string>> {
  return {
    accept_dad: name === 'default' ? '1' : name === 'lo' ? '-1' : '0',
    accept_ra: '1',
    autoconf: '1',
    disable_ipv6: '0',
    forwarding: '0',
    hop_limit: '64',
    mtu: name === 'lo' ? '65536' : '1280',
    use_tempaddr: name === 'lo' ? '-1' : '0',
  };
}

export function sysctlFiles(source: ProcSource): readonly TreeRow[] {
  const fixed = Object.entries(FIXED).map(([name, value]) => [`sys/${name}`, () => `${value}\n`] as const);
  return [
    ...fixed,
    [
      'sys/kernel/hostname',
      writable(
        () => source.hostname,
        (value) => (source.hostname = value.slice(0, 64)),
      ),
    ],
    ['sys/kernel/domainname', setting(source, 'domainname')],
    ['sys/kernel/core_pattern', setting(source, 'corePattern')],
    [
      'sys/fs/lease-break-time',
      writable(
        () => String(source.settings.leaseBreakSeconds),
        (value) => {
          if (/^\d+$/.test(value)) source.settings.leaseBreakSeconds = Number(value);
        },
      ),
    ],
    ['sys/kernel/random/uuid', () => `${source.randomUuid()}\n`],
    ['sys/kernel/random/boot_id', () => `${source.bootId}\n`],
    ['sys/fs/file-nr', () => `${openFiles(source)}\t0\t16384\n`],
  ];
}

function setting({ settings }: ProcSource, name: 'corePattern' | 'domainname'): TreeNode {
  return writable(
    () => settings[name],
    (value) => (settings[name] = value.slice(0, 127)),
  );
}

/** A text of one line; what is written counts up to its first line end. */
function writable(get: () => string, set: (value: string) => void): TreeNode {
  return {
    text: () => `${get()}\n`,
    write: (bytes) => set(byteStringFrom(bytes).split('\n')[0] ?? ''),
  };
}

function openFiles(source: ProcSource): number {
  const tables = new Set(source.programs().flatMap(({ threads }) => [...threads.values()].map(({ files }) => files)));
  return [...tables].reduce((sum, files) => sum + files.descriptors().length, 0);
}
