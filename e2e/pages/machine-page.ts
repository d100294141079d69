/** The page as a person sees it. */
import { expect, type Locator, type Page } from '@playwright/test';

export class MachinePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get status(): Locator {
    return this.page.getByRole('contentinfo');
  }

  get header(): Locator {
    return this.page.getByRole('banner');
  }

  /** What was started with the launcher, newest first. */
  get launches(): Locator {
    return this.page.getByRole('region', { name: 'Started here' }).getByRole('listitem');
  }

  /** The card of an added file. */
  card(name: string): Locator {
    return this.page.getByRole('listitem', { name, exact: true });
  }

  /** @param query of the page's address, '?disk=memory' */
  async open(query = ''): Promise<void> {
    await this.page.goto(`/${query}`);
    await this.waitUntilRunning();
  }

  async waitUntilRunning(): Promise<void> {
    await this.page.evaluate(async () => await window.machine?.ready());
    await expect.poll(async () => await this.consoleText()).toMatch(/\/# $|\/#$/);
  }

  async consoleText(): Promise<string> {
    return await this.page.evaluate(() => window.machine?.console.text() ?? '');
  }

  /** Types a command at the prompt with the keyboard and waits for what its output matches. */
  async command(line: string, output: RegExp): Promise<string> {
    const before = (await this.consoleText()).length;
    await this.page.locator('.xterm-helper-textarea').focus();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
    const since = async (): Promise<string> => (await this.consoleText()).slice(before);
    await expect.poll(since, { timeout: 20_000 }).toMatch(output);
    return await since();
  }

  async openPanel(title: string): Promise<void> {
    await this.page.getByRole('tab', { name: title }).click();
  }

  /** Drops files onto the page as the browser would. */
  async dropFiles(files: readonly { readonly name: string; readonly content: Buffer }[]): Promise<void> {
    const plain = files.map(({ name, content }) => ({ name, base64: content.toString('base64') }));
    await this.page.evaluate((dropped) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of dropped) {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      for (const type of ['dragover', 'drop']) {
        window.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }, plain);
  }
}
