/** What makes the terminal comfortable and fast, loaded after its first text. */
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
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
  if (hasGraphicsCard()) void import('./webgl.ts').then(({ loadWebgl }) => loadWebgl(terminal));
  return { search };
}

/** Drivers that compute on the processor, by the names they give themselves. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** WebGL computed by the processor is slower than the DOM renderer, and starting it stalls the page. */
function hasGraphicsCard(): boolean {
  const context = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof renderer === 'string' && !SOFTWARE.test(renderer);
}
