import { useEffect, type JSX } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { formatBytes } from '../../launches.ts';
import { useMachine, usePage } from '../../page-context.tsx';
import { CPUS, ENGINES, MEMORY_SIZES_MIB } from '../../settings.ts';
import './machine.css';

/** What the machine is made of, and its disk. */
export function MachinePanel(): JSX.Element {
  return (
    <div className="panel-body">
      <Parts />
      <Disk />
    </div>
  );
}

const ENGINE_TEXT = {
  auto: 'Automatic',
  reference: 'Reference interpreter (slow)',
  js: 'JavaScript',
  wasm: 'WebAssembly',
} as const;

const CPU_TEXT = { auto: 'Automatic', v1: 'x86-64-v1 (SSE3)', v2: 'x86-64-v2 (SSE4.2, AES)' } as const;

function Parts(): JSX.Element {
  const { store } = usePage();
  const settings = useMachine((state) => state.settings);
  const images = useMachine((state) => state.images);
  useEffect(() => void store.loadImages(), [store]);
  return (
    <section aria-label="Parts" className="fields">
      <SelectField
        label="Disk image"
        value={settings.image === '' ? (images[0]?.name ?? '') : settings.image}
        choices={images.map((image) => [image.name, image.title])}
        onChange={(image) => store.changeSettings({ image })}
      />
      <SelectField
        label="Memory"
        value={String(settings.memoryMiB)}
        choices={MEMORY_SIZES_MIB.map((size) => [String(size), size < 1024 ? `${size} MiB` : `${size / 1024} GiB`])}
        onChange={(size) => store.changeSettings({ memoryMiB: Number(size) })}
      />
      <SelectField
        label="Processor"
        value={settings.cpu}
        choices={CPUS.map((cpu) => [cpu, CPU_TEXT[cpu]])}
        onChange={(choice) => {
          const cpu = CPUS.find((known) => known === choice);
          if (cpu !== undefined) store.changeSettings({ cpu });
        }}
      />
      <SelectField
        label="Engine"
        value={settings.engine}
        choices={ENGINES.map((engine) => [engine, ENGINE_TEXT[engine]])}
        onChange={(choice) => {
          const engine = ENGINES.find((known) => known === choice);
          if (engine !== undefined) store.changeSettings({ engine });
        }}
      />
      <EngineNow />
      <p className="hint">Changes hold from the next start of the machine.</p>
    </section>
  );
}

/** What runs programs now, and why it is not what was asked for. */
function EngineNow(): JSX.Element | null {
  const engine = useMachine((state) => (state.phase.kind === 'running' ? state.phase.engine : undefined));
  if (engine === undefined) return null;
  return (
    <p className="hint" role="note" aria-label="Engine in use">
      Programs run on: {engine.description}. {engine.notice}
    </p>
  );
}

interface SelectFieldProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

function SelectField({ label, value, choices, onChange }: SelectFieldProps): JSX.Element {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Disk(): JSX.Element {
  const { store } = usePage();
  const disk = useMachine((state) => state.disk);
  useEffect(() => store.watch(), [store]);
  return (
    <section aria-label="Disk" className="disk">
      <h2 className="section-title">Disk</h2>
      {disk !== undefined && (
        <>
          <meter aria-label="Disk usage" max={disk.totalBytes} value={disk.totalBytes - disk.freeBytes} />
          <p className="hint">
            {formatBytes(disk.totalBytes - disk.freeBytes)} used, {formatBytes(disk.freeBytes)} free of{' '}
            {formatBytes(disk.totalBytes)}
          </p>
        </>
      )}
      <ResetDisk />
    </section>
  );
}

function ResetDisk(): JSX.Element {
  const { store } = usePage();
  return (
    <DialogTrigger>
      <Button className="button danger">Reset disk…</Button>
      <ModalOverlay className="modal-overlay" isDismissable>
        <Modal className="modal">
          <Dialog className="dialog" role="alertdialog">
            {({ close }) => (
              <>
                <Heading slot="title">Reset the disk?</Heading>
                <p>
                  Every file that was made or changed in the machine is lost, and the disk is again as the image was
                  built. The machine starts anew.
                </p>
                <div className="dialog-actions">
                  <Button className="button" onPress={close} autoFocus>
                    Keep the disk
                  </Button>
                  <Button
                    className="button danger solid"
                    onPress={() => {
                      close();
                      store.powerOn('reset');
                    }}
                  >
                    Reset disk
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
