/**
 * What an undefined instruction is called, how long it is and which extension it belongs to: for the report of a #UD and
 * for listings. Not on any path of translation.
 */
import type { DecodeTable } from './decode-table.ts';
import { MISSING, type MapName } from './missing-instructions.ts';

export interface MissingInstruction {
  /** '' where the opcode maps have a hole. */
  readonly mnemonic: string;
  /** 'AVX', 'AVX-512', …: what the CPU would need; '' when the mnemonic is. */
  readonly feature: string;
  /** Bytes; at least 1, and never more than were given. */
  readonly length: number;
}

type Prefix = 'NP' | '66' | 'F2' | 'F3';
const PREFIX_OF: Readonly<Record<number, Prefix>> = { 0x66: '66', 0xf2: 'F2', 0xf3: 'F3' };
const PP: readonly Prefix[] = ['NP', '66', 'F3', 'F2'];

/** An opcode with what its prefixes say. */
interface Encoding {
  readonly map: MapName;
  /** Of the legacy form that VEX and EVEX extend; -1 for maps without one. */
  readonly legacyMap: number;
  readonly space: 'legacy' | 'VEX' | 'EVEX' | 'XOP';
  readonly prefix: Prefix;
  readonly w: 0 | 1;
  /** VEX.L and EVEX.L'L. */
  readonly vectorLength: number;
  readonly hasOperandSize: boolean;
  readonly opcode: number;
  /** Where the byte behind the opcode lies. */
  readonly end: number;
}

/** @param bytes the instruction and what follows it, as far as it can be fetched, at most 15 */
export function describeMissing(bytes: Uint8Array, table: DecodeTable): MissingInstruction {
  const encoding = encodingOf(bytes);
  if (encoding === null) return { mnemonic: '', feature: '', length: 1 };
  const { end } = encoding;
  const modrm = bytes[end] ?? 0;
  const name = nameOf(encoding, modrm, modrmLength(bytes, end), bytes, table);
  if (name === null) return { mnemonic: '', feature: '', length: Math.min(end, bytes.length) };
  const length = end + (name.hasModrm ? modrmLength(bytes, end) : 0) + name.immediateBytes;
  return {
    mnemonic: name.text,
    feature: featureOf(encoding, name.text),
    length: Math.min(length, bytes.length),
  };
}

function encodingOf(bytes: Uint8Array): Encoding | null {
  let prefix: Prefix = 'NP';
  let hasOperandSize = false;
  let rex = 0;
  let at = 0;
  for (; ; at++) {
    const byte = bytes[at] ?? -1;
    const isRex = (byte & 0xf0) === 0x40;
    if (!isRex && ![0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].includes(byte)) break;
    if (byte === 0x66) hasOperandSize = true;
    // F2 and F3 win over 66, the last of them over the first.
    if (byte === 0xf2 || byte === 0xf3 || (byte === 0x66 && prefix === 'NP')) prefix = PREFIX_OF[byte];
    rex = isRex ? byte : 0;
  }
  const plain = { prefix, w: ((rex >> 3) & 1) as 0 | 1, hasOperandSize, vectorLength: 0, space: 'legacy' } as const;
  const [first = -1, second = -1, third = -1] = bytes.subarray(at);
  if (first === 0xc5 || first === 0xc4 || first === 0x62 || (first === 0x8f && (second & 0x1f) >= 8))
    return vectorEncoding(bytes, at);
  if (first !== 0x0f) return { ...plain, map: 'legacy', legacyMap: 0, opcode: first, end: at + 1 };
  if (second === 0x0f) return { ...plain, map: '3DNow!', legacyMap: -1, opcode: -1, end: at + 2 };
  if (second !== 0x38 && second !== 0x3a) return { ...plain, map: '0F', legacyMap: 1, opcode: second, end: at + 2 };
  const map = second === 0x38 ? '0F38' : '0F3A';
  return { ...plain, map, legacyMap: second === 0x38 ? 2 : 3, opcode: third, end: at + 3 };
}

