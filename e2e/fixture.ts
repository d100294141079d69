/**
 * Playwright fixture over the page and window.machine, for this project's stories and for users' own tests:
 *
 *   import { expect, test } from 'osv-in-a-tab/e2e/fixture.ts';
 *   test('prints its arguments', async ({ machine }) => {
 *     const run = await machine.run('/examples/counter.so a b');
 *     expect(run.output).toContain('a b');
 *   });
 *
 * Each test has a machine on the pristine image, its disk in memory unless the test opens the page itself.
 */
import { test as base, type APIResponse, type Page, type Route } from '@playwright/test';
import type { FetchInit, FetchReply, MachineAutomation, RunOptions } from '../src/ui/automation.ts';
import type { ProgramModel } from '../src/ui/guest-rest.ts';
import { MachinePage } from './pages/machine-page.ts';

export { expect } from '@playwright/test';

/** What the page's server answers. The browser knows `localhost` by itself; where there is no hosts file Node does not. */
export async function fetchFromServer(route: Route): Promise<APIResponse> {
  return await route.fetch({ url: route.request().url().replace('//localhost:', '//127.0.0.1:') });
}

/** window.machine from outside the browser. */
export class MachineDriver {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Also waits for the page's script: after a reload the page is there before it. */
  async ready(): Promise<void> {
    await this.#page.waitForFunction(() => window.machine !== undefined);
    await this.#page.evaluate(async () => await (window.machine as MachineAutomation).ready());
  }

  async consoleText(): Promise<string> {
    return await this.#page.evaluate(() => window.machine?.console.text() ?? '');
  }

  async type(text: string): Promise<void> {
    await this.#page.evaluate((typed) => window.machine?.console.type(typed), text);
  }

  async waitForText(pattern: RegExp): Promise<string | undefined> {
    return await this.#page.evaluate(async (source) => await window.machine?.console.waitFor(source), pattern.source);
  }

  /** Starts one program, waits for its end. */
  async run(command: string, options: RunOptions = {}): Promise<ProgramModel & { readonly output: string }> {
    return await this.#page.evaluate(
      async ([line, how]) => {
        const machine = window.machine as MachineAutomation;
        const [tid = 0] = await machine.run(line, how);
        const program = await machine.finished(tid);
        return { ...program, output: await machine.output(tid) };
      },
      [command, options] as const,
    );
  }

  async start(command: string, options: RunOptions = {}): Promise<readonly number[]> {
    return await this.#page.evaluate(
      async ([line, how]) => await (window.machine as MachineAutomation).run(line, how),
      [command, options] as const,
    );
  }

  async writeFile(path: string, content: Buffer | string): Promise<void> {
    const base64 = Buffer.from(content).toString('base64');
    await this.#page.evaluate(
      async ([to, data]) => {
        const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
        await window.machine?.files.write(to, bytes);
      },
      [path, base64] as const,
    );
  }

  async readFile(path: string): Promise<Buffer> {
    const text = await this.#page.evaluate(async (from) => {
      const bytes = (await window.machine?.files.read(from)) ?? new Uint8Array();
      return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    }, path);
    return Buffer.from(text, 'latin1');
  }

  async fetch(port: number, path: string, init?: FetchInit): Promise<FetchReply> {
    return await this.#page.evaluate(
      async ([to, target, how]) => await (window.machine as MachineAutomation).fetch(to, target, how),
      [port, path, init] as const,
    );
  }

  async sync(): Promise<void> {
    await this.#page.evaluate(async () => await window.machine?.sync());
  }
}

interface Fixtures {
  /** The page, opened and at its prompt. */
  readonly machinePage: MachinePage;
  readonly machine: MachineDriver;
}

export const test = base.extend<Fixtures>({
  machinePage: async ({ page }, use) => {
    const machinePage = new MachinePage(page);
    await machinePage.open('?disk=memory');
    await use(machinePage);
  },
  machine: async ({ machinePage }, use) => {
    await use(new MachineDriver(machinePage.page));
  },
});
