/** Makes an ext4 image of a folder: no root, and the same bytes for the same files. */
import { lutimesSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/** Every time in an image: 2026-01-01. */
const EPOCH = 1_767_225_600;
const UUID = '6f737600-7461-4062-8000-000000000001';

/** The first that is not reserved: lost+found. */
const FIRST_INODE = 11;

/** No journal: the disk's commits are atomic (DESIGN decision 10). No resize_inode: nobody grows it in place. */
const FEATURES = '^has_journal,^resize_inode';
/**
 * Room for 100,000 files also on the smallest disk. A group has 32,768 at most, so groups are of 64 MiB; the tables,
 * 32 MiB, are holes of the image and cost nothing on the wire.
 */
const INODES = 131_072;
const BLOCKS_PER_GROUP = 16_384;

/** Writes `image` (sparse) from the files below `root`, all owned by root. */
export function makeExt4(root: string, image: string, sizeBytes: number): void {
  setTimes(root);
  rmSync(image, { force: true });
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  const env = { E2FSPROGS_FAKE_TIME: String(EPOCH), SOURCE_DATE_EPOCH: String(EPOCH) };
  const format = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-b',
    '4096',
    '-m',
    '0',
    '-N',
    String(INODES),
    '-g',
    String(BLOCKS_PER_GROUP),
    '-O',
    FEATURES,
    '-L',
    'osv',
    '-U',
    UUID,
  ];
  const reproducible = ['-E', `hash_seed=${UUID},lazy_itable_init=1,root_owner=0:0`];
  runCommand('fakeroot', ['mke2fs', ...format, ...reproducible, '-d', root, image], { env });
  fixChangeTimes(image, env);
  runCommand('e2fsck', ['-fn', image], { env });
}

function setTimes(root: string): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    lutimesSync(join(entry.parentPath, entry.name), EPOCH, EPOCH);
  }
  lutimesSync(root, EPOCH, EPOCH);
}

// mke2fs takes st_ctime, which nobody can set on a file; so it is set on the image. It numbers inodes without gaps.
function fixChangeTimes(image: string, env: Record<string, string>): void {
  const header = runCommand('dumpe2fs', ['-h', image], { env }).toString();
  const used = headerNumber(header, 'Inode count') - headerNumber(header, 'Free inodes');
  const commands: string[] = [];
  for (let inode = FIRST_INODE; inode <= used; inode++) {
    commands.push(`sif <${inode}> ctime @${EPOCH}`, `sif <${inode}> ctime_extra 0`, `sif <${inode}> mtime_extra 0`);
    commands.push(`sif <${inode}> atime @${EPOCH}`, `sif <${inode}> atime_extra 0`);
  }
  runCommand('debugfs', ['-w', '-f', '-', image], { env, input: `${commands.join('\n')}\n` });
}

function headerNumber(header: string, field: string): number {
  const match = new RegExp(`^${field}: +(\\d+)$`, 'm').exec(header);
  if (!match) throw new Error(`dumpe2fs says nothing of '${field}'`);
  return Number(match[1]);
}
