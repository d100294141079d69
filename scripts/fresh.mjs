/** Deciding by times what must be built again. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether `file` is younger than all of `sources` (files, or folders with all inside). */
export function isFresh(file, sources) {
  return existsSync(file) && Math.max(...sources.map(newestMs)) < statSync(file).mtimeMs;
}

function newestMs(path) {
  const attributes = statSync(path);
  if (!attributes.isDirectory()) return attributes.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), attributes.mtimeMs);
}
