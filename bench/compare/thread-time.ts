/** CPU time of a thread of another process: what else runs on the host does not count. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

/** Sum over the threads of `pid` that have this name; '' is its main thread. ms */
export function threadTimeMs(pid: number, name: string): number {
  return threadsOf(pid, name)
    .map((tid) => timeOf(pid, tid, name))
    .reduce((sum, ms) => sum + ms, 0);
}

function threadsOf(pid: number, name: string): readonly string[] {
  try {
    return name === '' ? [String(pid)] : readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // the process has just ended
  }
}

function timeOf(pid: number, tid: string, name: string): number {
  const folder = `/proc/${pid}/task/${tid}`;
  try {
    if (name !== '' && readFileSync(`${folder}/comm`, 'latin1').trim() !== name) return 0;
    // Linux Documentation/scheduler/sched-stats: time on the processor in ns, waiting, slices.
    return Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return 0; // the thread has just ended
  }
}

/** Of all renderers of the browser: the one with the page is among them, and the spare ones do nothing. */
export async function rendererTime(browser: Browser, name: string): Promise<() => number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const pids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return () => pids.reduce((sum, pid) => sum + threadTimeMs(pid, name), 0);
}
