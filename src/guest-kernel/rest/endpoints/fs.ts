/** /fs: space on mounted disks (facts 1.2). Listed are mounts of a device, as OSv lists its zfs and rofs ones. */
import { utf8FromBytes } from '../../../emulator/util/bytes.ts';
import type { Mount } from '../../vfs/location.ts';
import { ApiError } from '../reply.ts';
import { array, get, inPath, object, type Route } from '../route.ts';

export const fs: readonly Route[] = [
  get('/fs/df', {
    summary: 'Space of every mounted disk',
    reply: array(object('DFStat')),
    run: ({ management }) => management.machine.vfs.mounts.filter(isDisk).map(model),
  }),
  get('/fs/df/{mount*}', {
    summary: 'Space of one mounted disk',
    parameters: [inPath('mount', 'Where it is mounted')],
    reply: array(object('DFStat')),
    run: ({ management, text }) => {
      const path = text('mount').replaceAll(/\/+/g, '/');
      const mount = management.machine.vfs.mounts.find((each) => each.path === path && isDisk(each));
      if (mount === undefined) throw new ApiError(404, 'mount does not exist');
      return [model(mount)];
    },
  }),
];

function isDisk({ source }: Mount): boolean {
  return source.startsWith('/dev/');
}

function model({ filesystem, source, path }: Mount): unknown {
  const usage = filesystem.usage();
  return {
    filesystem: utf8FromBytes(source),
    mount: utf8FromBytes(path),
    btotal: usage.blocks,
    bfree: usage.freeBlocks,
    ftotal: usage.files,
    ffree: usage.freeFiles,
    blocksize: usage.blockSizeBytes,
  };
}
