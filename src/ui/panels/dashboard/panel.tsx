import { ExternalLink, Gauge, RotateCw } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import type { HandshakeMessage } from '../../../workers/protocol/door.ts';
import { IconButton } from '../../components/icon-button.tsx';
import { useMachine, usePage } from '../../page-context.tsx';
import './dashboard.css';

const PORT = 8000;
const PATH = '/dashboard/';

/** The dashboard that the guest serves on port 8000, at that port's own origin. */
export function DashboardPanel(): JSX.Element {
  const { doors } = usePage();
  const isListening = useMachine((state) => state.listening.includes(PORT));
  const [turn, setTurn] = useState(0);
  const [hasOrigins, setHasOrigins] = useState<boolean | undefined>(undefined);
  useEffect(() => void doors.hasOrigins(PORT).then(setHasOrigins), [doors]);
  const path = useDashboardPath();
  const url = doors.url(PORT, path);

  if (!isListening) {
    return (
      <div className="empty">
        <Gauge size={28} strokeWidth={1.5} aria-hidden />
        <p>The dashboard comes from port 8000 of the machine, which does not listen yet.</p>
      </div>
    );
  }
  if (hasOrigins === undefined) return <p className="empty">Loading…</p>;
  if (!hasOrigins || url === undefined) return <BuiltInDashboard />;
  return (
    <div className="dashboard">
      <div className="dashboard-bar">
        <span className="mono muted dashboard-url">{url}</span>
        <IconButton label="Load again" onPress={() => setTurn(turn + 1)}>
          <RotateCw size={15} />
        </IconButton>
        <IconButton label="Open in a tab" onPress={() => doors.openTab(PORT, path)}>
          <ExternalLink size={15} />
        </IconButton>
      </div>
      {/* At an origin of its own, so allow-same-origin gives it only itself; without it there is no Service Worker. */}
      <iframe
        key={`${url} ${turn}`}
        className="dashboard-frame"
        title="Dashboard of the machine"
        src={url}
        sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals"
      />
    </div>
  );
}

/** The dashboard follows the system's colours by itself; a choice against them is told in its address. */
function useDashboardPath(): string {
  const theme = useMachine((state) => state.settings.theme);
  return theme === 'system' ? PATH : `${PATH}?theme=${theme}`;
}

/** Without a second origin: our own dashboard from the page's assets, given a door to port 8000. */
function BuiltInDashboard(): JSX.Element {
  const { store } = usePage();
  const query = useDashboardPath().slice(PATH.length);
  const giveDoor = (frame: HTMLIFrameElement): void => {
    const door = store.machine?.openDoor(PORT);
    if (door === undefined) return;
    frame.contentWindow?.postMessage({ osvDoor: 'port' } satisfies HandshakeMessage, location.origin, [door]);
  };
  return (
    <iframe
      className="dashboard-frame built-in"
      title="Dashboard of the machine"
      key={query}
      src={`built-in/dashboard/index.html${query}`}
      onLoad={(event) => giveDoor(event.currentTarget)}
    />
  );
}
