/**
 * A character device as devfs lists it: one file in this folder exports one DeviceType and boot.ts names it; the /dev
 * node, its numbers and its line in /proc/devices follow.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Inode } from '../vfs/inode.ts';
import type { OpenFile } from '../vfs/open-file.ts';

export interface DeviceType {
  /** Name below /dev. */
  readonly name: ByteString;
  /** Linux Documentation/admin-guide/devices.txt. */
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  /** A new open file description; `path` and `node`: what was opened. @throws ENXIO and the like */
  open(flags: number, path: string, node?: Inode): OpenFile;
}

export function majorOf(device: number): number {
  return (device >> 8) & 0xfff;
}

/** st_rdev as glibc's makedev(3) encodes it. */
export function makeDevice(major: number, minor: number): number {
  return ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
}
