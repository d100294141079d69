/**
 * Starts the machine at once and loads what draws the page beside it, so that the prompt waits for neither React nor the
 * terminal.
 */
import { missingFeatures } from './browser-features.ts';
import { MachineStore, type StartOverrides } from './machine-store.ts';
import { nextTask } from './next-task.ts';
import { CPUS, ENGINES } from './settings.ts';
import { ScreenRelay } from './screen-relay.ts';
import { applyTheme } from './theme/apply-theme.ts';
import './theme/tokens.css';
import './theme/base.css';
import './theme/layout.css';

/** `?disk=memory`, `?disk=reset`, `?quota=BYTES`, `?cmdline=…`, `?image=…`, `?engine=…`, `?cpu=…` of the page's address. */
function overridesFrom(query: URLSearchParams): StartOverrides {
  const disk = query.get('disk');
  const quota = query.get('quota');
  const commandLine = query.get('cmdline');
  const image = query.get('image');
  const engine = ENGINES.find((known) => known === query.get('engine'));
  const cpu = CPUS.find((known) => known === query.get('cpu'));
  return {
    ...(disk === 'memory' || disk === 'reset' ? { disk } : {}),
    ...(quota === null ? {} : { quotaBytes: Number(quota) }),
    ...(commandLine === null ? {} : { commandLine }),
    ...(image === null ? {} : { image }),
    ...(engine === undefined ? {} : { engine }),
    ...(cpu === undefined || cpu === 'auto' ? {} : { cpu }),
  };
}

/** The first question about languages loads their tables, some 15 ms, and the controls ask when their module is loaded. */
function warmLocales(): void {
  Intl.DateTimeFormat.supportedLocalesOf([navigator.language]);
  new Intl.Locale(navigator.language).maximize();
}

async function startPage(root: HTMLElement): Promise<void> {
  const loading = [import('./panels/console/console-screen.ts'), import('./page.tsx')] as const;
  const relay = new ScreenRelay();
  const store = new MachineStore(relay, overridesFrom(new URLSearchParams(location.search)));
  applyTheme(store.state.settings.theme);
  store.powerOn();
  await nextTask();
  warmLocales();
  const { ConsoleScreen } = await loading[0];
  await nextTask(); // the terminal's module was just evaluated
  const screen = new ConsoleScreen();
  await nextTask();
  const { drawPage } = await loading[1];
  await drawPage(root, store, relay, screen);
}

const root = document.querySelector<HTMLElement>('#root');
const problem = missingFeatures();
if (root !== null && problem !== undefined) root.textContent = problem;
else if (root !== null) {
  startPage(root).catch(() => {
    root.textContent = 'The page could not be loaded. Check the connection, then reload it.';
  });
}
