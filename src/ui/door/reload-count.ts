/** How often the bootstrap page has loaded itself again in a row, so that a door that never works does not spin. */

const KEY = 'osv-door-reloads';
const MOST_RELOADS = 3;

/** @returns whether one more reload makes sense */
export function countReload(): boolean {
  const count = Number(sessionStorage.getItem(KEY) ?? 0);
  sessionStorage.setItem(KEY, String(count + 1));
  return count < MOST_RELOADS;
}

export function forgetReloads(): void {
  sessionStorage.removeItem(KEY);
}
