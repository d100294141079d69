/**
 * npm run --silent osv -- …: starts src/node/osv.ts after building its bundle and the default image, where missing or
 * stale. Progress goes to stderr; parallel starts wait for the one that builds.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isFresh } from './fresh.mjs';
import { runBundle } from './run-bundle.mjs';

const repository = resolve(import.meta.dirname, '..');
// npm starts scripts in the package's folder; FILE is meant from where the user is.
const userFolder = process.env.INIT_CWD ?? process.cwd();
const inRepository = (path) => join(repository, path);
const BUNDLE = inRepository('.cache/node/osv.cjs');
const IMAGE = inRepository('.cache/images/default.img');
const IMAGE_SOURCES = ['guest/apps', 'guest/images', 'src/dashboard'];
const SOURCES = ['src/emulator', 'src/guest-kernel', 'src/node', 'package-lock.json'];

const isImageFresh = () => isFresh(IMAGE, IMAGE_SOURCES.map(inRepository));
const isBundleFresh = () => isFresh(BUNDLE, SOURCES.map(inRepository));

// Loaded only when there is something to do: a start must stay quick.
async function prepare() {
  const { exclusively } = await import('./exclusive.mjs');
  const { run } = await import('./setup.mjs');
  const work = async () => {
    if (!isImageFresh()) run(['node', inRepository('scripts/image.mjs')], { cwd: repository });
    if (isBundleFresh()) return;
    console.error('osv: bundling');
    const { bundleForNode } = await import('./bundle.mjs');
    const { preparedHandlers } = await import('./vite-handlers.mjs');
    await bundleForNode('src/node/osv.ts', 'osv', [preparedHandlers()]);
  };
  process.chdir(repository);
  await exclusively('.cache/osv.lock', work, () => console.error('osv: another process is building; waiting'));
}

if (!isImageFresh() || !isBundleFresh()) await prepare();
process.env.OSV_IMAGES = inRepository('.cache/images');
process.env.OSV_CODE ??= inRepository(`.cache/code/${Math.round(statSync(BUNDLE).mtimeMs).toString(36)}`);

process.chdir(userFolder);
runBundle(BUNDLE);
