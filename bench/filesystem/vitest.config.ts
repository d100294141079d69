import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['bench/filesystem/*.bench.ts'], maxWorkers: 1 } });
