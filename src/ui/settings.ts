/** What the page remembers of its user's choices, in localStorage: a convenience, lost without harm. */
import type { CpuChoice, EngineChoice } from '../workers/protocol/machine.ts';

export interface Settings {
  readonly image: string;
  readonly engine: EngineChoice;
  /** 'auto': what the image's command line says, else the usual. */
  readonly cpu: 'auto' | CpuChoice;
  readonly memoryMiB: number;
  readonly theme: ThemeChoice;
}

export type ThemeChoice = 'system' | 'light' | 'dark';

export const ENGINES: readonly EngineChoice[] = ['auto', 'reference', 'js', 'wasm'];
export const CPUS: readonly Settings['cpu'][] = ['auto', 'v1', 'v2'];
export const MEMORY_SIZES_MIB: readonly number[] = [256, 512, 1024, 2048];
export const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark'];

const KEY = 'osv-settings';
const DEFAULTS: Settings = { image: '', engine: 'auto', cpu: 'auto', memoryMiB: 2048, theme: 'system' };

/** Unknown and damaged values fall back to the defaults. */
export function loadSettings(): Settings {
  const stored = parse(storage()?.getItem(KEY) ?? '{}');
  return {
    image: typeof stored['image'] === 'string' ? stored['image'] : DEFAULTS.image,
    engine: ENGINES.find((engine) => engine === stored['engine']) ?? DEFAULTS.engine,
    cpu: CPUS.find((cpu) => cpu === stored['cpu']) ?? DEFAULTS.cpu,
    memoryMiB: MEMORY_SIZES_MIB.find((size) => size === stored['memoryMiB']) ?? DEFAULTS.memoryMiB,
    theme: THEMES.find((theme) => theme === stored['theme']) ?? DEFAULTS.theme,
  };
}

export function saveSettings(settings: Settings): void {
  try {
    storage()?.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is full or forbidden: the choice holds until the page closes.
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Reading `localStorage` itself throws where the browser forbids storage. */
export function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
