/** Draws the page around a machine that may run already. */
import { startTransition } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { installAutomation } from './automation.ts';
import type { MachineStore } from './machine-store.ts';
import { nextTask } from './next-task.ts';
import { PageProvider } from './page-context.tsx';
import type { ConsoleScreen } from './panels/console/console-screen.ts';
import { PortDoors } from './port-doors.ts';
import type { ScreenRelay } from './screen-relay.ts';
import '@xterm/xterm/css/xterm.css';

/** In pieces: the terminal, then React's tree, which a transition lets React build in slices. */
export async function drawPage(
  root: HTMLElement,
  store: MachineStore,
  relay: ScreenRelay,
  screen: ConsoleScreen,
): Promise<void> {
  await nextTask(); // the modules were just evaluated
  const doors = new PortDoors({ openDoor: (port) => store.machine?.openDoor(port) });
  screen.connect({
    onInput: (bytes) => store.machine?.sendInput(bytes),
    onResize: (rows, columns) => store.machine?.resize(rows, columns),
  });
  relay.attach(screen);
  installAutomation(store, screen, doors);
  await nextTask();
  startTransition(() =>
    createRoot(root).render(
      <PageProvider value={{ store, screen, doors }}>
        <App />
      </PageProvider>,
    ),
  );
}
