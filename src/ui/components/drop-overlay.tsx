import { FileDown } from 'lucide-react';
import { useEffect, useState, type JSX } from 'react';
import { usePage } from '../page-context.tsx';

/** Takes files dropped anywhere on the page. The keyboard's way is "Add files" in the launcher. */
export function DropOverlay({ onDropped }: { readonly onDropped: () => void }): JSX.Element | null {
  const { store } = usePage();
  const [isOver, setOver] = useState(false);

  useEffect(() => {
    const onDragOver = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      onDropped();
      for (const file of files) void store.launches.drop(file);
    };
    window.addEventListener('dragover', onDragOver);
    window.addEventListener('dragleave', onDragLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onDragOver);
      window.removeEventListener('dragleave', onDragLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [store, onDropped]);

  if (!isOver) return null;
  return (
    <div className="drop-overlay" aria-hidden>
      <FileDown size={40} strokeWidth={1.5} />
      <p>Drop to copy onto the disk of the machine</p>
    </div>
  );
}
