/**
 * Where the page's prepared handlers lie (emulator/translate/prepare-handlers.ts). The bundler replaces this module
 * (scripts/vite-handlers.mjs); without it there are none, and each handler is made when needed.
 */
export const handlersUrl: string | undefined = undefined;
