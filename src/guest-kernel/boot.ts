/** What the machine consists of. Reads as a table of contents; each thing is added here by one line. */
import {
  chooseEngine,
  CodeBudget,
  CodeStore,
  CpuCounters,
  type CpuOptions,
  cpuDescription,
  type CpuLevel,
  createCpu,
  DEFAULT_CPU_LEVEL,
  describeChoice,
  engineNotice,
  type Engine,
  type CpuDescription,
} from '../emulator/index.ts';
import { assert } from '../emulator/util/assert.ts';
import type { ByteString } from '../emulator/util/bytes.ts';
import { BlockCache } from './block/block-cache.ts';
import { writeBack, writeBackMapped } from './block/write-back.ts';
import { cli } from './cli/cli.ts';
import { memoryDevices } from './devices/character-device.ts';
import { type DeviceType, makeDevice } from './devices/device.ts';
import { PseudoTerminals } from './devices/pty.ts';
import type { Terminal } from './devices/terminal.ts';
import { ConsoleTty, terminalDevices } from './devices/tty.ts';
import { deviceOpener, fillDevfs } from './fs/devfs/devfs.ts';
import { mountExt4 } from './fs/ext4/ext4.ts';
import { makeSysfs } from './fs/sysfs/sysfs.ts';
import { runningProcSource } from './running-proc-source.ts';
import { makeProcfs } from './fs/procfs/procfs.ts';
import { parseTmpfsOptions, type TmpfsOptions } from './fs/ramfs/tmpfs-options.ts';
import { Ramfs, type RamfsType } from './fs/ramfs/ramfs.ts';
import type { BootOptions, EngineReport, Kernel } from './kernel.ts';
import { PosixQueues } from './ipc/posix-queues.ts';
import { nativeSockets } from './net/socket/native-sockets.ts';
import type { BlockPort, KernelPorts } from './ports.ts';
import type { KeptMemory } from './program/kept-memory.ts';
import { runBootLine } from './program/boot-line.ts';
import { GuestPrograms } from './program/guest-programs.ts';
import { type MakeCpu, NamespacePool } from './program/guest-namespace.ts';
import { startInit, startKernelThread } from './program/kernel-thread.ts';
import type { NativeCalls, Wait } from './program/native-program.ts';
import { NativePrograms } from './program/native-registry.ts';
import { ProgramTable } from './program/program-table.ts';
import { RunningMachine } from './program/running-machine.ts';
import { makeFolders, runRequest } from './program/run-request.ts';
import { COMMAND_LINE_PATH, type Management } from './rest/management.ts';
import { httpServer } from './rest/server.ts';
import { RunningKernel } from './running-kernel.ts';
import { descriptors } from './syscalls/descriptors.ts';
import { epoll } from './syscalls/epoll.ts';
import { polling } from './syscalls/poll.ts';
import type { CallRestarts } from './syscalls/call-restarts.ts';
import { directories } from './syscalls/directories.ts';
import { SyscallDispatcher } from './syscalls/dispatch.ts';
import { fileAttributes } from './syscalls/file-attributes.ts';
import { futexes } from './syscalls/futex.ts';
import { futexes2 } from './syscalls/futex2.ts';
import { identity } from './syscalls/identity.ts';
import { ioPriority } from './syscalls/io-priority.ts';
import { inotify } from './syscalls/inotify.ts';
import { launcherCalls } from './syscalls/launcher.ts';
import { limits } from './syscalls/limits.ts';
import { memory } from './syscalls/memory.ts';
import { memoryLocks } from './syscalls/memory-locks.ts';
import { capabilities } from './syscalls/capabilities.ts';
import { seccompCalls } from './syscalls/seccomp.ts';
import { memoryPolicy } from './syscalls/memory-policy.ts';
import { memoryFiles } from './syscalls/memory-files.ts';
import { messageCalls } from './syscalls/message-queues.ts';
import { semaphoreCalls } from './syscalls/semaphores.ts';
import { segmentCalls } from './syscalls/shared-segments.ts';
import { type FilesystemType, mountCalls } from './syscalls/mounts.ts';
import { names } from './syscalls/names.ts';
import { openClose } from './syscalls/open-close.ts';
import { pidfds } from './syscalls/pidfd.ts';
import { posixQueueCalls } from './syscalls/posix-queues.ts';
import { processMemory } from './syscalls/process-memory.ts';
import { processes } from './syscalls/processes.ts';
import { readWrite } from './syscalls/read-write.ts';
import { clockAdjustment } from './syscalls/clock-adjustment.ts';
import { scheduling } from './syscalls/scheduling.ts';
import { signalFiles } from './syscalls/signalfd.ts';
import { signals } from './syscalls/signals.ts';
import { manyMessages } from './syscalls/many-messages.ts';
import { sockets } from './syscalls/sockets.ts';
import { splices } from './syscalls/splice.ts';
import { stat } from './syscalls/stat.ts';
import type { Syscall } from './syscalls/syscall.ts';
import { xattrs } from './syscalls/xattrs.ts';
import { systemLog } from './syscalls/system-log.ts';
import { system } from './syscalls/system.ts';
import { threads } from './syscalls/threads.ts';
import { processControl } from './syscalls/process-control.ts';
import { restartableSequences } from './syscalls/restartable-sequences.ts';
import { time } from './syscalls/time.ts';
import { usage } from './syscalls/usage.ts';
import { timers } from './syscalls/timers.ts';
import { DmesgLog } from './trace/log.ts';
import { type CallFilter, CallTrace } from './trace/call-trace.ts';
import { formatRecord } from './trace/strace.ts';
import type { WaitQueue } from './program/wait-queue.ts';
import type { Filesystem, Timestamp } from './vfs/inode.ts';
import type { OpenFile } from './vfs/open-file.ts';
import { BOOT_BANNER } from './version.ts';
import { MemoryFiles } from './vfs/memory-files.ts';
import { MountTable } from './vfs/mount-table.ts';

