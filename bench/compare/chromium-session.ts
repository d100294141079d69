/** This VM in Debian's Chromium: the built page, its worker and its image, driven through window.machine. */
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from '@playwright/test';
import type { MachineAutomation } from '../../src/ui/automation.ts';
import type { Outcome } from './column.ts';
import { rendererTime } from './thread-time.ts';
import { guestCommand, type MachineSession } from './machine-session.ts';

export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-quic',
];

/** Chromium's name of a worker's thread; the kernel keeps 15 letters. */
const MACHINE_THREAD = 'DedicatedWorker';

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: CHROMIUM_FLAGS,
  });
}

/** @param url of the page; `image` as in its address */
export async function chromiumSession(url: string, image: string, engine: string): Promise<MachineSession> {
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`${url}?disk=memory&image=${image}&engine=${engine}`);
  await page.waitForFunction(() => window.machine !== undefined);
  await page.evaluate(async () => {
    await window.machine?.ready();
  });
  const threadTime = await rendererTime(browser, MACHINE_THREAD);
  const written = new Set<string>();
  return {
    async run(job) {
      for (const [to, from] of Object.entries(job.files)) {
        if (!written.has(to)) await write(page, to, from);
        written.add(to);
      }
      await page.evaluate(async (isWatched) => await window.machine?.watchStatistics(isWatched), !job.isUnwatched);
      const startMs = threadTime();
      const outcome = await runInPage(page, guestCommand(job.guest));
      return { ...outcome, cpuMs: threadTime() - startMs };
    },
    statistics: async () => await page.evaluate(async () => await (window.machine as MachineAutomation).statistics()),
    close: async () => await browser.close(),
  };
}

async function write(page: Page, to: string, from: string): Promise<void> {
  await page.evaluate(
    async ([path, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      await window.machine?.files.write(path, bytes);
    },
    [to, readFileSync(from).toString('base64')] as const,
  );
}

/** As runInGuest, inside the page: a hop between browser and driver would be in the time. */
export async function runInPage(page: Page, command: string): Promise<Omit<Outcome, 'cpuMs'>> {
  const outcome = await page.evaluate(async (line) => {
    const machine = window.machine as MachineAutomation;
    const startMs = performance.timeOrigin + performance.now();
    const [tid = 0] = await machine.run(line);
    for (;;) {
      const { body } = await machine.fetch(8000, `/app/${tid}`);
      const program = JSON.parse(body) as {
        state: string;
        exit_code?: number;
        ended_ms: number;
      };
      if (program.state === 'running') {
        await new Promise((resolve) => setTimeout(resolve, 10));
        continue;
      }
      const wallMs = program.ended_ms + 0.5 - startMs;
      const output = await machine.output(tid);
      return { output, wallMs, exitCode: program.exit_code };
    }
  }, command);
  if (outcome.exitCode !== 0) throw new Error(`${command}: ended with ${outcome.exitCode}\n${outcome.output}`);
  return outcome;
}
