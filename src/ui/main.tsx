/** Starts the machine first and draws the page around it after, so that the prompt does not wait for React. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { installAutomation } from './automation.ts';
import { missingFeatures } from './browser-features.ts';
import { MachineStore, type StartOverrides } from './machine-store.ts';
import { ConsoleScreen } from './panels/console/console-screen.ts';
import { PageProvider } from './page-context.tsx';
import { PortDoors } from './port-doors.ts';
import { applyTheme } from './theme/apply-theme.ts';
import '@xterm/xterm/css/xterm.css';
import './theme/tokens.css';
import './theme/base.css';
import './theme/layout.css';

/** `?disk=memory`, `?disk=reset`, `?quota=BYTES`, `?cmdline=…`, `?image=…` of the page's address. */
function overridesFrom(query: URLSearchParams): StartOverrides {
  const disk = query.get('disk');
  const quota = query.get('quota');
  const commandLine = query.get('cmdline');
  const image = query.get('image');
  return {
    ...(disk === 'memory' || disk === 'reset' ? { disk } : {}),
    ...(quota === null ? {} : { quotaBytes: Number(quota) }),
    ...(commandLine === null ? {} : { commandLine }),
    ...(image === null ? {} : { image }),
  };
}

function startPage(root: HTMLElement): void {
  const screen = new ConsoleScreen();
  const store = new MachineStore(screen, overridesFrom(new URLSearchParams(location.search)));
  const doors = new PortDoors({ openDoor: (port) => store.machine?.openDoor(port) });
  screen.connect({
    onInput: (bytes) => store.machine?.sendInput(bytes),
    onResize: (rows, columns) => store.machine?.resize(rows, columns),
  });
  applyTheme(store.state.settings.theme);
  void store.powerOn();
  installAutomation(store, screen, doors);
  createRoot(root).render(
    <PageProvider value={{ store, screen, doors }}>
      <App />
    </PageProvider>,
  );
}

const root = document.querySelector<HTMLElement>('#root');
const problem = missingFeatures();
if (root !== null && problem === undefined) startPage(root);
else if (root !== null) root.textContent = problem ?? '';
