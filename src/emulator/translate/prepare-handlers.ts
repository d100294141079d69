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
import { ByteBuffer } from '../backends/wasm/encoder/byte-buffer.ts';
import type { MicroStep } from '../ir/template.ts';
import { buildDecodeTable } from '../x86/decode/decode-table.ts';
import { Decoder } from '../x86/decode/decoder.ts';
import { INSTRUCTIONS } from '../x86/instructions/index.ts';
import { continuationAt, stepAt, TEMPLATES } from '../x86/micro-block.ts';
import type { TemplateRecord } from '../x86/templates.ts';

/** What stands in a section of the module, as JSON. */
interface Tables {
  readonly templates: readonly TemplateRecord[];
  readonly handlers: PreparedHandlers;
}

const SECTION = 'handlers';
const CUSTOM = 0;
/** Where the instructions of the list are decoded: jumps back must stay above 0. */
const LIST_BASE = 0x8000_0000;

/** Makes the handlers of the list, as a module with its tables; to be called in a fresh process. */
export function prepareHandlers(list: string): Uint8Array<ArrayBuffer> {
  const library = sharedLibrary();
  library.handlerOf(continuationAt(LIST_BASE));
  for (const line of instructionsOf(list)) library.handlerOf(parseLine(line));
  const { bytes, handlers } = library.save();
  const tables: Tables = { templates: TEMPLATES.records(), handlers };
  return withSection(bytes, JSON.stringify(tables));
}

// WebAssembly core specification 5.5.3: a custom section may stand behind all others.
function withSection(module: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  const section = new ByteBuffer();
  section.name(SECTION);
  section.append(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  const all = new ByteBuffer(module.length + text.length + 64);
  all.append(module);
  all.u8(CUSTOM);
  all.u32(section.length);
  all.append(section.view());
  return all.copy();
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

/** Gives what prepareHandlers made, compiled or not; null: there is nothing, or not yet. */
export type HandlerSource = () => WebAssembly.Module | Uint8Array | null;

let source: HandlerSource | null = null;
let loaded: WebAssembly.Module | null = null;

/** To be called once by a host that has prepared handlers. The source is asked when guest code runs. */
export function offerHandlers(offered: HandlerSource): void {
  source = offered;
}

/** Brings what the build prepared into the running system, once. */
export function loadPreparedHandlers(): void {
  const found = source?.() ?? null;
  if (found === null) return;
  source = null;
  loaded = found instanceof Uint8Array ? new WebAssembly.Module(found) : found;
  bring(loaded);
}

/**
 * To be called before code is decoded. When there are too many templates all are forgotten, with their handlers; what the
 * build prepared is brought again.
 */
export function boundTemplates(): void {
  if (!TEMPLATES.isFull) return;
  TEMPLATES.clear();
  sharedLibrary().clear();
  if (loaded !== null) bring(loaded);
}

function bring(module: WebAssembly.Module): void {
  const [bytes] = WebAssembly.Module.customSections(module, SECTION);
  const tables = JSON.parse(textOf(new Uint8Array(bytes))) as Tables;
  sharedLibrary().load(tables.handlers, module, TEMPLATES.load(tables.templates));
}

/** Most hosts bear more arguments. */
const PART = 0x2000;

// Not by spreading, which asks the array's iterator for each of half a million characters.
function fromCharCodes(codes: ArrayLike<number>): string {
  return Reflect.apply(String.fromCharCode, null, codes);
}

function textOf(ascii: Uint8Array): string {
  let text = '';
  for (let at = 0; at < ascii.length; at += PART) text += fromCharCodes(ascii.subarray(at, at + PART));
  return text;
}
