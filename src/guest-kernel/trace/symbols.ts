/** Numbers as the manual names them: tables made from the constants of abi/. */

/** Name of each number. */
export type Symbols = ReadonlyMap<number, string>;

/** The constants of a header that begin with `prefix`; of two with one number the first counts. */
export function symbolsOf(header: Readonly<Record<string, unknown>>, prefix: string, without: RegExp = /$^/): Symbols {
  const symbols = new Map<number, string>();
  for (const [name, value] of Object.entries(header)) {
    if (!name.startsWith(prefix) || without.test(name) || typeof value !== 'number') continue;
    if (!symbols.has(value)) symbols.set(value, name);
  }
  return symbols;
}

/** Numbers counted from 0: 'A B C'. */
export function countedSymbols(names: string): Symbols {
  return new Map(names.split(' ').map((name, i) => [i, name]));
}

export function formatHex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

/** The name, or the number. */
export function formatChoice(symbols: Symbols, value: number): string {
  return symbols.get(value) ?? String(value);
}

/** 'O_WRONLY|O_CREAT|0x80'; many-bit constants first, so that O_SYNC is not O_DSYNC and a rest. */
export function formatBits(symbols: Symbols, value: number, none = '0'): string {
  let rest = value >>> 0;
  const words: string[] = [];
  const bySize = [...symbols].filter(([bits]) => bits !== 0).toSorted(([a], [b]) => bitCount(b) - bitCount(a));
  for (const [bits, name] of bySize) {
    const wanted = bits >>> 0;
    if ((rest & wanted) >>> 0 !== wanted) continue;
    words.push(name);
    rest = (rest & ~wanted) >>> 0;
  }
  if (rest !== 0) words.push(formatHex(rest));
  return words.length === 0 ? (symbols.get(0) ?? none) : words.join('|');
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
