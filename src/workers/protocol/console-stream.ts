/**
 * The console between worker and page, over a MessagePort of its own so that keys never wait behind other calls.
 *
 * Flow control: the worker sends at most CONSOLE_WINDOW_BYTES that the page has not yet drawn and told of by 'drawn';
 * while more waits, the machine rests. So a flood costs bounded memory, and ^C acts within one window.
 */

/** Enough for 60 frames per second at what xterm parses (some 10 MB/s), little enough that ^C shows at once. */
export const CONSOLE_WINDOW_BYTES = 128 * 1024;

export type ConsoleToPage = { readonly kind: 'output'; readonly bytes: Uint8Array };

export type ConsoleToWorker =
  | { readonly kind: 'input'; readonly bytes: Uint8Array }
  | { readonly kind: 'resize'; readonly rows: number; readonly columns: number }
  | { readonly kind: 'drawn'; readonly bytes: number };
