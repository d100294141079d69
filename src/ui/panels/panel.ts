/** What a panel is to the layout: a row in registry.ts. */
import type { LucideIcon } from 'lucide-react';
import type { ComponentType } from 'react';

export interface Panel {
  readonly id: string;
  readonly title: string;
  /** Shown in the tab's tooltip; Alt and the digit. */
  readonly shortcut: `Alt+${number}`;
  readonly icon: LucideIcon;
  readonly Component: ComponentType;
}
