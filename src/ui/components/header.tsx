import { CircleHelp, Moon, Power, RotateCw, Sun, SunMoon } from 'lucide-react';
import type { JSX } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import type { Phase } from '../machine-store.ts';
import { useMachine, usePage } from '../page-context.tsx';
import { THEMES, type ThemeChoice } from '../settings.ts';
import { applyTheme } from '../theme/apply-theme.ts';
import { IconButton } from './icon-button.tsx';
import { Later } from './later.tsx';

export function Header(): JSX.Element {
  return (
    <header className="header">
      <h1 className="brand">
        <img src="icon.svg" alt="" width="22" height="22" />
        OSv <span>in a tab</span>
      </h1>
      <PhaseBadge />
      <div className="header-actions">
        <Later>
          <PowerButtons />
          <span className="divider" />
          <ThemeButton />
          <HelpButton />
        </Later>
      </div>
    </header>
  );
}

const PHASE_TEXT: Readonly<Record<Phase['kind'], string>> = {
  off: 'Off',
  starting: 'Starting',
  running: 'Running',
  stopping: 'Shutting down',
  failed: 'Stopped',
};

function PhaseBadge(): JSX.Element {
  const phase = useMachine((state) => state.phase.kind);
  return (
    <span className="badge" data-phase={phase}>
      <i aria-hidden />
      {PHASE_TEXT[phase]}
    </span>
  );
}

function PowerButtons(): JSX.Element {
  const { store } = usePage();
  const phase = useMachine((state) => state.phase.kind);
  if (phase === 'off' || phase === 'failed') {
    return (
      <Button className="button primary" onPress={() => store.powerOn()}>
        <Power size={15} aria-hidden /> Start
      </Button>
    );
  }
  const isStopping = phase === 'stopping';
  return (
    <>
      <IconButton label="Reboot" isDisabled={phase !== 'running'} onPress={() => void store.shutDown('reboot')}>
        <RotateCw size={16} />
      </IconButton>
      <IconButton
        label={isStopping ? 'Switch off at once' : 'Power off'}
        onPress={() => {
          if (phase === 'running') void store.shutDown('poweroff');
          else store.pullThePlug();
        }}
      >
        <Power size={16} />
      </IconButton>
    </>
  );
}

const THEME_ICONS = { system: SunMoon, light: Sun, dark: Moon } as const;

function ThemeButton(): JSX.Element {
  const { store } = usePage();
  const theme = useMachine((state) => state.settings.theme);
  const next: ThemeChoice = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const Icon = THEME_ICONS[theme];
  return (
    <IconButton
      label={`Colours: ${theme}`}
      onPress={() => {
        store.changeSettings({ theme: next });
        applyTheme(next);
      }}
    >
      <Icon size={16} />
    </IconButton>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ['Alt+1', 'Console'],
  ['Alt+2', 'Launcher'],
  ['Alt+3', 'Programs'],
  ['Alt+4', 'Dashboard'],
  ['Alt+5', 'Machine'],
  ['Alt+6', 'Statistics'],
  ['Ctrl+Shift+F', 'Search the console'],
];

function HelpButton(): JSX.Element {
  return (
    <DialogTrigger>
      <IconButton label="What is this?">
        <CircleHelp size={16} />
      </IconButton>
      <ModalOverlay className="modal-overlay" isDismissable>
        <Modal className="modal">
          <Dialog className="dialog">
            {({ close }) => (
              <>
                <Heading slot="title">A machine in this tab</Heading>
                <p>
                  OSv, a unikernel that runs Linux programs, boots here inside your browser. Nothing is sent anywhere;
                  its disk is kept by the browser.
                </p>
                <ul>
                  <li>
                    Type at the console: <code>help</code> lists its commands.
                  </li>
                  <li>Drop a Linux program for x86-64 onto the page and run it.</li>
                  <li>Open the dashboard that the machine serves on its port 8000.</li>
                </ul>
                <dl className="keys">
                  {KEYS.map(([key, what]) => (
                    <div key={key}>
                      <dt>
                        <kbd>{key}</kbd>
                      </dt>
                      <dd>{what}</dd>
                    </div>
                  ))}
                </dl>
                <Button className="button primary" onPress={close} autoFocus>
                  Close
                </Button>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
