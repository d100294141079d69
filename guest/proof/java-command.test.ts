/** Java as OSv starts it: `java.so -cp /java-example Hello` is the machine's command line. Part of `npm run proof`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { osv, prepareVm } from '../tests/testing/vm.ts';
import { prepareNative, runNatively, treeOf } from './native.ts';
import { selectRows } from './rows.ts';

const wish = process.env['PROOF'];
const isWanted = wish !== undefined && selectRows(wish).some(({ name }) => name === 'java');

vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  if (!isWanted) return;
  const { status, stderr } = spawnSync('node', ['scripts/image.mjs', 'java']);
  if (status !== 0) throw new Error(stderr.toString());
  prepareNative('java', 'guest/proof/programs');
  await prepareVm();
}, 1_200_000);

describe.runIf(isWanted)("OSv's launcher of Java", () => {
  it('runs a class of a folder with its arguments, and passes the exit code on', async () => {
    const compiled = await runNatively('java', ['/usr/bin/javac', '-d', '/mnt/java-example', '/mnt/Hello.java']);
    expect(compiled).toEqual({ stdout: '', stderr: '', code: 0 });
    const mount = `${join(treeOf('java'), 'mnt/java-example')}:/java-example`;
    for (const args of ['from OSv', 'exit']) {
      const native = await runNatively('java', ['/java.so', '-cp', '/mnt/java-example', 'Hello', ...args.split(' ')]);
      const command = `java.so -cp /java-example Hello ${args}`;
      expect(await osv(['run', '--image', 'java', '--mount', mount, '--execute', command])).toEqual(native);
    }
  });
});
