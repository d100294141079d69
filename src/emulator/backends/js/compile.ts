/** Regions → JavaScript functions. Many in one `new Function`, because each such call costs V8 about 100 µs. */
import { PACKS, PAIR_SHIFTS, PAIRWISE, WORD_SHIFTS, WORDWISE } from '../../ir/ops/vector.ts';
import { conditionHolds, statusFlags } from '../../ir/lazy-flags.ts';
import { FAST_FLOAT } from './fast-float.ts';
import { type Region } from '../region/region.ts';
import { RegionWriter } from './region-writer.ts';
import * as runtime from './runtime.ts';

/** A compiled region: S is the address of the thread state. Gives the address to go on at as int32, or 0 (STOP). */
export type RegionFunction = (S: number, depth: number) => number;

/** Views of the memory, kept fresh by the owner: functions fetch them at each entry. */
export interface Views {
  D: DataView;
  I: Int32Array;
  /** Permission byte by page. */
  P: Uint8Array;
}

/** What stands for a guest address in generated code: `run` is the region there, or gives the address back. */
export interface Link {
  run: RegionFunction;
}

/** What generated code reaches of its surroundings. */
export interface RegionHost {
  readonly views: Views;
  linkTo(rip: number): Link;
  /** The link of an address known only now, as int32. */
  readonly find: (rip: number) => Link;
  helper(name: string): (S: number, first: number, second: number) => number;
}

export interface CompiledBatch {
  readonly functions: readonly RegionFunction[];
  /** Characters of source. */
  readonly size: number;
}

const RUNTIME = {
  mulHigh: runtime.mulHigh,
  mulHighU64: runtime.mulHighU64,
  mulHighS64: runtime.mulHighS64,
  mulHighestS64: runtime.mulHighestS64,
  divU64: runtime.divU64,
  remU64: runtime.remU64,
  divS64: runtime.divS64,
  remS64: runtime.remS64,
  divU128: runtime.divU128,
  remU128: runtime.remU128,
  divS128: runtime.divS128,
  remS128: runtime.remS128,
  divOverflowsS128: runtime.divOverflowsS128,
  popcnt32: runtime.popcnt32,
  bswap32: runtime.bswap32,
  parity8: runtime.parity8,
  ctz32: runtime.ctz32,
  swizzle: runtime.swizzle,
  float: runtime.float,
  FAST_FLOAT,
  HIGH: runtime.high,
  LANES: runtime.lanes,
  WORDWISE,
  WORD_SHIFTS,
  PAIRWISE,
  PAIR_SHIFTS,
  PACKS,
  conditionHolds,
  statusFlags,
  flagsNow: runtime.flagsNow,
} as const;

const PROLOGUE = `const { ${Object.keys(RUNTIME).join(', ')} } = R;`;

/** The text of a batch: a factory body that returns the functions. */
export function batchSource(regions: readonly Region[]): {
  readonly text: string;
  readonly links: readonly number[];
  readonly helpers: readonly string[];
} {
  const links: number[] = [];
  const helpers = new Set<string>();
  const sources = regions.map((region) => {
    const source = new RegionWriter(region, links.length).write();
    links.push(...source.links);
    for (const helper of source.helpers) helpers.add(helper);
    return source;
  });
  const text = [
    "'use strict';",
    PROLOGUE,
    ...links.map((_, i) => `const L${i} = L[${i}];`),
    ...[...helpers].map((name, i) => `const helper_${name} = H[${i}];`),
    ...sources.map((source) => source.text),
    `return [${sources.map((source) => source.name).join(', ')}];`,
  ].join('\n');
  return { text, links, helpers: [...helpers] };
}

type Factory = (
  V: Views,
  R: typeof RUNTIME,
  L: readonly Link[],
  H: readonly unknown[],
  linkTo: RegionHost['find'],
) => RegionFunction[];

/** @throws EvalError where the page's policy forbids code from text. */
export function compileBatch(regions: readonly Region[], host: RegionHost): CompiledBatch {
  const { text, links, helpers } = batchSource(regions);
  // eslint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the point of this backend
  const factory = new Function('V', 'R', 'L', 'H', 'linkTo', text) as Factory;
  const functions = factory(
    host.views,
    RUNTIME,
    links.map((rip) => host.linkTo(rip)),
    helpers.map((name) => host.helper(name)),
    host.find,
  );
  return { functions, size: text.length };
}

/** Whether code from text may be made here (a content security policy without 'unsafe-eval' forbids it). */
export function canCompile(): boolean {
  try {
    // eslint-disable-next-line no-implied-eval, typescript/no-implied-eval
    return (new Function('return 1') as () => number)() === 1;
  } catch {
    return false;
  }
}
