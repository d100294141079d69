/**
 * Compiles guest programs with the machine's gcc against Debian 12's own C library and headers (a sysroot), so that
 * they ask for no symbol newer than the image has, whatever the machine runs.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './command.ts';
import { fetchPackage, unpackPackages } from './packages.ts';

/** What the sysroot is made of. */
export const TOOLCHAIN_PACKAGES = [
  'libc6',
  'libc6-dev',
  'linux-libc-dev',
  'libstdc++6',
  'libgcc-s1',
  'libstdc++-12-dev',
];

/** Makes the sysroot below `cache` unless it is there. @returns its path */
export function prepareSysroot(cache: string): string {
  const root = join(cache, 'sysroot');
  if (existsSync(root)) return root;
  const partial = `${root}.${process.pid}`;
  unpackPackages(
    TOOLCHAIN_PACKAGES.map((name) => fetchPackage(name, join(cache, 'debs'))),
    partial,
  );
  try {
    renameSync(partial, root);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(root)) throw error;
  }
  return root;
}

/** Compiles C (gcc) or C++ (g++ for .cc) sources of the repository into `to`. @throws Error with gcc's words */
export function compile(cache: string, to: string, sources: readonly string[], flags: readonly string[]): void {
  const root = prepareSysroot(cache);
  mkdirSync(dirname(to), { recursive: true });
  const isCxx = sources.some((source) => source.endsWith('.cc'));
  // __DATE__ and build ids would make two builds of the same sources differ.
  const common = [`--sysroot=${root}`, '-Wall', '-Wextra', '-pthread', '-Wl,--build-id=none', '-U_FORTIFY_SOURCE'];
  // ld takes from a library what the objects before it lack: flags may name libraries, so sources go first.
  runCommand(isCxx ? 'g++' : 'gcc', [...common, ...(isCxx ? cxxFlags(root) : []), '-o', to, ...sources, ...flags]);
}

function cxxFlags(root: string): readonly string[] {
  const headers = join(root, 'usr/include/c++/12');
  const target = join(root, 'usr/include/x86_64-linux-gnu/c++/12');
  return ['-nostdinc++', '-isystem', headers, '-isystem', target, `-L${join(root, 'usr/lib/gcc/x86_64-linux-gnu/12')}`];
}
