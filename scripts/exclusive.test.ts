import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { exclusively } from './exclusive.mjs';

const folder = mkdtempSync(join(tmpdir(), 'exclusive-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the second waits, says so once, and runs when the first has failed', async () => {
  const lock = join(folder, 'lock');
  const events: string[] = [];
  const first = exclusively(lock, async () => {
    events.push('first begins');
    await new Promise((resolve) => setTimeout(resolve, 500));
    events.push('first ends');
    throw new Error('trouble');
  });
  const second = exclusively(
    lock,
    () => events.push('second'),
    () => events.push('waits'),
  );
  await expect(first).rejects.toThrow('trouble');
  await second;
  expect(events).toEqual(['first begins', 'waits', 'first ends', 'second']);
  expect(existsSync(lock)).toBe(false);
});

it('the lock of a process that is gone is taken over', async () => {
  const lock = join(folder, 'abandoned');
  const { pid } = spawnSync('true');
  mkdirSync(lock);
  writeFileSync(join(lock, 'pid'), String(pid));
  let hasRun = false;
  await exclusively(lock, () => (hasRun = true));
  expect(hasRun).toBe(true);
});
