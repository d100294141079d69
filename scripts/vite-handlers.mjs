/**
 * Vite plugin: compiles the handlers of the cold tier that programs are known to need into a WebAssembly module of its own,
 * and tells the page (src/workers/ports/handlers-url.ts) or the program under Node (src/node/ports/handlers-path.ts) where.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { bundleForNode } from './bundle.mjs';
import { isFresh } from './fresh.mjs';

const repository = resolve(import.meta.dirname, '..');
const EMULATOR = join(repository, 'src/emulator');
const LIST = join(EMULATOR, 'translate/cold-instructions.txt');
const FOLDER = join(repository, '.cache/handlers');
/** Holds the path of the latest. */
const LATEST = join(FOLDER, 'latest');

export function preparedHandlers() {
  return {
    name: 'prepared-handlers',
    async load(id) {
      const file = id.split('?')[0];
      if (!existsSync(LIST)) return null;
      if (file.endsWith('/workers/ports/handlers-url.ts'))
        return `export { default as handlersUrl } from ${JSON.stringify(`${await preparedFile()}?url`)};`;
      if (file.endsWith('/node/ports/handlers-path.ts'))
        return `export const handlersPath = ${JSON.stringify(await preparedFile())};`;
      return null;
    },
  };
}

/** Templates are known by number: a bundle must never meet the handlers of another, so each has a file of its own. */
async function preparedFile() {
  if (isFresh(LATEST, [EMULATOR])) return readFileSync(LATEST, 'utf8');
  const bundle = resolve(await bundleForNode('src/emulator/translate/prepare-handlers.ts', 'prepare-handlers'));
  const { prepareHandlers } = createRequire(import.meta.url)(bundle);
  const bytes = prepareHandlers(readFileSync(LIST, 'utf8'));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const file = join(FOLDER, `handlers-${hash}.wasm`);
  mkdirSync(FOLDER, { recursive: true });
  replace(file, bytes);
  replace(LATEST, file);
  return file;
}

/** Others may be reading. */
function replace(file, content) {
  writeFileSync(`${file}.${process.pid}`, content);
  renameSync(`${file}.${process.pid}`, file);
}