/** Every system call, family by family. */
export function allSyscalls(
  environment: Map<ByteString, ByteString>,
  filesystems: readonly FilesystemType[],
): readonly Syscall[] {
  return [
    ...openClose,
    ...readWrite,
    ...stat,
    ...directories,
    ...names,
    ...fileAttributes,
    ...descriptors,
    ...polling,
    ...epoll,
    ...xattrs,
    ...mountCalls(filesystems),
    ...sockets,
    ...manyMessages,
    ...memory,
    ...memoryLocks,
    ...capabilities,
    ...seccompCalls,
    ...memoryPolicy,
    ...threads,
    ...processControl,
    ...restartableSequences,
    ...futexes,
    ...futexes2,
    ...memoryFiles,
    ...semaphoreCalls,
    ...messageCalls,
    ...segmentCalls,
    ...posixQueueCalls,
    ...processes,
    ...signals,
    ...time,
    ...usage,
    ...timers,
    ...signalFiles,
    ...inotify,
    ...pidfds,
    ...splices,
    ...processMemory,
    ...scheduling,
    ...clockAdjustment,
    ...identity,
    ...ioPriority,
    ...system,
    ...systemLog,
    ...limits,
    ...launcherCalls(environment),
  ];
}

const HOST_TURN_NS = 20_000_000;
/** Half of the machine's memory may be files of a tmpfs, as on Linux. */
const TMPFS_SHARE = 0.5;

/** Powers a machine on; its host then calls runSlice again and again. */
export function boot(ports: KernelPorts, options: BootOptions): Kernel {
  return composeMachine(ports, options).kernel;
}

/** The machine with its parts, for tests that look inside. */
export interface ComposedMachine {
  readonly kernel: Kernel;
  readonly machine: RunningMachine;
  readonly programs: ProgramTable;
}

// A program that runs with the host's streams has no console: what the kernel says goes to stderr.
function kernelLog(ports: KernelPorts, tty: ConsoleTty, { run }: BootOptions): DmesgLog {
  const stdio = run?.stdio;
  return stdio === undefined
    ? new DmesgLog(ports.clock, (bytes) => tty.say(bytes))
    : new DmesgLog(ports.clock, (bytes) => void stdio.writeOutput('stderr', bytes), '\n');
}

