/** A lock between processes, for work that must not be done twice at the same time. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LOOK_AGAIN_MS = 200;

/**
 * Runs `work` while no other process holds the lock `folder`. A lock whose process is gone is taken over.
 * @param {string} folder
 * @param {() => void | Promise<void>} work
 * @param {() => void} [onWait] called once when somebody else holds it
 */
export async function exclusively(folder, work, onWait = () => {}) {
  mkdirSync(dirname(folder), { recursive: true });
  let hasSaid = false;
  while (!take(folder)) {
    if (!hasSaid) onWait();
    hasSaid = true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  try {
    await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch {
    if (!isAbandoned(folder)) return false;
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(folder, 'pid'), String(process.pid));
  return true;
}

function isAbandoned(folder) {
  try {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
