/** Damaged images: an error and a line in the log, never a hang, a crash, or a change outside the disk. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Errno } from '../../abi/errno.ts';
import { O_CREAT, O_RDONLY, O_RDWR } from '../../abi/fcntl.ts';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts';
import { BlockCache } from '../../block/block-cache.ts';
import { MemoryDisk } from '../../block/testing/memory-disk.ts';
import { testCall, treeOver } from '../../vfs/testing/tree.ts';
import type { Inode } from '../../vfs/inode.ts';
import { mountExt4, MountError } from './ext4.ts';
import { makeImage } from './testing/image.ts';

const SEED = Number(process.env['SEED'] ?? 7);
const RUNS = Number(process.env['RUNS'] ?? 40);

const source = mkdtempSync(join(tmpdir(), 'ext4-damage-'));
afterAll(() => rmSync(source, { recursive: true, force: true }));
mkdirSync(join(source, 'd/e'), { recursive: true });
for (let i = 0; i < 200; i++) writeFileSync(join(source, 'd', `name-${i}`), String(i));
writeFileSync(join(source, 'big'), new Uint8Array(300_000).fill(5));
symlinkSync('big', join(source, 'link'));
symlinkSync('x/'.repeat(50), join(source, 'long-link'));

/** Looks at everything and changes a little; errors of the guest are what damage may cause, others are bugs. */
function exercise(image: Uint8Array): void {
  const disk = new MemoryDisk(image);
  const cache = new BlockCache(disk);
  const attempt = (work: () => void): void => {
    try {
      disk.drive(work);
    } catch (error) {
      if (!(error instanceof Errno) && !(error instanceof MountError)) throw error;
    }
  };
  attempt(() => {
    const filesystem = mountExt4(cache, {
      deviceNumber: 1,
      now: () => ({ seconds: 1, nanoseconds: 0 }),
      log: () => undefined,
    });
    let budget = 2000; // a directory may now contain itself
    const visit = (inode: Inode): void => {
      for (let from = 0; budget-- > 0;) {
        const entries = inode.entries(from);
        if (entries.length === 0) return;
        for (const { name } of entries) {
          if (name === '.' || name === '..' || budget-- <= 0) continue;
          attempt(() => look(inode.lookup(name), visit));
        }
        from = entries.at(-1)?.nextOffset ?? 0;
      }
    };
    attempt(() => visit(filesystem.root));
    const { vfs, viewer } = treeOver(filesystem);
    attempt(() => vfs.unlink(viewer, { path: '/big' }));
    attempt(() => vfs.mkdir(viewer, { path: '/d/new' }, 0o755));
    attempt(() => vfs.rename(viewer, { path: '/d/e' }, { path: '/f' }));
    attempt(
      () => void vfs.open(viewer, '/written', O_RDWR | O_CREAT, 0o644).write(testCall(), new Uint8Array(200_000)),
    );
    attempt(() => vfs.open(viewer, '/d/name-7', O_RDONLY, 0).release());
    attempt(() => void cache.sync());
    disk.run();
  });
}

function look(inode: Inode | undefined, visit: (inode: Inode) => void): void {
  if (inode === undefined) return;
  inode.attributes();
  if (inode.fileType === S_IFREG) inode.read(0, new Uint8Array(400_000));
  else if (inode.fileType === S_IFLNK) inode.readLink();
  else if (inode.fileType === S_IFDIR) visit(inode);
}

// Flips go where the structures are: superblock, descriptors, bitmaps, inode tables, directories, extent blocks.
test.each([
  ['with checksums', ['-b', '4096', '-O', '^has_journal']],
  ['without checksums', ['-b', '4096', '-O', '^has_journal,^metadata_csum,^uninit_bg']],
])(`random damage is an error, not a hang or a crash: %s (seed ${SEED})`, (_name, args) => {
  const pristine = makeImage({ megabytes: 8, args: [...args, '-N', '512'], from: source });
  const used = pristine.reduce((last, byte, at) => (byte === 0 ? last : at), 0) + 1;
  const flip = fc.record({
    at: fc.oneof(
      fc.integer({ min: 1024, max: 2047 }),
      fc.integer({ min: 4096, max: 4160 }),
      fc.nat(used),
      fc.nat(200_000),
    ),
    value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 40 }), (flips) => {
      const image = pristine.slice();
      for (const { at, value } of flips) image[at] = value;
      const started = performance.now();
      exercise(image);
      expect(performance.now() - started).toBeLessThan(5000);
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true, interruptAfterTimeLimit: 25_000 },
  );
});