export function composeMachine(ports: KernelPorts, options: BootOptions): ComposedMachine {
  const tty = new ConsoleTty(ports.console);
  const log = kernelLog(ports, tty, options);
  const now = (): Timestamp => timestampOf(ports.clock.realtimeNs());
  const ramfs = ramfsMaker(options.memoryBytes, now, () => machine.keptMemory);
  const pseudoTerminals = new PseudoTerminals({ deviceNumber: 23, now });
  const openControlling = (flags: number): OpenFile | undefined => openOwnTerminal(machine, flags);
  const devices = [...memoryDevices(ports.entropy), ...terminalDevices(tty, openControlling), pseudoTerminals.device];
  const vfs = new MountTable(firstRoot(options.memoryBytes, now), 'rootfs', 'rw', deviceOpener(devices));
  const filesystems = filesystemTypes(ramfs);
  const machine = new RunningMachine({ ports, vfs, log, tty, memoryBytes: options.memoryBytes });
  vfs.keptMemory = machine.keptMemory;
  vfs.isExecuting = (inode) => machine.programs().some(({ executable }) => executable?.dentry.inode === inode);
  machine.pseudoTerminals = pseudoTerminals;
  pseudoTerminals.onOpened = (terminal) => adoptTerminal(machine, terminal);
  machine.posixQueues = new PosixQueues({ deviceNumber: 25, now });
  machine.memoryFiles = new MemoryFiles(ramfs('tmpfs', 21));
  const environment = new Map<ByteString, ByteString>();
  // Some ms with nothing to do are a turn of the host's event loop.
  const wakeLater = (queue: WaitQueue): void =>
    void machine.scheduler.timers.add(ports.clock.monotonicNs() + HOST_TURN_NS, () => queue.wake());
  const engine = engineReport(options.engine);
  const counters = new CpuCounters();
  const code = { codeStore: new CodeStore({ port: ports.code }), codeBudget: new CodeBudget() };
  const cpu: CpuChoice = { level: options.cpu ?? DEFAULT_CPU_LEVEL, make: options.makeCpu ?? createCpu };
  const pool = new NamespacePool(cpuMaker(ports, engine, cpu, { counters, ...code }), options.memoryBytes, wakeLater);
  machine.namespaces = pool;
  const dispatcher = new SyscallDispatcher(allSyscalls(environment, filesystems));
  const { restarts } = options;
  dispatcher.restarts = restarts;
  if (restarts !== undefined) pool.decorate = (plain) => restarts.memory(plain);
  const calls = new CallTrace(ports.clock, (observer) => (dispatcher.observer = observer));
  if (options.strace !== undefined) tellCalls(calls, log, options.strace);
  const natives = new NativePrograms([], nativeSockets(machine.network));
  const guests = new GuestPrograms(machine, pool, dispatcher, environment);
  machine.startHelper = (argv, files) => guests.start(argv, { isNewProgram: true, environment: [], files });
  const programs = new ProgramTable(machine, natives, guests, environment);
  const kernel = new RunningKernel(ports, machine, { engine, counters }, function* makeReady(sys) {
    // Where calls are told on the console, those of what nobody started would bury the prompt.
    if (calls.onRecord === undefined) yield* guests.startAhead(sys);
  });
  const shutDown: Management['shutDown'] = (reason) => kernel.shutDown(reason);
  const management = managementOf({ machine, programs, calls, shutDown }, options, cpu);
  // Programs whose code is TypeScript.
  natives.add(httpServer(management));
  natives.add(cli);

  const say = (text: string): void => log.notice(text);
  const mounts = kernelMounts(
    machine,
    { ports, now, filesystems, devices, ramfs },
    {
      cpu: () => cpuDescription(cpu.level),
      commandLine: () => management.commandLine,
    },
  );
  startKernelThread(machine, 'mount-root', function* mountRoot(sys) {
    if (ports.disk.blockCount > 0) yield* mountDisk(machine, ports.disk, sys, { now, log: say, restarts });
    // Only threads that start now have the disk as their root directory.
    startInit(machine);
    startKernelThread(machine, 'boot', startUp);
  });
  return { kernel, machine, programs };

  function* startUp(sys: NativeCalls): Wait<void> {
    yield* mountAll(machine, sys, mounts);
    if (options.run === undefined) {
      say(`${BOOT_BANNER}\nBooted up in ${(ports.clock.monotonicNs() / 1e6).toFixed(2)} ms`);
      say(`Engine: ${engine.description}`);
      const { commandLine } = options;
      const onCommandLine = (line: ByteString): void => void (management.commandLine = line);
      const onStrace = (): void => tellCalls(calls, log, {});
      const onCpu = (level: CpuLevel): void => void (cpu.level = options.cpu ?? level);
      const commandLinePath = COMMAND_LINE_PATH;
      const parts = { machine, programs, commandLine, commandLinePath, onCommandLine, onStrace, onCpu };
      if (!(yield* runBootLine(parts, sys))) return;
    } else yield* runRequest(machine, programs, options.run, sys);
    kernel.shutDown('poweroff');
  }
}

