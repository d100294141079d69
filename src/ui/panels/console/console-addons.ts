/** What makes the terminal comfortable and fast, loaded after its first text. */
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { nextTask } from '../../next-task.ts';
import type { Terminal } from '@xterm/xterm';

export interface ConsoleAddons {
  readonly search: SearchAddon;
}

export async function loadConsoleAddons(terminal: Terminal): Promise<ConsoleAddons> {
  await nextTask(); // the module was just evaluated
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  await nextTask();
  terminal.loadAddon(new WebLinksAddon());
  const search = new SearchAddon();
  terminal.loadAddon(search);
  await nextTask();
  loadWebgl(terminal);
  return { search };
}

/** Without WebGL, or when the graphics card takes the context away, xterm's own DOM renderer goes on. */
function loadWebgl(terminal: Terminal): void {
  if (!hasGraphicsCard()) return;
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // No WebGL2 here.
  }
}

/** WebGL computed by the processor is slower than the DOM renderer, and starting it stalls the page. */
function hasGraphicsCard(): boolean {
  const context = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}
