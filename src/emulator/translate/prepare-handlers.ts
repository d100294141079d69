/**
 * Handlers of the cold tier made ahead of time: from a list of instructions that programs were seen to use
 * (cold-instructions.txt) to a module with its tables, and back into the running system.
 *
 * A line of the list is a micro-op: its bytes, '+' between the instructions of a pair, 'f' and the flags it finds
 * (flagsCode), 'd' when the flags it sets are dead:
 *
 *   48 39 d0 + 75 e8        8b 45 fc        74 10 f832        48 01 c8 d
 */
import { type PreparedHandlers, sharedLibrary } from '../backends/wasm/cold/handlers.ts';
import type { MicroStep } from '../ir/template.ts';
import { buildDecodeTable } from '../x86/decode/decode-table.ts';
import { Decoder } from '../x86/decode/decoder.ts';
import { INSTRUCTIONS } from '../x86/instructions/index.ts';
import { continuationAt, stepAt, TEMPLATES } from '../x86/micro-block.ts';
import type { TemplateRecord } from '../x86/templates.ts';
import { preparedCode } from './prepared-handlers.ts';

/** What a build keeps. */
export interface PreparedCode {
  readonly templates: readonly TemplateRecord[];
  readonly handlers: Omit<PreparedHandlers, 'bytes'>;
  /** The module, base64. */
  readonly module: string;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Where the instructions of the list are decoded: jumps back must stay above 0. */
const LIST_BASE = 0x8000_0000;

/** Makes the handlers of the list; to be called in a fresh process. */
export function prepareHandlers(list: string): PreparedCode {
  const library = sharedLibrary();
  library.handlerOf(continuationAt(LIST_BASE));
  for (const line of instructionsOf(list)) library.handlerOf(parseLine(line));
  const { bytes: module, ...handlers } = library.save();
  return { templates: TEMPLATES.records(), handlers, module: encodeBase64(module) };
}

/** The list with the instructions that programs used since, each handler once. */
export function extendHandlerList(list: string): string {
  const library = sharedLibrary();
  const lines = new Map<number, string>();
  for (const line of [...instructionsOf(list), ...library.samples()]) {
    const { key } = library.handlerOf(parseLine(line));
    if (!lines.has(key)) lines.set(key, line);
  }
  return `${[...lines.values()].toSorted().join('\n')}\n`;
}

function instructionsOf(list: string): string[] {
  return list.split('\n').filter((line) => line !== '');
}

function parseLine(line: string): MicroStep {
  const tokens = line.split(' ');
  const isFlagless = tokens.at(-1) === 'd';
  if (isFlagless) tokens.pop();
  const flags = /^f\d{2,}$/.test(tokens.at(-1) ?? '') ? tokens.pop() : undefined;
  const bytes = Uint8Array.from(
    tokens.filter((token) => token !== '+'),
    (token) => parseInt(token, 16),
  );
  const u8 = new Proxy(bytes, { get: (target, at) => target[Number(at) - LIST_BASE] });
  const decoder = new Decoder(tableOfRows(), { u8, isExecutable: () => true });
  return stepAt(decoder, LIST_BASE, tokens.includes('+'), Number(flags?.slice(1) ?? 0), isFlagless);
}

let table: ReturnType<typeof buildDecodeTable> | null = null;

function tableOfRows(): ReturnType<typeof buildDecodeTable> {
  return (table ??= buildDecodeTable(INSTRUCTIONS));
}

let isLoaded = false;

/** Brings what the build prepared into the running system, once. To be called before any template is made. */
export function loadPreparedHandlers(): void {
  if (isLoaded) return;
  isLoaded = true;
  const prepared = preparedCode();
  if (prepared === null) return;
  TEMPLATES.load(prepared.templates);
  sharedLibrary().load({ ...prepared.handlers, bytes: decodeBase64(prepared.module) });
}

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const bits = (a << 16) | (b << 8) | c;
    for (let shift = 18; shift >= 0; shift -= 6) text += BASE64[(bits >> shift) & 63];
  }
  const rest = (3 - (bytes.length % 3)) % 3;
  return rest === 0 ? text : `${text.slice(0, -rest)}${'='.repeat(rest)}`;
}

/** Uint8Array.fromBase64 of ES2026, where the host has it. */
const { fromBase64 } = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };

function decodeBase64(text: string): Uint8Array {
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, text);
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[BASE64.charCodeAt(i)] = i;
  const rest = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3);
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    const bits =
      (values[text.charCodeAt(from)] << 18) |
      (values[text.charCodeAt(from + 1)] << 12) |
      (values[text.charCodeAt(from + 2)] << 6) |
      values[text.charCodeAt(from + 3)];
    bytes[to] = bits >> 16;
    bytes[to + 1] = bits >> 8;
    bytes[to + 2] = bits;
  }
  return bytes.subarray(0, bytes.length - rest);
}