function managementOf(
  parts: Pick<Management, 'machine' | 'programs' | 'calls' | 'shutDown'>,
  { hypervisor, firmwareVendor }: BootOptions,
  cpu: CpuChoice,
): Management {
  return {
    ...parts,
    hypervisor,
    firmwareVendor,
    // The boot line may choose another level.
    get cpuFlags() {
      return cpuDescription(cpu.level).flags;
    },
    cpuCount: 1,
    commandLine: '',
  };
}

function tellCalls(calls: CallTrace, log: DmesgLog, filter: CallFilter): void {
  calls.onRecord = (record) => log.notice(formatRecord(record));
  calls.start(filter);
}

interface Mountable {
  readonly path: ByteString;
  readonly source: ByteString;
  readonly filesystem: Filesystem;
}

/** Everybody may write in a tmpfs, and remove only what is his own. */
const STICKY: TmpfsOptions = { rootMode: 0o1777 };
/** st_dev of what mount(2) makes; those before belong to what is always there. */
const FIRST_MOUNTED_DEVICE = 64;

type MakeRamfs = (type: RamfsType, deviceNumber: number, own?: TmpfsOptions) => Ramfs;

function ramfsMaker(memoryBytes: number, now: () => Timestamp, kept: () => KeptMemory): MakeRamfs {
  const most = memoryBytes * TMPFS_SHARE;
  // Linux mm/shmem.c, shmem_default_max_inodes: half as many as there are pages.
  const capacityInodes = Math.floor(memoryBytes / 8192);
  return (type, deviceNumber, own = {}) => {
    const capacityBytes = Math.min(most, own.capacityBytes ?? most);
    return new Ramfs({ capacityInodes, ...own, type, deviceNumber, capacityBytes, now, memory: kept() });
  };
}

/** What is there before the disk is, and before there is a machine. */
function firstRoot(memoryBytes: number, now: () => Timestamp): Ramfs {
  return new Ramfs({ type: 'ramfs', deviceNumber: 1, capacityBytes: memoryBytes * TMPFS_SHARE, now });
}

/** /dev/tty: the terminal of the session of the thread that runs; the console, where it has none. */
function openOwnTerminal(machine: RunningMachine, flags: number): OpenFile | undefined {
  const session = machine.current?.program.session;
  const terminal = session === undefined ? undefined : machine.terminalOf(session);
  if (terminal === undefined) return undefined;
  if (terminal === machine.tty) return machine.tty.open(flags, '/dev/tty');
  return machine.pseudoTerminals?.openSlave(terminal, flags);
}

/** open(2) of a terminal by a session leader without one makes it the session's. */
function adoptTerminal(machine: RunningMachine, terminal: Terminal): void {
  const program = machine.current?.program;
  if (program === undefined || program.pid !== program.session || terminal.session !== undefined) return;
  if (machine.terminalOf(program.session) !== undefined) return;
  terminal.session = program.session;
  terminal.foreground = program.processGroup;
}

/** The disk becomes the root directory, and two threads keep it up to date. */
function* mountDisk(
  machine: RunningMachine,
  disk: BlockPort,
  sys: NativeCalls,
  options: {
    readonly now: () => Timestamp;
    readonly log: (text: string) => void;
    readonly restarts: CallRestarts | undefined;
  },
): Wait<void> {
  const { restarts } = options;
  const cache = new BlockCache(restarts?.disk(disk) ?? disk);
  if (restarts !== undefined) cache.admitChange = restarts.admitChange;
  cache.meter = (readBytes, writtenBytes) => machine.accountDisk(readBytes, writtenBytes);
  const root = yield* sys.retry(() => mountExt4(cache, { ...options, deviceNumber: makeDevice(252, 0) }));
  machine.vfs.mount(root, '/', '/dev/vblk0.1', root.isReadOnly ? 'ro' : 'rw');
  const nowNs = (): number => machine.clock.monotonicNs();
  startKernelThread(machine, 'write-back', () => writeBack(cache, nowNs));
  startKernelThread(machine, 'map-write-back', (own) => writeBackMapped(root, own, nowNs));
}

/** What mount(2) can make, and what /proc/filesystems lists. */
function filesystemTypes(ramfs: MakeRamfs): readonly FilesystemType[] {
  let nextNumber = FIRST_MOUNTED_DEVICE;
  return [
    { name: 'ext4', isOnDisk: true },
    { name: 'proc' },
    { name: 'sysfs' },
    { name: 'devfs' },
    { name: 'mqueue' },
    { name: 'ramfs', create: () => ramfs('ramfs', nextNumber++) },
    {
      name: 'tmpfs',
      create: (_source, text) => ramfs('tmpfs', nextNumber++, { ...STICKY, ...parseTmpfsOptions(text) }),
    },
  ];
}

