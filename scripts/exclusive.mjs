/** A lock between processes, for work that must not be done twice at the same time. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOOK_AGAIN_MS = 200;

/**
 * Runs `work` while no other process holds the lock `folder`. A lock whose process is gone is taken over.
 * @param {string} folder
 * @param {() => unknown} work
 * @param {() => void} [onWait] called once when somebody else holds it
 */
export async function exclusively(folder, work, onWait = () => {}) {
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

// The folder appears with the owner's id inside in one step: a rename onto a folder that is not empty fails.
function take(folder) {
  const own = `${folder}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'pid'), String(process.pid));
  try {
    renameSync(own, folder);
    return true;
  } catch {
    rmSync(own, { recursive: true, force: true });
    if (isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
    return false;
  }
}

function isAbandoned(folder) {
  try {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
