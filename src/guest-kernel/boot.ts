/** What the machine consists of. Reads as a table of contents; each thing is added here by one line. */
import { createCpu } from '../emulator/index.ts';
import type { ByteString } from '../emulator/util/bytes.ts';
import { ENXIO } from './abi/errno.ts';
import { S_IFCHR } from './abi/stat.ts';
import { BlockCache } from './block/block-cache.ts';
import { writeBack } from './block/write-back.ts';
import { memoryDevices } from './devices/character-device.ts';
import { type DeviceType, makeDevice } from './devices/device.ts';
import { ConsoleTty, terminalDevices } from './devices/tty.ts';
import { mountExt4 } from './fs/ext4/ext4.ts';
import { Ramfs } from './fs/ramfs/ramfs.ts';
import type { BootOptions, Kernel } from './kernel.ts';
import { Network } from './net/network.ts';
import { nativeSockets } from './net/socket/native-sockets.ts';
import type { KernelPorts } from './ports.ts';
import { GuestPrograms } from './program/guest-programs.ts';
import { NamespacePool } from './program/guest-namespace.ts';
import { startKernelThread } from './program/kernel-thread.ts';
import type { NativeCalls, NativeProgram, Wait } from './program/native-program.ts';
import { NativePrograms } from './program/native-registry.ts';
import { ProgramTable } from './program/program-table.ts';
import { RunningMachine } from './program/running-machine.ts';
import { makeFolders, runRequest } from './program/run-request.ts';
import { RunningKernel } from './running-kernel.ts';
import { descriptors } from './syscalls/descriptors.ts';
import { directories } from './syscalls/directories.ts';
import { SyscallDispatcher } from './syscalls/dispatch.ts';
import { fileAttributes } from './syscalls/file-attributes.ts';
import { futexes } from './syscalls/futex.ts';
import { identity } from './syscalls/identity.ts';
import { launcherCalls } from './syscalls/launcher.ts';
import { memory } from './syscalls/memory.ts';
import { type FilesystemType, mountCalls } from './syscalls/mounts.ts';
import { names } from './syscalls/names.ts';
import { openClose } from './syscalls/open-close.ts';
import { processes } from './syscalls/processes.ts';
import { readWrite } from './syscalls/read-write.ts';
import { scheduling } from './syscalls/scheduling.ts';
import { signals } from './syscalls/signals.ts';
import { sockets } from './syscalls/sockets.ts';
import { stat } from './syscalls/stat.ts';
import type { Syscall } from './syscalls/syscall.ts';
import { system } from './syscalls/system.ts';
import { threads } from './syscalls/threads.ts';
import { time } from './syscalls/time.ts';
import { DmesgLog } from './trace/log.ts';
import type { Filesystem, Timestamp } from './vfs/inode.ts';
import { MountTable } from './vfs/mount-table.ts';
import type { OpenFile } from './vfs/open-file.ts';

/** Programs whose code is TypeScript. */
const NATIVE_PROGRAMS: readonly NativeProgram[] = [];

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
    ...mountCalls(filesystems),
    ...sockets,
    ...memory,
    ...threads,
    ...futexes,
    ...processes,
    ...signals,
    ...time,
    ...scheduling,
    ...identity,
    ...system,
    ...launcherCalls(environment),
  ];
}

/** Half of the machine's memory may be files of a tmpfs, as on Linux. */
const TMPFS_SHARE = 0.5;

