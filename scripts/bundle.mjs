/** Bundles a TypeScript entry for Node, which cannot run TypeScript itself before version 22. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/** Where every bundle of sources in `folders` is younger than the newest of them. */
export function isFresh(file, folders) {
  return existsSync(file) && newestMs(folders) < statSync(file).mtimeMs;
}

function newestMs(folders) {
  let newest = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newest;
}

/**
 * Bundles `entry` to `.cache/node/NAME.mjs`; packages are bundled too, so that starting it reads one file.
 * @returns its path
 */
export async function bundleForNode(entry, name) {
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: entry,
      outDir: '.cache/node',
      emptyOutDir: false,
      target: 'node20',
      sourcemap: true,
      rollupOptions: { output: { entryFileNames: `${name}.mjs` } },
    },
    ssr: { noExternal: true },
  });
  return join('.cache/node', `${name}.mjs`);
}
