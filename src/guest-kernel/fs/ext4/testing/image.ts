/** ext4 images made and checked by e2fsprogs, in a folder that goes away with the test run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'ext4-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let serial = 0;

export interface ImageOptions {
  readonly megabytes?: number;
  /** Further arguments of mke2fs. */
  readonly args?: readonly string[];
  /** Folder whose files go in. */
  readonly from?: string;
}

export function makeImage({
  megabytes = 8,
  args = ['-b', '4096', '-O', '^has_journal'],
  from,
}: ImageOptions = {}): Uint8Array {
  const path = join(folder, `image${serial++}`);
  const source = from === undefined ? [] : ['-d', from];
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', ...args, ...source, path, `${megabytes}M`], { stdio: 'pipe' });
  const bytes = new Uint8Array(readFileSync(path));
  rmSync(path);
  return bytes;
}

/** What e2fsck -fn complains about; '' for a clean image. */
export function check(image: Uint8Array): string {
  const path = join(folder, `check${serial++}`);
  writeFileSync(path, image);
  const { status, stdout, stderr } = spawnSync('e2fsck', ['-fn', path], { encoding: 'utf8' });
  rmSync(path);
  return status === 0 ? '' : `exit ${status}\n${stdout}${stderr}`;
}

/** Output of a debugfs request. */
export function debugfs(image: Uint8Array, request: string): string {
  const path = join(folder, `debugfs${serial++}`);
  writeFileSync(path, image);
  const { stdout } = spawnSync('debugfs', ['-R', request, path], { encoding: 'latin1', maxBuffer: 1 << 28 });
  rmSync(path);
  return stdout;
}