export function boot(ports: KernelPorts, options: BootOptions): Kernel {
  const log = new DmesgLog(ports.clock, (bytes) => ports.console.write(bytes));
  const tty = new ConsoleTty(ports.console);
  const devices = [...memoryDevices(ports.entropy), ...terminalDevices(tty)];
  const say = (text: string): void => log.notice(text);
  const now = (): Timestamp => timestampOf(ports.clock.realtimeNs());
  const ramfs = (type: 'ramfs' | 'tmpfs', deviceNumber: number, rootMode?: number): Ramfs =>
    new Ramfs({
      type,
      deviceNumber,
      capacityBytes: options.memoryBytes * TMPFS_SHARE,
      now,
      ...(rootMode === undefined ? {} : { rootMode }),
    });
  const vfs = new MountTable(ramfs('ramfs', 1), 'rootfs', 'rw', deviceOpener(devices));
  const filesystems: readonly FilesystemType[] = [
    { name: 'ext4' },
    { name: 'ramfs', create: () => ramfs('ramfs', 16) },
    { name: 'tmpfs', create: () => ramfs('tmpfs', 17) },
  ];
  const machine = new RunningMachine({ ports, vfs, log, tty, memoryBytes: options.memoryBytes });
  const network = new Network();
  const natives = new NativePrograms(NATIVE_PROGRAMS, nativeSockets(network));
  const pool = new NamespacePool(
    (space) =>
      createCpu(space, {
        engine: options.engine,
        ports: {
          // The time stamp counter runs at 1 GHz from boot, so the vDSO needs no scale (loader/vdso.ts).
          timestamp: () => BigInt(Math.floor(ports.clock.monotonicNs())),
          entropy: (dst) => ports.entropy.fill(dst),
        },
      }),
    options.memoryBytes,
  );
  machine.measureMemoryBy(() => pool.usedBytes);
  const environment = new Map<ByteString, ByteString>();
  const dispatcher = new SyscallDispatcher(allSyscalls(environment, filesystems));
  const guests = new GuestPrograms(machine, pool, dispatcher, environment);
  const programs = new ProgramTable(machine, natives, guests, environment);
  const kernel = new RunningKernel(ports, machine, network);

  startKernelThread(machine, 'init', function* init(sys) {
    if (ports.disk.blockCount > 0) yield* mountRoot(sys);
    yield* mountOthers(sys);
    if (options.run === undefined) return;
    yield* runRequest(machine, programs, options.run, sys);
    kernel.shutDown('poweroff');
  });
  return kernel;

  function* mountRoot(sys: NativeCalls): Wait<void> {
    const cache = new BlockCache(ports.disk);
    const root = yield* sys.retry(() => mountExt4(cache, { now, log: say, deviceNumber: makeDevice(252, 0) }));
    vfs.mount(root, '/', '/dev/vblk0.1', 'rw');
    startKernelThread(machine, 'write-back', () => writeBack(cache, () => ports.clock.monotonicNs()));
  }

  function* mountOthers(sys: NativeCalls): Wait<void> {
    const dev = ramfs('tmpfs', 18);
    addDeviceNodes(dev, devices);
    const mounts: readonly (readonly [path: ByteString, filesystem: Filesystem, source: string])[] = [
      ['/dev', dev, 'devtmpfs'],
      ['/tmp', ramfs('tmpfs', 19, 0o1777), 'tmpfs'],
    ];
    for (const [path, filesystem, source] of mounts) {
      yield* makeFolders(machine, sys, path);
      yield* sys.retry(() => vfs.mount(filesystem, path, source, 'rw'));
    }
  }
}

function addDeviceNodes(dev: Filesystem, devices: readonly DeviceType[]): void {
  for (const { name, mode, major, minor } of devices) {
    dev.root.create(name, { mode: S_IFCHR | mode, uid: 0, gid: 0, rdev: makeDevice(major, minor) });
  }
}

function deviceOpener(devices: readonly DeviceType[]) {
  const byNumber = new Map(devices.map((device) => [makeDevice(device.major, device.minor), device]));
  return (_fileType: number, rdev: number, flags: number, path: ByteString): OpenFile => {
    const device = byNumber.get(rdev);
    if (device === undefined) throw ENXIO;
    return device.open(flags, path);
  };
}

function timestampOf(ns: bigint): Timestamp {
  return { seconds: Number(ns / 1_000_000_000n), nanoseconds: Number(ns % 1_000_000_000n) };
}
