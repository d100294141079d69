/**
 * Debian packages at the versions of packages.lock.json, fetched without root and without apt's lists: apt's own
 * helper downloads (so its proxy settings hold) and checks the SHA-256.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import lock from '../packages.lock.json' with { type: 'json' };
import { runCommand } from './command.ts';

const HELPER = '/usr/lib/apt/apt-helper';
const DEBOOTSTRAP = '/usr/sbin/debootstrap';

interface LockedPackage {
  readonly version: string;
  /** In the archive's pool. */
  readonly path: string;
  readonly sha256: string;
}

const packages: Readonly<Record<string, LockedPackage>> = lock.packages;

/** Path of the package's file, downloaded into `folder` unless it is there. */
export function fetchPackage(name: string, folder: string): string {
  const locked = packages[name];
  if (!locked) throw new Error(`${name} is not in guest/images/packages.lock.json`);
  const file = join(folder, `${locked.sha256.slice(0, 16)}-${name}.deb`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.${process.pid}`;
  try {
    download(locked, partial);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
  return file;
}

function download(locked: LockedPackage, file: string): void {
  const path = locked.path.replaceAll('+', '%2b');
  const refusals: string[] = [];
  for (const base of debianArchives()) {
    const url = `${base.replace(/\/$/, '')}/${path}`;
    try {
      runCommand(HELPER, ['-o', 'APT::Sandbox::User=root', 'download-file', url, file, `SHA256:${locked.sha256}`]);
      return;
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(`${path} could not be fetched. ${HOW_TO_NAME_AN_ARCHIVE}\n${refusals.join('\n')}`);
}

const HOW_TO_NAME_AN_ARCHIVE =
  'DEBIAN_ARCHIVE=URL names a Debian archive that has it (one that keeps old versions, say).';

let archives: readonly string[] | undefined;

/** Where to ask, best first: what the user says, what apt is set up with, what debootstrap knows (on Ubuntu). */
function debianArchives(): readonly string[] {
  archives ??= findArchives();
  return archives;
}

function findArchives(): readonly string[] {
  const own = process.env['DEBIAN_ARCHIVE'];
  const targets = runCommand('apt-get', ['indextargets', '--format', '$(REPO_URI)']).toString().split('\n');
  const known = [...(own === undefined ? [] : [own]), ...targets, ...debootstrapArchives()];
  return [...new Set(known.map((each) => each.trim()).filter((each) => each !== ''))];
}

function debootstrapArchives(): readonly string[] {
  if (!existsSync(DEBOOTSTRAP)) return [];
  const found = /^DEF_MIRROR="(.+)"$/m.exec(readFileSync(DEBOOTSTRAP, 'utf8'));
  return found?.[1] === undefined ? [] : [found[1]];
}

/** Unpacks packages into a new folder whose /bin, /lib, /lib64 and /sbin are links into /usr, as Debian 12 has them. */
export function unpackPackages(files: readonly string[], root: string): void {
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    if (!readdirSync(root).includes(name)) symlinkSync(`usr/${name}`, join(root, name));
  }
  for (const file of files) {
    const tar = runCommand('dpkg-deb', ['--fsys-tarfile', file]);
    // dpkg-deb -x would put directories in the place of the links.
    runCommand('tar', ['-x', '--keep-directory-symlink', '--no-same-owner', '-C', root], { input: tar });
  }
}
