/** npm run test:python -- …: Python's own regression tests in the machine; guest/python/main.ts says how. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleForNode } from './bundle.mjs';

const image = spawnSync('node', ['scripts/image.mjs', 'python'], { stdio: 'inherit' });
if (image.status !== 0) process.exit(image.status ?? 1);
const runner = await bundleForNode('guest/python/main.ts', 'test-python');
// A bundle of its own: a long run goes on with it while the sources change.
const machine = await bundleForNode('src/node/osv.ts', 'osv-python');
const { testPython } = await import(pathToFileURL(resolve(runner)).href);
process.exitCode = (await testPython(process.argv.slice(2), resolve(machine))) ? 0 : 1;
