import { Suspense, useSyncExternalStore, type JSX } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { Group, Panel as ResizablePanel, Separator, useDefaultLayout } from 'react-resizable-panels';
import { consolePanel, sidePanels } from '../panels/registry.tsx';
import type { Panel } from '../panels/panel.ts';
import { storage } from '../settings.ts';
import { Later } from './later.tsx';
import { PanelBoundary } from './panel-boundary.tsx';

interface WorkspaceProps {
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/** Console and panels side by side; on a narrow screen all of them behind one row of tabs. */
export function Workspace(props: WorkspaceProps): JSX.Element {
  const isNarrow = useNarrow();
  if (isNarrow) return <PanelTabs panels={[consolePanel, ...sidePanels]} {...props} />;
  return <SideBySide {...props} />;
}

const NARROW = '(max-width: 860px)';

function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = window.matchMedia(NARROW);
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => window.matchMedia(NARROW).matches,
  );
}

function SideBySide({ selected, onSelect }: WorkspaceProps): JSX.Element {
  const layout = useDefaultLayout({ id: 'osv-layout', ...storageOption() });
  const shown = sidePanels.some((panel) => panel.id === selected) ? selected : (sidePanels[0]?.id ?? '');
  return (
    <Group className="workspace" orientation="horizontal" {...layout}>
      <ResizablePanel id="main" defaultSize="60%" minSize="30%">
        <consolePanel.Component />
      </ResizablePanel>
      <Separator className="separator" aria-label="Width of the console" />
      <ResizablePanel id="side" defaultSize="40%" minSize="300px">
        <Later>
          <PanelTabs panels={sidePanels} selected={shown} onSelect={onSelect} />
        </Later>
      </ResizablePanel>
    </Group>
  );
}

function storageOption(): { readonly storage?: Storage } {
  const local = storage();
  return local === undefined ? {} : { storage: local };
}

interface PanelTabsProps extends WorkspaceProps {
  readonly panels: readonly Panel[];
}

function PanelTabs({ panels, selected, onSelect }: PanelTabsProps): JSX.Element {
  return (
    <Tabs className="tabs" selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))}>
      <TabList className="tab-list" aria-label="Panels">
        {panels.map((panel) => (
          <Tab key={panel.id} id={panel.id} className="tab" aria-keyshortcuts={panel.shortcut}>
            <panel.icon size={15} aria-hidden />
            <span>{panel.title}</span>
          </Tab>
        ))}
      </TabList>
      {panels.map((panel) => (
        <TabPanel key={panel.id} id={panel.id} className="tab-panel">
          <PanelBoundary title={panel.title}>
            <Suspense fallback={<p className="empty">Loading…</p>}>
              <panel.Component />
            </Suspense>
          </PanelBoundary>
        </TabPanel>
      ))}
    </Tabs>
  );
}
