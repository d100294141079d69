import { FilePlus, Play } from 'lucide-react';
import { useState, type JSX, type FormEvent } from 'react';
import { Button, FileTrigger, Form, Input, Label, Switch, Text, TextField } from 'react-aria-components';
import { useMachine, usePage } from '../../page-context.tsx';
import { DroppedFiles } from './dropped-files.tsx';
import { LaunchList } from './launch-list.tsx';
import './launcher.css';

/** Starts programs through PUT /app and says how they ended. */
export function LauncherPanel(): JSX.Element {
  return (
    <div className="panel-body">
      <LaunchForm />
      <DroppedFiles />
      <LaunchList />
    </div>
  );
}

function LaunchForm(): JSX.Element {
  const { store } = usePage();
  const isRunning = useMachine((state) => state.phase.kind === 'running' && state.listening.includes(8000));
  const [command, setCommand] = useState('');
  const [isNewProgram, setNewProgram] = useState(false);

  const start = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (command.trim() !== '') void store.launches.start(command, isNewProgram);
  };

  return (
    <Form className="launch-form" onSubmit={start}>
      <TextField className="field" value={command} onChange={setCommand}>
        <Label>Command</Label>
        <div className="field-row">
          <Input className="mono" placeholder="/examples/counter.so one two" spellCheck="false" autoComplete="off" />
          <Button type="submit" className="button primary" isDisabled={!isRunning || command.trim() === ''}>
            <Play size={14} aria-hidden /> Run
          </Button>
        </div>
      </TextField>
      <div className="launch-options">
        <Switch className="switch" isSelected={isNewProgram} onChange={setNewProgram}>
          <span className="switch-track" aria-hidden />
          New program
        </Switch>
        <FileTrigger
          allowsMultiple
          onSelect={(files) => [...(files ?? [])].forEach((file) => void store.launches.drop(file))}
        >
          <Button className="button">
            <FilePlus size={14} aria-hidden /> Add files
          </Button>
        </FileTrigger>
      </div>
      <Text className="hint">
        A shared object (.so) runs in the machine’s common namespace and sees the variables that its last run left; as a
        new program it gets fresh ones. Executables always get a namespace of their own.
      </Text>
    </Form>
  );
}
