/** Extended attributes on disk: what is written passes e2fsck and reads the same in debugfs. */
import { expect, test } from 'vitest';
import { BlockCache } from '../../block/block-cache.ts';
import { MemoryDisk } from '../../block/testing/memory-disk.ts';
import { O_CREAT, O_RDWR } from '../../abi/fcntl.ts';
import { treeOver } from '../../vfs/testing/tree.ts';
import { mountExt4 } from './ext4.ts';
import { check, debugfs, makeImage } from './testing/image.ts';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

test.each([
  ['inodes of 256 bytes', ['-b', '4096', '-O', '^has_journal']],
  ['inodes of 128 bytes, blocks of 1 KiB', ['-b', '1024', '-I', '128', '-O', '^has_journal']],
  ['without checksums', ['-b', '4096', '-O', '^has_journal,^metadata_csum']],
])('attributes go into the inode, then into a block, and out of both: %s', (_name, args) => {
  const disk = new MemoryDisk(makeImage({ megabytes: 8, args }));
  const cache = new BlockCache(disk);
  const now = { seconds: 1_700_000_000, nanoseconds: 0 };
  const filesystem = disk.drive(() => mountExt4(cache, { deviceNumber: 1, now: () => now, log: () => {} }));
  const { vfs, viewer } = treeOver(filesystem);
  const { xattrs } = disk.drive(() => vfs.open(viewer, '/file', O_RDWR | O_CREAT, 0o644)).inode ?? {};
  if (xattrs === undefined) throw new Error('no xattrs');
  const sound = (): string => {
    disk.drive(() => cache.sync());
    disk.run();
    return check(disk.bytes);
  };
  disk.drive(() => xattrs.set('user.small', bytes(5, 0x61)));
  expect(sound()).toBe('');
  expect(debugfs(disk.bytes, 'ea_get /file user.small')).toContain('aaaaa');
  for (let i = 0; i < 20; i++) disk.drive(() => xattrs.set(`user.name-${i}`, bytes(i, 0x30 + i)));
  disk.drive(() => xattrs.set('security.label', bytes(60, 0x62)));
  disk.drive(() => xattrs.set('user.name-7', bytes(90, 0x63)));
  expect(sound()).toBe('');
  expect(debugfs(disk.bytes, 'ea_list /file')).toContain('user.name-19 (19)');
  expect(xattrs.get('user.name-7')).toEqual(bytes(90, 0x63));
  expect(xattrs.names()).toHaveLength(22);
  expect(() => disk.drive(() => xattrs.set('user.huge', bytes(5000, 1)))).toThrow(
    expect.objectContaining({ name: 'ENOSPC' }),
  );
  for (const name of xattrs.names()) disk.drive(() => xattrs.set(name, undefined));
  expect([xattrs.names(), sound()]).toEqual([[], '']);
});
