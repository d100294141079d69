/**
 * Handlers of the cold tier that were compiled when the page or the program was built, so that programs start at once.
 * The bundler puts them in the place of this module (scripts/vite-handlers.mjs); without them each is made when needed.
 */
import type { PreparedCode } from './prepare-handlers.ts';

export function preparedCode(): PreparedCode | null {
  return null;
}