const VECTOR_MAPS: Readonly<Record<number, MapName>> = {
  1: 'vex0F', 2: 'vex0F38', 3: 'vex0F3A', 5: 'map5', 6: 'map6', 8: 'xop8', 9: 'xop9', 10: 'xopA',
}; // oxfmt-ignore

/**
 *   C5 RvvvvLpp opcode      C4 RXBmmmmm WvvvvLpp opcode      8F: XOP, as C4      62 RXBR0mmm Wvvvv1pp zLLbVaaa opcode
 */
function vectorEncoding(bytes: Uint8Array, at: number): Encoding | null {
  const first = bytes[at];
  const isEvex = first === 0x62;
  const mapNumber = first === 0xc5 ? 1 : (bytes[at + 1] ?? 0) & (isEvex ? 7 : 0x1f);
  const map = VECTOR_MAPS[mapNumber];
  if (map === undefined) return null;
  const payload = bytes[at + (first === 0xc5 ? 1 : 2)] ?? 0;
  const end = at + (isEvex ? 5 : first === 0xc5 ? 3 : 4);
  return {
    map,
    legacyMap: mapNumber <= 3 ? mapNumber : -1,
    space: isEvex ? 'EVEX' : first === 0x8f ? 'XOP' : 'VEX',
    prefix: PP[payload & 3],
    w: first === 0xc5 ? 0 : ((payload >> 7) as 0 | 1),
    vectorLength: isEvex ? ((bytes[at + 3] ?? 0) >> 5) & 3 : (payload >> 2) & 1,
    hasOperandSize: false,
    opcode: bytes[end - 1] ?? -1,
    end,
  };
}

/** Bytes of ModRM, SIB and displacement. */
function modrmLength(bytes: Uint8Array, at: number): number {
  const modrm = bytes[at] ?? 0;
  const mod = modrm >> 6;
  if (mod === 3) return 1;
  const hasSib = (modrm & 7) === 4;
  const base = hasSib ? (bytes[at + 1] ?? 0) & 7 : modrm & 7;
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return 1 + (hasSib ? 1 : 0) + displacement;
}

interface Name {
  readonly text: string;
  readonly hasModrm: boolean;
  readonly immediateBytes: number;
}

function nameOf(
  encoding: Encoding,
  modrm: number,
  modrmBytes: number,
  bytes: Uint8Array,
  table: DecodeTable,
): Name | null {
  const { map, space, opcode, end } = encoding;
  // 3DNow!: the opcode stands behind the operands.
  if (map === '3DNow!') return parsedName(encoding, modrm, bytes[end + modrmBytes] ?? -1);
  const listed = parsedName(encoding, modrm, opcode);
  if (listed !== null || space === 'legacy' || space === 'XOP') return listed;
  const text = legacyName(encoding, modrm, table);
  return text === '' ? null : { text: `v${text}`, hasModrm: true, immediateBytes: vectorImmediate(encoding) };
}

const items = new Map<MapName, ReadonlyMap<string, readonly string[]>>();

/** The map's items by opcode token, parsed when first asked for. */
function itemsOf(map: MapName): ReadonlyMap<string, readonly string[]> {
  let parsed = items.get(map);
  if (parsed === undefined) {
    const lines = MISSING[map].trim().split(/\s{2,}/);
    parsed = new Map(lines.map((item) => item.split(' ')).map(([token, ...entries]) => [token, entries]));
    items.set(map, parsed);
  }
  return parsed;
}

function parsedName(encoding: Encoding, modrm: number, opcode: number): Name | null {
  const known = itemsOf(encoding.map);
  const token = hex(opcode);
  for (const key of [`${token}=${hex(modrm)}`, `${token}.${(modrm >> 3) & 7}`, token]) {
    const text = entryFor(known.get(key) ?? [], encoding);
    if (text !== '') return parseName(text, encoding, modrm);
  }
  return null;
}

function entryFor(entries: readonly string[], { prefix, space }: Encoding): string {
  const own = entries.find((entry) => entry.startsWith(`${prefix}:`));
  if (own !== undefined) return own.slice(3);
  if (prefix !== 'NP' && space !== 'legacy') return '';
  return entries.find((entry) => entry[2] !== ':') ?? '';
}

