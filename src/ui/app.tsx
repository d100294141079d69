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

function panelOfKey(event: KeyboardEvent): string | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey) return undefined;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  return [consolePanel, ...sidePanels].find((panel) => panel.shortcut === `Alt+${digit}`)?.id;
}
