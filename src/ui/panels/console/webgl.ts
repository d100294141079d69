/** xterm's drawing by a graphics card; loaded only where there is one. */
import { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';

/** Without WebGL, or when the graphics card takes the context away, xterm's own DOM renderer goes on. */
export function loadWebgl(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // No WebGL2 here.
  }
}