function parseName(entry: string, encoding: Encoding, modrm: number): Name {
  const [, names, noModrm, , immediate = ''] = /^(.*?)(-?)(\+(\w))?$/.exec(entry) ?? [];
  const [one, other = one] = names.split('/');
  const chosen = encoding.space === 'EVEX' ? other : one;
  const [, memory, register = memory] = /^([^(]*)(?:\((.*)\))?$/.exec(chosen) ?? [];
  const text = (modrm >= 0xc0 ? register : memory).replace(/\{(.*),(.*)\}/, encoding.w === 0 ? '$1' : '$2');
  const { space, vectorLength } = encoding;
  const immediateBytes = space === 'legacy' ? legacyImmediate(encoding, immediate) : vectorImmediate(encoding);
  const isZeroAll = text === 'vzeroupper' && vectorLength === 1;
  return { text: isZeroAll ? 'vzeroall' : text, hasModrm: noModrm === '', immediateBytes };
}

/** `immediate` as the table writes it; 3DNow! has its opcode there. */
function legacyImmediate({ map, hasOperandSize, w }: Encoding, immediate: string): number {
  if (map === '3DNow!') return 1;
  if (immediate !== 'z') return Number(immediate);
  return hasOperandSize && w === 0 ? 2 : 4;
}

/** PSHUF, shifts by immediate, CMP, PINSRW, PEXTRW and SHUFP: the only ones of map 0F. */
const IMMEDIATE_OPCODES = new Set([0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6]);

function vectorImmediate({ map, opcode }: Encoding): number {
  if (map === 'vex0F3A' || map === 'xop8') return 1;
  if (map === 'xopA') return 4;
  if (map !== 'vex0F') return 0;
  return IMMEDIATE_OPCODES.has(opcode) ? 1 : 0;
}

/** The SSE row that the same map, opcode and prefix have without VEX; '' when there is none. */
function legacyName({ legacyMap, opcode, prefix }: Encoding, modrm: number, table: DecodeTable): string {
  if (legacyMap < 0 || opcode < 0) return '';
  const form = table[legacyMap][opcode].find(
    ({ prefix: needed, reg, rm, operands }) =>
      (needed === 'any' || needed === prefix) &&
      (reg < 0 || reg === ((modrm >> 3) & 7)) &&
      (rm === 'any' || (rm === 'register') === modrm >= 0xc0) &&
      operands.some(({ letter }) => 'VWU'.includes(letter)),
  );
  return form?.row.name ?? '';
}

function featureOf({ map, space }: Encoding, mnemonic: string): string {
  if (map === '3DNow!') return map;
  if (map === 'map5' || map === 'map6') return 'AVX512-FP16';
  if (
    space === 'EVEX' ||
    /^k(add|and|andn|extract|mov|not|or|ortest|shift[lr]|test|unpck|xn?or)[bwdq]{0,2}$/.test(mnemonic)
  )
    return 'AVX-512';
  if (space === 'XOP') return 'XOP';
  if (space === 'legacy') return LEGACY_FEATURES.find(([names]) => names.test(mnemonic))?.[1] ?? 'a later extension';
  if (/^vfn?m(add|sub)/.test(mnemonic)) return 'FMA';
  if (/^(andn|bzhi|bextr|pext|pdep|mulx|rorx|sarx|sh[lr]x|bls)/.test(mnemonic)) return 'BMI';
  return /tile|^t[dc]/.test(mnemonic) ? 'AMX' : 'AVX';
}

const LEGACY_FEATURES: readonly (readonly [names: RegExp, feature: string])[] = [
  [/^x(save|rstor|[gs]etbv)/, 'XSAVE'],
  [/^x(begin|end|abort|test)/, 'TSX'],
  [/^sha/, 'SHA'],
  [/^(rd|wr)[fg]sbase/, 'FSGSBASE'],
  [/^rdpid/, 'RDPID'],
  [/^ad[co]x/, 'ADX'],
  [/^gf2p8/, 'GFNI'],
  [/^(extrq|insertq|movnts)/, 'SSE4A'],
  [/^(incssp|rstorssp|saveprevssp|wru?ss|setssbsy|clrssbsy)/, 'CET'],
];

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
