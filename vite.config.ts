/**
 * Builds dist/: a static page that works under any sub-path of any server, without COOP and COEP headers.
 *
 *   npx vite              the page while it is being written
 *   npx vite build        dist/
 *   --mode fake           a machine without a processor, for work on the page alone
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { preparedHandlers } from './scripts/vite-handlers.mjs';
import { portDoor } from './scripts/vite-port-door.ts';

const fakeParts = fileURLToPath(new URL('src/workers/testing/fake-machine-parts.ts', import.meta.url));

export default defineConfig(({ mode }) => ({
  base: './',
  plugins: [react(), portDoor(), preparedHandlers()],
  resolve: { alias: mode === 'fake' ? [{ find: /^\.\/machine-parts\.ts$/, replacement: fakeParts }] : [] },
  worker: { format: 'es', plugins: () => [preparedHandlers()] },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false }, // the policy of the page allows no inline script
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { input: ['index.html', 'built-in/dashboard/index.html'] },
  },
}));