interface MountParts {
  readonly ports: KernelPorts;
  readonly now: () => Timestamp;
  readonly filesystems: readonly FilesystemType[];
  readonly devices: readonly DeviceType[];
  readonly ramfs: MakeRamfs;
}

/** What is mounted in every machine. */
function kernelMounts(
  machine: RunningMachine,
  { ports, now, filesystems, devices, ramfs }: MountParts,
  told: { readonly cpu: () => CpuDescription; readonly commandLine: () => ByteString },
): readonly Mountable[] {
  const types = filesystems.map(({ name, isOnDisk }) => ({ name, isOnDisk: isOnDisk === true }));
  const source = runningProcSource(machine, { ports, now, filesystemTypes: types, devices, ...told });
  const proc = makeProcfs(source, { deviceNumber: 19 });
  const sysfs = makeSysfs(source, { deviceNumber: 24 });
  const devfs = ramfs('devfs', 18);
  fillDevfs(devfs, devices);
  machine.tty.node = devfs.root.lookup('console');
  const pseudoTerminals = machine.pseudoTerminals?.filesystem;
  assert(pseudoTerminals !== undefined, 'boot: pseudo terminals come before their mount');
  const queues = machine.posixQueues?.filesystem;
  assert(queues !== undefined, 'boot: message queues come before their mount');
  return standardMounts({ devfs, proc, sysfs, pseudoTerminals, queues }, ramfs);
}

interface KernelFilesystems {
  readonly devfs: Filesystem;
  readonly proc: Filesystem;
  readonly sysfs: Filesystem;
  readonly pseudoTerminals: Filesystem;
  /** POSIX message queues. */
  readonly queues: Filesystem;
}

function standardMounts(
  { devfs, proc, sysfs, pseudoTerminals, queues }: KernelFilesystems,
  ramfs: MakeRamfs,
): readonly Mountable[] {
  return [
    { path: '/dev', source: 'devfs', filesystem: devfs },
    { path: '/dev/pts', source: 'devpts', filesystem: pseudoTerminals },
    { path: '/dev/mqueue', source: 'mqueue', filesystem: queues },
    { path: '/dev/shm', source: 'tmpfs', filesystem: ramfs('tmpfs', 22, STICKY) },
    { path: '/proc', source: 'proc', filesystem: proc },
    { path: '/sys', source: 'sysfs', filesystem: sysfs },
    { path: '/tmp', source: 'tmpfs', filesystem: ramfs('tmpfs', 20, STICKY) },
  ];
}

function* mountAll(machine: RunningMachine, sys: NativeCalls, mounts: readonly Mountable[]): Wait<void> {
  for (const { path, source, filesystem } of mounts) {
    yield* makeFolders(machine, sys, path);
    yield* sys.retry(() => machine.vfs.mount(filesystem, path, source, 'rw'));
  }
}

/** Chosen once a machine, so that all its namespaces run alike. */
function engineReport(asked: Engine): EngineReport {
  const choice = chooseEngine(asked);
  const notice = engineNotice(choice);
  return {
    asked,
    used: choice.used,
    description: describeChoice(choice),
    ...(notice === undefined ? {} : { notice }),
  };
}

/** Holds for the namespaces that are made from then on. */
interface CpuChoice {
  level: CpuLevel;
  readonly make: typeof createCpu;
}

/** What all cores of a machine have in common. */
type SharedByCpus = Required<Pick<CpuOptions, 'counters' | 'codeStore' | 'codeBudget'>>;

function cpuMaker(ports: KernelPorts, engine: EngineReport, cpu: CpuChoice, shared: SharedByCpus): MakeCpu {
  return (space) =>
    cpu.make(space, {
      engine: engine.used,
      level: cpu.level,
      ...shared,
      ports: {
        nowMs: () => ports.clock.monotonicNs() / 1e6,
        // The time stamp counter runs at 1 GHz from boot, so the vDSO needs no scale (loader/vdso.ts).
        timestamp: () => ports.clock.monotonicNs(),
        entropy: (dst) => ports.entropy.fill(dst),
      },
    });
}

function timestampOf(ns: bigint): Timestamp {
  return { seconds: Number(ns / 1_000_000_000n), nanoseconds: Number(ns % 1_000_000_000n) };
}
