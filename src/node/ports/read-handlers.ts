/** Prepared handlers from the file that was built with this bundle. */
import { readFileSync } from 'node:fs';
import { offerHandlers } from '../../emulator/index.ts';
import { handlersPath } from './handlers-path.ts';

/** Whatever goes wrong: handlers are then made when first needed. */
export function readHandlers(path: string | undefined = handlersPath): void {
  if (path !== undefined) offerHandlers(() => read(path));
}

function read(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
