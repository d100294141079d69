/** Compiles guest programs with the machine's gcc, once per source and flags; the results lie in .cache. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(tmpdir(), 'osv-guest-tests');

export interface Compiled {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** @param language 'c' or 'c++' */
export function compile(source: string, flags: readonly string[] = [], language: 'c' | 'c++' = 'c'): Compiled {
  mkdirSync(FOLDER, { recursive: true });
  const key = createHash('sha256')
    .update(JSON.stringify([source, flags, language]))
    .digest('hex')
    .slice(0, 20);
  const path = join(FOLDER, key);
  if (!existsSync(path)) {
    const input = `${path}.${process.pid}.${language === 'c' ? 'c' : 'cc'}`;
    writeFileSync(input, source);
    const output = `${path}.${process.pid}`;
    execFileSync(language === 'c' ? 'gcc' : 'g++', ['-O1', '-o', output, input, ...flags, '-lm'], { stdio: 'pipe' });
    renameSync(output, path);
  }
  return { path, bytes: Uint8Array.from(readFileSync(path)) };
}

/** Shared objects that a dynamically linked program needs, from this machine, by their paths. */
export function hostLibraries(names: readonly string[]): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {
    '/lib64/ld-linux-x86-64.so.2': readFileSync('/lib64/ld-linux-x86-64.so.2'),
  };
  for (const name of names) {
    const path = [`/lib/x86_64-linux-gnu/${name}`, `/usr/lib/x86_64-linux-gnu/${name}`].find((each) =>
      existsSync(each),
    );
    if (path !== undefined) files[`/lib/x86_64-linux-gnu/${name}`] = readFileSync(path);
  }
  return files;
}

/** A folder of this machine with all below it, by path. */
export function hostFolder(folder: string): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path).isFile()) files[path] = readFileSync(path);
  }
  return files;
}
