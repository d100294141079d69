/** /dev: a node for each device of the machine, and the links and directories that programs expect beside them. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { ENODEV, ENXIO } from '../../abi/errno.ts';
import { S_IFCHR, S_IFDIR, S_IFLNK } from '../../abi/stat.ts';
import { majorOf, makeDevice, type DeviceType } from '../../devices/device.ts';
import type { Filesystem } from '../../vfs/inode.ts';
import type { DeviceOpener } from '../../vfs/mount-table.ts';

/** Names that lead elsewhere (Linux Documentation/admin-guide/devices.txt, "compulsory links"). */
const LINKS: readonly (readonly [ByteString, ByteString])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];
/** Directories for other filesystems to be mounted on. */
const MOUNT_POINTS: readonly ByteString[] = ['shm', 'pts', 'mqueue'];

/**
 * Fills `filesystem`, which is empty and kept in memory, as devtmpfs of Linux: more may be made in it, such as the socket
 * of syslog(3), and nodes may be given to other users.
 */
export function fillDevfs(filesystem: Filesystem, devices: readonly DeviceType[]): void {
  const { root } = filesystem;
  const owner = { uid: 0, gid: 0 };
  for (const { name, major, minor, mode } of devices) {
    root.create(name, { mode: S_IFCHR | mode, ...owner, rdev: makeDevice(major, minor) });
  }
  for (const [name, target] of LINKS) root.create(name, { mode: S_IFLNK | 0o777, ...owner, target });
  for (const name of MOUNT_POINTS) root.create(name, { mode: S_IFDIR | 0o755, ...owner });
}

const MISC_MAJOR = 10;

/** Opens device nodes by their number. */
export function deviceOpener(devices: readonly DeviceType[]): DeviceOpener {
  return (inode, flags, path) => {
    const { fileType } = inode;
    const { rdev } = inode.attributes();
    const device = devices.find(({ major, minor }) => makeDevice(major, minor) === rdev);
    // Linux drivers/char/misc.c: number 10 has a driver, which knows its minors.
    if (device === undefined && fileType === S_IFCHR && majorOf(rdev) === MISC_MAJOR) throw ENODEV;
    if (device === undefined || fileType !== S_IFCHR) throw ENXIO;
    return device.open(flags, path, inode);
  };
}
