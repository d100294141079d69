/** /proc/PID/mounts, mountinfo and mountstats. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { Dentry, Mount } from '../../vfs/location.ts';
import type { ProcSource } from './proc-source.ts';

/** The escapes of getmntent(3). */
function escaped(text: ByteString): ByteString {
  return text.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function mountLine({ source, path, filesystem, options }: Mount): string {
  return `${escaped(source)} ${escaped(path)} ${filesystem.type} ${options} 0 0\n`;
}

export function mounts({ vfs }: ProcSource): ByteString {
  return vfs.mounts.map(mountLine).join('');
}

/** proc(5): id, parent, device, root, mount point, options, "-", type, source, options of the filesystem. */
function infoLine({ id, parentId, source, path, filesystem, options, root }: Mount): string {
  const { deviceNumber, type } = filesystem;
  const device = `${(deviceNumber >>> 8) & 0xfff}:${deviceNumber & 0xff}`;
  const places = `${escaped(pathInside(root))} ${escaped(path)}`;
  return `${id} ${parentId} ${device} ${places} ${options} - ${type} ${escaped(source)} ${options}\n`;
}

export function mountinfo({ vfs }: ProcSource): ByteString {
  return vfs.mounts.map(infoLine).join('');
}

/** From the root of its own filesystem. */
function pathInside(dentry: Dentry): ByteString {
  let path = '';
  for (let at = dentry; at.parent !== undefined; at = at.parent) path = `/${at.name}${path}`;
  return path === '' ? '/' : path;
}

function statsLine({ source, path, filesystem }: Mount): string {
  return `device ${escaped(source)} mounted on ${escaped(path)} with fstype ${filesystem.type}\n`;
}

export function mountstats({ vfs }: ProcSource): ByteString {
  return vfs.mounts.map(statsLine).join('');
}
