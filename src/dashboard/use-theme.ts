import { useSyncExternalStore } from 'react';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** `?theme=dark` or `light`: what the page around the dashboard has chosen against the system. */
const asked = new URLSearchParams(location.search).get('theme');

export function applyAskedTheme(): void {
  if (asked === 'light' || asked === 'dark') document.documentElement.dataset['theme'] = asked;
}

/** The theme that was asked for, else the system's; canvases must be drawn again when it changes. */
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    if (asked === 'light' || asked === 'dark') return asked;
    return dark.matches ? 'dark' : 'light';
  });
}

function subscribe(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}
