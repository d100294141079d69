/**
 * Builds the dashboard that the guest serves (src/dashboard) into .cache/dashboard, which the image takes to
 * /usr/mgmt/gui/dashboard. One script and one style sheet: in a frame without a Service Worker each file is fetched
 * through the port door by the page, which knows only what the document names.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard', import.meta.url)),
  base: './',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('.cache/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
  },
});
