/**
 * Vite plugin: puts handlers of the cold tier that were compiled here in the place of
 * src/emulator/translate/prepared-handlers.ts, so that neither page nor command line makes them at every start.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { isFresh } from './fresh.mjs';

const repository = resolve(import.meta.dirname, '..');
const EMULATOR = join(repository, 'src/emulator');
const LIST = join(EMULATOR, 'translate/cold-instructions.txt');
const PREPARED = join(repository, '.cache/handlers.json');

export function preparedHandlers() {
  return {
    name: 'prepared-handlers',
    async load(id) {
      if (!id.split('?')[0].endsWith('/translate/prepared-handlers.ts') || !existsSync(LIST)) return null;
      // A text that is parsed when asked for: bundles that never run guest code do not pay.
      return `export const preparedCode = () => JSON.parse(${JSON.stringify(await preparedText())});`;
    },
  };
}

async function preparedText() {
  if (!isFresh(PREPARED, [EMULATOR])) {
    const { bundleForNode } = await import('./bundle.mjs');
    const bundle = resolve(await bundleForNode('src/emulator/translate/prepare-handlers.ts', 'prepare-handlers', []));
    const { prepareHandlers } = createRequire(import.meta.url)(bundle);
    const text = JSON.stringify(prepareHandlers(readFileSync(LIST, 'utf8')));
    mkdirSync(join(repository, '.cache'), { recursive: true });
    writeFileSync(`${PREPARED}.${process.pid}`, text);
    renameSync(`${PREPARED}.${process.pid}`, PREPARED);
  }
  return readFileSync(PREPARED, 'utf8');
}
