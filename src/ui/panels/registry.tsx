/** Every panel of the page, in the order of its tabs. The console is first: it is what the page opens with. */
import { Activity, Gauge, ListTree, Rocket, ScrollText, Settings2, SquareTerminal } from 'lucide-react';
import { lazy } from 'react';
import { ConsolePanel } from './console/panel.tsx';
import type { Panel } from './panel.ts';

const LauncherPanel = lazy(async () => ({ default: (await import('./launcher/panel.tsx')).LauncherPanel }));
const ProgramsPanel = lazy(async () => ({ default: (await import('./programs/panel.tsx')).ProgramsPanel }));
const DashboardPanel = lazy(async () => ({ default: (await import('./dashboard/panel.tsx')).DashboardPanel }));
const MachinePanel = lazy(async () => ({ default: (await import('./machine/panel.tsx')).MachinePanel }));
const StatisticsPanel = lazy(async () => ({ default: (await import('./statistics/panel.tsx')).StatisticsPanel }));
const TracePanel = lazy(async () => ({ default: (await import('./trace/panel.tsx')).TracePanel }));

export const consolePanel: Panel = {
  id: 'console',
  title: 'Console',
  shortcut: 'Alt+1',
  icon: SquareTerminal,
  Component: ConsolePanel,
};

export const sidePanels: readonly Panel[] = [
  { id: 'launcher', title: 'Launcher', shortcut: 'Alt+2', icon: Rocket, Component: LauncherPanel },
  { id: 'programs', title: 'Programs', shortcut: 'Alt+3', icon: ListTree, Component: ProgramsPanel },
  { id: 'dashboard', title: 'Dashboard', shortcut: 'Alt+4', icon: Gauge, Component: DashboardPanel },
  { id: 'machine', title: 'Machine', shortcut: 'Alt+5', icon: Settings2, Component: MachinePanel },
  { id: 'statistics', title: 'Statistics', shortcut: 'Alt+6', icon: Activity, Component: StatisticsPanel },
  { id: 'trace', title: 'Trace', shortcut: 'Alt+7', icon: ScrollText, Component: TracePanel },
];
