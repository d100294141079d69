/** Bundles a TypeScript entry for Node, which cannot run TypeScript itself before version 22. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/**
 * Bundles `entry` to `.cache/node/NAME.cjs`; packages are bundled too, so that starting it reads one file.
 * @returns its path
 */
export async function bundleForNode(entry, name, plugins = []) {
  // Others may be starting from the former one.
  const partial = `${name}.${process.pid}.cjs`;
  await build({
    configFile: false,
    plugins,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: entry,
      outDir: '.cache/node',
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { output: { format: 'cjs', entryFileNames: partial } },
    },
    ssr: { noExternal: true },
  });
  const bundle = join('.cache/node', `${name}.cjs`);
  renameSync(join('.cache/node', partial), bundle);
  return bundle;
}
