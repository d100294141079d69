/** npm run image -- [NAME…]: builds the disk images that are missing or stale. */
import { mkdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { bundleForNode } from './bundle.mjs';
import { exclusively } from './exclusive.mjs';
import { repository, run } from './setup.mjs';

process.chdir(repository);

const say = (line) => console.error(`image: ${line}`);

// The dashboard that the guest serves is a build of its own.
if (JSON.parse(readFileSync('package.json', 'utf8')).scripts['build:dashboard']) {
  run(['npm', 'run', '--silent', 'build:dashboard']);
} else {
  mkdirSync('.cache/dashboard', { recursive: true });
}

await exclusively(
  '.cache/image.lock',
  async () => {
    const bundle = await bundleForNode('guest/images/build/index.ts', 'image');
    const { buildImages } = await import(pathToFileURL(resolve(bundle)).href);
    buildImages(process.argv.slice(2), say);
  },
  () => say('another process is building; waiting for it'),
);
