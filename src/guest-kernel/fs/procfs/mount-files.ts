/** /proc/PID/mounts, mountinfo and mountstats. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { Mount } from '../../vfs/location.ts';
import type { ProcSource } from './proc-source.ts';

const FIRST_ID = 20;

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
export function mountinfo({ vfs }: ProcSource): ByteString {
  const line = ({ source, path, filesystem, options }: Mount, i: number): string => {
    const { deviceNumber, type } = filesystem;
    const device = `${(deviceNumber >>> 8) & 0xfff}:${deviceNumber & 0xff}`;
    const ids = `${FIRST_ID + i} ${FIRST_ID + parentOf(vfs.mounts, i)}`;
    return `${ids} ${device} / ${escaped(path)} ${options} - ${type} ${escaped(source)} ${options}\n`;
  };
  return vfs.mounts.map(line).join('');
}

function statsLine({ source, path, filesystem }: Mount): string {
  return `device ${escaped(source)} mounted on ${escaped(path)} with fstype ${filesystem.type}\n`;
}

export function mountstats({ vfs }: ProcSource): ByteString {
  return vfs.mounts.map(statsLine).join('');
}

/** Index of the mount in which a mount's directory lies; the root's own where there is none. */
function parentOf(all: readonly Mount[], index: number): number {
  const path = all[index]?.path ?? '/';
  let best = 0;
  all.forEach((mount, i) => {
    const isAbove = mount.path === '/' || path.startsWith(`${mount.path}/`);
    if (i < index && isAbove && mount.path.length >= (all[best]?.path.length ?? 0)) best = i;
  });
  return best;
}
