import { useEffect, useState, type JSX } from 'react';
import { DropOverlay } from './components/drop-overlay.tsx';
import { Header } from './components/header.tsx';
import { StatusLine } from './components/status-line.tsx';
import { Workspace } from './components/workspace.tsx';
import { usePage } from './page-context.tsx';
import { consolePanel, sidePanels } from './panels/registry.tsx';
import { onThemeChange } from './theme/apply-theme.ts';

/** The whole page: header, panels, status line; and the keys that lead to the panels. */
export function App(): JSX.Element {
  const { screen } = usePage();
  const [selected, select] = useState(consolePanel.id);

  useEffect(() => onThemeChange(() => screen.applyTheme()), [screen]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'F6') {
        event.preventDefault();
        focusNextRegion();
        return;
      }
      const panel = panelOfKey(event);
      if (panel === undefined) return;
      event.preventDefault();
      select(panel);
      if (panel === consolePanel.id) screen.focus();
      else requestAnimationFrame(() => document.querySelector<HTMLElement>(`[role=tab][data-key="${panel}"]`)?.focus());
    };
    window.addEventListener('keydown', onKeyDown, { capture: true });
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true });
  }, [screen]);

  return (
    <div className="app">
      <Header />
      <Workspace selected={selected} onSelect={select} />
      <StatusLine />
      <DropOverlay onDropped={() => select('launcher')} />
    </div>
  );
}

/** What each part of the page takes the focus with: console, panels, header. */
const REGIONS = ['.console-panel textarea', '[role=tab][aria-selected=true]', '.header button'];

function focusNextRegion(): void {
  const present = REGIONS.map((selector) => document.querySelector<HTMLElement>(selector)).filter(
    (element) => element !== null,
  );
  const regions = present.map((element) => element.closest('.console-panel, .tabs, .header'));
  const current = regions.findLastIndex((region) => region?.contains(document.activeElement) === true);
  present[(current + 1) % present.length]?.focus();
}

function panelOfKey(event: KeyboardEvent): string | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey) return undefined;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  return [consolePanel, ...sidePanels].find((panel) => panel.shortcut === `Alt+${digit}`)?.id;
}
