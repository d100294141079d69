/** Lays out an image's files in a folder. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { patternMatcher, type Recipe } from '../recipe.ts';
import { compilePythonLibrary } from './bytecode.ts';
import { runCommand } from './command.ts';
import { takeFromNpm } from './npm.ts';
import { fetchPackage, unpackPackages } from './packages.ts';
import { compile } from './toolchain.ts';

/** Fills the new folder `root` as `recipe` says. `cache` keeps downloads between builds; the cwd is the repository. */
export function layOut(recipe: Recipe, root: string, cache: string): void {
  mkdirSync(root, { recursive: true });
  for (const [path, target] of Object.entries(recipe.links)) link(root, path, target);
  for (const [name, patterns] of Object.entries(recipe.packages)) takeFromPackage(root, name, patterns, cache);
  for (const [path, [name, file]] of Object.entries(recipe.npmFiles)) takeFromNpm(name, file, join(root, path), cache);
  for (const [path, mode] of Object.entries(recipe.directories)) {
    mkdirSync(join(root, path), { recursive: true });
    chmodSync(join(root, path), mode);
  }
  for (const [path, from] of Object.entries(recipe.copies)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(from, join(root, path), { recursive: true });
  }
  for (const [path, text] of Object.entries(recipe.texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const { to, sources, flags } of recipe.programs) {
    compile(cache, join(root, to), sources, flags);
    runCommand('strip', ['--strip-debug', join(root, to)]);
  }
  compilePythonLibrary(root);
  runCommand('ldconfig', ['-r', root, '-X']);
  rmSync(join(root, 'var/cache'), { recursive: true, force: true });
}

function link(root: string, path: string, target: string): void {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  // /bin → usr/bin: what it points to must exist before files come to lie in it. A name with an ending is a file's.
  if (path.lastIndexOf('/') === 0 && !path.includes('.')) mkdirSync(join(root, target), { recursive: true });
  symlinkSync(target, at);
}

function takeFromPackage(root: string, name: string, patterns: readonly string[], cache: string): void {
  const unpacked = join(cache, 'unpacked', `${name}.${process.pid}`);
  try {
    unpackPackages([fetchPackage(name, join(cache, 'debs'))], unpacked);
    const files = listFiles(unpacked);
    for (const pattern of patterns) {
      const taken = files.filter(patternMatcher(pattern));
      if (taken.length === 0) throw new Error(`image: no file of ${name} matches ${pattern}`);
      for (const file of taken) copy(join(unpacked, file), join(root, file));
    }
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  const attributes = lstatSync(from);
  if (attributes.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return;
  }
  copyFileSync(from, to);
  chmodSync(to, attributes.mode & 0o7777);
}

/** Paths of files and links below `root`, each with a leading '/', sorted. */
export function listFiles(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join('/', entry.parentPath.slice(root.length), entry.name))
    .toSorted();
}
