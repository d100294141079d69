/** Hands the store and the console to the panels. */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { MachineState, MachineStore } from './machine-store.ts';
import type { ConsoleScreen } from './panels/console/console-screen.ts';
import type { PortDoors } from './port-doors.ts';

export interface Page {
  readonly store: MachineStore;
  readonly screen: ConsoleScreen;
  readonly doors: PortDoors;
}

const PageContext = createContext<Page | undefined>(undefined);

export const PageProvider = PageContext.Provider;

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('usePage outside of PageProvider');
  return page;
}

/** @param select must return the same value for the same state */
export function useMachine<T>(select: (state: MachineState) => T): T {
  const { store } = usePage();
  return useSyncExternalStore(store.subscribe, () => select(store.snapshot()));
}
