/** npm run image -- [NAME…]: builds the disk images that are missing or stale. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from './bundle.mjs';
import { exclusively } from './exclusive.mjs';
import { isFresh } from './fresh.mjs';
import { main, run, setUpForImages } from './setup.mjs';
import { preparedHandlers } from './vite-handlers.mjs';

const say = (line) => console.error(`image: ${line}`);

await main(() => exclusively('.cache/image.lock', build, () => say('another process is building; waiting for it')));

async function build() {
  setUpForImages(say);
  // The dashboard that the guest serves is a build of its own.
  if (!isFresh('.cache/dashboard/index.html', ['src/dashboard', 'vite.dashboard.config.ts'])) {
    run(['npm', 'run', '--silent', 'build:dashboard']);
  }
  const bundle = await bundleForNode('guest/images/build/index.ts', 'image');
  const { buildImages } = await import(pathToFileURL(resolve(bundle)).href);
  await buildImages(process.argv.slice(2), { say, recordBoot });
}

// An image is good without it: the page then fetches what it meets.
async function recordBoot(image) {
  const command = [await bundleForNode('src/node/osv.ts', 'osv', [preparedHandlers()]), 'record-boot', image];
  const { stdout, stderr, status } = spawnSync('node', command);
  if (status === 0) return JSON.parse(stdout.toString());
  say(`the image does not boot here, so it has no order of blocks:\n${stderr.toString()}`);
  return { boot: [], ready: [] };
}
