/** npm run fuzz: bundles and runs the fuzzer (src/emulator/testing/oracle/fuzz.ts), in this process, so that signals reach it. */
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { bundleForNode } from './bundle.mjs';

const bundle = resolve(await bundleForNode('src/emulator/testing/oracle/fuzz.ts', `fuzz-${process.pid}`));
const { fuzz } = createRequire(import.meta.url)(bundle);
rmSync(bundle);
await fuzz(process);
