import { startTransition, useEffect, useState, type JSX, type ReactNode } from 'react';
import { nextTask } from '../next-task.ts';

interface LaterProps {
  readonly children: ReactNode;
}

/**
 * Draws its children some tasks after what is around it. Effects of layout run in one task for all that React draws at
 * once, so what measures itself when it appears (lists of tabs, menus) comes piece by piece.
 */
export function Later({ children }: LaterProps): JSX.Element | null {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    let isWanted = true;
    const draw = async (): Promise<void> => {
      await nextTask();
      if (isWanted) startTransition(() => setDue(true));
    };
    void draw();
    return () => {
      isWanted = false;
    };
  }, []);
  return isDue ? <>{children}</> : null;
}
