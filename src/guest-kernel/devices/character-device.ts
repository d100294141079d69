/** What character devices have in common, and the small ones of mem(4): null, zero, full, random, urandom. */
import { ENOSPC, ENOTTY } from '../abi/errno.ts';
import type { EntropyPort } from '../ports.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import type { FileAttributes } from '../vfs/inode.ts';
import type { OpenFile } from '../vfs/open-file.ts';
import { type DeviceType, makeDevice } from './device.ts';

const S_IFCHR = 0o020000;
const EPOCH = { seconds: 0, nanoseconds: 0 };
const POLLIN_POLLOUT = 5;

export function characterDeviceAttributes(rdev: number, permissions: number): FileAttributes {
  return {
    inodeNumber: rdev,
    mode: S_IFCHR | permissions,
    linkCount: 1,
    uid: 0,
    gid: 0,
    rdev,
    sizeBytes: 0,
    blockSizeBytes: 4096,
    blocks512: 0,
    accessTime: EPOCH,
    modifyTime: EPOCH,
    changeTime: EPOCH,
  };
}

/** A device that is always ready and has no state: two functions tell it all. */
function simpleDevice(
  name: string,
  minor: number,
  read: (dst: Uint8Array) => number,
  write: (src: Uint8Array) => number,
): DeviceType {
  const attributes = characterDeviceAttributes(makeDevice(1, minor), 0o666);
  const readiness = new WaitQueue();
  const open = (flags: number, path: string): OpenFile => ({
    kind: 'device',
    path,
    flags,
    offset: 0,
    isSeekable: true,
    hasNoPlace: true, // Linux drivers/char/mem.c: null_lseek
    readiness,
    attributes: () => attributes,
    read: (_call, dst) => read(dst),
    write: (_call, src) => write(src),
    poll: () => POLLIN_POLLOUT,
    ioctl: () => {
      throw ENOTTY;
    },
    retain: () => {},
    release: () => {},
  });
  return { name, major: 1, minor, mode: 0o666, open };
}

const swallow = (src: Uint8Array): number => src.length;
const zeros = (dst: Uint8Array): number => dst.fill(0).length;
const refuse = (): never => {
  throw ENOSPC;
};

/** The memory devices, by the numbers of Linux drivers/char/mem.c. */
export function memoryDevices(entropy: EntropyPort): readonly DeviceType[] {
  const random = (dst: Uint8Array): number => {
    entropy.fill(dst);
    return dst.length;
  };
  return [
    simpleDevice('null', 3, () => 0, swallow),
    simpleDevice('zero', 5, zeros, swallow),
    simpleDevice('full', 7, zeros, refuse),
    simpleDevice('random', 8, random, swallow),
    simpleDevice('urandom', 9, random, swallow),
  ];
}
