/** Story: people who work at a prompt take the image `dev`: bash with its line editing and jobs, a compiler, vi. */
import { expect, test as base } from './fixture.ts';
import { MachinePage } from './pages/machine-page.ts';

const PROMPT = /root@osv[^ ]*:[^ ]*# ?$/;

const test = base.extend<{ shell: MachinePage }>({
  shell: async ({ page }, use) => {
    const shell = new MachinePage(page);
    await shell.open('?image=dev&disk=memory');
    await shell.command('run /bin/bash', PROMPT);
    await use(shell);
  },
});

/** What stands on the screen, that of a full-screen program too. */
const rows = async (shell: MachinePage): Promise<string> => await shell.page.locator('.xterm-rows').innerText();

/** The console's text without blanks: where readline folds a line is its own business. */
const dense = async (shell: MachinePage): Promise<string> => (await shell.consoleText()).replaceAll(/\s/g, '');

test('a program is written, compiled and run at the prompt of bash', async ({ shell }) => {
  await shell.command(
    'cd /tmp; printf \'#include <stdio.h>\\nint main() { puts("hi there"); return 3; }\\n\' > hello.c',
    PROMPT,
  );
  const output = await shell.command('tcc hello.c && ./a.out; echo status $?', /status \d/);
  expect(output).toMatch(/hi there\s+status 3/);
});

test('programs are told of the terminal: TERM, colours, UTF-8 and its size, also when the window changes', async ({
  shell,
  shell: { page },
}) => {
  expect(await shell.command('echo $TERM $COLORTERM $LANG', /xterm\S* .*\n/)).toMatch(
    /xterm-256color truecolor C\.UTF-8/,
  );
  const size = async (): Promise<string> => {
    const text = await shell.command('stty size; echo $COLUMNS', /\d+ \d+\s+\d+\s/);
    return /(\d+ \d+)\s+\d+/.exec(text)?.[1] ?? '';
  };
  const before = await size();
  await page.setViewportSize({ width: 700, height: 500 });
  await expect.poll(size).not.toBe(before);
  const [lineCount, columns] = (await size()).split(' ').map(Number);
  expect(await shell.command('tput cols 2>/dev/null || echo $COLUMNS', new RegExp(`\\b${columns}\\b`))).toContain(
    String(columns),
  );
  expect(lineCount).toBeGreaterThan(5);
});

test('^Z stops vi, jobs names it, fg brings its screen back', async ({ shell, shell: { page } }) => {
  await page.keyboard.type('vi /etc/hosts\n');
  await expect.poll(async () => await rows(shell)).toMatch(/localhost[^]*~\s*\n/);
  await page.keyboard.press('Control+z');
  // vi of busybox stays on its screen when it stops.
  await expect.poll(async () => await rows(shell)).toMatch(/Stopped[^\n]*vi \/etc\/hosts\s+root@.*#/);
  await page.keyboard.type('jobs -r; clear; jobs\n');
  await expect.poll(async () => await rows(shell)).toMatch(/^\s*\[1\]\+\s+Stopped\s+vi \/etc\/hosts\s+root@.*#/);
  await page.keyboard.type('fg\n');
  await expect.poll(async () => await rows(shell)).toMatch(/localhost[^]*~\s*\n/);
  await page.keyboard.type(':q!\n');
  await expect.poll(async () => await rows(shell)).toMatch(/vi \/etc\/hosts\s+root@.*#\s*$/);
  await shell.command('sleep 100 &', /\[1\] \d+/);
  await shell.command('kill %1; sleep 0.2; jobs; echo done', /Terminated[^]*done/);
});

test('a line is edited: letters beyond ASCII, a line longer than the screen, history', async ({
  shell,
  shell: { page },
}) => {
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.insertText('echo grün€漢字');
  for (const key of ['ArrowLeft', 'ArrowLeft', 'Backspace', 'x', 'Enter']) await page.keyboard.press(key);
  await expect.poll(async () => await shell.consoleText()).toMatch(/\ngrünx漢字\n/);
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
  await page.keyboard.type(`echo ${words.join(' ')}`);
  await page.keyboard.press('Home');
  await page.keyboard.type('HEAD=1 ');
  await page.keyboard.press('Enter');
  await expect.poll(async () => await dense(shell)).toContain(`#HEAD=1echo${words.join('')}${words.join('')}root@`);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await shell.consoleText()).split('grünx漢字').length).toBe(5);
});
