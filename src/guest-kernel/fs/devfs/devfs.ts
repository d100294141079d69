/** /dev: a node for each device of the machine, and the links and directories that programs expect beside them. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { ENODEV, ENXIO } from '../../abi/errno.ts';
import { S_IFCHR } from '../../abi/stat.ts';
import { majorOf, makeDevice, type DeviceType } from '../../devices/device.ts';
import type { Inode, Timestamp } from '../../vfs/inode.ts';
import type { DeviceOpener } from '../../vfs/mount-table.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import {
  VirtualDirectory,
  VirtualFilesystem,
  VirtualInode,
  VirtualLink,
  type VirtualEntry,
} from '../virtual/virtual-inode.ts';

const TMPFS_MAGIC = 0x0102_1994; // what Linux' devtmpfs answers

/** Names that lead elsewhere (Linux Documentation/admin-guide/devices.txt, "compulsory links"). */
const LINKS: readonly (readonly [ByteString, ByteString])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];
/** Directories for other filesystems to be mounted on. */
const MOUNT_POINTS: readonly ByteString[] = ['shm', 'pts', 'mqueue'];

export function makeDevfs(
  devices: readonly DeviceType[],
  options: { readonly deviceNumber: number; readonly now: () => Timestamp },
): VirtualFilesystem {
  return new VirtualFilesystem({
    ...options,
    type: 'devfs',
    typeMagic: TMPFS_MAGIC,
    isVolatile: false,
    root: (filesystem) => makeRoot(filesystem, devices),
  });
}

/** Opens device nodes of other filesystems (mknod) by their number. */
const MISC_MAJOR = 10;

export function deviceOpener(devices: readonly DeviceType[]): DeviceOpener {
  return (fileType, rdev, flags, path) => {
    const device = devices.find(({ major, minor }) => makeDevice(major, minor) === rdev);
    // Linux drivers/char/misc.c: number 10 has a driver, which knows its minors.
    if (device === undefined && fileType === S_IFCHR && majorOf(rdev) === MISC_MAJOR) throw ENODEV;
    if (device === undefined || fileType !== S_IFCHR) throw ENXIO;
    return device.open(flags, path);
  };
}

function makeRoot(filesystem: VirtualFilesystem, devices: readonly DeviceType[]): Inode {
  const nodes = new Map<ByteString, Inode>();
  let number = 2;
  for (const device of devices) nodes.set(device.name, new DeviceNode(filesystem, number++, device));
  for (const [name, target] of LINKS) nodes.set(name, new VirtualLink({ filesystem, number: number++ }, () => target));
  for (const name of MOUNT_POINTS) {
    nodes.set(name, new VirtualDirectory({ filesystem, number: number++, permissions: 0o755 }, () => [], findNothing));
  }
  const entries: readonly VirtualEntry[] = [...nodes].map(([name, inode]) => {
    return { name, inodeNumber: inode.number, fileType: inode.fileType };
  });
  return new VirtualDirectory(
    { filesystem, number: 1, permissions: 0o755 },
    () => entries,
    (name) => nodes.get(name),
  );
}

class DeviceNode extends VirtualInode {
  readonly fileType = S_IFCHR;
  readonly #device: DeviceType;

  constructor(filesystem: VirtualFilesystem, number: number, device: DeviceType) {
    super(filesystem, number, device.mode);
    this.#device = device;
  }

  override get rdev(): number {
    return makeDevice(this.#device.major, this.#device.minor);
  }

  open(flags: number): OpenFile {
    return this.#device.open(flags, `/dev/${this.#device.name}`, this);
  }
}

function findNothing(): undefined {
  return undefined;
}
