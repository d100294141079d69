/**
 * Installs what the project needs and does not find: Debian packages by apt (with sudo when not root), npm packages by
 * npm ci. Plain JavaScript without dependencies, since it runs before them. Quick when nothing is missing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isFresh } from './fresh.mjs';

export const repository = resolve(import.meta.dirname, '..');

/** Thrown for trouble that the user can do something about: print the message, not the stack. */
export class SetupError extends Error {}

/** A Debian package and a command or file that shows it is there. */
const IMAGE_NEEDS = [
  { package: 'gcc', command: 'gcc' },
  { package: 'binutils', command: 'strip' },
  { package: 'libc6-dev', file: '/usr/include/stdio.h' },
  { package: 'e2fsprogs', command: 'mke2fs' },
  { package: 'e2fsprogs', command: 'debugfs' },
  { package: 'fakeroot', command: 'fakeroot' },
  { package: 'zstd', command: 'zstd' },
  { package: 'dpkg', command: 'dpkg-deb' },
  // Knows where Debian's archive is, for machines whose apt has another one.
  ...(isDebian() ? [] : [{ package: 'debootstrap', command: 'debootstrap' }]),
];

const TEST_NEEDS = [
  { package: 'g++', command: 'g++' },
  { package: 'qemu-user', command: 'qemu-x86_64' },
  { package: 'strace', command: 'strace' },
];

/** The peer of the benchmarks: a BIOS, and the compiler for the 32-bit programs it boots. */
const BENCH_NEEDS = [
  { package: 'qemu-user', command: 'qemu-x86_64' },
  { package: 'seabios', file: '/usr/share/seabios/bios.bin' },
  { package: 'gcc-multilib', file: '/usr/include/x86_64-linux-gnu/gnu/stubs-32.h' },
];

// Debian's package; Ubuntu's of the same name is a snap's shell, so there CHROMIUM must say where one is.
const BROWSER = { package: 'chromium', command: 'chromium' };

export const browserPath = () => process.env.CHROMIUM || '/usr/bin/chromium';

/** For building disk images. */
export function setUpForImages(say) {
  installDebianPackages(IMAGE_NEEDS, say);
}

/** For building and serving. */
export function setUpForBuild(say) {
  installDebianPackages(IMAGE_NEEDS, say);
  installNpmPackages(say);
}

/** For the tests. */
export function setUpForTests(say) {
  const browser = process.env.CHROMIUM ? [] : [BROWSER];
  installDebianPackages([...IMAGE_NEEDS, ...TEST_NEEDS, ...browser], say);
  if (!existsSync(browserPath())) throw new SetupError(`There is no browser at ${browserPath()}; set CHROMIUM=path.`);
  installNpmPackages(say);
}

/** For the benchmarks. */
export function setUpForBench(say) {
  const browser = process.env.CHROMIUM ? [] : [BROWSER];
  installDebianPackages([...IMAGE_NEEDS, ...BENCH_NEEDS, ...browser], say);
  installNpmPackages(say);
}

function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

function installDebianPackages(needs, say) {
  const missing = [...new Set(needs.filter(isMissing).map((need) => need.package))];
  if (missing.length === 0) return;
  if (!hasCommand('apt-get')) throw new SetupError(withoutApt(missing));
  const prefix = process.getuid?.() === 0 ? [] : ['sudo'];
  if (prefix.length > 0 && !hasCommand('sudo')) {
    const command = `apt-get install ${missing.join(' ')}`;
    throw new SetupError(`Missing Debian packages, and there is no sudo. Have an administrator run: ${command}`);
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  run([...prefix, 'apt-get', 'update', '-q']);
  run([
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '-qy',
    '--no-install-recommends',
    ...missing,
  ]);
  const still = needs.filter(isMissing).map((need) => need.command ?? need.file);
  if (still.length > 0)
    throw new SetupError(`apt has installed ${missing.join(' ')}, but there still is no ${still.join(', ')}.`);
}

function withoutApt(missing) {
  const container =
    'docker run --rm -it --init -p 127.0.0.1:8080:8080 -e HOST=0.0.0.0 -v "$PWD":/osv -w /osv node:20-bookworm';
  return [
    `This machine has no apt to install ${missing.join(', ')} with.`,
    'Debian in a container has all that is needed:',
    `  ${container} npm ${process.env.npm_lifecycle_event ?? 'start'}`,
  ].join('\n');
}

function installNpmPackages(say) {
  // npm writes this file last, so it also tells that an installation went through.
  if (isFresh(join(repository, 'node_modules/.package-lock.json'), [join(repository, 'package-lock.json')])) return;
  say('installing npm packages');
  run(['npm', 'ci', '--no-audit', '--no-fund'], { cwd: repository });
}

function isMissing(need) {
  return need.file ? !existsSync(need.file) : !hasCommand(need.command);
}

function hasCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a command with its output on stderr, so that stdout stays the caller's. */
export function run([command, ...args], options = {}) {
  const result = spawnSync(command, args, { stdio: ['inherit', 2, 2], ...options });
  if (result.error) throw new SetupError(`${command}: ${result.error.message}`);
  if (result.status !== 0)
    throw new SetupError(`${command} ${args.join(' ')} failed (${result.status ?? result.signal}).`);
}

/** Runs a script's body; trouble the user can mend is printed as a sentence. */
export async function main(body) {
  try {
    process.chdir(repository);
    await body();
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}
