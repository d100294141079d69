import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'guest/**/*.test.ts', 'scripts/**/*.test.ts'],
    testTimeout: 30_000,
    // Two cores: one worker runs tests while the other compiles guest programs and runs oracles.
    maxWorkers: 2,
  },
});
