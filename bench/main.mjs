/** npm run bench: builds what is measured where it is missing or stale, then measures (bench/compare/main.ts). */
import { spawn } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'vite';
import { makeData } from './data.mjs';
import { bundleForNode } from '../scripts/bundle.mjs';
import { isFresh } from '../scripts/fresh.mjs';
import { serve } from '../scripts/serve.mjs';
import { run, setUpForBench } from '../scripts/setup.mjs';
import { preparedHandlers } from '../scripts/vite-handlers.mjs';

setUpForBench((line) => console.error(`bench: ${line}`));
makeData();
run(['node', 'scripts/image.mjs', 'bench']);
if (!isFresh('dist/index.html', ['src', 'public', 'index.html', 'vite.config.ts'])) run(['npm', 'run', '-s', 'build']);
await bundleForNode('bench/compare/machine-in-node.ts', 'bench-machine', [preparedHandlers()]);
await build({
  logLevel: 'error',
  configFile: false,
  publicDir: false,
  build: { ssr: 'bench/compare/main.ts', outDir: '.cache/bench/compare' },
});

// The page as it is built, with the image of the benchmarks.
rmSync('.cache/bench/site', { recursive: true, force: true });
cpSync('dist', '.cache/bench/site', { recursive: true, filter: (path) => !path.startsWith('dist/images') });
symlinkSync(resolve('.cache/bench/images'), '.cache/bench/site/images');
const { server, url } = await serve({ folder: '.cache/bench/site', host: '127.0.0.1', port: 0 });
const child = spawn('node', ['.cache/bench/compare/main.js', '--page', url, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
child.on('exit', (code) => {
  server.closeAllConnections();
  server.close();
  process.exitCode = code ?? 1;
});
