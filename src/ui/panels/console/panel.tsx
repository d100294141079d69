import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef, useState, type JSX, type KeyboardEvent, type RefObject } from 'react';
import { Button, Input, TextField } from 'react-aria-components';
import { nextTask } from '../../next-task.ts';
import { usePage } from '../../page-context.tsx';
import type { ConsoleScreen } from './console-screen.ts';
import './console.css';

/** In a task of its own: opening the terminal takes about as long as drawing the rest of the page. */
function attachSoon(screen: ConsoleScreen, host: RefObject<HTMLElement | null>): () => void {
  let detach: (() => void) | undefined;
  let isWanted = true;
  const attach = async (): Promise<void> => {
    await nextTask();
    if (isWanted && host.current !== null) detach = screen.attach(host.current);
  };
  void attach();
  return () => {
    isWanted = false;
    detach?.();
  };
}

/** The terminal, and a search field over it (Ctrl+Shift+F). */
export function ConsolePanel(): JSX.Element {
  const { screen } = usePage();
  const host = useRef<HTMLDivElement>(null);
  const [isSearching, setSearching] = useState(false);

  useEffect(() => attachSoon(screen, host), [screen]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!event.ctrlKey || !event.shiftKey || event.code !== 'KeyF') return;
    event.preventDefault();
    setSearching(true);
  };

  return (
    <section className="console-panel" aria-label="Console" onKeyDown={onKeyDown}>
      {isSearching && (
        <ConsoleSearch
          onClose={() => {
            setSearching(false);
            screen.focus();
          }}
        />
      )}
      <div className="console-screen" ref={host} />
    </section>
  );
}

function ConsoleSearch({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { screen } = usePage();
  const [text, setText] = useState('');
  const [isFound, setFound] = useState(true);

  const search = async (direction: 'next' | 'previous'): Promise<void> => {
    setFound(await screen.search(text, direction));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter') void search(event.shiftKey ? 'next' : 'previous');
  };

  return (
    <search className="console-search">
      <TextField aria-label="Search the console" value={text} onChange={setText} isInvalid={!isFound} autoFocus>
        <Input placeholder="Search" onKeyDown={onKeyDown} />
      </TextField>
      <Button className="icon-button" aria-label="Previous match" onPress={() => void search('previous')}>
        <ChevronUp size={16} />
      </Button>
      <Button className="icon-button" aria-label="Next match" onPress={() => void search('next')}>
        <ChevronDown size={16} />
      </Button>
      <Button className="icon-button" aria-label="Close search" onPress={onClose}>
        <X size={16} />
      </Button>
    </search>
  );
}
