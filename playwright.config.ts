/** The user stories in Debian's Chromium, against the production build (npm run build first, or npm test). */
import { defineConfig } from '@playwright/test';

const PORT = Number(process.env['E2E_PORT'] ?? 5081);

/** As root Chromium has no sandbox of its own; the rest keeps it from talking to anybody but the page's server. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-quic',
  '--disable-sync',
  '--disable-component-update',
];

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 1, // two cores: one for the page, one for its machine
  timeout: 60_000,
  expect: { timeout: 15_000 }, // a busy machine is slow, not wrong
  reporter: [['list']],
  use: {
    baseURL: `http://localhost:${PORT}`,
    trace: 'retain-on-failure',
    launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: CHROMIUM_ARGS },
  },
  webServer: {
    command: 'node scripts/serve.mjs',
    env: { PORT: String(PORT), ROOT: process.env['E2E_ROOT'] ?? 'dist' },
    port: PORT,
    reuseExistingServer: false,
  },
});
